//! What figures have to hold, and telling whoever tests whether they do.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use clap::{ArgGroup, Args, ValueEnum};
use sipcap::report::{
    Baseline, CheckResult, Checks, StatisticsReport, github_annotation, write_junit,
};

use crate::{output::Output, ui::Ui};

/// What figures have to hold.
#[derive(Args, Debug)]
#[command(next_help_heading = "Check options", group = ArgGroup::new("checked").args(["check", "baseline"]).multiple(true))]
pub(crate) struct CheckArgs {
    /// End with status 1 unless this holds, for example 'ser >= 95 && pdd.p95_ms < 3000' (can be repeated)
    ///
    /// The names are those of --list-metrics, of everything that was counted; conditions are written as for --where. A
    /// condition that hangs on a figure that cannot be told does not hold.
    #[arg(long, value_name = "EXPR")]
    check: Vec<String>,
    /// End with status 1 when figures are worse than in this file, which an earlier --format json wrote
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// How much worse than in the baseline they may be, as a part of what they were
    #[arg(long, value_name = "PERCENT", default_value = "0%", value_parser = parse_percent, requires = "baseline")]
    tolerance: f64,
    /// Take conditions and figures that cannot be told for good
    #[arg(long)]
    allow_missing: bool,
    /// Write what became of the checks to this file, in the format of JUnit
    #[arg(long, value_name = "FILE", requires = "checked")]
    junit: Option<PathBuf>,
    /// Let the place where a pipeline runs show what failed
    #[arg(long, value_name = "WHERE", requires = "checked")]
    annotate: Option<Annotate>,
}

/// Where failures are shown.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Annotate {
    /// GitHub Actions: workflow commands on standard error
    Github,
}

/// Checks that are ready to be made.
pub(crate) struct Checking<'a> {
    args: &'a CheckArgs,
    checks: Checks,
    baseline: Option<Baseline>,
    junit: Option<Output>,
}

impl CheckArgs {
    /// Returns where results are written.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.junit.as_deref()
    }

    /// Returns the checks; all that can be wrong with them is found before anything is read.
    pub(crate) fn prepare(&self, inputs: &[PathBuf], force: bool) -> anyhow::Result<Checking<'_>> {
        let checks = Checks::compile(&self.check).map_err(|error| {
            anyhow!(
                "--check: {error}\n{}\nsipcap stats --list-metrics lists the metrics",
                error.excerpt()
            )
        })?;
        let baseline = self.baseline.as_deref().map(read).transpose()?;
        let junit = self.junit.as_deref();
        let junit = junit.map(|path| Output::open(Some(path), force, inputs));
        Ok(Checking {
            args: self,
            checks,
            baseline,
            junit: junit.transpose()?,
        })
    }
}

impl Checking<'_> {
    /// Makes the checks and tells what became of them; returns whether all hold.
    pub(crate) fn run(self, report: &StatisticsReport<'_>, ui: &Ui) -> anyhow::Result<bool> {
        let args = self.args;
        let mut results = self.checks.run(report, args.allow_missing);
        if let (Some(baseline), Some(path)) = (self.baseline, &args.baseline) {
            let compared = baseline.compare(report, args.tolerance, args.allow_missing);
            results.extend(compared.map_err(|error| anyhow!("{}: {error}", path.display()))?);
        }
        for result in results.iter().filter(|result| !result.has_passed()) {
            ui.error(&anyhow!("check failed: {}", shown(result)));
            if args.annotate == Some(Annotate::Github) {
                ui.line(&github_annotation(result));
            }
        }
        if let Some(mut junit) = self.junit {
            write_junit(&results, &mut junit)?;
            junit.finish()?;
        }
        let failed = results.iter().filter(|result| !result.has_passed()).count();
        if !results.is_empty() {
            ui.note(format_args!("{failed} of {} checks failed.", results.len()));
        }
        Ok(failed == 0)
    }
}

/// Returns a failure with its values below each other.
fn shown(result: &CheckResult) -> String {
    let width = result.values.iter().map(|(name, _)| name.chars().count());
    let width = width.max().unwrap_or(0);
    let values = result.values.iter();
    let values = values.map(|(name, value)| format!("\n  {name:width$}  {value}"));
    format!("{}{}", result.check, values.collect::<String>())
}

fn read(path: &Path) -> anyhow::Result<Baseline> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    Baseline::read(&text).map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// Reads a percentage as a part of one.
fn parse_percent(text: &str) -> Result<f64, &'static str> {
    let number = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    let percent = number
        .ok()
        .filter(|percent| (0.0..=10_000.0).contains(percent));
    let percent = percent.ok_or("expected a percentage such as 5%")?;
    Ok(percent / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_are_parts_of_one() {
        for (text, expected) in [("5%", 0.05), ("5", 0.05), ("0%", 0.0), ("2.5 %", 0.025)] {
            assert_eq!(parse_percent(text), Ok(expected), "{text}");
        }
        for text in ["", "%", "-1%", "x", "inf", "nan"] {
            assert!(parse_percent(text).is_err(), "{text}");
        }
    }
}
