//! What sets tell of, and what can be wrong with them.

use crate::named::labelled;

labelled! {
    /// What a set tells of, by its id.
    SetKind {
        /// Nothing: the connection is alive.
        KeepAlive = "keep-alive", "keep-alives";
        /// Who wants to connect (256).
        Connect = "connect", "requests to connect";
        /// The answer to that (257).
        Acknowledge = "acknowledge", "answers to them";
        /// SIP that came by UDP (258).
        UdpIngress = "sip-udp-ingress", "SIP over UDP, received";
        /// SIP that went by UDP (259).
        UdpEgress = "sip-udp-egress", "SIP over UDP, sent";
        /// SIP that came by TCP (260).
        TcpIngress = "sip-tcp-ingress", "SIP over TCP, received";
        /// SIP that went by TCP (261).
        TcpEgress = "sip-tcp-egress", "SIP over TCP, sent";
        /// SIP that came by SCTP (262).
        SctpIngress = "sip-sctp-ingress", "SIP over SCTP, received";
        /// SIP that went by SCTP (263).
        SctpEgress = "sip-sctp-egress", "SIP over SCTP, sent";
        /// Reports of media quality (268).
        Quality = "quality", "reports of media quality";
        /// DNS, ENUM or LDAP (264 to 267), which are not read.
        Lookup = "lookup", "DNS, ENUM or LDAP (not read)";
        /// Templates (2), which both sides know without.
        Template = "template", "templates (not needed)";
        /// Templates of options (3).
        OptionsTemplate = "options-template", "templates of options (not needed)";
        /// An id that nobody knows.
        Unknown = "unknown", "unknown";
    }
}

impl SetKind {
    /// Returns the kind of a set by its id.
    #[must_use]
    pub const fn of(id: u16) -> Self {
        match id {
            0 => Self::KeepAlive,
            2 => Self::Template,
            3 => Self::OptionsTemplate,
            256 => Self::Connect,
            257 => Self::Acknowledge,
            258 => Self::UdpIngress,
            259 => Self::UdpEgress,
            260 => Self::TcpIngress,
            261 => Self::TcpEgress,
            262 => Self::SctpIngress,
            263 => Self::SctpEgress,
            264..=267 => Self::Lookup,
            268 => Self::Quality,
            _ => Self::Unknown,
        }
    }

    /// Returns whether it carries a SIP message.
    #[must_use]
    pub const fn is_sip(self) -> bool {
        matches!(
            self,
            Self::UdpIngress
                | Self::UdpEgress
                | Self::TcpIngress
                | Self::TcpEgress
                | Self::SctpIngress
                | Self::SctpEgress
        )
    }
}

labelled! {
    /// Something wrong with a message or a set; what is right of it is taken nevertheless.
    Defect {
        /// Behind a message nothing begins that could follow it, or it is no message.
        BadLength = "bad-length", "a message's length does not fit";
        /// The length of a set is less than that of its header, or reaches over the end of the message.
        BadSetLength = "bad-set-length", "a set's length does not fit";
        /// A connect set ends too early, or the name of the controller does.
        BadConnect = "bad-connect", "a request to connect is too short";
        /// The time has more microseconds than a second.
        BadTime = "bad-time", "a time that cannot be";
        /// A set ends in the time, the interface or the addresses.
        BadAddresses = "bad-addresses", "a set ends before its addresses";
        /// The Call-ID of the call as it came in reaches over the end of the set.
        BadCallId = "bad-call-id", "a Call-ID reaches over the end of its set";
        /// The message reaches over the end of the set.
        BadPayload = "bad-payload", "a SIP message reaches over the end of its set";
        /// What should be a UDP datagram with its IP header is none.
        BadPacket = "bad-packet", "no UDP datagram where one should be";
        /// It should be SIP and is none.
        NotSip = "not-sip", "announced as SIP and is none";
        /// A report of quality ends too early.
        BadQuality = "bad-quality", "a report of media quality is too short";
        /// Octets behind the fields that are known, which does no harm.
        Padded = "padded", "octets behind the fields of a set (harmless)";
    }
}
