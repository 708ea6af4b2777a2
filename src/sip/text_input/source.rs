//! Lines between messages that tell when, between whom and over what: a pattern for each program that writes them.

use std::{net::SocketAddr, sync::LazyLock};

use regex::bytes::{Captures, Regex};

use super::TextMessage;
use crate::{net::Transport, time::Timestamp};

/// What stands between messages about the next one.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Source {
    time: Option<Timestamp>,
    src: Option<SocketAddr>,
    dst: Option<SocketAddr>,
    transport: Option<Transport>,
    pub(super) label: Option<String>,
}

impl Source {
    /// Adds what `other` knows.
    pub(super) fn merge(&mut self, other: &Self) {
        self.time = other.time.or(self.time);
        self.src = other.src.or(self.src);
        self.dst = other.dst.or(self.dst);
        self.transport = other.transport.or(self.transport);
    }

    pub(super) fn put_into(self, message: &mut TextMessage) {
        message.time = self.time;
        message.src = self.src;
        message.dst = self.dst;
        message.transport = self.transport;
        message.label = self.label;
    }
}

/// The programs and the lines that they write. The groups `time`, `src`, `dst` and `proto` are taken.
const PATTERNS: &[(&str, &str)] = &[
    (
        "ngrep",
        r"^(?<proto>[UT]) (?:(?:(?<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?)|\+\d+\.\d+) )?(?<src>\S+) -> (?<dst>\S+)(?: \[[A-Z]+\])?(?: #\d+)?\s*$",
    ),
    (
        "sngrep, sipgrep",
        r"^(?:[UT] )?\[?(?<time>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:\.\d+)?)\]? (?<src>\S+) -> (?<dst>\S+)",
    ),
    (
        "tcpdump",
        r"^(?<time>(?:\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\.\d+) IP6? (?:\(.*\) )?(?<src>\S+) > (?<dst>\S+):",
    ),
    (
        "tcpdump -v",
        r"^\s+(?<src>[0-9a-f.:]+\.\d+) > (?<dst>[0-9a-f.:]+\.\d+): ",
    ),
    (
        "Asterisk",
        r"^<--- SIP read from (?:(?<proto>[A-Z]+):)?(?<src>\S+?) --->",
    ),
    (
        "Asterisk",
        r"^(?:<--- )?(?:Reliably |Re)?[Tt]ransmitting (?:#\d+ )?\([^)]*\) to (?<dst>\S+?):?(?: --->)?$",
    ),
    (
        "Asterisk, PJSIP",
        r"^<--- Received SIP (?:request|response) \(\d+ bytes\) from (?<proto>[A-Z]+):(?<src>\S+) --->",
    ),
    (
        "Asterisk, PJSIP",
        r"^<--- Transmitting SIP (?:request|response) \(\d+ bytes\) to (?<proto>[A-Z]+):(?<dst>\S+) --->",
    ),
    (
        "FreeSWITCH",
        r"^\s*recv \d+ bytes from (?<proto>\w+)/(?<src>\[[^\]]+\](?::\d+)?) at (?<time>\d\d:\d\d:\d\d\.\d+)",
    ),
    (
        "FreeSWITCH",
        r"^\s*send \d+ bytes to (?<proto>\w+)/(?<dst>\[[^\]]+\](?::\d+)?) at (?<time>\d\d:\d\d:\d\d\.\d+)",
    ),
    (
        "Oracle",
        r"^(?<time>[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d\.\d+) On (?:\[\d+:\d+\])?(?<dst>\S+) received from (?<src>\S+)",
    ),
    (
        "Oracle",
        r"^(?<time>[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d\.\d+) On (?:\[\d+:\d+\])?(?<src>\S+) sent to (?<dst>\S+)",
    ),
    (
        "SIPp",
        r"^-{5,} (?<time>\d{4}-\d\d-\d\d[ \tT]\d\d:\d\d:\d\d(?:\.\d+)?)Z?",
    ),
    (
        "SIPp",
        r"^(?<proto>UDP|TCP|TLS|SCTP) message (?:received|sent) [\[(]\d+[\])]? ?bytes\)? ?:",
    ),
    (
        "Cisco",
        r"^(?:\*|\.)?(?<time>[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d\.\d+): //.*ccsipDisplayMsg:",
    ),
    ("Cisco", r"^(?:Received|Sent):\s*$"),
];

static SOURCES: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    PATTERNS
        .iter()
        .filter_map(|(_, pattern)| Regex::new(pattern).ok())
        .collect()
});

/// What logs have before each line.
const PREFIXES: &[&str] = &[
    r"^<?\d*>?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \S+ [^\s:]+: ?",
    r"^\[[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d(?:\.\d+)?\] ?",
    r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d\S* \S+ [^\s:]+: ?",
    r"^\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\]]*\] ?",
];

