//! A row for each message.

use std::{borrow::Cow, fmt::Write};

use serde::Serialize;

use crate::{
    net::Transport,
    report::fields::{one_line, serialize_optional_time, serialize_time, serialize_transport},
    sip::Message,
    span::Span,
    text::escape,
    time::Timestamp,
};

/// What `messages` tells of a message. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct MessageRow<'a> {
    /// `message`.
    pub r#type: &'static str,
    /// The input it is from, as it was named.
    pub input: &'a str,
    /// The number of the frame that completed it, as Wireshark numbers frames.
    pub frame: u64,
    /// When that frame was captured, or when its capture agent saw it: RFC 3339, UTC, nine decimals.
    #[serde(serialize_with = "serialize_time")]
    pub ts: Timestamp,
    /// The sender's address.
    pub src: std::net::IpAddr,
    /// The sender's port.
    pub src_port: u16,
    /// The receiver's address.
    pub dst: std::net::IpAddr,
    /// The receiver's port.
    pub dst_port: u16,
    /// `udp`, `tcp`, `tls`, `ws`, `wss` or `sctp`.
    #[serde(serialize_with = "serialize_transport")]
    pub transport: Transport,
    /// The method; `null` in a response.
    pub method: Option<Cow<'a, str>>,
    /// The status code; `null` in a request.
    pub status: Option<u16>,
    /// The number in CSeq.
    pub cseq: Option<u32>,
    /// The method in CSeq.
    pub cseq_method: Option<Cow<'a, str>>,
    /// Call-ID.
    pub call_id: Option<Cow<'a, str>>,
    /// The reason phrase; `null` in a request.
    pub reason: Option<Cow<'a, str>>,
    /// The Request-URI; `null` in a response.
    pub request_uri: Option<Cow<'a, str>>,
    /// From.
    pub from: Option<Cow<'a, str>>,
    /// To.
    pub to: Option<Cow<'a, str>>,
    /// User-Agent or Server.
    pub user_agent: Option<Cow<'a, str>>,
    /// Content-Type.
    pub content_type: Option<Cow<'a, str>>,
    /// How many octets the message has.
    pub size_bytes: usize,
    /// How many of them are the body.
    pub body_bytes: usize,
    /// How many frames carried it.
    pub frames: usize,
    /// The tunnels and tags around it, joined by `+`; empty without any.
    pub encapsulation: String,
    /// What is odd about it.
    pub flaws: Vec<&'static str>,
    /// What the capture agent is called that sent it by HEP: its name, or else its number, or else its address.
    pub agent: Option<Cow<'a, str>>,
    /// The number of that agent.
    pub agent_id: Option<u32>,
    /// Where that agent sent from.
    pub agent_ip: Option<std::net::IpAddr>,
    /// When what it sent was captured; `ts` is when it saw the message.
    #[serde(serialize_with = "serialize_optional_time")]
    pub collected: Option<Timestamp>,
    /// What it belongs to by that agent's word.
    pub correlation_id: Option<Cow<'a, str>>,
    /// The connection that it went over by that agent's word (OpenSIPS).
    pub connection: Option<Cow<'a, str>>,
    /// The capture point that saw it first; only where points have names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub point: Option<Cow<'a, str>>,
    /// What other points saw of it; only where points have names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sightings: Vec<SightingRow<'a>>,
    /// Its octets; only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Cow<'a, str>>,
}

/// A message as another capture point saw it.
#[derive(Clone, Debug, Serialize)]
pub struct SightingRow<'a> {
    /// The point.
    pub point: Cow<'a, str>,
    /// The input.
    pub input: &'a str,
    /// The number of the frame that completed it.
    pub frame: u64,
    /// When that frame was captured, or when its capture agent saw it.
    #[serde(serialize_with = "serialize_time")]
    pub ts: Timestamp,
    /// How much later that is than at the point that saw it first, in microseconds.
    pub delay_us: i64,
}

impl MessageRow<'_> {
    /// Returns which points saw it, for people and for CSV: `edge core+10212`, with microseconds.
    #[must_use]
    pub fn seen(&self) -> String {
        let mut seen = self.point.as_deref().unwrap_or_default().to_owned();
        for sighting in &self.sightings {
            let SightingRow {
                point, delay_us, ..
            } = sighting;
            let _ = write!(seen, " {point}{delay_us:+}");
        }
        seen
    }
}

impl<'a> MessageRow<'a> {
    /// The names of the columns, in their order.
    pub const COLUMNS: [&'static str; 31] = [
        "input",
        "frame",
        "ts",
        "src",
        "src_port",
        "dst",
        "dst_port",
        "transport",
        "method",
        "status",
        "cseq",
        "cseq_method",
        "call_id",
        "reason",
        "request_uri",
        "from",
        "to",
        "user_agent",
        "content_type",
        "size_bytes",
        "body_bytes",
        "frames",
        "encapsulation",
        "flaws",
        "agent",
        "agent_id",
        "agent_ip",
        "collected",
        "correlation_id",
        "connection",
        "seen",
    ];

    /// Returns the row of `message`, which is from the input named `input`.
    #[must_use]
    pub fn new(message: &Message<'a>, input: &'a str) -> Self {
        let Message {
            bytes,
            head,
            flow,
            trace,
            ..
        } = *message;
        let value = |span: Span| {
            Some(span.of(bytes))
                .filter(|value| !value.is_empty())
                .map(one_line)
        };
        let is_response = head.is_response();
        let of_request = |text| (!is_response).then(|| escape(text));
        Self {
            r#type: "message",
            input,
            frame: message.completed_by.origin.number,
            ts: message.ts,
            src: flow.src.ip(),
            src_port: flow.src.port(),
            dst: flow.dst.ip(),
            dst_port: flow.dst.port(),
            transport: flow.transport,
            method: of_request(head.method_text(bytes)),
            status: head.status_code(),
            cseq: head.cseq.and_then(|cseq| cseq.number()),
            cseq_method: head.cseq.map(|cseq| escape(cseq.method_text.of(bytes))),
            call_id: value(head.call_id),
            reason: is_response.then(|| escape(head.reason(bytes))),
            request_uri: of_request(head.request_uri(bytes)),
            from: value(head.from),
            to: value(head.to),
            user_agent: value(head.user_agent),
            content_type: value(head.content_type),
            size_bytes: bytes.len(),
            body_bytes: head.body.len(),
            frames: message.frames.len(),
            encapsulation: if message.encapsulation.is_empty() {
                String::new()
            } else {
                message.encapsulation.to_string()
            },
            flaws: head.flaws.names().collect(),
            agent: trace.map(|trace| trace.agent.label()),
            agent_id: trace.and_then(|trace| trace.agent.id),
            agent_ip: trace.map(|trace| trace.agent.address),
            collected: trace.map(|_| message.completed_by.ts),
            correlation_id: trace.and_then(|trace| trace.correlation_id.as_deref().map(one_line)),
            connection: trace.and_then(|trace| trace.connection.as_deref().map(one_line)),
            point: message.point.map(Cow::Borrowed),
            sightings: Vec::new(),
            text: None,
        }
    }
}
