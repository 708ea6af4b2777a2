//! Checked expressions, and what they say of a row.
//!
//! A value that is not of the type that the schema told is as good as null: it equals nothing and has no order.

use std::cmp::Ordering;

use regex::Regex;

use super::{Fields, Value};

/// What holds or does not.
#[derive(Clone, Debug)]
pub(super) enum Condition {
    /// A value that is true, not false and not null.
    Is(Term),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare(Term, Relation, Term),
    In(Term, Term),
    Part(Term, Place, Term),
    Matches(Term, Regex),
    /// Whether the condition holds for one item of the list.
    Exists(Term, Box<Self>),
}

/// What has a value.
#[derive(Clone, Debug)]
pub(super) enum Term {
    Literal(Value<'static>),
    /// An index into the schema.
    Field(usize),
    /// The item that a list is asked about; 0 is the innermost.
    Item(usize),
    List(Vec<Self>),
    Size(Box<Self>),
    /// A chain and no tree: however long it is, it needs no deeper stack.
    Sum(Box<Self>, Vec<(Operator, Self)>),
    Condition(Box<Condition>),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
}

/// Where a part of a text is looked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Start,
    End,
    Anywhere,
}

/// The items that are asked about, from the innermost list outwards.
#[derive(Clone, Copy)]
pub(super) struct Items<'a> {
    item: &'a Value<'a>,
    outer: Option<&'a Self>,
}

impl Condition {
    pub(super) fn holds<'a>(
        &'a self,
        row: &'a (impl Fields + ?Sized),
        items: Option<&'a Items<'a>>,
    ) -> bool {
        match self {
            Self::Is(term) => matches!(term.value(row, items), Value::Bool(true)),
            Self::Not(condition) => !condition.holds(row, items),
            Self::All(conditions) => conditions.iter().all(|one| one.holds(row, items)),
            Self::Any(conditions) => conditions.iter().any(|one| one.holds(row, items)),
            Self::Compare(one, relation, other) => {
                relation.holds(&one.value(row, items), &other.value(row, items))
            }
            Self::In(item, list) => {
                let item = item.value(row, items);
                match list {
                    // The usual list is written out: nothing need be made of it.
                    Term::List(terms) => terms
                        .iter()
                        .any(|term| term.value(row, items).equals(&item)),
                    list => matches!(list.value(row, items), Value::List(values)
                        if values.iter().any(|value| value.equals(&item))),
                }
            }
            Self::Part(text, place, part) => {
                match (text.value(row, items), part.value(row, items)) {
                    (Value::Text(text), Value::Text(part)) => place.holds(&text, &part),
                    _ => false,
                }
            }
            Self::Matches(text, pattern) => {
                matches!(text.value(row, items), Value::Text(text) if pattern.is_match(&text))
            }
            Self::Exists(list, condition) => {
                let Value::List(values) = list.value(row, items) else {
                    return false;
                };
                values.iter().any(|item| {
                    let items = Items { item, outer: items };
                    condition.holds(row, Some(&items))
                })
            }
        }
    }
}

impl Condition {
    /// Returns whether the condition holds whatever stands for what is null, or `None` when that would decide. What asks for
    /// null itself is decided.
    pub(super) fn verdict(&self, row: &(impl Fields + ?Sized)) -> Option<bool> {
        let is_null = |term: &Term| matches!(term.value(row, None), Value::Null);
        let asks_for_null = |term: &Term| matches!(term, Term::Literal(Value::Null));
        match self {
            Self::Not(condition) => condition.verdict(row).map(|holds| !holds),
            Self::All(conditions) => every(conditions.iter().map(|one| one.verdict(row))),
            Self::Any(conditions) => {
                let against = conditions
                    .iter()
                    .map(|one| one.verdict(row).map(|holds| !holds));
                every(against).map(|none| !none)
            }
            Self::Compare(one, _, other) if asks_for_null(one) || asks_for_null(other) => {
                Some(self.holds(row, None))
            }
            Self::Compare(one, _, other) if is_null(one) || is_null(other) => None,
            Self::Is(term) | Self::In(term, _) if is_null(term) => None,
            _ => Some(self.holds(row, None)),
        }
    }
}

/// Returns whether all hold, as far as it is known.
fn every(mut verdicts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let first = verdicts.try_fold(Some(true), |all, one| match one {
        Some(false) => Err(false),
        None => Ok(None),
        Some(true) => Ok(all),
    });
    first.unwrap_or_else(Some)
}

impl Term {
    fn value<'a>(
        &'a self,
        row: &'a (impl Fields + ?Sized),
        items: Option<&'a Items<'a>>,
    ) -> Value<'a> {
        match self {
            Self::Literal(value) => value.borrow(),
            Self::Field(index) => row.field(*index),
            Self::Item(depth) => std::iter::successors(items, |items| items.outer)
                .nth(*depth)
                .map_or(Value::Null, |items| items.item.borrow()),
            Self::List(terms) => {
                Value::List(terms.iter().map(|term| term.value(row, items)).collect())
            }
            Self::Size(term) => match term.value(row, items) {
                Value::List(values) => Value::Int(values.len() as i64),
                Value::Text(text) => Value::Int(text.chars().count() as i64),
                _ => Value::Null,
            },
            Self::Sum(first, rest) => rest
                .iter()
                .fold(first.value(row, items), |sum, (operator, term)| {
                    operator.apply(&sum, &term.value(row, items))
                }),
            Self::Condition(condition) => Value::Bool(condition.holds(row, items)),
        }
    }
}

impl Relation {
    fn holds(self, one: &Value<'_>, other: &Value<'_>) -> bool {
        match self {
            Self::Equal => one.equals(other),
            Self::NotEqual => !one.equals(other),
            Self::Less => one.order(other).is_some_and(Ordering::is_lt),
            Self::LessOrEqual => one.order(other).is_some_and(Ordering::is_le),
            Self::Greater => one.order(other).is_some_and(Ordering::is_gt),
            Self::GreaterOrEqual => one.order(other).is_some_and(Ordering::is_ge),
        }
    }
}

impl Operator {
    /// Returns the result, or null when one of the two is, or when there is no such number.
    pub(super) fn apply(self, one: &Value<'_>, other: &Value<'_>) -> Value<'static> {
        if let (Value::Int(one), Value::Int(other)) = (one, other) {
            let result = match self {
                Self::Add => one.checked_add(*other),
                Self::Subtract => one.checked_sub(*other),
                Self::Multiply => one.checked_mul(*other),
            };
            return result.into();
        }
        let (Some(one), Some(other)) = (float(one), float(other)) else {
            return Value::Null;
        };
        let result = match self {
            Self::Add => one + other,
            Self::Subtract => one - other,
            Self::Multiply => one * other,
        };
        Some(result).filter(|result| result.is_finite()).into()
    }
}

const fn float(value: &Value<'_>) -> Option<f64> {
    match value {
        Value::Int(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

impl Place {
    fn holds(self, text: &str, part: &str) -> bool {
        match self {
            Self::Start => text.starts_with(part),
            Self::End => text.ends_with(part),
            Self::Anywhere => text.contains(part),
        }
    }
}
