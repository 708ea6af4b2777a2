//! Header fields: their names, compact forms and values (RFC 3261 §7.3, §20).

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::line::{LineEnd, is_space, is_token, split_around, trim, trim_end, trim_start};
use crate::span::Span;

macro_rules! header_names {
    ($($name:ident = $text:literal $(, $compact:literal)?;)*) => {
        /// The name of a header that has a meaning here, whichever way it is written.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum HeaderName {
            $($name,)*
            /// Any other one; its text tells which.
            Other,
        }

        impl HeaderName {
            /// Every known name, in alphabetical order of the text.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the long form as registrations write it, nothing for [`HeaderName::Other`].
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other => "",
                }
            }

            /// Returns the compact form, a lower-case letter.
            #[must_use]
            pub const fn compact(self) -> Option<u8> {
                match self {
                    $($(Self::$name => Some($compact),)?)*
                    _ => None,
                }
            }
        }
    };
}

header_names! {
    Accept = "Accept";
    AcceptContact = "Accept-Contact", b'a';
    AcceptEncoding = "Accept-Encoding";
    AcceptLanguage = "Accept-Language";
    AlertInfo = "Alert-Info";
    Allow = "Allow";
    AllowEvents = "Allow-Events", b'u';
    AnswerMode = "Answer-Mode";
    AuthenticationInfo = "Authentication-Info";
    Authorization = "Authorization";
    CallId = "Call-ID", b'i';
    CallInfo = "Call-Info";
    Contact = "Contact", b'm';
    ContentDisposition = "Content-Disposition";
    ContentEncoding = "Content-Encoding", b'e';
    ContentLanguage = "Content-Language";
    ContentLength = "Content-Length", b'l';
    ContentType = "Content-Type", b'c';
    Cseq = "CSeq";
    Date = "Date";
    Diversion = "Diversion";
    Encryption = "Encryption";
    ErrorInfo = "Error-Info";
    Event = "Event", b'o';
    Expires = "Expires";
    FeatureCaps = "Feature-Caps";
    FlowTimer = "Flow-Timer";
    From = "From", b'f';
    Geolocation = "Geolocation";
    Hide = "Hide";
    HistoryInfo = "History-Info";
    Identity = "Identity", b'y';
    IdentityInfo = "Identity-Info", b'n';
    InReplyTo = "In-Reply-To";
    InfoPackage = "Info-Package";
    Join = "Join";
    MaxBreadth = "Max-Breadth";
    MaxForwards = "Max-Forwards";
    MimeVersion = "MIME-Version";
    MinExpires = "Min-Expires";
    MinSe = "Min-SE";
    Organization = "Organization";
    PAccessNetworkInfo = "P-Access-Network-Info";
    PAssertedIdentity = "P-Asserted-Identity";
    PAssociatedUri = "P-Associated-URI";
    PCalledPartyId = "P-Called-Party-ID";
    PChargingVector = "P-Charging-Vector";
    PEarlyMedia = "P-Early-Media";
    PPreferredIdentity = "P-Preferred-Identity";
    PServedUser = "P-Served-User";
    PVisitedNetworkId = "P-Visited-Network-ID";
    Path = "Path";
    Priority = "Priority";
    Privacy = "Privacy";
    ProxyAuthenticate = "Proxy-Authenticate";
    ProxyAuthorization = "Proxy-Authorization";
    ProxyRequire = "Proxy-Require";
    Rack = "RAck";
    Reason = "Reason";
    RecordRoute = "Record-Route";
    RecvInfo = "Recv-Info";
    ReferSub = "Refer-Sub";
    ReferTo = "Refer-To", b'r';
    ReferredBy = "Referred-By", b'b';
    RejectContact = "Reject-Contact", b'j';
    RemotePartyId = "Remote-Party-ID";
    Replaces = "Replaces";
    ReplyTo = "Reply-To";
    RequestDisposition = "Request-Disposition", b'd';
    Require = "Require";
    ResourcePriority = "Resource-Priority";
    ResponseKey = "Response-Key";
    RetryAfter = "Retry-After";
    Route = "Route";
    Rseq = "RSeq";
    SecurityClient = "Security-Client";
    SecurityServer = "Security-Server";
    SecurityVerify = "Security-Verify";
    Server = "Server";
    ServiceRoute = "Service-Route";
    SessionExpires = "Session-Expires", b'x';
    SessionId = "Session-ID";
    SipEtag = "SIP-ETag";
    SipIfMatch = "SIP-If-Match";
    Subject = "Subject", b's';
    SubscriptionState = "Subscription-State";
    Supported = "Supported", b'k';
    TargetDialog = "Target-Dialog";
    Timestamp = "Timestamp";
    To = "To", b't';
    Unsupported = "Unsupported";
    UserAgent = "User-Agent";
    UserToUser = "User-to-User";
    Via = "Via", b'v';
    Warning = "Warning";
    WwwAuthenticate = "WWW-Authenticate";
    XCallId = "X-Call-ID";
    XCid = "X-CID";
}

