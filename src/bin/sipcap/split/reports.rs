//! What proxies tell of calls, for files that have it too.

use hashbrown::HashMap;
use sipcap::{capture::Frame, pipeline::Report, sip::Message, split::Group, time::Timestamp};

use crate::{
    split::CallNote,
    told::{Beginnings, Told},
    ui::Ui,
};

/// Reports that are remembered at most.
const MAX_REPORTS: usize = 1 << 20;

/// A report: when it was, whether it is about a Call-ID, and the frames that it came in.
struct Piece {
    ts: Timestamp,
    call_id: Box<[u8]>,
    frames: Box<[Frame]>,
}

/// The reports of a run, and what ties them to calls.
pub(crate) struct Reports {
    told: Told<Piece>,
    connections: Connections,
    /// When the calls of each Call-ID began that something is told of.
    beginnings: HashMap<Vec<u8>, Beginnings>,
}

/// The connections that the messages of each call went over, by its number and the word of proxies.
#[derive(Debug, Default)]
pub(crate) struct Connections(HashMap<u64, Vec<Box<[u8]>>>);

/// Connections that are remembered of a call at most.
const MAX_CONNECTIONS: usize = 32;

impl Connections {
    /// Notes the connection of a message of a call.
    pub(crate) fn note(&mut self, call: u64, message: &Message<'_>) {
        let Some(connection) = message.trace.and_then(|trace| trace.connection.as_ref()) else {
            return;
        };
        let known = self.0.entry(call).or_default();
        if known.len() < MAX_CONNECTIONS && !known.contains(connection) {
            known.push(connection.clone());
        }
    }

    /// Returns the connections of a call.
    pub(crate) fn of(&self, call: u64) -> &[Box<[u8]>] {
        self.0.get(&call).map_or(&[], Vec::as_slice)
    }
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            told: Told::new(MAX_REPORTS),
            connections: Connections::default(),
            beginnings: HashMap::new(),
        }
    }
}

impl Reports {
    /// Notes what a message of a call tells about where it went.
    pub(crate) fn note(&mut self, call: u64, message: &Message<'_>) {
        self.connections.note(call, message);
    }

    pub(crate) fn take(&mut self, report: &Report<'_>) {
        self.told.take(report, || Piece {
            ts: report.ts,
            call_id: report.call_id.into(),
            frames: report.frames.into(),
        });
    }

    /// Learns when calls began.
    pub(crate) fn settle(&mut self, notes: &[(Group, CallNote)]) {
        let saved = notes.iter().filter_map(|(_, note)| note.saved.as_ref());
        for saved in saved.filter(|saved| self.told.knows(&saved.call_id)) {
            let known = self.beginnings.entry_ref(saved.call_id.as_slice());
            known.or_default().add(saved.first);
        }
    }

    /// Returns the frames of what is told of a call.
    pub(crate) fn of<'a>(&'a self, note: &'a CallNote) -> impl Iterator<Item = &'a [Frame]> {
        let saved = note.saved.as_deref();
        let keys = saved.into_iter().flat_map(|saved| {
            let connections = self.connections.of(note.number).iter();
            let connections = connections.map(|connection| (&b""[..], Some(&**connection)));
            std::iter::once((saved.call_id.as_slice(), None)).chain(connections)
        });
        let is_of = move |piece: &&Piece| {
            let saved = saved.filter(|saved| *saved.call_id == *piece.call_id);
            saved.is_none_or(|saved| {
                let beginnings = self.beginnings.get(&saved.call_id);
                beginnings.is_none_or(|known| known.is_of(saved.first, piece.ts))
            })
        };
        self.told.of(keys).filter(is_of).map(|piece| &*piece.frames)
    }

    /// Tells what was left out.
    pub(crate) fn warn(&self, ui: &Ui) {
        if self.told.left_out > 0 {
            ui.warn(format_args!(
                "{} reports of proxies were too many to keep; they are left out",
                self.told.left_out
            ));
        }
    }
}
