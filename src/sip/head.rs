//! The structure of one message, found in one pass without an allocation.

use std::fmt;

use memchr::memchr;

use super::{
    Flaws, Headers, Method, StartLine,
    line::{LineEnd, is_token, split_token, trim, trim_end, trim_start},
    list,
    probe::skip_line_ends,
    start_line,
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
}

/// The value of CSeq (RFC 3261 §20.16).
#[derive(Clone, Copy, Debug)]
pub struct Cseq {
    /// The sequence number; `u32::MAX` for all that do not fit.
    pub number: u32,
    /// The method.
    pub method: Method,
    /// Its text.
    pub method_text: Span,
}

/// Why a message cannot be worked with, and where in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ParseError {
    /// Where, in octets of the message: the line to blame, or the header lines when one is missing.
    pub offset: u32,
    /// Why.
    pub reason: ParseReason,
}

/// Why a message cannot be worked with.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ParseReason {
    /// There is no SIP start line.
    NoStartLine,
    /// The status code has not three digits.
    StatusCode,
    /// There is no Call-ID, or an empty one.
    NoCallId,
    /// There is no CSeq, or an empty one.
    NoCseq,
    /// CSeq is not a number and a method.
    CseqInvalid,
    /// The number in a response's CSeq is larger than that of any request (RFC 4475 §3.1.2.5).
    CseqOverflow,
    /// There is no From, or an empty one.
    NoFrom,
    /// There is no To, or an empty one.
    NoTo,
}

impl ParseReason {
    /// Returns the reason as a phrase.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NoStartLine => "no SIP start line",
            Self::StatusCode => "status code without three digits",
            Self::NoCallId => "no Call-ID",
            Self::NoCseq => "no CSeq",
            Self::CseqInvalid => "CSeq is not a number and a method",
            Self::CseqOverflow => "CSeq number out of range",
            Self::NoFrom => "no From",
            Self::NoTo => "no To",
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at octet {}", self.reason.text(), self.offset)
    }
}

impl std::error::Error for ParseError {}

impl ParseError {
    fn new(offset: usize, reason: ParseReason) -> Self {
        Self {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            reason,
        }
    }
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
        let text = skip_line_ends(bytes);
        let offset = bytes.len().saturating_sub(text.len());
        let line_end = LineEnd::of(text);
        let (line, rest) = line_end.split(text).unwrap_or((text, &[]));
        let Some((parts, flaws)) = start_line::split(line) else {
            return Err(ParseError::new(offset, ParseReason::NoStartLine));
        };
        let mut parser = Parser::new(bytes, parts.locate(bytes), flaws);
        parser.check_line(line, line_end);
        let (behind, body) = parser.read_fields(rest, line_end);
        let fields = rest.len().saturating_sub(behind.len());
        parser.finish_headers(rest.get(..fields).unwrap_or_default());
        parser.finish_body(body, framing);
        Ok(parser.head)
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
        let is_response = self.status_code().is_some();
        let overflow = |cseq: Cseq| is_response && cseq.number == u32::MAX;
        let error = if self.status_code() == Some(0) {
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

    /// Returns the status code of a response, 0 when it has not three digits.
    #[must_use]
    pub const fn status_code(&self) -> Option<u16> {
        match self.start {
            StartLine::Request { .. } => None,
            StartLine::Response { code, .. } => Some(code),
        }
    }
}

/// The headers that [`Head`] has a place for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Field {
    CallId,
    Contact,
    ContentLength,
    ContentType,
    Cseq,
    From,
    MaxForwards,
    Server,
    To,
    UserAgent,
    Via,
}

impl Field {
    /// Returns which header a field is and its value, trimmed; `None` for all that are not looked at.
    fn recognise(field: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = field.split_first()?;
        let names: &[(&[u8], Self)] = match first | 0x20 {
            b'c' => &[
                (b"all-id", Self::CallId),
                (b"seq", Self::Cseq),
                (b"ontact", Self::Contact),
                (b"ontent-length", Self::ContentLength),
                (b"ontent-type", Self::ContentType),
                (b"", Self::ContentType),
            ],
            b'f' => &[(b"rom", Self::From), (b"", Self::From)],
            b'i' => &[(b"", Self::CallId)],
            b'l' => &[(b"", Self::ContentLength)],
            b'm' => &[(b"ax-forwards", Self::MaxForwards), (b"", Self::Contact)],
            b's' => &[(b"erver", Self::Server)],
            b't' => &[(b"o", Self::To), (b"", Self::To)],
            b'u' => &[(b"ser-agent", Self::UserAgent)],
            b'v' => &[(b"ia", Self::Via), (b"", Self::Via)],
            _ => &[],
        };
        names.iter().find_map(|(name, header)| {
            let (start, tail) = rest.split_at_checked(name.len())?;
            if !start.eq_ignore_ascii_case(name) {
                return None;
            }
            match trim_start(tail) {
                [b':', value @ ..] => Some((*header, trim(value))),
                _ => None,
            }
        })
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// More headers than this are a flaw.
const MANY_HEADERS: u32 = 256;

/// A [`Head`] in the making.
struct Parser<'a> {
    bytes: &'a [u8],
    head: Head,
    /// The [`Field`]s seen so far, by [`Field::bit`].
    seen: u16,
    fields: u32,
}

impl<'a> Parser<'a> {
    fn new(bytes: &'a [u8], start: StartLine, flaws: Flaws) -> Self {
        let none = Span::default();
        Self {
            bytes,
            head: Head {
                start,
                call_id: none,
                cseq: None,
                cseq_text: none,
                from: none,
                to: none,
                via: none,
                contact: none,
                user_agent: none,
                content_type: none,
                content_length: None,
                headers: none,
                body: none,
                flaws,
            },
            seen: 0,
            fields: 0,
        }
    }

