//! What the tables of this layer hand over.

use crate::{
    capture::Frame,
    net::{Encapsulation, Flow},
    sip::Head,
    time::Timestamp,
};

use super::{Limits, StreamStats};

/// What a packet was wrapped in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Context {
    /// Its tunnels and tags.
    pub encapsulation: Encapsulation,
    /// A mix of its tunnel ids, 0 without a tunnel. Often it differs between the directions of one connection.
    pub tunnel: u64,
}

/// What the tables of this layer hand over.
#[derive(Debug)]
pub enum Found<'a> {
    /// A SIP message.
    Message {
        /// When it was complete: the time of `completed_by`.
        ts: Timestamp,
        /// Between whom, and over what (TCP, WebSocket or SCTP).
        flow: Flow,
        /// What its segments were wrapped in.
        encapsulation: Encapsulation,
        /// The frames that carried octets of it, in the order of its octets.
        frames: &'a [Frame],
        /// Whichever of `frames` was captured last.
        completed_by: &'a Frame,
        /// Its octets.
        bytes: &'a [u8],
        /// Its structure; the flaws of the stream (gap, resynchronised, …) are in [`Head::flaws`].
        head: &'a Head,
    },
    /// A HEP packet, which may carry anything.
    Hep {
        /// Between whom it went itself.
        flow: Flow,
        /// What its segments were wrapped in.
        encapsulation: Encapsulation,
        /// The frames that carried octets of it, in the order of its octets.
        frames: &'a [Frame],
        /// Whichever of `frames` was captured last.
        completed_by: &'a Frame,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// A message of IPFIX of a session border controller; no octets if one should be there that is none.
    Ipfix {
        /// Between whom it went itself.
        flow: Flow,
        /// What its segments were wrapped in.
        encapsulation: Encapsulation,
        /// The frames that carried octets of it, in the order of its octets.
        frames: &'a [Frame],
        /// Whichever of `frames` was captured last.
        completed_by: &'a Frame,
        /// Its octets.
        bytes: &'a [u8],
    },
    /// Octets of a stream with SIP that are not in the capture. Those that were cut off a segment do not count.
    Gap {
        /// Between whom.
        flow: Flow,
        /// The frame of what comes behind them.
        frame: &'a Frame,
        /// How many, if that is known.
        octets: Option<u64>,
    },
    /// What became of a frame that was handed in. It is told once for each of them.
    Settled {
        /// The frame.
        frame: &'a Frame,
        /// What became of it.
        fate: SegmentFate,
    },
}

/// What became of a frame that was handed to a table: of its parts, the strongest, in this order.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum SegmentFate {
    /// It carried no data: SYN, FIN, a pure ACK, a keep-alive probe; SCTP control chunks.
    NoData,
    /// Its data had been there before.
    Retransmission,
    /// Its sequence number is nowhere near those of its stream.
    OutOfWindow,
    /// Its data were cut off, or are part of a message of which the beginning was lost.
    Lost,
    /// Passed over while looking for the next message.
    Skipped,
    /// Line ends between messages (RFC 5626 §3.5.1), or a WebSocket ping or pong.
    KeepAlive,
    /// Not SIP, and nothing else that has a name here.
    Other,
    /// HTTP, WebSocket handshakes included.
    Http,
    /// TLS.
    Tls,
    /// A WebSocket's data that is not SIP.
    WebSocketOther,
    /// HEP that carries something else than SIP.
    Hep,
    /// IPFIX of a session border controller that carries something else than SIP.
    Ipfix,
    /// Octets of a SIP message.
    Sip,
}

/// Where findings go, and what is needed to make them.
pub(super) struct Outlet<'a> {
    pub(super) flow: Flow,
    pub(super) encapsulation: Encapsulation,
    pub(super) limits: &'a Limits,
    pub(super) stats: &'a mut StreamStats,
    /// The frames of one message, a buffer.
    pub(super) frames: &'a mut Vec<Frame>,
    pub(super) out: &'a mut dyn FnMut(Found<'_>),
}

impl Outlet<'_> {
    pub(super) fn settle(&mut self, frame: &Frame, fate: SegmentFate) {
        (self.out)(Found::Settled { frame, fate });
    }

    /// Tells of octets that are missing before those of `frame`.
    pub(super) fn gap(&mut self, frame: &Frame, octets: Option<u64>) {
        (self.out)(Found::Gap {
            flow: self.flow,
            frame,
            octets,
        });
    }

    /// Hands out a HEP packet whose frames are in `self.frames`.
    pub(super) fn hep(&mut self, completed_by: &Frame, bytes: &[u8]) {
        (self.out)(Found::Hep {
            flow: self.flow,
            encapsulation: self.encapsulation,
            frames: self.frames,
            completed_by,
            bytes,
        });
    }

    /// Hands out a message of IPFIX whose frames are in `self.frames`.
    pub(super) fn ipfix(&mut self, completed_by: &Frame, bytes: &[u8]) {
        (self.out)(Found::Ipfix {
            flow: self.flow,
            encapsulation: self.encapsulation,
            frames: self.frames,
            completed_by,
            bytes,
        });
    }

    /// Hands out a message whose frames are in `self.frames`.
    pub(super) fn message(&mut self, flow: Flow, completed_by: &Frame, bytes: &[u8], head: &Head) {
        self.stats.messages = self.stats.messages.saturating_add(1);
        (self.out)(Found::Message {
            ts: completed_by.ts,
            flow,
            encapsulation: self.encapsulation,
            frames: self.frames,
            completed_by,
            bytes,
            head,
        });
    }
}
