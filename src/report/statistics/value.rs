//! How single figures are written for people.

use crate::stats::Reading;

/// Returns a time in milliseconds as people read it: `123.4 ms` below a second, `1.234 s` from there on.
pub(super) fn milliseconds(value: Option<f64>) -> String {
    match value {
        None => "n/a".to_owned(),
        Some(value) if value < 999.95 => format!("{value:.1} ms"),
        Some(value) => format!("{:.3} s", value / 1000.0),
    }
}

/// Returns the value of a reading with its unit.
pub(super) fn shown(reading: &Reading) -> String {
    let Some(value) = reading.value() else {
        return "n/a".to_owned();
    };
    match reading {
        Reading::Count(_) => format!("{value:.0}"),
        Reading::Ratio(..) => format!("{value:.2} %"),
        Reading::Rate(..) => format!("{value:.2} /s"),
        Reading::Mean(..) => format!("{value:.3} s"),
        Reading::Level(..) => format!("{value:.2}"),
        Reading::Time(_) => milliseconds(Some(value)),
    }
}

/// Returns what a ratio is made of: `3 of 9`.
pub(super) fn parts(reading: &Reading) -> String {
    match (reading, reading.parts()) {
        (Reading::Ratio(part, whole), _) => format!("{part} of {whole}"),
        (Reading::Count(_) | Reading::Time(_), _) | (_, None) => String::new(),
        (Reading::Rate(count, _), Some((_, seconds))) => format!("{count} in {seconds:.3} s"),
        (Reading::Mean(_, count), Some((seconds, _))) => format!("{seconds:.3} s by {count}"),
        (Reading::Level(..), Some((seconds, length))) => format!("{seconds:.3} s in {length:.3} s"),
    }
}

/// Returns bars as high as the counts are.
pub(super) fn sparkline(counts: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = counts.iter().copied().max().unwrap_or_default();
    let bar = |count: u64| {
        let height = (u128::from(count) * 8).div_ceil(u128::from(most.max(1)));
        match usize::try_from(height).unwrap_or_default().checked_sub(1) {
            None => ' ',
            Some(height) => BARS.get(height).copied().unwrap_or('█'),
        }
    };
    counts.iter().map(|count| bar(*count)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_with_units() {
        for (reading, value, made_of) in [
            (Reading::Ratio(1, 3), "33.33 %", "1 of 3"),
            (Reading::Ratio(0, 0), "n/a", "0 of 0"),
            (Reading::Count(Some(12)), "12", ""),
            (Reading::Count(None), "n/a", ""),
            (Reading::Rate(3, 2_000_000_000), "1.50 /s", "3 in 2.000 s"),
            (
                Reading::Mean(90_000_000_000, 2),
                "45.000 s",
                "90.000 s by 2",
            ),
        ] {
            assert_eq!(
                (shown(&reading).as_str(), parts(&reading).as_str()),
                (value, made_of)
            );
        }
        assert_eq!(milliseconds(Some(999.94)), "999.9 ms");
        assert_eq!(milliseconds(Some(999.96)), "1.000 s");
        assert_eq!(milliseconds(Some(1234.0)), "1.234 s");
    }

    #[test]
    fn bars_are_as_high_as_counts() {
        assert_eq!(sparkline(&[0, 1, 4, 8]), " ▁▄█");
        assert_eq!(sparkline(&[0, 0]), "  ");
    }
}
