//! Who talks to whom, over what, and wrapped in what.

use std::{fmt, net::SocketAddr};

/// The transport that carried a SIP message (RFC 3261 §18, RFC 4168, RFC 7118).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Transport {
    /// A UDP datagram.
    Udp,
    /// A TCP stream.
    Tcp,
    /// TLS on TCP.
    Tls,
    /// A WebSocket on TCP (RFC 7118).
    Ws,
    /// A WebSocket on TLS.
    Wss,
    /// An SCTP association (RFC 4168).
    Sctp,
}

impl Transport {
    /// Every transport, in the order of output.
    pub const ALL: [Self; 6] = [
        Self::Udp,
        Self::Tcp,
        Self::Tls,
        Self::Ws,
        Self::Wss,
        Self::Sctp,
    ];

    /// Returns the name used in all outputs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Ws => "ws",
            Self::Wss => "wss",
            Self::Sctp => "sctp",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The innermost addresses of a packet and the transport between them.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Flow {
    /// Who sent it.
    pub src: SocketAddr,
    /// Whom it was sent to.
    pub dst: SocketAddr,
    /// What carried it.
    pub transport: Transport,
}

/// The tunnels and tags that a frame wore around its innermost packet, as a set.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Encapsulation(u32);

macro_rules! encapsulations {
    ($($(#[$doc:meta])* $name:ident = $bit:literal, $text:literal;)*) => {
        impl Encapsulation {
            $($(#[$doc])* pub const $name: Self = Self(1 << $bit);)*

            /// Every member with the name used in all outputs, outermost kinds first.
            pub const NAMES: &'static [(Self, &'static str)] = &[$((Self::$name, $text)),*];
        }
    };
}

encapsulations! {
    /// One 802.1Q or 802.1ad tag.
    VLAN = 0, "vlan";
    /// Two or more tags.
    QINQ = 1, "qinq";
    /// MPLS labels, also over IP or UDP.
    MPLS = 2, "mpls";
    /// A PPPoE session.
    PPPOE = 3, "pppoe";
    /// 802.1ah, 802.1BR, VN-Tag and other provider tags.
    PROVIDER_TAG = 4, "provider-tag";
    /// IP in IP (protocols 4 and 41).
    IP_IN_IP = 5, "ip-in-ip";
    /// GRE, any payload but those named below.
    GRE = 6, "gre";
    /// ERSPAN I, II or III.
    ERSPAN = 7, "erspan";
    /// NVGRE.
    NVGRE = 8, "nvgre";
    /// VXLAN.
    VXLAN = 9, "vxlan";
    /// VXLAN-GPE.
    VXLAN_GPE = 10, "vxlan-gpe";
    /// Geneve.
    GENEVE = 11, "geneve";
    /// GTP-U.
    GTPU = 12, "gtp-u";
    /// L2TP, version 2 or 3.
    L2TP = 13, "l2tp";
    /// TZSP.
    TZSP = 14, "tzsp";
    /// CAPWAP data.
    CAPWAP = 15, "capwap";
    /// EtherIP.
    ETHERIP = 16, "etherip";
    /// HP ERM.
    HP_ERM = 17, "hp-erm";
    /// Teredo.
    TEREDO = 18, "teredo";
    /// An authentication header (IPsec AH).
    AH = 19, "ah";
    /// MACsec with integrity only.
    MACSEC = 20, "macsec";
    /// A network service header.
    NSH = 21, "nsh";
    /// PPTP (GRE version 1).
    PPTP = 22, "pptp";
    /// 802.11 frames.
    WLAN = 23, "802.11";
    /// A PDU that Wireshark exported.
    EXPORTED_PDU = 24, "exported-pdu";
    /// Reassembled IP fragments.
    FRAGMENTS = 25, "ip-fragments";
    /// HEP: told by a capture agent.
    HEP = 26, "hep";
    /// IPFIX of a session border controller.
    IPFIX = 27, "ipfix";
}

impl Encapsulation {
    /// No tunnel and no tag.
    pub const NONE: Self = Self(0);

    /// Returns the set as a number.
    #[must_use]
    pub(crate) const fn bits(self) -> u32 {
        self.0
    }

    /// Returns the set that [`bits`](Self::bits) tells.
    #[must_use]
    pub(crate) const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }

    /// Adds `other`.
    pub fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Returns whether all of `other` is in it.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Returns whether it is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Encapsulation {
    /// Writes the names joined by `+`, or `none`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (member, name) in Self::NAMES {
            if self.contains(*member) {
                write!(f, "{separator}{name}")?;
                separator = "+";
            }
        }
        if separator.is_empty() {
            f.write_str("none")
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encapsulations_print_in_one_order() {
        let mut set = Encapsulation::VXLAN;
        set.insert(Encapsulation::VLAN);
        assert_eq!(set.to_string(), "vlan+vxlan");
        assert_eq!(Encapsulation::NONE.to_string(), "none");
    }
}
