//! What `sipcap stats` makes of small captures that are written here, each with its calculation.

use std::fmt::Write as _;

use crate::support::{
    program::run,
    tale::{Tale, parts},
};

#[test]
fn who_is_told_among_too_many_is_not_chance() {
    // All are open at the end, and there is room for the names of 4096.
    let (mut hosts, mut lines) = (String::new(), String::new());
    for number in 0..4200 {
        let (third, last) = (number / 250, number % 250 + 1);
        write!(hosts, "h{number} = \"10.1.{third}.{last}:5060\", ").unwrap();
        let more = format!("call_id = \"options-{number}\"");
        let line = Tale::empty()
            .say(
                f64::from(number),
                &format!("alice > h{number}"),
                "OPTIONS sip:x@example.com",
                &more,
            )
            .say(5_000.0, &format!("h{number} > alice"), "200 OK", &more);
        lines.push_str(line.text());
    }
    let tale = Tale::with_hosts(&hosts, &lines);
    let dir = tempfile::tempdir().unwrap();
    tale.write(dir.path(), "tale.pcap");
    let args = ["stats", "--format", "jsonl", "tale.pcap"];
    let first = run(dir.path(), &args).stdout;
    for _ in 0..3 {
        assert!(run(dir.path(), &args).stdout == first);
    }
}

#[test]
fn the_first_provisional_response_to_invite_is_not_100() {
    let tale = Tale::new()
        .alice(0.0, "INVITE sip:bob@example.com", "")
        .bob(5.0, "100 Trying", "")
        .bob(800.0, "180 Ringing", "")
        .bob(3_000.0, "486 Busy Here", "")
        .alice(3_010.0, "ACK sip:bob@example.com", "");
    let figures = tale.figures(&[]);
    let of = |metric: &str| figures.within(metric, &[("method", "INVITE")])["max_ms"].as_f64();
    assert_eq!(of("first_response_time"), Some(5.0));
    assert_eq!(of("provisional_response_time"), Some(800.0));
    assert_eq!(of("final_response_time"), Some(3_000.0));
}

/// Returns a call that is answered after a second and over `length` milliseconds later.
fn call(tale: Tale, at_ms: f64, call_id: &str, length: f64) -> Tale {
    let more = &format!("call_id = \"{call_id}\"");
    let answer = at_ms + 1_000.0;
    let end = answer + length;
    tale.alice(at_ms, "INVITE sip:bob@example.com", more)
        .bob(answer, "200 OK", more)
        .alice(answer + 10.0, "ACK sip:bob@192.0.2.20", more)
        .alice(end, "BYE sip:bob@192.0.2.20", more)
        .bob(end + 10.0, "200 OK", more)
}

#[test]
fn peaks_are_those_within_a_stretch_of_time() {
    // The captures begin at .123 of a second: three calls begin in the seconds 0, 0 and 9, one in the second 10.
    let mut tale = Tale::new();
    for (number, at) in [0.0, 500.0, 9_000.0, 10_000.0].into_iter().enumerate() {
        tale = call(tale, at, &number.to_string(), 2_000.0);
    }
    let figures = tale.figures(&["--bucket", "10s"]);
    let peak = |metric: &str, bucket: &str| {
        let row = figures.within(metric, &[("bucket", bucket)]);
        row["num"].as_f64().or_else(|| row["value"].as_f64())
    };
    let (first, second) = (
        "2026-01-15T10:00:00.000000000Z",
        "2026-01-15T10:00:10.000000000Z",
    );
    assert_eq!(peak("cps_peak_1s", first), Some(2.0));
    assert_eq!(peak("cps_peak_10s", first), Some(3.0));
    assert_eq!(peak("cps_peak_1s", second), Some(1.0));
    // What is shorter than what is asked for cannot tell, and is left out.
    let figures = tale.figures(&["--bucket", "2s"]);
    let bucket = [("bucket", first)];
    assert_eq!(figures.within("cps_peak_1s", &bucket)["value"], 2);
    assert!(figures.find("cps_peak_10s", &bucket).is_none());
    let figures = tale.figures(&["--bucket", "500ms"]);
    assert!(figures.find("cps_peak_1s", &bucket).is_none());
}

