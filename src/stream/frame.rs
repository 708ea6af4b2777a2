//! SIP messages in a stream, delimited by Content-Length (RFC 3261 §7.5, §18.3).

use std::{mem, sync::LazyLock};

use memchr::{memmem::Finder, memrchr};

use super::{
    found::{Outlet, SegmentFate},
    reader::{Reader, State, Step},
    resync::{Next, START_LEN, begins_message, next_message, undecided_lines},
};
use crate::{
    net::{Flow, Transport},
    sip::{Flaws, Framing, Head, Probe, head_end, probe},
    span::Span,
};

/// Every start line has it, and bodies hardly ever do.
static VERSION: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("SIP/2.0"));

/// A message of which the body is being read.
#[derive(Debug)]
pub(super) struct Body {
    head: Head,
    /// Where the body begins.
    start: usize,
    /// Where the message ends.
    end: usize,
    /// Where another message seems to begin in it, once that was looked for.
    inside: Option<usize>,
    /// Whether other messages may begin in it.
    holds_messages: bool,
}

impl Body {
    /// Returns where the message ends, the announced end being at hand: there, unless a message begins in the body and
    /// none behind it. That is not known, `None`, while what is behind it may become a message.
    ///
    /// Whoever writes a body could forge messages if what looks like one were taken for it.
    fn believed_end(&mut self, rest: &[u8]) -> Option<usize> {
        let Some(inside) = self.start_inside(rest) else {
            return Some(self.end);
        };
        let behind = rest.get(self.end..).unwrap_or_default();
        match next_message(behind) {
            Next::Begins => Some(self.end),
            Next::MayBegin => None,
            Next::BeginsNot => Some(inside),
        }
    }

    /// Returns where another message seems to begin in it, as far as it is there.
    fn start_inside(&mut self, rest: &[u8]) -> Option<usize> {
        if self.inside.is_none() && !self.holds_messages {
            // A start line may reach over the end of the body.
            let within = self.end.saturating_add(START_LEN).min(rest.len());
            let text = rest.get(..within).unwrap_or_default();
            self.inside = start_in(text, self.start, self.end);
        }
        self.inside
    }
}

/// A message of which the body is being read until something ends it.
#[derive(Debug)]
pub(super) struct OpenBody {
    head: Head,
    start: usize,
    searched: usize,
}

impl Reader {
    pub(super) fn head(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::Head { searched } = &mut self.state else {
            return Step::Go(0);
        };
        let Some(start) = head_end(rest, searched.saturating_sub(4)) else {
            if rest.len() <= outlet.limits.head {
                *searched = rest.len();
                return Step::Wait;
            }
            self.cut_head(rest, outlet);
            self.restart();
            return Step::Go(rest.len());
        };
        let head = rest
            .get(..start)
            .and_then(|head| Head::parse(head, Framing::Stream).ok());
        let Some(mut head) = head else {
            outlet.stats.unreadable = outlet.stats.unreadable.saturating_add(1);
            self.lose_sync(outlet);
            return Step::Go(0);
        };
        let length = head.content_length.map(|length| length as usize);
        match length {
            Some(length) if length <= outlet.limits.body => {
                self.state = State::Body(Body {
                    start,
                    end: start.saturating_add(length),
                    inside: None,
                    holds_messages: holds_messages(&head, rest),
                    head,
                });
            }
            Some(_) => {
                head.flaws
                    .insert(Flaws::CONTENT_LENGTH_TOO_LARGE.union(Flaws::CUT));
                self.emit(rest, start, start, head, outlet);
                self.restart();
                return Step::Go(start);
            }
            None => {
                head.flaws.insert(Flaws::NO_CONTENT_LENGTH);
                if head.content_type.is_empty() {
                    self.state = State::Start;
                    self.emit(rest, start, start, head, outlet);
                    return Step::Go(start);
                }
                self.state = State::OpenBody(OpenBody {
                    head,
                    start,
                    searched: start,
                });
            }
        }
        Step::Go(0)
    }

    pub(super) fn body(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::Body(body) = &mut self.state else {
            return Step::Go(0);
        };
        if rest.len() < body.end {
            return Step::Wait;
        }
        let Some(end) = body.believed_end(rest) else {
            return Step::Wait;
        };
        self.end_body(rest, end, outlet);
        Step::Go(end)
    }

    /// Ends messages of which the announced end will not come where other messages begin in their bodies, and returns
    /// how many octets found their use.
    pub(super) fn end_bodies(&mut self, held: &[u8], outlet: &mut Outlet<'_>) -> usize {
        let mut rest = held;
        while let State::Body(body) = &mut self.state {
            let end = if body.end <= rest.len() {
                body.end
            } else if let Some(inside) = body.start_inside(rest) {
                inside
            } else {
                break;
            };
            self.end_body(rest, end, outlet);
            rest = rest.get(end..).unwrap_or_default();
            let used = self.run(rest, outlet);
            rest = rest.get(used..).unwrap_or_default();
        }
        held.len().saturating_sub(rest.len())
    }

    /// Gives out the message that is the next `end` octets.
    fn end_body(&mut self, rest: &[u8], end: usize, outlet: &mut Outlet<'_>) {
        let State::Body(mut body) = mem::take(&mut self.state) else {
            return;
        };
        if end < body.end {
            body.head.flaws.insert(Flaws::CONTENT_LENGTH_TOO_LARGE);
        }
        let behind = rest.get(end..).unwrap_or_default();
        match probe(behind) {
            Probe::Sip if !matches!(behind, [b'\r' | b'\n', ..]) => {
                self.state = State::Head { searched: 0 };
            }
            Probe::NotSip if end == body.end => {
                body.head.flaws.insert(Flaws::CONTENT_LENGTH_TOO_SMALL);
            }
            Probe::Sip | Probe::NotSip | Probe::Partial => {}
        }
        self.emit(rest, body.start, end, body.head, outlet);
    }

