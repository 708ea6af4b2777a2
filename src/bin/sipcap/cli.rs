//! What can be typed: the commands and the options they share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use regex::bytes::Regex;
use sipcap::{
    capture::Packing,
    filter::{
        self, Expression, Fields, IpRange, Number, PortRange, Schema, Selection, StatusRange, Text,
    },
    ipfix::Direction,
    report::{ListFormat, ListStyle},
    time::Timestamp,
};

use crate::{cmd, output::Output, points::PointArgs, ui::Ui};

/// Analyse captures of SIP traffic
///
/// sipcap reads pcap and pcapng files (also gzip, zstd and lz4), unwraps tunnels, puts IP fragments and TCP streams
/// together again and finds SIP on any port. Several files are one capture in time order. Data go to the standard
/// output, everything else to standard error.
#[derive(Debug, Parser)]
#[command(name = "sipcap", version, propagate_version = true, max_term_width = 100, after_help = EXIT_STATUS)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_STATUS: &str = "Exit status:
  0    done
  1    nothing was selected, or a check failed
  2    wrong usage, unreadable input, failed output; with --strict also damaged input
  130  interrupted";

/// The commands, in the order of the help.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Info(cmd::info::InfoArgs),
    Messages(cmd::messages::MessagesArgs),
    Grep(cmd::grep::GrepArgs),
    Calls(cmd::calls::CallsArgs),
    Regs(cmd::regs::RegsArgs),
    Events(cmd::events::EventsArgs),
    Stats(cmd::stats::StatsArgs),
    Split(cmd::split::SplitArgs),
    Merge(cmd::merge::MergeArgs),
    Ladder(crate::ladder::LadderArgs),
    Live(Box<cmd::live::LiveArgs>),
    Hep(cmd::hep::HepArgs),
    Parse(cmd::parse::ParseArgs),
    Completions(cmd::completions::CompletionsArgs),
    Man(cmd::man::ManArgs),
}

/// Options of every command.
#[derive(Args, Debug)]
pub(crate) struct GlobalArgs {
    /// Tell errors only: no warnings, no notes, no progress bar
    #[arg(short, long, global = true, help_heading = "General options")]
    pub(crate) quiet: bool,
    /// Tell more on standard error
    #[arg(long, global = true, help_heading = "General options")]
    pub(crate) verbose: bool,
    /// When to use colours
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "General options"
    )]
    pub(crate) color: ColorChoice,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ColorChoice {
    #[default]
    /// On a terminal, unless NO_COLOR is set or TERM is dumb
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// What is read.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Input options")]
pub(crate) struct InputArgs {
    /// Captures, directories of captures, or - for the standard input
    ///
    /// Without any, the standard input is read.
    #[arg(value_name = "FILE", help_heading = clap::builder::Resettable::Reset)]
    pub(crate) files: Vec<PathBuf>,
    /// Leave out frames before this time
    ///
    /// RFC 3339 (2026-11-20T10:00:00Z), the same without a zone for UTC (2026-11-20 10:00), or @ and seconds since
    /// 1970 (@1700000000.5).
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) since: Option<Timestamp>,
    /// Leave out frames after this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) until: Option<Timestamp>,
    /// Read only frames that this BPF expression takes, as in tcpdump; needs libpcap
    ///
    /// It sees frames as they are in the capture: "udp port 5060" takes neither what is in a VLAN or a tunnel nor the second
    /// fragment of a packet. A warning tells when it left out such frames; --bpf-auto takes them, too.
    #[arg(long, value_name = "EXPR")]
    pub(crate) bpf: Option<String>,
    /// Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them
    #[arg(long, requires = "bpf")]
    pub(crate) bpf_auto: bool,
    /// UDP ports on which VXLAN is looked for
    #[arg(long, value_name = "PORTS", value_delimiter = ',', default_values_t = [4789, 8472], value_parser = parse_port)]
    pub(crate) vxlan_port: Vec<u16>,
    /// Take only what this capture agent sent by HEP: its name, its number or its address (can be repeated)
    ///
    /// Unlike the selection options it stands in front of everything: calls are what this agent saw of them.
    #[arg(long, value_name = "AGENT")]
    pub(crate) agent: Vec<String>,
    /// Leave out what session border controllers tell by IPFIX of messages that they received (ingress), or sent (egress)
    #[arg(long, value_name = "DIRECTION")]
    pub(crate) ipfix_ignore: Option<IpfixDirection>,
    /// Take copies of a packet, as from a mirror port, for packets of their own
    #[arg(long)]
    pub(crate) keep_duplicates: bool,
    /// End with status 2 when an input or a message is damaged
    #[arg(long)]
    pub(crate) strict: bool,
    /// How many threads to use; 0 is one for each processor
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=256))]
    pub(crate) threads: u16,
    /// Octets that are read at once
    #[arg(long, hide = true, env = "SIPCAP_BLOCK_BYTES", value_name = "N", default_value_t = 1 << 18,
        value_parser = clap::value_parser!(u32).range(64..=1 << 28))]
    pub(crate) block_bytes: u32,
    #[command(flatten)]
    pub(crate) points: PointArgs,
}

