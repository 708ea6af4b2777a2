//! Selection: which messages count, in the words that every command shares.
//!
//! A selection stands behind whatever has to see all messages, never in front of it.

mod binding;
mod call;
mod event;
mod expression;
mod moment;
mod number;
mod ranges;
mod template;

use std::str::FromStr;

use regex::bytes::{Regex, RegexBuilder};

pub use self::{
    expression::{Expression, ExpressionError, Fields, Kind, Schema, Value},
    moment::{InvalidTime, parse_time},
    number::Number,
    ranges::{InvalidRange, IpRange, PortRange, StatusRange},
    template::Template,
};
pub use crate::duration::{Comparison, InvalidDuration, parse_duration};
use crate::{
    sip::{Head, Message, StartLine},
    text::escape,
    track::Party,
};

/// Which messages are selected. Values of one kind are alternatives, kinds must all agree; without any, all are.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Call-IDs, octet by octet; octets that are no UTF-8 as `\\xNN`.
    pub call_ids: Vec<String>,
    /// Parts of the From header's value, in either case.
    pub from: Vec<Text>,
    /// Parts of the To header's value, in either case.
    pub to: Vec<Text>,
    /// Telephone numbers on either side.
    pub numbers: Vec<Number>,
    /// Methods in any case, as in the request line or, for responses, in CSeq.
    pub methods: Vec<String>,
    /// Status codes; they select responses.
    pub statuses: Vec<StatusRange>,
    /// Addresses of either side.
    pub ips: Vec<IpRange>,
    /// Ports of either side.
    pub ports: Vec<PortRange>,
    /// Parts of the User-Agent or Server header's value, in either case.
    pub user_agents: Vec<Text>,
    /// Expressions of which one must match the message's octets.
    pub patterns: Vec<Regex>,
}

impl Selection {
    /// Returns whether everything is selected.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        self.call_ids.is_empty()
            && self.from.is_empty()
            && self.to.is_empty()
            && self.numbers.is_empty()
            && self.methods.is_empty()
            && self.statuses.is_empty()
            && self.ips.is_empty()
            && self.ports.is_empty()
            && self.user_agents.is_empty()
            && self.patterns.is_empty()
    }

    /// Returns whether `message` is selected. The cheap questions come first.
    #[must_use]
    pub fn matches(&self, message: &Message<'_>) -> bool {
        let Message {
            bytes, head, flow, ..
        } = *message;
        any(&self.ips, |range| {
            range.contains(flow.src.ip()) || range.contains(flow.dst.ip())
        }) && any(&self.ports, |range| {
            range.contains(flow.src.port()) || range.contains(flow.dst.port())
        }) && any(
            &self.statuses,
            |range| matches!(head.start, StartLine::Response { code, .. } if range.contains(code)),
        ) && any(&self.methods, |method| {
            method_text(head, bytes).eq_ignore_ascii_case(method.as_bytes())
        }) && any(&self.call_ids, |call_id| {
            is_call_id(call_id, head.call_id.of(bytes))
        }) && any(&self.from, |text| text.is_in(head.from.of(bytes)))
            && any(&self.to, |text| text.is_in(head.to.of(bytes)))
            && any(&self.user_agents, |text| {
                text.is_in(head.user_agent.of(bytes))
            })
            && any(&self.numbers, |number| number.is_party_of(head, bytes))
            && any(&self.patterns, |pattern| pattern.is_match(bytes))
    }
}

/// Returns whether one of `wanted` holds, or nothing is wanted.
fn any<T>(wanted: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    wanted.is_empty() || wanted.iter().any(holds)
}

/// Returns whether a text is in the URI or the name of a party.
fn is_in_party(text: &Text, party: &Party<'_>) -> bool {
    text.is_in(party.uri) || text.is_in(party.display_name)
}

/// Returns whether a Call-ID is the one that was typed, as it is or as outputs show it.
fn is_call_id(typed: &str, call_id: &[u8]) -> bool {
    typed.as_bytes() == call_id || typed == escape(call_id)
}

fn method_text<'a>(head: &Head, bytes: &'a [u8]) -> &'a [u8] {
    match head.start {
        StartLine::Request { method_text, .. } => method_text.of(bytes),
        StartLine::Response { .. } => head
            .cseq
            .map(|cseq| cseq.method_text.of(bytes))
            .unwrap_or_default(),
    }
}

/// A text that is looked for in another one, in either case.
#[derive(Clone, Debug)]
pub struct Text(Regex);

impl Text {
    fn is_in(&self, value: &[u8]) -> bool {
        self.0.is_match(value)
    }
}

impl FromStr for Text {
    type Err = regex::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        RegexBuilder::new(&regex::escape(text))
            .case_insensitive(true)
            .build()
            .map(Self)
    }
}

/// Returns the expression `pattern`, which looks at octets: SIP need not be UTF-8.
///
/// # Errors
/// When it is no regular expression; the error shows where.
pub fn pattern(pattern: &str, ignore_case: bool) -> Result<Regex, regex::Error> {
    // With Unicode on, `.` would not match a Latin-1 octet; if the pattern needs Unicode classes, it can be turned on.
    RegexBuilder::new(pattern)
        .case_insensitive(ignore_case)
        .multi_line(true)
        .crlf(true)
        .unicode(!pattern.is_ascii() || pattern.contains("\\p"))
        .build()
}