#[test]
fn registrations_count_where_their_requests_do() {
    let register = |tale: Tale, at: f64, call_id: &str, to: &str| {
        let more = format!("call_id = \"{call_id}\"\nto = \"<sip:{to}@example.com>\"");
        tale.alice(at, "REGISTER sip:example.com", &more)
    };
    // Three at 0 to 2 s are never answered, which shows 32 s later; one at 40 s is refused.
    let mut tale = Tale::new();
    for (number, to) in ["4912", "4913", "5012"].into_iter().enumerate() {
        tale = register(tale, number as f64 * 1_000.0, to, to);
    }
    let tale = register(tale, 40_000.0, "r", "4914")
        .bob(
            40_100.0,
            "403 Forbidden",
            "call_id = \"r\"\nto = \"<sip:4914@example.com>\"",
        )
        .alice(80_000.0, "OPTIONS sip:bob@example.com", "call_id = \"o\"");
    let figures = tale.figures(&["--bucket", "30s", "--by", "prefix:2", "--by", "capture"]);
    let ira = |place: &[(&str, &str)]| parts(figures.within("ira", place));
    assert_eq!(figures.parts("ira"), (4.0, 4.0));
    assert_eq!(
        ira(&[("bucket", "2026-01-15T10:00:00.000000000Z")]),
        (3.0, 3.0)
    );
    assert_eq!(
        ira(&[("bucket", "2026-01-15T10:00:30.000000000Z")]),
        (1.0, 1.0)
    );
    assert_eq!(ira(&[("prefix:2", "49")]), (3.0, 3.0));
    assert_eq!(ira(&[("prefix:2", "50")]), (1.0, 1.0));
    assert_eq!(ira(&[("capture", "tale.pcap")]), (4.0, 4.0));
}

#[test]
fn observation_is_what_was_asked_for() {
    // Calls of 2 s at 0, 10 and 20 s; from 5 to 15 s there is one, up for 2 of 10 s.
    let mut tale = Tale::new();
    for at in [0.0, 10_000.0, 20_000.0] {
        tale = call(tale, at, &at.to_string(), 2_000.0);
    }
    // Asked before the end and answered after it.
    let tale = tale
        .alice(14_000.0, "OPTIONS sip:bob@example.com", "call_id = \"o\"")
        .bob(60_000.0, "200 OK", "call_id = \"o\"");
    let window = [
        "--since",
        "2026-01-15T10:00:05Z",
        "--until",
        "2026-01-15T10:00:15Z",
    ];
    let figures = tale.figures(&window);
    assert_eq!(figures.parts("cps"), (1.0, 10.0));
    assert_eq!(figures.parts("erlang"), (2.0, 10.0));
    assert_eq!(figures.of("frames")["value"], 6);
    assert_eq!(figures.parts("options_availability"), (0.0, 0.0));
    // Where there are no frames, nothing was observed.
    let figures = tale.figures(&["--since", "2026-01-15T10:00:50Z"]);
    let (_, length) = figures.parts("message_rate");
    assert!((length - 10.123_456).abs() < 1e-6, "{length}");
}

#[test]
fn what_is_selected_does_not_tell_how_good_a_capture_is() {
    let mut tale = Tale::new();
    for number in 0..5 {
        tale = call(
            tale,
            f64::from(number) * 5_000.0,
            &number.to_string(),
            2_000.0,
        );
    }
    let figures = tale.figures(&["--status", "200"]);
    assert_eq!(figures.of("messages")["value"], 10);
    assert_eq!(figures.of("responses_without_request")["value"], 0);
    assert!(figures.of("ser")["note"].is_null());
    assert_eq!(figures.parts("ser"), (5.0, 5.0));
}

#[test]
fn of_calls_that_are_chosen_by_what_they_are_nothing_else_is_told() {
    let tale = call(Tale::new(), 0.0, "short", 2_000.0);
    let tale = call(tale, 0.0, "long", 20_000.0);
    for options in [
        ["--duration", "<5s"],
        ["--where", "duration_ms < 5000"],
        ["--outcome", "answered"],
    ] {
        let figures = tale.figures(&options);
        let calls = if options[0] == "--outcome" { 2 } else { 1 };
        assert_eq!(figures.of("calls")["value"], calls);
        for unknown in [
            "messages",
            "requests",
            "message_rate",
            "registrations",
            "ira",
            "rrd",
        ] {
            assert!(figures.of(unknown)["value"].is_null(), "{unknown}");
        }
        assert!(figures.find("requests", &[("method", "INVITE")]).is_none());
        let text = tale.stats(&options).to_string();
        assert!(
            !text.contains("Messages") && text.contains("Calls"),
            "{text}"
        );
        let check = tale.stats(&[&options[..], &["--check", "messages > 0"]].concat());
        assert_eq!(check.status, 1);
    }
    assert_eq!(tale.stats(&["--duration", ">1h"]).status, 1);
}