/// What session border controllers tell of.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum IpfixDirection {
    /// Messages that they received
    Ingress,
    /// Messages that they sent
    Egress,
}

impl IpfixDirection {
    /// Returns it as the library has it.
    pub(crate) const fn direction(self) -> Direction {
        match self {
            Self::Ingress => Direction::Ingress,
            Self::Egress => Direction::Egress,
        }
    }
}

/// Which messages are selected.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct SelectArgs {
    /// With this Call-ID
    #[arg(long, value_name = "ID")]
    call_id: Vec<String>,
    /// With this text in From, in either case
    #[arg(long, value_name = "TEXT")]
    from: Vec<Text>,
    /// With this text in To, in either case
    #[arg(long, value_name = "TEXT")]
    to: Vec<Text>,
    /// With a number that ends like this on either side
    ///
    /// Looks at the user part of Request-URI, From, To and P-Asserted-Identity, without visual separators.
    #[arg(long, value_name = "NUMBER")]
    number: Vec<Number>,
    /// With this method, in the request line or, for responses, in CSeq
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    method: Vec<String>,
    /// Responses with this status: 486, 5xx or 400-499
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<StatusRange>,
    /// From or to this address or network
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    ip: Vec<IpRange>,
    /// From or to this port or range of ports
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<PortRange>,
    /// With this text in User-Agent or Server, in either case
    #[arg(long, value_name = "TEXT")]
    user_agent: Vec<Text>,
    /// With octets that match this regular expression
    #[arg(short = 'e', long, value_name = "PATTERN", value_parser = parse_pattern)]
    regexp: Vec<Regex>,
}

impl SelectArgs {
    /// Returns the Call-IDs that are selected.
    pub(crate) fn call_ids(&self) -> &[String] {
        &self.call_id
    }

    /// Returns the Call-IDs if there are any and nothing else selects.
    pub(crate) fn call_ids_alone(&self) -> Option<&[String]> {
        let others = Selection {
            call_ids: Vec::new(),
            ..self.selection()
        };
        (!self.call_id.is_empty() && others.is_everything()).then_some(&self.call_id)
    }

    /// Returns the selection.
    pub(crate) fn selection(&self) -> Selection {
        Selection {
            call_ids: self.call_id.clone(),
            from: self.from.clone(),
            to: self.to.clone(),
            numbers: self.number.clone(),
            methods: self.method.clone(),
            statuses: self.status.clone(),
            ips: self.ip.clone(),
            ports: self.port.clone(),
            user_agents: self.user_agent.clone(),
            patterns: self.regexp.clone(),
        }
    }
}

/// Which rows are selected by a condition over their fields.
#[derive(Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
pub(crate) struct WhereArgs {
    /// Rows for which this condition holds, for example 'status >= 500 || "evicted" in flags'
    ///
    /// The names in it are those of the JSON output, with dots into objects: caller.ip. sipcap-formats(7) tells the fields, and
    /// how conditions are written.
    #[arg(long = "where", value_name = "EXPR")]
    conditions: Vec<String>,
}

/// Conditions of which one must hold, if there is any.
#[derive(Debug)]
pub(crate) struct Conditions(Vec<Expression>);

impl WhereArgs {
    /// Returns whether there is none.
    pub(crate) const fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Returns the conditions, checked against the fields that there are.
    pub(crate) fn compile(&self, schema: &Schema<'_>) -> anyhow::Result<Conditions> {
        let compile = |text: &String| {
            Expression::compile(text, schema)
                .map_err(|error| anyhow::anyhow!("--where: {error}\n{}", error.excerpt()))
        };
        let conditions = self.conditions.iter().map(compile);
        Ok(Conditions(conditions.collect::<anyhow::Result<_>>()?))
    }
}

