//! One direction of a connection, read from its octets in order.

use std::mem;

use super::{
    found::{Outlet, SegmentFate},
    frame::{Body, OpenBody},
    ledger::Ledger,
    resync::Resync,
    websocket::{self, WebSocket},
};
use crate::{
    capture::Frame,
    hep,
    sip::{Probe, head_end, probe},
};

/// How many octets may be kept for an unfinished message when there is none, or only the beginning of one.
const KEPT: usize = 64 << 10;

/// One direction of a connection: takes its octets in order, cuts it into messages and settles its frames.
///
/// Octets are read where they are. Only what is left over, an unfinished message, is copied and held.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) ledger: Ledger,
    /// Octets that have come and not found their use.
    held: Vec<u8>,
    /// How many of them have found their use since: at most half of them, so that moving the others costs little.
    used: usize,
    pub(super) state: State,
    /// Octets were lost or passed over since the last message.
    pub(super) resynced: bool,
    /// There has been a SIP message.
    pub(super) is_sip: bool,
    /// There has been a message of IPFIX.
    pub(super) is_ipfix: bool,
    /// There has been a HEP packet: what it carries is text like that of a stream with SIP, but no message of this one.
    pub(super) is_hep: bool,
    /// Octets passed over since the last message.
    pub(super) skipped: u64,
}

/// What is expected next.
#[derive(Debug, Default)]
pub(super) enum State {
    /// A message, or whatever else the stream may begin with.
    #[default]
    Start,
    /// The rest of the headers of a message; up to there they have been looked at.
    Head { searched: usize },
    /// The rest of a body.
    Body(Body),
    /// The end of a body of which the length is not told.
    OpenBody(OpenBody),
    /// Anything, until there is a message again.
    Resync(Resync),
    /// The rest of an HTTP head; up to there it has been looked at.
    Http { searched: usize },
    /// WebSocket frames.
    WebSocket(Box<WebSocket>),
    /// Nothing of interest.
    Ignored(SegmentFate),
}

/// What came of looking at the octets at hand.
pub(super) enum Step {
    /// So many octets found their use; on to the next.
    Go(usize),
    /// More octets are needed.
    Wait,
}

impl Reader {
    /// Takes the next octets.
    pub(super) fn data(
        &mut self,
        bytes: &[u8],
        frame: &Frame,
        arrival: u64,
        outlet: &mut Outlet<'_>,
    ) {
        if bytes.is_empty() {
            outlet.settle(frame, SegmentFate::NoData);
            return;
        }
        if let Some(fate) = self.ignored_as()
            && self.ignores(bytes)
        {
            outlet.settle(frame, fate);
            return;
        }
        self.ledger.add(frame, arrival, bytes.len());
        if self.held.is_empty() {
            let used = self.run(bytes, outlet);
            self.held
                .extend_from_slice(bytes.get(used..).unwrap_or_default());
        } else {
            let mut held = mem::take(&mut self.held);
            held.extend_from_slice(bytes);
            let rest = held.get(self.used..).unwrap_or_default();
            self.used = self.used.saturating_add(self.run(rest, outlet));
            if self.used > held.len() / 2 {
                held.drain(..self.used.min(held.len()));
                self.used = 0;
            }
            self.held = held;
        }
        self.relax();
    }

    /// Skips octets that will not come: `len` of them, unless that is not known.
    pub(super) fn gap(&mut self, len: Option<u64>, outlet: &mut Outlet<'_>) {
        let held = self.end_held(outlet);
        match mem::take(&mut self.state) {
            State::Body(body) => match self.body_gap(body, len, &held, outlet) {
                Some(body) => {
                    self.state = State::Body(body);
                    self.held = held;
                    return;
                }
                None if !self.resynced => return,
                None => {}
            },
            State::Ignored(fate) => self.state = State::Ignored(fate),
            state => self.cut(state, &held, outlet),
        }
        self.resynced = true;
        self.relax();
    }

    /// Ends the stream: what is held is given out as it is. The reader is then ready for another stream.
    pub(super) fn finish(&mut self, outlet: &mut Outlet<'_>) {
        let held = self.end_held(outlet);
        let state = mem::take(&mut self.state);
        self.cut(state, &held, outlet);
        *self = Self::default();
    }

