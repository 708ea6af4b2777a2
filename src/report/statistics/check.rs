//! Conditions that the figures of everything have to hold, for those who test.

use super::{
    StatisticsReport,
    values::{NamedValues, schema, shown},
};
use crate::filter::{Expression, ExpressionError};

/// Conditions, checked against the names that there are.
pub struct Checks(Vec<(String, Expression)>);

/// What became of a condition.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckResult {
    /// The condition as it was typed, or what was compared.
    pub check: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// The values of what it names.
    pub values: Vec<(String, String)>,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It does.
    Passed,
    /// It does not.
    Failed,
    /// Something that it names cannot be told.
    NoData,
}

impl Checks {
    /// Returns the conditions that `texts` are.
    ///
    /// # Errors
    /// When one is no condition, or names no metric.
    pub fn compile(texts: &[String]) -> Result<Self, ExpressionError> {
        let names = NamedValues::names();
        let schema = schema(&names);
        let compile = |text: &String| Ok((text.clone(), Expression::compile(text, &schema)?));
        Ok(Self(texts.iter().map(compile).collect::<Result<_, _>>()?))
    }

    /// Returns what becomes of them in `report`; what cannot be told does not fail them if it `may_miss`.
    #[must_use]
    pub fn run(&self, report: &StatisticsReport<'_>, may_miss: bool) -> Vec<CheckResult> {
        let values = NamedValues::of(report);
        let result = |(text, expression): &(String, Expression)| {
            let named = expression
                .fields()
                .iter()
                .filter_map(|index| values.at(*index));
            let verdict = match expression.verdict(&values) {
                None if may_miss => Verdict::Passed,
                None => Verdict::NoData,
                Some(true) => Verdict::Passed,
                Some(false) => Verdict::Failed,
            };
            CheckResult {
                check: text.clone(),
                verdict,
                values: named
                    .map(|(name, value)| (name.to_owned(), shown(value)))
                    .collect(),
            }
        };
        self.0.iter().map(result).collect()
    }
}

impl CheckResult {
    /// Returns whether it holds.
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.verdict == Verdict::Passed
    }

    /// Returns what became of it, in words.
    #[must_use]
    pub fn summary(&self) -> String {
        let values = self.values.iter();
        let values: Vec<String> = values
            .map(|(name, value)| format!("{name} = {value}"))
            .collect();
        let values = values.join(", ");
        match self.verdict {
            Verdict::Passed => format!("{} holds: {values}", self.check),
            Verdict::Failed => format!("{} does not hold: {values}", self.check),
            Verdict::NoData => format!("{} cannot be told, no data: {values}", self.check),
        }
    }
}