static PREFIX: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    PREFIXES
        .iter()
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect()
});

static COLOURS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("\x1b\\[[0-9;]*m").ok());

/// Returns what a line between messages tells, if it is one.
pub(super) fn recognise(line: &[u8]) -> Option<Source> {
    let captures = SOURCES.iter().find_map(|pattern| pattern.captures(line))?;
    let address = |name| group(&captures, name).and_then(|text| parse_address(&text));
    Some(Source {
        time: group(&captures, "time").and_then(|text| parse_time(&text)),
        src: address("src"),
        dst: address("dst"),
        transport: group(&captures, "proto").and_then(|text| parse_transport(&text)),
        label: None,
    })
}

fn group(captures: &Captures<'_>, name: &str) -> Option<String> {
    let text = captures.name(name)?.as_bytes();
    Some(String::from_utf8_lossy(text).into_owned())
}

fn parse_transport(text: &str) -> Option<Transport> {
    match text {
        "U" => Some(Transport::Udp),
        "T" => Some(Transport::Tcp),
        name => Transport::ALL
            .into_iter()
            .find(|transport| name.eq_ignore_ascii_case(transport.name())),
    }
}

/// Reads `10.0.0.1:5060`, `[2001:db8::1]:5060`, `2001:db8::1:5060`, `10.0.0.1.5060` or an address alone, which has port
/// 5060.
fn parse_address(text: &str) -> Option<SocketAddr> {
    let split = |at: char| text.rsplit_once(at);
    let with_port = |(address, port): (&str, &str)| {
        let address = address.trim_matches(['[', ']']).parse().ok()?;
        Some(SocketAddr::new(address, port.parse().ok()?))
    };
    // A dot stands before the port only if there is an address before it: three dots, or colons.
    split(':')
        .and_then(with_port)
        .or_else(|| split('.').and_then(with_port))
        .or_else(|| with_port((text, "5060")))
}

/// Reads a time of any of the forms above; see [`TextMessage::time`] for what may be missing.
fn parse_time(text: &str) -> Option<Timestamp> {
    let text = text.replace(['/', 'T', '\t'], " ").replace('-', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (day, clock) = match *words.as_slice() {
        [clock] => (jiff::civil::date(1970, 1, 1), clock),
        [month, day, clock] => (
            jiff::civil::Date::new(1970, month_of(month)?, day.parse().ok()?).ok()?,
            clock,
        ),
        [year, month, day, clock] => (
            jiff::civil::Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)
                .ok()?,
            clock,
        ),
        _ => return None,
    };
    let time: jiff::civil::Time = clock.parse().ok()?;
    let moment = day
        .to_datetime(time)
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()?;
    let nanos = moment.timestamp().as_nanosecond();
    i64::try_from(nanos).ok().map(Timestamp::from_nanos)
}

fn month_of(name: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let index = MONTHS.iter().position(|month| *month == name)?;
    i8::try_from(index.saturating_add(1)).ok()
}