impl HeaderName {
    /// Returns the header with this name, in either form and any case (RFC 3261 §7.3.1, §7.3.3).
    #[must_use]
    pub fn from_bytes(name: &[u8]) -> Self {
        let Some(first) = name.first().map(u8::to_ascii_lowercase) else {
            return Self::Other;
        };
        let mut known = Self::beginning_with(first).iter().copied();
        let found = if name.len() == 1 {
            Self::ALL
                .iter()
                .copied()
                .find(|header| header.compact() == Some(first))
        } else {
            known.find(|header| {
                LENGTHS.get(*header as usize) == Some(&name.len())
                    && name.eq_ignore_ascii_case(header.name().as_bytes())
            })
        };
        found.unwrap_or(Self::Other)
    }

    /// Returns whether it is the header with this name, in either form and any case.
    pub(super) fn is(self, name: &[u8]) -> bool {
        match name {
            [letter] => self.compact() == Some(letter.to_ascii_lowercase()),
            _ => self != Self::Other && name.eq_ignore_ascii_case(self.name().as_bytes()),
        }
    }

    /// Returns the names that begin with a lower-case letter.
    fn beginning_with(first: u8) -> &'static [Self] {
        let letter = usize::from(first.wrapping_sub(b'a'));
        match (BEGINS.get(letter), BEGINS.get(letter.saturating_add(1))) {
            (Some(start), Some(end)) => Self::ALL.get(*start..*end).unwrap_or_default(),
            _ => &[],
        }
    }
}

/// How long each name is.
const LENGTHS: [usize; HeaderName::ALL.len()] = lengths();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time only"
)]
const fn lengths() -> [usize; HeaderName::ALL.len()] {
    let mut lengths = [0; HeaderName::ALL.len()];
    let mut at = 0;
    while at < lengths.len() {
        lengths[at] = HeaderName::ALL[at].name().len();
        at += 1;
    }
    lengths
}

/// Where in [`HeaderName::ALL`] the names begin that begin with each letter, and where the last ones end.
const BEGINS: [usize; 27] = begins();

#[expect(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "evaluated at compile time only"
)]
const fn begins() -> [usize; 27] {
    let mut begins = [0; 27];
    let mut letter: u8 = 0;
    let mut at = 0;
    while letter < 26 {
        begins[letter as usize] = at;
        while at < HeaderName::ALL.len()
            && HeaderName::ALL[at].name().as_bytes()[0].to_ascii_lowercase() == b'a' + letter
        {
            at += 1;
        }
        letter += 1;
    }
    begins[26] = at;
    assert!(at == HeaderName::ALL.len(), "the names are not in order");
    begins
}

/// A header field: a line with the lines that continue it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Header<'a> {
    /// Which header it is.
    pub kind: HeaderName,
    /// The name as written, without the white space behind it; empty when the line has no colon.
    pub name: &'a [u8],
    /// The value without white space at its ends; folds are still within.
    pub value: &'a [u8],
}

/// The header fields of a message, in its order, read when asked for.
#[derive(Clone, Debug)]
pub struct Headers<'a> {
    pub(super) rest: &'a [u8],
    pub(super) line_end: LineEnd,
}

impl<'a> Headers<'a> {
    /// No fields.
    pub(super) const NONE: Self = Self {
        rest: &[],
        line_end: LineEnd::Lf,
    };

    /// Reads the fields in the part of `bytes` that has nothing but header lines.
    pub(super) fn new(bytes: &'a [u8], headers: Span) -> Self {
        let rest = headers.of(bytes);
        Self {
            rest,
            line_end: LineEnd::of(rest),
        }
    }
}

impl<'a> Headers<'a> {
    /// Returns name and value of the next field.
    pub(super) fn next_parts(&mut self) -> Option<(&'a [u8], &'a [u8])> {
        if self.rest.is_empty() {
            return None;
        }
        let (field, rest) = self
            .line_end
            .split_field(self.rest)
            .unwrap_or((self.rest, &[]));
        self.rest = rest;
        Some(split_field(field).unwrap_or_else(|| (&[], trim(field))))
    }

