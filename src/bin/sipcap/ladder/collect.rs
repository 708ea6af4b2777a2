//! The second pass: the messages of what is drawn.

use std::{net::SocketAddr, ops::ControlFlow};

use hashbrown::HashMap;
use sipcap::{
    error::Result,
    filter::Selection,
    ladder::put_in_order,
    pipeline::{Notice, NoticeKind, Sink, Summary},
    sip::{HeaderName, Message, MessageBuf, Method, address::NameAddr, list, via::Via},
    text::escape,
    time::Timestamp,
};

use crate::ladder::Group;

/// Messages in one ladder at most; nobody looks at more.
const MAX_MESSAGES: usize = 20_000;

/// Gaps that are remembered at most.
const MAX_GAPS: usize = 10_000;

/// Something that is not in the capture.
#[derive(Clone, Debug)]
pub(crate) struct Gap {
    pub(crate) ts: Timestamp,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    what: String,
}

impl Gap {
    /// Returns whether it is between the ends of a message. Ports that are not known are 0.
    fn is_beside(&self, message: &MessageBuf) -> bool {
        let is_same = |one: SocketAddr, other: SocketAddr| {
            one.ip() == other.ip() && (one.port() == other.port() || one.port() == 0)
        };
        let (src, dst) = (message.flow.src, message.flow.dst);
        is_same(self.src, src) && is_same(self.dst, dst)
            || is_same(self.src, dst) && is_same(self.dst, src)
    }

    /// Returns what is told of it in the ladder of these messages, if it belongs there.
    pub(crate) fn told(&self, messages: &[MessageBuf]) -> Option<String> {
        let (first, last) = (messages.first()?, messages.last()?);
        let is_within = first.ts <= self.ts && self.ts <= last.ts;
        let is_beside = || messages.iter().any(|message| self.is_beside(message));
        (is_within && is_beside()).then(|| {
            format!(
                "A gap in the capture: {} ({} to {})",
                self.what, self.src, self.dst
            )
        })
    }
}

/// Which messages are drawn together.
pub(crate) enum Wanted {
    /// Those with these Call-IDs.
    CallIds(Box<Selection>),
    /// Those with these Call-IDs, each of them alone.
    EachCallId(Box<Selection>, HashMap<Vec<u8>, usize>),
    /// Those of calls that were found: of each Call-ID the ladder, and from when to when.
    Groups(HashMap<Vec<u8>, Vec<(usize, Timestamp, Timestamp)>>),
    /// Registrations of this address of record, or of this user.
    Aor(String),
    /// Those with this branch in one of their Vias.
    Transaction(String),
}

impl Wanted {
    /// Returns the messages of groups that were found.
    pub(crate) fn groups(groups: &[Group]) -> Self {
        let mut wanted: HashMap<Vec<u8>, Vec<_>> = HashMap::new();
        for (index, group) in groups.iter().enumerate() {
            for leg in &group.legs {
                let spans = wanted.entry(leg.call_id.clone()).or_default();
                spans.push((index, leg.first, leg.last));
            }
        }
        Self::Groups(wanted)
    }

    /// Returns the number of the ladder that a message belongs to.
    fn ladder_of(&mut self, message: &Message<'_>) -> Option<usize> {
        let (head, bytes) = (message.head, message.bytes);
        let call_id = head.call_id.of(bytes);
        match self {
            Self::CallIds(selection) => selection.matches(message).then_some(0),
            Self::EachCallId(selection, known) => {
                if !selection.matches(message) {
                    return None;
                }
                let next = known.len();
                Some(*known.entry(call_id.to_owned()).or_insert(next))
            }
            Self::Groups(groups) => {
                let spans = groups.get(call_id)?.iter();
                // Of two that follow each other the later one has begun.
                let mut spans =
                    spans.filter(|(_, first, last)| (*first..=*last).contains(&message.ts));
                spans.next_back().map(|(index, ..)| *index)
            }
            Self::Aor(aor) => registers(aor, message).then_some(0),
            Self::Transaction(branch) => {
                let vias = head.headers_named(bytes, HeaderName::Via);
                let mut branches = vias
                    .flat_map(list::values)
                    .filter_map(|via| Via::parse(via)?.branch());
                branches
                    .any(|known| known == branch.as_bytes())
                    .then_some(0)
            }
        }
    }
}

/// Returns whether a message is about the registration of an address of record, `user@host`, or of a user.
fn registers(aor: &str, message: &Message<'_>) -> bool {
    let (head, bytes) = (message.head, message.bytes);
    if head.cseq.is_none_or(|cseq| cseq.method != Method::Register) {
        return false;
    }
    let uri = NameAddr::parse(head.to.of(bytes)).parse_uri();
    let user = escape(uri.user.unwrap_or_default());
    let host = escape(uri.host);
    let aor = aor.trim_start_matches("sips:").trim_start_matches("sip:");
    match aor.rsplit_once('@') {
        Some((wanted, domain)) => user == wanted && host.eq_ignore_ascii_case(domain),
        None => user == aor || (user.is_empty() && host.eq_ignore_ascii_case(aor)),
    }
}

/// Who collects messages.
pub(crate) struct Collector {
    wanted: Wanted,
    /// The messages of each ladder.
    pub(crate) ladders: Vec<Vec<MessageBuf>>,
    /// What is missing between messages.
    pub(crate) gaps: Vec<Gap>,
    /// Messages that were left out because a ladder had too many.
    pub(crate) left_out: u64,
}

impl Collector {
    pub(crate) const fn new(wanted: Wanted) -> Self {
        Self {
            wanted,
            ladders: Vec::new(),
            gaps: Vec::new(),
            left_out: 0,
        }
    }
}

impl Sink for Collector {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let Some(index) = self.wanted.ladder_of(message) else {
            return Ok(ControlFlow::Continue(()));
        };
        if index >= self.ladders.len() {
            self.ladders.resize_with(index + 1, Vec::new);
        }
        match self.ladders.get_mut(index) {
            Some(ladder) if ladder.len() < MAX_MESSAGES => ladder.push(message.to_buf()),
            _ => self.left_out += 1,
        }
        Ok(ControlFlow::Continue(()))
    }

    fn takes_notices(&self) -> bool {
        true
    }

    fn notice(&mut self, notice: &Notice) -> Result<()> {
        let is_gap = !matches!(notice.kind, NoticeKind::Probe { .. });
        if is_gap && self.gaps.len() < MAX_GAPS {
            self.gaps.push(Gap {
                ts: notice.frame.ts,
                src: notice.flow.src,
                dst: notice.flow.dst,
                what: notice.kind.to_string(),
            });
        }
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        self.ladders
            .iter_mut()
            .for_each(|ladder| put_in_order(ladder));
        Ok(())
    }
}
