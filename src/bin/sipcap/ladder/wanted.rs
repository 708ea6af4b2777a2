//! Which messages are drawn, and together with which others.

use hashbrown::HashMap;
use sipcap::{
    filter::Selection,
    sip::{HeaderName, Message, Method, address::NameAddr, list, via::Via},
    text::escape,
    time::Timestamp,
};

use crate::ladder::Group;

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

    /// Returns whether sessions are drawn, which may have media.
    pub(crate) const fn has_sessions(&self) -> bool {
        !matches!(self, Self::Aor(_) | Self::Transaction(_))
    }

    /// Returns the number of the ladder that a message belongs to.
    pub(crate) fn ladder_of(&mut self, message: &Message<'_>) -> Option<usize> {
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
