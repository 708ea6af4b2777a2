//! What capture agents sent, in numbers.

use hashbrown::HashMap;

use crate::{
    hep::{Defect, Payload},
    net::Encapsulation,
    pipeline::carried::Carried,
    time::Timestamp,
    trace::Agent,
};

/// Agents that are told apart at most; what the others sent is counted together.
const CAPACITY: usize = 4096;

/// What one agent sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct AgentCounts {
    /// HEP packets, or sets of IPFIX with something to read.
    pub packets: u64,
    /// Those that carried SIP.
    pub sip: u64,
    /// Those of them that are no messages of their own: somebody had seen them a moment before.
    pub copies: u64,
    /// Those of the copies that were seen elsewhere before; the agent told of the others twice.
    pub sightings: u64,
    /// Those without a payload.
    pub keep_alives: u64,
    /// The lowest and the highest difference between its clock and that of the capture, in nanoseconds.
    pub clock: Option<(i64, i64)>,
}

/// What all agents sent.
#[derive(Clone, Debug, Default)]
pub struct Agents {
    by_agent: HashMap<Agent, AgentCounts>,
    /// What agents sent that came when there were too many.
    others: AgentCounts,
    payloads: HashMap<Payload, u64>,
    defects: [u64; Defect::ALL.len()],
}

impl Agents {
    /// Counts a packet that came at `ts`.
    pub(crate) fn count(&mut self, carried: &Carried, ts: Timestamp) {
        for defect in carried.defects.iter() {
            if let Some(count) = self.defects.get_mut(defect as usize) {
                *count += 1;
            }
        }
        let kind = carried.kind();
        if let Some(kind) = kind
            && carried.carrier == Encapsulation::HEP
        {
            *self.payloads.entry(kind).or_default() += 1;
        }
        let counts = self.of_mut(&carried.trace.agent);
        counts.packets += 1;
        counts.sip += u64::from(kind == Some(Payload::Sip));
        counts.keep_alives += u64::from(kind.is_none());
        if let Some(told) = carried.ts {
            let ahead = told.since(ts);
            let (low, high) = counts.clock.unwrap_or((ahead, ahead));
            counts.clock = Some((low.min(ahead), high.max(ahead)));
        }
    }

    /// Counts a message that was seen before, elsewhere or by the same agent.
    pub(crate) fn count_copy(&mut self, agent: &Agent, is_elsewhere: bool) {
        let counts = self.of_mut(agent);
        counts.copies += 1;
        counts.sightings += u64::from(is_elsewhere);
    }

    fn of_mut(&mut self, agent: &Agent) -> &mut AgentCounts {
        if !self.by_agent.contains_key(agent) {
            if self.by_agent.len() >= CAPACITY {
                return &mut self.others;
            }
            self.by_agent.insert(agent.clone(), AgentCounts::default());
        }
        self.by_agent.get_mut(agent).unwrap_or(&mut self.others)
    }

    /// Returns whether there was no HEP.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_agent.is_empty()
    }

    /// Returns what each agent sent, by name, number and address; in the end, without an agent, what those did that were
    /// too many.
    #[must_use]
    pub fn counts(&self) -> Vec<(Option<&Agent>, &AgentCounts)> {
        let mut counts: Vec<_> = self
            .by_agent
            .iter()
            .map(|(agent, counts)| (Some(agent), counts))
            .collect();
        counts.sort_unstable_by_key(|(agent, _)| *agent);
        if self.others.packets > 0 {
            counts.push((None, &self.others));
        }
        counts
    }

    /// Returns how many packets carried what, besides SIP.
    #[must_use]
    pub fn payloads(&self) -> Vec<(Payload, u64)> {
        let mut payloads: Vec<_> = self
            .payloads
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .collect();
        payloads.sort_unstable();
        payloads
    }

    /// Returns how many packets had which defect, without those that none had.
    pub fn defects(&self) -> impl Iterator<Item = (Defect, u64)> + '_ {
        let all = Defect::ALL.iter().copied().zip(self.defects);
        all.filter(|(_, count)| *count > 0)
    }
}
