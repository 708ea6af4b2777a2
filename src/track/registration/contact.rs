//! The Contacts of a REGISTER and of its response (RFC 3261 §10, RFC 5626, RFC 5627).

use std::{hash::BuildHasher, net::IpAddr};

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::lower,
    sip::{
        address::NameAddr,
        param,
        uri::{Uri, unescape},
    },
};

/// Contacts that count in one message; a hostile one may have thousands.
const MAX_CONTACTS: u8 = 64;

/// Octets that are kept of the Contacts of one message, and of one of them.
const MAX_OCTETS: usize = 16 * 1024;
const MAX_CONTACT: usize = 2 * 1024;

/// How long a binding lasts when nobody says so, or when what is said is no number, in seconds (RFC 3261 §10.2, §20.19).
pub(super) const DEFAULT_EXPIRES: u32 = 3600;

/// The Contacts of one message, and its Expires.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Listing {
    /// The values, each with its length before it.
    octets: Vec<u8>,
    count: u8,
    /// Whether there were more values than are kept.
    is_capped: bool,
    /// Whether the message was captured only up to somewhere in its headers: there may be more values, and an Expires.
    pub(super) is_cut: bool,
    pub(super) expires: Option<u32>,
}

/// A Contact.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contact<'a> {
    /// The URI as it is written.
    pub(super) text: &'a [u8],
    uri: Uri<'a>,
    /// The seconds in its parameter.
    pub(super) expires: Option<u32>,
    /// The instance, without quotes and brackets (RFC 5626 §4.1).
    pub(super) instance: &'a [u8],
    /// The number of the flow, 0 when there is none.
    pub(super) reg_id: u32,
    /// Where the registrar has got it from, if it says so.
    pub(super) received: &'a [u8],
    /// The how-manieth of its message it is, from 0 on.
    pub(super) rank: u16,
}

/// What tells a binding from others of its address of record.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Identity {
    /// A hash of scheme, user, host and port (RFC 3261 §19.1.4).
    pub(super) contact: u64,
    /// A hash of the instance and the number of its flow (RFC 5626 §6); 0 when it has none.
    pub(super) flow: u32,
    /// A hash of the user.
    pub(super) user: u32,
}

impl Listing {
    /// Returns a list without Contacts, of a message that may have been cut.
    pub(super) fn new(is_cut: bool) -> Self {
        Self {
            is_cut,
            ..Self::default()
        }
    }

    /// Adds a value, unless there are too many.
    pub(super) fn push(&mut self, value: &[u8]) {
        if self.count >= MAX_CONTACTS
            || value.len() > MAX_CONTACT
            || self.octets.len() + value.len() >= MAX_OCTETS
        {
            self.is_capped = true;
            return;
        }
        self.octets.reserve_exact(2 + value.len());
        let len = (value.len() as u16).to_ne_bytes();
        self.octets.extend_from_slice(&len);
        self.octets.extend_from_slice(value);
        self.count += 1;
    }

    /// Returns whether the message has no Contact.
    pub(super) fn is_empty(&self) -> bool {
        self.octets.is_empty() && !self.is_partial()
    }

    /// Returns whether the message has, or may have, Contacts that are not in here: what is missing says nothing then.
    pub(super) const fn is_partial(&self) -> bool {
        self.is_capped || self.is_cut
    }

    /// Returns whether it removes all bindings (RFC 3261 §10.2.2).
    pub(super) fn is_star(&self) -> bool {
        self.values().next().is_some_and(|value| {
            let contact = Contact::parse(value, 0);
            // Some write the time as if it were a Contact's.
            contact.text == b"*" && contact.expires.or(self.expires) == Some(0)
        })
    }

