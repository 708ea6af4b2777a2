//! Via: the way that a request took (RFC 3261 §20.42, RFC 3581).

use super::{
    line::{is_space, is_token, split_around, split_token, trim, trim_start},
    list::split_at,
    param,
    uri::split_host_port,
};

use memchr::memchr;

/// What the branch of every request by RFC 3261 begins with (§8.1.1.7).
pub const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

/// The parts of one value, as written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Via<'a> {
    /// The transport, in the case of the sender.
    pub transport: &'a [u8],
    /// The host of sent-by; an IPv6 address is in brackets.
    pub host: &'a [u8],
    /// The port of sent-by.
    pub port: Option<u16>,
    /// The parameters, without the semicolon before the first.
    pub params: &'a [u8],
}

impl<'a> Via<'a> {
    /// Takes one value apart; split lists before ([`values`](super::list::values)).
    ///
    /// White space may be around the slashes and the colon (RFC 4475 §3.1.1.1). `None` when it does not begin with
    /// protocol, version and transport.
    ///
    /// # Examples
    /// ```
    /// use sipcap::sip::via::Via;
    ///
    /// let via = Via::parse(b"SIP/2.0/UDP pc33.atlanta.com:5066;branch=z9hG4bK776asdhds;rport").unwrap();
    /// assert_eq!((via.host, via.port), (&b"pc33.atlanta.com"[..], Some(5066)));
    /// assert_eq!(via.branch(), Some(&b"z9hG4bK776asdhds"[..]));
    /// ```
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        Self::parse_plain(value).or_else(|| Self::parse_any(value))
    }

    fn parse_any(value: &'a [u8]) -> Option<Self> {
        let (_, rest) = word_and_slash(value)?;
        let (_, rest) = word_and_slash(rest)?;
        let (transport, rest) = split_token(trim_start(rest));
        let (sent_by, params) = split_at(rest, b';').unwrap_or((rest, &[]));
        let (host, port) = split_host_port(without_comment(trim(sent_by)));
        (!transport.is_empty() && !host.is_empty()).then_some(Self {
            transport,
            host,
            port,
            params: trim(params),
        })
    }

    /// Takes one value apart that is written as nearly all are; [`Self::parse_any`] says the same of it.
    fn parse_plain(value: &'a [u8]) -> Option<Self> {
        let rest = value.strip_prefix(b"SIP/2.0/")?;
        let (transport, rest) = split_around(rest, memchr(b' ', rest)?)?;
        let (sent_by, params) = match memchr(b';', rest) {
            Some(at) => split_around(rest, at)?,
            None => (rest, &[][..]),
        };
        let (host, port) = match memchr(b':', sent_by).and_then(|at| split_around(sent_by, at)) {
            Some((host, digits)) => (host, Some(short_number(digits)?)),
            None => (sent_by, None),
        };
        let is_host = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-');
        let is_plain = transport.iter().all(u8::is_ascii_alphanumeric)
            && !transport.is_empty()
            && !host.is_empty()
            && host.iter().all(is_host);
        is_plain.then_some(Self {
            transport,
            host,
            port,
            params: trim(params),
        })
    }

    /// Returns the value of a parameter, empty when it has none; names are in any case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        param::find(self.params, name)
    }

    /// Returns the branch, if there is one that is not empty.
    #[must_use]
    pub fn branch(&self) -> Option<&'a [u8]> {
        // Nearly always the first one.
        let first = self.params.strip_prefix(b"branch=").map(|rest| {
            let end = memchr(b';', rest).unwrap_or(rest.len());
            rest.get(..end).unwrap_or(rest)
        });
        let branch = match first {
            Some(branch) if branch.iter().all(|octet| is_token(*octet)) => Some(branch),
            _ => self.param("branch"),
        };
        branch.filter(|branch| !branch.is_empty())
    }

    /// Returns the branch if it identifies a transaction: the magic cookie and something behind it (RFC 4475 §3.2.1).
    #[must_use]
    pub fn transaction_id(&self) -> Option<&'a [u8]> {
        self.branch()
            .filter(|branch| branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE))
    }
}

/// Returns the number of one to four digits.
fn short_number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let add = |sum: u16, digit: &u8| {
        sum.saturating_mul(10)
            .saturating_add(u16::from(digit.saturating_sub(b'0')))
    };
    Some(digits.iter().fold(0, add))
}

/// Splits off a token and the slash behind it, white space around both left out.
fn word_and_slash(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let (word, rest) = split_token(trim_start(text));
    let rest = trim_start(rest).strip_prefix(b"/")?;
    (!word.is_empty()).then_some((word, rest))
}

/// Returns sent-by without the comment that RFC 2543 allowed behind it.
fn without_comment(sent_by: &[u8]) -> &[u8] {
    let comment = sent_by
        .windows(2)
        .position(|pair| matches!(pair, [space, b'('] if is_space(*space)));
    comment.and_then(|at| sent_by.get(..at)).unwrap_or(sent_by)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_apart() {
        for (value, transport, host, port, branch) in [
            (
                &b"SIP/2.0/UDP a.com;branch=z9hG4bK1"[..],
                &b"UDP"[..],
                &b"a.com"[..],
                None,
                Some(&b"z9hG4bK1"[..]),
            ),
            (
                b"SIP  / 2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw",
                b"UDP",
                b"192.0.2.2",
                None,
                Some(b"390skdjuw"),
            ),
            (
                b"SIP/2.0/TLS-SCTP [2001:db8::9] : 5061 ;branch=",
                b"TLS-SCTP",
                b"[2001:db8::9]",
                Some(5061),
                None,
            ),
            (b"SIP/2.0/UNKNOWN t5.com", b"UNKNOWN", b"t5.com", None, None),
            (
                b"SIP/2.0/UDP a.com (Acme; proxy);branch=x",
                b"UDP",
                b"a.com",
                None,
                Some(b"x"),
            ),
            (
                b"SIP/2.0/UDP a.com;;,;,,branch=z",
                b"UDP",
                b"a.com",
                None,
                None,
            ),
        ] {
            let via = Via::parse(value).unwrap();
            assert_eq!((via.transport, via.host, via.port), (transport, host, port));
            assert_eq!(via.branch(), branch, "{}", value.escape_ascii());
        }
        for value in [
            &b""[..],
            b"SIP/2.0",
            b"SIP/2.0/UDP",
            b"a.com;branch=x",
            b"/2.0/UDP a",
        ] {
            assert_eq!(Via::parse(value), None, "{}", value.escape_ascii());
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_road_leads_to_the_same(value in "(SIP/2.0/)?(UDP|TCP|X-1)? ?[a-z0-9.:@;= -]{0,24}(;branch=[a-z;=\" ]{0,8})?(;[a-z=]{0,6})?") {
            let value = value.as_bytes();
            if let Some(via) = Via::parse_plain(value) {
                proptest::prop_assert_eq!(Some(via), Via::parse_any(value));
            }
            if let Some(via) = Via::parse(value) {
                let slow = via.param("branch").filter(|branch| !branch.is_empty());
                proptest::prop_assert_eq!(via.branch(), slow);
            }
        }
    }

    #[test]
    fn the_cookie_alone_identifies_nothing() {
        for (value, id) in [
            (
                &b"SIP/2.0/UDP a;branch=z9hG4bK1"[..],
                Some(&b"z9hG4bK1"[..]),
            ),
            (b"SIP/2.0/UDP a;branch=z9hG4bK", None),
            (b"SIP/2.0/UDP a;branch=1", None),
        ] {
            assert_eq!(Via::parse(value).unwrap().transaction_id(), id);
        }
    }
}
