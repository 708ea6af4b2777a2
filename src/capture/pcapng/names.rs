//! Blocks of resolved names: what addresses were called where the capture was written.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Block, PcapNg, body::text, option::Options};
use crate::capture::summary::Tally;

/// Names that are kept of an input at most.
const MAX_NAMES: usize = 4_096;

/// Records of the block that name an IPv4 and an IPv6 address.
const IPV4: u16 = 1;
const IPV6: u16 = 2;

impl PcapNg {
    /// Keeps the first name of each address; records have the form of options.
    pub(super) fn names(&self, block: Block<'_>, tally: &mut Tally) {
        let summary = &mut tally.summary;
        summary.name_blocks = summary.name_blocks.saturating_add(1);
        for (kind, value) in Options::new(self.order, block.body) {
            let named: Option<(IpAddr, &[u8])> = match kind {
                IPV4 => value
                    .split_first_chunk()
                    .map(|(ip, names): (&[u8; 4], _)| (Ipv4Addr::from(*ip).into(), names)),
                IPV6 => value
                    .split_first_chunk()
                    .map(|(ip, names): (&[u8; 16], _)| (Ipv6Addr::from(*ip).into(), names)),
                _ => None,
            };
            let Some((ip, names)) = named else { continue };
            let name = names.split(|octet| *octet == 0).next().unwrap_or_default();
            let is_new = || !summary.names.iter().any(|(known, _)| *known == ip);
            if !name.is_empty() && summary.names.len() < MAX_NAMES && is_new() {
                summary.names.push((ip, text(name)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::sample::{Walked, block, section};

    /// A record as the draft of pcapng has it (§4.5).
    fn record(big: bool, kind: u16, value: &[u8]) -> Vec<u8> {
        let len = u16::try_from(value.len()).unwrap();
        let number = |n: u16| {
            if big {
                n.to_be_bytes()
            } else {
                n.to_le_bytes()
            }
        };
        let padding = vec![0; value.len().next_multiple_of(4) - value.len()];
        [&number(kind)[..], &number(len), value, &padding].concat()
    }

    fn names(big: bool, blocks: &[Vec<u8>]) -> Vec<(String, String)> {
        let mut tally = Tally::new(0, "test".into());
        let mut pcapng = PcapNg::new(&mut tally);
        let blocks: Vec<Vec<u8>> = blocks.iter().map(|body| block(big, 4, body)).collect();
        let walked = Walked::over(
            &[section(big), blocks.concat()].concat(),
            tally,
            |window, records, tally| pcapng.walk(window, records, tally),
        );
        let names = walked.tally.summary.names.iter();
        names
            .map(|(ip, name)| (ip.to_string(), name.clone()))
            .collect()
    }

    #[test]
    fn names_of_addresses_are_kept() {
        for big in [false, true] {
            let first = [
                record(big, 1, b"\xc0\x00\x02\x01sbc.example.com\0sbc\0"),
                record(big, 2, b"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01six\0"),
                record(big, 3, b"\x02\0\0\0\0\x01mac\0"),
                record(big, 1, b"\xc0\x00\x02\x02\0"),
                record(big, 1, b"\xc0\x00"),
                record(big, 0, b""),
                record(big, 1, b"\xc0\x00\x02\x07behind the end\0"),
            ];
            let second = record(big, 1, b"\xc0\x00\x02\x01other\0");
            let cut = record(big, 1, b"\xc0\x00\x02\x09ev\x1bil\0")[..11].to_vec();
            let expected = [("192.0.2.1", "sbc.example.com"), ("2001:db8::1", "six")];
            let found = names(big, &[first.concat(), second, cut]);
            let found: Vec<(&str, &str)> = found
                .iter()
                .map(|(ip, name)| (ip.as_str(), name.as_str()))
                .collect();
            assert_eq!(found, expected, "big: {big}");
        }
    }

    #[test]
    fn names_are_bounded() {
        let records: Vec<Vec<u8>> = (0..5_000_u32)
            .map(|n| {
                let mut value = n.to_be_bytes().to_vec();
                value.extend([b'x'; 1_000]);
                record(false, 1, &value)
            })
            .collect();
        let found = names(false, &[records.concat()]);
        assert_eq!(found.len(), MAX_NAMES);
        assert!(found.iter().all(|(_, name)| name.len() <= 256));
    }
}
