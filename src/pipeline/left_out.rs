//! What a BPF expression left out that it was probably not meant to leave out.
//!
//! An expression sees frames as they are: a test of ports fails for every fragment of a packet but the first one, and
//! for whatever is in a VLAN or a tunnel. So what it decides is compared with what it decides of the same frame
//! without its wrapping.

use crate::{
    capture::{Bpf, Compiled, LinkType},
    span::Span,
};

/// VLAN tags: 802.1Q, 802.1ad and what was used before it.
const TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// How many tags are looked through.
const MAX_TAGS: usize = 4;
const IPV4: u16 = 0x0800;
const IPV6: u16 = 0x86dd;
const FRAGMENT_HEADER: u8 = 44;
const UDP: u8 = 17;
/// As long as headers before ports can be: enough of a frame for an expression to decide on.
const ENOUGH: usize = 512;

/// How many frames a BPF expression left out and would have taken if they came in another form.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LeftOut {
    /// Packets of which it took the first IP fragment and not the others, or none because they come in fragments.
    pub fragmented: u64,
    /// Frames that it would have taken without their VLAN tags.
    pub tagged: u64,
    /// Frames that it would have taken without the VXLAN around them.
    pub tunnelled: u64,
}

impl LeftOut {
    /// Adds the counts of `other`.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.fragmented += other.fragmented;
        self.tagged += other.tagged;
        self.tunnelled += other.tunnelled;
    }

    /// Looks at a frame that was taken.
    #[inline]
    pub(crate) fn taken(&mut self, compiled: &Compiled, frame: &[u8], link: LinkType, len: u32) {
        // Rarely does a packet come in fragments: all else ends with the first look.
        let Some((at, IPV4)) = network(frame, link) else {
            return;
        };
        let fragment = |at: usize| Some(u16::from_be_bytes(octets(frame, at)?));
        if fragment(at + 6).is_some_and(|bits| bits & 0x3fff == 0x2000) {
            let mut other = head(frame).to_vec();
            if let Some(offset) = other.get_mut(at + 7) {
                *offset = 1;
                self.fragmented += u64::from(!compiled.takes(&other, len));
            }
        }
    }

    /// Looks at a frame that was not taken.
    pub(crate) fn left_out(
        &mut self,
        bpf: &Bpf,
        compiled: &Compiled,
        frame: &[u8],
        link: LinkType,
        vxlan_ports: &[u16],
    ) {
        let Some((at, kind)) = network(frame, link) else {
            return;
        };
        if TAGS.contains(&kind) {
            if let Some(plain) = untagged(frame, link) {
                self.tagged += u64::from(takes(compiled, &plain));
            }
        } else if kind == IPV6 && octets::<1>(frame, at + 6) == Some([FRAGMENT_HEADER]) {
            if let Some(whole) = defragmented(frame, at) {
                self.fragmented += u64::from(takes(compiled, &whole));
            }
        } else if let Some(inner) = in_vxlan(frame, at, kind, vxlan_ports) {
            self.tunnelled += u64::from(takes(&bpf.of(LinkType::ETHERNET), inner));
        }
    }
}

fn takes(compiled: &Compiled, frame: &[u8]) -> bool {
    compiled.takes(frame, u32::try_from(frame.len()).unwrap_or(u32::MAX))
}

fn octets<const N: usize>(frame: &[u8], at: usize) -> Option<[u8; N]> {
    frame.get(at..)?.first_chunk().copied()
}

fn head(frame: &[u8]) -> &[u8] {
    Span::new(0, frame.len().min(ENOUGH)).of(frame)
}

/// Returns where the network header begins, and of which EtherType it is.
fn network(frame: &[u8], link: LinkType) -> Option<(usize, u16)> {
    let (kind, at) = match link {
        LinkType::ETHERNET => (12, 14),
        LinkType::LINUX_SLL => (14, 16),
        LinkType::LINUX_SLL2 => (0, 20),
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 => {
            return match octets::<1>(frame, 0)?[0] >> 4 {
                4 => Some((0, IPV4)),
                6 => Some((0, IPV6)),
                _ => None,
            };
        }
        _ => return None,
    };
    Some((at, u16::from_be_bytes(octets(frame, kind)?)))
}

/// Returns the beginning of a frame without its VLAN tags.
fn untagged(frame: &[u8], link: LinkType) -> Option<Vec<u8>> {
    let mut plain = head(frame).to_vec();
    // The type before the tag goes, with the tag; in SLL2, where it stands first, it is that behind the tag that stays.
    let (kind, tag) = match link {
        LinkType::ETHERNET => (12, 14),
        LinkType::LINUX_SLL => (14, 16),
        LinkType::LINUX_SLL2 => (0, 20),
        _ => return None,
    };
    for _ in 0..MAX_TAGS {
        if !TAGS.contains(&u16::from_be_bytes(octets(&plain, kind)?)) {
            return Some(plain);
        }
        let next: [u8; 2] = octets(&plain, tag + 2)?;
        plain.drain(tag..tag + 4);
        plain.get_mut(kind..kind + 2)?.copy_from_slice(&next);
    }
    None
}

/// Returns the first fragment of an IPv6 packet without its fragment header.
fn defragmented(frame: &[u8], at: usize) -> Option<Vec<u8>> {
    let [next, _, high, low]: [u8; 4] = octets(frame, at + 40)?;
    let is_first = u16::from_be_bytes([high, low]) & 0xfff8 == 0;
    let mut whole = head(frame).to_vec();
    if !is_first || whole.len() < at + 48 {
        return None;
    }
    whole.drain(at + 40..at + 48);
    *whole.get_mut(at + 6)? = next;
    Some(whole)
}

/// Returns the frame in a VXLAN packet.
fn in_vxlan<'a>(frame: &'a [u8], at: usize, kind: u16, ports: &[u16]) -> Option<&'a [u8]> {
    let udp = match kind {
        IPV4 => {
            let [first] = octets(frame, at)?;
            let [protocol] = octets(frame, at + 9)?;
            let offset = u16::from_be_bytes(octets(frame, at + 6)?) & 0x1fff;
            (protocol == UDP && offset == 0).then_some(at + usize::from(first & 0xf) * 4)?
        }
        IPV6 => (octets(frame, at + 6)? == [UDP]).then_some(at + 40)?,
        _ => return None,
    };
    let port = u16::from_be_bytes(octets(frame, udp + 2)?);
    ports.contains(&port).then(|| frame.get(udp + 16..))?
}
