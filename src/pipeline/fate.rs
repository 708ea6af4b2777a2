//! The balance of a run: every frame has exactly one fate.

use crate::{named::labelled, packet::Reason, stream::SegmentFate};

labelled! {
    /// What became of a frame.
    Fate {
        /// It carried octets of a SIP message.
        Sip = "sip", "carried SIP";
        /// A copy of a frame seen a moment before.
        Duplicate = "duplicate", "tap duplicate of an earlier frame";
        /// CRLF, NUL and other keep-alives of SIP (RFC 5626 §3.5.1).
        KeepAlive = "keep-alive", "SIP keep-alive";
        /// RTP by its looks.
        Rtp = "rtp", "RTP";
        /// RTCP by its looks.
        Rtcp = "rtcp", "RTCP";
        /// STUN or TURN.
        Stun = "stun", "STUN";
        /// HEP that carries something else than SIP.
        Hep = "hep", "HEP without SIP";
        /// IPFIX of a session border controller that carries something else than SIP.
        Ipfix = "ipfix", "IPFIX without SIP";
        /// DNS or mDNS, by port.
        Dns = "dns", "DNS";
        /// DTLS.
        Dtls = "dtls", "DTLS (encrypted)";
        /// Another UDP payload.
        UdpOther = "udp-other", "other UDP";
        /// A TCP segment without data.
        TcpNoData = "tcp-no-data", "TCP without data";
        /// A TCP segment whose data had been seen.
        TcpRetransmission = "tcp-retransmission", "TCP retransmission";
        /// A TCP segment whose sequence number is nowhere near those of its stream.
        TcpOutOfWindow = "tcp-out-of-window", "TCP far from its stream";
        /// TLS on TCP.
        Tls = "tls", "TLS (encrypted)";
        /// HTTP on TCP.
        Http = "http", "HTTP";
        /// A WebSocket without SIP.
        WebSocket = "websocket", "WebSocket without SIP";
        /// Another TCP payload.
        TcpOther = "tcp-other", "other TCP";
        /// TCP octets passed over while looking for the next start line.
        StreamSkipped = "stream-skipped", "TCP passed over after a gap or damage";
        /// A segment or chunk whose data were cut off, or came without the rest of their message.
        DataCut = "data-cut", "TCP or SCTP data cut or incomplete";
        /// SCTP without SIP.
        SctpOther = "sctp-other", "SCTP without SIP";
        /// A fragment of a packet that goes on; the fragment that completed it has the packet's fate.
        FragmentOfPacket = "fragment-of-packet", "IP fragment of a packet in another frame";
        /// A fragment whose siblings are not in the capture.
        FragmentLost = "fragment-lost", "IP fragment without its siblings";
        /// Outside of `--since` and `--until`.
        OutsideTime = "outside-time", "outside --since/--until";
        /// Not taken by `--bpf`.
        LeftOut = "left-out", "left out by --bpf";
        /// An IP protocol other than UDP, TCP and SCTP.
        OtherProtocol = "other-protocol", "other IP protocol";
        /// ICMP or ICMPv6.
        Icmp = "icmp", "ICMP";
        /// IPsec ESP.
        Esp = "esp", "IPsec ESP (encrypted)";
        /// ARP or RARP.
        Arp = "arp", "ARP";
        /// What a link does for itself.
        LinkControl = "link-control", "link control (STP, LLDP, LCP, …)";
        /// A fragment below IP.
        LinkFragment = "link-fragment", "fragment below IP (not put together)";
        /// Another network protocol than IP.
        NotIp = "not-ip", "other network protocol";
        /// A tunnel's control message.
        TunnelControl = "tunnel-control", "tunnel control message";
        /// A tunnel with encrypted or compressed content.
        TunnelOpaque = "tunnel-opaque", "tunnel content not readable";
        /// Too many headers in each other.
        TooDeep = "too-deep", "nested too deeply";
        /// A header cut by the snapshot length.
        HeaderCut = "header-cut", "headers cut by the snapshot length";
        /// A header that contradicts itself.
        Malformed = "malformed", "malformed headers";
        /// A link type that is not decoded.
        UnknownLinkType = "unknown-link-type", "link type not decoded";
    }
}

impl Fate {
    /// Returns whether a datagram with this fate may be of the media of a call. By its octets alone nobody can tell
    /// T.38, or what keeps a NAT open, from anything else.
    pub(crate) const fn may_be_media(self) -> bool {
        matches!(
            self,
            Self::Rtp | Self::Rtcp | Self::Stun | Self::Dtls | Self::UdpOther | Self::KeepAlive
        )
    }
}

impl From<Reason> for Fate {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::UnknownLinkType => Self::UnknownLinkType,
            Reason::Arp => Self::Arp,
            Reason::LinkControl => Self::LinkControl,
            Reason::LinkFragment => Self::LinkFragment,
            Reason::NotIp => Self::NotIp,
            Reason::HeaderCut => Self::HeaderCut,
            Reason::Malformed => Self::Malformed,
            Reason::Icmp => Self::Icmp,
            Reason::Esp => Self::Esp,
            Reason::OtherProtocol => Self::OtherProtocol,
            Reason::TunnelControl => Self::TunnelControl,
            Reason::TunnelOpaque => Self::TunnelOpaque,
            Reason::TooDeep => Self::TooDeep,
        }
    }
}

/// How many frames had which fate. The counts sum up to the frames read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Balance([u64; Fate::ALL.len()]);

impl Default for Balance {
    fn default() -> Self {
        Self([0; Fate::ALL.len()])
    }
}

impl Balance {
    /// Counts one frame.
    #[inline]
    pub fn add(&mut self, fate: Fate) {
        self.add_many(fate, 1);
    }

    /// Counts `frames` frames of one fate.
    #[inline]
    pub fn add_many(&mut self, fate: Fate, frames: u64) {
        self.0[fate as usize] += frames;
    }

    /// Adds the counts of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }

    /// Returns how many frames had `fate`.
    #[must_use]
    pub fn of(&self, fate: Fate) -> u64 {
        self.0[fate as usize]
    }

    /// Returns how many frames there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Returns the fates that occurred, in the order of output.
    pub fn iter(&self) -> impl Iterator<Item = (Fate, u64)> + '_ {
        Fate::ALL
            .iter()
            .map(|&fate| (fate, self.of(fate)))
            .filter(|&(_, frames)| frames > 0)
    }
}

impl From<SegmentFate> for Fate {
    fn from(fate: SegmentFate) -> Self {
        match fate {
            SegmentFate::Sip => Self::Sip,
            SegmentFate::KeepAlive => Self::KeepAlive,
            SegmentFate::NoData => Self::TcpNoData,
            SegmentFate::Retransmission => Self::TcpRetransmission,
            SegmentFate::OutOfWindow => Self::TcpOutOfWindow,
            SegmentFate::Lost => Self::DataCut,
            SegmentFate::Tls => Self::Tls,
            SegmentFate::Http => Self::Http,
            SegmentFate::WebSocketOther => Self::WebSocket,
            SegmentFate::Hep => Self::Hep,
            SegmentFate::Ipfix => Self::Ipfix,
            SegmentFate::Other => Self::TcpOther,
            SegmentFate::Skipped => Self::StreamSkipped,
        }
    }
}
