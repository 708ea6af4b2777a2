//! The interfaces of this machine.

use std::{
    ffi::c_char,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    ptr::null_mut,
};

use super::{
    Libpcap,
    symbols::{ERRBUF, PcapAddr, PcapIf},
    text,
};

/// Flags of `struct pcap_if`.
const LOOPBACK: u32 = 1;
const UP: u32 = 2;
const RUNNING: u32 = 4;

/// An interface that can be captured on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NetworkInterface {
    /// Its name.
    pub name: String,
    /// What the system says about it; may be empty.
    pub description: String,
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Whether it leads nowhere else.
    pub is_loopback: bool,
    /// Whether it is up.
    pub is_up: bool,
    /// Whether it is running.
    pub is_running: bool,
}

impl Libpcap {
    /// Returns the interfaces of this machine that can be captured on.
    ///
    /// # Errors
    ///
    /// What libpcap says.
    pub fn interfaces(&self) -> Result<Vec<NetworkInterface>, String> {
        let symbols = &self.symbols;
        let mut first: *mut PcapIf = null_mut();
        let mut message: [c_char; ERRBUF] = [0; ERRBUF];
        // SAFETY: it writes a pointer into `first` and, on failure, a string into the buffer, which is as large as it has to be.
        let status = unsafe { (symbols.findalldevs)(&mut first, message.as_mut_ptr()) };
        if status != 0 {
            // SAFETY: a failure leaves a string in the buffer.
            return Err(unsafe { text(message.as_ptr()) });
        }
        let mut interfaces = Vec::new();
        let mut next = first;
        // SAFETY: the list is ours until it is freed, and null ends it.
        while let Some(interface) = unsafe { next.as_ref() } {
            // SAFETY: the strings of an interface are null or end with a zero, and its list of addresses is as it should be.
            interfaces.push(unsafe { copied(interface) });
            next = interface.next;
        }
        // SAFETY: nothing refers to the list any more.
        unsafe { (symbols.freealldevs)(first) };
        Ok(interfaces)
    }
}

/// # Safety
///
/// `interface` is of a list that libpcap made.
unsafe fn copied(interface: &PcapIf) -> NetworkInterface {
    let mut addresses = Vec::new();
    let mut next = interface.addresses;
    // SAFETY: the list is as long as that of the interfaces.
    while let Some(entry) = unsafe { next.as_ref() } {
        // SAFETY: as above.
        addresses.extend(unsafe { address(entry) });
        next = entry.next;
    }
    NetworkInterface {
        // SAFETY: these are null or end with a zero.
        name: unsafe { text(interface.name) },
        // SAFETY: as above.
        description: unsafe { text(interface.description) },
        addresses,
        is_loopback: interface.flags & LOOPBACK != 0,
        is_up: interface.flags & UP != 0,
        is_running: interface.flags & RUNNING != 0,
    }
}

/// # Safety
///
/// `entry` is of a list that libpcap made.
unsafe fn address(entry: &PcapAddr) -> Option<IpAddr> {
    // SAFETY: the address is null, or as long as its family says.
    let family = unsafe { entry.address.as_ref() }?.sa_family;
    match i32::from(family) {
        libc::AF_INET => {
            // SAFETY: the family says what it is; the system does not promise alignment.
            let address = unsafe { entry.address.cast::<libc::sockaddr_in>().read_unaligned() };
            let octets = address.sin_addr.s_addr.to_ne_bytes();
            Some(Ipv4Addr::from(octets).into())
        }
        libc::AF_INET6 => {
            // SAFETY: as above.
            let address = unsafe { entry.address.cast::<libc::sockaddr_in6>().read_unaligned() };
            Some(Ipv6Addr::from(address.sin6_addr.s6_addr).into())
        }
        _ => None,
    }
}
