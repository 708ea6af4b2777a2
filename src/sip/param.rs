//! Parameters: `;name=value` behind header values and in URIs (RFC 3261 §7.3.1).

use super::{
    line::{split_around, trim},
    list::split_at,
};
use memchr::memchr;

/// A parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Param<'a> {
    /// Its name.
    pub name: &'a [u8],
    /// Its value as written, quotes included; `None` when there is no `=`.
    pub value: Option<&'a [u8]>,
}

/// Returns the parameters in `text`, with or without a semicolon before the first; empty ones are left out.
#[must_use]
pub fn params(text: &[u8]) -> Params<'_> {
    Params { rest: text }
}

/// Returns the value of the first parameter of this name, in any case; empty when it has none.
#[must_use]
pub fn find<'a>(text: &'a [u8], name: &str) -> Option<&'a [u8]> {
    params(text)
        .find(|param| param.name.eq_ignore_ascii_case(name.as_bytes()))
        .map(|param| param.value.unwrap_or_default())
}

/// Parameters, in their order.
#[derive(Clone, Debug)]
pub struct Params<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let (param, rest) = split_at(self.rest, b';').unwrap_or((self.rest, &[]));
            self.rest = rest;
            let equals = memchr(b'=', param).and_then(|at| split_around(param, at));
            let (name, value) = match equals {
                Some((name, value)) => (trim(name), Some(trim(value))),
                None => (trim(param), None),
            };
            if !name.is_empty() {
                return Some(Param { name, value });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_one_by_one() {
        let text = b";tag = a1 ;;lr; x=\"a;b=c\";y=\r\n z;=1";
        let found: Vec<_> = params(text)
            .map(|param| (param.name, param.value))
            .collect();
        assert_eq!(
            found,
            [
                (&b"tag"[..], Some(&b"a1"[..])),
                (b"lr", None),
                (b"x", Some(b"\"a;b=c\"")),
                (b"y", Some(b"z")),
            ]
        );
        assert_eq!(find(text, "TAG"), Some(&b"a1"[..]));
        assert_eq!(find(text, "lr"), Some(&b""[..]));
        assert_eq!(find(text, "ta"), None);
    }
}
