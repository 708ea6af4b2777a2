//! The one pass over a message that finds its [`Head`].

use super::{
    Cseq, Flaws, Framing, Head, Method, ParseError, ParseReason, StartLine, body, cseq,
    header_index::HeaderIndex,
    line::{
        LineEnd, find, is_token, split_around, split_start_line, split_start_line_at, trim,
        trim_start, trim_value,
    },
    list,
    probe::{self, skip_line_ends},
    start_line,
};
use crate::span::Span;

/// Reads a message; see [`Head::parse`].
pub(super) fn parse(bytes: &[u8], framing: Framing) -> Result<Head, ParseError> {
    let text = skip_line_ends(bytes);
    let offset = bytes.len().saturating_sub(text.len());
    let (line, rest, end) = split_start_line(text).unwrap_or((text, &[], Flaws::NONE));
    let Some((parts, flaws)) = start_line::split(line) else {
        return Err(ParseError::new(offset, ParseReason::NoStartLine));
    };
    let mut parser = Parser::new(bytes, parts.locate(bytes), flaws.union(end));
    if line.len() > start_line::MAX_LEN {
        parser.head.flaws.insert(Flaws::LONG_LINE);
    }
    Ok(parser.read(rest, framing))
}

/// Reads the message in a payload; see [`Head::in_datagram`].
pub(super) fn parse_datagram(payload: &[u8]) -> Option<(usize, Head)> {
    let text = skip_line_ends(payload);
    let start = probe::start_line(text).ok()?;
    let (_, rest, end) = split_start_line_at(text, start.len)?;
    let parser = Parser::new(text, start.parts.locate(text), start.flaws.union(end));
    let offset = payload.len().saturating_sub(text.len());
    Some((offset, parser.read(rest, Framing::Datagram)))
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
    #[inline(always)]
    fn recognise(field: &[u8]) -> Option<(Self, &[u8])> {
        let (first, rest) = field.split_first()?;
        let (header, value) = match first | 0x20 {
            b'c' => match rest.first()? | 0x20 {
                b'a' => (Self::CallId, behind(rest, b"all-id")?),
                b's' => (Self::Cseq, behind(rest, b"seq")?),
                b'o' => match rest.get(3)? | 0x20 {
                    b'a' => (Self::Contact, behind(rest, b"ontact")?),
                    _ => match behind(rest, b"ontent-length") {
                        Some(value) => (Self::ContentLength, value),
                        None => (Self::ContentType, behind(rest, b"ontent-type")?),
                    },
                },
                _ => (Self::ContentType, behind(rest, b"")?),
            },
            b'f' => (Self::From, either(rest, b"rom")?),
            b'i' => (Self::CallId, behind(rest, b"")?),
            b'l' => (Self::ContentLength, behind(rest, b"")?),
            b'm' => match behind(rest, b"ax-forwards") {
                Some(value) => (Self::MaxForwards, value),
                None => (Self::Contact, behind(rest, b"")?),
            },
            b's' => (Self::Server, behind(rest, b"erver")?),
            b't' => (Self::To, either(rest, b"o")?),
            b'u' => (Self::UserAgent, behind(rest, b"ser-agent")?),
            b'v' => (Self::Via, either(rest, b"ia")?),
            _ => return None,
        };
        Some((header, trim_value(value)))
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Returns what is behind the rest of a name, given in lower case, and its colon.
#[inline(always)]
fn behind<'a, const N: usize>(text: &'a [u8], name: &[u8; N]) -> Option<&'a [u8]> {
    let (start, tail) = text.split_first_chunk::<N>()?;
    // Without a branch for each octet this is a few instructions: the name is known when it is compiled.
    let differs = start
        .iter()
        .zip(name)
        .fold(0, |differs, (octet, expected)| {
            let case = u8::from(expected.is_ascii_lowercase()) << 5;
            differs | ((octet | case) ^ expected)
        });
    if differs != 0 {
        return None;
    }
    match tail {
        [b':', value @ ..] => Some(value),
        _ => trim_start(tail).strip_prefix(b":"),
    }
}

