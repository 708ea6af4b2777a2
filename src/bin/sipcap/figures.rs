//! Which figures are told, and how they are told apart.

use std::{io::Write, str::FromStr};

use sipcap::{
    report::{CaptureQuality, StatisticsReport},
    stats::{BREAKDOWNS, Cut, Definitions, Dimension, METRICS, Plan, Statistics, Times},
};

use crate::{cli::parse_duration, output::Output};

/// Which figures are told.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Statistics options")]
pub(crate) struct FigureArgs {
    /// Tell the figures apart by src, dst, peer, user-agent, from-domain, to-domain, prefix:N, transport, method,
    /// capture or hop (can be repeated)
    ///
    /// Of several with commas between them, groups have all in common: src,transport. A peer is either address, and
    /// everything counts for both. prefix:4 are the first four digits of the number that was dialled.
    ///
    /// A hop is the way from one capture point (--point, --interface-points), capture agent (HEP) or the wire to the next one,
    /// in the order of the times at which they saw a message: edge>core. Figures are how many messages both have seen, how
    /// long these took by the clocks there (see --align-clocks), how many were lost, and how many were missed. A message is
    /// lost when the second point has not seen it within 2 s though it has seen others between the same hosts within 1 s
    /// before or after. It is missed when the first point has not seen it, in the same way: the capture lacks it.
    #[arg(long, value_name = "WHAT")]
    by: Vec<By>,
    /// Tell the figures apart by time: 10s, 1m, 1h; times begin at whole ones of the clock
    #[arg(long, value_name = "TIME", value_parser = parse_bucket)]
    bucket: Option<i64>,
    /// Show so many groups, and so many members of a list, those with the most
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    top: Option<u32>,
    /// Answered calls that lasted less than this are short
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration)]
    short: i64,
    /// Count each INVITE in the ratios of RFC 6076, and not each call
    ///
    /// Calls that are challenged, redirected or tried again elsewhere have several, each with a response of its own.
    #[arg(long)]
    rfc_literal: bool,
    /// Write what was counted for --merge, instead of a report
    ///
    /// The captures are read twice. What may go over the borders of the part is kept as messages and counted when all parts
    /// are there.
    #[arg(long, conflicts_with_all = ["top", "plot", "plot_dir", "check", "baseline", "junit", "format"])]
    pub(crate) partial: bool,
    /// Put together what --partial wrote; the files are such parts
    ///
    /// The report is that of one run over all captures, also of calls that go over the borders of parts. What is selected
    /// and told apart was decided by --partial, in the same way for all parts.
    #[arg(long, requires = "files", conflicts_with_all = DECIDED_BEFORE)]
    pub(crate) merge: bool,
    /// List the metrics, with what they are, and end
    #[arg(long, conflicts_with = "format")]
    pub(crate) list_metrics: bool,
}

/// What parts were counted by, and cannot be asked for any more.
pub(crate) const DECIDED_BEFORE: [&str; 38] = [
    "by",
    "bucket",
    "short",
    "rfc_literal",
    "since",
    "until",
    "vxlan_port",
    "keep_duplicates",
    "strict",
    "call_id",
    "from",
    "to",
    "number",
    "method",
    "status",
    "ip",
    "port",
    "user_agent",
    "regexp",
    "outcome",
    "duration",
    "conditions",
    "timeout",
    "timeouts",
    "end_timeout",
    "reg_expiry_grace",
    "reg_del_delay",
    "contact_ignore_port",
    "max_calls",
    "max_bindings",
    "max_memory",
    "bpf",
    "bpf_auto",
    "agent",
    "ipfix_ignore",
    "points",
    "interface_points",
    "align_clocks",
];

/// Dimensions by which groups are told apart.
#[derive(Clone, Debug)]
struct By(Cut);

impl FromStr for By {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let dimensions = text.split(',').map(Dimension::from_str);
        let dimensions = dimensions.collect::<Result<Cut, _>>()?;
        match dimensions
            .iter()
            .enumerate()
            .find(|(index, one)| dimensions[..*index].contains(one))
        {
            Some((_, twice)) => Err(format!("{} is named twice", twice.name())),
            None => Ok(Self(dimensions)),
        }
    }
}

impl FigureArgs {
    /// Returns the report of what was counted.
    pub(crate) fn report<'r>(
        &self,
        statistics: &'r Statistics,
        capture: &'r CaptureQuality,
    ) -> StatisticsReport<'r> {
        StatisticsReport {
            statistics,
            capture,
            top: self.top.map(|top| top as usize),
        }
    }

    /// Returns whether hops between capture points are told apart.
    pub(crate) fn has_hops(&self) -> bool {
        self.plan(false).has_hops()
    }

    /// Returns the cuts, without those that tell the same groups apart as one before.
    fn cuts(&self) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = Vec::new();
        for By(cut) in &self.by {
            let is_like =
                |other: &Cut| other.len() == cut.len() && cut.iter().all(|one| other.contains(one));
            if !cuts.iter().any(is_like) {
                cuts.push(cut.clone());
            }
        }
        cuts
    }

    /// Returns what is to be counted, calls alone or everything, and how.
    pub(crate) fn plan(&self, calls_only: bool) -> Plan {
        Plan {
            definitions: Definitions {
                is_literal: self.rfc_literal,
                short: self.short,
                calls_only,
            },
            cuts: self.cuts(),
            bucket: self.bucket,
        }
    }
}

/// Lists the metrics.
pub(crate) fn list_metrics(mut output: Output) -> anyhow::Result<()> {
    for metric in METRICS {
        let source = match metric.source {
            "" => String::new(),
            source => format!(" ({source})"),
        };
        writeln!(output, "{}\n    {}{source}", metric.name, metric.about)?;
    }
    for breakdown in BREAKDOWNS.iter().filter(|one| one.by == ["method"]) {
        writeln!(
            output,
            "{}.METHOD\n    {}",
            breakdown.metric, breakdown.about
        )?;
    }
    for (name, about) in CaptureQuality::names() {
        writeln!(output, "{name}\n    {about}")?;
    }
    writeln!(
        output,
        "\nA method is written as in requests.invite. A metric that is a time has count and {} behind a dot, as in pdd.p95_ms;\nwithout them it is the mean.",
        Times::NAMES.join(", ")
    )?;
    output.finish()
}

/// Reads how long a stretch of time is.
fn parse_bucket(text: &str) -> Result<i64, String> {
    match parse_duration(text)? {
        ..1_000_000 => Err("expected a time of at least 1ms".to_owned()),
        nanos => Ok(nanos),
    }
}
