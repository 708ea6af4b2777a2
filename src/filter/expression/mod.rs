//! Conditions over the fields of a row: `outcome == "failed" && setup_ms > 3000`.
//!
//! The language is a small part of CEL, the Common Expression Language: what both can say means the same in both.
//! Some things are ours. Names and types are checked before a row is seen, and the error says where. What is not
//! known is null, and every comparison with null but `==` and `!=` is false, and so is every question about its text
//! or items. Times compare with texts in RFC 3339. `has()` takes any field, and sums mix whole and other numbers.
//!
//! What a row is and which fields it has is told by a [`Schema`] and [`Fields`]; nothing here knows of SIP.
//!
//! # Examples
//! ```
//! use sipcap::filter::{Expression, Fields, Kind, Value};
//!
//! struct Call {
//!     outcome: &'static str,
//!     setup_ms: Option<i64>,
//! }
//!
//! const SCHEMA: [(&str, Kind); 2] = [("outcome", Kind::Text), ("setup_ms", Kind::Number)];
//!
//! impl Fields for Call {
//!     fn field(&self, index: usize) -> Value<'_> {
//!         match index {
//!             0 => self.outcome.into(),
//!             1 => self.setup_ms.into(),
//!             _ => Value::Null,
//!         }
//!     }
//! }
//!
//! let slow = Expression::compile("outcome == 'answered' && setup_ms > 3000", &SCHEMA)?;
//! assert!(slow.matches(&Call { outcome: "answered", setup_ms: Some(4000) }));
//! assert!(!slow.matches(&Call { outcome: "answered", setup_ms: None }));
//!
//! let error = Expression::compile("setup > 3000", &SCHEMA).unwrap_err();
//! assert_eq!(error.to_string(), "column 1: there is no field setup; did you mean setup_ms?");
//! # Ok::<(), sipcap::filter::ExpressionError>(())
//! ```

mod check;
mod cursor;
mod error;
mod evaluate;
mod function;
mod names;
mod parse;
#[cfg(test)]
mod tests;
mod token;

mod value;

pub(super) use self::names::hint;
pub use self::{error::ExpressionError, value::Value};
use self::{evaluate::Condition, parse::Parser};

/// What kind of value a field has. Any of them may be null.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// True or false.
    Bool,
    /// A number, whole or not.
    Number,
    /// Text.
    Text,
    /// A moment.
    Time,
    /// A list of values of one kind.
    List(&'static Self),
}

/// The fields of a row: their names, with dots where rows have parts (`caller.ip`), and kinds.
pub type Schema<'a> = [(&'a str, Kind)];

/// A row that conditions can be asked of.
pub trait Fields {
    /// Returns the value of the field that is at `index` in the schema. Only fields that the expression names are
    /// asked for, when they are needed.
    fn field(&self, index: usize) -> Value<'_>;
}

/// A condition that has been checked and can be asked of any number of rows.
#[derive(Clone, Debug)]
pub struct Expression {
    condition: Condition,
    fields: Vec<usize>,
}

impl Expression {
    /// Returns the condition that `text` says, over fields of `schema`.
    ///
    /// # Errors
    /// When `text` is not of the language, names what `schema` has not, compares what cannot be compared or is no
    /// condition.
    pub fn compile(text: &str, schema: &Schema<'_>) -> Result<Self, ExpressionError> {
        let (condition, fields) = Parser::new(text, schema)?.condition()?;
        Ok(Self { condition, fields })
    }

    /// Returns the fields that it names, by their indices in the schema, each once and in the order of the schema.
    #[must_use]
    pub fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// Returns whether the condition holds for `row`.
    #[must_use]
    pub fn matches(&self, row: &(impl Fields + ?Sized)) -> bool {
        self.condition.holds(row, None)
    }

    /// Returns whether the condition holds for `row`, or `None` when that hangs on something that is null and that the
    /// condition does not ask to be null.
    #[must_use]
    pub fn verdict(&self, row: &(impl Fields + ?Sized)) -> Option<bool> {
        self.condition.verdict(row)
    }
}
