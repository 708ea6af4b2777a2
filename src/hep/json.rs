//! The JSON in HEP packets: of OpenSIPS, and of agents that wrap SIP in it.

use std::borrow::Cow;

use serde::Deserialize;

/// A payload in JSON.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// What OpenSIPS ties a payload to.
#[derive(Deserialize)]
struct Links<'a> {
    #[serde(borrow)]
    net: Option<Cow<'a, str>>,
}

/// Returns the SIP message of a payload, which OpenSIPS may have wrapped in JSON.
#[must_use]
pub fn sip_text(payload: &[u8]) -> Cow<'_, [u8]> {
    if payload.trim_ascii_start().first() != Some(&b'{') {
        return Cow::Borrowed(payload);
    }
    match serde_json::from_slice::<Wrapped<'_>>(payload) {
        Ok(wrapped) => Cow::Owned(wrapped.payload.into_owned().into_bytes()),
        Err(_) => Cow::Borrowed(payload),
    }
}

/// Returns the id of the connection that a payload went over; empty if `links` do not tell.
#[must_use]
pub fn connection(links: &[u8]) -> Cow<'_, [u8]> {
    match serde_json::from_slice::<Links<'_>>(links) {
        Ok(Links { net: Some(net) }) => Cow::Owned(net.into_owned().into_bytes()),
        _ => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sip_is_unwrapped() {
        for (payload, expected) in [
            (
                &br#"{"payload": "BYE sip:a SIP/2.0\r\n\r\n"}"#[..],
                &b"BYE sip:a SIP/2.0\r\n\r\n"[..],
            ),
            (
                b"\t{\n\t\"payload\":\t\"a\\u00e9\"\n}",
                "a\u{e9}".as_bytes(),
            ),
            (b"BYE sip:a SIP/2.0\r\n\r\n", b"BYE sip:a SIP/2.0\r\n\r\n"),
            (b"{\"payload\": 1}", b"{\"payload\": 1}"),
            (b"{\"payload\": \"", b"{\"payload\": \""),
            (b"", b""),
        ] {
            assert_eq!(sip_text(payload), expected);
        }
    }

    #[test]
    fn connections_are_told() {
        for (links, expected) in [
            (
                &br#"{"net":"11599993977753232466"}"#[..],
                &b"11599993977753232466"[..],
            ),
            (br#"{"net":"1","sip":"abc@host"}"#, b"1"),
            (br#"{"sip":"abc@host"}"#, b""),
            (br#"{"net":7}"#, b""),
            (b"[[[[", b""),
            (b"", b""),
        ] {
            assert_eq!(connection(links), expected);
        }
    }
}
