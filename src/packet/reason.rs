//! Why a frame cannot lead to SIP.

use std::fmt;

/// Declares the reasons with their names, so that neither can miss in [`Reason::ALL`].
macro_rules! reasons {
    ($($(#[$doc:meta])* $reason:ident = $name:literal,)*) => {
        /// Why a frame cannot lead to SIP.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Reason {
            $($(#[$doc])* $reason,)*
        }

        impl Reason {
            /// Every reason, in the order of output; `reason as usize` is its index.
            pub const ALL: [Self; [$($name),*].len()] = [$(Self::$reason),*];

            /// Returns the name used in all outputs.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$reason => $name,)*
                }
            }
        }
    };
}

reasons! {
    /// The link type is not known.
    UnknownLinkType = "unknown-link-type",
    /// ARP or RARP.
    Arp = "arp",
    /// What a link does for itself: spanning tree, LLDP, PPP negotiation, 802.11 management ….
    LinkControl = "link-control",
    /// A fragment below IP (802.11, PPP multilink, CAPWAP), which is not put together.
    LinkFragment = "link-fragment",
    /// Another network protocol than IP.
    NotIp = "not-ip",
    /// A header is cut by the snapshot length.
    HeaderCut = "header-cut",
    /// A header contradicts itself.
    Malformed = "malformed",
    /// ICMP or ICMPv6, quoted packets included.
    Icmp = "icmp",
    /// IPsec ESP.
    Esp = "esp",
    /// Another IP protocol.
    OtherProtocol = "other-protocol",
    /// A tunnel's control message.
    TunnelControl = "tunnel-control",
    /// Something encrypted or compressed below IP or in a tunnel.
    TunnelOpaque = "tunnel-opaque",
    /// More tunnels or headers in each other than are followed.
    TooDeep = "too-deep",
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_their_own_index_and_have_names_of_their_own() {
        for (index, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            let same = Reason::ALL
                .iter()
                .filter(|other| other.name() == reason.name());
            assert_eq!(same.count(), 1);
        }
    }
}
