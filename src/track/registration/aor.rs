//! Addresses of record.

use std::hash::{BuildHasher, Hasher};

use hashbrown::DefaultHashBuilder;

use crate::sip::{
    address::NameAddr,
    uri::{Uri, unescape},
};

/// An address of record in its canonical form: without parameters, with escapes resolved, scheme and host in lower case
/// (RFC 3261 §10.3 step 5).
#[derive(Debug)]
pub(super) struct Aor {
    pub(super) text: Vec<u8>,
    /// A hash of that, in which no port is the default one.
    pub(super) hash: u64,
}

impl Aor {
    /// Returns the address of record that a value of To, or of From, names.
    pub(super) fn of(value: &[u8], hasher: &DefaultHashBuilder) -> Self {
        let uri = NameAddr::parse(value).parse_uri();
        let mut text = Vec::with_capacity(value.len());
        push_lower(&mut text, uri.scheme);
        if !uri.scheme.is_empty() {
            text.push(b':');
        }
        if let Some(user) = uri.user {
            push_unescaped(&mut text, user);
            if !uri.host.is_empty() {
                text.push(b'@');
            }
        }
        push_lower(&mut text, uri.host);
        let mut state = hasher.build_hasher();
        state.write(&text);
        let port = uri.port.filter(|port| *port != default_port(&uri));
        state.write_u32(port.map_or(u32::MAX, u32::from));
        if let Some(port) = uri.port {
            text.push(b':');
            text.extend_from_slice(port.to_string().as_bytes());
        }
        Self {
            text,
            hash: state.finish(),
        }
    }
}

/// Appends a text in lower case.
fn push_lower(text: &mut Vec<u8>, more: &[u8]) {
    let start = text.len();
    text.extend_from_slice(more);
    text.get_mut(start..)
        .unwrap_or_default()
        .make_ascii_lowercase();
}

/// Appends a text with its escapes resolved, if it has any.
fn push_unescaped(text: &mut Vec<u8>, more: &[u8]) {
    if more.contains(&b'%') {
        text.extend(unescape(more));
    } else {
        text.extend_from_slice(more);
    }
}

fn default_port(uri: &Uri<'_>) -> u16 {
    if uri.scheme.eq_ignore_ascii_case(b"sips") {
        5061
    } else {
        5060
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_the_same() {
        let hasher = DefaultHashBuilder::default();
        let hash = |text: &str| Aor::of(text.as_bytes(), &hasher).hash;
        let alice = hash("<sip:alice@example.com>");
        for (text, same, canonical) in [
            (
                "\"A\" <SIP:%61lice@EXAMPLE.com;user=phone>;tag=1",
                true,
                "sip:alice@example.com",
            ),
            ("sip:alice@example.com;tag=1", true, "sip:alice@example.com"),
            (
                "<sip:alice@example.com:5060>",
                true,
                "sip:alice@example.com:5060",
            ),
            (
                "<sip:alice@example.com:5061>",
                false,
                "sip:alice@example.com:5061",
            ),
            ("<sips:alice@example.com>", false, "sips:alice@example.com"),
            ("<sip:Alice@example.com>", false, "sip:Alice@example.com"),
            ("<sip:example.com>", false, "sip:example.com"),
            ("<tel:+1-555;phone-context=x>", false, "tel:+1-555"),
            ("", false, ""),
        ] {
            let aor = Aor::of(text.as_bytes(), &hasher);
            assert_eq!(aor.text.escape_ascii().to_string(), canonical, "{text}");
            assert_eq!(aor.hash == alice, same, "{text}");
        }
    }
}