    /// Goes on to the next line that may begin with `name`, in either form, as its first letter tells.
    pub(super) fn skip_to(&mut self, name: HeaderName) {
        let first = name.name().as_bytes().first().map(u8::to_ascii_lowercase);
        let compact = name.compact();
        while let Some(octet) = self.rest.first() {
            let letter = Some(octet.to_ascii_lowercase());
            if letter == first || (letter == compact && compact.is_some()) {
                return;
            }
            self.rest = self.line_end.split(self.rest).map_or(&[], |(_, rest)| rest);
        }
    }
}

impl<'a> Iterator for Headers<'a> {
    type Item = Header<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (name, value) = self.next_parts()?;
        Some(Header {
            kind: HeaderName::from_bytes(name),
            name,
            value,
        })
    }
}

/// Splits a field at its colon into name and value, both trimmed; `None` when there is no name or no colon.
fn split_field(field: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = split_around(field, memchr(b':', field)?)?;
    let name = trim_end(name);
    (!name.is_empty() && name.iter().all(|octet| is_token(*octet))).then(|| (name, trim(value)))
}

/// Returns a value with each fold, the line end and the white space around it, replaced by one SP (RFC 3261 §7.3.1).
#[must_use]
pub fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    if memchr2(b'\r', b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut unfolded = Vec::with_capacity(value.len());
    let mut rest = value;
    while let Some((line, behind)) =
        memchr2(b'\r', b'\n', rest).and_then(|at| split_around(rest, at))
    {
        unfolded.extend_from_slice(line);
        while unfolded.last().is_some_and(|octet| is_space(*octet)) {
            unfolded.pop();
        }
        unfolded.push(b' ');
        rest = trim_start(behind);
    }
    unfolded.extend_from_slice(rest);
    Cow::Owned(unfolded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_every_form() {
        for header in HeaderName::ALL {
            let name = header.name();
            for text in [name.to_owned(), name.to_uppercase(), name.to_lowercase()] {
                assert_eq!(HeaderName::from_bytes(text.as_bytes()), *header, "{text}");
            }
        }
        for name in ["", "g", "X-Unknown", "Vi", "Viaa", "-", "\u{e9}"] {
            assert_eq!(HeaderName::from_bytes(name.as_bytes()), HeaderName::Other);
        }
    }

    #[test]
    fn compact_forms_are_those_registered() {
        // The table of the IANA registry.
        for (compact, name) in [
            ("a", "Accept-Contact"),
            ("b", "Referred-By"),
            ("c", "Content-Type"),
            ("d", "Request-Disposition"),
            ("e", "Content-Encoding"),
            ("f", "From"),
            ("i", "Call-ID"),
            ("j", "Reject-Contact"),
            ("k", "Supported"),
            ("l", "Content-Length"),
            ("m", "Contact"),
            ("n", "Identity-Info"),
            ("o", "Event"),
            ("r", "Refer-To"),
            ("s", "Subject"),
            ("t", "To"),
            ("u", "Allow-Events"),
            ("v", "Via"),
            ("x", "Session-Expires"),
            ("y", "Identity"),
        ] {
            assert_eq!(HeaderName::from_bytes(compact.as_bytes()).name(), name);
        }
        let compact = HeaderName::ALL.iter().filter(|h| h.compact().is_some());
        assert_eq!(compact.count(), 20);
    }

    #[test]
    fn folds_become_one_space() {
        for (value, expected) in [
            (&b"a"[..], &b"a"[..]),
            (b"a\r\n b", b"a b"),
            (b"a  \r\n \t b\n c", b"a b c"),
            (b"a\r\n \r\n b", b"a b"),
        ] {
            assert_eq!(*unfold(value), *expected);
        }
    }

    #[test]
    fn fields_are_read_one_by_one() {
        let text = b"TO :\r\n sip:a ;  tag = 1\r\ns :\r\nno colon\r\nZ: \xff\x00\r\n";
        let fields: Vec<_> = Headers::new(text, Span::new(0, text.len()))
            .map(|field| (field.kind, field.name, field.value))
            .collect();
        assert_eq!(
            fields,
            [
                (HeaderName::To, &b"TO"[..], &b"sip:a ;  tag = 1"[..]),
                (HeaderName::Subject, b"s", b""),
                (HeaderName::Other, b"", b"no colon"),
                (HeaderName::Other, b"Z", b"\xff\x00"),
            ]
        );
    }
}