    pub(super) fn open_body(&mut self, rest: &[u8], outlet: &mut Outlet<'_>) -> Step {
        let State::OpenBody(body) = &mut self.state else {
            return Step::Go(0);
        };
        let end = match start_in(rest, body.searched, rest.len()) {
            Some(end) => end,
            None if rest.len() < body.start.saturating_add(outlet.limits.open_body) => {
                let (undecided, _) = undecided_lines(rest);
                let oldest = rest.len().saturating_sub(START_LEN);
                body.searched = body.start.max(undecided).max(oldest);
                return Step::Wait;
            }
            None => rest.len(),
        };
        if let State::OpenBody(body) = mem::take(&mut self.state) {
            self.end_open_body(body, rest, end, outlet);
        }
        Step::Go(end)
    }

    /// Goes on behind octets that were lost or not believed.
    fn restart(&mut self) {
        self.resynced = true;
        self.state = State::Start;
    }

    /// Lets octets of a body be lost; returns the body if its message goes on behind them.
    ///
    /// When the end of the message is lost too, it is given out, and `self.resynced` tells that more than it is lost.
    pub(super) fn body_gap(
        &mut self,
        mut body: Body,
        len: Option<u64>,
        held: &[u8],
        outlet: &mut Outlet<'_>,
    ) -> Option<Body> {
        let missing = body.end.saturating_sub(held.len());
        match len.and_then(|len| usize::try_from(len).ok()) {
            Some(len) if len < missing => {
                body.head.flaws.insert(Flaws::BODY_GAP);
                body.end = body.end.saturating_sub(len);
                return Some(body);
            }
            Some(len) if len == missing => self.cut_body(body, held, outlet),
            _ => {
                self.cut_body(body, held, outlet);
                self.resynced = true;
            }
        }
        None
    }

    pub(super) fn cut_head(&mut self, held: &[u8], outlet: &mut Outlet<'_>) {
        match Head::parse(held, Framing::Stream) {
            Ok(mut head) if !head.call_id.is_empty() => {
                head.flaws.insert(Flaws::CUT);
                self.emit(held, held.len(), held.len(), head, outlet);
            }
            _ => self.skip(held, held.len(), outlet),
        }
    }

    pub(super) fn cut_body(&mut self, mut body: Body, held: &[u8], outlet: &mut Outlet<'_>) {
        body.head.flaws.insert(Flaws::CUT);
        self.emit(held, body.start, held.len(), body.head, outlet);
    }

    pub(super) fn end_open_body(
        &mut self,
        body: OpenBody,
        rest: &[u8],
        end: usize,
        outlet: &mut Outlet<'_>,
    ) {
        self.emit(rest, body.start, end, body.head, outlet);
    }

    /// Gives out the message that is the next `end` octets, with a body from `start` on.
    fn emit(
        &mut self,
        rest: &[u8],
        start: usize,
        end: usize,
        mut head: Head,
        outlet: &mut Outlet<'_>,
    ) {
        head.body = Span::new(start, end);
        if self.resynced {
            head.flaws.insert(Flaws::RESYNCED);
        }
        self.resynced = false;
        self.is_sip = true;
        self.skipped = 0;
        if let Some(last) = self.ledger.frames(end, outlet.frames) {
            let flow = Flow {
                transport: Transport::Tcp,
                ..outlet.flow
            };
            outlet.message(flow, &last, rest.get(..end).unwrap_or_default(), &head);
        }
        self.ledger.take(end, SegmentFate::Sip, outlet);
    }
}

/// Returns whether a body may hold messages by its type (RFC 3420, RFC 5621).
fn holds_messages(head: &Head, bytes: &[u8]) -> bool {
    let content_type = head.content_type.of(bytes);
    let has_prefix = |prefix: &[u8]| {
        content_type
            .get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    has_prefix(b"message/") || has_prefix(b"multipart/")
}

/// Returns where a message begins in `text`, behind a line end that is at `from` - 1 or behind it, and before `end`.
fn start_in(text: &[u8], from: usize, end: usize) -> Option<usize> {
    let mut looked = from.saturating_sub(1);
    let mut searched = from;
    loop {
        let version = searched.saturating_add(VERSION.find(text.get(searched..)?)?);
        // Without a line end in between it is the line that was looked at before.
        if let Some(lf) = memrchr(b'\n', text.get(looked..version)?) {
            let line = looked.saturating_add(lf).saturating_add(1);
            if line >= end {
                return None;
            }
            if begins_message(text.get(line..)?) {
                return Some(line);
            }
        }
        looked = version;
        searched = version.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_found_behind_line_ends_alone() {
        const START: &str = "BYE sip:a SIP/2.0\r\nl:0\r\n";
        for (before, expected) in [
            ("", None),
            ("\n", Some(1)),
            ("SIP/2.0 SIP/2.0\r\n", Some(17)),
            ("SIP/2.0\nSIP/2.0 ", None),
        ] {
            let text = format!("{before}{START}");
            assert_eq!(start_in(text.as_bytes(), 1, text.len()), expected, "{text}");
            let end = expected.unwrap_or_default();
            assert_eq!(start_in(text.as_bytes(), 1, end), None);
        }
    }

    #[test]
    fn versions_without_line_ends_cost_no_more() {
        // A megabyte of it: each must not look back over the others, nor ahead.
        for version in [&b"SIP/2.0"[..], b"SIP/2.0\n", b"SIP/2.0 200 OK\n"] {
            let text = version.repeat((1 << 20) / version.len());
            assert_eq!(start_in(&text, 1, text.len()), None);
        }
    }
}
