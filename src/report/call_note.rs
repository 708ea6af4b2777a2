//! A call in one line, as it is noted in captures.

use std::fmt::Write as _;

use crate::{
    report::{CallRow, PartyRow},
    text::printable,
    time::Timestamp,
};

impl CallRow<'_> {
    /// Returns the call in one line for people: what became of it, who called whom, and when.
    #[must_use]
    pub fn note(&self) -> String {
        let mut note = format!("Call {}: {}", self.call_id, self.outcome);
        if let Some(status) = self.status {
            write!(note, ", {status}").unwrap_or_default();
            if let Some(reason) = &self.reason {
                write!(note, " {reason}").unwrap_or_default();
            }
        }
        for (what, party) in [("; from ", &self.caller), (" to ", &self.callee)] {
            note.push_str(what);
            add_party(&mut note, party);
        }
        let times = &self.times;
        let moments = [
            ("began", Some(self.ts)),
            ("answered", times.t_answer),
            ("timed out", times.t_timeout),
            ("last message", Some(times.t_last)),
        ];
        for (what, moment) in moments {
            if let Some(moment) = moment {
                write!(note, "; {what} {}", text(moment)).unwrap_or_default();
            }
        }
        if let Some(talk) = self.durations.talk_ms {
            write!(note, "; talk {}.{:03} s", talk / 1_000, talk % 1_000).unwrap_or_default();
        }
        if let Some(side) = self.side {
            write!(note, "; ended by {side}").unwrap_or_default();
        }
        printable(&note).into_owned()
    }
}

fn text(moment: Timestamp) -> String {
    moment.rfc3339().as_str().to_owned()
}

/// Adds a side: its URI, and its address where that is known.
fn add_party(note: &mut String, party: &PartyRow<'_>) {
    note.push_str(party.uri.as_deref().unwrap_or("?"));
    let added = match (party.ip, party.port) {
        (Some(ip), Some(port)) => write!(note, " ({})", std::net::SocketAddr::new(ip, port)),
        (Some(ip), None) => write!(note, " ({ip})"),
        (None, _) => Ok(()),
    };
    added.unwrap_or_default();
}