    /// Returns its Contacts, without `*`.
    pub(super) fn contacts(&self) -> impl Iterator<Item = Contact<'_>> {
        (0..)
            .zip(self.values())
            .map(|(rank, value)| Contact::parse(value, rank))
            .filter(|contact| contact.text != b"*")
    }

    /// Returns the URI of its first Contact that is not `*`.
    pub(super) fn first_uri(&self) -> Option<&[u8]> {
        let mut uris = self.values().map(|value| NameAddr::parse(value).uri);
        uris.find(|uri| *uri != b"*")
    }

    /// Returns those of its Contacts that are to be kept.
    pub(super) fn retain(&self, mut keep: impl FnMut(&Contact<'_>) -> bool) -> Self {
        let mut kept = Self {
            expires: self.expires,
            ..Self::default()
        };
        for value in self.values() {
            let contact = Contact::parse(value, 0);
            if contact.text != b"*" && keep(&contact) {
                kept.push(value);
            }
        }
        kept
    }

    /// Returns whether all Contacts of another list are in this one.
    pub(super) fn has_all_of(&self, other: &Self) -> bool {
        let own: Vec<Contact<'_>> = self.contacts().collect();
        other
            .contacts()
            .all(|contact| own.iter().any(|own| own.uri.is_same_resource(&contact.uri)))
    }

    /// Returns how long a Contact of it is to last: its own parameter, or else Expires (RFC 3261 §10.2.1.1).
    pub(super) fn expires_of(&self, contact: &Contact<'_>) -> Option<u32> {
        contact.expires.or(self.expires)
    }

    /// Returns how much memory it takes apart from itself, in octets.
    pub(super) fn allocated(&self) -> usize {
        self.octets.capacity()
    }

    fn values(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.octets.as_slice();
        std::iter::from_fn(move || {
            let (len, behind) = rest.split_first_chunk()?;
            let (value, behind) = behind.split_at_checked(u16::from_ne_bytes(*len).into())?;
            rest = behind;
            Some(value)
        })
    }
}

impl<'a> Contact<'a> {
    fn parse(value: &'a [u8], rank: u16) -> Self {
        let value = NameAddr::parse(value);
        let mut contact = Self {
            text: value.uri,
            uri: value.parse_uri(),
            expires: None,
            instance: &[],
            reg_id: 0,
            received: &[],
            rank,
        };
        for param in param::params(value.params) {
            let is = |name: &str| param.name.eq_ignore_ascii_case(name.as_bytes());
            let text = param.value.unwrap_or_default();
            if is("expires") {
                contact.expires.get_or_insert_with(|| delta_seconds(text));
            } else if is("+sip.instance") {
                contact.instance = unbracketed(unquoted(text));
            } else if is("reg-id") && is_number(text) {
                contact.reg_id = delta_seconds(text);
            } else if is("received") {
                contact.received = unquoted(text);
            }
        }
        if contact.received.is_empty() {
            let names = ["received", "alias", "rcv"];
            let named = names.iter().find_map(|name| contact.uri.param(name));
            contact.received = unquoted(named.unwrap_or_default());
        }
        contact
    }

    /// Returns what tells the binding from others.
    pub(super) fn identity(&self, ignore_port: bool, hasher: &DefaultHashBuilder) -> Identity {
        let flow = if self.instance.is_empty() || self.reg_id == 0 {
            0
        } else {
            hasher.hash_one((self.instance, self.reg_id)) as u32 | 1
        };
        let user = user_hash(self.uri.user, hasher);
        Identity {
            contact: resource_hash(&self.uri, user, ignore_port, hasher),
            flow,
            user: user as u32,
        }
    }

    /// Returns the user in the URI.
    pub(super) const fn user(&self) -> Option<&'a [u8]> {
        self.uri.user
    }

    /// Returns the port in the URI, or the one that stands for none.
    pub(super) fn port(&self) -> u16 {
        let is_secure = self.uri.scheme.eq_ignore_ascii_case(b"sips");
        let default = if is_secure { 5061 } else { 5060 };
        self.uri.port.unwrap_or(default)
    }

    /// Returns whether it is the Contact of `user` at `ip`.
    pub(super) fn is_at(&self, user: Option<&[u8]>, ip: IpAddr) -> bool {
        is_same_user(self.uri.user, user) && host_ip(&self.uri) == Some(ip)
    }
}

