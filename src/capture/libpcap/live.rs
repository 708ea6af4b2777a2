//! Capturing on an interface.

use std::{
    ffi::{CString, c_char, c_int},
    fmt,
    ptr::null_mut,
    time::Duration,
};

use super::{
    Libpcap,
    program::link_type,
    symbols::{ERRBUF, PacketHeader, Pcap, PcapStat},
    text,
};
use crate::{
    capture::LinkType,
    error::{Error, Result},
    time::Timestamp,
};

/// How long the kernel may hold frames back until a block of them is full, in milliseconds.
const TIMEOUT_MS: c_int = 100;
/// What `pcap_activate` says (pcap/pcap.h).
const NO_SUCH_DEVICE: c_int = -5;
const PERMISSION_DENIED: c_int = -8;
const PROMISCUOUS_DENIED: c_int = -11;
/// `PCAP_TSTAMP_PRECISION_NANO`.
const NANOS: c_int = 1;

/// How an interface is captured on.
#[derive(Clone, Debug)]
pub struct LiveOptions {
    /// How many octets of a frame are kept at most.
    pub snaplen: u32,
    /// How many octets the kernel collects at most.
    pub buffer_bytes: u32,
    /// Whether frames to other machines are taken, too.
    pub promiscuous: bool,
    /// Whether each frame comes at once, and not with others.
    pub immediate: bool,
    /// Which frames are captured.
    pub filter: String,
}

/// An interface that is captured on.
pub struct LiveHandle {
    library: &'static Libpcap,
    handle: *mut Pcap,
    link: LinkType,
    snaplen: u32,
    has_nanos: bool,
    descriptor: c_int,
    /// The counters of libpcap when they were last read, which wrap around, and their sums.
    last: [u32; 3],
    stats: LiveStats,
}

// SAFETY: a handle may be used by any thread, by one at a time.
unsafe impl Send for LiveHandle {}

/// What was counted by system and interface.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LiveStats {
    /// Frames that passed the filter.
    pub received: u64,
    /// Frames lost because nobody fetched them in time.
    pub dropped: u64,
    /// Frames lost by the interface or its driver.
    pub interface_dropped: u64,
}

/// A captured frame.
#[derive(Clone, Copy, Debug)]
pub struct Captured<'a> {
    /// When it was captured.
    pub ts: Timestamp,
    /// How long it was on the wire.
    pub orig_len: u32,
    /// What was captured of it.
    pub octets: &'a [u8],
}

/// What came next.
#[derive(Debug)]
pub enum Next<'a> {
    /// A frame.
    Frame(Captured<'a>),
    /// Nothing is there now.
    Nothing,
}

impl Libpcap {
    /// Begins to capture on an interface; also returns what libpcap warns of.
    ///
    /// # Errors
    ///
    /// When there is no such interface, it may not be captured on, or the filter is wrong.
    pub fn open_live(
        &'static self,
        interface: &str,
        options: &LiveOptions,
    ) -> Result<(LiveHandle, Option<String>)> {
        let symbols = &self.symbols;
        let error = |what: String| Error::Interface {
            name: interface.to_owned(),
            what,
        };
        let Ok(name) = CString::new(interface) else {
            return Err(error("there is a NUL in its name".to_owned()));
        };
        let mut message: [c_char; ERRBUF] = [0; ERRBUF];
        // SAFETY: the name ends with a zero, and the buffer is as large as it has to be.
        let handle = unsafe { (symbols.create)(name.as_ptr(), message.as_mut_ptr()) };
        if handle.is_null() {
            // SAFETY: a failure leaves a string in the buffer.
            return Err(error(unsafe { text(message.as_ptr()) }));
        }
        // From here on it closes itself.
        let mut live = LiveHandle {
            library: self,
            handle,
            link: LinkType::UNKNOWN,
            snaplen: options.snaplen,
            has_nanos: false,
            descriptor: -1,
            last: [0; 3],
            stats: LiveStats::default(),
        };
        let warning = live.activate(options).map_err(error)?;
        live.filter(&options.filter)?;
        Ok((live, warning))
    }
}

impl LiveHandle {
    /// Sets everything and begins; returns what libpcap warns of.
    fn activate(&mut self, options: &LiveOptions) -> Result<Option<String>, String> {
        let (symbols, handle) = (&self.library.symbols, self.handle);
        let number = |value: u32| c_int::try_from(value).unwrap_or(c_int::MAX);
        // SAFETY: the handle is open and not yet active; these take any number.
        let status = unsafe {
            (symbols.set_snaplen)(handle, number(options.snaplen));
            (symbols.set_promisc)(handle, c_int::from(options.promiscuous));
            (symbols.set_timeout)(handle, TIMEOUT_MS);
            (symbols.set_buffer_size)(handle, number(options.buffer_bytes));
            (symbols.set_immediate_mode)(handle, c_int::from(options.immediate));
            // Where there are none, microseconds stay.
            (symbols.set_tstamp_precision)(handle, NANOS);
            (symbols.activate)(handle)
        };
        if status < 0 {
            return Err(self.reason(status));
        }
        let warning = (status > 0).then(|| self.reason(status));
        let mut message: [c_char; ERRBUF] = [0; ERRBUF];
        // SAFETY: the handle is active, and the buffer is as large as it has to be.
        unsafe {
            self.link = link_type((symbols.datalink)(handle));
            self.has_nanos = (symbols.get_tstamp_precision)(handle) == NANOS;
            self.snaplen = u32::try_from((symbols.snapshot)(handle)).unwrap_or(self.snaplen);
            if (symbols.setnonblock)(handle, 1, message.as_mut_ptr()) != 0 {
                return Err(text(message.as_ptr()));
            }
            self.descriptor = (symbols.get_selectable_fd)(handle);
        }
        Ok(warning)
    }

