//! Parts put together.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{CaptureQuality, PartOrigin, StatisticsPart};
use crate::{
    sip::{Message, MessageBuf},
    stats::Statistics,
    time::Timestamp,
};

/// Parts of a capture that were counted in the same way, in the order of their times.
pub struct Merge {
    parts: Vec<StatisticsPart>,
    /// How many inputs are in the parts before each.
    first: Vec<u16>,
    origin: PartOrigin,
    capture: CaptureQuality,
}

impl Merge {
    /// Returns `parts`, put together.
    ///
    /// # Errors
    /// When they were counted in different ways, have too many captures, or when there is one of them twice.
    pub fn new(mut parts: Vec<StatisticsPart>) -> Result<Self, String> {
        parts.sort_by(|one, other| one.place().cmp(&other.place()));
        for pair in parts.windows(2) {
            if let [one, other] = pair {
                one.check_against(other)?;
            }
        }
        let mut origin = PartOrigin::default();
        let mut capture = CaptureQuality::default();
        let mut first = Vec::with_capacity(parts.len());
        for (index, part) in parts.iter().enumerate() {
            let counted = &part.counted;
            let so_far = u16::try_from(origin.inputs.len());
            first.push(so_far.map_err(|_| "the parts are of more than 65535 captures")?);
            origin.options.clone_from(&counted.origin.options);
            origin.inputs.extend_from_slice(&counted.origin.inputs);
            origin.end = match index {
                0 => counted.origin.end,
                _ => origin.end.max(counted.origin.end),
            };
            capture.merge(&counted.capture);
        }
        origin.options.retain(|name, _| !PartOrigin::is_own(name));
        Ok(Self {
            parts,
            first,
            origin,
            capture,
        })
    }

    /// Returns what was counted in all parts, without what they carry.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let plan = self.parts.first().map(|part| part.counted.plan.clone());
        let inputs = self.origin.inputs.clone();
        let mut statistics = Statistics::new(plan.unwrap_or_default(), inputs);
        for part in &self.parts {
            statistics.merge(&part.counted.groups);
        }
        statistics
    }

    /// Returns what the whole would be as a part.
    #[must_use]
    pub const fn origin(&self) -> &PartOrigin {
        &self.origin
    }

    /// Returns how good the captures of all parts are.
    #[must_use]
    pub const fn capture(&self) -> &CaptureQuality {
        &self.capture
    }

    /// Returns when the last part is at its end.
    #[must_use]
    pub const fn end(&self) -> Timestamp {
        Timestamp::from_nanos(self.origin.end)
    }

    /// Hands over the messages that the parts carry, in the order of the capture.
    ///
    /// # Errors
    /// When a part is damaged, and when `take` fails.
    pub fn carried(
        &mut self,
        mut take: impl FnMut(&Message<'_>) -> Result<(), String>,
    ) -> Result<(), String> {
        let mut heads: Vec<Option<MessageBuf>> = Vec::with_capacity(self.parts.len());
        let mut order = BinaryHeap::with_capacity(self.parts.len());
        for (index, (part, first)) in self.parts.iter_mut().zip(&self.first).enumerate() {
            let head = part.next_message(*first)?;
            order.extend(head.as_ref().map(|head| Reverse((head.ts, index))));
            heads.push(head);
        }
        while let Some(Reverse((at, index))) = order.pop() {
            let (Some(head), Some(part)) = (heads.get_mut(index), self.parts.get_mut(index)) else {
                continue;
            };
            if let Some(message) = head.take() {
                take(&message.as_message())?;
            }
            *head = part.next_message(self.first.get(index).copied().unwrap_or_default())?;
            // Within a part the order stays, even where its clock was set back.
            order.extend(head.as_ref().map(|head| Reverse((head.ts.max(at), index))));
        }
        Ok(())
    }
}

impl StatisticsPart {
    /// Fails if the two do not belong together.
    fn check_against(&self, other: &Self) -> Result<(), String> {
        let (one, other) = (&self.counted, &other.counted);
        if let Some(option) = differing(one, other) {
            return Err(format!("the parts were counted with different {option}"));
        }
        let is_same = one.origin == other.origin && one.capture == other.capture;
        if is_same && one.capture.has_frames() {
            return Err(format!(
                "{} is in two of the parts",
                one.origin.inputs.join(", ")
            ));
        }
        Ok(())
    }
}

/// Returns an option that two parts were not both counted with.
fn differing(one: &super::Counted, other: &super::Counted) -> Option<String> {
    let (ours, theirs) = (&one.origin.options, &other.origin.options);
    let differs = |name: &&String| ours.get(*name) != theirs.get(*name);
    let mut names = ours.keys().chain(theirs.keys());
    names
        .find(|name| !PartOrigin::is_own(name) && differs(name))
        .map(|name| format!("--{name}"))
        .or_else(|| (one.plan != other.plan).then(|| "--by or --bucket".to_owned()))
}
