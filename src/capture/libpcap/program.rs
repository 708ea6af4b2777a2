//! BPF expressions, compiled.

use std::{
    ffi::{CString, c_int},
    fmt,
    sync::PoisonError,
};

use super::{
    Libpcap,
    symbols::{BpfProgram, PacketHeader, Pcap},
    text,
};
use crate::capture::LinkType;

/// libpcap's limit of a frame; compiled programs return as many octets of what they take.
const SNAPLEN: c_int = 262_144;
/// The netmask of nothing (`PCAP_NETMASK_UNKNOWN`): frames of files are of no interface of this machine.
const NETMASK_UNKNOWN: u32 = u32::MAX;

/// A BPF expression, compiled for a link type. Any number of threads may use it.
pub struct Program {
    library: &'static Libpcap,
    code: BpfProgram,
}

// SAFETY: after compiling, the instructions are only read, and freed by whoever drops it.
unsafe impl Send for Program {}
// SAFETY: as above; pcap_offline_filter takes them as const.
unsafe impl Sync for Program {}

impl Libpcap {
    /// Compiles `expression` for frames of this link type.
    ///
    /// # Errors
    ///
    /// What libpcap says about the expression.
    pub fn compile(&'static self, expression: &str, link: LinkType) -> Result<Program, String> {
        let symbols = &self.symbols;
        // SAFETY: it takes any two numbers.
        let handle = unsafe { (symbols.open_dead)(data_link(link), SNAPLEN) };
        if handle.is_null() {
            return Err("out of memory".to_owned());
        }
        // SAFETY: the handle was just opened.
        let compiled = unsafe { self.compile_with(handle, expression) };
        // SAFETY: it is not used any more; programs do not refer to it.
        unsafe { (symbols.close)(handle) };
        compiled
    }

    /// Compiles `expression` for the frames of a handle.
    ///
    /// # Safety
    ///
    /// `handle` is open.
    pub(super) unsafe fn compile_with(
        &'static self,
        handle: *mut Pcap,
        expression: &str,
    ) -> Result<Program, String> {
        let symbols = &self.symbols;
        let Ok(expression) = CString::new(expression) else {
            return Err("there is a NUL in it".to_owned());
        };
        let mut code = BpfProgram {
            len: 0,
            instructions: std::ptr::null_mut(),
        };
        let _one_at_a_time = self
            .compiling
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // SAFETY: the handle is open, the text ends with a zero, and the program is ours.
        let status = unsafe {
            (symbols.compile)(handle, &mut code, expression.as_ptr(), 1, NETMASK_UNKNOWN)
        };
        if status == 0 {
            return Ok(Program {
                library: self,
                code,
            });
        }
        // SAFETY: the handle is open; the message lies in it and is copied.
        Err(unsafe { text((symbols.geterr)(handle)) })
    }
}

impl Program {
    /// Returns whether it takes a frame of which `octets` were captured.
    #[must_use]
    pub fn matches(&self, octets: &[u8], orig_len: u32) -> bool {
        let header = PacketHeader {
            ts: libc::timeval {
                tv_sec: 0,
                tv_usec: 0,
            },
            caplen: u32::try_from(octets.len()).unwrap_or(u32::MAX),
            len: orig_len,
        };
        // SAFETY: libpcap reads no more than `caplen` octets, which are there, and leaves the program as it is.
        unsafe { (self.library.symbols.offline_filter)(&self.code, &header, octets.as_ptr()) != 0 }
    }

    /// Returns the instructions for a handle that copies them.
    pub(super) fn code(&mut self) -> *mut BpfProgram {
        &mut self.code
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // SAFETY: pcap_compile made it, and nobody uses it any more.
        unsafe { (self.library.symbols.freecode)(&mut self.code) };
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Program")
            .field("len", &self.code.len)
            .finish_non_exhaustive()
    }
}

/// Returns the number that libpcap has on this system for a link type of files.
pub(super) const fn data_link(link: LinkType) -> c_int {
    match link {
        LinkType::RAW => {
            if cfg!(target_os = "openbsd") {
                14
            } else {
                12
            }
        }
        LinkType::ATM_RFC1483 => 11,
        LinkType::SLIP_BSDOS => 15,
        LinkType::PPP_BSDOS => 16,
        LinkType::ATM_CLIP => 19,
        LinkType(number) => number as c_int,
    }
}

/// Returns the link type of files for the number that libpcap has for it on this system.
pub(super) fn link_type(data_link: c_int) -> LinkType {
    let changed = [
        LinkType::RAW,
        LinkType::ATM_RFC1483,
        LinkType::SLIP_BSDOS,
        LinkType::PPP_BSDOS,
        LinkType::ATM_CLIP,
    ];
    let known = changed
        .into_iter()
        .find(|link| self::data_link(*link) == data_link);
    known.unwrap_or_else(|| u16::try_from(data_link).map_or(LinkType::UNKNOWN, LinkType))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn link_types_have_other_numbers_in_libpcap() {
        for (link, expected) in [
            (LinkType::ETHERNET, 1),
            (LinkType::RAW, 12),
            (LinkType::ATM_RFC1483, 11),
            (LinkType::LINUX_SLL2, 276),
        ] {
            assert_eq!(data_link(link), expected);
            assert_eq!(link_type(expected), link);
        }
        assert_eq!(link_type(-1), LinkType::UNKNOWN);
    }

    #[test]
    fn expressions_are_compiled_for_a_link_type() {
        let Ok(library) = Libpcap::load(None) else {
            println!("libpcap not found: skipped");
            return;
        };
        // Ethernet, IPv4, UDP from 5060 to 5062, no data.
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend([
            192, 0, 2, 1, 192, 0, 2, 2, 0x13, 0xc4, 0x13, 0xc6, 0, 8, 0, 0,
        ]);
        for (expression, takes) in [
            ("", true),
            ("udp port 5060", true),
            ("udp dst port 5060", false),
            ("host 192.0.2.2", true),
            ("tcp", false),
            ("len = 42", true),
        ] {
            let ethernet = library.compile(expression, LinkType::ETHERNET).unwrap();
            assert_eq!(ethernet.matches(&frame, 42), takes, "{expression}");
            let raw = library.compile(expression.replace("42", "28").as_str(), LinkType::RAW);
            assert_eq!(
                raw.unwrap().matches(&frame[14..], 28),
                takes,
                "{expression}"
            );
        }
        // A cut frame is read no further than it was captured.
        let program = library.compile("udp[8] = 0", LinkType::ETHERNET).unwrap();
        assert!(!program.matches(&frame, 60) && !program.matches(&[], 60));
        let error = library.compile("udp prot 5060", LinkType::ETHERNET);
        assert!(error.unwrap_err().contains("syntax error"));
        assert!(library.compile("ip\0", LinkType::ETHERNET).is_err());
    }
}