    /// Returns what a status means, and what to do about it.
    fn reason(&self, status: c_int) -> String {
        // SAFETY: the handle is open; both strings are copied.
        let (general, special) = unsafe {
            let symbols = &self.library.symbols;
            (
                text((symbols.statustostr)(status)),
                text((symbols.geterr)(self.handle)),
            )
        };
        match status {
            NO_SUCH_DEVICE => "there is no such interface; sipcap live --list-interfaces shows those that there are".to_owned(),
            PERMISSION_DENIED | PROMISCUOUS_DENIED => format!(
                "capturing is not permitted; run it as root, or give the program the right once: \
                 setcap cap_net_raw,cap_net_admin=eip {}",
                std::env::current_exe().map_or_else(|_| "$(command -v sipcap)".to_owned(), |path| path.display().to_string())
            ),
            -1 | 1 => special,
            _ if special.is_empty() || special == general => general,
            _ => format!("{general}: {special}"),
        }
    }

    /// Lets only frames through that the expression takes.
    fn filter(&mut self, expression: &str) -> Result<()> {
        if expression.is_empty() {
            return Ok(());
        }
        let error = |what: String| Error::Bpf {
            expression: expression.to_owned(),
            what,
        };
        // SAFETY: the handle is open.
        let compiled = unsafe { self.library.compile_with(self.handle, expression) };
        let mut program = compiled.map_err(error)?;
        // SAFETY: the handle is active, and copies the instructions.
        let status = unsafe { (self.library.symbols.setfilter)(self.handle, program.code()) };
        match status {
            0 => Ok(()),
            // SAFETY: the handle is open; the message is copied.
            _ => Err(error(unsafe {
                text((self.library.symbols.geterr)(self.handle))
            })),
        }
    }

    /// Returns the next frame, without waiting.
    ///
    /// # Errors
    ///
    /// What libpcap says, for example that the interface is gone.
    pub fn next_frame(&mut self) -> Result<Next<'_>, String> {
        let symbols = &self.library.symbols;
        let mut header: *mut PacketHeader = null_mut();
        let mut octets: *const u8 = std::ptr::null();
        // SAFETY: the handle is active; it writes two pointers.
        let status = unsafe { (symbols.next_ex)(self.handle, &mut header, &mut octets) };
        match status {
            1 => {}
            0 | -2 => return Ok(Next::Nothing),
            // SAFETY: the handle is open; the message is copied.
            _ => return Err(unsafe { text((symbols.geterr)(self.handle)) }),
        }
        // SAFETY: both lead into the buffer of the handle, and stay until it is asked for the next frame, which borrowing
        // the handle prevents as long as the frame is there.
        let (header, octets) = unsafe {
            let Some(header) = header.as_ref() else {
                return Ok(Next::Nothing);
            };
            (
                header,
                std::slice::from_raw_parts(octets, header.caplen as usize),
            )
        };
        let fraction = header.ts.tv_usec;
        let nanos = if self.has_nanos {
            fraction
        } else {
            fraction.saturating_mul(1_000)
        };
        Ok(Next::Frame(Captured {
            ts: Timestamp::from_parts(header.ts.tv_sec, u32::try_from(nanos).unwrap_or(0)),
            orig_len: header.len,
            octets,
        }))
    }

    /// Waits until there may be a frame, or for this time.
    pub fn wait(&self, time: Duration) {
        let mut descriptor = libc::pollfd {
            fd: self.descriptor,
            events: libc::POLLIN,
            revents: 0,
        };
        let millis = c_int::try_from(time.as_millis()).unwrap_or(c_int::MAX);
        // SAFETY: there is one descriptor, and it is ours; a negative one is passed over.
        unsafe { libc::poll(&mut descriptor, 1, millis) };
    }

    /// Returns what was counted so far. Counters of libpcap wrap around: ask now and then.
    pub fn stats(&mut self) -> LiveStats {
        let mut now = PcapStat::default();
        // SAFETY: the handle is active, and the structure has room for what any system writes.
        let status = unsafe { (self.library.symbols.stats)(self.handle, &mut now) };
        if status == 0 {
            let counts = [now.recv, now.drop, now.ifdrop];
            let sums = [
                &mut self.stats.received,
                &mut self.stats.dropped,
                &mut self.stats.interface_dropped,
            ];
            for ((sum, count), last) in sums.into_iter().zip(counts).zip(&mut self.last) {
                *sum = sum.saturating_add(count.wrapping_sub(*last).into());
                *last = count;
            }
        }
        self.stats
    }

    /// Returns how the first header of its frames is to be read.
    #[must_use]
    pub const fn link(&self) -> LinkType {
        self.link
    }

    /// Returns how many octets of a frame are kept at most.
    #[must_use]
    pub const fn snaplen(&self) -> u32 {
        self.snaplen
    }

    /// Returns whether times are in nanoseconds.
    #[must_use]
    pub const fn has_nanos(&self) -> bool {
        self.has_nanos
    }
}

impl Drop for LiveHandle {
    fn drop(&mut self) {
        // SAFETY: it is open, and nobody uses it any more.
        unsafe { (self.library.symbols.close)(self.handle) };
    }
}

impl fmt::Debug for LiveHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveHandle")
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}
