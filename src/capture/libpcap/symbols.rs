//! The functions and structures of libpcap that are used (pcap/pcap.h and pcap/bpf.h of 1.5 and later).

use std::{
    error::Error as _,
    ffi::{c_char, c_int, c_uchar, c_uint},
    path::Path,
};

use libloading::Library;

/// A handle; only libpcap knows what is in it.
#[repr(C)]
pub(super) struct Pcap {
    _private: [u8; 0],
}

/// `struct bpf_program`.
#[derive(Debug)]
#[repr(C)]
pub(super) struct BpfProgram {
    pub(super) len: c_uint,
    /// `struct bpf_insn`, eight octets each, which nobody looks at here.
    pub(super) instructions: *mut u64,
}

/// `struct pcap_pkthdr`.
#[repr(C)]
pub(super) struct PacketHeader {
    pub(super) ts: libc::timeval,
    pub(super) caplen: u32,
    pub(super) len: u32,
}

/// `struct pcap_stat`.
#[derive(Default)]
#[repr(C)]
pub(super) struct PcapStat {
    pub(super) recv: c_uint,
    pub(super) drop: c_uint,
    pub(super) ifdrop: c_uint,
    /// Windows has three more; room for them.
    _more: [c_uint; 3],
}

/// `struct pcap_addr`, up to the address.
#[repr(C)]
pub(super) struct PcapAddr {
    pub(super) next: *mut Self,
    pub(super) address: *const libc::sockaddr,
}

/// `struct pcap_if`.
#[repr(C)]
pub(super) struct PcapIf {
    pub(super) next: *mut Self,
    pub(super) name: *const c_char,
    pub(super) description: *const c_char,
    pub(super) addresses: *mut PcapAddr,
    pub(super) flags: u32,
}

/// The size of a buffer for messages (`PCAP_ERRBUF_SIZE`).
pub(super) const ERRBUF: usize = 256;

macro_rules! symbols {
    ($($field:ident = $name:literal: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The functions, and the library that has them.
        #[derive(Debug)]
        pub(super) struct Symbols {
            $(pub(super) $field: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
            /// Dropped last, with all that points into it gone.
            _library: Library,
        }

        impl Symbols {
            /// Loads the library, and says in a line why not.
            pub(super) fn load(path: &Path) -> Result<Self, String> {
                let reason = |error: &libloading::Error| {
                    // What happened is in its source only.
                    error.source().map_or_else(|| error.to_string(), ToString::to_string)
                };
                // SAFETY: libpcap does nothing on loading that could harm; a file that somebody names is theirs to trust.
                let library = unsafe { Library::new(path) }
                    .map_err(|error| named(path, &reason(&error)))?;
                $(
                    // SAFETY: these are the types that the headers of libpcap declare.
                    let $field = *unsafe { library.get(concat!($name, "\0").as_bytes()) }
                        .map_err(|error| named(path, &reason(&error)))?;
                )*
                Ok(Self { $($field,)* _library: library })
            }
        }
    };
}

/// Returns a reason with the file in it, once.
fn named(path: &Path, reason: &str) -> String {
    let path = path.display().to_string();
    match reason.contains(&path) {
        true => reason.to_owned(),
        false => format!("{path}: {reason}"),
    }
}

symbols! {
    lib_version = "pcap_lib_version": fn() -> *const c_char;
    open_dead = "pcap_open_dead": fn(c_int, c_int) -> *mut Pcap;
    close = "pcap_close": fn(*mut Pcap);
    geterr = "pcap_geterr": fn(*mut Pcap) -> *mut c_char;
    compile = "pcap_compile": fn(*mut Pcap, *mut BpfProgram, *const c_char, c_int, u32) -> c_int;
    freecode = "pcap_freecode": fn(*mut BpfProgram);
    offline_filter = "pcap_offline_filter": fn(*const BpfProgram, *const PacketHeader, *const c_uchar) -> c_int;
    create = "pcap_create": fn(*const c_char, *mut c_char) -> *mut Pcap;
    set_snaplen = "pcap_set_snaplen": fn(*mut Pcap, c_int) -> c_int;
    set_promisc = "pcap_set_promisc": fn(*mut Pcap, c_int) -> c_int;
    set_timeout = "pcap_set_timeout": fn(*mut Pcap, c_int) -> c_int;
    set_buffer_size = "pcap_set_buffer_size": fn(*mut Pcap, c_int) -> c_int;
    set_immediate_mode = "pcap_set_immediate_mode": fn(*mut Pcap, c_int) -> c_int;
    set_tstamp_precision = "pcap_set_tstamp_precision": fn(*mut Pcap, c_int) -> c_int;
    get_tstamp_precision = "pcap_get_tstamp_precision": fn(*mut Pcap) -> c_int;
    activate = "pcap_activate": fn(*mut Pcap) -> c_int;
    statustostr = "pcap_statustostr": fn(c_int) -> *const c_char;
    datalink = "pcap_datalink": fn(*mut Pcap) -> c_int;
    snapshot = "pcap_snapshot": fn(*mut Pcap) -> c_int;
    setfilter = "pcap_setfilter": fn(*mut Pcap, *mut BpfProgram) -> c_int;
    next_ex = "pcap_next_ex": fn(*mut Pcap, *mut *mut PacketHeader, *mut *const c_uchar) -> c_int;
    setnonblock = "pcap_setnonblock": fn(*mut Pcap, c_int, *mut c_char) -> c_int;
    get_selectable_fd = "pcap_get_selectable_fd": fn(*mut Pcap) -> c_int;
    stats = "pcap_stats": fn(*mut Pcap, *mut PcapStat) -> c_int;
    findalldevs = "pcap_findalldevs": fn(*mut *mut PcapIf, *mut c_char) -> c_int;
    freealldevs = "pcap_freealldevs": fn(*mut PcapIf);
}
