//! By what figures are told apart: who sent it, over what, from which domain, and so on.

use std::{
    hash::{BuildHasher, Hash, Hasher},
    net::IpAddr,
    str::FromStr,
};

use hashbrown::DefaultHashBuilder;
use serde::{Deserialize, Serialize};

use crate::{
    sip::{Message, Method, StartLine, address::NameAddr, uri::Uri},
    stats::{messages::method_of, names::as_name},
    text::escape,
    track::{Binding, Call, Event},
};

/// What a group has in common.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Dimension {
    /// The address that it came from.
    Source,
    /// The address that it went to.
    Destination,
    /// Either address: everything counts for both.
    Peer,
    /// What User-Agent or Server say.
    UserAgent,
    /// The domain in From.
    FromDomain,
    /// The domain in To.
    ToDomain,
    /// The first digits of the number that was dialled.
    Prefix(u8),
    /// What carried it.
    Transport,
    /// The method.
    Method,
    /// The input.
    Capture,
    /// The capture point that saw a message, and the next one that did. Messages alone have it, once for each hop.
    Hop,
}

/// The longest prefix of a number.
const LONGEST_PREFIX: u8 = 20;

impl Dimension {
    /// Returns the name used in all outputs.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Prefix(digits) => format!("prefix:{digits}"),
            _ => self.word().to_owned(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Source => "src",
            Self::Destination => "dst",
            Self::Peer => "peer",
            Self::UserAgent => "user-agent",
            Self::FromDomain => "from-domain",
            Self::ToDomain => "to-domain",
            Self::Prefix(_) => "prefix",
            Self::Transport => "transport",
            Self::Method => "method",
            Self::Capture => "capture",
            Self::Hop => "hop",
        }
    }
}

impl FromStr for Dimension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const ALL: [Dimension; 10] = [
            Dimension::Source,
            Dimension::Destination,
            Dimension::Peer,
            Dimension::UserAgent,
            Dimension::FromDomain,
            Dimension::ToDomain,
            Dimension::Transport,
            Dimension::Method,
            Dimension::Capture,
            Dimension::Hop,
        ];
        if let Some(digits) = text.strip_prefix("prefix:") {
            let digits = digits.parse().ok();
            let digits = digits.filter(|digits| (1..=LONGEST_PREFIX).contains(digits));
            return digits.map(Self::Prefix).ok_or_else(|| {
                format!(
                    "expected prefix: and how many digits, 1 to {LONGEST_PREFIX}, as in prefix:4"
                )
            });
        }
        ALL.into_iter()
            .find(|one| one.word() == text)
            .ok_or_else(|| {
                let names: Vec<&str> = ALL.iter().map(|one| one.word()).collect();
                let distance = |name: &&str| strsim::damerau_levenshtein(name, text);
                let nearest = names.iter().copied().min_by_key(distance);
                let meant = nearest.filter(|name| distance(name) <= 1 + name.len() / 4);
                let meant =
                    meant.map_or_else(String::new, |name| format!("; did you mean {name}?"));
                format!("expected one of {}, or prefix:4{meant}", names.join(", "))
            })
    }
}

