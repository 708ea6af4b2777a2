//! What session border controllers of Oracle (ACME Packet) send to a collector: SIP in IPFIX (RFC 7011) over TCP.
//!
//! The format is that of their comm-monitor: templates are never sent, both sides know them. Nothing here believes a
//! length, and nothing is kept from message to message.
#![cfg_attr(
    not(test),
    warn(
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::cast_possible_truncation
    )
)]

mod connect;
mod cursor;
mod defect;
mod listen;
mod quality;
mod record;

pub use self::{
    connect::{Connect, acknowledge},
    defect::{Defect, SetKind},
    listen::{Listener, PORT},
    quality::{Figures, Leg, Quality},
    record::{Direction, Record},
};

/// Octets of the header of a message, and of that with the header of its first set.
const HEADER: usize = 16;
const WITH_SET: usize = 20;
/// Octets of the header of a set.
const SET_HEADER: usize = 4;

/// What the octets at hand of a stream are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InStream {
    /// A message of so many octets, all of which may not have come.
    Message(usize),
    /// They may become the beginning of one.
    Partial,
    /// Something else.
    Other,
}

/// Returns what octets of a stream are: a message begins with its version, and with a set of a kind that these
/// controllers send. In a stream that `is_known` to be of one there may be any set, and its length may lie.
#[must_use]
pub fn in_stream(rest: &[u8], is_known: bool) -> InStream {
    let Some(header) = rest.first_chunk::<WITH_SET>() else {
        return match rest {
            [0] | [0, 10, ..] => InStream::Partial,
            _ => InStream::Other,
        };
    };
    let [0, 10, high, low, .., id_high, id_low, set_high, set_low] = *header else {
        return InStream::Other;
    };
    let len = usize::from(u16::from_be_bytes([high, low]));
    let id = u16::from_be_bytes([id_high, id_low]);
    let set = usize::from(u16::from_be_bytes([set_high, set_low]));
    // A keep-alive may say that its set has no octets, not even those of its header.
    let is_set = match id {
        0 => set <= SET_HEADER,
        2 | 3 | 256..=268 => set >= SET_HEADER,
        _ => false,
    };
    let fits = len >= WITH_SET && (is_known || set <= len.saturating_sub(HEADER));
    // Another one follows, or nothing yet.
    let follows = match rest.get(len..) {
        None | Some([] | [0] | [0, 10, ..]) => true,
        Some(_) => false,
    };
    if (is_set || is_known) && fits && follows {
        InStream::Message(len)
    } else {
        InStream::Other
    }
}

/// A part of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Set<'a> {
    /// What it tells of.
    pub id: u16,
    /// Its octets without its header.
    pub data: &'a [u8],
    /// Whether its length fits. If it does not, the set ends with the message.
    pub is_sound: bool,
}

/// What a set tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Content<'a> {
    /// A SIP message.
    Sip(Record<'a>),
    /// How the media of a call were.
    Quality(Box<Quality<'a>>),
    /// Who is connected.
    Connect(Connect<'a>),
}

impl<'a> Set<'a> {
    /// Returns what kind of thing it tells of.
    #[must_use]
    pub const fn kind(&self) -> SetKind {
        SetKind::of(self.id)
    }

    /// Reads it, if it is of a kind that has something to read, and notes what is wrong with it.
    pub fn read(&self, note: &mut dyn FnMut(Defect)) -> Option<Content<'a>> {
        if !self.is_sound {
            note(Defect::BadSetLength);
        }
        match self.kind() {
            SetKind::Connect | SetKind::Acknowledge => {
                Connect::read(self.data, note).map(Content::Connect)
            }
            SetKind::Quality => {
                let quality = Quality::read(self.data, note)?;
                Some(Content::Quality(Box::new(quality)))
            }
            kind if kind.is_sip() => Record::read(self.id, self.data, note).map(Content::Sip),
            _ => None,
        }
    }
}

/// Returns the sets of a message. One whose length cannot be is the last, and ends with the message.
pub fn sets(message: &[u8]) -> impl Iterator<Item = Set<'_>> {
    let mut rest = message.get(HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let [id_high, id_low, high, low] = *rest.first_chunk::<SET_HEADER>()?;
        let id = u16::from_be_bytes([id_high, id_low]);
        let len = usize::from(u16::from_be_bytes([high, low]));
        let cut = rest.split_at_checked(len).filter(|_| len >= SET_HEADER);
        let (set, behind) = cut.unwrap_or((rest, &[]));
        rest = behind;
        Some(Set {
            id,
            data: set.get(SET_HEADER..).unwrap_or_default(),
            // Keep-alives have no octets at all.
            is_sound: cut.is_some() || id == 0,
        })
    })
}

