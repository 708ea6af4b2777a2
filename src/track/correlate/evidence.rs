//! What speaks for two legs being of one call, and how much.

/// A set of evidence.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Evidence(u32);

macro_rules! evidence {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $score:literal, $text:literal;)*) => {
        impl Evidence {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            const ALL: &'static [(Self, i32, &'static str)] = &[$((Self::$name, $score, $text)),*];
        }
    };
}

evidence! {
    /// A header of one leg names the other's Call-ID.
    HEADER = 0, 100, "header";
    /// A capture agent or a session border controller tells that one leg belongs to the other's Call-ID.
    CORRELATION_ID = 26, 100, "correlation-id";
    /// The same pair of UUIDs in Session-ID, in either order (RFC 7989).
    SESSION_ID = 1, 100, "session-id";
    /// The same UUID of the caller in Session-ID, while that of the callee is not known.
    SESSION_ID_LOCAL = 2, 90, "session-id-local";
    /// The same origid in the PASSporT of Identity (RFC 8588).
    ORIGID = 3, 100, "origid";
    /// The same icid-value in P-Charging-Vector (RFC 7315).
    ICID = 4, 90, "icid";
    /// Replaces names the other leg (RFC 3891).
    REPLACES = 5, 100, "replaces";
    /// Join names the other leg (RFC 3911).
    JOIN = 6, 100, "join";
    /// Target-Dialog names the other leg (RFC 4538).
    TARGET_DIALOG = 7, 100, "target-dialog";
    /// Refer-To of a REFER names the other leg, by Replaces in its URI (RFC 5589).
    REFER_TO = 8, 100, "refer-to";
    /// Referred-By and Request-URI are those of a REFER in the other leg (RFC 3892).
    REFERRED_BY = 9, 100, "referred-by";
    /// In-Reply-To names the other leg (RFC 3261 §20.21).
    IN_REPLY_TO = 10, 100, "in-reply-to";
    /// The same Call-ID with another From tag.
    CALL_ID = 11, 80, "call-id";
    /// The other's Call-ID with something before or behind it.
    DERIVED_CALL_ID = 12, 80, "derived-call-id";
    /// The same o= line but for its version.
    SDP_ORIGIN = 13, 70, "sdp-origin";
    /// The same address and port for media in the offer.
    MEDIA = 14, 70, "media";
    /// The later INVITE comes from where the earlier one went.
    PATH = 15, 15, "path";
    /// The same user in From.
    FROM = 16, 15, "from";
    /// The same user in To, Request-URI, Diversion or History-Info.
    TO = 17, 15, "to";
    /// The same user in P-Asserted-Identity.
    ASSERTED_IDENTITY = 18, 10, "pai";
    /// The later INVITE comes within two seconds.
    SOON = 19, 20, "time";
    /// The later INVITE comes within ten seconds.
    LATER = 20, 10, "time";
    /// The earlier leg is answered within a second after the later one.
    ANSWER = 21, 15, "answer";
    /// Both get BYE within a second.
    BYE = 22, 15, "bye";
    /// The same display name of the caller.
    DISPLAY = 23, 5, "display";
    /// The callee's User-Agent of the earlier leg is the caller's of the later one.
    USER_AGENT = 24, 5, "user-agent";
    /// The leg behind comes before the leg in front of it.
    BEFORE = 25, -100, "before";
}

/// The score from which on two legs are of one call.
pub(super) const THRESHOLD: i32 = 60;

/// The score from which on a single piece of evidence needs no other.
const EXPLICIT: i32 = 90;

/// Candidates whose scores are no further apart are not told from each other by them.
pub(super) const MARGIN: i32 = 10;

impl Evidence {
    /// No evidence.
    pub const NONE: Self = Self(0);

    /// Adds `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Returns what is left without `other`.
    #[must_use]
    pub(super) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns the score, which is the sum of those of all pieces.
    #[must_use]
    pub fn score(self) -> i32 {
        self.pieces().map(|(_, score, _)| score).sum()
    }

    /// Returns whether a piece of it is a value that somebody may write into all calls.
    pub(super) const fn is_shared(self) -> bool {
        let shared = Self::SESSION_ID.0
            | Self::SESSION_ID_LOCAL.0
            | Self::ORIGID.0
            | Self::ICID.0
            | Self::SDP_ORIGIN.0
            | Self::MEDIA.0;
        self.0 & shared != 0
    }

    /// Returns whether it is explicit: one piece of it is enough by itself.
    #[must_use]
    pub fn is_explicit(self) -> bool {
        self.pieces().any(|(_, score, _)| *score >= EXPLICIT)
    }

    /// Returns whether it is no coincidence, so that nothing else can rival with it: a Call-ID that a B2BUA made of
    /// another one is none.
    pub(super) fn is_sure(self) -> bool {
        let is_related = self.contains(Self::CALL_ID) || self.contains(Self::DERIVED_CALL_ID);
        self.is_explicit() || (is_related && self.contains(Self::PATH))
    }

    /// Returns whether it is enough for two legs to be of one call.
    #[must_use]
    pub fn is_enough(self) -> bool {
        let is_soon = self.contains(Self::SOON) || self.contains(Self::LATER);
        self.score() >= THRESHOLD && (self.is_sure() || (is_soon && self.contains(Self::PATH)))
    }

    /// Returns the names of the pieces, the more telling ones first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        self.pieces().map(|(_, _, name)| *name)
    }

    fn pieces(self) -> impl Iterator<Item = &'static (Self, i32, &'static str)> {
        let all = Self::ALL.iter();
        all.filter(move |(piece, ..)| self.contains(*piece))
    }
}

impl FromIterator<Self> for Evidence {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        let mut all = Self::NONE;
        pieces.into_iter().for_each(|piece| all.insert(piece));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_explicit_piece_is_enough_and_others_need_the_path() {
        for (pieces, score, is_enough) in [
            (&[Evidence::HEADER][..], 100, true),
            (&[Evidence::ICID], 90, true),
            (&[Evidence::CALL_ID], 80, false),
            (&[Evidence::CALL_ID, Evidence::PATH], 95, true),
            (&[Evidence::PATH, Evidence::FROM, Evidence::TO], 45, false),
            (
                &[
                    Evidence::PATH,
                    Evidence::FROM,
                    Evidence::TO,
                    Evidence::LATER,
                ],
                55,
                false,
            ),
            (
                &[Evidence::PATH, Evidence::FROM, Evidence::TO, Evidence::SOON],
                65,
                true,
            ),
            (&[Evidence::SDP_ORIGIN, Evidence::PATH], 85, false),
            (
                &[Evidence::SDP_ORIGIN, Evidence::PATH, Evidence::LATER],
                95,
                true,
            ),
            (&[Evidence::HEADER, Evidence::BEFORE], 0, false),
        ] {
            let evidence: Evidence = pieces.iter().copied().collect();
            assert_eq!(evidence.score(), score, "{evidence:?}");
            assert_eq!(evidence.is_enough(), is_enough, "{evidence:?}");
        }
    }

    #[test]
    fn scores_add_up_in_the_order_of_their_weight() {
        let evidence: Evidence = [Evidence::BYE, Evidence::PATH, Evidence::SESSION_ID]
            .into_iter()
            .collect();
        let names: Vec<&str> = evidence.names().collect();
        assert_eq!(names, ["session-id", "path", "bye"]);
    }
}
