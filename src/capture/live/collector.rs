//! What collectors have in common: who may connect, and frames made of what they are sent.

use std::{
    fmt,
    io::ErrorKind,
    net::{IpAddr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::LiveSender;
use crate::{
    capture::{Batch, Interface, LinkType, Record, Resolution},
    span::Span,
    time::Timestamp,
};

/// How long nobody may notice that it is over.
pub const WAIT: Duration = Duration::from_millis(100);

/// How long to wait for the next connection.
const NAP: Duration = Duration::from_millis(20);

/// Octets that are taken from a connection at once.
pub const CHUNK: usize = 64 << 10;

/// Connections at a time.
const MAX_CONNECTIONS: usize = 256;

/// Protocols of IP.
const TCP: u8 = 6;
const UDP: u8 = 17;

/// Whether an address may send.
pub type Allows = dyn Fn(IpAddr) -> bool + Send + Sync;

/// What was not taken, in numbers.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Packets without the key.
    pub without_key: AtomicU64,
    /// Packets and connections from where nobody may send.
    pub not_allowed: AtomicU64,
    /// What is not of the protocol that is listened for.
    pub malformed: AtomicU64,
    /// Connections when there were too many.
    pub too_many: AtomicU64,
    /// Connections over which nothing came for too long.
    pub silent: AtomicU64,
    /// Datagrams that came when the system had no room for more.
    pub dropped: AtomicU64,
}

impl Refusals {
    /// Counts one.
    pub fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// Where connections come in, from those who may.
pub struct Door {
    tcp: TcpListener,
    address: SocketAddr,
    allows: Box<Allows>,
    refusals: Arc<Refusals>,
    /// Who is connected, in the order in which they came.
    guests: Mutex<Vec<Arc<Guest>>>,
}

/// Who is connected.
#[derive(Debug)]
pub struct Guest {
    stream: TcpStream,
    address: SocketAddr,
    is_proven: AtomicBool,
}

impl Guest {
    /// Returns where the connection comes from.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes note that something came that is taken: the connection stays, however many others there are.
    pub fn prove(&self) {
        self.is_proven.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Door {
    /// Listens at `address`, for connections from where `allows` says; port 0 is any that is free.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn bind(address: SocketAddr, allows: Box<Allows>) -> std::io::Result<Self> {
        let tcp = TcpListener::bind(address)?;
        tcp.set_nonblocking(true)?;
        Ok(Self {
            address: tcp.local_addr()?,
            tcp,
            allows,
            refusals: Arc::default(),
            guests: Mutex::default(),
        })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what is not taken.
    #[must_use]
    pub const fn refusals(&self) -> &Arc<Refusals> {
        &self.refusals
    }

    /// Returns whether an address may send.
    #[must_use]
    pub fn allows(&self, ip: IpAddr) -> bool {
        (self.allows)(ip)
    }

    /// Lets connections in until the run is over, each in a thread of its own, which `take` ends.
    pub fn connections<'s>(
        &'s self,
        scope: &'s thread::Scope<'s, '_>,
        sender: &'s LiveSender,
        take: &'s (dyn Fn(TcpStream, &Guest) + Sync),
    ) {
        while !sender.is_stopped() {
            let Ok((stream, from)) = self.tcp.accept() else {
                thread::sleep(NAP);
                continue;
            };
            if !self.allows(from.ip()) {
                Refusals::count(&self.refusals.not_allowed);
                continue;
            }
            let is_ready = stream
                .set_nonblocking(false)
                .and_then(|()| stream.set_read_timeout(Some(WAIT)));
            if is_ready.is_err() {
                continue;
            }
            if let Some(guest) = self.admit(&stream, from) {
                scope.spawn(move || {
                    take(stream, &guest);
                    self.guests().retain(|other| !Arc::ptr_eq(other, &guest));
                });
            }
        }
    }

    /// Lets a connection in. When there are too many, the oldest that has sent nothing that is taken makes room: whoever
    /// only connects keeps nobody out.
    fn admit(&self, stream: &TcpStream, from: SocketAddr) -> Option<Arc<Guest>> {
        let guest = Arc::new(Guest {
            stream: stream.try_clone().ok()?,
            address: from,
            is_proven: AtomicBool::new(false),
        });
        let mut guests = self.guests();
        if guests.len() >= MAX_CONNECTIONS {
            Refusals::count(&self.refusals.too_many);
            let is_idle = |guest: &Arc<Guest>| !guest.is_proven.load(Ordering::Relaxed);
            let idle = guests.iter().position(is_idle)?;
            // Its thread reads the end of it.
            let _ = guests.remove(idle).stream.shutdown(Shutdown::Both);
        }
        guests.push(Arc::clone(&guest));
        Some(guest)
    }

    fn guests(&self) -> std::sync::MutexGuard<'_, Vec<Arc<Guest>>> {
        self.guests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns how the frames of a collector are described.
#[must_use]
pub fn interface(name: String) -> Interface {
    Interface {
        link: LinkType::RAW,
        name: Some(name),
        snaplen: 0,
        resolution: Resolution::Decimal(9),
        offset_secs: 0,
        fcs_len: 0,
        frames: 0,
        dropped: None,
    }
}

/// Returns whether nothing came in time, so that there is no more to say about an error.
#[must_use]
pub const fn is_time_out(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Adds a datagram with `payload` to what was captured.
pub fn add_datagram(batch: &mut Batch, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
    let len = u16::try_from(payload.len().saturating_add(8)).unwrap_or(u16::MAX);
    let mut header = Vec::with_capacity(8);
    header.extend(from.port().to_be_bytes());
    header.extend(to.port().to_be_bytes());
    header.extend(len.to_be_bytes());
    header.extend([0, 0]);
    add(batch, [from.ip(), to.ip()], UDP, &header, payload);
}

/// A direction of a connection whose octets become segments.
#[derive(Debug)]
pub struct Segments {
    ends: [SocketAddr; 2],
    /// The number of the next octet.
    next: u32,
}

impl Segments {
    const FIN: u8 = 0x11;
    const SYN: u8 = 0x02;
    const DATA: u8 = 0x18;

    /// Octets of one segment at most.
    const MOST: usize = 32 << 10;

    /// Adds the beginning of a connection to what was captured.
    pub fn begin(batch: &mut Batch, from: SocketAddr, to: SocketAddr) -> Self {
        let mut segments = Self {
            ends: [from, to],
            next: 0,
        };
        segments.add(batch, Self::SYN, &[]);
        segments.next = 1;
        segments
    }

    /// Adds octets of it.
    pub fn data(&mut self, batch: &mut Batch, octets: &[u8]) {
        for part in octets.chunks(Self::MOST) {
            self.add(batch, Self::DATA, part);
            let len = u32::try_from(part.len()).unwrap_or_default();
            self.next = self.next.wrapping_add(len);
        }
    }

    /// Adds the end of it.
    pub fn end(&self, batch: &mut Batch) {
        self.add(batch, Self::FIN, &[]);
    }

    fn add(&self, batch: &mut Batch, flags: u8, octets: &[u8]) {
        let [from, to] = self.ends;
        let mut header = Vec::with_capacity(20);
        header.extend(from.port().to_be_bytes());
        header.extend(to.port().to_be_bytes());
        header.extend(self.next.to_be_bytes());
        // Nothing of the other direction is told but that it has begun, if it has.
        let ack = u32::from(flags != Self::SYN);
        header.extend(ack.to_be_bytes());
        header.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        add(batch, [from.ip(), to.ip()], TCP, &header, octets);
    }
}

/// Adds a packet to what was captured.
fn add(batch: &mut Batch, ends: [IpAddr; 2], protocol: u8, header: &[u8], payload: &[u8]) {
    let start = batch.bytes.len();
    let len = header.len().saturating_add(payload.len());
    let bytes = &mut batch.bytes;
    match ends {
        [IpAddr::V4(src), IpAddr::V4(dst)] => {
            let len = u16::try_from(len.saturating_add(20)).unwrap_or(u16::MAX);
            let len = len.to_be_bytes();
            bytes.extend([0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, protocol, 0, 0]);
            bytes.extend(src.octets());
            bytes.extend(dst.octets());
        }
        [src, dst] => {
            let len = u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes();
            bytes.extend([0x60, 0, 0, 0, len[0], len[1], protocol, 64]);
            bytes.extend(v6(src).octets());
            bytes.extend(v6(dst).octets());
        }
    }
    bytes.extend_from_slice(header);
    bytes.extend_from_slice(payload);
    let len = bytes.len().saturating_sub(start);
    batch.records.push(Record {
        ts: now(),
        data: Span::new(start, batch.bytes.len()),
        orig_len: u32::try_from(len).unwrap_or(u32::MAX),
        link: LinkType::RAW,
        interface: 0,
        fcs_len: 0,
    });
}

const fn v6(ip: IpAddr) -> Ipv6Addr {
    match ip {
        IpAddr::V4(ip) => ip.to_ipv6_mapped(),
        IpAddr::V6(ip) => ip,
    }
}

/// Returns when a packet came, which is what its capture tells of it.
#[expect(
    clippy::disallowed_methods,
    reason = "who captures says what time it is"
)]
fn now() -> Timestamp {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    Timestamp::from_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
