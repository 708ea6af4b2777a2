//! How a controller and its collector agree on what is sent.

use super::{Defect, cursor::Cursor};

/// Octets before the name of the controller, and where in them those are that say what is wanted.
const FIXED: usize = 22;
const FLAGS: std::ops::Range<usize> = 4..8;

/// A length that says that there is no name.
const NO_NAME: u8 = 255;

/// A request to connect, or the answer to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Connect<'a> {
    /// The version of the protocol, major and minor.
    pub version: (u16, u16),
    /// After so many seconds without anything a keep-alive comes; 0 for never.
    pub keep_alive_secs: u16,
    /// What the controller is called; empty if it does not tell.
    pub host: &'a [u8],
}

impl<'a> Connect<'a> {
    /// Reads a set without its header.
    pub(super) fn read(data: &'a [u8], note: &mut dyn FnMut(Defect)) -> Option<Self> {
        let connect = Self::fields(data);
        if connect.is_none_or(|(_, is_whole)| !is_whole) {
            note(Defect::BadConnect);
        }
        Some(connect?.0)
    }

    /// Returns what is told, and whether the name is all there.
    fn fields(data: &'a [u8]) -> Option<(Self, bool)> {
        let mut cursor = Cursor(data);
        let version = (cursor.u16()?, cursor.u16()?);
        // What is wanted, and what the system is like.
        let _flags = (cursor.u32()?, cursor.u16()?);
        let keep_alive_secs = cursor.u16()?;
        // Its number, and the product with its version.
        let _product = (cursor.u32()?, cursor.u32()?, cursor.u8()?);
        let host = match cursor.u8()? {
            NO_NAME => Some(&[][..]),
            len => cursor.take(usize::from(len)),
        };
        let connect = Self {
            version,
            keep_alive_secs,
            host: host.unwrap_or_default(),
        };
        Some((connect, host.is_some()))
    }
}

/// Returns the answer to a message that asks to connect, which wants nothing but SIP; `None` if it does not ask.
#[must_use]
pub fn acknowledge(message: &[u8]) -> Option<Vec<u8>> {
    let set = super::sets(message).next().filter(|set| set.id == 256)?;
    let connect = Connect::read(set.data, &mut |_| {})?;
    let len = FIXED.saturating_add(connect.host.len());
    let mut data = set.data.get(..len)?.to_vec();
    data.get_mut(FLAGS)?.fill(0);
    let set_len = u16::try_from(len.saturating_add(super::SET_HEADER)).ok()?;
    let message_len = u16::try_from(len.saturating_add(super::WITH_SET)).ok()?;
    let mut answer = vec![0, 10];
    answer.extend(message_len.to_be_bytes());
    // The time, the number of the message and who observes: as asked.
    answer.extend_from_slice(message.get(4..super::HEADER)?);
    answer.extend(257_u16.to_be_bytes());
    answer.extend(set_len.to_be_bytes());
    answer.append(&mut data);
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipfix::vectors::octets;

    /// Version 1.2, everything wanted, system flags 3, 30 s, system 9, product 1 2 8.4.5, and the name sbc1.
    const REQUEST: &str = "000a002e 6553f101 00000007 00000005 0100 001e \
        0001 0002 00ff 00ff 0003 001e 00000009 01 02 08 04 05 04 73626331";
    /// The same but for the set id and what is wanted.
    const ANSWER: &str = "000a002e 6553f101 00000007 00000005 0101 001e \
        0001 0002 0000 0000 0003 001e 00000009 01 02 08 04 05 04 73626331";

    #[test]
    fn requests_are_read_and_answered() {
        let request = octets(REQUEST);
        let mut defects = Vec::new();
        let read = Connect::read(&request[20..], &mut |defect| defects.push(defect));
        let expected = Connect {
            version: (1, 2),
            keep_alive_secs: 30,
            host: b"sbc1",
        };
        assert_eq!((read, defects), (Some(expected), vec![]));
        assert_eq!(acknowledge(&request), Some(octets(ANSWER)));
        // An answer is not answered.
        assert_eq!(acknowledge(&octets(ANSWER)), None);
    }

    #[test]
    fn names_may_be_missing_and_lengths_lie() {
        let request = octets(REQUEST);
        for (len, name_len, host, is_defect) in [
            (46, 4, Some(&b"sbc1"[..]), false),
            (45, 4, Some(b""), true),
            (42, 255, Some(b""), false),
            (42, 0, Some(b""), false),
            (43, 254, Some(b""), true),
            (41, 4, None, true),
            (20, 0, None, true),
        ] {
            let mut data = request[20..].to_vec();
            data[21] = name_len;
            let mut defects = Vec::new();
            let data = &data[..len - 20];
            let read = Connect::read(data, &mut |defect| defects.push(defect));
            assert_eq!(read.map(|connect| connect.host), host, "{len} {name_len}");
            assert_eq!(defects.is_empty(), !is_defect, "{len} {name_len}");
        }
    }
}
