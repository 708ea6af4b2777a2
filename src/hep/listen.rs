//! A collector: takes HEP on a UDP and a TCP port and makes frames of it.
//!
//! Each packet becomes a datagram from its agent, so that all that comes after it is what it would be in a capture; what
//! a frame tells can be written to a file and read again.

use std::{
    fmt,
    io::Read,
    net::{IpAddr, SocketAddr, TcpStream, UdpSocket},
    sync::{Arc, atomic::Ordering},
    thread,
};

use super::{InStream, Packet, begins, in_stream, may_resume, resumes};
use crate::capture::{
    Batch, Interface, LiveInput, LiveSender,
    collector::{self, Allows, CHUNK, Door, Guest, Refusals, WAIT, add_datagram, is_time_out},
    socket,
};

/// Octets that a datagram of IPv4 carries at most.
const MAX_DATAGRAM: usize = 65_507;

/// A collector.
pub struct Listener {
    udp: UdpSocket,
    door: Door,
    /// What agents have to show.
    key: Option<Vec<u8>>,
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Without the key.
        f.debug_struct("Listener")
            .field("address", &self.door.address())
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
        let door = Door::bind(address, allows)?;
        Ok(Self {
            udp: UdpSocket::bind(door.address())?,
            door,
            key,
        })
    }

    /// Lets the system keep as many octets of datagrams until they are taken, if it allows that.
    #[must_use]
    pub fn with_buffer(self, octets: usize) -> Self {
        socket::set_buffer(&self.udp, octets);
        self
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// Returns what is not taken.
    #[must_use]
    pub fn refusals(&self) -> Arc<Refusals> {
        Arc::clone(self.door.refusals())
    }

    /// Takes datagrams.
    fn datagrams(&self, sender: &LiveSender) {
        let mut buffer = vec![0; 1 << 16];
        let mut batch = Batch::default();
        if self.udp.set_read_timeout(Some(WAIT)).is_err() {
            return;
        }
        let mut is_told = true;
        while !sender.is_stopped() {
            // The first one is waited for; those that are there already come with it.
            let mut is_first = true;
            while batch.bytes.len() < CHUNK {
                let Ok((len, from)) = self.udp.recv_from(&mut buffer) else {
                    break;
                };
                let payload = buffer.get(..len).unwrap_or_default();
                if self.takes(payload, from.ip()) {
                    add_datagram(&mut batch, from, self.address(), payload);
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
                is_told = false;
            } else if !is_told {
                // There is time for it.
                is_told = true;
                self.note_dropped();
            }
        }
        self.note_dropped();
    }

    /// Takes note of how many datagrams the system has dropped.
    fn note_dropped(&self) {
        if let Some(dropped) = socket::dropped(&self.udp) {
            let counter = &self.door.refusals().dropped;
            counter.store(dropped, Ordering::Relaxed);
        }
    }

    /// Takes the packets of a connection.
    fn connection(&self, mut stream: TcpStream, guest: &Guest, sender: &LiveSender) {
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
            let used = self.packets(&held, guest.address(), &mut batch);
            held.drain(..used.min(held.len()));
            if !batch.records.is_empty() {
                guest.prove();
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
                    if self.takes(packet, from.ip()) {
                        add_datagram(batch, from, self.address(), packet);
                    }
                    rest = behind;
                }
                InStream::Partial => break,
                InStream::Other => {
                    Refusals::count(&self.door.refusals().malformed);
                    let behind = rest.get(1..).unwrap_or_default();
                    let next = (0..behind.len()).find(|at| {
                        let text = behind.get(*at..).unwrap_or_default();
                        resumes(text) || may_resume(text)
                    });
                    rest = behind
                        .get(next.unwrap_or(behind.len())..)
                        .unwrap_or_default();
                }
            }
        }
        held.len().saturating_sub(rest.len())
    }

    /// Returns whether a packet is taken, and counts it if not.
    fn takes(&self, packet: &[u8], from: IpAddr) -> bool {
        let refusals = self.door.refusals();
        let counter = if !self.door.allows(from) {
            &refusals.not_allowed
        } else if !begins(packet) || packet.len() > MAX_DATAGRAM {
            &refusals.malformed
        } else if !self.is_known(packet) {
            &refusals.without_key
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
        format!("hep:{}", self.address())
    }

    fn interface(&self) -> Interface {
        collector::interface(self.name())
    }

    fn run(self: Box<Self>, sender: &LiveSender) {
        let take = |stream, guest: &Guest| self.connection(stream, guest, sender);
        thread::scope(|scope| {
            scope.spawn(|| self.datagrams(sender));
            self.door.connections(scope, sender, &take);
        });
    }
}
