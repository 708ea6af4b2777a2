//! Going through the words of an expression, and what is said when another one was expected.

use std::ops::Range;

use super::{
    ExpressionError,
    check::Type,
    evaluate::{Condition, Relation, Term},
    parse::{Operand, Parser},
    token::Token,
};
use crate::text::printable;

const RELATIONS: [(&str, Relation); 6] = [
    ("==", Relation::Equal),
    ("!=", Relation::NotEqual),
    ("<=", Relation::LessOrEqual),
    (">=", Relation::GreaterOrEqual),
    ("<", Relation::Less),
    (">", Relation::Greater),
];

/// Words of other languages.
const FOREIGN: [(&str, &str); 6] = [
    ("and", "conditions are joined with &&"),
    ("AND", "conditions are joined with &&"),
    ("or", "conditions are joined with ||"),
    ("OR", "conditions are joined with ||"),
    ("is", "== compares"),
    (
        "like",
        "field.matches(\"...\") looks for a regular expression",
    ),
];

impl<'a> Parser<'a> {
    /// Returns the next token.
    pub(super) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    /// Returns the token `ahead` tokens after the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens
            .get(self.next + ahead)
            .map_or(&Token::End, |(token, _)| token)
    }

    /// Returns where the next token is.
    pub(super) fn here(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.tokens
            .get(self.next)
            .map_or(end, |(_, range)| range.clone())
    }

    /// Returns the next token if it is a name.
    pub(super) fn peek_name(&self) -> Option<&'a str> {
        match self.peek() {
            Token::Name => self.text.get(self.here()),
            _ => None,
        }
    }

    /// Goes past the next token if it is a name, which it returns.
    pub(super) fn accept_name(&mut self) -> Option<&'a str> {
        let name = self.peek_name()?;
        self.next += 1;
        Some(name)
    }

    /// Goes past `symbol` if it is next.
    pub(super) fn accept(&mut self, symbol: &str) -> bool {
        let is_next = matches!(self.peek(), Token::Symbol(next) if *next == symbol);
        self.next += usize::from(is_next);
        is_next
    }

    pub(super) fn accept_relation(&mut self) -> Option<Relation> {
        let found = RELATIONS.iter().find(|(symbol, _)| self.accept(symbol));
        found.map(|(_, relation)| *relation)
    }

    /// Goes past `symbol`, which has to be next.
    pub(super) fn expect(&mut self, symbol: &str) -> Result<(), ExpressionError> {
        if self.accept(symbol) {
            return Ok(());
        }
        Err(self.unexpected(symbol))
    }

    /// Returns the error that something else stands where `expected` should.
    pub(super) fn unexpected(&self, expected: &str) -> ExpressionError {
        let here = self.here();
        let word = self.text.get(here.clone()).unwrap_or_default();
        let foreign = FOREIGN.iter().find(|(foreign, _)| *foreign == word);
        let what = match word {
            "" => format!("the expression ends where {expected} should follow"),
            word => format!("expected {expected} instead of {}", shorten(word)),
        };
        self.error(here.start, what, foreign.map_or("", |(_, hint)| *hint))
    }

    pub(super) fn error(
        &self,
        at: usize,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> ExpressionError {
        ExpressionError::new(self.text, at, what, hint)
    }

    /// Returns how an operand was written, in one line and not at length.
    pub(super) fn shown(&self, operand: &Operand) -> String {
        shorten(
            self.text
                .get(operand.begin..operand.end)
                .unwrap_or_default(),
        )
    }

    /// Returns the operand that began at `begin` and ends in front of the next token.
    pub(super) fn operand(&self, begin: usize, term: Term, kind: Type) -> Operand {
        let last = self
            .next
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last));
        let end = last.map_or(begin, |(_, range)| range.end);
        Operand {
            term,
            kind,
            begin,
            end,
        }
    }

    /// Returns the condition that began at `begin` as an operand.
    pub(super) fn since(&self, begin: usize, condition: Condition) -> Operand {
        self.operand(begin, Term::Condition(Box::new(condition)), Type::Bool)
    }
}

/// Returns `text` fit for an error message.
pub(super) fn shorten(text: &str) -> String {
    const LONGEST: usize = 60;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    printable(&shown).into_owned()
}
