//! What is wrong with an expression, and where.

use std::fmt;

use crate::text::printable;

/// Why an expression cannot be used: what is wrong, where, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ExpressionError {
    text: String,
    at: usize,
    what: String,
    hint: String,
}

impl ExpressionError {
    /// Blames the octet `at` of `text`; without a `hint`, that is empty.
    pub(super) fn new(
        text: &str,
        at: usize,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        let at = (0..=at.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at));
        Self {
            text: text.to_owned(),
            at: at.unwrap_or_default(),
            what: what.into(),
            hint: hint.into(),
        }
    }

    /// Returns where it is, counted from 1, in characters of its line.
    #[must_use]
    pub fn column(&self) -> usize {
        self.halves().0.chars().count() + 1
    }

    /// Returns the line of the expression with a caret under the column, in two lines without an end.
    #[must_use]
    pub fn excerpt(&self) -> String {
        let (before, after) = self.halves();
        // What is made visible takes more room than one character.
        let before = printable(before);
        let indent = before.chars().count();
        format!("{before}{}\n{:indent$}^", printable(after), "")
    }

    /// Returns the blamed line, split where it is blamed.
    fn halves(&self) -> (&str, &str) {
        let (before, after) = self.text.split_at(self.at);
        (
            before.rsplit('\n').next().unwrap_or_default(),
            after.split('\n').next().unwrap_or_default(),
        )
    }

    /// Returns the line it is in, counted from 1.
    fn line(&self) -> usize {
        self.text.split_at(self.at).0.matches('\n').count() + 1
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.contains('\n') {
            write!(f, "line {}, ", self.line())?;
        }
        write!(f, "column {}: {}", self.column(), self.what)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for ExpressionError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_point_at_the_character() {
        for (text, at, shown, excerpt) in [
            ("a + b", 2, "column 3: odd; do this", "a + b\n  ^"),
            ("ä == b", 3, "column 3: odd; do this", "ä == b\n  ^"),
            ("a\tb", 2, "column 3: odd; do this", "a\\x09b\n     ^"),
            ("a", 1, "column 2: odd; do this", "a\n ^"),
            ("a &&\nb", 5, "line 2, column 1: odd; do this", "b\n^"),
            ("", 9, "column 1: odd; do this", "\n^"),
        ] {
            let error = ExpressionError::new(text, at, "odd", "do this");
            assert_eq!(error.to_string(), shown);
            assert_eq!(error.excerpt(), excerpt);
        }
    }
}
