//! Which headers stay, and what of them.

use super::{
    Anonymizer,
    pseudonyms::Kind,
    uris::{is_word, kept},
};
use crate::sip::{HeaderName, list};

/// Parameters of headers without addresses that tell nothing of anybody.
const PARAMS: &[&str] = &[
    "cause",
    "expires",
    "handling",
    "q",
    "reason",
    "refresher",
    "retry-after",
];

impl Anonymizer {
    /// Returns what is written as the value of a header; nothing when it is left out.
    pub(super) fn header_value(&mut self, name: HeaderName, value: &[u8]) -> Option<String> {
        use HeaderName as Name;
        let value = crate::sip::unfold(value);
        let value = value.as_ref();
        Some(match name {
            Name::Via => self.vias(value),
            Name::From
            | Name::To
            | Name::Contact
            | Name::Route
            | Name::RecordRoute
            | Name::Path
            | Name::ServiceRoute
            | Name::PAssertedIdentity
            | Name::PPreferredIdentity
            | Name::PAssociatedUri
            | Name::PCalledPartyId
            | Name::PServedUser
            | Name::RemotePartyId
            | Name::Diversion
            | Name::HistoryInfo
            | Name::ReferTo
            | Name::ReferredBy
            | Name::ReplyTo => self.addresses(value),
            Name::CallId | Name::InReplyTo => self.names.text(Kind::CallId, value),
            Name::Replaces | Name::Join | Name::TargetDialog => self.dialog(value),
            Name::UserAgent | Name::Server => self.names.text(Kind::Agent, value),
            Name::Authorization
            | Name::ProxyAuthorization
            | Name::WwwAuthenticate
            | Name::ProxyAuthenticate => "Digest".to_owned(),
            Name::Cseq | Name::Rack => words(value),
            Name::Accept
            | Name::Allow
            | Name::AllowEvents
            | Name::Event
            | Name::Expires
            | Name::MaxForwards
            | Name::MinExpires
            | Name::MinSe
            | Name::PEarlyMedia
            | Name::Privacy
            | Name::ProxyRequire
            | Name::Reason
            | Name::Require
            | Name::RetryAfter
            | Name::Rseq
            | Name::SessionExpires
            | Name::SubscriptionState
            | Name::Supported
            | Name::Unsupported => list_of_words(value),
            _ => return None,
        })
    }
}

/// Returns the words of a value.
fn words(value: &[u8]) -> String {
    let words = value.split(u8::is_ascii_whitespace).filter_map(word);
    words.collect::<Vec<_>>().join(" ")
}

/// Returns the words of a list, with what is known of their parameters.
fn list_of_words(value: &[u8]) -> String {
    let values = list::values(value).filter_map(|value| {
        let end = value.iter().position(|octet| *octet == b';');
        let (head, params) = value.split_at(end.unwrap_or(value.len()));
        // A type has a slash in it.
        let parts: Option<Vec<&str>> = head.split(|octet| *octet == b'/').map(word).collect();
        Some(format!("{}{}", parts?.join("/"), kept(params, PARAMS)))
    });
    values.collect::<Vec<_>>().join(", ")
}

fn word(text: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    is_word(text).then_some(text)
}

/// Returns the reason phrase that belongs to a status code (RFC 3261 §21 and its extensions): what is sent may name somebody.
pub(super) const fn reason(code: u16) -> &'static str {
    match code {
        100 => "Trying",
        180 => "Ringing",
        181 => "Call Is Being Forwarded",
        182 => "Queued",
        183 => "Session Progress",
        199 => "Early Dialog Terminated",
        200 => "OK",
        202 => "Accepted",
        204 => "No Notification",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Moved Temporarily",
        305 => "Use Proxy",
        380 => "Alternative Service",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        410 => "Gone",
        412 => "Conditional Request Failed",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Unsupported URI Scheme",
        420 => "Bad Extension",
        421 => "Extension Required",
        422 => "Session Interval Too Small",
        423 => "Interval Too Brief",
        433 => "Anonymity Disallowed",
        480 => "Temporarily Unavailable",
        481 => "Call/Transaction Does Not Exist",
        482 => "Loop Detected",
        483 => "Too Many Hops",
        484 => "Address Incomplete",
        485 => "Ambiguous",
        486 => "Busy Here",
        487 => "Request Terminated",
        488 => "Not Acceptable Here",
        489 => "Bad Event",
        491 => "Request Pending",
        493 => "Undecipherable",
        494 => "Security Agreement Required",
        500 => "Server Internal Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Server Time-out",
        505 => "Version Not Supported",
        513 => "Message Too Large",
        580 => "Precondition Failure",
        600 => "Busy Everywhere",
        603 => "Decline",
        604 => "Does Not Exist Anywhere",
        606 => "Not Acceptable",
        607 => "Unwanted",
        608 => "Rejected",
        _ => "",
    }
}
