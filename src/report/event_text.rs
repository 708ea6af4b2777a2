//! Events for people: a line each.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::{self, Write},
};

use anstyle::{AnsiColor, Style};

use crate::{
    report::{CallRow, EventRow, columns::NARROW, party::short_uri},
    text::{self, cut, printable},
    time::Timestamp,
    track::EventKind,
};

/// Characters of a party's name on a narrow terminal, and elsewhere: longer names push their own line only.
const NARROW_PARTY: usize = 14;
const WIDE_PARTY: usize = 32;

/// Characters of the longest kind.
const KIND: usize = 15;

/// Writes events as lines: time, kind, who with whom, and what there is to say. Days are told by lines of their own.
pub struct EventText<W: Write> {
    output: W,
    /// The columns of the terminal; longer lines are cut.
    max_width: Option<usize>,
    is_colored: bool,
    /// How wide who with whom is so far.
    parties: usize,
    day: [u8; 10],
    line: String,
}

/// What a line says.
struct Said<'a> {
    ts: Timestamp,
    what: &'static str,
    style: Style,
    /// Who with whom, with names as wide as this.
    parties: &'a dyn Fn(usize) -> String,
    /// How it went, in full and where there is no room for that.
    details: [&'a str; 2],
}

impl<W: Write> EventText<W> {
    /// Returns a writer to `output`.
    pub const fn new(output: W, max_width: Option<usize>, is_colored: bool) -> Self {
        Self {
            output,
            max_width,
            is_colored,
            parties: 24,
            day: [0; 10],
            line: String::new(),
        }
    }

    /// Writes an event.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn row(&mut self, kind: EventKind, row: &EventRow<'_>) -> io::Result<()> {
        // The phrase goes first when there is no room: the status says the same.
        let details = [true, false].map(|with_reason| details(row, kind, with_reason));
        let has_short = row.status.is_some();
        let parties = |width| parties(row, width);
        let said = Said {
            ts: row.ts,
            what: row.r#type,
            style: style(kind),
            parties: &parties,
            details: [&details[0], &details[usize::from(has_short)]],
        };
        self.write_line(&said, |line| remarks(line, row))
    }

    /// Writes a call that is over, at the time of its last message.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn call(&mut self, row: &CallRow<'_>) -> io::Result<()> {
        let mut details = format!("  {}", row.outcome);
        if let Some(status) = row.status {
            write!(details, "  {status}").unwrap_or_default();
        }
        let short = details.clone();
        for (name, millis) in [
            ("setup", row.durations.setup_ms),
            ("talk", row.durations.talk_ms),
        ] {
            if let Some(millis) = millis {
                write!(details, "  {name} {}", duration(millis)).unwrap_or_default();
            }
        }
        let parties = |width| {
            let (caller, callee) = (row.caller.name(), row.callee.name());
            format!(
                "{} → {}",
                short_name(&caller, width),
                short_name(&callee, width)
            )
        };
        let said = Said {
            ts: row.times.t_last,
            what: row.r#type,
            style: Style::new().bold(),
            parties: &parties,
            details: [&details, &short],
        };
        self.write_line(&said, |line| {
            write!(line, "  {}", printable(&row.call_id)).unwrap_or_default();
        })
    }

    /// Writes a line; `remarks` adds what is told where there is room.
    fn write_line(&mut self, said: &Said<'_>, remarks: impl Fn(&mut String)) -> io::Result<()> {
        let is_narrow = self.max_width.is_some_and(|width| width < NARROW);
        let time = said.ts.rfc3339();
        let (day, time) = time.as_str().split_at(10);
        if day.as_bytes() != self.day {
            self.day.copy_from_slice(day.as_bytes());
            writeln!(self.output, "{day} (UTC)")?;
        }
        let (time_end, party) = if is_narrow {
            (13, NARROW_PARTY)
        } else {
            (16, WIDE_PARTY)
        };
        let line = &mut self.line;
        line.clear();
        line.push_str(time.get(1..time_end).unwrap_or_default());
        line.push(' ');
        let start = line.len();
        line.push_str(said.what);
        let end = line.len();
        pad(line, KIND - said.what.len().min(KIND) + 1);
        let parties = (said.parties)(party);
        let len = text::width(&parties);
        self.parties = len.min(2 * party + 3).max(self.parties);
        line.push_str(&parties);
        pad(line, self.parties - len.min(self.parties));
        let room = self
            .max_width
            .map_or(usize::MAX, |max| max.saturating_sub(text::width(line)));
        let [long, short] = said.details;
        line.push_str(if text::width(long) > room {
            short
        } else {
            long
        });
        if !is_narrow {
            remarks(line);
        }
        if let Some(width) = self.max_width {
            cut(line, width);
        }
        match (line.get(..start), line.get(start..end), line.get(end..)) {
            (Some(before), Some(what), Some(after)) if self.is_colored => {
                let style = said.style;
                writeln!(self.output, "{before}{style}{what}{style:#}{after}")
            }
            _ => writeln!(self.output, "{line}"),
        }
    }

    /// Lets whoever reads the output see what there is.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    /// Returns the output, for what is no row: whole lines, between two of them.
    pub const fn output(&mut self) -> &mut W {
        &mut self.output
    }

    /// Returns the output.
    pub fn into_inner(self) -> W {
        self.output
    }
}

