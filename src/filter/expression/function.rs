//! Functions and methods.

use regex::{Error, RegexBuilder};

use super::{
    ExpressionError, Value,
    check::Type,
    evaluate::{Condition, Place, Relation, Term},
    names,
    parse::{Operand, Parser},
};

const FUNCTIONS: [&str; 3] = ["has", "size", "timestamp"];
const METHODS: [&str; 6] = [
    "contains",
    "endsWith",
    "exists",
    "matches",
    "size",
    "startsWith",
];

/// How much memory a compiled regular expression may take.
const MAX_PATTERN_BYTES: usize = 1 << 20;

impl Parser<'_> {
    /// `call = ("has" / "size" / "timestamp") "(" any ")"`
    pub(super) fn call(&mut self) -> Result<Operand, ExpressionError> {
        let begin = self.here().start;
        let name = self.accept_name().unwrap_or_default();
        if !FUNCTIONS.contains(&name) {
            let hint = if METHODS.contains(&name) {
                format!("write field.{name}(...)")
            } else {
                names::nearest(name, &FUNCTIONS).unwrap_or_default()
            };
            return Err(self.error(begin, format!("there is no function {name}"), hint));
        }
        let argument = self.argument()?;
        match name {
            "has" => self.has(begin, argument),
            "timestamp" => self.timestamp(begin, &argument),
            _ => self.size(begin, argument),
        }
    }

    /// `method = name "(" any ")" / "size" "(" ")" / "exists" "(" name "," any ")"`
    pub(super) fn method(&mut self, target: Operand) -> Result<Operand, ExpressionError> {
        let (begin, at) = (target.begin, self.here().start);
        let Some(name) = self.accept_name() else {
            return Err(self.unexpected("the name of a method"));
        };
        match name {
            "size" => {
                self.expect("(")?;
                self.expect(")")?;
                self.size(begin, target)
            }
            "exists" => self.exists(target),
            "contains" => self.part(target, Place::Anywhere),
            "startsWith" => self.part(target, Place::Start),
            "endsWith" => self.part(target, Place::End),
            "matches" => self.pattern(target),
            _ => {
                let hint = names::nearest(name, &METHODS).unwrap_or_default();
                let what = format!(
                    "{} is {} and has no {name}",
                    self.shown(&target),
                    target.kind.name()
                );
                Err(self.error(at, what, hint))
            }
        }
    }

    /// Returns the argument of a function that has one.
    fn argument(&mut self) -> Result<Operand, ExpressionError> {
        self.expect("(")?;
        let argument = self.any()?;
        self.expect(")")?;
        Ok(argument)
    }

    fn has(&self, begin: usize, field: Operand) -> Result<Operand, ExpressionError> {
        if !matches!(field.term, Term::Field(_) | Term::Item(_)) {
            let what = format!("{} is no field", self.shown(&field));
            return Err(self.error(field.begin, what, "has() tells whether a field is not null"));
        }
        let null = Term::Literal(Value::Null);
        Ok(self.since(
            begin,
            Condition::Compare(field.term, Relation::NotEqual, null),
        ))
    }

    fn timestamp(&self, begin: usize, text: &Operand) -> Result<Operand, ExpressionError> {
        if !matches!(text.term, Term::Literal(Value::Text(_))) {
            let hint = "write timestamp(\"2026-11-20T10:00:00Z\")";
            return Err(self.error(text.begin, "timestamp() takes a text in quotes", hint));
        }
        let time = self.moment(&text.term, text.begin)?;
        Ok(self.operand(begin, time, Type::Time))
    }

    fn size(&self, begin: usize, of: Operand) -> Result<Operand, ExpressionError> {
        if !matches!(of.kind, Type::Text | Type::List(_)) {
            let what = format!("{} is {}", self.shown(&of), of.kind.name());
            return Err(self.error(of.begin, what, "size() is that of a list or a text"));
        }
        Ok(self.operand(begin, Term::Size(Box::new(of.term)), Type::Number))
    }

    fn part(&mut self, target: Operand, place: Place) -> Result<Operand, ExpressionError> {
        let part = self.argument()?;
        self.require_text(&target, &part)?;
        self.require_text(&part, &part)?;
        Ok(self.since(target.begin, Condition::Part(target.term, place, part.term)))
    }

    fn pattern(&mut self, target: Operand) -> Result<Operand, ExpressionError> {
        let pattern = self.argument()?;
        self.require_text(&target, &pattern)?;
        let Term::Literal(Value::Text(text)) = &pattern.term else {
            let what = "a regular expression has to be a text in quotes";
            return Err(self.error(pattern.begin, what, ""));
        };
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_PATTERN_BYTES)
            .build();
        let regex = regex.map_err(|error| match error {
            Error::CompiledTooBig(_) => {
                let hint = "repeat less in it";
                self.error(
                    pattern.begin,
                    "this regular expression takes too much memory",
                    hint,
                )
            }
            error => {
                let error = error.to_string();
                let last = error.lines().last().unwrap_or_default();
                let hint = last.trim_start_matches("error: ");
                self.error(pattern.begin, "this is no regular expression", hint)
            }
        })?;
        Ok(self.since(target.begin, Condition::Matches(target.term, regex)))
    }

    /// Fails if `operand` is no text; `wanted` is what is looked for in it.
    fn require_text(&self, operand: &Operand, wanted: &Operand) -> Result<(), ExpressionError> {
        if operand.kind == Type::Text {
            return Ok(());
        }
        let shown = self.shown(operand);
        let hint = match operand.kind {
            Type::List(_) => {
                let wanted = self.shown(wanted);
                format!("write {wanted} in {shown}, or {shown}.exists(x, x.contains({wanted}))")
            }
            _ => "only texts are searched".to_owned(),
        };
        let what = format!("{shown} is {}, not a text", operand.kind.name());
        Err(self.error(operand.begin, what, hint))
    }

    fn exists(&mut self, list: Operand) -> Result<Operand, ExpressionError> {
        let Type::List(kind) = list.kind else {
            let what = format!("{} is {}, not a list", self.shown(&list), list.kind.name());
            return Err(self.error(list.begin, what, "exists() asks about the items of a list"));
        };
        self.expect("(")?;
        let Some(name) = self.accept_name() else {
            return Err(self.unexpected("a name for the items of the list"));
        };
        self.expect(",")?;
        self.items.push((name, *kind));
        let condition = self.any()?;
        self.items.pop();
        let condition = self.require_condition(condition)?;
        self.expect(")")?;
        Ok(self.since(
            list.begin,
            Condition::Exists(list.term, Box::new(condition)),
        ))
    }
}
