//! URIs, and values that have them.

use super::{Anonymizer, pseudonyms::Kind};
use crate::sip::{
    address::NameAddr,
    list, param,
    uri::Uri,
    via::{MAGIC_COOKIE, Via},
};

/// Parameters of URIs that tell nothing of anybody.
const URI_PARAMS: &[&str] = &["lr", "ob", "transport", "user"];

/// The same of header values with an address.
const ADDRESS_PARAMS: &[&str] = &[
    "counter", "expires", "index", "party", "privacy", "q", "reason", "screen",
];

impl Anonymizer {
    /// Returns a URI with pseudonyms. Its headers and most of its parameters are left out.
    pub(super) fn uri(&mut self, text: &[u8]) -> String {
        let uri = Uri::parse(text);
        let scheme = uri.scheme.to_ascii_lowercase();
        match scheme.as_slice() {
            b"tel" => format!("tel:{}", self.names.user(uri.user.unwrap_or_default())),
            b"urn" if text.to_ascii_lowercase().starts_with(b"urn:service:sos") => {
                "urn:service:sos".to_owned()
            }
            b"sip" | b"sips" => {
                let mut written = if scheme == b"sips" { "sips:" } else { "sip:" }.to_owned();
                if let Some(user) = uri.user {
                    // Parameters of the user, such as phone-context, are left out.
                    let user = user
                        .split(|octet| *octet == b';')
                        .next()
                        .unwrap_or_default();
                    written.push_str(&self.names.user(user));
                    written.push('@');
                }
                written.push_str(&self.names.host(uri.host));
                if let Some(port) = uri.port {
                    written.push_str(&format!(":{port}"));
                }
                written.push_str(&kept(uri.params, URI_PARAMS));
                written
            }
            _ => "sip:unknown.invalid".to_owned(),
        }
    }

    /// Returns a list of addresses with pseudonyms.
    pub(super) fn addresses(&mut self, value: &[u8]) -> String {
        let values = list::values(value).map(|value| self.address(value));
        values.collect::<Vec<_>>().join(", ")
    }

    fn address(&mut self, value: &[u8]) -> String {
        if value == b"*" {
            return "*".to_owned();
        }
        let address = NameAddr::parse(value);
        let mut written = String::new();
        if !address.display_name.is_empty() {
            let name = self.names.text(Kind::Name, address.display_name);
            written.push_str(&format!("\"{name}\" "));
        }
        written.push_str(&format!("<{}>", self.uri(address.uri)));
        if let Some(tag) = address.tag() {
            written.push_str(&format!(";tag={}", self.names.text(Kind::Tag, tag)));
        }
        written.push_str(&kept(address.params, ADDRESS_PARAMS));
        written
    }

    /// Returns a list of Vias with pseudonyms.
    pub(super) fn vias(&mut self, value: &[u8]) -> String {
        let vias = list::values(value).filter_map(|value| self.via(&Via::parse(value)?));
        vias.collect::<Vec<_>>().join(", ")
    }

    fn via(&mut self, via: &Via<'_>) -> Option<String> {
        let transport = std::str::from_utf8(via.transport).ok()?;
        let is_known = ["UDP", "TCP", "TLS", "WS", "WSS", "SCTP", "TLS-SCTP"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(transport));
        let transport = if is_known { transport } else { "UDP" };
        let mut written = format!("SIP/2.0/{transport} {}", self.names.host(via.host));
        if let Some(port) = via.port {
            written.push_str(&format!(":{port}"));
        }
        if let Some(branch) = via.branch() {
            let cookie = if branch.starts_with(MAGIC_COOKIE) {
                "z9hG4bK"
            } else {
                ""
            };
            let branch = self.names.text(Kind::Branch, branch);
            written.push_str(&format!(";branch={cookie}{branch}"));
        }
        if let Some(received) = via.param("received").filter(|host| !host.is_empty()) {
            written.push_str(&format!(";received={}", self.names.host(received)));
        }
        written.push_str(&kept(via.params, &["rport", "ttl"]));
        Some(written)
    }

    /// Returns the name of a dialog with pseudonyms, as in Replaces.
    pub(super) fn dialog(&mut self, value: &[u8]) -> String {
        let call_id = value
            .split(|octet| *octet == b';')
            .next()
            .unwrap_or_default();
        let mut written = self.names.text(Kind::CallId, call_id.trim_ascii());
        for name in ["to-tag", "from-tag", "local-tag", "remote-tag"] {
            if let Some(tag) = param::find(value, name) {
                written.push_str(&format!(";{name}={}", self.names.text(Kind::Tag, tag)));
            }
        }
        written
    }
}

/// Returns those parameters that are known to tell nothing of anybody, with values that are short words or numbers.
pub(super) fn kept(params: &[u8], known: &[&str]) -> String {
    let mut written = String::new();
    for param in param::params(params) {
        let name = known
            .iter()
            .find(|name| param.name.eq_ignore_ascii_case(name.as_bytes()));
        let Some(name) = name else {
            continue;
        };
        match param.value.map(std::str::from_utf8) {
            None => written.push_str(&format!(";{name}")),
            Some(Ok(value)) if is_word(value) => written.push_str(&format!(";{name}={value}")),
            Some(_) => {}
        }
    }
    written
}

/// Returns whether a value is a short word or number.
pub(super) fn is_word(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !value.is_empty() && value.len() <= 24 && value.chars().all(is_plain)
}
