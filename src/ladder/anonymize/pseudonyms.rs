//! Which pseudonym stands for what.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::ladder::sdp::is_private;

/// Digits at the end of a number that make it the same one, however it is dialled.
const SAME_DIGITS: usize = 7;

/// What a pseudonym stands for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    User,
    Number,
    Name,
    Host,
    CallId,
    Tag,
    Branch,
    Agent,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Number => "number",
            Self::Name => "name",
            Self::Host => "host",
            Self::CallId => "call-id",
            Self::Tag => "tag",
            Self::Branch => "branch",
            Self::Agent => "agent",
        }
    }

    fn pseudonym(self, number: usize) -> String {
        match self {
            Self::User => format!("user{number}"),
            Self::Number => format!("555{number:04}"),
            Self::Name => format!("Name {number}"),
            Self::Host => format!("host{number}.example"),
            Self::CallId => format!("call-{number}"),
            Self::Tag => format!("tag{number}"),
            Self::Branch => format!("branch{number}"),
            Self::Agent => format!("Agent {number}"),
        }
    }
}

/// All pseudonyms that were given.
#[derive(Debug, Default)]
pub(super) struct Pseudonyms {
    texts: BTreeMap<(Kind, Vec<u8>), String>,
    counts: BTreeMap<Kind, usize>,
    addresses: BTreeMap<IpAddr, IpAddr>,
    /// Addresses of each kind: private and public ones of IPv4, then of IPv6.
    address_counts: [u32; 4],
}

impl Pseudonyms {
    /// Returns the pseudonym of a text.
    pub(super) fn text(&mut self, kind: Kind, original: &[u8]) -> String {
        let key = (kind, original.to_vec());
        if let Some(known) = self.texts.get(&key) {
            return known.clone();
        }
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        let pseudonym = kind.pseudonym(*count);
        self.texts.insert(key, pseudonym.clone());
        pseudonym
    }

    /// Returns the pseudonym of the user part of a URI: a number for a number, a name for a name.
    pub(super) fn user(&mut self, user: &[u8]) -> String {
        let visual = |octet: &u8| matches!(octet, b'-' | b'.' | b'(' | b')' | b' ');
        let number: Vec<u8> = user
            .iter()
            .copied()
            .filter(|octet| !visual(octet))
            .collect();
        let plus = number.strip_prefix(b"+");
        let digits = plus.unwrap_or(&number);
        let is_number = digits.len() >= 3
            && digits
                .iter()
                .all(|octet| octet.is_ascii_digit() || matches!(octet, b'*' | b'#'));
        if !is_number {
            return self.text(Kind::User, user);
        }
        let last = digits.get(digits.len().saturating_sub(SAME_DIGITS)..);
        let pseudonym = self.text(Kind::Number, last.unwrap_or(digits));
        // How it is dialled tells nothing of who it is.
        match (plus, digits.strip_prefix(b"00")) {
            (Some(_), _) => format!("+1{pseudonym}"),
            (None, Some(_)) if digits.len() > SAME_DIGITS => format!("001{pseudonym}"),
            _ => pseudonym,
        }
    }

    /// Returns the pseudonym of a host, which is a name or an address, in brackets or not.
    pub(super) fn host(&mut self, host: &[u8]) -> String {
        let text = std::str::from_utf8(host).unwrap_or_default();
        let inner = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'));
        match inner.unwrap_or(text).parse() {
            Ok(IpAddr::V6(ip)) => match self.ip(IpAddr::V6(ip)) {
                IpAddr::V6(ip) if inner.is_some() => format!("[{ip}]"),
                ip => ip.to_string(),
            },
            Ok(ip) => self.ip(ip).to_string(),
            Err(_) => self.text(Kind::Host, &host.to_ascii_lowercase()),
        }
    }

    /// Returns the pseudonym of an address: a private one for a private one.
    pub(super) fn ip(&mut self, ip: IpAddr) -> IpAddr {
        let ip = ip.to_canonical();
        // These say that there is nobody.
        if ip.is_unspecified() || ip.is_loopback() {
            return ip;
        }
        if let Some(known) = self.addresses.get(&ip) {
            return *known;
        }
        let kind = usize::from(ip.is_ipv6()) * 2 + usize::from(!is_private(ip));
        let mut number = 1;
        if let Some(count) = self.address_counts.get_mut(kind) {
            *count = count.wrapping_add(1);
            number = *count;
        }
        let pseudonym = address(kind, number);
        self.addresses.insert(ip, pseudonym);
        pseudonym
    }

    /// Returns all pseudonyms with what they stand for.
    pub(super) fn all(&self) -> Vec<(&'static str, &str, &[u8])> {
        let texts = self.texts.iter();
        texts
            .map(|((kind, original), pseudonym)| {
                (kind.name(), pseudonym.as_str(), original.as_slice())
            })
            .collect()
    }

    /// Returns all addresses with their pseudonyms.
    pub(super) fn addresses(&self) -> impl Iterator<Item = (IpAddr, IpAddr)> {
        self.addresses
            .iter()
            .map(|(ip, pseudonym)| (*ip, *pseudonym))
    }
}

/// Returns an address for documentation (RFC 5737, RFC 3849), for benchmarks when there are many (RFC 2544), or a private one.
fn address(kind: usize, number: u32) -> IpAddr {
    let [_, high, middle, low] = number.to_be_bytes();
    let v6 = |first: u16| {
        let second = if first == 0xfd00 { 0 } else { 0x0db8 };
        Ipv6Addr::new(
            first,
            second,
            0,
            0,
            0,
            0,
            (number >> 16) as u16,
            (number & 0xffff) as u16,
        )
    };
    match (kind, number) {
        (0, _) => Ipv4Addr::new(10, high, middle, low).into(),
        (1, 1..=254) => Ipv4Addr::new(192, 0, 2, low).into(),
        (1, _) => Ipv4Addr::new(198, 18 + (high & 1), middle, low).into(),
        (2, _) => v6(0xfd00).into(),
        _ => v6(0x2001).into(),
    }
}