/// Like [`behind`], with the compact form for the other choice.
#[inline(always)]
fn either<'a, const N: usize>(text: &'a [u8], name: &[u8; N]) -> Option<&'a [u8]> {
    behind(text, name).or_else(|| behind(text, b""))
}

/// Returns whether there is an octet, and it is neither white space nor another control.
#[inline]
fn is_visible(octet: Option<&u8>) -> bool {
    octet.is_some_and(|octet| *octet > b' ')
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
                vias: 0,
                index: HeaderIndex::default(),
            },
            seen: 0,
            fields: 0,
        }
    }

    /// Reads what is behind the start line.
    #[inline]
    fn read(mut self, rest: &'a [u8], framing: Framing) -> Head {
        let (behind, body) = self.read_fields(rest, LineEnd::of(rest));
        let fields = rest.len().saturating_sub(behind.len());
        self.finish_headers(rest.get(..fields).unwrap_or_default());
        self.finish_body(body, framing);
        self.head
    }

    /// Reads all header fields of `text` and returns what follows them and, of that, what is behind the empty line.
    fn read_fields(&mut self, text: &'a [u8], line_end: LineEnd) -> (&'a [u8], Option<&'a [u8]>) {
        match line_end.skip_blank(text) {
            Some(body) => (text, Some(body)),
            None if line_end == LineEnd::Lf => self.read_lines::<b'\n'>(text, line_end),
            None => self.read_lines::<b'\r'>(text, line_end),
        }
    }

    /// Reads all header fields of `text`, which does not begin with the empty line; `END` is the octet of its line ends.
    fn read_lines<const END: u8>(
        &mut self,
        mut text: &'a [u8],
        line_end: LineEnd,
    ) -> (&'a [u8], Option<&'a [u8]>) {
        loop {
            let line = find([END], text).and_then(|end| split_around(text, end));
            // Nearly always a field follows that begins with its name.
            let field = match line {
                Some((_, rest)) if is_visible(rest.first()) => line,
                Some(_) => line_end.split_field(text),
                None => None,
            };
            let Some((field, rest)) = field else {
                // The last line does not end: it says what it says.
                if trim(text).is_empty() {
                    return (text, None);
                }
                self.read_field(text);
                return (&[], None);
            };
            match field {
                _ if END == b'\r' => self.head.flaws.insert(Flaws::CR_ONLY),
                [.., b'\r'] => {}
                _ => self.head.flaws.insert(Flaws::LF_ONLY),
            }
            if field.len() > start_line::MAX_LEN {
                self.head.flaws.insert(Flaws::LONG_LINE);
            }
            self.read_field(field);
            text = rest;
            if !is_visible(text.first())
                && let Some(body) = line_end.skip_blank(text)
            {
                return (text, Some(body));
            }
        }
    }

    #[inline(always)]
    fn read_field(&mut self, text: &'a [u8]) {
        self.fields = self.fields.saturating_add(1);
        let Some((field, value)) = Field::recognise(text) else {
            self.note_name(text);
            return;
        };
        let is_first = self.seen & field.bit() == 0;
        self.seen |= field.bit();
        match field {
            Field::Via => self.count_vias(value),
            Field::Contact => {
                let offset = self.offset_of(text);
                self.head.index.insert(b'm', 1, offset);
            }
            _ => {}
        }
        if field == Field::ContentLength {
            self.read_content_length(value, is_first);
        } else if is_first {
            self.place(field, value);
        } else if !matches!(field, Field::Via | Field::Contact) {
            self.head.flaws.insert(Flaws::DUPLICATE_HEADER);
        }
    }

    /// Returns where a field begins.
    #[inline(always)]
    fn offset_of(&self, field: &[u8]) -> usize {
        (field.as_ptr() as usize).wrapping_sub(self.bytes.as_ptr() as usize)
    }

    /// Notes the name of a field that is not looked at further.
    #[inline(always)]
    fn note_name(&mut self, text: &[u8]) {
        let first = text.first().copied().unwrap_or_default();
        match find([b':'], text) {
            Some(mut len) if is_token(first) => {
                while let Some(b' ' | b'\t' | b'\r' | b'\n') =
                    len.checked_sub(1).and_then(|last| text.get(last))
                {
                    len = len.saturating_sub(1);
                }
                let offset = self.offset_of(text);
                self.head.index.insert(first, len, offset);
            }
            _ => self.head.flaws.insert(Flaws::NO_HEADER_NAME),
        }
    }

    #[inline(always)]
    fn count_vias(&mut self, value: &[u8]) {
        let values = match find([b','], value) {
            Some(_) => list::values(value).take(usize::from(u8::MAX)).count(),
            None => usize::from(!value.is_empty()),
        };
        let head = &mut self.head;
        head.vias = head
            .vias
            .saturating_add(u8::try_from(values).unwrap_or(u8::MAX));
    }

    #[inline(always)]
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
                let top = match find([b','], value) {
                    Some(_) => list::values(value).next().unwrap_or_default(),
                    None => value,
                };
                head.via = Span::locate(self.bytes, top);
            }
            Field::Server | Field::MaxForwards | Field::ContentLength => {}
        }
    }

    #[inline(never)]
    fn read_content_length(&mut self, value: &[u8], is_first: bool) {
        let flaws = &mut self.head.flaws;
        match (cseq::saturating_number(value), self.head.content_length) {
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

    #[inline(never)]
    fn read_cseq(&mut self, value: &'a [u8]) {
        let Some(parts) = cseq::split(value) else {
            self.head.flaws.insert(Flaws::CSEQ_INVALID);
            return;
        };
        if parts.number.is_none_or(|number| number > cseq::MAX) {
            self.head.flaws.insert(Flaws::CSEQ_OVERFLOW);
        }
        if !parts.is_spaced {
            self.head.flaws.insert(Flaws::CSEQ_INVALID);
        }
        self.head.cseq = Some(Cseq {
            number: parts.number.unwrap_or(u32::MAX),
            fits: parts.number.is_some(),
            method: Method::from_bytes(parts.method),
            method_text: Span::locate(self.bytes, parts.method),
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

    /// Notes the body in what is behind the headers; `None` when these do not end.
    fn finish_body(&mut self, rest: Option<&'a [u8]>, framing: Framing) {
        let Some(rest) = rest else {
            self.head.flaws.insert(Flaws::CUT);
            self.head.body = Span::new(self.bytes.len(), self.bytes.len());
            return;
        };
        let (body, flaws) = body::delimit(rest, self.head.content_length, framing);
        self.head.body = Span::locate(self.bytes, body);
        self.head.flaws.insert(flaws);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A request with the lines given and whatever else a usable one needs.
    fn request(lines: &str) -> Vec<u8> {
        let rest =
            "Via: SIP/2.0/UDP a;branch=z9hG4bK1\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=1\r\n";
        format!("OPTIONS sip:a@b SIP/2.0\r\n{rest}{lines}\r\n").into_bytes()
    }

    const COMMON: &str = "To: <sip:c@d>\r\nCall-ID: x\r\nCSeq: 7 OPTIONS\r\n";

    #[test]
    fn flaws_are_told() {
        for (lines, flaws, error) in [
            ("", &[][..], None),
            ("CSeq: 8 OPTIONS\r\nTo: x\r\n", &["duplicate-header"], None),
            (
                "Via: SIP/2.0/UDP b\r\nm: <sip:a>\r\nContact: <sip:b>\r\n",
                &[],
                None,
            ),
            ("Content-Length: 0\r\nl: 0\r\n", &["duplicate-header"], None),
            (
                "Content-Length: 0\r\nl: 5\r\n",
                &["content-length-conflict"],
                None,
            ),
            (
                "Content-Length: -999\r\n",
                &["content-length-invalid"],
                None,
            ),
            ("Content-Length: \r\n", &["content-length-invalid"], None),
            (
                "Content-Length: 9999\r\n",
                &["content-length-too-large"],
                None,
            ),
            (
                "Content-Length: 99999999999999\r\n",
                &["content-length-too-large"],
                None,
            ),
            ("no header\r\n", &["no-header-name"], None),
            (": x\r\n", &["no-header-name"], None),
            ("X: lf\n", &["lf-only"], None),
        ] {
            let bytes = request(&format!("{COMMON}{lines}"));
            let head = parse(&bytes, Framing::Datagram).unwrap();
            assert_eq!(head.flaws.names().collect::<Vec<_>>(), flaws, "{lines}");
            assert_eq!(head.usable().err(), error, "{lines}");
            assert_eq!(head.cseq.map(|cseq| cseq.number), Some(7));
        }
    }

    #[test]
    fn what_cannot_be_worked_with_says_why() {
        // The headers begin behind a start line of 25 octets; CSeq's value stands behind the lines before it.
        let before = request("").len() - 2;
        for (lines, flaws, offset, reason) in [
            (
                "To: a\r\nCSeq: 7 OPTIONS\r\n",
                &["no-call-id"][..],
                25,
                ParseReason::NoCallId,
            ),
            (
                "To: a\r\nCall-ID:\r\nCSeq: 7 OPTIONS\r\n",
                &[],
                25,
                ParseReason::NoCallId,
            ),
            ("To: a\r\ni: x\r\n", &["no-cseq"], 25, ParseReason::NoCseq),
            (
                "i: x\r\nCSeq: 7 OPTIONS\r\n",
                &["no-to"],
                25,
                ParseReason::NoTo,
            ),
            (
                "CSeq: x\r\nt: a\r\ni: x\r\n",
                &["cseq-invalid"],
                before + 6,
                ParseReason::CseqInvalid,
            ),
        ] {
            let bytes = request(lines);
            let head = parse(&bytes, Framing::Datagram).unwrap();
            assert_eq!(head.flaws.names().collect::<Vec<_>>(), flaws, "{lines}");
            assert_eq!(
                head.usable(),
                Err(ParseError::new(offset, reason)),
                "{lines}"
            );
        }
    }

    #[test]
    fn large_sequence_numbers_spoil_responses_only() {
        for (start, number, flaws, usable) in [
            (
                "OPTIONS sip:a SIP/2.0",
                "2147483648",
                &["cseq-overflow"][..],
                true,
            ),
            (
                "OPTIONS sip:a SIP/2.0",
                "36893488147419103232",
                &["cseq-overflow"],
                true,
            ),
            ("SIP/2.0 200 OK", "2147483648", &["cseq-overflow"], true),
            (
                "SIP/2.0 200 OK",
                "9292394834772304023312",
                &["cseq-overflow"],
                false,
            ),
            ("SIP/2.0 200 OK", "4294967295", &["cseq-overflow"], true),
            ("SIP/2.0 200 OK", "4294967296", &["cseq-overflow"], false),
            ("SIP/2.0 200 OK", "2147483647", &[], true),
        ] {
            let bytes = format!(
                "{start}\r\nv: SIP/2.0/UDP a\r\nMax-Forwards: 0\r\nf: a\r\nt: b\r\ni: x\r\nCSeq: {number} OPTIONS\r\n\r\n"
            );
            let head = parse(bytes.as_bytes(), Framing::Datagram).unwrap();
            assert_eq!(head.flaws.names().collect::<Vec<_>>(), flaws);
            assert_eq!(head.usable().is_ok(), usable, "{bytes}");
        }
    }

    #[test]
    fn numbers_that_were_not_sent_are_not_told() {
        for (number, told, flaws) in [
            ("7 ", Some(7), &[][..]),
            ("4294967295 ", Some(u32::MAX), &["cseq-overflow"]),
            ("4294967296 ", None, &["cseq-overflow"]),
            ("7", Some(7), &["cseq-invalid"]),
        ] {
            let bytes = request(&format!("To: a\r\nCall-ID: x\r\nCSeq: {number}OPTIONS\r\n"));
            let head = parse(&bytes, Framing::Datagram).unwrap();
            let cseq = head.cseq.unwrap();
            assert_eq!((cseq.number(), cseq.method), (told, Method::Options));
            assert_eq!(head.flaws.names().collect::<Vec<_>>(), flaws);
            assert!(head.usable().is_ok());
        }
        for (code, told) in [
            ("200", Some(200)),
            ("799", Some(799)),
            ("0200", None),
            ("20", None),
        ] {
            let bytes = format!("SIP/2.0 {code} OK\r\n\r\n").into_bytes();
            let head = parse(&bytes, Framing::Datagram).unwrap();
            assert_eq!((head.status_code(), head.is_response()), (told, true));
        }
    }

    #[test]
    fn lines_end_in_many_ways() {
        let text =
            "OPTIONS sip:a@b SIP/2.0\nTo: <sip:c@d>\nCall-ID: x y\n z\nCSeq: 7 OPTIONS\n\nbody";
        for (end, flaw) in [
            ("\r\n", Flaws::NONE),
            ("\n", Flaws::LF_ONLY),
            ("\r", Flaws::CR_ONLY),
            ("\r\r\n", Flaws::NONE),
        ] {
            let bytes = text.replace('\n', end).into_bytes();
            let head = parse(&bytes, Framing::Datagram).unwrap();
            assert!(head.flaws.contains(flaw), "{end:?} {:?}", head.flaws);
            assert_eq!(head.body.of(&bytes), b"body", "{end:?}");
            assert_eq!(head.to.of(&bytes), b"<sip:c@d>");
            assert_eq!(super::super::unfold(head.call_id.of(&bytes)), &b"x y z"[..]);
            assert_eq!(head.headers(&bytes).count(), 3);
            assert_eq!(super::super::head_end(&bytes, 0), Some(head.body.start()));
        }
    }

    #[test]
    fn a_start_line_may_end_in_its_own_way() {
        for (bytes, headers) in [
            (&b"BYE sip:a SIP/2.0\rTo: b\r\nCall-ID: x\r\n\r\n"[..], 2),
            (b"BYE sip:a SIP/2.0\nTo: b\rCall-ID: x\r\r", 2),
            (b"BYE sip:a SIP/2.0\r\r", 0),
            (b"BYE sip:a SIP/2.0", 0),
        ] {
            let head = parse(bytes, Framing::Datagram).unwrap();
            assert_eq!(head.headers(bytes).count(), headers);
            assert_eq!(head.call_id.is_empty(), headers == 0);
            assert!(head.body.is_empty());
        }
    }

    #[test]
    fn cut_messages_are_read_as_far_as_they_go() {
        let bytes = request(COMMON);
        let cut = &bytes[..bytes.len() - 4];
        let head = parse(cut, Framing::Datagram).unwrap();
        assert_eq!(head.flaws, Flaws::CUT);
        assert_eq!(head.cseq.map(|cseq| cseq.method), Some(Method::Options));
        assert!(head.body.is_empty());
        assert!(head.headers.of(cut).ends_with(b"CSeq: 7 OPTIONS"));
        assert!(head.usable().is_ok());
    }

    #[test]
    fn datagrams_are_told_and_read_at_once() {
        let bytes = [b"\r\n\r\n".to_vec(), request(COMMON)].concat();
        let (start, head) = Head::in_datagram(&bytes).unwrap();
        assert_eq!(start, 4);
        assert_eq!(head.method_text(&bytes[4..]), b"OPTIONS");
        assert_eq!(head.call_id.of(&bytes[4..]), b"x");
        check_datagram(&bytes, &parse(&bytes, Framing::Datagram).unwrap());
        for payload in [
            &b""[..],
            b"\r\n\r\n",
            b"\x80\x08",
            b"GET / HTTP/1.1\r\n\r\n",
            // The start line does not end.
            b"OPTIONS sip:a SIP/2.0",
        ] {
            assert!(Head::in_datagram(payload).is_none());
        }
    }

    #[test]
    fn odd_octets_do_no_harm() {
        let bytes = b"\r\n\r\nSIP/2.0 200 \xd6k\0\r\nSubject: \xff\0\xfe\r\nt: J\xf6rg <sip:j\0@x>\r\n\r\n\0";
        let head = parse(bytes, Framing::Stream).unwrap();
        assert_eq!(head.reason(bytes), b"\xd6k\0");
        assert_eq!(head.to.of(bytes), b"J\xf6rg <sip:j\0@x>");
        assert_eq!(head.body.of(bytes), b"\0");
        assert!(head.flaws.contains(Flaws::NO_CONTENT_LENGTH));
    }

    fn spans(head: &Head) -> Vec<Span> {
        let mut spans = vec![
            head.call_id,
            head.cseq_text,
            head.from,
            head.to,
            head.via,
            head.contact,
            head.user_agent,
            head.content_type,
            head.headers,
            head.body,
        ];
        spans.extend(head.cseq.map(|cseq| cseq.method_text));
        match head.start {
            StartLine::Request {
                method_text, uri, ..
            } => spans.extend([method_text, uri]),
            StartLine::Response { reason, .. } => spans.push(reason),
        }
        spans
    }

    /// Checks that both ways to read a datagram agree.
    fn check_datagram(bytes: &[u8], head: &Head) {
        let is_sip = super::super::probe(bytes) == super::super::Probe::Sip;
        let found = Head::in_datagram(bytes);
        assert_eq!(found.is_some(), is_sip);
        let Some((start, found)) = found else { return };
        let shifted: Vec<_> = spans(&found)
            .iter()
            .map(|span| span.shifted(start))
            .collect();
        for (span, expected) in shifted.iter().zip(spans(head)) {
            assert_eq!(span.of(bytes), expected.of(bytes));
        }
        assert_eq!(found.flaws, head.flaws);
        assert_eq!(found.content_length, head.content_length);
    }

    fn check(bytes: &[u8]) {
        for framing in [Framing::Datagram, Framing::Stream, Framing::Text] {
            let Ok(head) = parse(bytes, framing) else {
                continue;
            };
            assert_ne!(super::super::probe(bytes), super::super::Probe::NotSip);
            if framing == Framing::Datagram {
                check_datagram(bytes, &head);
            }
            for span in spans(&head) {
                assert!(span.end() <= bytes.len(), "{span:?} of {}", bytes.len());
            }
            for header in head.headers(bytes) {
                assert_eq!(Span::locate(bytes, header.value).of(bytes), header.value);
                assert_eq!(Span::locate(bytes, header.name).of(bytes), header.name);
                assert!(head.header(bytes, header.kind).is_some());
            }
            let _ = (
                head.usable(),
                head.from_tag(bytes),
                head.to_tag(bytes),
                head.branch(bytes),
            );
        }
        let start = super::super::find_start(bytes, 0);
        assert!(start.is_none_or(|at| at < bytes.len()));
    }

    proptest! {
        #[test]
        fn any_octets_can_be_read(bytes: Vec<u8>) {
            check(&bytes);
        }

        #[test]
        fn any_message_can_be_read(
            start in "(INVITE|BYE|x) {1,2}sip:[a-z@;<>\"]{0,9} SIP/[0-9]\\.0|SIP/2.0 [0-9]{1,4} ?[a-z]{0,3}",
            lines in prop::collection::vec("(To|f|Via|CSeq|l|Call-ID|m|X)? ?:?[ -~\r\n\t]{0,40}", 0..12),
            end in "\r\n|\n|\r|\r\r\n",
        ) {
            let bytes = [start, lines.join(&end), String::new(), "body".into()].join(&end).into_bytes();
            for len in 0..=bytes.len() {
                check(&bytes[..len]);
            }
        }
    }
}