#[test]
fn messages_of_a_dialog_go_by_whom_was_dialled() {
    let more = "to = \"<sip:4930@example.com>\"";
    let tagged = "to = \"<sip:4930@example.com>;tag=b1\"";
    let tale = Tale::new()
        .alice(0.0, "INVITE sip:%2b4930@example.com", more)
        .bob(1_000.0, "200 OK", tagged)
        .alice(1_010.0, "ACK sip:bob@192.0.2.20", tagged)
        .alice(9_000.0, "BYE sip:bob@192.0.2.20", tagged)
        .bob(9_010.0, "200 OK", tagged);
    let figures = tale.figures(&["--by", "prefix:2"]);
    let messages =
        |prefix: &str| figures.within("messages", &[("prefix:2", prefix)])["value"].clone();
    // The INVITE; its response and ACK, where To stands for whom was dialled; BYE and its response, which either side sends.
    assert_eq!([messages("+4"), messages("49"), messages("")], [1, 2, 2]);
}

#[test]
fn a_bye_that_the_capture_ends_with_has_not_failed() {
    let tale = Tale::new()
        .alice(0.0, "INVITE sip:bob@example.com", "")
        .bob(1_000.0, "200 OK", "")
        .alice(1_010.0, "ACK sip:bob@192.0.2.20", "")
        .alice(9_000.0, "BYE sip:bob@192.0.2.20", "");
    let figures = tale.figures(&[]);
    assert_eq!(figures.of("sdd_failed")["count"], 0);
    assert_eq!(figures.parts("call_drop_ratio"), (0.0, 1.0));
    assert_eq!(figures.of("sdt")["value"], 8_000);
    // 40 s later nobody has answered it.
    let tale = tale.bob(49_000.0, "OPTIONS sip:alice@example.com", "call_id = \"o\"");
    let figures = tale.figures(&[]);
    assert_eq!(figures.of("sdd_failed")["value"], 32_000);
    assert_eq!(figures.parts("call_drop_ratio"), (1.0, 1.0));
}

#[test]
fn a_call_that_was_dropped_is_not_completed() {
    // Cause 503 is 41 by RFC 3398, a failure of the network.
    let mut tale = call(Tale::new(), 0.0, "completed", 3_000.0);
    for (call_id, reason, status) in [
        ("broken", "headers = [\"Reason: SIP;cause=503\"]", "200 OK"),
        ("gone", "", "481 Call Does Not Exist"),
        ("late", "", "408 Request Timeout"),
    ] {
        let more = format!("call_id = \"{call_id}\"");
        tale = tale
            .alice(0.0, "INVITE sip:bob@example.com", &more)
            .bob(1_000.0, "200 OK", &more)
            .alice(1_010.0, "ACK sip:bob@192.0.2.20", &more)
            .alice(
                8_000.0,
                "BYE sip:bob@192.0.2.20",
                &format!("{more}\n{reason}"),
            )
            .bob(8_010.0, status, &more);
    }
    let figures = tale.figures(&[]);
    assert_eq!(figures.parts("scr"), (1.0, 4.0));
    assert_eq!(figures.parts("call_drop_ratio"), (3.0, 4.0));
    assert_eq!(figures.parts("acd"), (3.0, 1.0));
    // 3 s, and three of 7 s.
    let sdt = figures.of("sdt");
    assert_eq!([&sdt["count"], &sdt["value"]], [4, 6_000]);
}

#[test]
fn how_long_somebody_may_go_on_is_no_time_of_a_call() {
    // A 302 and a 407 after 100 ms, and the capture ends 5 s later or a minute.
    let mut tale = Tale::new();
    for status in ["302 Moved Temporarily", "407 Proxy Authentication Required"] {
        let more = &format!("call_id = \"{status}\"");
        tale = tale
            .alice(0.0, "INVITE sip:bob@example.com", more)
            .bob(100.0, status, more)
            .alice(110.0, "ACK sip:bob@example.com", more);
    }
    let option = ["--timeout", "inv_neg=10s"];
    for (end, options) in [(5_000.0, &[][..]), (60_000.0, &[]), (60_000.0, &option)] {
        let tale = tale.clone();
        let tale = tale.alice(end, "OPTIONS sip:bob@example.com", "call_id = \"o\"");
        let figures = tale.figures(options);
        assert_eq!(figures.parts("mht"), (0.2, 2.0), "{end} {options:?}");
        assert_eq!(figures.of("calls_in_progress")["value"], 0);
    }
}

