//! Reading numbers in the byte order of a file.

/// The byte order in which a capture was written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Order {
    Little,
    Big,
}

impl Order {
    /// Returns the number in four octets.
    pub(super) const fn number(self, octets: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(octets),
            Self::Big => u32::from_be_bytes(octets),
        }
    }

    /// Returns the 16-bit number at `at`, or `None` behind the end.
    pub(super) fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let octets = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u16::from_le_bytes(octets),
            Self::Big => u16::from_be_bytes(octets),
        })
    }

    /// Returns the 32-bit number at `at`, or `None` behind the end.
    pub(super) fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        Some(self.number(*bytes.get(at..)?.first_chunk()?))
    }

    /// Returns the 64-bit number at `at`, or `None` behind the end.
    pub(super) fn u64(self, bytes: &[u8], at: usize) -> Option<u64> {
        let octets = *bytes.get(at..)?.first_chunk()?;
        Some(match self {
            Self::Little => u64::from_le_bytes(octets),
            Self::Big => u64::from_be_bytes(octets),
        })
    }
}
