//! Who sees messages: capture points that were named, capture agents, and the wire.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use hashbrown::HashMap;

use crate::{
    capture::{Batch, Correction, Frame, Place, Places, WIRE},
    time::Timestamp,
    trace::Agent,
};

/// Agents that have a name of their own at most.
const MAX_AGENTS: usize = 4096;
/// What those are called that are too many.
const OTHERS: &str = "(others)";

/// Who has seen a message.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observer {
    /// Another one for each, 0 for the wire.
    pub(crate) id: u64,
    /// The name of the point.
    pub(crate) point: Option<Arc<str>>,
    /// Whether it is a capture agent, which tells what it has seen.
    pub(crate) is_agent: bool,
}

/// Where inputs were captured, and which agents told anything.
#[derive(Debug)]
pub(crate) struct Observers {
    by_interface: HashMap<(u16, u16), Place>,
    /// What was learned last.
    last: Option<(u16, Arc<[Place]>)>,
    agents: HashMap<Agent, (Observer, Arc<[Correction]>)>,
    /// Who knows what clocks are off by.
    places: Option<Arc<dyn Places>>,
    wire: Arc<str>,
    others: Arc<str>,
}

impl Observers {
    pub(crate) fn new(places: Option<Arc<dyn Places>>) -> Self {
        Self {
            by_interface: HashMap::new(),
            last: None,
            agents: HashMap::new(),
            places,
            wire: Arc::from(WIRE),
            others: Arc::from(OTHERS),
        }
    }

    /// Learns where the frames of a batch were captured.
    pub(crate) fn learn(&mut self, batch: &Batch) {
        let Some(places) = &batch.places else {
            return;
        };
        let is_known = |(input, last): &(u16, Arc<[Place]>)| {
            *input == batch.input && Arc::ptr_eq(last, places)
        };
        if self.last.as_ref().is_some_and(is_known) {
            return;
        }
        for (interface, place) in (0..).zip(places.iter()) {
            self.by_interface
                .insert((batch.input, interface), place.clone());
        }
        self.last = Some((batch.input, Arc::clone(places)));
    }

    /// Returns where a frame was captured, if that is known.
    pub(crate) fn place(&self, frame: &Frame) -> Option<&Place> {
        if self.by_interface.is_empty() {
            return None;
        }
        self.by_interface
            .get(&(frame.origin.input, frame.interface))
    }

    /// Returns who saw a message: the agent that tells of it, or whoever captured the frame.
    pub(crate) fn of(&mut self, agent: Option<&Agent>, frame: &Frame) -> Observer {
        if let Some(agent) = agent {
            return self.agent(agent).0;
        }
        self.place(frame)
            .filter(|place| place.point.is_some())
            .map(|place| Observer {
                id: place.salt(),
                point: place.point.clone(),
                is_agent: false,
            })
            .unwrap_or_default()
    }

    /// Returns the name of the wire.
    pub(crate) const fn wire(&self) -> &Arc<str> {
        &self.wire
    }

    /// Returns a time that an agent told as clocks that are right tell it.
    pub(crate) fn corrected(&mut self, agent: &Agent, told: Timestamp) -> Timestamp {
        if self.places.is_none() {
            return told;
        }
        let (_, clock) = self.agent(agent);
        clock.iter().fold(told, |ts, step| step.of(ts))
    }

    fn agent(&mut self, agent: &Agent) -> (Observer, Arc<[Correction]>) {
        if let Some(known) = self.agents.get(agent) {
            return known.clone();
        }
        let has_room = self.agents.len() < MAX_AGENTS;
        let label: Arc<str> = match has_room {
            true => agent.label().into(),
            false => Arc::clone(&self.others),
        };
        let clock = self.places.as_ref().filter(|_| has_room);
        let clock = clock.map(|places| places.clock_of_agent(&label));
        // Nothing that is shown depends on it.
        let mut hasher = DefaultHasher::new();
        agent.hash(&mut hasher);
        let observer = Observer {
            id: hasher.finish() | 1,
            point: Some(label),
            is_agent: true,
        };
        let known = (observer, clock.unwrap_or_default());
        if has_room {
            self.agents.insert(agent.clone(), known.clone());
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agents_beyond_the_cap_share_a_name() {
        let mut observers = Observers::new(None);
        let agent = |id| Agent::new(b"", Some(id), "192.0.2.1".parse().unwrap());
        for id in 0..MAX_AGENTS as u32 {
            let (observer, _) = observers.agent(&agent(id));
            assert_eq!(observer.point.as_deref(), Some(id.to_string().as_str()));
        }
        let [one, other] = [70_000, 70_001].map(|id| observers.agent(&agent(id)).0);
        assert_eq!(one.point.as_deref(), Some(OTHERS));
        assert_eq!(other.point.as_deref(), Some(OTHERS));
        assert_ne!(one.id, other.id);
        assert_eq!(observers.agents.len(), MAX_AGENTS);
    }
}
