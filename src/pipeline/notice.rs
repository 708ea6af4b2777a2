//! What a run comes upon besides messages, for sinks that ask for it.

use std::{fmt, net::SocketAddr};

use hashbrown::HashSet;

use crate::{
    capture::Frame,
    net::{Flow, Transport},
};

/// Something that is no message and worth telling.
#[derive(Clone, Copy, Debug)]
pub struct Notice {
    /// What it is.
    pub kind: NoticeKind,
    /// The frame that tells it; its time is that of the notice.
    pub frame: Frame,
    /// Between whom. Ports that are not known are 0.
    pub flow: Flow,
}

/// What a notice is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NoticeKind {
    /// A datagram from or to where SIP is spoken is neither SIP, nor a keep-alive, nor of another protocol that is known
    /// by its looks.
    Probe {
        /// How many octets it carries.
        octets: usize,
    },
    /// Octets of a stream with SIP are not in the capture. Those that the snapshot length cut off do not count.
    Gap {
        /// How many, if that is known.
        octets: Option<u64>,
    },
    /// Something in a stream had to be passed over up to a message; the frame is the one that completed that message.
    Resync,
    /// A fragment of a packet is not in the capture: of a message, or of a datagram between hosts that speak SIP.
    FragmentLost {
        /// Whether the beginning of the packet is there.
        has_beginning: bool,
    },
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Probe { octets } => write!(f, "{octets} octets that are no SIP"),
            Self::Gap {
                octets: Some(octets),
            } => write!(f, "{octets} octets are missing"),
            Self::Gap { octets: None } => f.write_str("octets are missing"),
            Self::Resync => f.write_str("passed over what was before this message"),
            Self::FragmentLost {
                has_beginning: true,
            } => f.write_str("the end of the packet is missing"),
            Self::FragmentLost {
                has_beginning: false,
            } => f.write_str("the beginning of the packet is missing"),
        }
    }
}

/// Endpoints and hosts remembered at most, in each of two generations.
const CAPACITY: usize = 1 << 16;

/// Who has spoken SIP: the endpoints of its datagrams, and the hosts of all messages.
///
/// When there are too many, those that came first are forgotten, so that memory is bounded.
#[derive(Debug, Default)]
pub(crate) struct Speakers {
    /// Hosts have port 0.
    recent: HashSet<SocketAddr>,
    older: HashSet<SocketAddr>,
}

impl Speakers {
    /// Remembers both sides of a message.
    pub(crate) fn note(&mut self, flow: &Flow) {
        for mut endpoint in [flow.src, flow.dst] {
            // The ports of streams are new for each of them.
            if flow.transport != Transport::Udp {
                endpoint.set_port(0);
            }
            if !self.recent.contains(&endpoint) {
                self.insert(endpoint);
            }
        }
    }

    /// Remembers an endpoint, and its host.
    fn insert(&mut self, mut endpoint: SocketAddr) {
        if self.recent.len() >= CAPACITY {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(endpoint);
        endpoint.set_port(0);
        self.recent.insert(endpoint);
    }

    /// Returns whether one of the sides of a datagram is where SIP is spoken: at a port that is assigned to it
    /// (RFC 3261 §19.1.2), or that was heard to speak it.
    pub(crate) fn is_either(&self, flow: &Flow) -> bool {
        [flow.src, flow.dst]
            .iter()
            .any(|endpoint| matches!(endpoint.port(), 5060 | 5061) || self.has_spoken(endpoint))
    }

    /// Returns whether both hosts were heard to speak SIP.
    pub(crate) fn are_both_hosts(&self, flow: &Flow) -> bool {
        [flow.src, flow.dst].into_iter().all(|mut endpoint| {
            endpoint.set_port(0);
            self.has_spoken(&endpoint)
        })
    }

    fn has_spoken(&self, endpoint: &SocketAddr) -> bool {
        self.recent.contains(endpoint) || self.older.contains(endpoint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(src: &str, dst: &str, transport: Transport) -> Flow {
        Flow {
            src: src.parse().unwrap(),
            dst: dst.parse().unwrap(),
            transport,
        }
    }

    #[test]
    fn sip_is_spoken_at_its_ports_and_where_it_was_heard() {
        let mut speakers = Speakers::default();
        speakers.note(&flow("10.0.0.1:6000", "10.0.0.2:7000", Transport::Udp));
        speakers.note(&flow("10.0.0.3:40000", "10.0.0.4:8000", Transport::Tcp));
        for (src, dst, is_either, are_both) in [
            ("10.0.0.1:6000", "10.0.0.9:1", true, false),
            ("10.0.0.9:1", "10.0.0.2:7000", true, false),
            ("10.0.0.1:6001", "10.0.0.2:7001", false, true),
            ("10.0.0.3:40000", "10.0.0.4:8000", false, true),
            ("10.0.0.8:1", "10.0.0.9:5060", true, false),
            ("10.0.0.8:5061", "10.0.0.9:1", true, false),
            ("10.0.0.8:1", "10.0.0.9:2", false, false),
        ] {
            let flow = flow(src, dst, Transport::Udp);
            assert_eq!(speakers.is_either(&flow), is_either, "{src} {dst}");
            assert_eq!(speakers.are_both_hosts(&flow), are_both, "{src} {dst}");
        }
    }

    #[test]
    fn memory_is_bounded_and_the_latest_stay() {
        let mut speakers = Speakers::default();
        let endpoint = |number: u32| SocketAddr::from((number.to_be_bytes(), 9000));
        let peer = endpoint(0);
        let count = 1_000_000;
        for number in 1..=count {
            speakers.note(&Flow {
                src: endpoint(number),
                dst: peer,
                transport: Transport::Udp,
            });
        }
        assert!(speakers.recent.len() <= CAPACITY + 2 && speakers.older.len() <= CAPACITY + 2);
        assert!(speakers.has_spoken(&endpoint(count)) && speakers.has_spoken(&peer));
        assert!(!speakers.has_spoken(&endpoint(1)));
    }
}
