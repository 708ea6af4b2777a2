//! Octets and times as people read them.

use crate::{
    sip,
    text::{escape, printable, sanitize},
    time::Timestamp,
};

/// Octets of one value that are shown; the whole message has the rest.
const MAX_LINE: usize = 400;

/// Octets of one message that are shown.
const MAX_TEXT: usize = 16 << 10;

/// Returns a value of a message as text on one line that can do no harm.
pub(super) fn line(bytes: &[u8]) -> String {
    let cut = bytes.get(..MAX_LINE).unwrap_or(bytes);
    let mut text = printable(&escape(&sip::unfold(cut))).into_owned();
    if cut.len() < bytes.len() {
        text.push('…');
    }
    text
}

/// Returns a message as text with line feeds that can do no harm otherwise.
pub(super) fn message(bytes: &[u8]) -> String {
    let cut = bytes.get(..MAX_TEXT).unwrap_or(bytes);
    let text = escape(cut).replace("\r\n", "\n");
    let mut text = sanitize(&text).into_owned();
    if let Some(more) = bytes.len().checked_sub(MAX_TEXT).filter(|more| *more > 0) {
        text.push_str(&format!("\n… {more} more octets"));
    }
    text
}

/// Returns nanoseconds as seconds with three decimals, or as hours, minutes and seconds when there are many.
pub(super) fn seconds(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let millis = nanos.unsigned_abs() / 1_000_000;
    let (seconds, millis) = (millis / 1000, millis % 1000);
    if seconds < 3600 {
        return format!("{sign}{seconds}.{millis:03}");
    }
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{sign}{hours}:{minutes:02}:{seconds:02}.{millis:03}")
}

/// Returns nanoseconds as a person would say them.
pub(super) fn duration(nanos: i64) -> String {
    let millis = nanos.unsigned_abs() / 1_000_000;
    match millis {
        0 if nanos != 0 => format!("{} µs", nanos.unsigned_abs() / 1000),
        0..=999 => format!("{millis} ms"),
        1_000..=9_999 => format!("{}.{:02} s", millis / 1000, millis % 1000 / 10),
        10_000..=99_999 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => {
            let seconds = millis / 1000;
            match seconds / 3600 {
                0 => format!("{} min {:02} s", seconds / 60, seconds % 60),
                hours => format!("{hours} h {:02} min", seconds / 60 % 60),
            }
        }
    }
}

/// Returns nanoseconds as milliseconds with three decimals: delays between capture points are short.
pub(super) fn delay(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let micros = nanos.unsigned_abs() / 1_000;
    format!("{sign}{}.{:03} ms", micros / 1_000, micros % 1_000)
}

/// Returns the time of day in UTC with milliseconds.
pub(super) fn clock(ts: Timestamp) -> String {
    let text = ts.rfc3339();
    text.as_str().get(11..23).unwrap_or_default().to_owned()
}

/// Returns day and time in UTC with milliseconds.
pub(super) fn moment(ts: Timestamp) -> String {
    let text = ts.rfc3339();
    let day = text.as_str().get(..10).unwrap_or_default().to_owned();
    format!("{day} {} UTC", clock(ts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (nanos, plain, spoken) in [
            (0, "0.000", "0 ms"),
            (250_000, "0.000", "250 µs"),
            (1_234_567_890, "1.234", "1.23 s"),
            (12_345_000_000, "12.345", "12.3 s"),
            (100_000_000_000, "100.000", "1 min 40 s"),
            (3_600_000_000_000, "1:00:00.000", "1 h 00 min"),
            (-1_500_000_000, "-1.500", "1.50 s"),
        ] {
            assert_eq!(seconds(nanos), plain);
            assert_eq!(duration(nanos), spoken);
        }
        assert_eq!(
            clock(Timestamp::from_nanos(3_661_005_000_000)),
            "01:01:01.005"
        );
    }

    #[test]
    fn hostile_texts_are_short_and_harmless() {
        assert_eq!(line(b"a\r\n b\x1b[31m"), "a b\\x1b[31m");
        assert_eq!(line(&[b'x'; 10_000]).chars().count(), MAX_LINE + 1);
        assert_eq!(message(b"a\r\nb\x00\xff"), "a\nb\\x00\\xff");
        assert!(message(&[b'x'; 100_000]).ends_with("… 83616 more octets"));
    }
}