/// Returns whether a message has a set with SIP.
#[must_use]
pub fn carries_sip(message: &[u8]) -> bool {
    sets(message).any(|set| set.kind().is_sip())
}

#[cfg(test)]
pub(crate) mod vectors {
    //! Messages worked out by hand from the layouts.

    /// Returns the octets of hexadecimal digits.
    pub(crate) fn octets(digits: &str) -> Vec<u8> {
        let digits: Vec<u8> = digits.bytes().filter(|octet| *octet != b' ').collect();
        let octet = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16);
        digits.chunks(2).map(|pair| octet(pair).unwrap()).collect()
    }

    /// UDP, egress, of a call that came in as in-leg@sb; slot 0, port 1, VLAN 100, 1700000000.25; from 10.0.0.1:5060 to
    /// 10.0.0.2:5062.
    pub(crate) const UDP_OUT: &str = "000a00646553f1010000000500000000 01030054 6553f1000003d09000010064 \
        09 696e2d6c6567407362 ff0037 4500003700010000401100000a0000010a000002 13c413c600230000 \
        4f5054494f4e53207369703a614062205349502f322e300d0a0d0a";
    /// TCP, ingress, from 10.0.0.1:40000 to 10.0.0.2:5060, with a length of one octet.
    pub(crate) const TCP_IN: &str = "000a004c6553f1010000000600000000 0104003c 6553f1000003d09000010064 \
        0a000002 0a000001 13c4 9c40 0000004d 1b 4f5054494f4e53207369703a614062205349502f322e300d0a0d0a";

    /// A report of media quality, with these digits behind it. Of the call that went out little was measured.
    pub(crate) fn quality_set(tail: &str) -> String {
        // Octets, packets, lost, average and maximum jitter of RTP, the same of RTCP, latency, R value, MOS.
        let incoming = "00075300 00000bb8 00000003 00000002 00000009 \
            000003e8 0000000c 00000000 00000001 00000004 00000014 0000001f 00002468 000001af";
        let outgoing = "00075260 00000bb7 00000000 ffffffff ffffffff \
            ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff";
        // Who calls and who is called, in, and the same, out: source, destination, their ports.
        let paths = "0a000005 0a000009 0fa0 1388 0a000014 0a000009 1770 138a \
            0a000009 0a000014 138a 1770 0a000009 0a000005 1388 0fa0";
        let places = "00 01 0064 00 02 00c8";
        let times = "6553f105 0003d090 6553f13c 0007a120";
        let names = "ff0006 616363657373 ff0004 636f7265 ff0004 696e4061 ff0005 6f75744073";
        let data = format!("{incoming} {outgoing} 01 {paths} {places} {times} {names} {tail}");
        let len = octets(&data).len();
        let (message, set) = (len + 20, len + 4);
        format!("000a{message:04x} 6553f13d 00000008 00000005 010c{set:04x} {data}")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{vectors::*, *};

    #[test]
    fn messages_are_told_by_their_headers() {
        for (digits, expected) in [
            (UDP_OUT.to_owned(), InStream::Message(100)),
            // Two of them, the second hardly begun.
            (format!("{TCP_IN} 000a"), InStream::Message(76)),
            // A keep-alive whose set has no octets, or those of its header.
            (
                "000a0014 6553f101 00000001 00000000 0000 0000".to_owned(),
                InStream::Message(20),
            ),
            (
                "000a0014 6553f101 00000001 00000000 0000 0004".to_owned(),
                InStream::Message(20),
            ),
            ("00".to_owned(), InStream::Partial),
            ("000a00646553".to_owned(), InStream::Partial),
            // Another version, another kind of set, a set that is longer than the message, something else behind it.
            (UDP_OUT.replacen("000a", "0009", 1), InStream::Other),
            (UDP_OUT.replacen("01030054", "01100054", 1), InStream::Other),
            (UDP_OUT.replacen("01030054", "01030055", 1), InStream::Other),
            (format!("{TCP_IN} 4142"), InStream::Other),
            ("000b".to_owned(), InStream::Other),
            ("16".to_owned(), InStream::Other),
        ] {
            assert_eq!(in_stream(&octets(&digits), false), expected, "{digits}");
        }
    }

    #[test]
    fn a_message_may_have_several_sets() {
        let message = octets(
            "000a0024 6553f101 00000001 00000000 0000 0004 0102 0008 aabbccdd 0103 ffff 01020304",
        );
        let sets: Vec<_> = sets(&message)
            .map(|set| (set.kind(), set.data, set.is_sound))
            .collect();
        assert_eq!(
            sets,
            [
                (SetKind::KeepAlive, &[][..], true),
                (SetKind::UdpIngress, &[0xaa, 0xbb, 0xcc, 0xdd], true),
                (SetKind::UdpEgress, &[1, 2, 3, 4], false),
            ]
        );
    }

    #[test]
    fn a_known_stream_may_have_what_nobody_knows() {
        for (digits, expected) in [
            (
                UDP_OUT.replacen("01030054", "01100054", 1),
                InStream::Message(100),
            ),
            (
                UDP_OUT.replacen("01030054", "01030055", 1),
                InStream::Message(100),
            ),
            (
                UDP_OUT.replacen("01030054", "01030003", 1),
                InStream::Message(100),
            ),
            (UDP_OUT.replacen("000a0064", "000a0013", 1), InStream::Other),
            (UDP_OUT.replacen("000a0064", "000a0063", 1), InStream::Other),
            (UDP_OUT.replacen("000a", "0009", 1), InStream::Other),
        ] {
            assert_eq!(in_stream(&octets(&digits), true), expected, "{digits}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        let changed = |at: usize, with: &str| {
            let mut message = octets(UDP_OUT);
            let with = octets(with);
            message[at..at + with.len()].copy_from_slice(&with);
            message
        };
        for (message, defects, is_read) in [
            (octets(UDP_OUT), &[][..], true),
            // More than a million microseconds.
            (changed(24, "000f4240"), &[Defect::BadTime], true),
            // A Call-ID that reaches over the end, and one of a length that is none.
            (changed(32, "fe"), &[Defect::BadCallId], false),
            (changed(32, "ff"), &[Defect::BadCallId], false),
            // One octet more of payload than there is, one less, and a packet of another protocol.
            (changed(43, "0038"), &[Defect::BadPayload], false),
            (changed(54, "06"), &[Defect::BadPacket], false),
            (changed(18, "0055"), &[Defect::BadSetLength], true),
            (changed(18, "0003"), &[Defect::BadSetLength], true),
            // It ends in the VLAN.
            (changed(18, "000f"), &[Defect::BadAddresses], false),
            (changed(16, "0101"), &[Defect::BadConnect], true),
            (changed(16, "010c"), &[Defect::BadQuality], false),
            (
                changed(
                    16,
                    "0105 0054 6553f101 000f4240 00010064 0a000002 0a000001 13c4 9c40 0000004d 00 01 41 ",
                ),
                &[Defect::BadTime, Defect::Padded],
                true,
            ),
        ] {
            let mut found = Vec::new();
            let set = sets(&message).next().unwrap();
            let content = set.read(&mut |defect| found.push(defect));
            assert_eq!(found, defects, "{set:?}");
            assert_eq!(content.is_some(), is_read, "{set:?}");
        }
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets in prop::collection::vec(any::<u8>(), 0..200), id in 255_u16..270) {
            let _ = (in_stream(&octets, false), in_stream(&octets, true));
            let mut message = vec![0; HEADER];
            message.extend(id.to_be_bytes());
            message.extend(octets);
            let _ = acknowledge(&message);
            for set in sets(&message) {
                if let Some(Content::Sip(record)) = set.read(&mut |_| {}) {
                    prop_assert!(record.payload.len() <= set.data.len());
                }
            }
        }
    }
}