    /// Reads all header fields of `text` and returns what follows them and, of that, what is behind the empty line.
    fn read_fields(
        &mut self,
        mut text: &'a [u8],
        line_end: LineEnd,
    ) -> (&'a [u8], Option<&'a [u8]>) {
        loop {
            if let Some(body) = line_end.skip_blank(text) {
                return (text, Some(body));
            }
            let Some((field, rest)) = line_end.split_field(text) else {
                // The last line does not end: it says what it says.
                if !text.is_empty() {
                    self.read_field(text);
                }
                return (&[], None);
            };
            self.check_line(field, line_end);
            self.read_field(field);
            text = rest;
        }
    }

    fn check_line(&mut self, line: &[u8], line_end: LineEnd) {
        match (line_end, line) {
            (LineEnd::Lf, [.., b'\r']) => {}
            (LineEnd::Lf, _) => self.head.flaws.insert(Flaws::LF_ONLY),
            (LineEnd::Cr, _) => self.head.flaws.insert(Flaws::CR_ONLY),
        }
        if line.len() > start_line::MAX_LEN {
            self.head.flaws.insert(Flaws::LONG_LINE);
        }
    }

    fn read_field(&mut self, text: &'a [u8]) {
        self.fields = self.fields.saturating_add(1);
        let Some((field, value)) = Field::recognise(text) else {
            if !text.first().is_some_and(|octet| is_token(*octet)) || memchr(b':', text).is_none() {
                self.head.flaws.insert(Flaws::NO_HEADER_NAME);
            }
            return;
        };
        let is_first = self.seen & field.bit() == 0;
        self.seen |= field.bit();
        if field == Field::ContentLength {
            self.read_content_length(value, is_first);
        } else if is_first {
            self.place(field, value);
        } else if !matches!(field, Field::Via | Field::Contact) {
            self.head.flaws.insert(Flaws::DUPLICATE_HEADER);
        }
    }

    fn place(&mut self, field: Field, value: &'a [u8]) {
        let span = Span::locate(self.bytes, value);
        let head = &mut self.head;
        match field {
            Field::CallId => head.call_id = span,
            Field::Contact => head.contact = span,
            Field::ContentType => head.content_type = span,
            Field::Cseq => {
                head.cseq_text = span;
                self.read_cseq(value);
            }
            Field::From => head.from = span,
            Field::To => head.to = span,
            Field::UserAgent => head.user_agent = span,
            Field::Server if head.user_agent.is_empty() => head.user_agent = span,
            Field::Via => {
                head.via = Span::locate(self.bytes, list::values(value).next().unwrap_or_default());
            }
            Field::Server | Field::MaxForwards | Field::ContentLength => {}
        }
    }

    fn read_content_length(&mut self, value: &[u8], is_first: bool) {
        let flaws = &mut self.head.flaws;
        match (saturating_number(value), self.head.content_length) {
            (None, _) => flaws.insert(Flaws::CONTENT_LENGTH_INVALID),
            (length, None) => {
                self.head.content_length = length;
                if !is_first {
                    flaws.insert(Flaws::DUPLICATE_HEADER);
                }
            }
            (length, known) if length == known => flaws.insert(Flaws::DUPLICATE_HEADER),
            _ => flaws.insert(Flaws::CONTENT_LENGTH_CONFLICT),
        }
    }

    fn read_cseq(&mut self, value: &[u8]) {
        let digits = value
            .iter()
            .position(|octet| !octet.is_ascii_digit())
            .unwrap_or(value.len());
        let (number, rest) = value.split_at_checked(digits).unwrap_or_default();
        let (method_text, _) = split_token(trim_start(rest));
        let Some(number) = saturating_number(number).filter(|_| !method_text.is_empty()) else {
            self.head.flaws.insert(Flaws::CSEQ_INVALID);
            return;
        };
        if number > i32::MAX.unsigned_abs() {
            self.head.flaws.insert(Flaws::CSEQ_OVERFLOW);
        }
        self.head.cseq = Some(Cseq {
            number,
            method: Method::from_bytes(method_text),
            method_text: Span::locate(self.bytes, method_text),
        });
    }

