//! A row for each binding.

use std::{borrow::Cow, io::Write, net::IpAddr};

use serde::Serialize;

use crate::{
    net::Transport,
    report::{
        CsvRows,
        fields::{
            known, one_line, serialize_flags, serialize_optional_time, serialize_time,
            serialize_transport,
        },
    },
    time::Timestamp,
    track::{Binding, EndReason, Flags},
};

/// What `regs` tells of a binding. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct BindingRow<'a> {
    /// `binding`.
    pub r#type: &'static str,
    /// The input that its first message is from.
    pub input: &'a str,
    /// The frame that completed that message.
    pub frame: u64,
    /// When that was.
    #[serde(serialize_with = "serialize_time")]
    pub ts: Timestamp,
    /// The address of record.
    pub aor: Cow<'a, str>,
    /// The URI where it can be reached.
    pub contact: Cow<'a, str>,
    /// The instance of the user agent.
    pub instance: Option<Cow<'a, str>>,
    /// The number of its flow.
    pub reg_id: Option<u32>,
    /// The state at the end.
    pub state: &'static str,
    /// Why it is over.
    pub end_reason: Option<&'static str>,
    /// The first 2xx.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_registered: Option<Timestamp>,
    /// The last 2xx.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_refresh: Option<Timestamp>,
    /// When it expires, or would have.
    #[serde(serialize_with = "serialize_optional_time")]
    pub expires_at: Option<Timestamp>,
    /// When it was over.
    #[serde(serialize_with = "serialize_optional_time")]
    pub t_end: Option<Timestamp>,
    /// The seconds that were last asked for.
    pub requested_s: Option<u32>,
    /// The seconds that were last granted.
    pub granted_s: Option<u32>,
    /// How many times it was refreshed.
    pub refreshes: u32,
    /// How many times it came from another address than before.
    pub moves: u16,
    /// How many 401 and 407 came.
    pub challenges: u16,
    /// How many registrations failed.
    pub failures: u16,
    /// The last final status.
    pub status: Option<u16>,
    /// The Call-ID of the last registration.
    pub call_id: Option<Cow<'a, str>>,
    /// The number in its CSeq.
    pub cseq: Option<u32>,
    /// From where it is registered.
    pub client: EndRow<'a>,
    /// Where it is registered.
    pub registrar: PlaceRow,
    /// Where the registrar got it from, as far as it says so.
    pub received: Option<Cow<'a, str>>,
    /// The way back to the client.
    pub path: Option<Cow<'a, str>>,
    /// What carried the REGISTER.
    #[serde(serialize_with = "serialize_transport")]
    pub transport: Transport,
    /// What is odd about it.
    #[serde(serialize_with = "serialize_flags")]
    pub flags: Flags,
    /// The place of its Contact in the message that it began with.
    #[serde(skip)]
    pub(super) rank: u32,
}

/// The client of a binding.
#[derive(Clone, Debug, Serialize)]
pub struct EndRow<'a> {
    /// Its address and port.
    #[serde(flatten)]
    pub place: PlaceRow,
    /// Its User-Agent.
    pub ua: Option<Cow<'a, str>>,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlaceRow {
    /// The address.
    pub ip: Option<IpAddr>,
    /// The port there.
    pub port: Option<u16>,
}

impl PlaceRow {
    fn new(address: Option<std::net::SocketAddr>) -> Self {
        Self {
            ip: address.map(|address| address.ip()),
            port: address.map(|address| address.port()),
        }
    }

    fn cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        rows.optional_address(self.ip);
        rows.optional_number(self.port);
    }
}

impl<'a> BindingRow<'a> {
    /// The names of the CSV columns, in their order.
    pub(super) const CSV_COLUMNS: [&'static str; 31] = [
        "input",
        "frame",
        "ts",
        "aor",
        "contact",
        "instance",
        "reg_id",
        "state",
        "end_reason",
        "t_registered",
        "t_refresh",
        "expires_at",
        "t_end",
        "requested_s",
        "granted_s",
        "refreshes",
        "moves",
        "challenges",
        "failures",
        "status",
        "call_id",
        "cseq",
        "client_ip",
        "client_port",
        "client_ua",
        "registrar_ip",
        "registrar_port",
        "received",
        "path",
        "transport",
        "flags",
    ];

    /// Returns the row of `binding`, which begins in the input named `input`.
    #[must_use]
    pub fn new(binding: &'a Binding, input: &'a str) -> Self {
        Self {
            r#type: "binding",
            input,
            frame: binding.frame(),
            ts: binding.first_seen(),
            aor: one_line(binding.aor()),
            contact: one_line(binding.contact()),
            instance: known(binding.instance()),
            reg_id: binding.reg_id(),
            state: binding.state().name(),
            end_reason: binding.end_reason().map(EndReason::name),
            t_registered: binding.registered(),
            t_refresh: binding.refreshed(),
            expires_at: binding.expires_at(),
            t_end: binding.ended(),
            requested_s: binding.requested(),
            granted_s: binding.granted(),
            refreshes: binding.refreshes(),
            moves: binding.moves(),
            challenges: binding.challenges(),
            failures: binding.failures(),
            status: binding.status(),
            call_id: known(binding.call_id()),
            cseq: binding.cseq(),
            client: EndRow {
                place: PlaceRow::new(binding.client()),
                ua: known(binding.user_agent()),
            },
            registrar: PlaceRow::new(binding.registrar()),
            received: known(binding.received()),
            path: known(binding.path()),
            transport: binding.transport(),
            flags: binding.flags(),
            rank: binding.rank().into(),
        }
    }

    /// Adds the cells of the row, in the order of the columns.
    pub(super) fn add_cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        rows.text(self.input);
        rows.number(self.frame);
        rows.plain(self.ts.rfc3339().as_str());
        rows.text(&self.aor);
        rows.text(&self.contact);
        rows.optional(self.instance.as_deref());
        rows.optional_number(self.reg_id);
        rows.plain(self.state);
        rows.plain(self.end_reason.unwrap_or_default());
        let times = [
            self.t_registered,
            self.t_refresh,
            self.expires_at,
            self.t_end,
        ];
        for time in times {
            let time = time.map(Timestamp::rfc3339);
            rows.plain(time.as_ref().map_or("", |time| time.as_str()));
        }
        rows.optional_number(self.requested_s);
        rows.optional_number(self.granted_s);
        rows.number(self.refreshes);
        rows.number(self.moves);
        rows.number(self.challenges);
        rows.number(self.failures);
        rows.optional_number(self.status);
        rows.optional(self.call_id.as_deref());
        rows.optional_number(self.cseq);
        self.client.place.cells(rows);
        rows.optional(self.client.ua.as_deref());
        self.registrar.cells(rows);
        rows.optional(self.received.as_deref());
        rows.optional(self.path.as_deref());
        rows.plain(self.transport.name());
        rows.flags(self.flags);
    }
}
