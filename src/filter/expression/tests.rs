//! What expressions mean.

mod faults;
mod properties;

use std::cell::Cell;

use super::*;
use crate::time::Timestamp;

const SCHEMA: [(&str, Kind); 13] = [
    ("outcome", Kind::Text),
    ("status", Kind::Number),
    ("setup_ms", Kind::Number),
    ("ring_ms", Kind::Number),
    ("mos", Kind::Number),
    ("caller.ip", Kind::Text),
    ("caller.ua", Kind::Text),
    ("ts", Kind::Time),
    ("t_answer", Kind::Time),
    ("flags", Kind::List(&Kind::Text)),
    ("statuses", Kind::List(&Kind::Number)),
    ("lossy", Kind::Bool),
    ("call_id", Kind::Text),
];

/// A row of any values.
#[derive(Debug)]
struct Row(Vec<Value<'static>>);

impl Fields for Row {
    fn field(&self, index: usize) -> Value<'_> {
        self.0[index].borrow()
    }
}

/// A call that failed, without an answer.
fn row() -> Row {
    Row(vec![
        "failed".into(),
        486_u16.into(),
        Value::Null,
        1500_i64.into(),
        3.5.into(),
        "10.0.0.1".into(),
        "Yate \"1\"".into(),
        Timestamp::from_parts(1_795_168_800, 5).into(),
        Value::Null,
        ["forked", "no-ack"].into_iter().collect(),
        [183_i64, 486].into_iter().collect(),
        true.into(),
        "a@b".into(),
    ])
}

#[track_caller]
fn assert_holds(texts: &[&str], expected: bool) {
    for text in texts {
        let expression = Expression::compile(text, &SCHEMA)
            .unwrap_or_else(|error| panic!("{text}\n{}\n{error}", error.excerpt()));
        assert_eq!(expression.matches(&row()), expected, "{text}");
    }
}

#[test]
fn what_holds() {
    assert_holds(
        &[
            "true",
            "lossy",
            "lossy == true",
            "outcome == \"failed\"",
            "outcome == 'failed' && status == 486",
            "outcome == 'busy' || status >= 400 && status < 500",
            "(outcome == 'busy' || status >= 400) && status < 500",
            "!(outcome == 'busy')",
            "!!lossy",
            "!lossy == false",
            "status in [486, 600]",
            "!(status in [])",
            "'forked' in flags",
            "!('hold' in flags)",
            "486 in statuses",
            "486.0 in statuses",
            "status == 486.0",
            "status > 485.5",
            "mos > 3",
            "mos == 35e-1",
            "-mos < -3",
            "--status == 486",
            "ring_ms - status * 2 == 528",
            "1 - 2 - 3 == -4",
            "1 + 2 * 3 == 7",
            "caller.ip == '10.0.0.1'",
            "caller.ip < '10.0.0.2'",
            "caller.ip.startsWith('10.')",
            "caller.ip.endsWith('.1')",
            "caller.ua.contains('\"1\"')",
            "caller.ua.matches('(?i)^yate')",
            "caller.ip.matches(r'^10\\.(\\d+\\.){2}1$')",
            "outcome . matches ( 'il' )",
            "flags.exists(f, f.startsWith('no-'))",
            "statuses.exists(status, status > 400)",
            "flags.exists(f, statuses.exists(s, s == 183 && f == 'no-ack'))",
            "flags.exists(f, !statuses.exists(f, f == 500) && f == 'forked')",
            "[status, 200].exists(s, s == 486)",
            "flags.size() == 2",
            "size(flags) == 2 && size('äö') == 2",
            "flags == ['forked', 'no-ack']",
            "has(caller.ip)",
            "ts > '2026-11-20T10:00:00Z'",
            "'2026-11-20T10:00:00Z' < ts",
            "ts < '2026-11-20T11:00:01+01:00'",
            "ts == timestamp('2026-11-20T10:00:00.000000005Z')",
            "ts >= '2026-11-20'",
            "ts in ['2026-11-20T10:00:00.000000005Z', '2026-11-21']",
            "ts != '2026-11-20T10:00:00Z'",
            "status ==\n 486",
        ],
        true,
    );
    assert_holds(
        &[
            "false",
            "lossy != true",
            "outcome == 'Failed'",
            "status in [487]",
            "'fork' in flags",
            "caller.ip.matches('^0')",
            "flags.exists(f, f == 'hold')",
            "flags == ['no-ack', 'forked']",
            "9223372036854775807 + 1 > 0",
            "1e308 * 10 > 0",
        ],
        false,
    );
}

