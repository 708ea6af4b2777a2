//! The chunks of HEP version 3: vendor, type, length, value.

/// Octets before the value of a chunk.
pub(super) const CHUNK_HEADER: usize = 6;

/// The types of the chunks that no vendor owns.
pub(super) mod kind {
    pub(in crate::hep) const FAMILY: u16 = 1;
    pub(in crate::hep) const PROTOCOL: u16 = 2;
    pub(in crate::hep) const SRC_V4: u16 = 3;
    pub(in crate::hep) const DST_V4: u16 = 4;
    pub(in crate::hep) const SRC_V6: u16 = 5;
    pub(in crate::hep) const DST_V6: u16 = 6;
    pub(in crate::hep) const SRC_PORT: u16 = 7;
    pub(in crate::hep) const DST_PORT: u16 = 8;
    pub(in crate::hep) const SECONDS: u16 = 9;
    pub(in crate::hep) const MICROSECONDS: u16 = 10;
    pub(in crate::hep) const PAYLOAD_TYPE: u16 = 11;
    pub(in crate::hep) const AGENT_ID: u16 = 12;
    pub(in crate::hep) const AUTH_KEY: u16 = 14;
    pub(in crate::hep) const PAYLOAD: u16 = 15;
    pub(in crate::hep) const COMPRESSED: u16 = 16;
    pub(in crate::hep) const CORRELATION_ID: u16 = 17;
    pub(in crate::hep) const AGENT_NAME: u16 = 19;
    /// Of OpenSIPS, which gives itself no vendor id for it.
    pub(in crate::hep) const LINKS: u16 = 101;
}

/// A chunk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Chunk<'a> {
    pub(super) vendor: u16,
    pub(super) kind: u16,
    pub(super) value: &'a [u8],
}

/// The chunks in some octets, up to one whose length cannot be.
#[derive(Clone, Debug)]
pub(super) struct Chunks<'a> {
    pub(super) rest: &'a [u8],
}

/// A chunk that does not end where it says, with what there is of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Broken<'a>(pub(super) Option<Chunk<'a>>);

impl<'a> Iterator for Chunks<'a> {
    type Item = Result<Chunk<'a>, Broken<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let bytes = std::mem::take(&mut self.rest);
        let Some((&[v0, v1, k0, k1, l0, l1], behind)) = bytes.split_first_chunk() else {
            return Some(Err(Broken(None)));
        };
        let chunk = |value| Chunk {
            vendor: u16::from_be_bytes([v0, v1]),
            kind: u16::from_be_bytes([k0, k1]),
            value,
        };
        let len = usize::from(u16::from_be_bytes([l0, l1]));
        let Some(len) = len.checked_sub(CHUNK_HEADER) else {
            return Some(Err(Broken(None)));
        };
        match behind.split_at_checked(len) {
            Some((value, rest)) => {
                self.rest = rest;
                Some(Ok(chunk(value)))
            }
            None => Some(Err(Broken(Some(chunk(behind))))),
        }
    }
}
