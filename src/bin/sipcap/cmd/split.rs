//! `sipcap split`: every call in its own capture file, with its media.

use std::{path::PathBuf, sync::atomic::Ordering};

use clap::ValueEnum;
use sipcap::{
    capture::InputSummary,
    packet::DecodeOptions,
    pipeline::Summary,
    report::FileRow,
    split::{CallFiles, Container, Existing, FileOptions, NameStyle, Written},
    track::CorrelationLevel,
};

use crate::{
    choose::ChooseArgs,
    cli::{Compress, InputArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    input::{self, Twice},
    packets::Packets,
    split::{By, Calls, Collector, Directory, Extras, FileLabels, Labels, MediaKind, Wanted},
    track::{TrackArgs, Tracked},
    ui::Ui,
};

/// Write each call to a capture file of its own, with its media
///
/// Every packet that carried a part of a message goes to the file of that message's Call-ID, with its original time
/// and unchanged: tunnels, IP fragments and TCP segments stay what they are. So do RTP, RTCP and whatever else comes at
/// the addresses that the call announces. Copies of packets, as taps make them, are in the files too, but count as nothing;
/// TCP segments that were sent again are not. A file is named after its Call-ID: letters, digits and ._@+- stay, other
/// octets become %XX, long names are cut and get a hash. More than 10 000 files are spread over 256 directories. The
/// paths are printed.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    content: ContentArgs,
    #[command(flatten)]
    names: NameArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: FilesArgs,
}

/// What goes to the files.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Content options")]
struct ContentArgs {
    /// What goes to one file
    #[arg(long, value_name = "WHAT", default_value = "call-id")]
    by: By,
    /// Which media go to the files
    #[arg(long, value_name = "KIND", default_value = "rtp")]
    media: MediaKind,
    /// Write the innermost IP packets instead of the frames that they were captured in
    ///
    /// What has no IP packet in it is left out, told of, and goes to the file of --rest; a packet in a tunnel whose own packets came in fragments stays in these.
    #[arg(long)]
    strip_tunnels: bool,
    /// Collect the frames of messages that nothing can be made of in this file, too
    #[arg(long, value_name = "FILE")]
    errors: Option<PathBuf>,
    /// Collect all frames that are in none of the other files in this file
    #[arg(long, value_name = "FILE")]
    rest: Option<PathBuf>,
}

/// How files are called.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Name options")]
struct NameArgs {
    /// Make names of these fields: '{start}_{caller}_{callee}_{call_id}'
    ///
    /// A name has {start}, {caller} and {callee} (their user parts), {call_id}, {index} (a number), and the fields of the
    /// JSON rows of `sipcap calls`, such as {outcome}, {status} or {caller.ip}; those of the first call in the file.
    #[arg(long, value_name = "PATTERN")]
    name: Option<String>,
    /// What names begin with [default: callid_, or nothing with --name]
    #[arg(long, value_name = "TEXT", value_parser = parse_part)]
    prefix: Option<String>,
    /// What names have in front of the dot
    #[arg(long, value_name = "TEXT", default_value = "", value_parser = parse_part)]
    suffix: String,
    /// What names end with [default: pcap or pcapng, and gz or zst]
    #[arg(long, value_name = "TEXT", value_parser = parse_part)]
    ext: Option<String>,
    /// Over how many directories files are spread [default: 256 for more than 10 000 files, or 0 for none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=65_536))]
    subdirs: Option<u32>,
}

