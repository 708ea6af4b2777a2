//! What can be compared with what.

use super::{
    ExpressionError, Kind, Value,
    evaluate::{Condition, Relation, Term},
    parse::{Operand, Parser},
};
use crate::filter::moment::parse_time;

/// What kind of value a part of an expression has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Type {
    /// The word `null`, or what is in an empty list.
    Null,
    Bool,
    Number,
    Text,
    Time,
    List(Box<Self>),
}

impl Type {
    /// Returns whether a value of this type can be equal to one of the other.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, _) | (_, Self::Null) => true,
            (Self::List(one), Self::List(other)) => one.is_like(other),
            _ => self == other,
        }
    }

    /// Returns whether one value of this type can come before another.
    const fn has_order(&self) -> bool {
        matches!(self, Self::Number | Self::Text | Self::Time)
    }

    /// Returns it in words, with an article.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::Text => "a text",
            Self::Time => "a time",
            Self::List(item) => match **item {
                Self::Number => "a list of numbers",
                Self::Text => "a list of texts",
                Self::Time => "a list of times",
                _ => "a list",
            },
        }
    }
}

impl From<Kind> for Type {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool,
            Kind::Number => Self::Number,
            Kind::Text => Self::Text,
            Kind::Time => Self::Time,
            Kind::List(item) => Self::List(Box::new((*item).into())),
        }
    }
}

impl Parser<'_> {
    /// Returns what is true or false as a condition.
    pub(super) fn require_condition(&self, operand: Operand) -> Result<Condition, ExpressionError> {
        match operand.term {
            _ if operand.kind != Type::Bool => Err(self.error(
                operand.begin,
                format!(
                    "{} is {}, not a condition",
                    self.shown(&operand),
                    operand.kind.name()
                ),
                "compare it, for example with == or !=",
            )),
            Term::Condition(condition) => Ok(*condition),
            term => Ok(Condition::Is(term)),
        }
    }

    /// Returns the term of a number.
    pub(super) fn require_number(&self, operand: Operand) -> Result<Term, ExpressionError> {
        if operand.kind == Type::Number {
            return Ok(operand.term);
        }
        let hint = match operand.kind {
            Type::Time => "the time between two moments is a field of its own, such as setup_ms",
            _ => "+, - and * take numbers",
        };
        let what = format!("{} is {}", self.shown(&operand), operand.kind.name());
        Err(self.error(operand.begin, what, hint))
    }

    pub(super) fn compare(
        &self,
        mut one: Operand,
        relation: Relation,
        mut other: Operand,
    ) -> Result<Condition, ExpressionError> {
        self.adapt(&mut one, &other.kind)?;
        self.adapt(&mut other, &one.kind)?;
        let needs_order = !matches!(relation, Relation::Equal | Relation::NotEqual);
        if needs_order
            && let Some(operand) = [&one, &other].into_iter().find(|o| !o.kind.has_order())
        {
            let hint = match operand.kind {
                Type::List(_) => "size() tells how long a list is",
                _ => "only == and != compare it",
            };
            let what = format!(
                "{} is {}, which has no order",
                self.shown(operand),
                operand.kind.name()
            );
            return Err(self.error(operand.begin, what, hint));
        }
        self.require_likeness(&one, &other, &one.kind)?;
        Ok(Condition::Compare(one.term, relation, other.term))
    }

    pub(super) fn membership(
        &self,
        mut item: Operand,
        mut list: Operand,
    ) -> Result<Condition, ExpressionError> {
        self.adapt(&mut list, &Type::List(Box::new(item.kind.clone())))?;
        let Type::List(kind) = list.kind.clone() else {
            let shown = self.shown(&list);
            let hint = match list.kind {
                Type::Text => format!("write {shown}.contains({})", self.shown(&item)),
                _ => "a list is written as [486, 487]".to_owned(),
            };
            let what = format!("{shown} is {}, not a list", list.kind.name());
            return Err(self.error(list.begin, what, hint));
        };
        self.adapt(&mut item, &kind)?;
        self.require_likeness(&list, &item, &kind)?;
        Ok(Condition::In(item.term, list.term))
    }

    /// Fails if `other` can be no `kind`, which is what `one` is or a list of.
    fn require_likeness(
        &self,
        one: &Operand,
        other: &Operand,
        kind: &Type,
    ) -> Result<(), ExpressionError> {
        if kind.is_like(&other.kind) {
            return Ok(());
        }
        let hint = match (kind, &other.kind, &other.term) {
            (Type::Number, _, Term::Literal(Value::Text(_))) => {
                "write numbers without quotes".to_owned()
            }
            (Type::Text, _, Term::Literal(Value::Int(_) | Value::Float(_))) => {
                format!("write \"{}\"", self.shown(other))
            }
            (Type::Time, ..) | (_, Type::Time, _) => {
                "write times as \"2026-11-20T10:00:00Z\"".to_owned()
            }
            (Type::List(_), ..) => format!("write {} in {}", self.shown(other), self.shown(one)),
            _ => String::new(),
        };
        let what = format!(
            "{} is {}, but {} is {}",
            self.shown(other),
            other.kind.name(),
            self.shown(one),
            one.kind.name(),
        );
        Err(self.error(other.begin, what, hint))
    }

    /// Makes a time of a text in quotes where a time is compared with.
    fn adapt(&self, operand: &mut Operand, to: &Type) -> Result<(), ExpressionError> {
        match (&mut operand.term, to) {
            (term @ Term::Literal(Value::Text(_)), Type::Time) => {
                *term = self.moment(term, operand.begin)?;
                operand.kind = Type::Time;
            }
            (Term::List(terms), Type::List(item))
                if **item == Type::Time && terms.iter().all(is_quoted) && !terms.is_empty() =>
            {
                for term in terms {
                    *term = self.moment(term, operand.begin)?;
                }
                operand.kind = Type::List(Box::new(Type::Time));
            }
            _ => {}
        }
        Ok(())
    }

    /// Returns the time that a text in quotes tells; another term stays as it is.
    pub(super) fn moment(&self, term: &Term, at: usize) -> Result<Term, ExpressionError> {
        match term {
            Term::Literal(Value::Text(text)) => match parse_time(text) {
                Ok(time) => Ok(Term::Literal(Value::Time(time))),
                Err(error) => Err(self.error(at, "this is no time", error.to_string())),
            },
            term => Ok(term.clone()),
        }
    }
}

const fn is_quoted(term: &Term) -> bool {
    matches!(term, Term::Literal(Value::Text(_)))
}