    /// Takes what is held, of which nothing more will come in order: without the messages that are found in it
    /// nevertheless.
    fn end_held(&mut self, outlet: &mut Outlet<'_>) -> Vec<u8> {
        let mut held = mem::take(&mut self.held);
        let used = mem::take(&mut self.used);
        let rest = held.get(used..).unwrap_or_default();
        let used = used.saturating_add(self.end_bodies(rest, outlet));
        held.drain(..used.min(held.len()));
        held
    }

    /// Returns whether `bytes`, the next ones of a stream that is passed over, are of no interest either.
    pub(super) fn ignores(&mut self, bytes: &[u8]) -> bool {
        // A start line, or an HTTP head that may lead to a WebSocket, makes the stream interesting again.
        let is_of_interest = match bytes.first() {
            Some(b'G' | b'H') if begins_http(bytes) => websocket::is_upgrade(bytes),
            Some(b'H' | b'E') if hep::resumes(bytes) => true,
            Some(b'A'..=b'Z' | b's') => probe(bytes) == Probe::Sip,
            _ => false,
        };
        if is_of_interest {
            self.state = State::Start;
            self.resynced = true;
        }
        !is_of_interest
    }

    /// Returns as what the stream is passed over, if nothing in it is of interest.
    pub(super) fn ignored_as(&self) -> Option<SegmentFate> {
        match self.state {
            State::Ignored(fate) => Some(fate),
            _ => None,
        }
    }

    /// Returns whether there has been SIP in the stream, or is.
    pub(super) fn speaks_sip(&self) -> bool {
        let is_message = matches!(
            self.state,
            State::Head { .. } | State::Body(_) | State::OpenBody(_)
        );
        self.is_sip || is_message
    }

    /// Returns how many octets it holds, with what it takes to hold them.
    pub(super) fn size(&self) -> usize {
        let socket = match &self.state {
            State::WebSocket(socket) => socket.size(),
            _ => 0,
        };
        let held = self.held.capacity().saturating_add(self.ledger.size());
        held.saturating_add(socket)
    }

    /// Gives back the memory that is kept for what may come, if nothing has come yet.
    pub(super) fn trim(&mut self) {
        if self.held.is_empty() {
            self.held = Vec::new();
            self.ledger.trim(true);
            if let State::WebSocket(socket) = &mut self.state {
                socket.trim();
            }
        }
    }

    /// Gives up the memory it holds.
    pub(super) fn relieve(&mut self, outlet: &mut Outlet<'_>) {
        if !self.held.is_empty() {
            outlet.stats.evicted_messages = outlet.stats.evicted_messages.saturating_add(1);
            self.gap(None, outlet);
        } else if let State::WebSocket(socket) = &mut self.state {
            socket.forget();
        }
        self.trim();
    }

    fn relax(&mut self) {
        if self.held.is_empty() {
            self.ledger.trim(false);
        }
        let capacity = self.held.capacity();
        if capacity > KEPT && self.held.len() < capacity / 4 {
            self.held.shrink_to(self.held.len().saturating_mul(2));
        }
    }

