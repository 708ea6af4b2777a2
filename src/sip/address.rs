//! Values that name somebody: From, To, Contact, Route and the like (RFC 3261 §20.10, §25.1 `name-addr`, `addr-spec`).

use std::borrow::Cow;

use memchr::{memchr, memrchr};

use super::{
    line::{find, is_token, split_around, trim},
    list::{behind_quoted, split_at},
    param,
    uri::Uri,
};

/// The parts of one value, as written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct NameAddr<'a> {
    /// The display name without the quotes around it, still escaped; empty when there is none.
    pub display_name: &'a [u8],
    /// The URI without the angle brackets around it.
    pub uri: &'a [u8],
    /// The parameters of the header, without the semicolon before the first.
    pub params: &'a [u8],
}

impl<'a> NameAddr<'a> {
    /// Takes one value apart; split lists before ([`values`](super::list::values)).
    ///
    /// Without angle brackets what follows a semicolon belongs to the header and not to the URI (RFC 3261 §20.10).
    /// Quotes and brackets that are not closed end where the next part can begin.
    ///
    /// # Examples
    /// ```
    /// use sipcap::sip::address::NameAddr;
    ///
    /// let from = NameAddr::parse(b"\"A. G. Bell\" <sip:agb@bell-telephone.com>;tag=a48s");
    /// assert_eq!(from.display_name, b"A. G. Bell");
    /// assert_eq!(from.uri, b"sip:agb@bell-telephone.com");
    /// assert_eq!(from.tag(), Some(&b"a48s"[..]));
    /// ```
    #[must_use]
    pub fn parse(value: &'a [u8]) -> Self {
        let value = trim(value);
        let (quoted, rest) = match behind_quoted(value) {
            Some(rest) => {
                let len = value.len().saturating_sub(rest.len());
                (value.get(1..len.saturating_sub(1)), rest)
            }
            None => (None, value),
        };
        let Some((name, rest)) = memchr(b'<', rest).and_then(|at| split_around(rest, at)) else {
            let (uri, params) = split_at(rest, b';').unwrap_or((rest, &[]));
            return Self {
                display_name: quoted.unwrap_or_default(),
                uri: trim(uri),
                params: trim(params),
            };
        };
        let (uri, behind) = memchr(b'>', rest)
            .and_then(|at| split_around(rest, at))
            .unwrap_or((rest, &[]));
        let params = memchr(b';', behind).and_then(|at| split_around(behind, at));
        let name = trim(name);
        Self {
            // A quote that is not closed is taken for closed before the bracket.
            display_name: quoted.unwrap_or_else(|| name.strip_prefix(b"\"").unwrap_or(name)),
            uri: trim(uri),
            params: trim(params.map_or(&[][..], |(_, params)| params)),
        }
    }

    /// Returns the URI, taken apart.
    #[must_use]
    pub fn parse_uri(&self) -> Uri<'a> {
        Uri::parse(self.uri)
    }

    /// Returns the value of a parameter of the header, empty when it has none; names are in any case.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&'a [u8]> {
        param::find(self.params, name)
    }

    /// Returns the tag, if there is one that is not empty (RFC 3261 §19.3).
    #[must_use]
    pub fn tag(&self) -> Option<&'a [u8]> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }

    /// Returns the tag in the value of From or To, which is nearly always the one parameter behind the URI.
    #[must_use]
    pub fn tag_of(value: &'a [u8]) -> Option<&'a [u8]> {
        let tag_len = value
            .iter()
            .rev()
            .take_while(|octet| is_token(**octet))
            .count();
        let (before, tag) = value.split_at(value.len().saturating_sub(tag_len));
        match (before, tag) {
            ([name_addr @ .., b'>'], []) if ends_in_uri(name_addr) => None,
            ([name_addr @ .., b'>', b';', b't', b'a', b'g', b'='], [_, ..])
                if ends_in_uri(name_addr) =>
            {
                Some(tag)
            }
            _ => Self::parse(value).tag(),
        }
    }

    /// Returns the display name with its escapes resolved and its folds taken out.
    #[must_use]
    pub fn plain_display_name(&self) -> Cow<'a, [u8]> {
        let unfolded = super::header::unfold(self.display_name);
        if memchr(b'\\', &unfolded).is_none() {
            return unfolded;
        }
        let mut plain = Vec::with_capacity(unfolded.len());
        let mut octets = unfolded.iter();
        while let Some(octet) = octets.next() {
            let octet = if *octet == b'\\' {
                octets.next().unwrap_or(octet)
            } else {
                octet
            };
            plain.push(*octet);
        }
        Cow::Owned(plain)
    }
}

