//! The structure of one message, found in one pass without an allocation.

use super::{
    Cseq, Flaws, HeaderName, Headers, Method, ParseError, ParseReason, StartLine,
    address::NameAddr,
    header_index::{HeaderIndex, Named},
    parse,
    via::Via,
};
use crate::span::Span;

/// How a message was delimited.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Framing {
    /// By its datagram, WebSocket message or SCTP user message: the body ends with it at the latest.
    Datagram,
    /// By Content-Length on a stream.
    Stream,
    /// By pasted text, whose line ends are not to be trusted.
    Text,
}

/// The structure of one message: spans into its bytes, no allocation, no lifetime.
///
/// Values are without white space at their ends; folds are still within. Of a header that may be there once the
/// first counts. An empty span means that the header is absent or empty.
#[derive(Clone, Debug)]
pub struct Head {
    /// The start line.
    pub start: StartLine,
    /// The value of Call-ID.
    pub call_id: Span,
    /// The value of CSeq, as far as it can be read.
    pub cseq: Option<Cseq>,
    /// The value of CSeq as it is written.
    pub cseq_text: Span,
    /// The value of From.
    pub from: Span,
    /// The value of To.
    pub to: Span,
    /// The topmost Via value, without those that follow it behind a comma.
    pub via: Span,
    /// The first Contact header's value, all of it.
    pub contact: Span,
    /// The value of User-Agent, or of Server.
    pub user_agent: Span,
    /// The value of Content-Type.
    pub content_type: Span,
    /// The value of the first Content-Length that is a number; `u32::MAX` for all that do not fit.
    pub content_length: Option<u32>,
    /// All header lines, without the empty line that ends them.
    pub headers: Span,
    /// The body, as far as it is there.
    pub body: Span,
    /// What is odd about it.
    pub flaws: Flaws,
    /// How many Via values it has; 255 for all that are more.
    pub vias: u8,
    /// Where the headers are, besides those above, but Contact too.
    pub(super) index: HeaderIndex,
}

impl Head {
    /// Reads the message that `bytes` are, line ends before it left out.
    ///
    /// Whatever can be told is told: a missing or odd header is an empty span or a flaw, and a message that ends
    /// within its headers is read up to there.
    ///
    /// The framing decides about the body. In a datagram it ends where Content-Length says, or with the datagram, and
    /// a Content-Length that does not fit is a flaw (RFC 3261 §18.3). On a stream, only a missing Content-Length is: there
    /// `bytes` may be the headers alone, and who cuts the stream knows what is missing. In text a Content-Length is
    /// taken for right when it is so with any kind of line ends.
    ///
    /// # Errors
    /// If the first line is no SIP start line.
    ///
    /// # Examples
    /// ```
    /// use sipcap::sip::{Framing, Head, Method};
    ///
    /// let bytes = b"OPTIONS sip:carol@chicago.com SIP/2.0\r\nCall-ID: a84b4c76e66710\r\n\r\n";
    /// let head = Head::parse(bytes, Framing::Datagram)?;
    /// assert_eq!(head.method(), Some(Method::Options));
    /// assert_eq!(head.call_id.of(bytes), b"a84b4c76e66710");
    /// assert!(head.usable().is_err(), "there is no CSeq");
    /// # Ok::<(), sipcap::sip::ParseError>(())
    /// ```
    pub fn parse(bytes: &[u8], framing: Framing) -> Result<Self, ParseError> {
        parse::parse(bytes, framing)
    }

    /// Reads the message in the payload of a datagram, if there is one, and returns where it begins: behind the line ends
    /// that RFC 3261 §7.5 tells to ignore. The spans count from there.
    ///
    /// That is [`probe`](super::probe) and [`parse`](Self::parse) at once, with the start line read only once.
    #[must_use]
    pub fn in_datagram(payload: &[u8]) -> Option<(usize, Self)> {
        parse::parse_datagram(payload)
    }

    /// Returns whether the message can be worked with: start line, Call-ID, CSeq, From and To can be read.
    ///
    /// A number in CSeq that does not fit into 32 bits is a flaw in a request, which can still be answered, but makes
    /// a response useless, since no request can be found for it (RFC 4475 §3.1.2.4, §3.1.2.5).
    ///
    /// # Errors
    /// The first thing that is missing or cannot be read.
    pub fn usable(&self) -> Result<(), ParseError> {
        use ParseReason as Reason;
        let headers = self.headers.start();
        let cseq = self.cseq_text;
        let is_response = self.is_response();
        let overflow = |cseq: Cseq| is_response && cseq.number().is_none();
        let error = if is_response && self.status_code().is_none() {
            // The status line is what is before the headers.
            Some((0, Reason::StatusCode))
        } else if self.call_id.is_empty() {
            Some((headers, Reason::NoCallId))
        } else if cseq.is_empty() {
            Some((headers, Reason::NoCseq))
        } else if self.cseq.is_none() {
            Some((cseq.start(), Reason::CseqInvalid))
        } else if self.cseq.is_some_and(overflow) {
            Some((cseq.start(), Reason::CseqOverflow))
        } else if self.from.is_empty() {
            Some((headers, Reason::NoFrom))
        } else if self.to.is_empty() {
            Some((headers, Reason::NoTo))
        } else {
            None
        };
        error.map_or(Ok(()), |(offset, reason)| {
            Err(ParseError::new(offset, reason))
        })
    }