fn pad(line: &mut String, spaces: usize) {
    line.extend(std::iter::repeat_n(' ', spaces));
}

/// Returns who with whom, or what is registered where.
fn parties(row: &EventRow<'_>, width: usize) -> String {
    let (one, other) = match (&row.aor, &row.contact) {
        (Some(aor), Some(contact)) => (short_uri(aor).into(), short_uri(contact).into()),
        (Some(aor), None) => (short_uri(aor).into(), row.caller.name()),
        (None, _) => (row.caller.name(), row.callee.name()),
    };
    format!(
        "{} → {}",
        short_name(&one, width),
        short_name(&other, width)
    )
}

/// Returns a name, cut to `width` characters.
fn short_name(name: &str, width: usize) -> Cow<'_, str> {
    let name = printable(name);
    if text::width(&name) <= width {
        return name;
    }
    let mut name = name.into_owned();
    cut(&mut name, width);
    Cow::Owned(name)
}

/// Returns the status and how long things took.
fn details(row: &EventRow<'_>, kind: EventKind, with_reason: bool) -> String {
    let mut text = String::new();
    if let Some(status) = row.status {
        write!(text, "  {status}").unwrap_or_default();
    }
    if let Some(reason) = row.reason.as_deref().filter(|_| with_reason) {
        let gap = if row.status.is_some() { " " } else { "  " };
        write!(text, "{gap}{}", printable(reason)).unwrap_or_default();
    }
    let times: &[(&str, Option<i64>)] = match kind {
        EventKind::CallRinging => &[("pdd", row.pdd_ms)],
        EventKind::CallStart => &[("pdd", row.pdd_ms), ("setup", row.setup_ms)],
        EventKind::CallAttempt => &[("ring", row.ring_ms)],
        EventKind::CallEnd => &[("talk", row.duration_ms)],
        // They begin what would last.
        EventKind::RegNew | EventKind::SubNew => &[],
        _ => &[("after", row.duration_ms)],
    };
    for (name, millis) in times {
        if let Some(millis) = millis {
            write!(text, "  {name} {}", duration(*millis)).unwrap_or_default();
        }
    }
    if let Some(seconds) = row.expires_s {
        write!(text, "  for {}", duration(i64::from(seconds) * 1000)).unwrap_or_default();
    }
    if let Some(rate) = row.rate.as_ref().filter(|rate| rate.ex_diff > 0) {
        let (count, lim, period) = (rate.ex_diff, rate.lim, rate.period_s);
        if rate.exceeded {
            write!(text, "  over {lim}/{period}s x{count}").unwrap_or_default();
        } else {
            write!(text, "  {count} not told").unwrap_or_default();
        }
    }
    text
}

/// Adds what is told where there is room.
fn remarks(line: &mut String, row: &EventRow<'_>) {
    if let Some(side) = row.side {
        write!(line, "  by {side}").unwrap_or_default();
    }
    for flag in row.flags.names() {
        write!(line, "  {flag}").unwrap_or_default();
    }
    if let Some(call_id) = &row.call_id {
        write!(line, "  {}", printable(call_id)).unwrap_or_default();
    }
}

