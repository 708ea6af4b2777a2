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

mod record;

pub use record::{Direction, Record};

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
/// controllers send.
#[must_use]
pub fn in_stream(rest: &[u8]) -> InStream {
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
    let fits = len >= WITH_SET && set <= len.saturating_sub(HEADER);
    // Another one follows, or nothing yet.
    let follows = match rest.get(len..) {
        None | Some([] | [0] | [0, 10, ..]) => true,
        Some(_) => false,
    };
    if is_set && fits && follows {
        InStream::Message(len)
    } else {
        InStream::Other
    }
}

/// Returns the sets of a message, each with its header; one whose length cannot be is the last, and ends with the message.
pub fn sets(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = message.get(HEADER..).unwrap_or_default();
    std::iter::from_fn(move || {
        let [_, _, high, low] = *rest.first_chunk::<SET_HEADER>()?;
        let len = usize::from(u16::from_be_bytes([high, low]));
        let (set, behind) = match rest.split_at_checked(len) {
            Some(parts) if len >= SET_HEADER => parts,
            _ => (rest, &[][..]),
        };
        rest = behind;
        Some(set)
    })
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
            assert_eq!(in_stream(&octets(&digits)), expected, "{digits}");
        }
    }

    #[test]
    fn a_message_may_have_several_sets() {
        let message = octets(
            "000a0024 6553f101 00000001 00000000 0000 0004 0102 0008 aabbccdd 0103 ffff 01020304",
        );
        let sets: Vec<usize> = sets(&message).map(<[u8]>::len).collect();
        assert_eq!(sets, [4, 8, 8]);
    }

    proptest! {
        #[test]
        fn any_octets_are_survived(octets in prop::collection::vec(any::<u8>(), 0..200), id in 255_u16..270) {
            let _ = in_stream(&octets);
            let mut message = vec![0; HEADER];
            message.extend(id.to_be_bytes());
            message.extend(octets);
            for set in sets(&message) {
                prop_assert!(!set.is_empty());
                if let Some(record) = Record::read(set) {
                    prop_assert!(record.payload.len() <= set.len());
                }
            }
        }
    }
}