impl Conditions {
    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns whether a row is selected.
    pub(crate) fn hold(&self, row: &impl Fields) -> bool {
        self.0.is_empty() || self.0.iter().any(|condition| condition.matches(row))
    }
}

/// How rows are written.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output options")]
pub(crate) struct OutputArgs {
    /// How rows are written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Write to this file instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    pub(crate) force: bool,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    pub(crate) csv_safe: bool,
}

impl OutputArgs {
    /// Returns how a list is written to `output`.
    pub(crate) fn list_format(&self, output: &Output, ui: &Ui) -> ListFormat {
        let is_terminal = output.is_terminal();
        match self.format {
            Format::Text => ListFormat::Text(ListStyle {
                max_width: is_terminal.then(|| ui.width()),
                is_colored: ui.colors(is_terminal),
            }),
            Format::Csv => ListFormat::Csv {
                is_safe: self.csv_safe,
                is_terminal,
            },
            Format::Json => ListFormat::Json,
        }
    }
}

/// How things are written that are no rows.
#[derive(Args, Debug)]
#[command(next_help_heading = "Output options")]
pub(crate) struct ReportArgs {
    /// How the output is written
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: ReportFormat,
    /// Write to this file instead of the standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Overwrite what exists
    #[arg(long)]
    pub(crate) force: bool,
}

/// How things are written that are no rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    Text,
    /// JSON Lines: an object with a type in each line
    Json,
}

/// How rows are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// Comma-separated values with a header line
    Csv,
    /// JSON Lines: an object with a type in each line
    Json,
}

/// How files are compressed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Compress {
    /// gzip
    Gz,
    /// Zstandard
    #[value(alias = "zstd")]
    Zst,
}

impl Compress {
    pub(crate) const fn packing(self) -> Packing {
        match self {
            Self::Gz => Packing::Gzip,
            Self::Zst => Packing::Zstd,
        }
    }
}

/// Returns the nanoseconds of a duration.
pub(crate) fn parse_duration(text: &str) -> Result<i64, String> {
    filter::parse_duration(text).map_err(|error| error.to_string())
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "expected ports such as 4789,8472")
}

pub(crate) fn parse_pattern(pattern: &str) -> Result<Regex, String> {
    filter::pattern(pattern, false).map_err(|error| one_line(&error))
}

/// Returns a message about a bad expression without the lines that draw it.
pub(crate) fn one_line(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text
        .lines()
        .rfind(|line| !line.trim().is_empty())
        .unwrap_or_default();
    last.trim_start_matches("error: ").trim().to_owned()
}

pub(crate) fn parse_time(text: &str) -> Result<Timestamp, String> {
    const EXPECTED: &str =
        "expected a time such as 2026-11-20T10:00:00Z, 2026-11-20 10:00 (UTC) or @1700000000.5";
    if let Some(seconds) = text.strip_prefix('@') {
        return parse_seconds(seconds).ok_or_else(|| EXPECTED.to_owned());
    }
    let zoned = text.parse::<jiff::Timestamp>().ok();
    let time = zoned.or_else(|| {
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        civil
            .to_zoned(jiff::tz::TimeZone::UTC)
            .ok()
            .map(|zoned| zoned.timestamp())
    });
    let nanos = time.and_then(|time| i64::try_from(time.as_nanosecond()).ok());
    nanos
        .map(Timestamp::from_nanos)
        .ok_or_else(|| EXPECTED.to_owned())
}

/// Returns the time of whole or decimal seconds since 1970.
fn parse_seconds(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 9 || !fraction.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let nanos = format!("{fraction:0<9}").parse().ok()?;
    Some(Timestamp::from_parts(whole.parse().ok()?, nanos))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn times_are_utc_unless_they_say_otherwise() {
        for (text, expected) in [
            ("1970-01-01T00:00:01Z", 1_000_000_000),
            ("1970-01-01T01:00:00+01:00", 0),
            ("1970-01-01 00:01", 60_000_000_000),
            ("1970-01-02", 86_400_000_000_000),
            ("@1.5", 1_500_000_000),
            ("@1700000000", 1_700_000_000_000_000_000),
            ("@0.000000001", 1),
        ] {
            assert_eq!(
                parse_time(text).map(Timestamp::nanos),
                Ok(expected),
                "{text}"
            );
        }
        for text in ["", "@", "@x", "@1.x", "yesterday", "10:00", "@1.0000000001"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