/// What a group is called as long as nobody asks: what the wire says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Raw<'a> {
    Address(IpAddr),
    Text(&'a [u8]),
    Domain(&'a [u8]),
    /// The first digits of a number.
    Digits(&'a [u8], u8),
    Input(u16),
    Unknown,
}

impl Raw<'_> {
    pub(super) fn hash(&self, state: &mut impl Hasher) {
        match self {
            Self::Address(address) => address.hash(state),
            Self::Text(text) | Self::Domain(text) => text.hash(state),
            Self::Digits(number, digits) => digits_of(number)
                .take(usize::from(*digits))
                .for_each(|digit| digit.hash(state)),
            Self::Input(input) => input.hash(state),
            Self::Unknown => {}
        }
        // Values follow each other without a mark between them.
        0xff_u8.hash(state);
    }

    /// Returns it as outputs show it; `names` are those of the inputs. Nothing is unknown.
    pub(super) fn name(&self, names: &[String]) -> String {
        match self {
            Self::Address(address) => address.to_string(),
            Self::Text(text) => as_name(&escape(text)),
            Self::Domain(text) => as_name(&escape(&text.to_ascii_lowercase())),
            Self::Digits(number, digits) => digits_of(number)
                .take(usize::from(*digits))
                .map(char::from)
                .collect(),
            Self::Input(input) => names.get(usize::from(*input)).cloned().unwrap_or_default(),
            Self::Unknown => String::new(),
        }
    }
}

/// Returns the digits of a number, with the plus sign before them and without visual separators (RFC 3966 §3). Any of it may
/// be escaped (RFC 3261 §19.1.2).
fn digits_of(number: &[u8]) -> impl Iterator<Item = u8> {
    unescaped(number)
        .filter(|octet| !matches!(octet, b'-' | b'.' | b'(' | b')' | b' '))
        .take_while(|octet| octet.is_ascii_digit() || matches!(octet, b'+' | b'*' | b'#'))
}

/// Returns what outputs show for the hop between two points.
pub(super) fn hop_name(hop: &[String; 2]) -> String {
    let [from, to] = hop.each_ref().map(|name| escape(name.as_bytes()));
    as_name(&format!("{from}>{to}"))
}

/// What belongs to groups.
pub(super) trait Subject {
    /// Returns its value in a dimension; `side` is 0 for the source and 1 for the destination of a peer.
    fn value(&self, dimension: Dimension, side: usize) -> Raw<'_>;
}

/// Who talks to whom about what.
#[derive(Clone, Copy)]
struct Ends<'a> {
    addresses: [Option<IpAddr>; 2],
    user_agent: &'a [u8],
    from: &'a [u8],
    to: &'a [u8],
    dialled: &'a [u8],
    transport: &'static str,
    method: &'a [u8],
    input: Option<u16>,
}

impl<'a> Ends<'a> {
    fn value(self, dimension: Dimension, side: usize) -> Raw<'a> {
        let address = |side: usize| match self.addresses.get(side).copied().flatten() {
            Some(address) => Raw::Address(address),
            None => Raw::Unknown,
        };
        let domain = |uri: &'a [u8]| Raw::Domain(Uri::parse(uri).host);
        match dimension {
            Dimension::Source => address(0),
            Dimension::Destination => address(1),
            Dimension::Peer => address(side),
            Dimension::UserAgent => Raw::Text(self.user_agent),
            Dimension::FromDomain => domain(self.from),
            Dimension::ToDomain => domain(self.to),
            Dimension::Prefix(digits) => {
                Raw::Digits(Uri::parse(self.dialled).user.unwrap_or_default(), digits)
            }
            Dimension::Transport => Raw::Text(self.transport.as_bytes()),
            Dimension::Method => Raw::Text(self.method),
            Dimension::Capture => self.input.map_or(Raw::Unknown, Raw::Input),
            // It is known when all points may have seen the message.
            Dimension::Hop => Raw::Unknown,
        }
    }
}

impl Subject for Message<'_> {
    fn value(&self, dimension: Dimension, side: usize) -> Raw<'_> {
        let (head, bytes) = (self.head, self.bytes);
        let ends = Ends {
            addresses: [self.flow.src, self.flow.dst].map(|end| Some(end.ip())),
            user_agent: head.user_agent.of(bytes),
            from: uri_of(head.from.of(bytes)),
            to: uri_of(head.to.of(bytes)),
            dialled: dialled(self),
            transport: self.flow.transport.name(),
            method: match method_of(self) {
                Method::Other => b"OTHER",
                method => method.name().as_bytes(),
            },
            input: Some(self.completed_by.origin.input),
        };
        ends.value(dimension, side)
    }
}

