//! One side of a call, a registration or an event.

use std::{
    borrow::Cow,
    io::Write,
    net::{IpAddr, SocketAddr},
};

use serde::Serialize;

use crate::{
    report::{CsvRows, fields::known},
    track::{Party, SideCounters},
};

/// What is known of one side. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct PartyRow<'a> {
    /// The URI in From or To.
    pub uri: Option<Cow<'a, str>>,
    /// The display name, without quotes.
    pub display: Option<Cow<'a, str>>,
    /// The address at the hop that was seen first.
    pub ip: Option<IpAddr>,
    /// The port there.
    pub port: Option<u16>,
    /// User-Agent or Server.
    pub ua: Option<Cow<'a, str>>,
}

impl<'a> PartyRow<'a> {
    /// Returns the row of `party`.
    #[must_use]
    pub fn new(party: Party<'a>) -> Self {
        Self {
            uri: known(party.uri),
            display: known(party.display_name),
            ip: party.address.map(|address| address.ip()),
            // A port that is not known is 0.
            port: party
                .address
                .map(|address| address.port())
                .filter(|port| *port > 0),
            ua: known(party.user_agent),
        }
    }

    /// Adds the cells of the row, in the order of the fields.
    pub(super) fn cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        rows.optional(self.uri.as_deref());
        rows.optional(self.display.as_deref());
        rows.optional_address(self.ip);
        rows.optional_number(self.port);
        rows.optional(self.ua.as_deref());
    }

    /// Returns who it is for people, as short as it can be said: the user and host of the URI, or the address.
    pub(super) fn name(&self) -> Cow<'_, str> {
        match (&self.uri, self.ip, self.port) {
            (Some(uri), ..) => Cow::Borrowed(short_uri(uri)),
            (None, Some(ip), Some(port)) => Cow::Owned(SocketAddr::new(ip, port).to_string()),
            (None, Some(ip), None) => Cow::Owned(ip.to_string()),
            (None, None, _) => Cow::Borrowed("?"),
        }
    }
}

/// Returns a URI without its scheme, parameters and headers: what a person reads.
pub(super) fn short_uri(uri: &str) -> &str {
    let scheme = ["sips:", "sip:", "tel:"]
        .into_iter()
        .find(|scheme| {
            let start = uri.get(..scheme.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .map_or(0, str::len);
    let rest = uri.get(scheme..).unwrap_or(uri);
    // The user part may have parameters of its own, which are not those of the URI (RFC 3261 §19.1.1).
    let host = rest.rfind('@').map_or(0, |at| at + 1);
    let end = rest
        .get(host..)
        .and_then(|host| host.find([';', '?']))
        .map_or(rest.len(), |end| host + end);
    rest.get(..end).unwrap_or(rest)
}

/// The messages that one side sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct CountersRow {
    /// Requests.
    pub requests: u32,
    /// Responses.
    pub responses: u32,
    /// Messages that came again, which are in neither of the above.
    pub retransmissions: u32,
}

/// The messages that both sides sent.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct SidesRow {
    /// Those of the caller.
    pub caller: CountersRow,
    /// Those of the callee.
    pub callee: CountersRow,
}

impl SidesRow {
    /// The names of the columns, in their order.
    pub const COLUMNS: [&'static str; 6] = [
        "caller_requests",
        "caller_responses",
        "caller_retransmissions",
        "callee_requests",
        "callee_responses",
        "callee_retransmissions",
    ];

    /// Returns the row of the counters of caller and callee.
    #[must_use]
    pub fn new(counters: &[SideCounters; 2]) -> Self {
        let [caller, callee] = counters.map(|side| CountersRow {
            requests: side.requests,
            responses: side.responses,
            retransmissions: side.retransmissions,
        });
        Self { caller, callee }
    }

    /// Adds the cells of the row, in the order of the columns.
    pub(super) fn cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        for side in [self.caller, self.callee] {
            rows.number(side.requests);
            rows.number(side.responses);
            rows.number(side.retransmissions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_read_user_and_host() {
        for (uri, expected) in [
            ("sip:alice@example.com", "alice@example.com"),
            ("SIPS:alice@example.com;transport=tls", "alice@example.com"),
            ("sip:+49;phone-context=x@h?a=b", "+49;phone-context=x@h"),
            ("tel:+4930123456;ext=1", "+4930123456"),
            ("sip:example.com", "example.com"),
            ("urn:service:sos", "urn:service:sos"),
            ("sip", "sip"),
            ("", ""),
        ] {
            assert_eq!(short_uri(uri), expected, "{uri}");
        }
    }
}
