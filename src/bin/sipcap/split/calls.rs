//! The calls of a run, as far as their files need them.

use hashbrown::HashMap;
use sipcap::{
    capture::Origin,
    error::Result,
    report::{CallRow, FileCall},
    sip::Message,
    text::escape,
    time::Timestamp,
    track::{Call, CorrelationLevel, Correlator, Interests, Observer},
};

use crate::{
    choose::Choice,
    split::{Labels, label},
    told::Later,
    track::Follower,
};

/// What is kept of a call.
pub(crate) struct CallNote {
    /// Its number among all calls.
    pub(crate) number: u64,
    pub(crate) is_selected: bool,
    /// What names of files have in them, if they are made of fields.
    pub(crate) name: Option<String>,
    /// What the manifest and the file tell of it.
    pub(crate) call: FileCall,
    pub(crate) reason: String,
    /// What a file of several calls tells of it, if that is asked for.
    pub(crate) saved: Option<Box<SavedCall>>,
}

/// What is told of a call in a file of several.
pub(crate) struct SavedCall {
    pub(crate) call_id: Vec<u8>,
    /// When it began, and with which frame.
    pub(crate) first: Timestamp,
    pub(crate) origin: Origin,
    /// The call in one line.
    pub(crate) note: String,
}

/// All calls, noted when they are over.
pub(crate) struct Calls {
    choice: Choice,
    labels: Labels,
    pub(crate) notes: Vec<CallNote>,
    legs: Option<Legs>,
    is_saved: bool,
    /// When calls began under Call-IDs that are used again, if calls are saved.
    pub(crate) later: Later,
}

/// Who puts legs together, and the calls by the numbers that it knows them by.
struct Legs {
    correlator: Correlator,
    calls: HashMap<u64, u64>,
    /// Each leg with the first leg of its call.
    joined: Vec<(u64, u64)>,
}

impl Calls {
    pub(crate) fn new(choice: Choice, labels: Labels, legs: CorrelationLevel) -> Self {
        let legs = (legs != CorrelationLevel::None).then(|| Legs {
            correlator: Correlator::new(legs),
            calls: HashMap::new(),
            joined: Vec::new(),
        });
        Self {
            choice,
            labels,
            notes: Vec::new(),
            legs,
            is_saved: false,
            later: Later::default(),
        }
    }

    /// Notes what is told of calls in a file of several.
    pub(crate) fn for_one_file(mut self) -> Self {
        self.is_saved = true;
        self
    }

    /// Returns the selection.
    pub(crate) const fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Returns each leg with the first leg of its call, by their numbers.
    pub(crate) fn joined(&mut self) -> Vec<(u64, u64)> {
        let Some(legs) = &mut self.legs else {
            return Vec::new();
        };
        legs.correlator.finish();
        legs.take_links();
        std::mem::take(&mut legs.joined)
    }

    /// Returns how many legs were open for too long to be put together with those before them.
    pub(crate) fn hasty(&self) -> u64 {
        let legs = self.legs.as_ref();
        legs.map_or(0, |legs| legs.correlator.hasty())
    }

    fn note(&self, call: &Call) -> CallNote {
        let row = self.choice.row(call);
        // A leg of a call that is selected comes along.
        let is_saved = self.is_saved && (row.is_some() || self.legs.is_some());
        let saved = is_saved.then(|| {
            Box::new(SavedCall {
                call_id: call.call_id().to_vec(),
                first: call.first_seen(),
                origin: call.origin(),
                note: CallRow::new(call, "").note(),
            })
        });
        let text = |text: &[u8]| (!text.is_empty()).then(|| escape(text).into_owned());
        CallNote {
            number: call.number(),
            is_selected: row.is_some(),
            name: row.and_then(|row| self.labels.of_row(&row)),
            call: FileCall {
                call_id: escape(call.call_id()).into_owned(),
                outcome: call.outcome().name(),
                status: call.status(),
                caller: text(call.caller().uri),
                callee: text(call.callee().uri),
            },
            reason: label::one_line(call.reason()),
            saved,
        }
    }
}

impl Legs {
    fn take_links(&mut self) {
        for link in self.correlator.links() {
            let calls = (
                self.calls.remove(&link.leg.number),
                self.calls.get(&link.call.number),
            );
            // The first leg is told before those behind it, and is needed for all of them.
            if let (Some(leg), Some(first)) = calls {
                self.joined.push((leg, *first));
            } else if let Some(leg) = calls.0 {
                self.calls.insert(link.leg.number, leg);
            }
        }
    }
}

impl Observer for Calls {
    fn interests(&self) -> Interests {
        Interests::CALLS
    }

    fn call_begun(&mut self, call: &Call) -> Result<()> {
        if let Some(legs) = &mut self.legs {
            legs.correlator.begin(call);
        }
        Ok(())
    }

    fn call(&mut self, call: Box<Call>) -> Result<()> {
        if let Some(legs) = &mut self.legs {
            let place = legs.correlator.end(&call);
            legs.calls.insert(place.number, call.number());
            legs.take_links();
        }
        if self.is_saved {
            self.later
                .note(call.call_id(), call.episode(), call.first_seen());
        }
        self.notes.push(self.note(&call));
        Ok(())
    }
}

impl Follower for Calls {
    fn marks(&self, message: &Message<'_>) -> bool {
        self.choice.marks(message)
    }
}
