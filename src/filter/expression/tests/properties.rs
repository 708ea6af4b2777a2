//! What holds of whatever is written: it means something or is an error, and other ways of writing it mean the same.

use proptest::prelude::*;

use super::*;

/// Words that make something of the language far more often than any text does.
fn sentence() -> impl Strategy<Value = String> {
    let word = proptest::sample::select(vec![
        "outcome",
        "status",
        "setup_ms",
        "mos",
        "caller.ip",
        "ts",
        "flags",
        "statuses",
        "lossy",
        "f",
        "486",
        "1.5",
        "9223372036854775807",
        "'x'",
        "'2026-11-20'",
        "\"",
        "null",
        "true",
        "&&",
        "||",
        "==",
        "!=",
        "<",
        ">=",
        "in",
        "!",
        "-",
        "+",
        "*",
        "(",
        ")",
        "[",
        "]",
        ",",
        ".",
        "has(",
        ".size()",
        ".contains(",
        ".matches(",
        "flags.exists(f,",
        "ä",
        "\n",
    ]);
    proptest::collection::vec(word, 0..12).prop_map(|words| words.join(" "))
}

/// Conditions that compile, over all kinds of fields.
fn condition() -> impl Strategy<Value = String> {
    let number = proptest::sample::select(vec![
        "status",
        "setup_ms",
        "mos",
        "-mos",
        "status + setup_ms * mos",
        "flags.size()",
        "1e300",
        "9223372036854775807",
        "-9223372036854775807 - 1",
        "size(outcome)",
    ]);
    let relation = proptest::sample::select(vec!["==", "!=", "<", "<=", ">", ">="]);
    let other = proptest::sample::select(vec![
        "lossy",
        "outcome.matches('a+')",
        "outcome.contains(caller.ip)",
        "ts > t_answer",
        "'a' in flags",
        "status in statuses",
        "statuses.exists(s, s > mos)",
        "has(ts)",
        "ts == '2026-11-20'",
        "outcome in ['a', null]",
        "flags == ['a']",
        "flags.exists(f, f in flags)",
    ]);
    let comparison = (number.clone(), relation, number)
        .prop_map(|(a, relation, b)| format!("{a} {relation} {b}"));
    prop_oneof![comparison, other.prop_map(str::to_owned)].prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} && {b})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} || {b})")),
            inner.prop_map(|inner| format!("!({inner})")),
        ]
    })
}

/// Values of any kind, whatever the schema says.
fn value() -> impl Strategy<Value = Value<'static>> {
    let one = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "[ab]{0,3}".prop_map(Value::from),
        any::<i64>().prop_map(|nanos| Timestamp::from_nanos(nanos).into()),
    ];
    prop_oneof![
        one.clone(),
        proptest::collection::vec(one, 0..4).prop_map(Value::List)
    ]
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        if let Err(error) = Expression::compile(&text, &SCHEMA) {
            prop_assert!(error.column() > 0 && error.excerpt().ends_with('^') && !error.to_string().is_empty());
        }
    }

    #[test]
    fn no_sentence_panics(text in sentence()) {
        match Expression::compile(&text, &SCHEMA) {
            Ok(expression) => { let _ = expression.matches(&row()); }
            Err(error) => prop_assert!(error.column() <= text.chars().count() + 1),
        }
    }

    #[test]
    fn no_value_panics(
        text in condition(),
        values in proptest::collection::vec(value(), SCHEMA.len()),
    ) {
        let expression = Expression::compile(&text, &SCHEMA);
        prop_assert!(expression.is_ok(), "{} {}", text, expression.unwrap_err());
        let opposite = Expression::compile(&format!("!({text})"), &SCHEMA);
        let row = Row(values);
        prop_assert_ne!(expression.unwrap().matches(&row), opposite.unwrap().matches(&row));
    }
}