/// Returns a time for people: `0.250s`, `5.0s`, `1:05`, `1:00:00`.
fn duration(millis: i64) -> String {
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    let seconds = millis / 1000;
    match seconds {
        0 => format!("{sign}0.{millis:03}s"),
        1..60 => format!("{sign}{seconds}.{}s", millis % 1000 / 100),
        60..3600 => format!("{sign}{}:{:02}", seconds / 60, seconds % 60),
        _ => format!(
            "{sign}{}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        ),
    }
}

fn style(kind: EventKind) -> Style {
    use EventKind::*;
    let color = match kind {
        CallStart | RegNew | SubNew | OtherOk => AnsiColor::Green,
        CallRinging | CallReinvite | CallTransfer | RegRefresh | RegMoved => AnsiColor::Cyan,
        CallEnd | RegDel | SubDel => AnsiColor::Blue,
        CallAttempt | CallRedirected | RegExpired | SubExpired => AnsiColor::Yellow,
        AuthFailed | RegFailed | OtherFailed | OtherTimeout | ParseError => AnsiColor::Red,
        MsgProbe | Gap | TcpResync | FragmentLost => AnsiColor::Magenta,
        Log | Rest | Mi | Net | Correlate | Quality => AnsiColor::White,
    };
    color.on_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Event, Party};

    fn event(kind: EventKind) -> Event<'static> {
        Event {
            call_id: b"a@b",
            caller: Party {
                uri: b"sip:alice@example.com",
                ..Party::default()
            },
            callee: Party {
                uri: b"sip:a-very-long-name-of-bob@example.com;user=phone",
                ..Party::default()
            },
            ..Event::new(kind, Timestamp::from_nanos(3_723_500_000_000))
        }
    }

    fn line(event: &Event<'_>, width: Option<usize>, is_colored: bool) -> String {
        let mut text = EventText::new(Vec::new(), width, is_colored);
        text.row(event.kind, &EventRow::new(event, &[], None))
            .unwrap();
        let text = String::from_utf8(text.into_inner()).unwrap();
        let (day, line) = text.split_once('\n').unwrap();
        assert_eq!(day, "1970-01-01 (UTC)");
        line.trim_end_matches('\n').to_owned()
    }

    #[test]
    fn a_line_fits_the_terminal() {
        let attempt = Event {
            status: Some(486),
            reason: b"Busy Here",
            ring_time: Some(8_000_000_000),
            ..event(EventKind::CallAttempt)
        };
        for (width, expected) in [
            (
                None,
                "01:02:03.500000 call-attempt    alice@example.com → a-very-long-name-of-bob@example…  486 Busy Here  ring 8.0s  a@b",
            ),
            (
                Some(100),
                "01:02:03.500000 call-attempt    alice@example.com → a-very-long-name-of-bob@example…  486  ring 8.0…",
            ),
            (
                Some(80),
                "01:02:03.500 call-attempt    alice@example… → a-very-long-n…  486  ring 8.0s",
            ),
            (Some(20), "01:02:03.500 call-a…"),
        ] {
            let found = line(&attempt, width, false);
            assert_eq!(found, expected);
            assert!(width.is_none_or(|width| found.chars().count() <= width));
        }
    }

    #[test]
    fn nothing_from_the_wire_steers_the_terminal() {
        let hostile = Event {
            call_id: b"\x1b[2Ja",
            reason: b"\xe2\x80\xaeevil",
            ..event(EventKind::ParseError)
        };
        let found = line(&hostile, None, true);
        assert!(
            found.contains("\\x1b[2Ja") && found.contains("\\u{202e}evil"),
            "{found}"
        );
        assert!(
            found.contains("\u{1b}[31mparse-error\u{1b}[0m"),
            "{found:?}"
        );
        assert_eq!(found.matches('\u{1b}').count(), 2, "{found:?}");
    }

    #[test]
    fn times_are_short() {
        for (millis, expected) in [
            (0, "0.000s"),
            (250, "0.250s"),
            (5_049, "5.0s"),
            (59_999, "59.9s"),
            (65_000, "1:05"),
            (3_600_000, "1:00:00"),
            (-1_500, "-1.5s"),
        ] {
            assert_eq!(duration(millis), expected);
        }
    }
}
