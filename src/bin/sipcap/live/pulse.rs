//! What happens, counted at once: figures of calls come only when those are over.

use std::collections::BTreeMap;

use sipcap::track::{Event, EventKind};

/// What happened so far.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Pulse {
    /// Calls of which a message came.
    pub(crate) begun: u64,
    /// Calls answered, not answered, and ended after an answer.
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) ended: u64,
    /// Those not answered, by final status; 0 for none.
    pub(crate) failures: BTreeMap<u16, u64>,
    /// Bindings made, given back, and timed out.
    pub(crate) registered: u64,
    pub(crate) removed: u64,
    pub(crate) expired: u64,
    /// Requests whose credentials were not good enough.
    pub(crate) refused: u64,
}

impl Pulse {
    /// Takes note of a message of the call with this number: they are numbered from 0 on.
    pub(crate) fn call(&mut self, number: u64) {
        self.begun = self.begun.max(number.saturating_add(1));
    }

    /// Counts an event.
    pub(crate) fn event(&mut self, event: &Event<'_>) {
        match event.kind {
            EventKind::CallStart => self.answered += 1,
            EventKind::CallEnd => self.ended += 1,
            EventKind::CallAttempt => {
                self.failed += 1;
                *self
                    .failures
                    .entry(event.status.unwrap_or_default())
                    .or_default() += 1;
            }
            EventKind::RegNew => self.registered += 1,
            EventKind::RegDel => self.removed += 1,
            EventKind::RegExpired => self.expired += 1,
            EventKind::AuthFailed => self.refused += 1,
            _ => {}
        }
    }

    /// Returns what happened since then.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let left = |now: u64, before: u64| now.saturating_sub(before);
        let failures = self.failures.iter().map(|(status, count)| {
            let known = before.failures.get(status).copied().unwrap_or_default();
            (*status, left(*count, known))
        });
        Self {
            begun: left(self.begun, before.begun),
            answered: left(self.answered, before.answered),
            failed: left(self.failed, before.failed),
            ended: left(self.ended, before.ended),
            failures: failures.filter(|(_, count)| *count > 0).collect(),
            registered: left(self.registered, before.registered),
            removed: left(self.removed, before.removed),
            expired: left(self.expired, before.expired),
            refused: left(self.refused, before.refused),
        }
    }

    /// Returns the share of the calls that came to an end or an answer and were answered (ITU-T E.411), in percent.
    pub(crate) fn answer_seizure_ratio(&self) -> Option<f64> {
        let seizures = self.answered.saturating_add(self.failed);
        (seizures > 0).then(|| 100.0 * self.answered as f64 / seizures as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sipcap::time::Timestamp;

    #[test]
    fn what_happened_since_is_the_difference() {
        let mut pulse = Pulse::default();
        let event = |kind, status| Event {
            status,
            ..Event::new(kind, Timestamp::default())
        };
        pulse.event(&event(EventKind::CallStart, Some(200)));
        pulse.event(&event(EventKind::CallAttempt, Some(486)));
        let before = pulse.clone();
        for status in [Some(486), Some(503), None] {
            pulse.event(&event(EventKind::CallAttempt, status));
        }
        pulse.event(&event(EventKind::RegNew, Some(200)));
        let since = pulse.since(&before);
        assert_eq!((since.answered, since.failed, since.registered), (0, 3, 1));
        assert_eq!(since.failures, [(0, 1), (486, 1), (503, 1)].into());
        // One of two; one of five.
        assert_eq!(before.answer_seizure_ratio(), Some(50.0));
        assert_eq!(pulse.answer_seizure_ratio(), Some(20.0));
        assert_eq!(Pulse::default().answer_seizure_ratio(), None);
    }
}
