//! What happens to calls, registrations and the rest.

use std::{fmt, net::SocketAddr, str::FromStr};

use crate::{
    capture::Origin,
    net::Transport,
    time::Timestamp,
    track::{Flags, Outcome, Side, sighting::Sighting},
};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum EventKind {
            $($(#[$doc])* $name,)*
        }

        impl EventKind {
            /// All of them, in the order of output.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the name used in all outputs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

kinds! {
    /// A call was answered.
    CallStart = "call-start";
    /// A call ended that was not answered.
    CallAttempt = "call-attempt";
    /// An answered call ended.
    CallEnd = "call-end";
    /// A request with credentials was refused, or a challenge was never taken up.
    AuthFailed = "auth-failed";
    /// The callee is alerted.
    CallRinging = "call-ringing";
    /// A call was redirected.
    CallRedirected = "call-redirected";
    /// The session of a call is to be changed by a re-INVITE.
    CallReinvite = "call-reinvite";
    /// A call is to be transferred.
    CallTransfer = "call-transfer";
    /// A binding came into being.
    RegNew = "reg-new";
    /// A binding was refreshed.
    RegRefresh = "reg-refresh";
    /// A binding is refreshed from another address.
    RegMoved = "reg-moved";
    /// A binding was removed.
    RegDel = "reg-del";
    /// A binding was not refreshed in time.
    RegExpired = "reg-expired";
    /// A registration was refused.
    RegFailed = "reg-failed";
    /// A subscription came into being.
    SubNew = "sub-new";
    /// A subscription ended.
    SubDel = "sub-del";
    /// A subscription was not refreshed in time.
    SubExpired = "sub-expired";
    /// Another request was answered well.
    OtherOk = "other-ok";
    /// Another request was refused.
    OtherFailed = "other-failed";
    /// Another request was never answered.
    OtherTimeout = "other-timeout";
    /// A message cannot be worked with.
    ParseError = "parse-error";
    /// A datagram that is no SIP came where SIP is spoken.
    MsgProbe = "msg-probe";
    /// Octets of a stream are missing.
    Gap = "gap";
    /// A stream was left until the next message in it.
    TcpResync = "tcp-resync";
    /// A packet is incomplete because a fragment is missing.
    FragmentLost = "fragment-lost";
    /// A proxy logged a line.
    Log = "log";
    /// A proxy asked something over HTTP, or got the response.
    Rest = "rest";
    /// A proxy got a command, or answered one.
    Mi = "mi";
    /// Something happened to a connection of a proxy.
    Net = "net";
    /// A proxy was told what belongs together.
    Correlate = "correlate";
    /// A report of media quality came.
    Quality = "quality";
}

impl FromStr for EventKind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.name() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = Self::ALL.iter().map(|kind| kind.name()).collect();
                format!("expected one of {}", names.join(", "))
            })
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One side of what an event is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Party<'a> {
    /// The URI in From or To, without parameters of the header.
    pub uri: &'a [u8],
    /// The display name, without quotes.
    pub display_name: &'a [u8],
    /// The address at the hop that was seen first.
    pub address: Option<SocketAddr>,
    /// User-Agent or Server.
    pub user_agent: &'a [u8],
}

/// Something that happened, with what is known of whom it happened to. Empty texts are unknown.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    /// What happened.
    pub kind: EventKind,
    /// When: the time of the message that tells it, or the deadline that passed.
    pub ts: Timestamp,
    /// The frame that completed that message; none for a deadline.
    pub origin: Option<Origin>,
    /// The frame that completed the first message of a registration.
    pub began: Option<Origin>,
    /// Call-ID.
    pub call_id: &'a [u8],
    /// The tag of whom it began with.
    pub from_tag: &'a [u8],
    /// The tag of the other side.
    pub to_tag: &'a [u8],
    /// The method of the request that it began with.
    pub method: &'a [u8],
    /// Whom it began with.
    pub caller: Party<'a>,
    /// The other side.
    pub callee: Party<'a>,
    /// The Request-URI.
    pub request_uri: &'a [u8],
    /// The Contact of whom it began with.
    pub contact: &'a [u8],
    /// The first two values of P-Asserted-Identity (RFC 3325).
    pub asserted_identities: [&'a [u8]; 2],
    /// What carried it.
    pub transport: Option<Transport>,
    /// The status that tells it.
    pub status: Option<u16>,
    /// The reason phrase of it.
    pub reason: &'a [u8],
    /// What became of the call.
    pub outcome: Option<Outcome>,
    /// Who ended the call.
    pub side: Option<Side>,
    /// The cause by ITU-T Q.850.
    pub cause: Option<u8>,
    /// From the first INVITE to the first 101 to 199, in nanoseconds.
    pub post_dial_delay: Option<i64>,
    /// From the first INVITE to the answer, in nanoseconds.
    pub setup_time: Option<i64>,
    /// How long it rang, in nanoseconds.
    pub ring_time: Option<i64>,
    /// From the answer, or from the beginning of a binding, to this event, in nanoseconds.
    pub duration: Option<i64>,
    /// The address of record.
    pub aor: &'a [u8],
    /// How long the binding or the subscription lasts, in seconds.
    pub expires: Option<u32>,
    /// How many messages there were so far.
    pub counters: [SideCounters; 2],
    /// What is odd about it.
    pub flags: Flags,
    /// The connection that it is about, by the word of a proxy.
    pub connection: &'a [u8],
}

/// Messages that one side sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct SideCounters {
    /// Requests.
    pub requests: u32,
    /// Responses.
    pub responses: u32,
    /// Messages that came again, which are in neither of the above.
    pub retransmissions: u32,
}

impl SideCounters {
    /// Counts a message.
    pub(crate) const fn count(&mut self, is_response: bool, sighting: Sighting) {
        let count = match (sighting, is_response) {
            (Sighting::Retransmission, _) => &mut self.retransmissions,
            (Sighting::First, true) => &mut self.responses,
            (Sighting::First, false) => &mut self.requests,
        };
        *count = count.saturating_add(1);
    }

    /// Returns how many messages there were in all.
    #[must_use]
    pub fn messages(&self) -> u64 {
        u64::from(self.requests) + u64::from(self.responses) + u64::from(self.retransmissions)
    }
}

impl Event<'_> {
    /// Returns an event of which nothing else is known.
    #[must_use]
    pub fn new(kind: EventKind, ts: Timestamp) -> Self {
        Self {
            kind,
            ts,
            origin: None,
            began: None,
            call_id: &[],
            from_tag: &[],
            to_tag: &[],
            method: &[],
            caller: Party::default(),
            callee: Party::default(),
            request_uri: &[],
            contact: &[],
            asserted_identities: [&[]; 2],
            transport: None,
            status: None,
            reason: &[],
            outcome: None,
            side: None,
            cause: None,
            post_dial_delay: None,
            setup_time: None,
            ring_time: None,
            duration: None,
            aor: &[],
            expires: None,
            counters: [SideCounters::default(); 2],
            flags: Flags::NONE,
            connection: &[],
        }
    }
}
