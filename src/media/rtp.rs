//! The headers of RTP packets (RFC 3550 §5.1).

/// What the header of an RTP packet says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RtpHeader {
    /// What the payload is; which codec that means, session descriptions say.
    pub payload_type: u8,
    /// Counts the packets, modulo 2¹⁶.
    pub sequence: u16,
    /// Who sends: a number that is the same in all packets of a stream.
    pub ssrc: u32,
}

impl RtpHeader {
    /// Reads the header of a packet that is RTP by its looks: the version, and no payload type that RTCP has in its place
    /// (RFC 5761 §4).
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        let (header, _) = payload.split_first_chunk::<12>()?;
        let [first, second, s0, s1, _, _, _, _, ssrc @ ..] = *header;
        let payload_type = second & 0x7f;
        if first >> 6 != 2 || (64..=95).contains(&payload_type) {
            return None;
        }
        Some(Self {
            payload_type,
            sequence: u16::from_be_bytes([s0, s1]),
            ssrc: u32::from_be_bytes(ssrc),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read() {
        let packet = [
            0x80, 0x88, 0x12, 0x34, 0, 0, 0, 160, 0xde, 0xad, 0xbe, 0xef, 0xff,
        ];
        let expected = RtpHeader {
            payload_type: 8,
            sequence: 0x1234,
            ssrc: 0xdead_beef,
        };
        assert_eq!(RtpHeader::parse(&packet), Some(expected));
        assert_eq!(RtpHeader::parse(&packet[..11]), None);
        // A sender report, a STUN message and a DTLS record are none.
        for (first, second) in [(0x80, 200), (0x00, 0x01), (0x16, 0xfe)] {
            let mut other = packet;
            (other[0], other[1]) = (first, second);
            assert_eq!(RtpHeader::parse(&other), None, "{first} {second}");
        }
    }
}
