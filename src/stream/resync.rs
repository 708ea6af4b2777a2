//! The search for the next message in a stream of which the framing is lost.

use memchr::{memchr, memrchr};

use super::{
    found::{Outlet, SegmentFate},
    hep::next_packet,
    ipfix,
    reader::{Reader, State, Step, begins_tls},
    websocket,
};
use crate::hep::{self, InStream};
use crate::sip::{Method, Probe, find_start, probe};

/// A start line and the name of the header behind it are looked for in so many octets.
pub(super) const START_LEN: usize = 10 << 10;

/// The first word of a start line that is looked for, and what ends it, are in so many octets.
const WORD_LEN: usize = 16;

/// A WebSocket frame is known to begin a message by so many octets.
const WEBSOCKET_LEN: usize = 38;

/// A HEP packet is known to begin by so many octets.
const HEP_LEN: usize = 10;

/// The search for the next message.
///
/// A start line is believed when the name of a header and its colon are behind it. So as long as no colon comes
/// nothing can be found, and once there is one in the line behind it, a possible start is decided for good. That way
/// no octet is looked at for each segment anew, however small they are.
#[derive(Debug)]
pub(super) struct Resync {
    /// A message may begin there or behind it.
    from: usize,
    /// How many octets were at hand when they were searched last.
    searched: usize,
}

impl Reader {
    /// Begins the search for the next message, behind the octet at hand.
    pub(super) fn lose_sync(&mut self, outlet: &mut Outlet<'_>) {
        outlet.stats.resyncs = outlet.stats.resyncs.saturating_add(1);
        self.resynced = true;
        self.state = State::Resync(Resync {
            from: 1,
            searched: 0,
        });
    }

    /// Searches for the next message: behind a line end, or where a segment begins.
    pub(super) fn resync(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::Resync(Resync { from, searched }) = self.state else {
            return Step::Go(0);
        };
        if let Some(at) = self.next_start(rest, from, searched) {
            self.state = State::Start;
            self.skip(rest, at, outlet);
            return Step::Go(at);
        }
        let keep = self.first_undecided(rest, from);
        self.skip(rest, keep, outlet);
        if !self.is_sip && self.skipped > outlet.limits.search {
            self.ignore(SegmentFate::Other, outlet);
            return Step::Go(keep);
        }
        self.state = State::Resync(Resync {
            from: 0,
            searched: rest.len().saturating_sub(keep),
        });
        if keep > 0 { Step::Go(keep) } else { Step::Wait }
    }

    /// Passes over octets.
    pub(super) fn skip(&mut self, rest: &[u8], len: usize, outlet: &mut Outlet<'_>) {
        self.skipped = self.skipped.saturating_add(len as u64);
        outlet.stats.skipped_octets = outlet.stats.skipped_octets.saturating_add(len as u64);
        // What has never been SIP and is no text is something else.
        let is_text = matches!(rest, [b'\t' | b'\r' | b'\n' | b' '..=b'~', ..]);
        let fate = if self.is_sip || is_text {
            SegmentFate::Skipped
        } else {
            SegmentFate::Other
        };
        self.ledger.take(len, fate, outlet);
    }

    /// Returns where a message begins that the octets behind the first `searched` tell of.
    fn next_start(&self, rest: &[u8], from: usize, searched: usize) -> Option<usize> {
        let hep = next_packet(rest, from.max(searched.saturating_sub(HEP_LEN)));
        if self.is_hep {
            return hep;
        }
        let other = self
            .segment_starts(from.max(searched.saturating_sub(WEBSOCKET_LEN)))
            .find(|at| {
                let text = rest.get(*at..).unwrap_or_default();
                websocket::begins(text) || (!self.is_sip && begins_tls(text)) || ipfix::begins(text)
            });
        let ipfix = self.next_ipfix(rest, from, searched);
        let other = [other, hep, ipfix].into_iter().flatten().min();
        if memchr(b':', rest.get(searched..)?).is_none() {
            return other;
        }
        let behind_line = find_start(rest, from);
        // No line that ends may begin behind the last line end.
        let limit = behind_line.or_else(|| memrchr(b'\n', rest)).unwrap_or(0);
        let at_segment = self
            .segment_starts(from)
            .take_while(|at| *at < limit)
            .find(|at| begins_message(rest.get(*at..).unwrap_or_default()));
        [other, at_segment, behind_line].into_iter().flatten().min()
    }

