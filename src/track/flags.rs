//! What is odd about a call, a registration or an event.

/// A set of remarks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Flags(u64);

macro_rules! flags {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl Flags {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

flags! {
    /// CANCEL and 200 crossed; the 200 counts.
    CANCEL_RACE = 0, "cancel-race";
    /// No ACK came for the 2xx within 64·T1.
    NO_ACK = 1, "no-ack";
    /// The answer was not seen and follows from what came later.
    ANSWER_IMPLIED = 2, "answer-implied";
    /// The INVITE was not seen.
    INVITE_MISSING = 3, "invite-missing";
    /// Messages of one direction only were seen.
    ONE_DIRECTION = 4, "one-direction";
    /// Several branches had an early or confirmed dialog.
    FORKED = 5, "forked";
    /// A 2xx came after the call had failed.
    LATE_ANSWER = 6, "late-answer";
    /// The session was on hold for a time.
    HOLD = 7, "hold";
    /// A REFER came in the call.
    TRANSFERRED = 8, "transferred";
    /// Another call took the place of this one (RFC 3891).
    REPLACED = 9, "replaced";
    /// It was cancelled because another branch was answered (RFC 3326).
    COMPLETED_ELSEWHERE = 10, "completed-elsewhere";
    /// It ended by a time-out.
    TIMEOUT = 11, "timeout";
    /// The session timer ran out (RFC 4028).
    SESSION_EXPIRED = 12, "session-expired";
    /// It was forgotten because there were too many.
    EVICTED = 13, "evicted";
    /// Times are in an impossible order.
    NEGATIVE_TIME = 14, "negative-time";
    /// A message came again over a reliable transport.
    TCP_RETRANSMISSION = 15, "tcp-retransmission";
    /// Both sides sent BYE.
    BYE_CROSSING = 16, "bye-crossing";
    /// The end of the capture ended it.
    FORCED_END = 17, "forced-end";
    /// Credentials were refused.
    AUTH_REFUSED = 18, "auth-refused";
    /// The request came over two ways (RFC 3261 §8.2.2.2).
    MERGED = 19, "merged";
    /// BYE came before the answer.
    EARLY_BYE = 20, "early-bye";
    /// It was redirected.
    REDIRECTED = 21, "redirected";
    /// Provisional responses were confirmed (RFC 3262).
    RELIABLE = 22, "reliable";
    /// It is an emergency call (RFC 5031).
    EMERGENCY = 23, "emergency";
    /// The 200 to a REGISTER lists no Contact.
    NO_CONTACT_IN_200 = 32, "no-contact-in-200";
    /// The binding was there before it was seen to begin.
    LEARNED = 33, "learned";
    /// A refresh came after the binding had expired.
    LATE_REFRESH = 34, "late-refresh";
    /// A challenge said that the nonce was out of date.
    STALE = 35, "stale";
    /// The Contact is a private address that is not where it came from.
    BEHIND_NAT = 36, "behind-nat";
    /// Removed and registered again at least three times within a minute.
    FLAPPING = 37, "flapping";
    /// The binding was refreshed under another Call-ID.
    CALL_ID_CHANGED = 38, "call-id-changed";
    /// Somebody else registers the address of record.
    THIRD_PARTY = 39, "third-party";
}

impl Flags {
    /// No remark.
    pub const NONE: Self = Self(0);

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Takes `other` away.
    pub const fn remove(&mut self, other: Self) {
        self.0 &= !other.0;
    }

    /// Returns whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the names of the remarks, in the order of output.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .filter(move |(flag, _)| self.contains(*flag))
            .map(|(_, name)| *name)
    }
}
