//! The grammar: words become a condition, and each part is checked when it is complete.

use std::ops::Range;

use super::{
    ExpressionError, Schema, Value,
    check::Type,
    cursor::shorten,
    evaluate::{Condition, Operator, Term},
    names,
    token::{Token, tokenize},
};

/// How deep parentheses, lists and calls may be nested, so that no expression runs out of stack.
const MAX_DEPTH: usize = 64;

/// A part of an expression.
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub(super) term: Term,
    pub(super) kind: Type,
    /// Where it stands, in octets of the text.
    pub(super) begin: usize,
    pub(super) end: usize,
}

/// Reads an expression from left to right.
pub(super) struct Parser<'a> {
    pub(super) text: &'a str,
    schema: &'a Schema<'a>,
    pub(super) tokens: Vec<(Token, Range<usize>)>,
    /// The index of the next token.
    pub(super) next: usize,
    depth: usize,
    /// The names of the items that lists are asked about, the innermost last.
    pub(super) items: Vec<(&'a str, Type)>,
    /// The fields that were named, by their indices in the schema.
    used: Vec<usize>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str, schema: &'a Schema<'a>) -> Result<Self, ExpressionError> {
        Ok(Self {
            text,
            schema,
            tokens: tokenize(text)?,
            next: 0,
            depth: 0,
            items: Vec::new(),
            used: Vec::new(),
        })
    }

    /// Returns the condition that the whole text is, and the fields that it names, each once and in their order.
    pub(super) fn condition(mut self) -> Result<(Condition, Vec<usize>), ExpressionError> {
        let operand = self.any()?;
        match self.peek() {
            Token::End => {
                let condition = self.require_condition(operand)?;
                let mut used = self.used;
                used.sort_unstable();
                used.dedup();
                Ok((condition, used))
            }
            _ => Err(self.unexpected("an operator such as == or &&")),
        }
    }

    /// `any = all *("||" all)`
    pub(super) fn any(&mut self) -> Result<Operand, ExpressionError> {
        self.nested(|parser| parser.joined("||", Self::all, Condition::Any))
    }

    /// `all = relation *("&&" relation)`
    fn all(&mut self) -> Result<Operand, ExpressionError> {
        self.joined("&&", Self::relation, Condition::All)
    }

    fn joined(
        &mut self,
        symbol: &'static str,
        part: impl Fn(&mut Self) -> Result<Operand, ExpressionError>,
        join: impl Fn(Vec<Condition>) -> Condition,
    ) -> Result<Operand, ExpressionError> {
        let first = part(self)?;
        if *self.peek() != Token::Symbol(symbol) {
            return Ok(first);
        }
        let begin = first.begin;
        let mut conditions = vec![self.require_condition(first)?];
        while self.accept(symbol) {
            let next = part(self)?;
            conditions.push(self.require_condition(next)?);
        }
        Ok(self.since(begin, join(conditions)))
    }

    /// `relation = sum [("==" / "!=" / "<" / "<=" / ">" / ">=" / "in") sum]`
    fn relation(&mut self) -> Result<Operand, ExpressionError> {
        let one = self.sum()?;
        let begin = one.begin;
        let condition = if let Some(relation) = self.accept_relation() {
            let other = self.sum()?;
            self.compare(one, relation, other)?
        } else if self.peek_name() == Some("in") {
            self.next += 1;
            let list = self.sum()?;
            self.membership(one, list)?
        } else {
            return Ok(one);
        };
        let at = self.here().start;
        if self.accept_relation().is_some() {
            let hint = "join two comparisons with &&";
            return Err(self.error(at, "comparisons do not form chains", hint));
        }
        Ok(self.since(begin, condition))
    }

    /// `sum = product *(("+" / "-") product)`
    fn sum(&mut self) -> Result<Operand, ExpressionError> {
        const OPERATORS: &[(&str, Operator)] = &[("+", Operator::Add), ("-", Operator::Subtract)];
        self.chain(OPERATORS, Self::product)
    }

    /// `product = unary *("*" unary)`
    fn product(&mut self) -> Result<Operand, ExpressionError> {
        self.chain(&[("*", Operator::Multiply)], Self::unary)
    }

    fn chain(
        &mut self,
        operators: &[(&'static str, Operator)],
        part: impl Fn(&mut Self) -> Result<Operand, ExpressionError>,
    ) -> Result<Operand, ExpressionError> {
        let accept = |parser: &mut Self| {
            let found = operators.iter().find(|(symbol, _)| parser.accept(symbol));
            found.map(|(_, operator)| *operator)
        };
        let first = part(self)?;
        let Some(mut operator) = accept(self) else {
            return Ok(first);
        };
        let begin = first.begin;
        let first = self.require_number(first)?;
        let mut rest = Vec::new();
        loop {
            let next = part(self)?;
            rest.push((operator, self.require_number(next)?));
            match accept(self) {
                Some(next) => operator = next,
                None => break,
            }
        }
        let term = Term::Sum(Box::new(first), rest);
        Ok(self.operand(begin, term, Type::Number))
    }

    /// `unary = ("!" / "-") unary / value`
    fn unary(&mut self) -> Result<Operand, ExpressionError> {
        let begin = self.here().start;
        if self.accept("!") {
            let operand = self.nested(Self::unary)?;
            let condition = self.require_condition(operand)?;
            return Ok(self.since(begin, Condition::Not(Box::new(condition))));
        }
        if self.accept("-") {
            let operand = self.nested(Self::unary)?;
            let term = match self.require_number(operand)? {
                Term::Literal(value) => {
                    Term::Literal(Operator::Subtract.apply(&Value::Int(0), &value))
                }
                term => Term::Sum(
                    Box::new(Term::Literal(Value::Int(0))),
                    vec![(Operator::Subtract, term)],
                ),
            };
            return Ok(self.operand(begin, term, Type::Number));
        }
        let mut value = self.primary()?;
        while self.accept(".") {
            value = self.method(value)?;
        }
        Ok(value)
    }

    /// `primary = "(" any ")" / list / number / text / "true" / "false" / "null" / call / field`
    fn primary(&mut self) -> Result<Operand, ExpressionError> {
        let begin = self.here().start;
        let (term, kind) = match self.peek().clone() {
            Token::Int(value) => (Value::Int(value), Type::Number),
            Token::Float(value) => (Value::Float(value), Type::Number),
            Token::Text(value) => (Value::Text(value.into()), Type::Text),
            Token::Symbol("(") => {
                self.next += 1;
                let inner = self.any()?;
                self.expect(")")?;
                return Ok(self.operand(begin, inner.term, inner.kind));
            }
            Token::Symbol("[") => return self.list(),
            Token::Name => match self.peek_name().unwrap_or_default() {
                "true" => (Value::Bool(true), Type::Bool),
                "false" => (Value::Bool(false), Type::Bool),
                "null" => (Value::Null, Type::Null),
                "in" => return Err(self.unexpected("a value")),
                "not" => {
                    return Err(self.error(begin, "not is no operator", "! negates a condition"));
                }
                _ if self.peek_at(1) == &Token::Symbol("(") => return self.call(),
                _ => return self.field(),
            },
            _ => return Err(self.unexpected("a value")),
        };
        self.next += 1;
        Ok(self.operand(begin, Term::Literal(term), kind))
    }

    /// `list = "[" [any *("," any)] "]"`
    fn list(&mut self) -> Result<Operand, ExpressionError> {
        let begin = self.here().start;
        self.next += 1;
        let mut terms = Vec::new();
        let mut kind = Type::Null;
        while *self.peek() != Token::Symbol("]") {
            let item = self.any()?;
            if !kind.is_like(&item.kind) {
                let what = format!(
                    "this is {}, but the list began with {}",
                    item.kind.name(),
                    kind.name()
                );
                return Err(self.error(item.begin, what, "all items have to be of one kind"));
            }
            if kind == Type::Null {
                kind = item.kind;
            }
            terms.push(item.term);
            if !self.accept(",") {
                break;
            }
        }
        self.expect("]")?;
        Ok(self.operand(begin, Term::List(terms), Type::List(Box::new(kind))))
    }

    /// `field = name *("." name)`; a name in front of a parenthesis is that of a method.
    fn field(&mut self) -> Result<Operand, ExpressionError> {
        let begin = self.here().start;
        let first = self.peek_name().unwrap_or_default();
        self.next += 1;
        let mut items = self.items.iter().rev().enumerate();
        if let Some((depth, (_, kind))) = items.find(|(_, (name, _))| *name == first) {
            return Ok(self.operand(begin, Term::Item(depth), kind.clone()));
        }
        let mut name = first.to_owned();
        while *self.peek() == Token::Symbol(".")
            && *self.peek_at(1) == Token::Name
            && *self.peek_at(2) != Token::Symbol("(")
        {
            self.next += 1;
            name.push('.');
            name.push_str(self.peek_name().unwrap_or_default());
            self.next += 1;
        }
        let mut fields = self.schema.iter().enumerate();
        match fields.find(|(_, (known, _))| *known == name) {
            Some((index, (_, kind))) => {
                self.used.push(index);
                Ok(self.operand(begin, Term::Field(index), (*kind).into()))
            }
            None => {
                let hint = self.meant(begin, &name);
                Err(self.error(begin, format!("there is no field {}", shorten(&name)), hint))
            }
        }
    }

    /// Returns a hint for the name at `begin`, which is that of no field.
    fn meant(&self, begin: usize, name: &str) -> String {
        let before = self.text.get(..begin).unwrap_or_default().trim_end();
        // Quotes are easily lost to the shell.
        if before.ends_with("==") || before.ends_with("!=") {
            let names: Vec<&str> = self.schema.iter().map(|(name, _)| *name).collect();
            return names::nearest(name, &names)
                .unwrap_or_else(|| format!("if it is a text, write '{}'", shorten(name)));
        }
        names::hint(name, self.schema)
    }

    fn nested(
        &mut self,
        part: impl FnOnce(&mut Self) -> Result<Operand, ExpressionError>,
    ) -> Result<Operand, ExpressionError> {
        if self.depth == MAX_DEPTH {
            let what = format!("more than {MAX_DEPTH} levels of nesting");
            return Err(self.error(self.here().start, what, "write it flatter"));
        }
        self.depth += 1;
        let operand = part(self);
        self.depth -= 1;
        operand
    }
}