    /// Returns where the first octets are that may still become a message, none of those before `from`.
    fn first_undecided(&self, rest: &[u8], from: usize) -> usize {
        if self.is_hep {
            return first_undecided_hep(rest, from);
        }
        let ipfix = Self::first_undecided_ipfix(rest, from);
        let (undecided, last) = undecided_lines(rest);
        let oldest = rest.len().saturating_sub(START_LEN);
        let from = from.max(undecided).max(oldest);
        let may_begin = |at: &usize| may_begin(rest.get(*at..).unwrap_or_default());
        let line = [undecided, last]
            .into_iter()
            .filter(|at| *at >= from)
            .find(may_begin)
            .unwrap_or(rest.len());
        let message = self
            .segment_starts(from)
            .take_while(|at| *at < line)
            .find(may_begin)
            .unwrap_or(line);
        message.min(first_undecided_hep(rest, from)).min(ipfix)
    }

    /// Returns where segments begin, `from` or behind it.
    fn segment_starts(&self, from: usize) -> impl Iterator<Item = usize> {
        let first = (from == 0).then_some(0);
        first.into_iter().chain(self.ledger.boundaries(from))
    }
}

/// Returns where, at `from` or behind it, the beginning of a HEP packet ends with `rest`.
fn first_undecided_hep(rest: &[u8], from: usize) -> usize {
    let first = rest
        .len()
        .saturating_sub(HEP_LEN.saturating_sub(1))
        .max(from);
    (first..rest.len())
        .find(|at| hep::in_stream(rest.get(*at..).unwrap_or_default()) != InStream::Other)
        .unwrap_or(rest.len())
}

/// Returns where the first line begins that may still become a start line, and where the last one does.
pub(super) fn undecided_lines(text: &[u8]) -> (usize, usize) {
    let line_before = |end: usize| {
        let lf = memrchr(b'\n', text.get(..end)?)?;
        Some(lf.saturating_add(1))
    };
    let last = line_before(text.len()).unwrap_or(0);
    if memchr(b':', text.get(last..).unwrap_or_default()).is_some() {
        return (last, last);
    }
    let before = line_before(last.saturating_sub(1)).unwrap_or(0);
    (before, last)
}

/// Returns whether `text` begins with a start line and the name of a header.
pub(super) fn begins_message(text: &[u8]) -> bool {
    if !may_begin(text) {
        return false;
    }
    let text = text.get(..START_LEN).unwrap_or(text);
    // No more than two lines, or all the others would be searched too.
    let end = memchr::memchr_iter(b'\n', text).nth(1);
    let lines = end.and_then(|end| text.get(..end)).unwrap_or(text);
    find_start(lines, 0) == Some(0)
}

/// What there is behind the end of a message.
pub(super) enum Next {
    /// A message, or nothing yet but line ends.
    Begins,
    /// Perhaps the beginning of a message.
    MayBegin,
    /// Something else.
    BeginsNot,
}

/// Returns what `text`, the octets behind a message, look like.
pub(super) fn next_message(text: &[u8]) -> Next {
    let ends = text
        .iter()
        .take_while(|octet| matches!(octet, b'\r' | b'\n'));
    let text = text.get(ends.count()..).unwrap_or_default();
    if text.is_empty() || begins_message(text) {
        return Next::Begins;
    }
    let is_undecided = text.len() < START_LEN
        && may_begin(text)
        && memchr::memchr_iter(b'\n', text).nth(1).is_none()
        && probe(text) != Probe::NotSip;
    if is_undecided {
        Next::MayBegin
    } else {
        Next::BeginsNot
    }
}

/// Returns whether `text` begins with the first word of a start line, or may do so when there is more of it.
pub(super) fn may_begin(text: &[u8]) -> bool {
    let word = text.get(..WORD_LEN).unwrap_or(text);
    match word
        .iter()
        .position(|octet| matches!(octet, b' ' | b'\t' | b'/'))
    {
        Some(end) => {
            let word = word.get(..end).unwrap_or_default();
            Method::from_bytes(word) != Method::Other || word.eq_ignore_ascii_case(b"SIP")
        }
        None => text.len() < WORD_LEN && matches!(text, [b'A'..=b'Z' | b's', ..]),
    }
}