/// Returns the URI that was dialled. Within a dialog Request-URI is the Contact of the other side, and of what either side may
/// ask nobody can tell whether To is whom was called: then it is unknown.
fn dialled<'a>(message: &Message<'a>) -> &'a [u8] {
    use Method::{
        Ack, Cancel, Invite, Message as Text, Options, Prack, Publish, Register, Subscribe,
    };
    let (head, bytes) = (message.head, message.bytes);
    let method = method_of(message);
    let is_of_caller = match head.start {
        // What is registered is in To, and where in Request-URI.
        StartLine::Request { uri, .. } if head.to_tag(bytes).is_none() && method != Register => {
            return uri.of(bytes);
        }
        StartLine::Request { .. } => matches!(method, Ack | Cancel | Prack | Subscribe | Register),
        StartLine::Response { .. } => matches!(
            method,
            Ack | Cancel | Prack | Subscribe | Register | Invite | Options | Publish | Text
        ),
    };
    match is_of_caller {
        true => uri_of(head.to.of(bytes)),
        false => &[],
    }
}

/// Returns octets with those that are escaped as what they stand for.
fn unescaped(text: &[u8]) -> impl Iterator<Item = u8> {
    let digit = |octet: Option<&u8>| char::from(*octet?).to_digit(16);
    let mut rest = text;
    std::iter::from_fn(move || {
        let (first, after) = rest.split_first()?;
        let pair = digit(after.first()).zip(digit(after.get(1)));
        let code = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        if let (b'%', Some(code)) = (*first, code) {
            rest = after.get(2..).unwrap_or_default();
            return Some(code);
        }
        rest = after;
        Some(*first)
    })
}

fn uri_of(value: &[u8]) -> &[u8] {
    NameAddr::parse(value).uri
}

impl Subject for Call {
    fn value(&self, dimension: Dimension, side: usize) -> Raw<'_> {
        let (caller, callee) = (self.caller(), self.callee());
        Ends {
            addresses: [caller.address, callee.address].map(|end| end.map(|end| end.ip())),
            user_agent: caller.user_agent,
            from: caller.uri,
            to: callee.uri,
            dialled: match self.request_uri() {
                [] => callee.uri,
                uri => uri,
            },
            transport: self.transport().name(),
            method: b"INVITE",
            input: Some(self.origin().input),
        }
        .value(dimension, side)
    }
}

impl Subject for Binding {
    fn value(&self, dimension: Dimension, side: usize) -> Raw<'_> {
        let registrant = match self.registrant() {
            [] => self.aor(),
            registrant => registrant,
        };
        Ends {
            addresses: [self.client(), self.registrar()].map(|end| end.map(|end| end.ip())),
            user_agent: self.user_agent(),
            from: registrant,
            to: self.aor(),
            dialled: self.aor(),
            transport: self.transport().name(),
            method: b"REGISTER",
            input: Some(self.input()),
        }
        .value(dimension, side)
    }
}

impl Subject for Event<'_> {
    fn value(&self, dimension: Dimension, side: usize) -> Raw<'_> {
        let (caller, callee) = (&self.caller, &self.callee);
        Ends {
            addresses: [caller.address, callee.address].map(|end| end.map(|end| end.ip())),
            user_agent: caller.user_agent,
            from: caller.uri,
            to: callee.uri,
            dialled: callee.uri,
            transport: self.transport.map_or("", |transport| transport.name()),
            method: self.method,
            input: self.began.or(self.origin).map(|origin| origin.input),
        }
        .value(dimension, side)
    }
}

/// Returns what tells the group of a subject from others, without a name being made.
pub(super) fn key(
    hasher: &DefaultHashBuilder,
    dimensions: &[Dimension],
    subject: &dyn Subject,
    side: usize,
) -> u64 {
    let mut state = hasher.build_hasher();
    for dimension in dimensions {
        subject.value(*dimension, side).hash(&mut state);
    }
    state.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_their_digits_however_written() {
        for (number, expected) in [
            (&b"+49-30.1(2)3 4"[..], "+49301234"),
            (b"%2B49%33x", "+493"),
            (b"%2b4%", "+4"),
            (b"%zz49", ""),
            (b"49%", "49"),
            (b"bob", ""),
        ] {
            let digits: String = digits_of(number).map(char::from).collect();
            assert_eq!(digits, expected);
        }
    }
}
