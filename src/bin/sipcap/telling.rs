//! Where figures go: a report, charts, a part for later, and what became of the checks.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use sipcap::{
    report::{
        CaptureQuality, Chart, CsvRows, METRIC_COLUMNS, PartOrigin, PartWriter, StatisticsReport,
        StatisticsText, plot, write_statistics_csv, write_statistics_document,
        write_statistics_lines, write_statistics_markdown, write_statistics_prometheus,
        write_statistics_text,
    },
    stats::Statistics,
};

use crate::{
    check::{CheckArgs, Checking},
    exit::Outcome,
    output::Output,
    ui::Ui,
};

/// How the figures are written.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
pub(crate) struct StatsOutputArgs {
    /// How the figures are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: StatsFormat,
    /// Write to this file instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    force: bool,
    /// Draw charts into this SVG file: calls over time, delays, statuses and failures
    #[arg(long, value_name = "FILE")]
    plot: Option<PathBuf>,
    /// Draw each chart into an SVG file of its own in this directory
    #[arg(long, value_name = "DIR")]
    plot_dir: Option<PathBuf>,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

/// How figures are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum StatsFormat {
    /// For people
    Text,
    /// Comma-separated values with a header line: a row for each figure
    Csv,
    /// One JSON document
    Json,
    /// JSON Lines: an object for each figure
    Jsonl,
    /// Tables for tickets
    Markdown,
    /// The text format of Prometheus
    Prometheus,
}

/// All of that, opened before anything is read.
pub(crate) struct Telling<'a> {
    args: &'a StatsOutputArgs,
    output: Output,
    plots: Vec<(Vec<Chart>, Output)>,
    checking: Checking<'a>,
}

impl<'a> Telling<'a> {
    /// Opens the files, and refuses what cannot be checked.
    pub(crate) fn open(
        args: &'a StatsOutputArgs,
        check: &'a CheckArgs,
        inputs: &[PathBuf],
    ) -> anyhow::Result<Self> {
        refuse_twice(args, check)?;
        Ok(Self {
            args,
            output: args.open(inputs)?,
            plots: args.plots(inputs)?,
            checking: check.prepare(inputs, args.force)?,
        })
    }

    /// Keeps what was counted for later.
    pub(crate) fn part(
        mut self,
        writer: PartWriter<File>,
        origin: &PartOrigin,
        statistics: &Statistics,
        capture: &CaptureQuality,
    ) -> anyhow::Result<()> {
        writer.finish(origin, statistics, capture, &mut self.output)?;
        self.output.finish()
    }

    /// Tells of it, and checks it; `outcome` is how the command ended so far.
    pub(crate) fn report(
        mut self,
        report: &StatisticsReport<'_>,
        outcome: Outcome,
        ui: &Ui,
    ) -> anyhow::Result<Outcome> {
        write(report, self.args, &mut self.output, ui)?;
        self.output.finish()?;
        for (charts, mut file) in self.plots {
            file.write_all(plot(report, &charts)?.as_bytes())?;
            file.finish()?;
        }
        let has_passed = self.checking.run(report, ui)?;
        Ok(match outcome {
            Outcome::Done if !has_passed => Outcome::Failed,
            outcome => outcome,
        })
    }
}

impl StatsOutputArgs {
    /// Opens where the report goes.
    pub(crate) fn open(&self, inputs: &[PathBuf]) -> anyhow::Result<Output> {
        Output::open(self.output.as_deref(), self.force, inputs)
    }

    /// Opens the files of charts, with the charts that each is to have.
    fn plots(&self, inputs: &[PathBuf]) -> anyhow::Result<Vec<(Vec<Chart>, Output)>> {
        let open = |path: &Path| Output::open(Some(path), self.force, inputs);
        let mut plots = Vec::new();
        if let Some(path) = &self.plot {
            plots.push((Chart::ALL.to_vec(), open(path)?));
        }
        if let Some(dir) = &self.plot_dir {
            std::fs::create_dir_all(dir)
                .with_context(|| format!("cannot make the directory {}", dir.display()))?;
            for chart in Chart::ALL {
                let path = dir.join(format!("{}.svg", chart.name()));
                plots.push((vec![chart], open(&path)?));
            }
        }
        Ok(plots)
    }
}

/// Fails when two outputs would go to the same file: only one would be left.
fn refuse_twice(args: &StatsOutputArgs, check: &CheckArgs) -> anyhow::Result<()> {
    let charts = args.plot_dir.iter().flat_map(|dir| {
        let file = |chart: Chart| dir.join(format!("{}.svg", chart.name()));
        Chart::ALL.map(file)
    });
    let single = [args.output.as_deref(), args.plot.as_deref(), check.path()];
    let single = single.into_iter().flatten().map(Path::to_path_buf);
    let mut known: Vec<PathBuf> = Vec::new();
    for path in single.chain(charts) {
        let is_device = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        if path == Path::new("-") || is_device {
            continue;
        }
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let parent = parent.unwrap_or_else(|| Path::new(".")).canonicalize();
        let whole = parent
            .unwrap_or_default()
            .join(path.file_name().unwrap_or_default());
        if known.contains(&whole) {
            bail!("{} is to be written twice", path.display());
        }
        known.push(whole);
    }
    Ok(())
}

/// Writes the report in the format that was asked for.
fn write(
    report: &StatisticsReport<'_>,
    args: &StatsOutputArgs,
    output: &mut Output,
    ui: &Ui,
) -> anyhow::Result<()> {
    let is_terminal = output.is_terminal();
    match args.format {
        StatsFormat::Text => {
            let style = StatisticsText {
                max_width: is_terminal.then(|| ui.width()),
                is_colored: ui.colors(is_terminal),
            };
            write_statistics_text(report, style, output)?;
        }
        StatsFormat::Csv => {
            let mut rows = CsvRows::new(&mut *output, &METRIC_COLUMNS, args.csv_safe, is_terminal)?;
            write_statistics_csv(report, &mut rows)?;
            rows.into_inner()?;
        }
        StatsFormat::Json => write_statistics_document(report, output)?,
        StatsFormat::Jsonl => write_statistics_lines(report, output)?,
        StatsFormat::Markdown => write_statistics_markdown(report, output)?,
        StatsFormat::Prometheus => write_statistics_prometheus(report, output)?,
    }
    Ok(())
}