    /// Reads as much as it can, and returns how many octets found their use.
    pub(super) fn run(&mut self, bytes: &[u8], outlet: &mut Outlet<'_>) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.step(rest, outlet) {
                Step::Go(used) => rest = rest.get(used..).unwrap_or_default(),
                Step::Wait => break,
            }
        }
        bytes.len().saturating_sub(rest.len())
    }

    fn step(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        match &mut self.state {
            State::Start => self.start(rest, outlet),
            State::Head { .. } => self.head(rest, outlet),
            State::Body(_) => self.body(rest, outlet),
            State::OpenBody(_) => self.open_body(rest, outlet),
            State::Resync(_) => self.resync(rest, outlet),
            State::Http { .. } => self.http(rest, outlet),
            State::WebSocket(_) => self.websocket(rest, outlet),
            State::Ignored(fate) => {
                let fate = *fate;
                self.ledger.take(rest.len(), fate, outlet);
                Step::Go(rest.len())
            }
        }
    }

    /// Looks at the first octets behind a message, or of a stream.
    fn start(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let ends = rest
            .iter()
            .take_while(|octet| matches!(octet, b'\r' | b'\n'))
            .count();
        if ends > 0 {
            let counter = match ends {
                0..4 => &mut outlet.stats.pongs,
                4.. => &mut outlet.stats.pings,
            };
            *counter = counter.saturating_add(1);
            self.ledger.take(ends, SegmentFate::KeepAlive, outlet);
            return Step::Go(ends);
        }
        match probe(rest) {
            _ if self.is_hep => {}
            Probe::Sip => {
                self.state = State::Head { searched: 0 };
                return Step::Go(0);
            }
            Probe::Partial => return Step::Wait,
            Probe::NotSip => {}
        }
        if let Some(step) = self.hep(rest, outlet).or_else(|| self.ipfix(rest, outlet)) {
            return step;
        }
        if self.is_hep {
            self.lose_sync(outlet);
            return Step::Go(0);
        }
        let ignored = match rest {
            [0x14..=0x17] | [0x14..=0x17, 3] | [0x14..=0x17, 3, 0..=4] => return Step::Wait,
            _ if may_begin_http(rest) => return Step::Wait,
            _ if begins_tls(rest) => SegmentFate::Tls,
            _ if rest.starts_with(b"RTSP/") => SegmentFate::Other,
            _ if begins_http(rest) => {
                self.state = State::Http { searched: 0 };
                return Step::Go(0);
            }
            _ if websocket::begins(rest) => {
                self.become_websocket(outlet);
                return Step::Go(0);
            }
            _ => {
                self.lose_sync(outlet);
                return Step::Go(0);
            }
        };
        self.ignore(ignored, outlet);
        Step::Go(0)
    }

    fn http(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::Http { searched } = &mut self.state else {
            return Step::Go(0);
        };
        match head_end(rest, searched.saturating_sub(4)) {
            Some(end) if rest.get(..end).is_some_and(websocket::is_upgrade) => {
                self.ledger.take(end, SegmentFate::Http, outlet);
                self.become_websocket(outlet);
                Step::Go(end)
            }
            None if rest.len() <= outlet.limits.http_head => {
                *searched = rest.len();
                Step::Wait
            }
            _ => {
                self.ignore(SegmentFate::Http, outlet);
                Step::Go(0)
            }
        }
    }

    pub(super) fn ignore(&mut self, fate: SegmentFate, outlet: &mut Outlet<'_>) {
        let counter = match fate {
            SegmentFate::Tls => &mut outlet.stats.tls,
            SegmentFate::Http => &mut outlet.stats.http,
            _ => &mut outlet.stats.other,
        };
        *counter = counter.saturating_add(1);
        self.state = State::Ignored(fate);
    }

    pub(super) fn become_websocket(&mut self, outlet: &mut Outlet<'_>) {
        outlet.stats.websockets = outlet.stats.websockets.saturating_add(1);
        self.state = State::WebSocket(Box::default());
    }

    /// Gives out what is there of the message that is being read; nothing more of it will come.
    fn cut(&mut self, state: State, held: &[u8], outlet: &mut Outlet<'_>) {
        let fate = match state {
            State::Start | State::Resync(_) => {
                self.skip(held, held.len(), outlet);
                return;
            }
            State::Head { .. } => return self.cut_head(held, outlet),
            State::Body(body) => return self.cut_body(body, held, outlet),
            State::OpenBody(body) => return self.end_open_body(body, held, held.len(), outlet),
            State::WebSocket(socket) => return self.cut_websocket(*socket, held, outlet),
            State::Http { .. } => SegmentFate::Http,
            State::Ignored(fate) => fate,
        };
        self.ledger.take(held.len(), fate, outlet);
    }
}

/// Returns whether `bytes` begin with a record of TLS: its type, its version, and a length up to 2^14 and a bit.
pub(super) fn begins_tls(bytes: &[u8]) -> bool {
    matches!(bytes, [0x14..=0x17, 3, 0..=4, 0..=0x48, ..])
}

/// How HTTP/1 requests and responses begin, and RTSP, which looks alike.
const HTTP_STARTS: [&[u8]; 8] = [
    b"HTTP/1.",
    b"GET /",
    b"POST /",
    b"PUT /",
    b"HEAD /",
    b"DELETE /",
    b"CONNECT ",
    b"RTSP/",
];

fn begins_http(bytes: &[u8]) -> bool {
    HTTP_STARTS.iter().any(|start| bytes.starts_with(start))
}

/// Returns whether more octets may make `bytes` the beginning of HTTP.
fn may_begin_http(bytes: &[u8]) -> bool {
    HTTP_STARTS
        .iter()
        .any(|start| start.len() > bytes.len() && start.starts_with(bytes))
}
