//! A collector: takes what session border controllers send, and makes frames of it.
//!
//! Each message becomes a segment of a connection, so that all that comes after it is what it would be in a capture; what a
//! frame tells can be written to a file and read again.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

use super::{Content, InStream, acknowledge, in_stream, sets};
use crate::capture::{
    Batch, Interface, LiveInput, LiveSender,
    collector::{self, Allows, CHUNK, Door, Guest, Refusals, Segments, WAIT, is_time_out},
};

/// The port of collectors.
pub const PORT: u16 = 4739;

/// How long nothing may come before a controller has said how often something does.
const PATIENCE: Duration = Duration::from_secs(60);

/// A controller that says how often something comes is waited for twice as long, but not less than this.
const LEAST: Duration = Duration::from_secs(10);

/// How long an answer may take to be sent.
const ANSWER: Duration = Duration::from_secs(1);

/// A collector.
#[derive(Debug)]
pub struct Listener(Door);

/// What is known of a connection.
struct Connection {
    segments: Segments,
    /// Octets that have come and are no whole message yet.
    held: Vec<u8>,
    /// Whether there was a message.
    is_known: bool,
    /// How long nothing may come, if not for ever.
    patience: Option<Duration>,
    /// What is to be sent.
    answers: Vec<u8>,
}

impl Listener {
    /// Listens at `address` for connections from where `allows` says; port 0 is any that is free.
    ///
    /// # Errors
    /// When the address cannot be listened at.
    pub fn bind(address: SocketAddr, allows: Box<Allows>) -> std::io::Result<Self> {
        Door::bind(address, allows).map(Self)
    }

    /// Returns where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Returns what is not taken.
    #[must_use]
    pub fn refusals(&self) -> Arc<Refusals> {
        Arc::clone(self.0.refusals())
    }

    /// Takes the messages of a connection.
    fn connection(&self, mut stream: TcpStream, guest: &Guest, sender: &LiveSender) {
        if stream.set_write_timeout(Some(ANSWER)).is_err() {
            return;
        }
        let mut batch = Batch::default();
        let mut connection = Connection::begin(&mut batch, guest.address(), self.address());
        let mut block = vec![0; CHUNK];
        let mut idle = Duration::ZERO;
        while !sender.is_stopped() {
            match stream.read(&mut block) {
                Ok(0) => break,
                Ok(len) => {
                    idle = Duration::ZERO;
                    let octets = block.get(..len).unwrap_or_default();
                    connection.held.extend_from_slice(octets);
                }
                Err(error) if is_time_out(error.kind()) => {
                    idle = idle.saturating_add(WAIT);
                    if connection.patience.is_some_and(|patience| idle > patience) {
                        Refusals::count(&self.0.refusals().silent);
                        break;
                    }
                    continue;
                }
                Err(_) => break,
            }
            let goes_on = connection.messages(&mut batch);
            if connection.is_known {
                guest.prove();
            }
            if !batch.records.is_empty() {
                sender.push_waiting(&mut batch);
            }
            let answers = std::mem::take(&mut connection.answers);
            if !goes_on {
                // Where the next message begins nobody knows; the controller connects again.
                Refusals::count(&self.0.refusals().malformed);
                break;
            }
            if stream.write_all(&answers).is_err() {
                break;
            }
        }
        connection.segments.end(&mut batch);
        sender.push_waiting(&mut batch);
    }
}

impl Connection {
    fn begin(batch: &mut Batch, from: SocketAddr, to: SocketAddr) -> Self {
        Self {
            segments: Segments::begin(batch, from, to),
            held: Vec::new(),
            is_known: false,
            patience: Some(PATIENCE),
            answers: Vec::new(),
        }
    }

    /// Takes the whole messages that are there; returns whether what is left may be the beginning of one.
    fn messages(&mut self, batch: &mut Batch) -> bool {
        let held = std::mem::take(&mut self.held);
        let mut rest = held.as_slice();
        let mut goes_on = true;
        loop {
            match in_stream(rest, self.is_known) {
                InStream::Message(len) => {
                    let Some((message, behind)) = rest.split_at_checked(len) else {
                        break;
                    };
                    self.is_known = true;
                    self.message(message);
                    self.segments.data(batch, message);
                    rest = behind;
                }
                InStream::Partial => break,
                InStream::Other => {
                    goes_on = rest.is_empty();
                    break;
                }
            }
        }
        self.held = rest.to_vec();
        goes_on
    }

    /// Answers a request to connect.
    fn message(&mut self, message: &[u8]) {
        let Some(answer) = acknowledge(message) else {
            return;
        };
        self.answers.extend(answer);
        let first = sets(message).next().and_then(|set| set.read(&mut |_| {}));
        if let Some(Content::Connect(connect)) = first {
            let seconds = Duration::from_secs(connect.keep_alive_secs.into());
            let is_told = !seconds.is_zero();
            self.patience = is_told.then(|| seconds.saturating_mul(2).max(LEAST));
        }
    }
}

impl LiveInput for Listener {
    fn name(&self) -> String {
        format!("ipfix:{}", self.address())
    }

    fn interface(&self) -> Interface {
        collector::interface(self.name())
    }

    fn run(self: Box<Self>, sender: &LiveSender) {
        let take = |stream, guest: &Guest| self.connection(stream, guest, sender);
        thread::scope(|scope| self.0.connections(scope, sender, &take));
    }
}
