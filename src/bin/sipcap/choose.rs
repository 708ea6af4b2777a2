//! Which calls are selected, in the words that all commands about calls share.

use clap::{
    Args, ValueEnum,
    builder::{PossibleValuesParser, TypedValueParser},
};
use sipcap::{
    filter::{Comparison, Selection},
    report::CallRow,
    sip::Message,
    track::{Call, Correlation, CorrelationLevel, Outcome},
};

use crate::cli::{Conditions, SelectArgs, WhereArgs};

/// Which calls are selected, besides the options that all commands share.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct ChooseArgs {
    /// Calls with this outcome, or one of several: busy,failed
    #[arg(long, value_name = "OUTCOME", value_delimiter = ',', value_parser = outcomes())]
    outcome: Vec<Outcome>,
    /// Calls that were up for this long, from the answer to the end of the call or of the capture: '>30s', 30s-60s
    #[arg(long, value_name = "COMPARISON")]
    duration: Vec<Comparison>,
}

impl ChooseArgs {
    /// Returns whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.outcome.is_empty() && self.duration.is_empty()
    }

    /// Returns which calls are selected, together with the other options for that; `names` are those of the inputs.
    pub(crate) fn choice(
        &self,
        select: &SelectArgs,
        conditions: &WhereArgs,
        names: Vec<String>,
    ) -> anyhow::Result<Choice> {
        Ok(Choice {
            selection: select.selection(),
            outcomes: self.outcome.clone(),
            durations: self.duration.clone(),
            conditions: conditions.compile(CallRow::SCHEMA)?,
            names,
        })
    }
}

fn outcomes() -> impl TypedValueParser<Value = Outcome> {
    PossibleValuesParser::new(Outcome::ALL.iter().map(|outcome| outcome.name()))
        .try_map(|name| name.parse::<Outcome>())
}

/// How the legs of B2BUAs are put together.
#[derive(Args, Debug)]
#[command(next_help_heading = "Leg options")]
pub(crate) struct LegArgs {
    /// Put the legs of a call together that a B2BUA made of it
    ///
    /// Rows of one call stand together and have its number, which does not depend on what is selected. What joins a leg
    /// to an earlier one is in the field linked_by; sipcap-formats(7) has the scores.
    #[arg(long)]
    pub(crate) legs: bool,
    /// What joins legs: nothing, only what is explicit, such as a header with the other Call-ID, or what they have in
    /// common too
    #[arg(
        long,
        value_name = "HOW",
        default_value = "heuristic",
        requires = "legs"
    )]
    correlate: Correlate,
    /// A further header that names the Call-ID of another leg (can be repeated)
    ///
    /// Known are X-Call-ID, X-CID, X-Leg-Call-ID and Call-ID-Original.
    #[arg(long, value_name = "NAME", requires = "legs")]
    correlate_header: Vec<String>,
}

/// What joins legs.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Correlate {
    /// Each leg is a call
    None,
    /// What needs no other evidence
    Explicit,
    /// All evidence
    Heuristic,
}

impl LegArgs {
    /// Returns how legs are put together.
    pub(crate) fn correlation(&self) -> Correlation {
        let mut correlation = Correlation::default();
        if self.legs {
            correlation.level = match self.correlate {
                Correlate::None => CorrelationLevel::None,
                Correlate::Explicit => CorrelationLevel::Explicit,
                Correlate::Heuristic => CorrelationLevel::Heuristic,
            };
            correlation
                .headers
                .extend_from_slice(&self.correlate_header);
        }
        correlation
    }
}

/// Which calls are selected, and what their rows are made with.
pub(crate) struct Choice {
    selection: Selection,
    outcomes: Vec<Outcome>,
    durations: Vec<Comparison>,
    conditions: Conditions,
    names: Vec<String>,
}

impl Choice {
    /// Returns whether everything is selected.
    pub(crate) fn is_everything(&self) -> bool {
        self.is_of_any_message() && self.selection.is_everything()
    }

    /// Returns whether a message that is of no call is selected.
    pub(crate) fn selects_message(&self, message: &Message<'_>) -> bool {
        self.is_of_any_message() && self.selection.matches(message)
    }

    /// Returns whether nothing is asked that only calls have.
    pub(crate) fn is_of_any_message(&self) -> bool {
        self.outcomes.is_empty() && self.durations.is_empty() && self.conditions.is_empty()
    }

    /// Returns whether a message marks its call.
    pub(crate) fn marks(&self, message: &Message<'_>) -> bool {
        self.selection.marks(message)
    }

    /// Returns the row of a call if it is selected.
    pub(crate) fn row<'a>(&'a self, call: &'a Call) -> Option<CallRow<'a>> {
        if !self.selects(call) {
            return None;
        }
        let name = self.names.get(usize::from(call.origin().input));
        let row = CallRow::new(call, name.map_or("", String::as_str));
        self.conditions.hold(&row).then_some(row)
    }

    /// Returns whether a call is selected.
    pub(crate) fn takes(&self, call: &Call) -> bool {
        if self.conditions.is_empty() {
            self.selects(call)
        } else {
            self.row(call).is_some()
        }
    }

    /// Returns whether a call is selected, but for the conditions over its row.
    fn selects(&self, call: &Call) -> bool {
        let duration = || call.duration();
        (self.outcomes.is_empty() || self.outcomes.contains(&call.outcome()))
            && (self.durations.is_empty()
                || self
                    .durations
                    .iter()
                    .any(|wanted| wanted.matches(duration())))
            && self.selection.matches_call(call)
    }
}
