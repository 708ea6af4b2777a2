//! Messages seen more than once: on the wire, and as capture agents tell.

use std::collections::VecDeque;

use hashbrown::HashMap;

use crate::{time::Timestamp, trace::Agent};

/// How far apart the packets may be that tell of one message: agents need some time.
const WINDOW_NS: i64 = 2_000_000_000;

/// An agent that tells of a message twice within this time by its own clock tells of one: it traces what comes in and
/// what goes out, or its packet was captured twice. It is the window of tap duplicates.
const AGAIN_NS: i64 = 50_000_000;

/// Messages remembered at most, as long as there was no agent, and then.
const FIRST_CAPACITY: usize = 1 << 12;
const CAPACITY: usize = 1 << 18;

/// The messages of the last moments, by what they are and between whom.
///
/// Whoever sees a message and its retransmission sees two, and so does whoever else sees both. So the second sighting by
/// one is the same message as the second one by another. As long as no agent has told anything, messages are only put in
/// a row, which costs next to nothing.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// Oldest first.
    order: VecDeque<(Timestamp, u64)>,
    seen: Option<HashMap<u64, Seen>>,
}

/// What was seen of messages that are alike.
#[derive(Clone, Debug)]
struct Seen {
    /// When the last one came.
    last: Timestamp,
    /// How many there were.
    messages: u32,
    by: Vec<Observer>,
}

/// What one capture point saw of them.
#[derive(Clone, Debug)]
struct Observer {
    /// Nobody for what is on the wire.
    agent: Option<Agent>,
    /// How many it saw, and when it saw the last one by its clock.
    sightings: u32,
    last: Timestamp,
}

impl Told {
    /// Remembers a message on the wire and returns whether an agent has told of it.
    #[inline]
    pub(crate) fn captured(&mut self, content: u64, ts: Timestamp) -> bool {
        if self.seen.is_some() {
            return self.see(content, ts, None, ts);
        }
        if self.order.len() >= FIRST_CAPACITY {
            self.order.pop_front();
        }
        self.order.push_back((ts, content));
        false
    }

    /// Remembers a message that an agent tells of at `ts` and has seen at `told`, and returns whether it was seen before.
    pub(crate) fn told(
        &mut self,
        content: u64,
        ts: Timestamp,
        agent: &Agent,
        told: Timestamp,
    ) -> bool {
        if self.seen.is_none() {
            self.seen = Some(HashMap::new());
            for (ts, content) in std::mem::take(&mut self.order) {
                self.see(content, ts, None, ts);
            }
        }
        self.see(content, ts, Some(agent), told)
    }

    fn see(&mut self, content: u64, ts: Timestamp, by: Option<&Agent>, told: Timestamp) -> bool {
        self.forget(ts);
        self.order.push_back((ts, content));
        let seen = self.seen.get_or_insert_default();
        let entry = seen.entry(content).or_insert_with(|| Seen::new(ts));
        if ts.since(entry.last).saturating_abs() > WINDOW_NS {
            *entry = Seen::new(ts);
        }
        entry.last = ts;
        entry.is_known(by, told)
    }

    /// Forgets what is out of the window, or too much.
    fn forget(&mut self, now: Timestamp) {
        while let Some(&(ts, content)) = self.order.front() {
            let is_recent = now.since(ts).saturating_abs() <= WINDOW_NS;
            if is_recent && self.order.len() < CAPACITY {
                return;
            }
            if let Some(seen) = &mut self.seen
                && seen.get(&content).is_some_and(|seen| seen.last == ts)
            {
                seen.remove(&content);
            }
            self.order.pop_front();
        }
    }
}

impl Seen {
    const fn new(ts: Timestamp) -> Self {
        Self {
            last: ts,
            messages: 0,
            by: Vec::new(),
        }
    }

    /// Notes that a message was seen at `ts`, and returns whether it is one that others have seen.
    fn is_known(&mut self, agent: Option<&Agent>, ts: Timestamp) -> bool {
        let known = self.by.iter().position(|by| by.agent.as_ref() == agent);
        let sightings = match known.and_then(|index| self.by.get_mut(index)) {
            Some(by) => {
                let is_again = agent.is_some() && ts.since(by.last).saturating_abs() <= AGAIN_NS;
                by.last = ts;
                if is_again {
                    return true;
                }
                by.sightings = by.sightings.saturating_add(1);
                by.sightings
            }
            None => {
                self.by.push(Observer {
                    agent: agent.cloned(),
                    sightings: 1,
                    last: ts,
                });
                1
            }
        };
        let is_new = sightings > self.messages;
        self.messages = self.messages.max(sightings);
        !is_new
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_nanos(millis * 1_000_000)
    }

    fn agent(id: u32) -> Agent {
        Agent::new(b"", Some(id), "192.0.2.1".parse().unwrap())
    }

    #[test]
    fn what_agents_tell_and_the_wire_has_is_one_message() {
        // Which agent tells it (none: the wire), which message, when, and whether it was known.
        type Steps<'a> = &'a [(u32, u64, i64, bool)];
        let table: &[Steps<'_>] = &[
            // The wire first, before any agent, then the agent first.
            &[
                (0, 1, 0, false),
                (1, 1, 2, true),
                (1, 2, 3, false),
                (0, 2, 5, true),
            ],
            // Two agents, and a retransmission.
            &[
                (1, 1, 0, false),
                (2, 1, 150, true),
                (1, 1, 500, false),
                (2, 1, 501, true),
            ],
            // An ACK for a retransmitted response, soon after the first one.
            &[
                (0, 1, 0, false),
                (1, 1, 1, true),
                (0, 1, 60, false),
                (1, 1, 61, true),
            ],
            // The agent did not see the first one.
            &[
                (0, 1, 0, false),
                (0, 1, 500, false),
                (1, 1, 501, true),
                (0, 1, 1500, false),
            ],
            // It traces what comes in and what goes out.
            &[
                (1, 1, 0, false),
                (1, 1, 1, true),
                (0, 1, 1, true),
                (0, 1, 60, false),
            ],
            // What is on the wire twice is not for this table to judge.
            &[
                (1, 9, 0, false),
                (0, 1, 1, false),
                (0, 1, 2, false),
                (1, 1, 3, true),
            ],
            &[(0, 1, 0, false), (1, 1, 2001, false)],
        ];
        for steps in table {
            let mut sightings = Told::default();
            for &(by, content, millis, expected) in *steps {
                let is_known = if by == 0 {
                    sightings.captured(content, at(millis))
                } else {
                    // Its clock is an hour ahead.
                    let told = at(millis + 3_600_000);
                    sightings.told(content, at(millis), &agent(by), told)
                };
                assert_eq!(is_known, expected, "{millis} of {steps:?}");
            }
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut sightings = Told::default();
        for i in 0..100_000 {
            sightings.captured(i, at(0));
        }
        assert_eq!(sightings.order.len(), FIRST_CAPACITY);
        for i in 0..600_000 {
            sightings.told(i, at(1), &agent(1), at(1));
        }
        assert!(sightings.order.len() <= CAPACITY);
        for i in 0..10_000 {
            sightings.told(i, at(10_000 + i as i64), &agent(1), at(1));
        }
        assert!(sightings.order.len() <= 2002);
        assert!(sightings.seen.unwrap().len() <= 2002);
    }
}