/// Returns whether the text before a `>` ends in a URI that a `<` begins, and that is no part of a quoted string.
fn ends_in_uri(text: &[u8]) -> bool {
    let name_addr = match text {
        [b'"', rest @ ..] => find([b'"'], rest)
            .and_then(|end| split_around(rest, end))
            .filter(|(quoted, _)| find([b'>'], quoted).is_none())
            .map_or(text, |(_, behind)| behind),
        _ => text,
    };
    // How nearly all are written.
    if let [b'<', uri @ ..] | [b' ', b'<', uri @ ..] = name_addr
        && find([b'>', b'"'], uri).is_none()
    {
        return true;
    }
    let open = memrchr(b'<', text);
    memchr(b'>', text).is_none() && open.is_some() && open > memrchr(b'"', text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_taken_apart() {
        for (value, name, uri, params) in [
            (
                &b"Bob <sip:bob@b.com>;tag=1"[..],
                &b"Bob"[..],
                &b"sip:bob@b.com"[..],
                &b"tag=1"[..],
            ),
            (
                b"\"Bob\" <sip:bob@b.com;lr>",
                b"Bob",
                b"sip:bob@b.com;lr",
                b"",
            ),
            (b"sip:bob@b.com;tag=1", b"", b"sip:bob@b.com", b"tag=1"),
            (
                b"<sip:bob@b.com> ; tag = 1",
                b"",
                b"sip:bob@b.com",
                b"tag = 1",
            ),
            (
                b"caller<sip:a@b>;tag=323",
                b"caller",
                b"sip:a@b",
                b"tag=323",
            ),
            (
                b"Bell, Alexander <sip:a@b>",
                b"Bell, Alexander",
                b"sip:a@b",
                b"",
            ),
            (
                b"\"Watson, T\" < sip:t@e.org >",
                b"Watson, T",
                b"sip:t@e.org",
                b"",
            ),
            (
                b"\"Mr. J. User <sip:j@e.com>",
                b"Mr. J. User",
                b"sip:j@e.com",
                b"",
            ),
            (b"\"a\\\"<b\" <sip:a@b>", b"a\\\"<b", b"sip:a@b", b""),
            (b"\"\" <sip:a@b>", b"", b"sip:a@b", b""),
            (b"<sip:a@b", b"", b"sip:a@b", b""),
            (b"J\xc3\xb6rg <sip:j@b>", b"J\xc3\xb6rg", b"sip:j@b", b""),
            (b"*", b"", b"*", b""),
            (b"", b"", b"", b""),
        ] {
            let found = NameAddr::parse(value);
            let expected = NameAddr {
                display_name: name,
                uri,
                params,
            };
            assert_eq!(found, expected, "{}", value.escape_ascii());
        }
    }

    proptest::proptest! {
        #[test]
        fn the_short_road_to_a_tag_leads_to_the_same(value in "(\"[a-z<>; ]{0,5}\" ?)?<?[a-z:@;=]{0,8}>?(;tag=[a-z0-9;= \"<>]{0,8})?(;x=[a-z>\"]{0,3})?") {
            let value = value.as_bytes();
            proptest::prop_assert_eq!(NameAddr::tag_of(value), NameAddr::parse(value).tag());
        }
    }

    #[test]
    fn tags_and_names_are_read() {
        for (value, tag) in [
            (&b"<sip:a@b>;x=\"tag=2\";TAG=1"[..], Some(&b"1"[..])),
            (b"<sip:a@b;tag=no>", None),
            (b"sip:a@b;tag=", None),
            (b"sip:a@b;tag", None),
        ] {
            assert_eq!(NameAddr::parse(value).tag(), tag);
        }
        let name = NameAddr::parse(b"\"Quoted\r\n string \\\"\\\\\" <sip:a@b>");
        assert_eq!(*name.plain_display_name(), *b"Quoted string \"\\");
    }
}