/// Where files go and how they are written.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Output options")]
struct FilesArgs {
    /// Directory to write the files to; it is made if need be
    #[arg(short, long, value_name = "DIR", required = true)]
    output: PathBuf,
    /// Container of the files; several link types need pcapng, which keeps the names of interfaces and has a comment
    #[arg(long, value_name = "FORMAT", default_value = "pcap")]
    format: FileFormat,
    /// Compress the files
    #[arg(long, value_name = "HOW")]
    compress: Option<Compress>,
    /// Write a table of the files to this file, as its ending says: .csv, or .jsonl for JSON Lines
    #[arg(long, value_name = "FILE")]
    manifest: Option<PathBuf>,
    /// End each printed path with NUL instead of a line feed, for xargs -0
    #[arg(long)]
    print0: bool,
    /// Write to a directory that has something in it, and overwrite files
    #[arg(long, conflicts_with = "append")]
    force: bool,
    /// Write to a directory that has something in it; a file that exists stays, and the new one gets another name; a manifest
    /// that exists gets more rows
    #[arg(long)]
    append: bool,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

impl FilesArgs {
    /// Returns what becomes of files that exist.
    const fn existing(&self) -> Existing {
        if self.force {
            Existing::Overwrite
        } else if self.append {
            Existing::Keep
        } else {
            Existing::Refuse
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum FileFormat {
    /// pcap
    Pcap,
    /// pcapng
    Pcapng,
}

const EXAMPLES: &str = "Examples:
  sipcap split -o calls trace.pcap
  sipcap split --outcome failed -o tickets day.pcap
  sipcap split --by call --format pcapng --name '{start}_{caller}_{callee}_{call_id}' -o calls ring*.pcap
  sipcap split --manifest calls.csv --rest other.pcap -o calls trace.pcap
  zcat trace.pcap.gz | sipcap split -q -o calls --print0 - | xargs -0 -n1 tshark -c1 -r";

pub(crate) fn run(args: &SplitArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let labels = Labels::new(args.names.name.as_deref())?;
    let directory = Directory::make(&args.output.output, args.output.existing())?;
    let source = args.source()?;
    let mut inputs = args.input.open_paths(&source.paths, true, ui)?;
    let mut extras = Extras::open(&args.wanted(), &input::files(&inputs))?;

    // Which frames belong together.
    let names = source.names(&inputs);
    let mut collector = args.collector(&labels, &names)?;
    let run = args.input.run(&mut inputs, &mut collector, ui)?;
    if run.summary.interrupted {
        return Ok(run.outcome(false));
    }
    let found = collector.into_found(&names, ui);
    found.warn(ui);

    // A file for each.
    let options = args.file_options(&run.summary, extras.places());
    let calls = found.calls_by_group();
    let labels = FileLabels {
        labels: &labels,
        calls: &calls,
    };
    let files = CallFiles::new(&found.groups, &args.output.output, &options, &labels);
    directory.refuse_inputs(&files, &run.summary)?;
    let threads = args.input.threads.into();
    let written = files.write(&inputs.frame_reader(), threads, input::stop())?;

    // What is in none of them, and what is to be told.
    let is_stopped = || input::stop().load(Ordering::Relaxed);
    if !is_stopped() {
        extras.write_errors(found.errors.as_ref(), &inputs)?;
    }
    if !is_stopped() && args.content.rest.is_some() {
        let mut again = inputs.again()?;
        let places = found.places(&written.left);
        extras.write_rest(&mut again, &run.summary.inputs, &places)?;
    }
    if is_stopped() {
        ui.note("interrupted");
        return Ok(Outcome::Interrupted);
    }
    let pairs = files.iter().zip(&written.files);
    let told = pairs.filter_map(|((group, _), file)| {
        let file = file.as_ref()?;
        let calls = calls.get(&group.group).into_iter().flatten();
        let row = move || FileRow::new(&group, calls.map(|note| &note.call), file);
        Some((file.path.as_path(), row))
    });
    extras.tell(told, args.output.print0)?;
    Ok(run.outcome(tell_count(&written, ui)))
}

/// Tells how many files there are; returns whether there is any.
fn tell_count(written: &Written, ui: &Ui) -> bool {
    let left = written.left.len();
    if left > 0 {
        let frames = if left == 1 {
            "frame has"
        } else {
            "frames have"
        };
        ui.warn(format_args!(
            "{left} {frames} no IP packet in them to be written; --strip-tunnels leaves them out"
        ));
    }
    let count = written.files.iter().flatten().count();
    let files = if count == 1 { "file" } else { "files" };
    ui.note(format_args!("Wrote {count} {files}."));
    count > 0
}

impl SplitArgs {
    /// Returns what is read; pipes are copied if everything is read twice.
    fn source(&self) -> anyhow::Result<Twice> {
        if self.content.rest.is_some() {
            self.input.twice()
        } else {
            Ok(Twice::once(self.input.paths()))
        }
    }

    /// Returns who collects the frames; it follows calls only when somebody needs to know of them, since that takes time.
    fn collector(&self, labels: &Labels, names: &[String]) -> anyhow::Result<Collector> {
        let choice = self
            .choose
            .choice(&self.select, &self.conditions, names.to_vec())?;
        let output = &self.output;
        let needs_calls = !choice.is_everything()
            || self.content.by != By::CallId
            || self.content.errors.is_some()
            || output.manifest.is_some()
            || output.format == FileFormat::Pcapng
            || labels.need_calls();
        let mut options = self.track.options()?;
        if self.content.by == By::Call {
            options.correlation.level = CorrelationLevel::Heuristic;
        }
        let calls = Calls::new(choice, labels.clone(), options.correlation.level);
        let tracked = needs_calls.then(|| Tracked::new(options, calls).until(self.input.until));
        let errors = self.content.errors.is_some().then(Packets::default);
        Ok(Collector::new(
            self.content.by,
            self.content.media,
            tracked,
            errors,
        ))
    }

    /// Returns which files are wanted besides those of the calls.
    fn wanted(&self) -> Wanted<'_> {
        Wanted {
            errors: self.content.errors.as_deref(),
            rest: self.content.rest.as_deref(),
            manifest: self.output.manifest.as_deref(),
            existing: self.output.existing(),
            csv_safe: self.output.csv_safe,
        }
    }

    /// Returns how files are written, none of them to the `reserved` places.
    fn file_options(&self, summary: &Summary, reserved: Vec<PathBuf>) -> FileOptions {
        let (names, output) = (&self.names, &self.output);
        let usual = if names.name.is_some() { "" } else { "callid_" };
        let decode = DecodeOptions {
            vxlan_ports: self.input.vxlan_port.clone(),
        };
        FileOptions {
            style: NameStyle {
                prefix: names.prefix.clone().unwrap_or_else(|| usual.to_owned()),
                suffix: names.suffix.clone(),
                extension: names.ext.clone(),
                directories: names.subdirs,
            },
            container: match output.format {
                FileFormat::Pcap => Container::Pcap,
                FileFormat::Pcapng => Container::PcapNg,
            },
            packing: output.compress.map(Compress::packing),
            nanos: summary.inputs.iter().any(InputSummary::has_nanos),
            strip_tunnels: self.content.strip_tunnels.then_some(decode),
            existing: output.existing(),
            reserved,
            inputs: summary.inputs.clone(),
        }
    }
}

/// Reads a part of a file's name.
fn parse_part(text: &str) -> Result<String, &'static str> {
    let is_safe = |c: char| c.is_ascii_alphanumeric() || "_@+-.".contains(c);
    if !text.chars().all(is_safe) {
        return Err("a part of a file name has letters, digits and ._@+- only");
    }
    if text.len() > 64 {
        return Err("it is longer than 64 octets");
    }
    Ok(text.to_owned())
}
