//! What a 2xx to REGISTER says, row by row.
//!
//! Only the first Contact of a REGISTER is followed, and of a 2xx no more than ten are looked at.

use crate::{
    sip::{
        HeaderName,
        address::NameAddr,
        list,
        uri::{Uri, unescape},
    },
    track::{TrackOptions, seen::Seen, timeouts::SECOND},
};

/// Contacts of a response that are looked at.
const MAX_CONTACTS: usize = 10;

/// How long a binding lasts whose `expires` cannot be read (RFC 3261 §10.2.1.1).
const MALFORMED: u32 = 3600;

/// What became of the binding.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// It was only asked for.
    Fetched,
    /// It is there.
    Bound {
        /// How long it was granted for, in seconds.
        expires: u32,
        /// How long until it has expired, in nanoseconds.
        lifetime: i64,
    },
    /// It is gone.
    Removed,
    /// All of the address of record are gone.
    AllRemoved,
}

/// Returns what a 2xx says of the Contact that was `requested`, if the request was seen; it is empty when it had none.
pub(super) fn verdict(
    seen: &Seen<'_>,
    requested: Option<&[u8]>,
    options: &TrackOptions,
) -> Verdict {
    let Some(requested) = requested else {
        return match contacts(seen).filter_map(|(_, expires)| expires).max() {
            None | Some(0) => Verdict::Removed,
            Some(expires) => Verdict::Bound {
                expires,
                lifetime: i64::from(expires) * SECOND,
            },
        };
    };
    let granted = || {
        contacts(seen)
            .find(|(contact, _)| is_same(contact, requested, options.contact_ignore_port))
            .map(|(_, expires)| expires)
    };
    match requested {
        b"" => Verdict::Fetched,
        b"*" => Verdict::AllRemoved,
        _ => match granted() {
            None | Some(Some(0)) => Verdict::Removed,
            Some(expires) => {
                let expires = expires.unwrap_or_default();
                Verdict::Bound {
                    expires,
                    lifetime: (i64::from(expires) * SECOND)
                        .saturating_add(options.reg_expiry_grace),
                }
            }
        },
    }
}

/// Returns the Contacts of a response, each with the seconds it was granted for.
fn contacts<'a>(seen: &Seen<'a>) -> impl Iterator<Item = (&'a [u8], Option<u32>)> {
    let of_all = seen.header(HeaderName::Expires).map(seconds);
    seen.headers(HeaderName::Contact)
        .flat_map(list::values)
        .take(MAX_CONTACTS)
        .map(move |value| {
            let contact = NameAddr::parse(value);
            let expires = contact.param("expires").map(seconds);
            (contact.uri, expires.or(of_all))
        })
}

/// Reads a number of seconds.
fn seconds(text: &[u8]) -> u32 {
    let text = text.strip_prefix(b"\"").unwrap_or(text);
    let text = text.strip_suffix(b"\"").unwrap_or(text);
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return MALFORMED;
    }
    text.iter().fold(0_u32, |sum, digit| {
        sum.saturating_mul(10)
            .saturating_add(u32::from(digit - b'0'))
    })
}

/// Returns whether two Contacts are the same, going by scheme, user, host and port only.
pub(super) fn is_same(contact: &[u8], other: &[u8], ignore_port: bool) -> bool {
    let (mut uri, mut other_uri) = (Uri::parse(contact), Uri::parse(other));
    if uri.scheme.is_empty() || other_uri.scheme.is_empty() {
        return contact.eq_ignore_ascii_case(other);
    }
    if ignore_port {
        uri.port = None;
        other_uri.port = None;
    }
    uri.is_same_resource(&other_uri)
}

/// Returns the address of record that a URI in To is: scheme, user, host and port.
pub(super) fn aor(uri: &[u8]) -> Vec<u8> {
    let parts = Uri::parse(uri);
    if parts.scheme.is_empty() {
        return uri.to_ascii_lowercase();
    }
    let mut aor = parts.scheme.to_ascii_lowercase();
    aor.push(b':');
    if let Some(user) = parts.user {
        aor.extend(unescape(user));
        if !parts.host.is_empty() {
            aor.push(b'@');
        }
    }
    aor.extend(parts.host.to_ascii_lowercase());
    if let Some(port) = parts.port {
        aor.extend(format!(":{port}").bytes());
    }
    aor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_record_are_short() {
        for (uri, expected) in [
            ("sip:Bob@Example.COM;transport=tcp", "sip:Bob@example.com"),
            ("SIP:%62ob@example.com:5070?x=y", "sip:bob@example.com:5070"),
            ("sip:example.com", "sip:example.com"),
            ("tel:+1212;phone-context=x", "tel:+1212"),
            ("Nonsense", "nonsense"),
        ] {
            assert_eq!(aor(uri.as_bytes()), expected.as_bytes(), "{uri}");
        }
    }

    #[test]
    fn contacts_are_compared_without_parameters() {
        for (one, other, is_equal, is_equal_without_port) in [
            ("sip:c@a;x=1", "SIP:c@A", true, true),
            ("sip:c@a:5060", "sip:c@a", false, true),
            ("sip:c@a:5060", "sip:c@a:5062", false, true),
            ("sip:c@a", "sip:d@a", false, false),
            ("sip:c@a", "sips:c@a", false, false),
            ("c at a", "C AT A", true, true),
        ] {
            let (one, other) = (one.as_bytes(), other.as_bytes());
            assert_eq!(is_same(one, other, false), is_equal);
            assert_eq!(is_same(one, other, true), is_equal_without_port);
        }
    }

    #[test]
    fn seconds_are_read() {
        for (text, expected) in [
            ("60", 60),
            ("\"60\"", 60),
            ("99999999999", u32::MAX),
            ("", MALFORMED),
            ("1h", MALFORMED),
        ] {
            assert_eq!(seconds(text.as_bytes()), expected);
        }
    }
}
