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
