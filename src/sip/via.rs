//! Via: the way that a request took (RFC 3261 §20.42, RFC 3581).

use super::{
    line::{find, is_space, split_token, trim, trim_start},
    list::split_at,
    param,
    uri::split_host_port,
};

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
        let (transport, rest) = split_while(rest, u8::is_ascii_alphanumeric);
        let rest = rest.strip_prefix(b" ")?;
        let (host, rest) = split_while(rest, |octet| {
            IS_HOST.get(usize::from(*octet)) == Some(&true)
        });
        let (port, rest) = match rest {
            [b':', rest @ ..] => {
                let (digits, rest) = split_while(rest, u8::is_ascii_digit);
                (Some(port_number(digits)?), rest)
            }
            rest => (None, rest),
        };
        let params = match rest {
            [b';', params @ ..] => params,
            [] => &[],
            _ => return None,
        };
        (!transport.is_empty() && !host.is_empty()).then_some(Self {
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
        let first = self.params.strip_prefix(b"branch=").and_then(plain_value);
        let branch = first.or_else(|| self.param("branch"));
        branch.filter(|branch| !branch.is_empty())
    }

    /// Returns the branch if it identifies a transaction: the magic cookie and something behind it (RFC 4475 §3.2.1).
    #[must_use]
    pub fn transaction_id(&self) -> Option<&'a [u8]> {
        self.branch()
            .filter(|branch| branch.len() > MAGIC_COOKIE.len() && branch.starts_with(MAGIC_COOKIE))
    }
}

/// The octets of host names and IPv4 addresses.
const IS_HOST: [bool; 256] = host_table();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time only"
)]
const fn host_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut octet: u8 = 0;
    while octet < 128 {
        table[octet as usize] = octet.is_ascii_alphanumeric() || matches!(octet, b'.' | b'-');
        octet += 1;
    }
    table
}

/// Returns the value up to the next parameter, unless it has anything in it that takes a closer look.
fn plain_value(text: &[u8]) -> Option<&[u8]> {
    match find(*b";\"<( \t\r\n", text).map(|end| text.split_at_checked(end)) {
        None => Some(text),
        Some(Some((value, [b';', ..]))) => Some(value),
        Some(_) => None,
    }
}

/// Splits off the octets that `text` begins with for which `holds` is true.
#[inline(always)]
fn split_while(text: &[u8], holds: impl Fn(&u8) -> bool) -> (&[u8], &[u8]) {
    let len = text.iter().position(|octet| !holds(octet));
    text.split_at_checked(len.unwrap_or(text.len()))
        .unwrap_or_default()
}

/// Returns the port that one to five digits say.
fn port_number(digits: &[u8]) -> Option<u16> {
    if digits.is_empty() || digits.len() > 5 {
        return None;
    }
    let add = |sum: u32, digit: &u8| {
        sum.wrapping_mul(10)
            .wrapping_add(u32::from(digit.wrapping_sub(b'0')))
    };
    u16::try_from(digits.iter().fold(0, add)).ok()
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
