//! What RTCP packets report of streams (RFC 3550 §6.4).

/// Reports that are read of one datagram at most: a packet has 31, and few have more than one packet with reports.
const MAX_REPORTS: usize = 64;

/// What somebody who receives a stream tells of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Report {
    /// Which stream it is about.
    pub ssrc: u32,
    /// How many packets were lost since the beginning; fewer than none when some came twice.
    pub lost: i32,
    /// How much the times between packets vary, in units of the clock of the stream.
    pub jitter: u32,
}

/// Returns the reports in a compound packet; what cannot be read ends it.
#[must_use]
pub fn reports(payload: &[u8]) -> Vec<Report> {
    let mut reports = Vec::new();
    let mut rest = payload;
    while let Some(([first, kind, l0, l1], _)) = rest.split_first_chunk::<4>() {
        let words = usize::from(u16::from_be_bytes([*l0, *l1])) + 1;
        if first >> 6 != 2 {
            break;
        }
        let (packet, next) = rest.split_at(rest.len().min(words * 4));
        // Who sends; and of a sender report when it was sent, and how much.
        let around = match kind {
            200 => 28,
            201 => 8,
            _ => packet.len(),
        };
        let blocks = packet.get(around..).unwrap_or_default().chunks_exact(24);
        let room = MAX_REPORTS.saturating_sub(reports.len());
        let count = usize::from(first & 0x1f).min(room);
        reports.extend(blocks.take(count).filter_map(report));
        rest = next;
    }
    reports
}

fn report(block: &[u8]) -> Option<Report> {
    let block: &[u8; 24] = block.try_into().ok()?;
    let word = |at: usize| -> Option<[u8; 4]> { block.get(at..at + 4)?.try_into().ok() };
    let lost = u32::from_be_bytes(word(4)?) << 8;
    Some(Report {
        ssrc: u32::from_be_bytes(word(0)?),
        // The number has 24 bits, the first of which is its sign.
        lost: lost.cast_signed() >> 8,
        jitter: u32::from_be_bytes(word(12)?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a report block as RFC 3550 §6.4.1 has it.
    fn block(ssrc: u32, lost: i32, jitter: u32) -> Vec<u8> {
        let mut block = ssrc.to_be_bytes().to_vec();
        block.push(12);
        block.extend(&lost.to_be_bytes()[1..]);
        block.extend([0, 0, 0x12, 0x34]);
        block.extend(jitter.to_be_bytes());
        block.extend([0; 8]);
        block
    }

    fn packet(kind: u8, around: usize, blocks: &[Vec<u8>]) -> Vec<u8> {
        let body = [vec![0; around - 4], blocks.concat()].concat();
        let words = u16::try_from(body.len() / 4).unwrap().to_be_bytes();
        let count = 0x80 | u8::try_from(blocks.len()).unwrap();
        [vec![count, kind, words[0], words[1]], body].concat()
    }

    #[test]
    fn reports_of_senders_and_receivers_are_read() {
        let sender = packet(200, 28, &[block(1, 5, 80), block(2, -3, 7)]);
        let described = packet(202, 8, &[]);
        let receiver = packet(201, 8, &[block(3, 8_388_607, 0)]);
        let compound = [sender, described, receiver].concat();
        let told: Vec<(u32, i32, u32)> = reports(&compound)
            .iter()
            .map(|report| (report.ssrc, report.lost, report.jitter))
            .collect();
        assert_eq!(told, [(1, 5, 80), (2, -3, 7), (3, 8_388_607, 0)]);
        for end in 0..compound.len() {
            assert!(reports(&compound[..end]).len() <= 3);
        }
    }

    #[test]
    fn what_is_hostile_ends() {
        assert_eq!(reports(&[0x9f; 4]), []);
        // Nothing but empty packets.
        assert_eq!(reports(&[0x80, 201, 0, 0].repeat(10_000)), []);
        let many = packet(201, 8, &vec![block(1, 0, 0); 31]);
        assert_eq!(reports(&many.repeat(20)).len(), MAX_REPORTS);
    }
}
