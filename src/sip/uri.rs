//! URIs: sip, sips, tel and whatever else stands in their place (RFC 3261 §19.1, RFC 3966).

use memchr::{memchr, memrchr};

use super::{
    line::{split_around, trim},
    list::split_at,
};

/// The parts of a URI, as written and still escaped.
///
/// Any text can be taken apart: what is missing is empty. The number of a tel URI is its user, what follows the scheme
/// of a URI without `@` its host.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Uri<'a> {
    /// The scheme without its colon.
    pub scheme: &'a [u8],
    /// The user with the parameters that belong to it, without the password.
    pub user: Option<&'a [u8]>,
    /// The password.
    pub password: Option<&'a [u8]>,
    /// The host; an IPv6 address is in brackets.
    pub host: &'a [u8],
    /// The port.
    pub port: Option<u16>,
    /// The parameters, without the semicolon before the first.
    pub params: &'a [u8],
    /// The headers, without the question mark before the first.
    pub headers: &'a [u8],
}

impl<'a> Uri<'a> {
    /// Takes a URI apart; angle brackets around it are left out (RFC 4475 §3.1.2.7).
    ///
    /// # Examples
    /// ```
    /// use sipcap::sip::uri::Uri;
    ///
    /// let uri = Uri::parse(b"sip:+1212;isub=1@gw.com:5070;user=phone?Subject=hi");
    /// assert_eq!(uri.user, Some(&b"+1212;isub=1"[..]));
    /// assert_eq!((uri.host, uri.port), (&b"gw.com"[..], Some(5070)));
    /// assert_eq!(uri.params, b"user=phone");
    /// ```
    #[must_use]
    pub fn parse(text: &'a [u8]) -> Self {
        let text = trim(text);
        let text = text.strip_prefix(b"<").unwrap_or(text);
        let text = trim(text.strip_suffix(b">").unwrap_or(text));
        let (scheme, text) = split_scheme(text);
        let (text, headers) = memchr(b'?', text)
            .and_then(|at| split_around(text, at))
            .unwrap_or((text, &[]));
        if scheme.eq_ignore_ascii_case(b"tel") {
            let (number, params) = split_params(text);
            return Self {
                scheme,
                user: Some(number),
                params,
                headers,
                ..Self::default()
            };
        }
        let (user_info, text) = match memrchr(b'@', text).and_then(|at| split_around(text, at)) {
            Some((user_info, text)) => (Some(user_info), text),
            None => (None, text),
        };
        let password = |info: &'a [u8]| split_around(info, memchr(b':', info)?);
        let (user, password) = match user_info.map(|info| (info, password(info))) {
            Some((_, Some((user, password)))) => (Some(user), Some(password)),
            Some((user, None)) => (Some(user), None),
            None => (None, None),
        };
        let (host_port, params) = split_params(text);
        let (host, port) = split_host_port(host_port);
        Self {
            scheme,
            user,
            password,
            host,
            port,
            params,
            headers,
        }
    }

    /// Returns the value of a parameter, empty when it has none; names are in any case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        super::param::find(self.params, name)
    }

    /// Returns whether both name the same resource, going by scheme, user, host and port only (RFC 3261 §19.1.4).
    ///
    /// Users are compared with escapes resolved and in their case, hosts in any case; no port differs from port 5060.
    #[must_use]
    pub fn is_same_resource(&self, other: &Self) -> bool {
        self.scheme.eq_ignore_ascii_case(other.scheme)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port == other.port
            && match (self.user, other.user) {
                (Some(user), Some(other)) => unescape(user).eq(unescape(other)),
                (None, None) => true,
                _ => false,
            }
    }
}

/// Returns the octets of `text` with `%HH` resolved; a `%` that begins no escape stands for itself.
pub fn unescape(text: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (octet, behind) = rest.split_first()?;
        if let [b'%', high, low, behind @ ..] = rest
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            rest = behind;
            return Some(high << 4 | low);
        }
        rest = behind;
        Some(*octet)
    })
}

/// Returns the value of a hexadecimal digit.
pub(super) const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit.wrapping_sub(b'0')),
        b'a'..=b'f' => Some(digit.wrapping_sub(b'a').wrapping_add(10)),
        b'A'..=b'F' => Some(digit.wrapping_sub(b'A').wrapping_add(10)),
        _ => None,
    }
}

/// Splits off the scheme (RFC 3986 §3.1); empty when there is none, as in `host:5060`.
fn split_scheme(text: &[u8]) -> (&[u8], &[u8]) {
    let parts = memchr(b':', text).and_then(|at| split_around(text, at));
    match parts {
        Some((scheme, rest))
            if is_scheme(scheme)
                && !rest.first().is_none_or(|octet| is_port_of(*octet, scheme)) =>
        {
            (scheme, rest)
        }
        _ => (&[], text),
    }
}

/// Returns whether a text can be the scheme of a URI.
pub(super) fn is_scheme(text: &[u8]) -> bool {
    matches!(text, [first, rest @ ..] if first.is_ascii_alphabetic()
        && rest.iter().all(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'-' | b'.')))
}

