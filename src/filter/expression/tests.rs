//! What expressions mean, and what is said of those that mean nothing.

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
fn what_means_nothing_is_located() {
    for (text, expected) in [
        (
            "",
            "column 1: the expression ends where a value should follow",
        ),
        (
            "status >",
            "column 9: the expression ends where a value should follow",
        ),
        (
            "(status > 1",
            "column 12: the expression ends where ) should follow",
        ),
        (
            "status > 1)",
            "column 11: expected an operator such as == or && instead of )",
        ),
        (
            "status > 1 and lossy",
            "column 12: expected an operator such as == or && instead of and; conditions are joined with &&",
        ),
        (
            "not lossy",
            "column 1: not is no operator; ! negates a condition",
        ),
        (
            "lossy && && lossy",
            "column 10: expected a value instead of &&",
        ),
        ("in flags", "column 1: expected a value instead of in"),
        (
            "a == 1",
            "column 1: there is no field a; sipcap-formats(7) lists the fields",
        ),
        (
            "lossy && setup > 3000",
            "column 10: there is no field setup; did you mean setup_ms?",
        ),
        (
            "ip == '10.0.0.1'",
            "column 1: there is no field ip; did you mean caller.ip?",
        ),
        (
            "caller == '10.0.0.1'",
            "column 1: there is no field caller; it has parts: caller.ip, caller.ua",
        ),
        (
            "outcome == answered",
            "column 12: there is no field answered; if it is a text, write 'answered'",
        ),
        (
            "outcome.ip == 'x'",
            "column 1: there is no field outcome.ip; did you mean caller.ip?",
        ),
        (
            "status",
            "column 1: status is a number, not a condition; compare it, for example with == or !=",
        ),
        (
            "lossy && (outcome)",
            "column 10: (outcome) is a text, not a condition; compare it, for example with == or !=",
        ),
        (
            "!status",
            "column 2: status is a number, not a condition; compare it, for example with == or !=",
        ),
        (
            "null || lossy",
            "column 1: null is null, not a condition; compare it, for example with == or !=",
        ),
        (
            "status == '486'",
            "column 11: '486' is a text, but status is a number; write numbers without quotes",
        ),
        (
            "outcome != 486",
            "column 12: 486 is a number, but outcome is a text; write \"486\"",
        ),
        (
            "outcome == status",
            "column 12: status is a number, but outcome is a text",
        ),
        (
            "flags == 'forked'",
            "column 10: 'forked' is a text, but flags is a list of texts; write 'forked' in flags",
        ),
        (
            "status > null",
            "column 10: null is null, which has no order; only == and != compare it",
        ),
        (
            "lossy < true",
            "column 1: lossy is true or false, which has no order; only == and != compare it",
        ),
        (
            "flags > 1",
            "column 1: flags is a list of texts, which has no order; size() tells how long a list is",
        ),
        (
            "1 < status < 5",
            "column 12: comparisons do not form chains; join two comparisons with &&",
        ),
        (
            "ts > '20 November'",
            "column 6: this is no time; expected a time such as 2026-11-20T10:00:00Z, 2026-11-20 10:00 (UTC) or @1700000000.5",
        ),
        (
            "ts > outcome",
            "column 6: outcome is a text, but ts is a time; write times as \"2026-11-20T10:00:00Z\"",
        ),
        (
            "ts > 5",
            "column 6: 5 is a number, but ts is a time; write times as \"2026-11-20T10:00:00Z\"",
        ),
        (
            "ts in ['2026-11-20', outcome]",
            "column 1: ts is a time, but ['2026-11-20', outcome] is a list of texts; write times as \"2026-11-20T10:00:00Z\"",
        ),
        (
            "status +\n1",
            "line 1, column 1: status +\\x0a1 is a number, not a condition; compare it, for example with == or !=",
        ),
        (
            "ts in ['x']",
            "column 7: this is no time; expected a time such as 2026-11-20T10:00:00Z, 2026-11-20 10:00 (UTC) or @1700000000.5",
        ),
        (
            "t_answer - ts > 5",
            "column 1: t_answer is a time; the time between two moments is a field of its own, such as setup_ms",
        ),
        (
            "outcome + 'x' == 'y'",
            "column 1: outcome is a text; +, - and * take numbers",
        ),
        (
            "status / 2 == 1",
            "column 8: / has no meaning here; multiply on the other side, as in retransmissions * 10 > messages",
        ),
        (
            "'x' in outcome",
            "column 8: outcome is a text, not a list; write outcome.contains('x')",
        ),
        (
            "'486' in statuses",
            "column 1: '486' is a text, but statuses is a list of numbers; write numbers without quotes",
        ),
        (
            "status in 486",
            "column 11: 486 is a number, not a list; a list is written as [486, 487]",
        ),
        (
            "status in ['486']",
            "column 1: status is a number, but ['486'] is a list of texts",
        ),
        (
            "status in [486, 'x']",
            "column 17: this is a text, but the list began with a number; all items have to be of one kind",
        ),
        (
            "contains(outcome, 'x')",
            "column 1: there is no function contains; write field.contains(...)",
        ),
        (
            "hass(outcome)",
            "column 1: there is no function hass; did you mean has?",
        ),
        (
            "outcome.starts_with('x')",
            "column 9: outcome is a text and has no starts_with; did you mean startsWith?",
        ),
        (
            "flags.contains('x')",
            "column 1: flags is a list of texts, not a text; write 'x' in flags, or flags.exists(x, x.contains('x'))",
        ),
        (
            "status.matches('4..')",
            "column 1: status is a number, not a text; only texts are searched",
        ),
        (
            "outcome.matches('(')",
            "column 17: this is no regular expression; unclosed group",
        ),
        (
            "outcome.matches('(a{999}){999}')",
            "column 17: this regular expression takes too much memory; repeat less in it",
        ),
        (
            "outcome.matches(caller.ip)",
            "column 17: a regular expression has to be a text in quotes",
        ),
        (
            "outcome.exists(f, f == 'x')",
            "column 1: outcome is a text, not a list; exists() asks about the items of a list",
        ),
        (
            "flags.exists(f == 'x')",
            "column 16: expected , instead of ==",
        ),
        (
            "flags.exists(f, f)",
            "column 17: f is a text, not a condition; compare it, for example with == or !=",
        ),
        (
            "flags.exists(f, f.x == 'a')",
            "column 19: f is a text and has no x",
        ),
        (
            "flags.exists(f, true) && f == 'x'",
            "column 26: there is no field f; sipcap-formats(7) lists the fields",
        ),
        (
            "has('x')",
            "column 5: 'x' is no field; has() tells whether a field is not null",
        ),
        (
            "size(status) > 1",
            "column 6: status is a number; size() is that of a list or a text",
        ),
        (
            "timestamp(ts) > ts",
            "column 11: timestamp() takes a text in quotes; write timestamp(\"2026-11-20T10:00:00Z\")",
        ),
        (
            "lossy &&\nstatus",
            "line 2, column 1: status is a number, not a condition; compare it, for example with == or !=",
        ),
    ] {
        match Expression::compile(text, &SCHEMA) {
            Ok(_) => panic!("compiles: {text}"),
            Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
        }
    }
}

#[test]
fn the_excerpt_points_at_the_fault() {
    let error = Expression::compile("lossy && setup > 3000", &SCHEMA).unwrap_err();
    assert_eq!(error.excerpt(), "lossy && setup > 3000\n         ^");
    assert_eq!(error.column(), 10);
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
