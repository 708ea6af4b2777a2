//! In which states a call is, and how calls and exchanges end.

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// All of them, in the order of output.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the name used in all outputs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::ALL
                    .iter()
                    .copied()
                    .find(|known| known.name() == text)
                    .ok_or_else(|| {
                        let names: Vec<&str> = Self::ALL.iter().map(|known| known.name()).collect();
                        format!("expected one of {}", names.join(", "))
                    })
            }
        }
    };
}

pub(crate) use named;

named! {
    /// The state of a call.
    State {
        /// INVITE was sent, nothing came back.
        Calling = "calling",
        /// 100, or a provisional response without a tag, came.
        Trying = "trying",
        /// 101 to 199 came with a tag: there is an early dialog.
        Ringing = "ringing",
        /// 401 or 407 came; credentials may follow.
        Challenged = "challenged",
        /// 3xx came; another INVITE may follow.
        Redirected = "redirected",
        /// CANCEL was sent; the INVITE may still be answered.
        Cancelling = "cancelling",
        /// 2xx came, its ACK did not.
        Answered = "answered",
        /// The dialog is confirmed.
        Established = "established",
        /// BYE was sent.
        Terminating = "terminating",
        /// It is over.
        Ended = "ended",
        /// It was not answered.
        Failed = "failed",
        /// Its beginning was not captured.
        MidCall = "mid-call",
    }
}

named! {
    /// What became of a call: exactly one for each.
    Outcome {
        /// A 2xx to the initial INVITE was seen, or follows from what came later.
        Answered = "answered",
        /// The caller gave up.
        Cancelled = "cancelled",
        /// 486 or 600.
        Busy = "busy",
        /// 403, 433, 603, 607 or 608.
        Rejected = "rejected",
        /// Any other 4xx, 5xx or 6xx; 408 is one, whoever lost patience.
        Failed = "failed",
        /// 3xx, and nobody followed.
        Redirected = "redirected",
        /// Credentials were refused or never sent.
        AuthFailed = "auth-failed",
        /// Nothing final came back.
        Timeout = "timeout",
        /// It rang until the early time-out.
        Unanswered = "unanswered",
        /// The capture ended before anything was decided.
        InProgress = "in-progress",
        /// The beginning was not captured.
        MidCall = "mid-call",
    }
}

named! {
    /// What RFC 6076 takes the failure of an INVITE for.
    AttemptFailure {
        /// Whom was called was reached: 480, 486, 600 or 603 (§4.7).
        Refused = "refused",
        /// The network was overloaded or out of order: 408, 500, 503 or 504 (§4.8).
        Ineffective = "ineffective",
    }
}

impl AttemptFailure {
    /// Returns what the final status of an INVITE is, if it is one of them.
    #[must_use]
    pub const fn of(status: Option<u16>) -> Option<Self> {
        match status {
            Some(480 | 486 | 600 | 603) => Some(Self::Refused),
            Some(408 | 500 | 503 | 504) => Some(Self::Ineffective),
            _ => None,
        }
    }
}

named! {
    /// Who ended a call.
    Side {
        /// Who sent the INVITE.
        Caller = "caller",
        /// Whom it was sent to.
        Callee = "callee",
        /// Neither of them.
        Network = "network",
    }
}

named! {
    /// What became of a request that is not of a call or a registration.
    ExchangeOutcome {
        /// It is not known yet.
        Open = "open",
        /// 2xx came.
        Ok = "ok",
        /// 3xx to 6xx came, but no challenge.
        Failed = "failed",
        /// 401 or 407 came; another request with credentials followed or may follow.
        Challenged = "challenged",
        /// Credentials were refused or never sent.
        AuthFailed = "auth-failed",
        /// No final response came in time.
        Timeout = "timeout",
    }
}

named! {
    /// Why a call failed, roughly.
    FailureClass {
        /// Nobody answers or the callee is not there: 480.
        NoAnswer = "no-answer",
        /// The number is wrong: 404, 410, 484, 485, 604.
        Number = "number",
        /// 403, 433, 603, 607, 608.
        Rejected = "rejected",
        /// 408, or nothing at all.
        NoResponse = "no-response",
        /// 415, 488, 606.
        Media = "media",
        /// 482, 483.
        Loop = "loop",
        /// 500, 502, 503, 504, 513, 580.
        Network = "network",
        /// 481.
        State = "state",
        /// Any other.
        Other = "other",
    }
}

impl Outcome {
    /// Returns the outcome of an attempt group whose final status is `code`, 300 to 699, but for authentication.
    #[must_use]
    pub const fn of_status(code: u16) -> Self {
        match code {
            300..=399 => Self::Redirected,
            486 | 600 => Self::Busy,
            487 => Self::Cancelled,
            403 | 433 | 603 | 607 | 608 => Self::Rejected,
            _ => Self::Failed,
        }
    }
}

impl FailureClass {
    /// Returns the class of a final status, 400 to 699; none for busy and cancelled calls and for challenges.
    #[must_use]
    pub const fn of_status(code: u16) -> Option<Self> {
        Some(match code {
            0..=399 | 401 | 407 | 486 | 487 | 600 => return None,
            480 => Self::NoAnswer,
            404 | 410 | 484 | 485 | 604 => Self::Number,
            403 | 433 | 603 | 607 | 608 => Self::Rejected,
            408 => Self::NoResponse,
            415 | 488 | 606 => Self::Media,
            482 | 483 => Self::Loop,
            500 | 502 | 503 | 504 | 513 | 580 => Self::Network,
            481 => Self::State,
            _ => Self::Other,
        })
    }
}
