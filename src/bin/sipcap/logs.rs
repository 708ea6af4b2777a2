//! What proxies tell of calls, for the rows of these.

use std::net::{IpAddr, SocketAddr};

use sipcap::{
    capture::Origin,
    hep::Payload,
    net::Transport,
    pipeline::Report,
    report::{EventRow, LogRows},
    sip::Message,
    time::Timestamp,
    track::{Call, Event, EventKind, Party},
};

use crate::{
    told::{Connections, Later, Told},
    ui::Ui,
};

/// Things that are remembered at most, and told of one call at most.
const MAX_LOGS: usize = 200_000;
const MAX_OF_CALL: usize = 200;

/// Something that a proxy told besides SIP.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) kind: EventKind,
    ts: Timestamp,
    origin: Origin,
    call_id: Box<[u8]>,
    method: Box<str>,
    caller: SocketAddr,
    callee: Option<SocketAddr>,
    transport: Option<Transport>,
    status: Option<u16>,
    reason: String,
    connection: Box<[u8]>,
}

impl Log {
    /// Returns what a report tells, unless it is of no known kind.
    pub(crate) fn of(report: &Report<'_>) -> Option<Self> {
        let told = report.told;
        let kind = match report.kind {
            Payload::Log => EventKind::Log,
            Payload::Rest => EventKind::Rest,
            Payload::Mi => EventKind::Mi,
            Payload::Net => EventKind::Net,
            Payload::Control => EventKind::Correlate,
            Payload::Rtcp | Payload::Quality => EventKind::Quality,
            _ => return None,
        };
        let reason = match (told.label.as_str(), told.detail.as_str()) {
            (label, "") => label.to_owned(),
            (label, detail) => format!("{label}: {detail}"),
        };
        // Proxies put something in where nobody is on the other side.
        let flow = report.flow.filter(|flow| {
            let is_real = |ip: IpAddr| !ip.is_loopback() && !ip.is_unspecified();
            is_real(flow.src.ip()) && is_real(flow.dst.ip())
        });
        let agent = SocketAddr::new(report.trace.agent.address, 0);
        Some(Self {
            kind,
            ts: report.ts,
            origin: report.frame.origin,
            call_id: report.call_id.into(),
            method: told.method.as_str().into(),
            caller: flow.map_or(agent, |flow| flow.src),
            callee: flow.map(|flow| flow.dst),
            transport: flow.map(|flow| flow.transport),
            status: told.status,
            reason,
            connection: report
                .trace
                .connection
                .as_deref()
                .unwrap_or_default()
                .into(),
        })
    }

    /// Returns it as an event.
    pub(crate) fn event(&self) -> Event<'_> {
        let party = |address: Option<SocketAddr>| Party {
            address,
            ..Party::default()
        };
        Event {
            origin: Some(self.origin),
            call_id: &self.call_id,
            method: self.method.as_bytes(),
            caller: party(Some(self.caller)),
            callee: party(self.callee),
            transport: self.transport,
            status: self.status,
            reason: self.reason.as_bytes(),
            connection: &self.connection,
            ..Event::new(self.kind, self.ts)
        }
    }
}

/// What proxies told, and what ties it to calls.
pub(crate) struct Logs {
    told: Told<Log>,
    connections: Connections,
    later: Later,
    /// How the inputs are called.
    names: Vec<String>,
}

impl Logs {
    /// Returns no logs yet of inputs with these names.
    pub(crate) fn new(names: Vec<String>) -> Self {
        Self {
            told: Told::new(MAX_LOGS),
            connections: Connections::default(),
            later: Later::default(),
            names,
        }
    }

    /// Notes what a message of a call tells about where it went.
    pub(crate) fn note(&mut self, call: u64, message: &Message<'_>) {
        self.connections.note(call, message);
    }

    /// Remembers a report.
    pub(crate) fn take(&mut self, report: &Report<'_>) {
        if let Some(log) = Log::of(report) {
            self.told.take(report, || log);
        }
    }

    /// Returns by what the logs of a call are known that is over.
    pub(crate) fn key(&mut self, call: &Call) -> Vec<u8> {
        self.later
            .note(call.call_id(), call.episode(), call.first_seen());
        let mut key = call.first_seen().nanos().to_le_bytes().to_vec();
        let connections = self.connections.take(call.number());
        let ids = std::iter::once(call.call_id()).chain(connections.iter().map(AsRef::as_ref));
        for id in ids {
            let len = u32::try_from(id.len()).unwrap_or(u32::MAX);
            key.extend_from_slice(&len.to_le_bytes());
            key.extend_from_slice(id);
        }
        key
    }

    /// Returns what is told of a call that is known by this.
    pub(crate) fn of(&self, key: &[u8]) -> LogRows<'_> {
        let (first, rest) = key.split_first_chunk().unwrap_or((&[0; 8], &[]));
        let since = Timestamp::from_nanos(i64::from_le_bytes(*first));
        let mut ids = ids(rest);
        let call_id = ids.next().unwrap_or_default();
        let connections = ids.map(|connection| (&b""[..], Some(connection)));
        let keys = std::iter::once((call_id, None)).chain(connections);
        let is_of =
            |log: &&Log| *log.call_id != *call_id || self.later.is_of(call_id, since, log.ts);
        let mut logs: Vec<&Log> = self.told.of(keys).filter(is_of).collect();
        logs.sort_by_key(|log| log.ts);
        let left_out = logs.len().saturating_sub(MAX_OF_CALL);
        logs.truncate(MAX_OF_CALL);
        LogRows {
            rows: logs
                .into_iter()
                .map(|log| EventRow::new(&log.event(), &self.names, None))
                .collect(),
            left_out: left_out as u64,
            since,
        }
    }

    /// Tells what was left out.
    pub(crate) fn warn(&self, ui: &Ui) {
        if self.told.left_out > 0 {
            ui.warn(format_args!(
                "{} logs of proxies were too many to keep; they are in no row",
                self.told.left_out
            ));
        }
    }
}

/// Returns the ids of a key, each behind its length.
fn ids(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (len, behind) = rest.split_first_chunk()?;
        let (id, behind) = behind.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        rest = behind;
        Some(id)
    })
}
