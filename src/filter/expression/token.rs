//! The words of an expression.

use std::{ops::Range, str::Chars};

use super::ExpressionError;

/// A word of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Name,
    Int(i64),
    Float(f64),
    Text(String),
    Symbol(&'static str),
    End,
}

/// Longer ones first: `<=` is not `<` and `=`.
const SYMBOLS: [&str; 18] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "(", ")", "[", "]", ",", ".", "+", "-", "*",
];

/// What people write who know another language, and what it is here.
const FOREIGN: [(&str, &str); 12] = [
    ("=", "== compares"),
    ("&", "&& joins two conditions"),
    ("|", "|| joins two conditions"),
    ("~", "field.matches(\"...\") looks for a regular expression"),
    (
        "/",
        "multiply on the other side, as in retransmissions * 10 > messages",
    ),
    ("%", "there is no remainder"),
    ("?", "join conditions with && and ||"),
    ("{", "a list is written as [486, 487]"),
    ("`", "a text stands in \" or '"),
    ("\u{201c}", "a text stands in straight quotes, \" or '"),
    ("\u{201d}", "a text stands in straight quotes, \" or '"),
    ("\u{2018}", "a text stands in straight quotes, \" or '"),
];

/// Returns the words of `text`, each with its place, and behind the last one [`Token::End`].
pub(super) fn tokenize(text: &str) -> Result<Vec<(Token, Range<usize>)>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        let begin = text.len() - rest.len();
        let (token, tail) = next_token(text, rest)?;
        let is_last = token == Token::End;
        tokens.push((token, begin..text.len() - tail.len()));
        if is_last {
            return Ok(tokens);
        }
        rest = tail;
    }
}

/// Returns the word that begins `rest`, the end of `text`, and what follows it.
fn next_token<'a>(text: &str, rest: &'a str) -> Result<(Token, &'a str), ExpressionError> {
    let mut chars = rest.chars();
    match (chars.next(), chars.clone().next()) {
        (None, _) => Ok((Token::End, rest)),
        (Some(quote @ ('"' | '\'')), _) => quoted(text, chars, quote, false),
        (Some('r' | 'R'), Some(quote @ ('"' | '\''))) => {
            chars.next();
            quoted(text, chars, quote, true)
        }
        (Some(first), _) if first.is_ascii_digit() => number(text, rest),
        (Some(first), _) if is_name(first) => Ok((Token::Name, rest.trim_start_matches(is_name))),
        (Some(first), _) => symbol(text, rest, first),
    }
}

const fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

const fn is_digit(c: char) -> bool {
    c.is_ascii_digit()
}

fn symbol<'a>(text: &str, rest: &'a str, first: char) -> Result<(Token, &'a str), ExpressionError> {
    let known = SYMBOLS
        .iter()
        .find_map(|symbol| Some((Token::Symbol(symbol), rest.strip_prefix(symbol)?)));
    known.ok_or_else(|| {
        let hint = FOREIGN
            .iter()
            .find(|(foreign, _)| rest.starts_with(foreign))
            .map_or("", |(_, hint)| *hint);
        let what = format!("{} has no meaning here", first.escape_debug());
        ExpressionError::new(text, text.len() - rest.len(), what, hint)
    })
}

fn number<'a>(text: &str, rest: &'a str) -> Result<(Token, &'a str), ExpressionError> {
    let fail = |what: &str, hint| {
        Err(ExpressionError::new(
            text,
            text.len() - rest.len(),
            what,
            hint,
        ))
    };
    let whole = rest.trim_start_matches(is_digit);
    let mut tail = whole;
    if let Some(fraction) = tail
        .strip_prefix('.')
        .filter(|rest| rest.starts_with(is_digit))
    {
        tail = fraction.trim_start_matches(is_digit);
    }
    if let Some(exponent) = tail.strip_prefix(['e', 'E']) {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.starts_with(is_digit) {
            tail = digits.trim_start_matches(is_digit);
        }
    }
    if tail.starts_with(is_name) {
        let word = rest
            .strip_suffix(tail.trim_start_matches(is_name))
            .unwrap_or_default();
        return fail(
            &format!("{word} is no number"),
            "write durations as plain numbers, in the unit of the field's name (setup_ms > 3000), and times in quotes",
        );
    }
    let word = rest.strip_suffix(tail).unwrap_or_default();
    let token = if tail.len() == whole.len() {
        word.parse().ok().map(Token::Int)
    } else {
        word.parse()
            .ok()
            .filter(|value: &f64| value.is_finite())
            .map(Token::Float)
    };
    match token {
        Some(token) => Ok((token, tail)),
        None => fail("this number is too large", "no field has such a value"),
    }
}

