//! A row for each event.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use serde::Serialize;

use crate::{
    net::Transport,
    report::{
        CsvRows, PartyRow, SidesRow,
        fields::{known, millis, seconds, serialize_flags, serialize_time},
    },
    time::Timestamp,
    track::{Event, Flags, Outcome, Rate, Side},
};

/// What `events` tells of an event. Fields are only ever added, at the end.
#[derive(Clone, Debug, Serialize)]
pub struct EventRow<'a> {
    /// What happened, for example `call-start`.
    pub r#type: &'static str,
    /// When: the time of the message that tells it, or the deadline that passed; RFC 3339, UTC, nine decimals.
    #[serde(serialize_with = "serialize_time")]
    pub ts: Timestamp,
    /// The input that the frame is from, as it was named; `null` without one.
    pub input: Option<&'a str>,
    /// The number of the frame that gave rise to it; `null` when time did.
    pub frame: Option<u64>,
    /// Call-ID.
    pub call_id: Option<Cow<'a, str>>,
    /// The tag of whom it began with.
    pub from_tag: Option<Cow<'a, str>>,
    /// The tag of the other side.
    pub to_tag: Option<Cow<'a, str>>,
    /// The method of the request that it began with.
    pub method: Option<Cow<'a, str>>,
    /// Whom it began with.
    pub caller: PartyRow<'a>,
    /// The other side.
    pub callee: PartyRow<'a>,
    /// The Request-URI.
    pub ruri: Option<Cow<'a, str>>,
    /// The Contact of whom it began with.
    pub contact: Option<Cow<'a, str>>,
    /// The values of P-Asserted-Identity, two at most.
    pub pai: Vec<Cow<'a, str>>,
    /// `udp`, `tcp`, `tls`, `ws`, `wss` or `sctp`.
    pub transport: Option<&'static str>,
    /// The status that tells it.
    pub status: Option<u16>,
    /// The reason phrase of it, or what is to be said instead.
    pub reason: Option<Cow<'a, str>>,
    /// What became of the call.
    pub outcome: Option<&'static str>,
    /// Who ended the call: `caller`, `callee` or `network`.
    pub side: Option<&'static str>,
    /// The cause by ITU-T Q.850.
    pub cause: Option<u8>,
    /// From the first INVITE to the first 101 to 199.
    pub pdd_ms: Option<i64>,
    /// From the first INVITE to the answer.
    pub setup_ms: Option<i64>,
    /// How long it rang.
    pub ring_ms: Option<i64>,
    /// From the answer, or from the beginning of a binding, to this event.
    pub duration_ms: Option<i64>,
    /// The address of record.
    pub aor: Option<Cow<'a, str>>,
    /// How long the binding or the subscription lasts.
    pub expires_s: Option<u32>,
    /// How many messages there were so far.
    pub counters: SidesRow,
    /// What is odd about it.
    #[serde(serialize_with = "serialize_flags")]
    pub flags: Flags,
    /// How it stands to the limits of its rate; `null` without limits.
    pub rate: Option<RateRow>,
    /// The connection that it is about, by the word of a proxy (OpenSIPS).
    pub connection: Option<Cow<'a, str>>,
}

/// How an event stands to the limits of its rate.
#[derive(Clone, Debug, Serialize)]
pub struct RateRow {
    /// Whether a limit is exceeded.
    pub exceeded: bool,
    /// How many events over the limits there were since the last one that was told.
    pub ex_diff: u64,
    /// The rate in the window that is filled the most.
    pub crt: u64,
    /// The limit of that window.
    pub lim: u32,
    /// The time of that window.
    pub period_s: i64,
    /// Since when the limits are exceeded, or are not.
    #[serde(serialize_with = "serialize_time")]
    pub since: Timestamp,
    /// What is counted: kind and source address.
    pub key: String,
}