    /// Notes where the headers are, and what is missing among them.
    fn finish_headers(&mut self, fields: &'a [u8]) {
        self.head.headers = Span::locate(self.bytes, fields);
        let seen = self.seen;
        let head = &mut self.head;
        let mut require = |field: Field, flaw: Flaws| {
            if seen & field.bit() == 0 {
                head.flaws.insert(flaw);
            }
        };
        require(Field::CallId, Flaws::NO_CALL_ID);
        require(Field::Cseq, Flaws::NO_CSEQ);
        require(Field::From, Flaws::NO_FROM);
        require(Field::To, Flaws::NO_TO);
        require(Field::Via, Flaws::NO_VIA);
        let invite = match head.start {
            StartLine::Request {
                method,
                method_text,
                ..
            } => {
                require(Field::MaxForwards, Flaws::NO_MAX_FORWARDS);
                if let Some(cseq) = head.cseq
                    && cseq.method_text.of(self.bytes) != method_text.of(self.bytes)
                {
                    head.flaws.insert(Flaws::CSEQ_METHOD);
                }
                method == Method::Invite
            }
            StartLine::Response { code, .. } => {
                (200..300).contains(&code)
                    && head.cseq.is_some_and(|cseq| cseq.method == Method::Invite)
            }
        };
        if invite && seen & Field::Contact.bit() == 0 {
            head.flaws.insert(Flaws::NO_CONTACT);
        }
        if self.fields > MANY_HEADERS {
            head.flaws.insert(Flaws::MANY_HEADERS);
        }
    }

    /// Notes the body; `None` when the headers do not end.
    fn finish_body(&mut self, rest: Option<&'a [u8]>, framing: Framing) {
        let Some(rest) = rest else {
            self.head.flaws.insert(Flaws::CUT);
            self.head.body = Span::new(self.bytes.len(), self.bytes.len());
            return;
        };
        let start = self.bytes.len().saturating_sub(rest.len());
        let said = self
            .head
            .content_length
            .map(|length| usize::try_from(length).unwrap_or(usize::MAX));
        let flaws = &mut self.head.flaws;
        let len = match (framing, said) {
            (Framing::Text, Some(said)) if !fits_text(rest, said) => {
                flaws.insert(if said > rest.len() {
                    Flaws::CONTENT_LENGTH_TOO_LARGE
                } else {
                    Flaws::CONTENT_LENGTH_TOO_SMALL
                });
                rest.len()
            }
            (Framing::Text, _) | (Framing::Datagram, None) => rest.len(),
            (Framing::Stream, None) => {
                flaws.insert(Flaws::NO_CONTENT_LENGTH);
                rest.len()
            }
            (Framing::Stream, Some(said)) => said.min(rest.len()),
            (Framing::Datagram, Some(said)) => {
                if said > rest.len() {
                    flaws.insert(Flaws::CONTENT_LENGTH_TOO_LARGE);
                } else if said < rest.len() {
                    flaws.insert(Flaws::CONTENT_LENGTH_TOO_SMALL);
                }
                said.min(rest.len())
            }
        };
        self.head.body = Span::new(start, start.saturating_add(len));
    }
}

/// Returns a number of digits only, `u32::MAX` for all that do not fit.
fn saturating_number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0_u32, |number, digit| {
        number
            .saturating_mul(10)
            .saturating_add(u32::from(digit.wrapping_sub(b'0')))
    }))
}

/// Returns whether a Content-Length is right for a body in text: with its line ends as they are, as LF or as CR LF, with
/// or without those at its end. Bodies that are left out, `(Alice's SDP not shown)`, fit always.
fn fits_text(body: &[u8], said: usize) -> bool {
    let text = trim_end(body);
    let lengths = |part: &[u8]| {
        let ends = part.iter().filter(|octet| **octet == b'\n').count();
        let pairs = part.windows(2).filter(|pair| *pair == b"\r\n").count();
        let shortest = part.len().saturating_sub(pairs);
        [shortest, part.len(), shortest.saturating_add(ends)]
    };
    let [shortest, _, longest] = lengths(text);
    let ended = [shortest.saturating_add(1), longest.saturating_add(2)];
    text.starts_with(b"(")
        || lengths(body).contains(&said)
        || lengths(text).contains(&said)
        || ended.contains(&said)
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
        assert!(size_of::<Head>() <= 200, "{}", size_of::<Head>());
    }
}