impl Identity {
    /// Returns whether both are of one binding: the Contacts are, and the flows are not different.
    pub(super) const fn is_same(&self, other: &Self) -> bool {
        self.contact == other.contact && !self.differs_in_flow(other)
    }

    /// Returns whether both are of one flow of one instance.
    pub(super) const fn is_same_flow(&self, other: &Self) -> bool {
        self.flow != 0 && self.flow == other.flow
    }

    /// Returns whether both have a flow, and not the same.
    pub(super) const fn differs_in_flow(&self, other: &Self) -> bool {
        self.flow != 0 && other.flow != 0 && self.flow != other.flow
    }
}

/// Returns whether two users are the same, with escapes resolved (RFC 3261 §19.1.4).
pub(super) fn is_same_user(user: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    match (user, other) {
        (Some(user), Some(other)) => unescape(user).eq(unescape(other)),
        (None, None) => true,
        _ => false,
    }
}

/// Returns the address that a URI has for its host.
pub(super) fn host_ip(uri: &Uri<'_>) -> Option<IpAddr> {
    let host = uri
        .host
        .strip_prefix(b"[")
        .and_then(|host| host.strip_suffix(b"]"))
        .unwrap_or(uri.host);
    std::str::from_utf8(host).ok()?.parse().ok()
}

/// Returns whether an address cannot be reached from elsewhere (RFC 1918, RFC 4193, RFC 6598).
pub(super) fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let [first, second, ..] = ip.octets();
            ip.is_private() || (first == 100 && second & 0xc0 == 64)
        }
        IpAddr::V6(ip) => ip.is_unique_local(),
    }
}

/// Returns a hash that is the same for all URIs that name the same resource ([`Uri::is_same_resource`]).
fn resource_hash(uri: &Uri<'_>, user: u64, ignore_port: bool, hasher: &DefaultHashBuilder) -> u64 {
    let port = uri.port.filter(|_| !ignore_port);
    hasher.hash_one((
        lower(uri.scheme, hasher),
        user,
        lower(uri.host, hasher),
        port,
    ))
}

/// Returns a hash of a user, with escapes resolved.
fn user_hash(user: Option<&[u8]>, hasher: &DefaultHashBuilder) -> u64 {
    let Some(escaped) = user.filter(|user| user.contains(&b'%')) else {
        return hasher.hash_one(user);
    };
    let user: Vec<u8> = unescape(escaped).collect();
    hasher.hash_one(Some(user.as_slice()))
}

/// Returns the seconds that a text says; 3600 when it is no number (RFC 3261 §20.19).
pub(super) fn delta_seconds(text: &[u8]) -> u32 {
    let text = text.trim_ascii();
    if !is_number(text) {
        return DEFAULT_EXPIRES;
    }
    text.iter().fold(0_u32, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u32::from(digit.wrapping_sub(b'0')))
    })
}

fn is_number(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(u8::is_ascii_digit)
}

