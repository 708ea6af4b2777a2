//! A collector: takes HEP on a UDP and a TCP port and makes frames of it.
//!
//! Each packet becomes a datagram from its agent, so that all that comes after it is what it would be in a capture; what
//! a frame tells can be written to a file and read again.

use std::{
    fmt,
    io::{ErrorKind, Read},
    net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use super::{InStream, Packet, begins, in_stream, resumes};
use crate::{
    capture::{Batch, Interface, LinkType, LiveInput, LiveSender, Record, Resolution},
    span::Span,
    time::Timestamp,
};

/// How long nobody may notice that it is over.
const WAIT: Duration = Duration::from_millis(100);

/// How long to wait for the next connection.
const NAP: Duration = Duration::from_millis(20);

/// Octets that are handed over at once.
const CHUNK: usize = 64 << 10;

/// Connections at a time.
const MAX_CONNECTIONS: usize = 256;

/// Octets that a datagram of IPv4 carries at most.
const MAX_DATAGRAM: usize = 65_507;

/// Whether an address may send.
pub type Allows = dyn Fn(IpAddr) -> bool + Send + Sync;

/// A collector.
pub struct Listener {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
    doors: Doors,
    connections: AtomicUsize,
}

/// Who may send, and who tried to.
struct Doors {
    /// What agents have to show.
    key: Option<Vec<u8>>,
    allows: Box<Allows>,
    refusals: Arc<Refusals>,
}

/// What was not taken, in numbers.
#[derive(Debug, Default)]
pub struct Refusals {
    /// Packets without the key.
    pub without_key: AtomicU64,
    /// Packets and connections from where nobody may send.
    pub not_allowed: AtomicU64,
    /// Packets that are no HEP, and octets of connections between packets.
    pub malformed: AtomicU64,
    /// Connections when there were too many.
    pub too_many: AtomicU64,
}

impl Refusals {
    fn count(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key.
        f.debug_struct("Listener")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens at `address`, for datagrams and connections; port 0 is any that is free.
    ///
    /// Agents have to show `key`, if there is one, and to send from where `allows` says.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn bind(
        address: SocketAddr,
        key: Option<Vec<u8>>,
        allows: Box<Allows>,
    ) -> std::io::Result<Self> {
        let tcp = TcpListener::bind(address)?;
        let address = tcp.local_addr()?;
        tcp.set_nonblocking(true)?;
        Ok(Self {
            udp: UdpSocket::bind(address)?,
            tcp,
            address,
            doors: Doors {
                key,
                allows,
                refusals: Arc::default(),
            },
            connections: AtomicUsize::new(0),
        })
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns what is not taken.
    #[must_use]
    pub fn refusals(&self) -> Arc<Refusals> {
        Arc::clone(&self.doors.refusals)
    }

    /// Takes datagrams.
    fn datagrams(&self, sender: &LiveSender) {
        let mut buffer = vec![0; 1 << 16];
        let mut batch = Batch::default();
        if self.udp.set_read_timeout(Some(WAIT)).is_err() {
            return;
        }
        while !sender.is_stopped() {
            // The first one is waited for; those that are there already come with it.
            let mut is_first = true;
            while batch.bytes.len() < CHUNK {
                let Ok((len, from)) = self.udp.recv_from(&mut buffer) else {
                    break;
                };
                let payload = buffer.get(..len).unwrap_or_default();
                if self.doors.take(payload, from.ip()) {
                    add(&mut batch, from, self.address, payload);
                }
                if is_first {
                    is_first = false;
                    if self.udp.set_nonblocking(true).is_err() {
                        break;
                    }
                }
            }
            if !is_first && self.udp.set_nonblocking(false).is_err() {
                return;
            }
            if !batch.records.is_empty() {
                sender.push(&mut batch);
            }
        }
    }

    /// Takes connections, each in a thread of its own.
    fn connections<'s>(&'s self, scope: &'s thread::Scope<'s, '_>, sender: &'s LiveSender) {
        while !sender.is_stopped() {
            let Ok((stream, from)) = self.tcp.accept() else {
                thread::sleep(NAP);
                continue;
            };
            let refusals = &self.doors.refusals;
            if !(self.doors.allows)(from.ip()) {
                Refusals::count(&refusals.not_allowed);
                continue;
            }
            if self.connections.load(Ordering::Relaxed) >= MAX_CONNECTIONS {
                Refusals::count(&refusals.too_many);
                continue;
            }
            self.connections.fetch_add(1, Ordering::Relaxed);
            scope.spawn(move || {
                self.connection(stream, from, sender);
                self.connections.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    /// Takes the packets of a connection.
    fn connection(&self, mut stream: TcpStream, from: SocketAddr, sender: &LiveSender) {
        let is_ready = stream
            .set_nonblocking(false)
            .and_then(|()| stream.set_read_timeout(Some(WAIT)));
        if is_ready.is_err() {
            return;
        }
        let mut block = vec![0; CHUNK];
        let mut held: Vec<u8> = Vec::new();
        let mut batch = Batch::default();
        while !sender.is_stopped() {
            match stream.read(&mut block) {
                Ok(0) => return,
                Ok(len) => held.extend_from_slice(block.get(..len).unwrap_or_default()),
                Err(error) if is_time_out(error.kind()) => continue,
                Err(_) => return,
            }
            let used = self.packets(&held, from, &mut batch);
            held.drain(..used.min(held.len()));
            if !batch.records.is_empty() {
                sender.push_waiting(&mut batch);
            }
        }
    }

    /// Takes the packets in `held`, and returns how many octets found their use.
    fn packets(&self, held: &[u8], from: SocketAddr, batch: &mut Batch) -> usize {
        let mut rest = held;
        loop {
            match in_stream(rest) {
                InStream::Packet(len) => {
                    let Some((packet, behind)) = rest.split_at_checked(len) else {
                        break;
                    };
                    if self.doors.take(packet, from.ip()) {
                        add(batch, from, self.address, packet);
                    }
                    rest = behind;
                }
                InStream::Partial => break,
                InStream::Other => {
                    Refusals::count(&self.doors.refusals.malformed);
                    let behind = rest.get(1..).unwrap_or_default();
                    let next = (0..behind.len()).find(|at| {
                        let text = behind.get(*at..).unwrap_or_default();
                        resumes(text) || in_stream(text) == InStream::Partial
                    });
                    rest = behind
                        .get(next.unwrap_or(behind.len())..)
                        .unwrap_or_default();
                }
            }
        }
        held.len().saturating_sub(rest.len())
    }
}

impl Doors {
    /// Returns whether a packet is taken, and counts it if not.
    fn take(&self, packet: &[u8], from: IpAddr) -> bool {
        let counter = if !(self.allows)(from) {
            &self.refusals.not_allowed
        } else if !begins(packet) || packet.len() > MAX_DATAGRAM {
            &self.refusals.malformed
        } else if !self.is_known(packet) {
            &self.refusals.without_key
        } else {
            return true;
        };
        Refusals::count(counter);
        false
    }

    fn is_known(&self, packet: &[u8]) -> bool {
        let Some(key) = &self.key else {
            return true;
        };
        Packet::decode(packet).is_some_and(|packet| packet.auth_key == Some(key))
    }
}

impl LiveInput for Listener {
    fn name(&self) -> String {
        format!("hep:{}", self.address)
    }

    fn interface(&self) -> Interface {
        Interface {
            link: LinkType::RAW,
            name: Some(self.name()),
            snaplen: 0,
            resolution: Resolution::Decimal(9),
            offset_secs: 0,
            fcs_len: 0,
            frames: 0,
            dropped: None,
        }
    }

    fn run(self: Box<Self>, sender: &LiveSender) {
        thread::scope(|scope| {
            scope.spawn(|| self.datagrams(sender));
            self.connections(scope, sender);
        });
    }
}

const fn is_time_out(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
    )
}

/// Adds a datagram with `payload` to what was captured.
fn add(batch: &mut Batch, from: SocketAddr, to: SocketAddr, payload: &[u8]) {
    let start = batch.bytes.len();
    let udp_len = u16::try_from(payload.len().saturating_add(8)).unwrap_or(u16::MAX);
    match (from.ip(), to.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let len = udp_len.saturating_add(20).to_be_bytes();
            let bytes = &mut batch.bytes;
            bytes.extend([0x45, 0, len[0], len[1], 0, 0, 0x40, 0, 64, 17, 0, 0]);
            bytes.extend(src.octets());
            bytes.extend(dst.octets());
        }
        (src, dst) => {
            let len = udp_len.to_be_bytes();
            let bytes = &mut batch.bytes;
            bytes.extend([0x60, 0, 0, 0, len[0], len[1], 17, 64]);
            bytes.extend(v6(src).octets());
            bytes.extend(v6(dst).octets());
        }
    }
    let bytes = &mut batch.bytes;
    bytes.extend(from.port().to_be_bytes());
    bytes.extend(to.port().to_be_bytes());
    bytes.extend(udp_len.to_be_bytes());
    bytes.extend([0, 0]);
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