#[test]
fn by_the_letter_each_invite_counts_for_its_own_response() {
    let call = |call_id: &str, first: &str| {
        let more = &format!("call_id = \"{call_id}\"");
        Tale::new()
            .alice(0.0, "INVITE sip:bob@example.com", more)
            .bob(100.0, first, more)
            .alice(110.0, "ACK sip:bob@example.com", more)
            .alice(
                1_000.0,
                "INVITE sip:bob@example.com",
                &format!("{more}\ncseq = \"2 INVITE\""),
            )
            .bob(2_000.0, "200 OK", &format!("{more}\ncseq = \"2 INVITE\""))
            .alice(
                2_010.0,
                "ACK sip:bob@192.0.2.20",
                &format!("{more}\ncseq = \"2 ACK\""),
            )
    };
    for (first, isa, seer) in [
        (
            "503 Service Unavailable",
            [(1.0, 2.0), (0.0, 1.0)],
            [(1.0, 2.0), (1.0, 1.0)],
        ),
        (
            "486 Busy Here",
            [(0.0, 2.0), (0.0, 1.0)],
            [(2.0, 2.0), (1.0, 1.0)],
        ),
        (
            "404 Not Found",
            [(0.0, 2.0), (0.0, 1.0)],
            [(1.0, 2.0), (1.0, 1.0)],
        ),
    ] {
        let tale = call("c", first);
        let [literal, calls] = [&["--rfc-literal"][..], &[]].map(|options| tale.figures(options));
        assert_eq!([literal.parts("isa"), calls.parts("isa")], isa, "{first}");
        assert_eq!(
            [literal.parts("seer"), calls.parts("seer")],
            seer,
            "{first}"
        );
    }
}

#[test]
fn calls_that_nothing_has_decided_yet_are_told() {
    // One is answered, one rings: of two calls, half is much.
    let tale = call(Tale::new(), 0.0, "answered", 2_000.0);
    let more = "call_id = \"ringing\"";
    let tale = tale
        .alice(61_000.0, "INVITE sip:bob@example.com", more)
        .bob(61_100.0, "180 Ringing", more);
    let figures = tale.figures(&["--bucket", "1m"]);
    assert_eq!(figures.of("calls_in_progress")["value"], 1);
    assert_eq!(
        figures.of("ser")["note"],
        "many calls are still being set up"
    );
    let ser = |minute: &str| {
        let bucket = format!("2026-01-15T10:0{minute}:00.000000000Z");
        figures.within("ser", &[("bucket", &bucket)]).clone()
    };
    assert!(ser("0")["note"].is_null());
    assert_eq!(ser("1")["note"], "many calls are still being set up");
    // How many are up at the end of the capture is no figure of a minute.
    assert!(
        figures
            .find(
                "calls_up_at_end",
                &[("bucket", "2026-01-15T10:00:00.000000000Z")]
            )
            .is_none()
    );
}

#[test]
fn checks_fail_for_want_of_data_only_where_data_would_decide() {
    // One call and no REGISTER, so IRA is not known.
    let tale = call(Tale::new(), 0.0, "c", 2_000.0);
    for (check, options, status) in [
        ("ira >= 0", &[][..], 1),
        ("ira >= 0", &["--allow-missing"], 0),
        ("ira >= 0 && calls > 100", &["--allow-missing"], 1),
        ("calls == 1 || ira >= 0", &[], 0),
        ("calls == 1 && ira >= 0", &[], 1),
    ] {
        let run = tale.stats(&[options, &["--check", check]].concat());
        assert_eq!(run.status, status, "{check} {options:?}");
    }
}