/// Returns a text without colours and, when four lines of five have the same kind of prefix, without that.
pub(super) fn without_prefixes(text: &[u8]) -> Vec<u8> {
    let text = match &*COLOURS {
        Some(colours) => colours.replace_all(text, &b""[..]).into_owned(),
        None => text.to_vec(),
    };
    let lines = || text.split(|octet| *octet == b'\n');
    let full = lines().filter(|line| !line.trim_ascii().is_empty()).count();
    let prefix = PREFIX.iter().find(|prefix| {
        let with = lines().filter(|line| prefix.is_match(line)).count();
        full > 1 && with.saturating_mul(5) >= full.saturating_mul(4)
    });
    match prefix {
        Some(prefix) => {
            let stripped: Vec<_> = lines().map(|line| prefix.replace(line, &b""[..])).collect();
            stripped.join(&b'\n')
        }
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_patterns_are_right() {
        assert_eq!(SOURCES.len(), PATTERNS.len());
        assert_eq!(PREFIX.len(), PREFIXES.len());
        assert!(COLOURS.is_some());
    }

    #[test]
    fn lines_between_messages_are_read() {
        let (a, b) = ("10.0.0.1:5060", "10.0.0.2:5060");
        let day = "2026-11-20T10:00:00.123456000Z";
        let clock = "1970-01-01T10:00:00.123456000Z";
        for (line, src, dst, time, transport) in [
            ("U 10.0.0.1:5060 -> 10.0.0.2:5060", a, b, "", "udp"),
            (
                "T 2026/11/20 10:00:00.123456 10.0.0.1:5060 -> 10.0.0.2:5060 [AP] #7",
                a,
                b,
                day,
                "tcp",
            ),
            (
                "U +0.000123 10.0.0.1:5060 -> 10.0.0.2:5060",
                a,
                b,
                "",
                "udp",
            ),
            (
                "U 2001:db8::1:5060 -> 2001:db8::2:5070",
                "[2001:db8::1]:5060",
                "[2001:db8::2]:5070",
                "",
                "udp",
            ),
            (
                "[2026/11/20 10:00:00.123456] 10.0.0.1:5060 -> 10.0.0.2:5060",
                a,
                b,
                day,
                "",
            ),
            (
                "2026/11/20 10:00:00.123456 10.0.0.1:5060 -> 10.0.0.2:5060",
                a,
                b,
                day,
                "",
            ),
            (
                "10:00:00.123456 IP 10.0.0.1.5060 > 10.0.0.2.5060: SIP: INVITE sip:x SIP/2.0",
                a,
                b,
                clock,
                "",
            ),
            (
                "<--- SIP read from UDP:10.0.0.1:5060 --->",
                a,
                "",
                "",
                "udp",
            ),
            (
                "<--- Transmitting (no NAT) to 10.0.0.2:5060 --->",
                "",
                b,
                "",
                "",
            ),
            (
                "<--- Reliably Transmitting (NAT) to 10.0.0.2:5060 --->",
                "",
                b,
                "",
                "",
            ),
            ("Retransmitting #1 (NAT) to 10.0.0.2:5060:", "", b, "", ""),
            (
                "<--- Received SIP request (845 bytes) from UDP:10.0.0.1:5060 --->",
                a,
                "",
                "",
                "udp",
            ),
            (
                "<--- Transmitting SIP response (518 bytes) to WSS:10.0.0.2:5060 --->",
                "",
                b,
                "",
                "wss",
            ),
            (
                "recv 1123 bytes from udp/[10.0.0.1]:5060 at 10:00:00.123456:",
                a,
                "",
                clock,
                "udp",
            ),
            (
                "   send 1123 bytes to tcp/[10.0.0.2] at 10:00:00.123456:",
                "",
                b,
                clock,
                "tcp",
            ),
            (
                "Nov 20 10:00:00.123 On [0:0]10.0.0.2:5060 received from 10.0.0.1:5060",
                a,
                b,
                "1970-11-20T10:00:00.123000000Z",
                "",
            ),
            (
                "Nov 20 10:00:00.123 On [0:0]10.0.0.1:5060 sent to 10.0.0.2:5060",
                a,
                b,
                "1970-11-20T10:00:00.123000000Z",
                "",
            ),
            (
                "----------------------------------------------- 2026-11-20 10:00:00.123456",
                "",
                "",
                day,
                "",
            ),
            (
                "----------------------------------------------- 2026-11-20T10:00:00.123456Z",
                "",
                "",
                day,
                "",
            ),
            ("UDP message received [512] bytes:", "", "", "", "udp"),
            ("UDP message received [512] bytes :", "", "", "", "udp"),
            ("TCP message sent (512 bytes):", "", "", "", "tcp"),
            (
                "Nov 20 10:00:00.123: //-1/xxxxxxxxxxxx/SIP/Msg/ccsipDisplayMsg:",
                "",
                "",
                "1970-11-20T10:00:00.123000000Z",
                "",
            ),
            ("Received: ", "", "", "", ""),
        ] {
            let expected = Source {
                time: recognise(line.as_bytes()).unwrap().time,
                src: src.parse().ok(),
                dst: dst.parse().ok(),
                transport: parse_transport(transport),
                label: None,
            };
            assert_eq!(recognise(line.as_bytes()), Some(expected.clone()), "{line}");
            let found = expected
                .time
                .map_or_else(String::new, |time| time.to_string());
            assert_eq!(found, time, "{line}");
        }
        for line in [
            "INVITE sip:a SIP/2.0",
            "Via: SIP/2.0/UDP a",
            "v=0",
            "",
            "a -> b",
        ] {
            assert_eq!(recognise(line.as_bytes()), None, "{line}");
        }
    }

    #[test]
    fn prefixes_of_logs_are_left_out() {
        for (text, expected) in [
            (
                &b"Nov 20 10:00:00 host proc[12]: a\nNov 20 10:00:01 host proc[12]: b"[..],
                &b"a\nb"[..],
            ),
            (b"[Mar 30 13:35:40] a\n[Mar 30 13:35:41]  b\n", b"a\n b\n"),
            (b"\x1b[1;32ma\x1b[0m\nb", b"a\nb"),
            (
                b"[Mar 30 13:35:40] a\nb\nc\n",
                b"[Mar 30 13:35:40] a\nb\nc\n",
            ),
        ] {
            assert_eq!(without_prefixes(text), expected);
        }
    }
}