/// Returns the text whose opening quote is before `chars`; when it is `raw`, its backslashes are themselves.
fn quoted<'a>(
    text: &str,
    mut chars: Chars<'a>,
    quote: char,
    raw: bool,
) -> Result<(Token, &'a str), ExpressionError> {
    let begin = text.len() - chars.as_str().len() - quote.len_utf8();
    let mut value = String::new();
    loop {
        let at = text.len() - chars.as_str().len();
        match chars.next() {
            None => {
                let hint = format!("end it with {quote}");
                return Err(ExpressionError::new(
                    text,
                    begin,
                    "this text has no end",
                    hint,
                ));
            }
            Some(c) if c == quote => return Ok((Token::Text(value), chars.as_str())),
            Some('\\') if !raw => match escape(&mut chars) {
                Some(c) => value.push(c),
                None => {
                    let what = "no character is written like this";
                    let hint = "in a regular expression double the backslash, or write r in front of the quotes";
                    return Err(ExpressionError::new(text, at, what, hint));
                }
            },
            Some(c) => value.push(c),
        }
    }
}

/// Returns the character behind a backslash.
fn escape(chars: &mut Chars<'_>) -> Option<char> {
    let width = match chars.next()? {
        'n' => return Some('\n'),
        'r' => return Some('\r'),
        't' => return Some('\t'),
        c @ ('\\' | '"' | '\'') => return Some(c),
        'x' => 2,
        'u' => 4,
        'U' => 8,
        _ => return None,
    };
    let mut code = 0_u32;
    for _ in 0..width {
        code = code.checked_mul(16)? | chars.next()?.to_digit(16)?;
    }
    char::from_u32(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        let text = |text: &str| Token::Text(text.to_owned());
        for (source, expected) in [
            ("", vec![]),
            (
                "caller.ip",
                vec![Token::Name, Token::Symbol("."), Token::Name],
            ),
            (
                "a<=1",
                vec![Token::Name, Token::Symbol("<="), Token::Int(1)],
            ),
            (
                "1.5 2e3 1.5E-1",
                vec![Token::Float(1.5), Token::Float(2000.0), Token::Float(0.15)],
            ),
            ("1.a", vec![Token::Int(1), Token::Symbol("."), Token::Name]),
            (
                r#""a\"b\\\x41\u00e4" 'it"s'"#,
                vec![text("a\"b\\A\u{e4}"), text("it\"s")],
            ),
            (r#"r"\d+" r'\'"#, vec![text("\\d+"), text("\\")]),
            ("r1", vec![Token::Name]),
        ] {
            let mut tokens: Vec<Token> = tokenize(source)
                .unwrap()
                .into_iter()
                .map(|(token, _)| token)
                .collect();
            assert_eq!(tokens.pop(), Some(Token::End));
            assert_eq!(tokens, expected, "{source}");
        }
    }

    #[test]
    fn what_is_no_word_is_located() {
        for (text, expected) in [
            ("a = 1", "column 3: = has no meaning here; == compares"),
            ("a § 1", "column 3: § has no meaning here"),
            (
                "a > 30s",
                "column 5: 30s is no number; write durations as plain numbers, in the unit of the field's name (setup_ms > 3000), and times in quotes",
            ),
            ("a == \"x", "column 6: this text has no end; end it with \""),
            (
                "a == \"x\\d\"",
                "column 8: no character is written like this; in a regular expression double the backslash, or write r in front of the quotes",
            ),
            (
                "'\\ud800'",
                "column 2: no character is written like this; in a regular expression double the backslash, or write r in front of the quotes",
            ),
            (
                "99999999999999999999",
                "column 1: this number is too large; no field has such a value",
            ),
            (
                "1e999",
                "column 1: this number is too large; no field has such a value",
            ),
            (
                "a == “x”",
                "column 6: “ has no meaning here; a text stands in straight quotes, \" or '",
            ),
        ] {
            assert_eq!(tokenize(text).unwrap_err().to_string(), expected);
        }
    }
}
