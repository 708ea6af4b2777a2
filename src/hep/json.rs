//! The JSON in HEP packets: of OpenSIPS, and of agents that wrap SIP in it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Map, Value};

/// A payload in JSON.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// What OpenSIPS ties a payload to; empty texts are nothing.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Links {
    /// The id of the connection that it went over.
    pub net: String,
    /// The Call-ID.
    pub sip: String,
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

impl Links {
    /// Returns what the JSON of a packet tells, nothing without any; fails if it is none. Members that are no text tell
    /// nothing.
    #[must_use]
    pub fn read(json: &[u8]) -> Option<Self> {
        if json.is_empty() {
            return Some(Self::default());
        }
        let members: Map<String, Value> = serde_json::from_slice(json).ok()?;
        let text = |name: &str| members.get(name).and_then(Value::as_str);
        Some(Self {
            net: text("net").unwrap_or_default().to_owned(),
            sip: text("sip").unwrap_or_default().to_owned(),
        })
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
    fn connections_and_calls_are_told() {
        for (links, net, sip) in [
            (
                &br#"{"net":"11599993977753232466"}"#[..],
                "11599993977753232466",
                "",
            ),
            (
                br#"{"net":"1","sip":"abc@host","other":[]}"#,
                "1",
                "abc@host",
            ),
            (br#"{"sip":"abc@host"}"#, "", "abc@host"),
            (br#"{"net":7}"#, "", ""),
            (br#"{"net":7,"sip":"abc@host"}"#, "", "abc@host"),
            (b"", "", ""),
        ] {
            let links = Links::read(links).unwrap();
            assert_eq!((links.net.as_str(), links.sip.as_str()), (net, sip));
        }
        for none in [&b"[[[["[..], br#"{"sip": a}"#, br#"["sip"]"#, b"\xff"] {
            assert_eq!(Links::read(none), None);
        }
    }
}
