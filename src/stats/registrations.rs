//! Registrations and what becomes of their bindings.

use std::collections::BTreeMap;

use crate::{
    stats::{Profile, Samples, merge::accumulator},
    track::{Binding, BindingState, Event, EventKind},
};

accumulator! {
    /// Counts and times of registrations.
    Registrations {
        /// Registrations that a registrar accepted: new ones, refreshes and removals.
        accepted: u64,
        /// Registrations that were refused or never answered.
        failed: u64,
        /// Those of them that count as ineffective: 4xx but 401, 402 and 407, 5xx, 6xx, or no response.
        ineffective: u64,
        /// Failed ones by status; 0 for no response.
        failures: BTreeMap<u16, u64>,
        /// Bindings that came into being.
        begun: u64,
        /// Refreshes.
        refreshes: u64,
        /// Refreshes that came after the binding had expired.
        late: u64,
        /// Bindings by the number of their state.
        states: BTreeMap<u8, u64>,
        /// From the first REGISTER to the 2xx.
        rrd: Samples,
        /// How long a binding lasted from one refresh to the next, on the average of each binding.
        refresh_interval: Samples,
        /// From when a binding was accepted until it was removed or has expired.
        up: Profile,
    }
}

impl Registrations {
    /// Counts a registration that was accepted.
    pub(super) fn accept(&mut self, event: &Event<'_>) {
        self.accepted += 1;
        self.rrd.add(event.setup_time);
    }

    /// Counts a registration that led to nothing.
    pub(super) fn fail(&mut self, event: &Event<'_>) {
        let status = event.status.unwrap_or_default();
        self.failed += 1;
        *self.failures.entry(status).or_default() += 1;
        let is_ineffective = matches!(status, 0 | 400..=699) && !matches!(status, 401 | 402 | 407);
        self.ineffective += u64::from(is_ineffective);
    }

    /// Counts a binding that is over, or still there at the end.
    pub(super) fn add(&mut self, binding: &Binding, is_whole: bool) {
        *self.states.entry(binding.state() as u8).or_default() += 1;
        if binding.state() == BindingState::Failed {
            return;
        }
        self.begun += u64::from(binding.registered().is_some());
        let refreshes = u64::from(binding.refreshes());
        self.refreshes += refreshes;
        let is_late = binding.flags().contains(crate::track::Flags::LATE_REFRESH);
        self.late += u64::from(is_late);
        let since = binding.registered().unwrap_or_else(|| binding.first_seen());
        if let Some(refreshed) = binding.refreshed()
            && let Some(interval) = refreshed
                .since(since)
                .checked_div(i64::from(binding.refreshes()))
        {
            self.refresh_interval.add_times(Some(interval), refreshes);
        }
        // One that lasts is remembered until it would expire, which is behind the end of the capture.
        let until = binding.ended().or_else(|| binding.expires_at());
        if is_whole && let Some(until) = until {
            self.up.add(since.nanos(), until.nanos());
        }
    }

    /// Returns the states with their bindings.
    pub fn states(&self) -> impl Iterator<Item = (BindingState, u64)> {
        let all = BindingState::ALL.iter().copied();
        all.filter_map(|state| Some((state, *self.states.get(&(state as u8))?)))
    }
}

/// What an event says about a registration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Accepted,
    Failed,
}

/// Returns what an event says about a registration, if anything.
pub(super) fn verdict(event: &Event<'_>) -> Option<Verdict> {
    match event.kind {
        EventKind::RegFailed => Some(Verdict::Failed),
        // Those that no response tells have no beginning.
        EventKind::RegNew | EventKind::RegRefresh | EventKind::RegDel
            if event.setup_time.is_some() =>
        {
            Some(Verdict::Accepted)
        }
        _ => None,
    }
}