fn unbracketed(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"<")
        .and_then(|text| text.strip_suffix(b">"))
        .unwrap_or(text)
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"")
        .and_then(|text| text.strip_suffix(b"\""))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(expires: Option<u32>, values: &[&str]) -> Listing {
        let mut listing = Listing {
            expires,
            ..Listing::default()
        };
        for value in values {
            listing.push(value.as_bytes());
        }
        listing
    }

    fn identity(value: &str, ignore_port: bool, hasher: &DefaultHashBuilder) -> Identity {
        Contact::parse(value.as_bytes(), 0).identity(ignore_port, hasher)
    }

    #[test]
    fn the_time_asked_for_is_the_parameter_or_expires() {
        for (expires, value, expected) in [
            (None, "<sip:a@b>", None),
            (Some(900), "<sip:a@b>", Some(900)),
            (Some(900), "<sip:a@b>;expires=60", Some(60)),
            (Some(900), "<sip:a@b;expires=60>", Some(900)),
            (None, "<sip:a@b>;Expires=0", Some(0)),
            (None, "<sip:a@b>;expires=\"Thu, 01 Dec 1994\"", Some(3600)),
            (None, "<sip:a@b>;expires=-1", Some(3600)),
            (None, "<sip:a@b>;expires=99999999999", Some(u32::MAX)),
        ] {
            let listing = listing(expires, &[value]);
            let contact = listing.contacts().next().unwrap();
            assert_eq!(listing.expires_of(&contact), expected, "{value}");
        }
    }

    #[test]
    fn a_star_removes_all_only_without_time() {
        assert!(listing(Some(0), &["*"]).is_star());
        assert!(listing(None, &["*;expires=0"]).is_star());
        assert!(!listing(Some(60), &["*"]).is_star());
        assert!(!listing(None, &["*"]).is_star());
        assert!(!listing(Some(0), &["<sip:a@b>"]).is_star());
        assert_eq!(listing(Some(0), &["*", "<sip:a@b>"]).contacts().count(), 1);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut listing = Listing::default();
        for _ in 0..10_000 {
            listing.push(&[b'x'; MAX_CONTACT]);
        }
        listing.push(&[b'x'; MAX_CONTACT + 1]);
        assert!(listing.octets.len() <= MAX_OCTETS + MAX_CONTACT);
        assert!(
            listing
                .contacts()
                .all(|contact| contact.text.len() == MAX_CONTACT)
        );
        assert!(listing.is_partial());
        let none = listing.retain(|_| false);
        assert!(none.is_empty());
    }

    #[test]
    fn bindings_are_told_apart() {
        let hasher = DefaultHashBuilder::default();
        let one = "<sip:alice@192.0.2.1:5060;ob>;+sip.instance=\"<urn:uuid:1>\";reg-id=1";
        for (a, b, ignore_port, same) in [
            (
                "<sip:a@b>",
                "\"A\" <SIP:%61@B;transport=tcp>;q=1",
                false,
                true,
            ),
            ("<sip:a@b>", "<sip:a@b:5060>", false, false),
            ("<sip:a@b>", "<sip:a@b:5060>", true, true),
            ("<sip:a@b:5060>", "<sip:a@b:5062>", true, true),
            ("<sip:a@b>", "<sip:b>", false, false),
            ("<sip:%00@b>", "<sip:b>", false, false),
            (one, "<sip:alice@192.0.2.1:5060>", false, true),
            (
                one,
                "<sip:alice@192.0.2.1:5060>;+sip.instance=\"<urn:uuid:1>\";reg-id=2",
                false,
                false,
            ),
            (
                one,
                "<sip:alice@192.0.2.1:5060>;+sip.instance=\"<urn:uuid:1>\"",
                false,
                true,
            ),
            (
                one,
                "<sip:alice@192.0.2.7:5060>;+sip.instance=\"<urn:uuid:1>\";reg-id=1",
                false,
                false,
            ),
        ] {
            let identities = [a, b].map(|value| identity(value, ignore_port, &hasher));
            assert_eq!(identities[0].is_same(&identities[1]), same, "{a} {b}");
        }
    }

    #[test]
    fn private_addresses_are_known() {
        for (text, expected) in [
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.168.0.1", true),
            ("100.64.0.1", true),
            ("100.127.0.1", true),
            ("100.128.0.1", false),
            ("192.0.2.1", false),
            ("fd00::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(text.parse().unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn instances_and_addresses_are_read() {
        let text =
            b"<sip:a@10.0.0.1;alias=203.0.113.1~5060~1>;+SIP.instance=\"<urn:uuid:1>\";reg-id=x;\
            received=\"sip:203.0.113.1:61234\"";
        let contact = Contact::parse(text, 0);
        assert_eq!(contact.instance, b"urn:uuid:1");
        assert_eq!(contact.reg_id, 0);
        assert_eq!(contact.received, b"sip:203.0.113.1:61234");
        assert!(contact.is_at(Some(b"%61"), "10.0.0.1".parse().unwrap()));
        assert!(!contact.is_at(Some(b"b"), "10.0.0.1".parse().unwrap()));
    }
}