impl<'a> EventRow<'a> {
    /// The names of the columns, in their order.
    pub const COLUMNS: [&'static str; 49] = [
        "type",
        "ts",
        "input",
        "frame",
        "call_id",
        "from_tag",
        "to_tag",
        "method",
        "caller_uri",
        "caller_display",
        "caller_ip",
        "caller_port",
        "caller_ua",
        "callee_uri",
        "callee_display",
        "callee_ip",
        "callee_port",
        "callee_ua",
        "ruri",
        "contact",
        "pai1",
        "pai2",
        "transport",
        "status",
        "reason",
        "outcome",
        "side",
        "cause",
        "pdd_ms",
        "setup_ms",
        "ring_ms",
        "duration_ms",
        "aor",
        "expires_s",
        "caller_requests",
        "caller_responses",
        "caller_retransmissions",
        "callee_requests",
        "callee_responses",
        "callee_retransmissions",
        "flags",
        "rate_exceeded",
        "rate_ex_diff",
        "rate_crt",
        "rate_lim",
        "rate_period_s",
        "rate_since",
        "rate_key",
        "connection",
    ];

    /// Returns the row of `event`, which is from an input among `names` and stands to its limits like `rate`.
    #[must_use]
    pub fn new(event: &Event<'a>, names: &'a [String], rate: Option<&Rate>) -> Self {
        let input = event.origin.map(|origin| usize::from(origin.input));
        let identities = event.asserted_identities.into_iter();
        Self {
            r#type: event.kind.name(),
            ts: event.ts,
            input: input.and_then(|input| names.get(input).map(String::as_str)),
            frame: event.origin.map(|origin| origin.number),
            call_id: known(event.call_id),
            from_tag: known(event.from_tag),
            to_tag: known(event.to_tag),
            method: known(event.method),
            caller: PartyRow::new(event.caller),
            callee: PartyRow::new(event.callee),
            ruri: known(event.request_uri),
            contact: known(event.contact),
            pai: identities.filter_map(known).collect(),
            transport: event.transport.map(Transport::name),
            status: event.status,
            reason: known(event.reason),
            outcome: event.outcome.map(Outcome::name),
            side: event.side.map(Side::name),
            cause: event.cause,
            pdd_ms: event.post_dial_delay.map(millis),
            setup_ms: event.setup_time.map(millis),
            ring_ms: event.ring_time.map(millis),
            duration_ms: event.duration.map(millis),
            aor: known(event.aor),
            expires_s: event.expires,
            counters: SidesRow::new(&event.counters),
            flags: event.flags,
            rate: rate.map(RateRow::new),
            connection: known(event.connection),
        }
    }

    /// Writes the row as CSV.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write<W: Write>(&self, rows: &mut CsvRows<W>) -> io::Result<()> {
        rows.plain(self.r#type);
        rows.plain(self.ts.rfc3339().as_str());
        rows.optional(self.input);
        rows.optional_number(self.frame);
        for text in [&self.call_id, &self.from_tag, &self.to_tag, &self.method] {
            rows.optional(text.as_deref());
        }
        self.caller.cells(rows);
        self.callee.cells(rows);
        rows.optional(self.ruri.as_deref());
        rows.optional(self.contact.as_deref());
        for index in 0..2 {
            rows.optional(self.pai.get(index).map(|identity| &**identity));
        }
        rows.optional(self.transport);
        rows.optional_number(self.status);
        rows.optional(self.reason.as_deref());
        rows.optional(self.outcome);
        rows.optional(self.side);
        rows.optional_number(self.cause);
        for millis in [self.pdd_ms, self.setup_ms, self.ring_ms, self.duration_ms] {
            rows.optional_number(millis);
        }
        rows.optional(self.aor.as_deref());
        rows.optional_number(self.expires_s);
        self.counters.cells(rows);
        rows.flags(self.flags);
        match &self.rate {
            Some(rate) => rate.cells(rows),
            None => (0..7).for_each(|_| rows.plain("")),
        }
        rows.optional(self.connection.as_deref());
        rows.end()
    }
}

impl RateRow {
    fn new(rate: &Rate) -> Self {
        Self {
            exceeded: rate.is_exceeded,
            ex_diff: rate.difference,
            crt: rate.current,
            lim: rate.limit.events,
            period_s: seconds(rate.limit.period),
            since: rate.since,
            key: rate.key.to_string(),
        }
    }

    fn cells<W: Write>(&self, rows: &mut CsvRows<W>) {
        rows.plain(if self.exceeded { "true" } else { "false" });
        rows.number(self.ex_diff);
        rows.number(self.crt);
        rows.number(self.lim);
        rows.number(self.period_s);
        rows.plain(self.since.rfc3339().as_str());
        rows.plain(&self.key);
    }
}