/// Returns whether what follows the colon behind `name` is a port and `name` therefore a host.
fn is_port_of(first: u8, name: &[u8]) -> bool {
    first.is_ascii_digit() && memchr(b'.', name).is_some()
}

fn split_params(text: &[u8]) -> (&[u8], &[u8]) {
    split_at(text, b';').unwrap_or((text, &[]))
}

/// Splits `host:port`, also with white space around the colon; an IPv6 address without brackets has no port.
pub(super) fn split_host_port(text: &[u8]) -> (&[u8], Option<u16>) {
    let text = trim(text);
    let bracket = text
        .first()
        .filter(|octet| **octet == b'[')
        .and_then(|_| memchr(b']', text))
        .and_then(|at| text.split_at_checked(at.saturating_add(1)));
    let (host, port) = match bracket {
        Some((host, rest)) => (host, trim(rest).strip_prefix(b":")),
        None => match memchr(b':', text).and_then(|at| split_around(text, at)) {
            Some((host, port)) if trim(port).iter().all(u8::is_ascii_digit) => (host, Some(port)),
            _ => (text, None),
        },
    };
    (trim(host), port.and_then(parse_port))
}

fn parse_port(text: &[u8]) -> Option<u16> {
    let number = super::cseq::saturating_number(trim(text))?;
    u16::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Scheme, user, host, port, parameters and headers, `-` for what is absent.
    fn parts(text: &str) -> String {
        let uri = Uri::parse(text.as_bytes());
        let show = |part: &[u8]| String::from_utf8_lossy(part).into_owned();
        let user = uri.user.map_or_else(|| "-".to_owned(), show);
        let port = uri
            .port
            .map_or_else(|| "-".to_owned(), |port| port.to_string());
        let fields = [
            show(uri.scheme),
            user,
            show(uri.host),
            port,
            show(uri.params),
            show(uri.headers),
        ];
        fields.join("|")
    }

    #[test]
    fn uris_are_taken_apart() {
        for (text, expected) in [
            ("sip:bob@biloxi.com", "sip|bob|biloxi.com|-||"),
            (
                "SIPS:bob:pw@biloxi.com:5061;lr?a=b",
                "SIPS|bob|biloxi.com|5061|lr|a=b",
            ),
            ("sip:biloxi.com", "sip|-|biloxi.com|-||"),
            ("sip:[2001:db8::10]:5070", "sip|-|[2001:db8::10]|5070||"),
            ("sip:[2001:db8::10:5070]", "sip|-|[2001:db8::10:5070]|-||"),
            ("sip:2001:db8::10", "sip|-|2001:db8::10|-||"),
            (
                "sip:user;par=u%40example.net@example.com",
                "sip|user;par=u%40example.net|example.com|-||",
            ),
            ("sip:a@b@c", "sip|a@b|c|-||"),
            ("sip:a@b?Replaces=x@y", "sip|a|b|-||Replaces=x@y"),
            ("<sip:a@b>", "sip|a|b|-||"),
            ("<  sip:a@b  >", "sip|a|b|-||"),
            (
                "tel:+358-555-1234567;phone-context=x",
                "tel|+358-555-1234567||-|phone-context=x|",
            ),
            ("urn:service:sos", "urn|-|service:sos|-||"),
            (
                "nobodyKnowsThisScheme:totallyopaquecontent",
                "nobodyKnowsThisScheme|-|totallyopaquecontent|-||",
            ),
            ("10.0.0.1:5060", "|-|10.0.0.1|5060||"),
            ("bob@biloxi.com", "|bob|biloxi.com|-||"),
            ("a.example:5060", "|-|a.example|5060||"),
            ("sip:a@b:99999", "sip|a|b|-||"),
            ("*", "|-|*|-||"),
            ("", "|-||-||"),
        ] {
            assert_eq!(parts(text), expected, "{text}");
        }
    }

    #[test]
    fn resources_are_compared_by_rfc_3261_19_1_4() {
        for (a, b, same) in [
            ("sip:%61lice@atlanta.com", "sip:alice@AtLanTa.CoM", true),
            ("sip:alice@a.com;transport=tcp", "sip:alice@a.com", true),
            ("sip:ALICE@a.com", "sip:alice@a.com", false),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060", false),
            ("sip:bob@biloxi.com", "sips:bob@biloxi.com", false),
            ("sip:biloxi.com", "sip:bob@biloxi.com", false),
            ("sip:null-%00-null@e.com", "sip:%00@e.com", false),
            ("sip:%00@e.com", "sip:%00%00@e.com", false),
        ] {
            let (one, other) = (Uri::parse(a.as_bytes()), Uri::parse(b.as_bytes()));
            assert_eq!(one.is_same_resource(&other), same, "{a} {b}");
        }
    }

    #[test]
    fn escapes_are_resolved() {
        let text: Vec<u8> = unescape(b"%41%z%4%00%").collect();
        assert_eq!(text, b"A%z%4\0%");
    }
}
