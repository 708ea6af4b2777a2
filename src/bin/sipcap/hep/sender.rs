//! A capture agent: sends messages to a collector.

use std::{
    io::{self, ErrorKind, Write},
    net::{Ipv6Addr, SocketAddr, TcpStream, UdpSocket},
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::ValueEnum;
use sipcap::hep::Outgoing;

/// How long a collector may take to accept a connection, or what is sent.
const PATIENCE: Duration = Duration::from_secs(10);

/// Octets that are collected before they are sent over TCP.
const BUFFER: usize = 1 << 16;

/// What HEP is sent over.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Over {
    /// A datagram for each message
    Udp,
    /// A connection, on which nothing is lost; version 3 only
    Tcp,
}

/// The version of HEP.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Version {
    /// A fixed header, without names and keys
    #[value(name = "2")]
    Two,
    /// Chunks
    #[value(name = "3")]
    Three,
}

/// A capture agent at work.
pub(crate) struct Sender {
    line: Line,
    to: SocketAddr,
    version: Version,
    /// How long a message takes.
    interval: Duration,
    /// When the next message is due.
    due: Option<Instant>,
    packet: Vec<u8>,
    pub(crate) sent: u64,
    /// Messages of which the end was left out.
    pub(crate) cut: u64,
    /// Messages that cannot be sent in this version.
    pub(crate) unfit: u64,
    /// Datagrams of which the other end told that nobody takes them.
    pub(crate) refused: u64,
}

enum Line {
    Udp(UdpSocket),
    Tcp(TcpStream),
}

impl Sender {
    /// Connects to a collector, which gets so many messages a second at most.
    pub(crate) fn connect(
        to: &[SocketAddr],
        over: Over,
        version: Version,
        rate: Option<u32>,
    ) -> anyhow::Result<Self> {
        let mut result = Err(anyhow::anyhow!("the name has no address"));
        for to in to {
            result = Line::connect(*to, over)
                .map(|line| (line, *to))
                .with_context(|| format!("cannot send to {to}"));
            if result.is_ok() {
                break;
            }
        }
        let (line, to) = result?;
        Ok(Self {
            line,
            to,
            version,
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1)),
            due: None,
            packet: Vec::with_capacity(BUFFER),
            sent: 0,
            cut: 0,
            unfit: 0,
            refused: 0,
        })
    }

    /// Sends a message, or collects it to be sent with others.
    pub(crate) fn send(&mut self, message: &Outgoing<'_>) -> io::Result<()> {
        self.wait();
        match self.version {
            Version::Three => message.version_3(&mut self.packet),
            Version::Two if message.version_2(&mut self.packet) => {}
            Version::Two => {
                self.unfit += 1;
                return Ok(());
            }
        }
        self.sent += 1;
        self.cut += u64::from(message.is_cut());
        let is_full = self.packet.len() >= BUFFER || !self.interval.is_zero();
        if is_full || matches!(self.line, Line::Udp(_)) {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what was collected.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if self.packet.is_empty() {
            return Ok(());
        }
        let sent = match &mut self.line {
            Line::Tcp(stream) => stream.write_all(&self.packet),
            Line::Udp(socket) => send(socket, &self.packet, &mut self.refused),
        };
        self.packet.clear();
        sent.map_err(|error| self.failure(&error))
    }

    /// Sends what is left, and asks what became of the last datagram.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        if let Line::Udp(socket) = &self.line
            && let Some(error) = socket.take_error()?
        {
            self.refused += u64::from(error.kind() == ErrorKind::ConnectionRefused);
        }
        Ok(())
    }

    /// Returns what to tell of an error. It is no longer one of a pipe: a collector that hangs up is no reader of the
    /// output who has seen enough.
    fn failure(&self, error: &io::Error) -> io::Error {
        let to = self.to;
        io::Error::other(match error.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => {
                format!("cannot send to {to}: it has stopped taking what is sent")
            }
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted => {
                format!("cannot send to {to}: it has closed the connection")
            }
            _ => format!("cannot send to {to}: {error}"),
        })
    }

    /// Waits until the next message may be sent.
    fn wait(&mut self) {
        if self.interval.is_zero() {
            return;
        }
        let now = now();
        let due = self.due.map_or(now, |due| due.max(now));
        // To sleep for less than this takes longer than that.
        if due.duration_since(now) > Duration::from_millis(1) {
            std::thread::sleep(due.duration_since(now));
        }
        self.due = due.checked_add(self.interval);
    }
}

impl Line {
    fn connect(to: SocketAddr, over: Over) -> io::Result<Self> {
        Ok(match over {
            Over::Tcp => {
                let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
                stream.set_write_timeout(Some(PATIENCE))?;
                Self::Tcp(stream)
            }
            Over::Udp => {
                let any: SocketAddr = match to {
                    SocketAddr::V4(_) => ([0; 4], 0).into(),
                    SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
                };
                let socket = UdpSocket::bind(any)?;
                socket.connect(to)?;
                Self::Udp(socket)
            }
        })
    }
}

/// Sends a datagram, again if what the system says is about one before it: that nobody takes it. UDP promises nothing, and
/// the collector may come back.
fn send(socket: &UdpSocket, packet: &[u8], refused: &mut u64) -> io::Result<()> {
    for _ in 0..2 {
        match socket.send(packet) {
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => *refused += 1,
            sent => return sent.map(|_| ()),
        }
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a rate is one of this machine's time"
)]
fn now() -> Instant {
    Instant::now()
}