#[test]
fn a_verdict_waits_for_what_would_decide() {
    // setup_ms is null, ring_ms is 1500.
    for (text, expected) in [
        ("setup_ms > 1", None),
        ("!(setup_ms > 1)", None),
        ("setup_ms + 1 > 1", None),
        ("setup_ms in [1, 2]", None),
        ("setup_ms > 1 && ring_ms > 2000", Some(false)),
        ("setup_ms > 1 && ring_ms > 1000", None),
        ("setup_ms > 1 || ring_ms > 1000", Some(true)),
        ("setup_ms > 1 || ring_ms > 2000", None),
        ("!(setup_ms > 1 || ring_ms > 1000)", Some(false)),
        ("has(setup_ms)", Some(false)),
        ("setup_ms == null", Some(true)),
        ("ring_ms == 1500", Some(true)),
    ] {
        let expression = Expression::compile(text, &SCHEMA).unwrap();
        assert_eq!(expression.verdict(&row()), expected, "{text}");
    }
}

#[test]
fn null_compares_with_nothing() {
    assert_holds(
        &[
            "setup_ms == null",
            "null == setup_ms",
            "setup_ms != 3000",
            "status != null",
            "!has(setup_ms)",
            "!(setup_ms > 3000)",
            "setup_ms in [1, null]",
            "setup_ms + 1 == null",
        ],
        true,
    );
    assert_holds(
        &[
            "setup_ms > 3000",
            "setup_ms <= 3000",
            "3000 >= setup_ms",
            "setup_ms == 3000",
            "setup_ms != null",
            "status == null",
            "setup_ms - 1 < 5",
            "t_answer > '2026-11-20T10:00:00Z'",
            "t_answer <= ts",
            "has(t_answer)",
            "setup_ms in [1, 2]",
            "null in statuses",
        ],
        false,
    );
    // Of a row of which nothing is known.
    let empty = Row(vec![Value::Null; SCHEMA.len()]);
    for text in [
        "lossy",
        "outcome.matches('')",
        "outcome.contains('')",
        "'x'.contains(outcome)",
        "'forked' in flags",
        "flags.exists(f, true)",
        "flags.size() >= 0",
        "flags == []",
    ] {
        let expression = Expression::compile(text, &SCHEMA).unwrap();
        assert!(!expression.matches(&empty), "{text}");
    }
}

#[test]
fn only_named_fields_are_asked_for() {
    struct Asked(Cell<u32>);
    impl Fields for Asked {
        fn field(&self, index: usize) -> Value<'_> {
            self.0.set(self.0.get() | 1 << index);
            Value::Int(486)
        }
    }
    for (text, expected) in [
        ("true", 0),
        ("status == 486", 0b10),
        ("status == 486 && setup_ms > 3000", 0b110),
        ("status == 487 && setup_ms > 3000", 0b10),
        ("status == 486 || setup_ms > 3000", 0b10),
    ] {
        let asked = Asked(Cell::new(0));
        let _ = Expression::compile(text, &SCHEMA).unwrap().matches(&asked);
        assert_eq!(asked.0.get(), expected, "{text}");
    }
}

#[test]
fn long_and_deep_expressions_need_no_deep_stack() {
    const MANY: usize = 100_000;
    for text in [
        vec!["lossy"; MANY].join(" && "),
        vec!["lossy"; MANY].join(" || "),
        format!("{} > 0", vec!["1"; MANY].join(" + ")),
        format!("{} > 0", vec!["1"; MANY].join(" * ")),
        format!("486 in [{}486]", "1,".repeat(MANY)),
        format!("{}lossy{}", "(".repeat(60), ")".repeat(60)),
        format!("{}lossy", "!".repeat(60)),
    ] {
        assert_holds(&[&text], true);
    }
    for text in [
        format!("{}lossy{}", "(".repeat(MANY), ")".repeat(MANY)),
        "(".repeat(MANY),
        "[".repeat(MANY),
        format!("{}lossy", "!".repeat(MANY)),
        format!("{}1 < 2", "-".repeat(MANY)),
        "has(".repeat(MANY),
        "flags.exists(f,".repeat(MANY),
        "!(".repeat(MANY),
    ] {
        let error = Expression::compile(&text, &SCHEMA).unwrap_err();
        assert!(error.to_string().contains("64 levels"), "{error}");
    }
    let name = format!("caller{} == 1", ".ip".repeat(MANY));
    assert!(Expression::compile(&name, &SCHEMA).is_err());
}
