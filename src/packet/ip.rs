//! IPv4 (RFC 791), IPv6 (RFC 8200) with its extension headers, and what they carry.

use std::net::IpAddr;

use etherparse::{Ipv4HeaderSlice, Ipv6HeaderSlice, err};

use super::{
    Content, Fragment, Reason,
    walk::{Layer, Step, Walk},
};
use crate::net::Encapsulation;

/// How many extension headers of one IPv6 packet are followed.
const MAX_EXTENSIONS: usize = 16;

impl Walk<'_> {
    /// IPv4 or IPv6, as the version tells, whatever the header before called it.
    pub(super) fn ip(&mut self) -> Step {
        match self.rest.first().map(|first| first >> 4) {
            Some(4) => self.ipv4(),
            Some(6) => self.ipv6(),
            Some(_) => Err(Reason::Malformed),
            None => Err(self.too_short(1)),
        }
    }

    fn ipv4(&mut self) -> Step {
        let header = match Ipv4HeaderSlice::from_slice(self.rest) {
            Ok(header) => header,
            Err(err::ipv4::HeaderSliceError::Len(missing)) => {
                return Err(self.too_short(missing.required_len));
            }
            Err(_) => return Err(Reason::Malformed),
        };
        let header_len = header.slice().len();
        match usize::from(header.total_len()) {
            // Segmentation by the network card leaves 0 in what was captured before it.
            0 => {}
            total if total < header_len => return Err(Reason::Malformed),
            total => self.limit(total),
        }
        self.skip(header_len)?;
        self.src = IpAddr::V4(header.source_addr());
        self.dst = IpAddr::V4(header.destination_addr());
        self.packet.ip_id = header.identification();
        self.packet.ip_payload = self.span();
        if !header.is_fragmenting_payload() {
            return self.protocol(header.protocol().0);
        }
        self.done(Content::Fragment(Fragment {
            src: self.src,
            dst: self.dst,
            protocol: header.protocol().0,
            id: u32::from(header.identification()),
            offset: u32::from(header.fragments_offset().byte_offset()),
            more: header.more_fragments(),
            payload: self.span(),
            cut: self.is_cut(),
        }))
    }

    fn ipv6(&mut self) -> Step {
        let header = match Ipv6HeaderSlice::from_slice(self.rest) {
            Ok(header) => header,
            Err(err::ipv6::HeaderSliceError::Len(missing)) => {
                return Err(self.too_short(missing.required_len));
            }
            Err(_) => return Err(Reason::Malformed),
        };
        self.skip(header.slice().len())?;
        // 0 stands for a jumbogram, or was left by segmentation in the network card.
        if header.payload_length() != 0 {
            self.limit(usize::from(header.payload_length()));
        }
        self.src = IpAddr::V6(header.source_addr());
        self.dst = IpAddr::V6(header.destination_addr());
        self.packet.ip_id = 0;
        self.packet.ip_payload = self.span();
        self.protocol(header.next_header().0)
    }

    /// What an IP header carries.
    pub(super) fn protocol(&mut self, protocol: u8) -> Step {
        match protocol {
            6 => Ok(Layer::Tcp),
            17 => Ok(Layer::Udp),
            132 => Ok(Layer::Sctp),
            1 | 58 => Err(Reason::Icmp),
            4 | 41 => {
                self.enter(Encapsulation::IP_IN_IP, None)?;
                Ok(Layer::Ip)
            }
            47 => Ok(Layer::Gre),
            50 => Err(Reason::Esp),
            97 => Ok(Layer::EtherIp),
            115 => Ok(Layer::L2tpV3),
            137 => Ok(Layer::Mpls),
            0 | 43 | 44 | 51 | 60 | 135 | 139 | 140 => self.extensions(protocol),
            _ => Err(Reason::OtherProtocol),
        }
    }

    /// The extension headers of IPv6 (RFC 8200 §4), and the authentication header of either version (RFC 4302).
    fn extensions(&mut self, mut protocol: u8) -> Step {
        for _ in 0..MAX_EXTENSIONS {
            let (next, len) = match (protocol, self.src.is_ipv6()) {
                (51, _) => {
                    let [next, words] = *self.peek()?;
                    self.packet.encapsulation.insert(Encapsulation::AH);
                    (next, usize::from(words).saturating_add(2).saturating_mul(4))
                }
                (44, true) => {
                    let [next, _, offset_high, offset_low, id @ ..] = *self.take::<8>()?;
                    let offset = u16::from_be_bytes([offset_high, offset_low]);
                    let (more, offset) = (offset & 1 != 0, offset & !7);
                    if !more && offset == 0 {
                        // An atomic fragment is a whole packet (RFC 6946).
                        protocol = next;
                        continue;
                    }
                    return self.done(Content::Fragment(Fragment {
                        src: self.src,
                        dst: self.dst,
                        protocol: next,
                        id: u32::from_be_bytes(id),
                        offset: u32::from(offset),
                        more,
                        payload: self.span(),
                        cut: self.is_cut(),
                    }));
                }
                (0 | 43 | 60 | 135 | 139 | 140, true) => {
                    let [next, eights] = *self.peek()?;
                    (
                        next,
                        usize::from(eights).saturating_add(1).saturating_mul(8),
                    )
                }
                (0 | 43 | 44 | 60 | 135 | 139 | 140, false) => return Err(Reason::OtherProtocol),
                _ => return self.protocol(protocol),
            };
            self.skip(len)?;
            protocol = next;
        }
        Err(Reason::TooDeep)
    }
}