    /// Returns the header fields one by one; `bytes` are those that were parsed.
    #[must_use]
    pub fn headers<'a>(&self, bytes: &'a [u8]) -> Headers<'a> {
        Headers::new(bytes, self.headers)
    }

    /// Returns the method of a request.
    #[must_use]
    pub const fn method(&self) -> Option<Method> {
        match self.start {
            StartLine::Request { method, .. } => Some(method),
            StartLine::Response { .. } => None,
        }
    }

    /// Returns whether it is a response.
    #[must_use]
    pub const fn is_response(&self) -> bool {
        matches!(self.start, StartLine::Response { .. })
    }

    /// Returns the status code of a response; `None` when it is 000 or has not three digits.
    #[must_use]
    pub const fn status_code(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } | StartLine::Response { code: 0, .. } => None,
            StartLine::Response { code, .. } => Some(code),
        }
    }

    /// Returns the Request-URI, nothing in a response; `bytes` are those that were parsed, here as below.
    #[must_use]
    pub fn request_uri<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.start {
            StartLine::Request { uri, .. } => uri.of(bytes),
            StartLine::Response { .. } => &[],
        }
    }

    /// Returns the text of a request's method, nothing in a response.
    #[must_use]
    pub fn method_text<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.start {
            StartLine::Request { method_text, .. } => method_text.of(bytes),
            StartLine::Response { .. } => &[],
        }
    }

    /// Returns the text of the method in CSeq, nothing when it cannot be read.
    #[must_use]
    pub fn cseq_method_text<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        self.cseq.map_or(&[], |cseq| cseq.method_text.of(bytes))
    }

    /// Returns the reason phrase of a response.
    #[must_use]
    pub fn reason<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        match self.start {
            StartLine::Request { .. } => &[],
            StartLine::Response { reason, .. } => reason.of(bytes),
        }
    }

    /// Returns the tag in From.
    #[must_use]
    pub fn from_tag<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        NameAddr::tag_of(self.from.of(bytes))
    }

    /// Returns the tag in To.
    #[must_use]
    pub fn to_tag<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        NameAddr::tag_of(self.to.of(bytes))
    }

    /// Returns the branch in the topmost Via.
    #[must_use]
    pub fn branch<'a>(&self, bytes: &'a [u8]) -> Option<&'a [u8]> {
        Via::parse(self.via.of(bytes))?.branch()
    }

    /// Returns the first value of a header, all of its line.
    #[must_use]
    pub fn header<'a>(&'a self, bytes: &'a [u8], name: HeaderName) -> Option<&'a [u8]> {
        self.headers_named(bytes, name).next()
    }

    /// Returns the values of all headers of a name. That there is none is mostly known without looking.
    pub fn headers_named<'a>(
        &'a self,
        bytes: &'a [u8],
        name: HeaderName,
    ) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        if is_indexed(name) {
            Named::indexed(bytes, self.headers, &self.index, name)
        } else {
            Named::among(self.headers(bytes), name)
        }
    }

    /// Returns whether there may be a header of a name; those that have a place above always may.
    #[must_use]
    pub const fn may_have(&self, name: HeaderName) -> bool {
        !is_indexed(name) || matches!(name, HeaderName::Contact) || self.index.may_contain(name)
    }
}

/// Returns whether the index has the headers of a name.
const fn is_indexed(name: HeaderName) -> bool {
    use HeaderName as Name;
    !matches!(
        name,
        Name::CallId
            | Name::ContentLength
            | Name::ContentType
            | Name::Cseq
            | Name::From
            | Name::MaxForwards
            | Name::Server
            | Name::To
            | Name::UserAgent
            | Name::Via
            | Name::Other
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:bob@biloxi.com SIP/2.0\r\n\
        Via: SIP/2.0/UDP a.com;branch=z9hG4bK776, SIP/2.0/UDP b.com\r\n\
        Via: SIP/2.0/UDP c.com\r\n\
        Max-Forwards: 70\r\n\
        To: Bob <sip:bob@biloxi.com>\r\n\
        From: Alice <sip:alice@atlanta.com>;tag=1928301774\r\n\
        Call-ID: a84b4c76e66710@pc33.atlanta.com\r\n\
        CSeq: 314159 INVITE\r\n\
        Contact: <sip:alice@pc33.atlanta.com>\r\n\
        User-Agent: SomePhone 1.0\r\n\
        Content-Type: application/sdp\r\n\
        Content-Length: 4\r\n\
        \r\n\
        v=0\n";

    fn names(head: &Head) -> Vec<&'static str> {
        head.flaws.names().collect()
    }

    #[test]
    fn an_ordinary_message_is_read() {
        let head = Head::parse(INVITE, Framing::Datagram).unwrap();
        assert_eq!(head.method(), Some(Method::Invite));
        for (span, expected) in [
            (head.call_id, &b"a84b4c76e66710@pc33.atlanta.com"[..]),
            (head.cseq_text, b"314159 INVITE"),
            (head.from, b"Alice <sip:alice@atlanta.com>;tag=1928301774"),
            (head.to, b"Bob <sip:bob@biloxi.com>"),
            (head.via, b"SIP/2.0/UDP a.com;branch=z9hG4bK776"),
            (head.contact, b"<sip:alice@pc33.atlanta.com>"),
            (head.user_agent, b"SomePhone 1.0"),
            (head.content_type, b"application/sdp"),
            (head.body, b"v=0\n"),
        ] {
            assert_eq!(
                span.of(INVITE).escape_ascii().to_string(),
                expected.escape_ascii().to_string()
            );
        }
        let cseq = head.cseq.unwrap();
        assert_eq!((cseq.number, cseq.method), (314_159, Method::Invite));
        assert_eq!(head.content_length, Some(4));
        assert_eq!(head.headers(INVITE).count(), 11);
        assert!(head.headers.of(INVITE).ends_with(b"Content-Length: 4\r\n"));
        assert_eq!(names(&head), [""; 0]);
        assert_eq!(head.usable(), Ok(()));
        assert!(size_of::<Head>() <= 208, "{}", size_of::<Head>());
    }
}
