//! The link types of captures and their names.

/// A link type as capture files number it (`LINKTYPE_…`), 16 bits wide.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct LinkType(pub u16);

impl LinkType {
    /// Stands for the link type of frames whose interface was not described; no file can hold it.
    pub const UNKNOWN: Self = Self(u16::MAX);
}

/// Declares the constants and the table of names together, so that they cannot disagree.
macro_rules! link_types {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        impl LinkType {
            $($(#[$doc])* pub const $name: Self = Self($number);)*

            /// Every link type that has a name.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Returns the name, as in `LINKTYPE_ETHERNET` without its prefix, or `None` if it has none here.
            #[must_use]
            pub const fn name(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some(stringify!($name)),)*
                    _ => None,
                }
            }
        }
    };
}

link_types! {
    /// BSD loopback: an address family in the byte order of the capturing host.
    NULL = 0,
    /// Ethernet.
    ETHERNET = 1,
    /// Token ring.
    IEEE802_5 = 6,
    /// SLIP.
    SLIP = 8,
    /// PPP, with or without address and control.
    PPP = 9,
    /// ATM with LLC (RFC 1483).
    ATM_RFC1483 = 100,
    /// Raw IP; the first nibble tells the version.
    RAW = 101,
    /// Raw IP under the number that BSDs give to `DLT_RAW`.
    RAW_BSD = 12,
    /// Raw IP under the number that OpenBSD gives to `DLT_RAW`.
    RAW_OPENBSD = 14,
    /// PPP in HDLC-like framing (RFC 1662).
    PPP_HDLC = 50,
    /// PPPoE session packets.
    PPP_ETHER = 51,
    /// SLIP of BSD/OS.
    SLIP_BSDOS = 102,
    /// PPP of BSD/OS.
    PPP_BSDOS = 103,
    /// Cisco HDLC.
    C_HDLC = 104,
    /// IEEE 802.11.
    IEEE802_11 = 105,
    /// ATM classical IP.
    ATM_CLIP = 106,
    /// Frame relay.
    FRELAY = 107,
    /// OpenBSD loopback: an address family in network byte order.
    LOOP = 108,
    /// OpenBSD's encapsulating interface.
    ENC = 109,
    /// Linux cooked capture, version 1.
    LINUX_SLL = 113,
    /// OpenBSD's packet filter log.
    PFLOG = 117,
    /// IEEE 802.11 behind a Prism header.
    IEEE802_11_PRISM = 119,
    /// FDDI.
    FDDI = 10,
    /// IEEE 802.11 behind a radiotap header.
    IEEE802_11_RADIOTAP = 127,
    /// TaZmen sniffer protocol.
    TZSP = 128,
    /// ARCNET on Linux.
    ARCNET_LINUX = 129,
    /// The first number for private use.
    USER0 = 147,
    /// The last number for private use.
    USER15 = 162,
    /// Apple's packet tap under the private number that old systems gave it.
    PKTAP_APPLE = 149,
    /// IEEE 802.11 behind an AVS header.
    IEEE802_11_AVS = 163,
    /// SS7 MTP2.
    MTP2 = 140,
    /// Per-packet information.
    PPI = 192,
    /// IEEE 802.15.4 with a frame check sequence.
    IEEE802_15_4_WITHFCS = 195,
    /// Endace extensible record format.
    ERF = 197,
    /// An MPLS label stack.
    MPLS = 219,
    /// USB on Linux.
    USB_LINUX = 189,
    /// USB on Linux, padded header.
    USB_LINUX_MMAPPED = 220,
    /// Solaris IPNET.
    IPNET = 226,
    /// CAN in SocketCAN.
    CAN_SOCKETCAN = 227,
    /// Raw IPv4.
    IPV4 = 228,
    /// Raw IPv6.
    IPV6 = 229,
    /// Linux netfilter log.
    NFLOG = 239,
    /// IP over InfiniBand.
    IPOIB = 242,
    /// SCTP without IP.
    SCTP = 248,
    /// USB by USBPcap.
    USBPCAP = 249,
    /// Wireshark's exported PDUs.
    WIRESHARK_UPPER_PDU = 252,
    /// Linux netlink.
    NETLINK = 253,
    /// Apple's packet tap.
    PKTAP = 258,
    /// Linux AF_VSOCK.
    VSOCK = 271,
    /// Linux cooked capture, version 2.
    LINUX_SLL2 = 276,
    /// Ethernet with a Broadcom switch tag.
    ETHERNET_BRCM_TAG = 281,
    /// Ethernet with a prepended Broadcom switch tag.
    ETHERNET_BRCM_TAG_PREPEND = 282,
    /// Ethernet with a Marvell switch tag.
    ETHERNET_DSA = 284,
    /// Ethernet with a Marvell extended switch tag.
    ETHERNET_EDSA = 285,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_those_of_the_registry() {
        for (number, name) in [
            (0, "NULL"),
            (1, "ETHERNET"),
            (101, "RAW"),
            (113, "LINUX_SLL"),
            (127, "IEEE802_11_RADIOTAP"),
            (252, "WIRESHARK_UPPER_PDU"),
            (276, "LINUX_SLL2"),
        ] {
            assert_eq!(LinkType(number).name(), Some(name));
        }
        assert_eq!(LinkType(20).name(), None);
    }

    #[test]
    fn no_number_and_no_name_is_given_twice() {
        let mut all = LinkType::ALL.to_vec();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), LinkType::ALL.len());
        for link in all {
            assert_eq!(
                LinkType::ALL
                    .iter()
                    .filter(|other| other.name() == link.name())
                    .count(),
                1
            );
        }
    }
}
