//! The JSON in HEP packets: of OpenSIPS, and of agents that wrap SIP in it.

use std::borrow::Cow;

use serde::Deserialize;

/// A payload in JSON.
#[derive(Deserialize)]
struct Wrapped<'a> {
    #[serde(borrow)]
    payload: Cow<'a, str>,
}

/// What OpenSIPS ties a payload to; empty texts are nothing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(default)]
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
    /// Returns what the JSON of a packet tells; nothing if it is none.
    #[must_use]
    pub fn read(json: &[u8]) -> Self {
        serde_json::from_slice(json).unwrap_or_default()
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
            (b"[[[[", "", ""),
            (b"", "", ""),
        ] {
            let links = Links::read(links);
            assert_eq!((links.net.as_str(), links.sip.as_str()), (net, sip));
        }
    }
}
