//! What is said of expressions that mean nothing.

use super::*;

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
