//! UDP (RFC 768), TCP (RFC 9293) and SCTP (RFC 9260).

use std::net::SocketAddr;

use etherparse::UdpHeaderSlice;

use super::{
    Content, Datagram, Reason, SctpPacket, Segment,
    walk::{Step, Walk},
};
use crate::net::Transport;

const UDP_HEADER: usize = 8;
const TCP_HEADER: usize = 20;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

impl Walk<'_> {
    pub(super) fn udp(&mut self) -> Step {
        let header =
            UdpHeaderSlice::from_slice(self.rest).map_err(|_| self.too_short(UDP_HEADER))?;
        // A length that has no room for the header (0: segmentation in the network card) leaves what IP gives.
        let len = usize::from(header.length());
        if len >= UDP_HEADER {
            self.limit(len);
        }
        self.skip(UDP_HEADER)?;
        let (src_port, dst_port) = (header.source_port(), header.destination_port());
        if let Some(step) = self.udp_tunnel(src_port, dst_port) {
            return step;
        }
        self.done(Content::Datagram(Datagram {
            src: SocketAddr::new(self.src, src_port),
            dst: SocketAddr::new(self.dst, dst_port),
            transport: Transport::Udp,
            payload: self.span(),
            cut: self.is_cut(),
        }))
    }

    pub(super) fn tcp(&mut self) -> Step {
        // The fixed header is enough: a snapshot length may have cut the options, which nobody here needs.
        let [
            s0,
            s1,
            d0,
            d1,
            q0,
            q1,
            q2,
            q3,
            a0,
            a1,
            a2,
            a3,
            offset,
            flags,
            ..,
        ] = *self.peek::<TCP_HEADER>()?;
        let header_len = usize::from(offset >> 4).saturating_mul(4);
        if header_len < TCP_HEADER || header_len > self.wire {
            return Err(Reason::Malformed);
        }
        self.rest = self.rest.get(header_len..).unwrap_or_else(|| self.end());
        self.wire = self.wire.saturating_sub(header_len);
        self.done(Content::Segment(Segment {
            src: SocketAddr::new(self.src, u16::from_be_bytes([s0, s1])),
            dst: SocketAddr::new(self.dst, u16::from_be_bytes([d0, d1])),
            seq: u32::from_be_bytes([q0, q1, q2, q3]),
            ack: (flags & ACK != 0).then(|| u32::from_be_bytes([a0, a1, a2, a3])),
            syn: flags & SYN != 0,
            fin: flags & FIN != 0,
            rst: flags & RST != 0,
            payload: self.span(),
            wire_len: u32::try_from(self.wire).unwrap_or(u32::MAX),
        }))
    }

    pub(super) fn sctp(&mut self) -> Step {
        let [
            src_high,
            src_low,
            dst_high,
            dst_low,
            t0,
            t1,
            t2,
            t3,
            _,
            _,
            _,
            _,
        ] = *self.take::<12>()?;
        self.done(Content::Sctp(SctpPacket {
            src: SocketAddr::new(self.src, u16::from_be_bytes([src_high, src_low])),
            dst: SocketAddr::new(self.dst, u16::from_be_bytes([dst_high, dst_low])),
            tag: u32::from_be_bytes([t0, t1, t2, t3]),
            chunks: self.span(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::vectors::{SIP, check, describe_packet, ipv4, udp, unwrap, wrap};
    use crate::{
        capture::LinkType,
        packet::{Content, DecodeOptions, decode},
    };

    #[test]
    fn datagrams_end_where_their_length_says_or_ip_does() {
        let with_len = |len: u16| {
            let mut datagram = udp(5060, 5070, SIP);
            datagram[4..6].copy_from_slice(&len.to_be_bytes());
            ipv4(1, 17, &datagram)
        };
        let flow = "none: udp 192.0.2.1:5060 192.0.2.200:5070";
        let len = 8 + SIP.len() as u16;
        check(
            LinkType::RAW,
            &[
                ("right", with_len(len), "none"),
                ("0", with_len(0), "none"),
                ("no room for the header", with_len(7), "none"),
                (
                    "shorter",
                    with_len(len - 5),
                    &format!("{flow} {} octets", SIP.len() - 5),
                ),
                ("empty", with_len(8), &format!("{flow} 0 octets")),
                ("longer", with_len(len + 5), &format!("{flow} SIP cut")),
                ("header too short", ipv4(1, 17, &[0; 7]), "none: malformed"),
            ],
        );
    }

    fn tcp(offset_words: u8, flags: u8, after: &[u8]) -> Vec<u8> {
        let header = [
            0x13,
            0xc4,
            0x13,
            0xc5,
            0x01,
            0x02,
            0x03,
            0x04,
            0x0a,
            0x0b,
            0x0c,
            0x0d,
            offset_words << 4,
            flags,
            0xff,
            0xff,
            0,
            0,
            0,
            0,
        ];
        ipv4(1, 6, &wrap(&header, after))
    }

    #[test]
    fn segments_begin_behind_their_options() {
        let flow = "none: segment 192.0.2.1:5060 192.0.2.200:5061";
        check(
            LinkType::RAW,
            &[
                (
                    "no options",
                    tcp(5, 0x18, SIP),
                    &format!("{flow} SIP of {}", SIP.len()),
                ),
                (
                    "options",
                    tcp(8, 0x18, &wrap(&[1; 12], SIP)),
                    &format!("{flow} SIP of {}", SIP.len()),
                ),
                ("offset too small", tcp(4, 0x10, SIP), "none: malformed"),
                (
                    "offset beyond the end",
                    tcp(15, 0x10, &[1; 39]),
                    "none: malformed",
                ),
            ],
        );
    }

    #[test]
    fn flags_and_numbers_of_a_segment() {
        for (flags, expected) in [
            (0x02, (true, false, false, None)),
            (0x12, (true, false, false, Some(0x0a0b_0c0d))),
            (0x11, (false, true, false, Some(0x0a0b_0c0d))),
            (0x04, (false, false, true, None)),
        ] {
            let Content::Segment(it) = unwrap(LinkType::RAW, &tcp(5, flags, &[])).content else {
                panic!("no segment");
            };
            assert_eq!((it.syn, it.fin, it.rst, it.ack), expected, "{flags:#x}");
            assert_eq!(it.seq, 0x0102_0304);
        }
    }

    #[test]
    fn cut_frames_are_decoded_as_far_as_they_go() {
        let options = DecodeOptions::default();
        let frame = tcp(8, 0x18, &wrap(&[1; 12], SIP));
        let orig_len = frame.len() as u32;
        for (captured, expected) in [
            (39, "none: header-cut".to_owned()),
            // The options are cut, ports and numbers are there.
            (
                45,
                format!(
                    "none: segment 192.0.2.1:5060 192.0.2.200:5061 0 octets of {}",
                    SIP.len()
                ),
            ),
            (
                60,
                format!(
                    "none: segment 192.0.2.1:5060 192.0.2.200:5061 8 octets of {}",
                    SIP.len()
                ),
            ),
        ] {
            let packet = decode(&frame[..captured], LinkType::RAW, orig_len, 0, &options);
            assert_eq!(describe_packet(&frame, &packet), expected);
        }
        let frame = ipv4(1, 17, &udp(5060, 5070, SIP));
        let packet = decode(&frame[..38], LinkType::RAW, frame.len() as u32, 0, &options);
        let expected = "none: udp 192.0.2.1:5060 192.0.2.200:5070 10 octets cut";
        assert_eq!(describe_packet(&frame, &packet), expected);
    }

    #[test]
    fn sctp_has_ports_tag_and_chunks() {
        let header = [0x13, 0xc4, 0x13, 0xce, 0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 0];
        let flow = "none: sctp 192.0.2.1:5060 192.0.2.200:5070";
        let packet = ipv4(1, 132, &wrap(&header, &[3; 16]));
        check(
            LinkType::RAW,
            &[
                ("chunks", packet.clone(), &format!("{flow} 16 octets")),
                ("cut", ipv4(1, 132, &header[..11]), "none: malformed"),
            ],
        );
        let Content::Sctp(it) = unwrap(LinkType::RAW, &packet).content else {
            panic!("no SCTP");
        };
        assert_eq!(it.tag, 0xcafe_babe);
    }
}
