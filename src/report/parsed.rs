//! What the parser sees in a message.

use std::{
    borrow::Cow,
    io::{self, Write},
    net::SocketAddr,
};

use serde::Serialize;

use crate::{
    report::fields::one_line,
    sip::{self, Diagnosis, Framing, Head, ParseError, text_input::TextMessage},
    span::Span,
    text::{escape, printable},
};

/// A message out of a text, taken apart.
#[derive(Clone, Debug, Serialize)]
pub struct ParsedRow<'a> {
    /// `parsed`.
    pub r#type: &'static str,
    /// The number of the message in its text, from 1.
    pub number: usize,
    /// How the text was written.
    pub format: &'static str,
    /// When it was seen, if the text tells.
    pub ts: Option<String>,
    /// Who sent it, if the text tells.
    pub src: Option<SocketAddr>,
    /// Whom it was sent to, if the text tells.
    pub dst: Option<SocketAddr>,
    /// What carried it, if the text tells.
    pub transport: Option<&'static str>,
    /// The line above the message, as in an RFC.
    pub label: Option<&'a str>,
    /// Whether octets that cannot be printed are lost.
    pub lossy: bool,
    /// The method; `null` in a response.
    pub method: Option<Cow<'a, str>>,
    /// The Request-URI; `null` in a response.
    pub request_uri: Option<Cow<'a, str>>,
    /// The status code; `null` in a request.
    pub status: Option<u16>,
    /// The reason phrase; `null` in a request.
    pub reason: Option<Cow<'a, str>>,
    /// Why the message cannot be worked with; `null` if it can.
    pub error: Option<String>,
    /// The header fields, in their order.
    pub headers: Vec<HeaderRow<'a>>,
    /// How many octets the body has.
    pub body_bytes: usize,
    /// The body.
    pub body: Cow<'a, str>,
    /// What is odd.
    pub diagnoses: Vec<DiagnosisRow>,
}

/// A header field.
#[derive(Clone, Debug, Serialize)]
pub struct HeaderRow<'a> {
    /// Where the field begins, in octets of the message.
    pub offset: usize,
    /// The name as it is written.
    pub name: Cow<'a, str>,
    /// The value in one line.
    pub value: Cow<'a, str>,
}

/// Something odd.
#[derive(Clone, Debug, Serialize)]
pub struct DiagnosisRow {
    /// How bad it is.
    pub severity: &'static str,
    /// The header it is about.
    pub header: Option<&'static str>,
    /// Where it is, in octets of the message.
    pub offset: u32,
    /// What it is.
    pub what: &'static str,
}

impl<'a> ParsedRow<'a> {
    /// Takes the message apart that is number `number` in its text.
    ///
    /// # Errors
    /// If it does not begin with a SIP start line.
    pub fn new(message: &'a TextMessage, number: usize) -> Result<Self, ParseError> {
        let bytes = message.bytes.as_slice();
        let head = Head::parse(bytes, Framing::Text)?;
        let is_response = head.is_response();
        let of_request = |text| (!is_response).then(|| escape(text));
        let headers = head.headers(bytes).map(|header| HeaderRow {
            offset: Span::locate(bytes, header.name).start(),
            name: escape(header.name),
            value: one_line(header.value),
        });
        Ok(Self {
            r#type: "parsed",
            number,
            format: message.format.name(),
            ts: message.time.map(|time| time.to_string()),
            src: message.src,
            dst: message.dst,
            transport: message.transport.map(crate::net::Transport::name),
            label: message.label.as_deref(),
            lossy: message.lossy,
            method: of_request(head.method_text(bytes)),
            request_uri: of_request(head.request_uri(bytes)),
            status: head.status_code(),
            reason: is_response.then(|| escape(head.reason(bytes))),
            error: head.usable().err().map(|error| error.to_string()),
            headers: headers.collect(),
            body_bytes: head.body.len(),
            body: escape(head.body.of(bytes)),
            diagnoses: sip::diagnose(bytes, &head)
                .iter()
                .map(DiagnosisRow::new)
                .collect(),
        })
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_text(&self, output: &mut impl Write) -> io::Result<()> {
        self.write_heading(output)?;
        match (&self.method, self.status) {
            (Some(method), _) => {
                let uri = self.request_uri.as_deref().unwrap_or_default();
                writeln!(output, "request   {} {}", printable(method), printable(uri))?;
            }
            (None, status) => {
                let reason = self.reason.as_deref().unwrap_or_default();
                writeln!(
                    output,
                    "response  {} {}",
                    status.unwrap_or_default(),
                    printable(reason)
                )?;
            }
        }
        match &self.error {
            None => writeln!(output, "usable    yes")?,
            Some(error) => writeln!(output, "usable    no: {error}")?,
        }
        self.write_headers(output)?;
        writeln!(output, "body      {} bytes", self.body_bytes)?;
        for line in self.body.lines() {
            writeln!(output, "  {}", printable(line))?;
        }
        for diagnosis in &self.diagnoses {
            diagnosis.write(output)?;
        }
        Ok(())
    }

    fn write_heading(&self, output: &mut impl Write) -> io::Result<()> {
        write!(output, "--- message {}  {}", self.number, self.format)?;
        if let Some(ts) = &self.ts {
            write!(output, "  {ts}")?;
        }
        if let Some(transport) = self.transport {
            write!(output, "  {transport}")?;
        }
        let party = |address: Option<SocketAddr>| {
            address.map_or_else(|| "?".to_owned(), |address| address.to_string())
        };
        if self.src.is_some() || self.dst.is_some() {
            write!(output, "  {} -> {}", party(self.src), party(self.dst))?;
        }
        if let Some(label) = self.label {
            write!(output, "  {}", printable(label))?;
        }
        let lossy = if self.lossy {
            "  (octets were lost in the dump)"
        } else {
            ""
        };
        writeln!(output, "{lossy}")
    }

    fn write_headers(&self, output: &mut impl Write) -> io::Result<()> {
        let width = self
            .headers
            .iter()
            .map(|header| header.name.chars().count())
            .max()
            .unwrap_or(0);
        let digits = self
            .headers
            .last()
            .map_or(0, |header| header.offset.to_string().len());
        writeln!(output, "headers")?;
        for header in &self.headers {
            let HeaderRow {
                offset,
                name,
                value,
            } = header;
            writeln!(
                output,
                "  {offset:>digits$}  {:width$}  {}",
                printable(name),
                printable(value)
            )?;
        }
        Ok(())
    }
}

impl DiagnosisRow {
    fn new(diagnosis: &Diagnosis) -> Self {
        Self {
            severity: diagnosis.severity.name(),
            header: diagnosis.header.map(sip::HeaderName::name),
            offset: diagnosis.offset,
            what: diagnosis.what,
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        write!(output, "{:8}  octet {}: ", self.severity, self.offset)?;
        match self.header {
            Some(header) => writeln!(output, "{header}: {}", self.what),
            None => writeln!(output, "{}", self.what),
        }
    }
}
