//! Request methods (RFC 3261 §7.1 and the IANA registry).

use std::fmt;

macro_rules! methods {
    ($($name:ident = $text:literal, $doc:literal;)*) => {
        /// A request method. Methods are case-sensitive (RFC 3261 §7.1).
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Method {
            $(#[doc = $doc] $name,)*
            /// Any other one; its text tells which.
            Other,
        }

        impl Method {
            /// Every registered method, in the order of output.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the method as it is written on the wire, `OTHER` for one that is not registered.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other => "OTHER",
                }
            }
        }
    };
}

methods! {
    Invite = "INVITE", "Begins or changes a session (RFC 3261).";
    Ack = "ACK", "Confirms the final response to an INVITE (RFC 3261).";
    Bye = "BYE", "Ends a session (RFC 3261).";
    Cancel = "CANCEL", "Gives up a pending request (RFC 3261).";
    Options = "OPTIONS", "Asks for capabilities (RFC 3261).";
    Register = "REGISTER", "Binds an address of record to contacts (RFC 3261).";
    Prack = "PRACK", "Confirms a reliable provisional response (RFC 3262).";
    Subscribe = "SUBSCRIBE", "Asks for notifications (RFC 6665).";
    Notify = "NOTIFY", "Tells of an event (RFC 6665).";
    Publish = "PUBLISH", "Publishes an event state (RFC 3903).";
    Info = "INFO", "Carries application data within a dialog (RFC 6086).";
    Refer = "REFER", "Asks to contact a third party (RFC 3515).";
    Message = "MESSAGE", "Carries an instant message (RFC 3428).";
    Update = "UPDATE", "Changes a session before it is answered (RFC 3311).";
}

impl Method {
    /// Returns the method with exactly this text, [`Method::Other`] if none is registered.
    #[must_use]
    pub fn from_bytes(text: &[u8]) -> Self {
        match text {
            b"INVITE" => Self::Invite,
            b"ACK" => Self::Ack,
            b"BYE" => Self::Bye,
            b"CANCEL" => Self::Cancel,
            b"OPTIONS" => Self::Options,
            b"REGISTER" => Self::Register,
            b"PRACK" => Self::Prack,
            b"SUBSCRIBE" => Self::Subscribe,
            b"NOTIFY" => Self::Notify,
            b"PUBLISH" => Self::Publish,
            b"INFO" => Self::Info,
            b"REFER" => Self::Refer,
            b"MESSAGE" => Self::Message,
            b"UPDATE" => Self::Update,
            _ => Self::Other,
        }
    }

    /// Returns whether `text` is a registered method in the wrong case, such as `invite`.
    #[must_use]
    pub fn is_miscased(text: &[u8]) -> bool {
        Self::from_bytes(text) == Self::Other
            && Self::ALL
                .iter()
                .any(|method| text.eq_ignore_ascii_case(method.name().as_bytes()))
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_methods_agree() {
        assert_eq!(Method::ALL.len(), 14, "the IANA registry has 14 methods");
        for method in Method::ALL {
            assert_eq!(Method::from_bytes(method.name().as_bytes()), *method);
        }
    }

    #[test]
    fn methods_are_case_sensitive() {
        for (text, miscased) in [
            (&b"invite"[..], true),
            (b"Invite", true),
            (b"INVITE", false),
            (b"SERVICE", false),
            (b"RE%47IST%45R", false),
            (b"", false),
        ] {
            assert_eq!(Method::is_miscased(text), miscased);
        }
        assert_eq!(Method::from_bytes(b"invite"), Method::Other);
        assert_eq!(Method::from_bytes(b"RE%47IST%45R"), Method::Other);
    }
}
