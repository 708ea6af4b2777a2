//! What proxies tell of calls, for files that have it too.

use sipcap::{capture::Frame, pipeline::Report, sip::Message, time::Timestamp};

use crate::{
    split::CallNote,
    told::{Connections, Later, Told},
    ui::Ui,
};

/// Reports that are remembered at most.
const MAX_REPORTS: usize = 1 << 20;

/// A report: when it was, the Call-ID that it is about, and the frames that it came in.
struct Piece {
    ts: Timestamp,
    call_id: Box<[u8]>,
    frames: Box<[Frame]>,
}

/// The reports of a run, and what ties them to calls.
pub(crate) struct Reports {
    told: Told<Piece>,
    connections: Connections,
    later: Later,
}

impl Default for Reports {
    fn default() -> Self {
        Self {
            told: Told::new(MAX_REPORTS),
            connections: Connections::default(),
            later: Later::default(),
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

    /// Learns when calls began whose Call-IDs had a call before.
    pub(crate) fn settle(&mut self, later: Later) {
        self.later = later;
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
            saved.is_none_or(|saved| self.later.is_of(&saved.call_id, saved.first, piece.ts))
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
