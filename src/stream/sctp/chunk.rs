//! The chunks of an SCTP packet (RFC 9260 §3.2, §3.3.1; RFC 8260 §2.1).

/// A DATA or I-DATA chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Data<'a> {
    pub(super) tsn: u32,
    /// Of I-DATA: the stream, whether it is unordered, and the message there. Its parts may mix with others.
    pub(super) message: Option<(u16, bool, u32)>,
    /// Of I-DATA: the number of the part in its message.
    pub(super) part: u32,
    pub(super) is_first: bool,
    pub(super) is_last: bool,
    /// Octets at its end were not captured.
    pub(super) is_cut: bool,
    pub(super) bytes: &'a [u8],
}

/// The DATA and I-DATA chunks of a packet, one by one; others are passed over.
#[derive(Debug)]
pub(super) struct Chunks<'a> {
    rest: &'a [u8],
    is_malformed: bool,
}

const DATA: u8 = 0;
const I_DATA: u8 = 64;
/// The flags of both.
const END: u8 = 1;
const BEGIN: u8 = 2;
const UNORDERED: u8 = 4;

impl<'a> Chunks<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            is_malformed: false,
        }
    }

    /// Returns whether there was a chunk that does not fit.
    pub(super) fn is_malformed(&self) -> bool {
        self.is_malformed
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Data<'a>;

    fn next(&mut self) -> Option<Data<'a>> {
        while let [kind, flags, high, low, ..] = self.rest {
            let len = usize::from(u16::from_be_bytes([*high, *low]));
            let Some(value_len) = len.checked_sub(4) else {
                self.is_malformed = true;
                self.rest = &[];
                return None;
            };
            let value = self.rest.get(4..).unwrap_or_default();
            let is_cut = value.len() < value_len;
            self.is_malformed |= is_cut;
            let value = value.get(..value_len).unwrap_or(value);
            let data = Data::parse(*kind, *flags, value, is_cut);
            // Chunks begin at multiples of four.
            self.rest = self.rest.get(len.next_multiple_of(4)..).unwrap_or_default();
            if data.is_some() {
                return data;
            }
        }
        None
    }
}

impl<'a> Data<'a> {
    fn parse(kind: u8, flags: u8, value: &'a [u8], is_cut: bool) -> Option<Self> {
        let (tsn, rest) = value.split_first_chunk()?;
        let (stream, rest) = rest.split_first_chunk()?;
        let (_, rest) = rest.split_first_chunk::<2>()?;
        let (is_first, is_last) = (flags & BEGIN != 0, flags & END != 0);
        let (message, part, bytes) = match kind {
            DATA => (None, 0, rest.get(4..)?),
            I_DATA => {
                let (message, rest) = rest.split_first_chunk()?;
                let (part, bytes) = rest.split_first_chunk()?;
                let message = (
                    u16::from_be_bytes(*stream),
                    flags & UNORDERED != 0,
                    u32::from_be_bytes(*message),
                );
                // The first part has the payload's protocol in the place of its number, which is 0.
                let part = if is_first {
                    0
                } else {
                    u32::from_be_bytes(*part)
                };
                (Some(message), part, bytes)
            }
            _ => return None,
        };
        Some(Self {
            tsn: u32::from_be_bytes(*tsn),
            message,
            part,
            is_first,
            is_last,
            is_cut,
            bytes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_chunks_are_read_and_others_passed_over() {
        // A SACK, a DATA chunk of 5 octets with padding, an I-DATA chunk: RFC 9260 §3.3.4, §3.3.1, RFC 8260 §2.1.
        let bytes = [
            &[3, 0, 0, 16, 0, 0, 0, 1, 0, 0, 16, 0, 0, 0, 0, 0][..],
            &[0, 3, 0, 21, 0, 0, 0, 9, 0, 1, 0, 2, 0, 0, 0, 0],
            b"hello\0\0\0",
            &[
                64, 5, 0, 22, 0, 0, 0, 10, 0, 1, 0, 0, 0, 0, 0, 7, 0, 0, 0, 3,
            ],
            b"hi\0\0",
        ]
        .concat();
        let mut chunks = Chunks::new(&bytes);
        let data = chunks.next().unwrap();
        assert_eq!(
            (data.tsn, data.message, data.bytes),
            (9, None, &b"hello"[..])
        );
        assert!(data.is_first && data.is_last && !data.is_cut);
        let data = chunks.next().unwrap();
        assert_eq!((data.tsn, data.message), (10, Some((1, true, 7))));
        assert_eq!((data.part, data.bytes), (3, &b"hi"[..]));
        assert!(!data.is_first && data.is_last);
        assert_eq!(chunks.next(), None);
        assert!(!chunks.is_malformed());
    }

    #[test]
    fn chunks_that_do_not_fit_are_malformed() {
        for (bytes, count) in [
            (&[0, 3, 0, 3, 0, 0, 0, 1][..], 0),
            (&[0, 3, 0, 99, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, b'x'], 1),
            (&[0, 3, 0, 99, 0, 0], 0),
        ] {
            let mut chunks = Chunks::new(bytes);
            assert_eq!(chunks.by_ref().count(), count);
            assert!(chunks.is_malformed());
        }
    }
}
