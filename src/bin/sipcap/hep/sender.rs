//! A capture agent: sends messages to a collector.

use std::{
    io::Write,
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
            result = Line::connect(*to, over).with_context(|| format!("cannot send to {to}"));
            if result.is_ok() {
                break;
            }
        }
        Ok(Self {
            line: result?,
            version,
            interval: rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1)),
            due: None,
            packet: Vec::with_capacity(BUFFER),
            sent: 0,
            cut: 0,
            unfit: 0,
        })
    }

    /// Sends a message, or collects it to be sent with others.
    pub(crate) fn send(&mut self, message: &Outgoing<'_>) -> std::io::Result<()> {
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
    pub(crate) fn flush(&mut self) -> std::io::Result<()> {
        if !self.packet.is_empty() {
            match &mut self.line {
                Line::Tcp(stream) => stream.write_all(&self.packet)?,
                Line::Udp(socket) => {
                    // Nobody listened to an earlier one: UDP promises nothing, and the collector may come back.
                    if let Err(error) = socket.send(&self.packet)
                        && error.kind() != std::io::ErrorKind::ConnectionRefused
                    {
                        return Err(error);
                    }
                }
            }
            self.packet.clear();
        }
        Ok(())
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
    fn connect(to: SocketAddr, over: Over) -> std::io::Result<Self> {
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

#[expect(
    clippy::disallowed_methods,
    reason = "a rate is one of this machine's time"
)]
fn now() -> Instant {
    Instant::now()
}