#[test]
fn hostile_names_stay_names_in_every_format() {
    let mut tale = Tale::new();
    let names = [
        "\u{1b}[31mred",
        "a\\\"b\\\\c",
        "(others)",
        "x|y",
        "`z`",
        "https://evil.example $m$ @all",
        "a+b",
    ];
    for (number, name) in names.into_iter().enumerate() {
        let name = name.replace('\u{1b}', "\\u001b");
        let more = format!("call_id = \"{number}\"\nheaders = [\"User-Agent: {name}\"]");
        tale = tale.alice(number as f64, "OPTIONS sip:bob@example.com", &more);
    }
    let by = ["--by", "user-agent,method"];
    let output = |format: &str| {
        let run = tale.stats(&[&by[..], &["--format", format]].concat());
        let text = String::from_utf8(run.stdout).unwrap();
        let is_harmless = |c: char| c == '\n' || !c.is_control();
        assert!(text.chars().all(is_harmless), "{format}: {text:?}");
        text
    };
    let prometheus = output("prometheus");
    for line in prometheus.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        assert!(
            value.parse::<f64>().is_ok() && name.starts_with("sipcap_"),
            "{line}"
        );
    }
    assert!(prometheus.contains("{group_user_agent=\"a\\\"b\\\\c\",group_method=\"OPTIONS\"} 1"));
    assert!(prometheus.contains("user_agent=\"\\\\x28others)\""));
    let markdown = output("markdown");
    let bars = |line: &str| line.matches('|').count();
    let rows: Vec<&str> = markdown
        .lines()
        .skip_while(|line| !line.starts_with("### By"))
        .collect();
    assert!(
        rows[2..].iter().all(|line| bars(line) == bars(rows[2])),
        "{markdown}"
    );
    for cell in [
        "`x\\x7cy`",
        "`` `z` ``",
        "`https://evil.example $m$ @all`",
        "`\\x1b[31mred`",
    ] {
        assert!(
            markdown.contains(&format!("| {cell} |")),
            "{cell}: {markdown}"
        );
    }
    let text = output("text");
    assert!(text.contains("\\x1b[31mred"));
}

#[test]
fn as_much_is_shown_as_was_asked_for() {
    // Three INVITEs, two OPTIONS and a MESSAGE.
    let mut tale = Tale::new();
    for (number, method) in [
        "INVITE", "OPTIONS", "INVITE", "MESSAGE", "OPTIONS", "INVITE",
    ]
    .into_iter()
    .enumerate()
    {
        let more = format!("call_id = \"{number}\"");
        tale = tale.alice(
            number as f64,
            &format!("{method} sip:bob@example.com"),
            &more,
        );
    }
    let figures = tale.figures(&["--top", "2"]);
    assert!(figures.find("requests", &[("method", "INVITE")]).is_some());
    assert!(figures.find("requests", &[("method", "OPTIONS")]).is_some());
    assert!(figures.find("requests", &[("method", "MESSAGE")]).is_none());
    // Conditions go by all of them.
    let run = tale.stats(&["--top", "2", "--check", "requests.message == 1"]);
    assert_eq!(run.status, 0);
}

#[test]
fn what_one_way_cannot_tell_is_marked_everywhere() {
    // Three calls of which only requests were captured.
    let mut tale = Tale::new();
    for number in 0..3 {
        let (at, more) = (
            f64::from(number) * 1_000.0,
            format!("call_id = \"{number}\""),
        );
        tale = tale
            .alice(at, "INVITE sip:bob@example.com", &more)
            .alice(
                at + 3_000.0,
                "ACK sip:bob@192.0.2.20",
                &format!("{more}\nto = \"<sip:bob@example.com>;tag=b1\""),
            )
            .alice(
                at + 20_000.0,
                "BYE sip:bob@192.0.2.20",
                &format!("{more}\nto = \"<sip:bob@example.com>;tag=b1\""),
            );
    }
    let tale = tale.alice(60_000.0, "OPTIONS sip:bob@example.com", "call_id = \"o\"");
    let figures = tale.figures(&[]);
    for metric in [
        "concurrent_calls",
        "erlang",
        "sdt",
        "acd",
        "call_drop_ratio",
        "calls_answered",
    ] {
        assert_eq!(
            figures.of(metric)["note"],
            "one direction is missing",
            "{metric}"
        );
    }
    let answered = figures.within("requests_answered", &[("method", "INVITE")]);
    assert_eq!(answered["note"], "one direction is missing");
    let text = tale
        .stats(&["--by", "method", "--format", "text"])
        .to_string();
    let line = text
        .lines()
        .rfind(|line| line.starts_with("  INVITE"))
        .unwrap();
    assert!(line.contains(" !100.00 % 3/3 "), "{line}");
    let prometheus = tale.stats(&["--format", "prometheus"]).to_string();
    assert!(prometheus.contains("sipcap_doubtful{why=\"one_way\"} 1\n"));
}
