//! `sipcap split`: every call in its own capture file, with its media.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use anyhow::{Context, bail};
use clap::ValueEnum;
use hashbrown::HashSet;
use sipcap::{
    capture::{InputSummary, Inputs},
    packet::DecodeOptions,
    pipeline::Summary,
    report::FileRow,
    split::{CallFiles, Container, FileOptions, GroupFiles, GroupFrames, NameStyle, Packing},
    track::CorrelationLevel,
};

use crate::{
    choose::ChooseArgs,
    cli::{InputArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    input::{self, Twice},
    output::Output,
    packets::Packets,
    split::{By, Calls, Collector, Labels, Manifest, MediaKind, write_rest},
    track::{TrackArgs, Tracked},
    ui::Ui,
};

/// Write each call to a capture file of its own, with its media
///
/// Every packet that carried a part of a message goes to the file of that message's Call-ID, with its original time
/// and unchanged: tunnels, IP fragments and TCP segments stay what they are. So do RTP, RTCP and whatever else comes at
/// the addresses that the call announces. A file is named after its Call-ID: letters, digits and ._@+- stay, other
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
    /// What has no IP packet in it is left out; a packet in a tunnel whose own packets came in fragments stays in these.
    #[arg(long)]
    strip_tunnels: bool,
    /// Collect the frames of messages that nothing can be made of in this file
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
    /// Write to a directory that has something in it; a file that exists stays, and the new one gets another name
    #[arg(long)]
    append: bool,
    /// Put an apostrophe before CSV cells that a spreadsheet would run as formulas
    #[arg(long)]
    csv_safe: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum FileFormat {
    /// pcap
    Pcap,
    /// pcapng
    Pcapng,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Compress {
    /// gzip
    Gz,
    /// Zstandard
    Zst,
}

const EXAMPLES: &str = "Examples:
  sipcap split -o calls trace.pcap
  sipcap split --outcome failed -o tickets day.pcap
  sipcap split --by call --format pcapng --name '{start}_{caller}_{callee}_{call_id}' -o calls ring*.pcap
  sipcap split --manifest calls.csv --rest other.pcap -o calls trace.pcap
  zcat trace.pcap.gz | sipcap split -q -o calls --print0 - | xargs -0 -n1 tshark -c1 -r";

pub(crate) fn run(args: &SplitArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let labels = Labels::new(args.names.name.as_deref())?;
    let directory = Directory::make(&args.output)?;
    let source = args.source()?;
    let mut inputs = args.input.open_paths(&source.paths, true, ui)?;
    let mut extras = Extras::open(args, &input::files(&inputs))?;

    // Which frames belong together.
    let names = source.names(&inputs);
    let mut collector = args.collector(&labels, &names)?;
    let run = args.input.run(&mut inputs, &mut collector, ui)?;
    if run.summary.interrupted {
        return Ok(run.outcome(false));
    }
    let mut found = collector.into_found(&names, ui);
    let errors = found.errors.take();

    // A file for each.
    let options = args.file_options(&run.summary);
    let calls = found.calls_by_group();
    let label = |group: &GroupFiles<'_>| labels.of(group, &calls);
    let files = CallFiles::new(&found.groups, &args.output.output, &options, &label);
    refuse_inputs(&files, &run.summary, &args.output.output)?;
    let threads = args.input.threads.into();
    let sizes = files.write(&inputs.frame_reader(), threads, input::stop())?;
    if !found.groups.is_empty() {
        directory.keep();
    }

    // What is in none of them, and what is to be told.
    extras.write_errors(errors, &inputs)?;
    if extras.rest.is_some() {
        let mut again = args.input.open_paths(&source.paths, false, ui)?;
        extras.write_rest(&mut again, &run.summary.inputs, &found.groups)?;
    }
    if input::stop().load(Ordering::Relaxed) {
        ui.note("interrupted");
        return Ok(Outcome::Interrupted);
    }
    let rows = files.iter().zip(sizes).map(|((group, path), bytes)| {
        let calls = calls.get(&group.group).into_iter().flatten();
        let calls: Vec<_> = calls.map(|note| &note.call).collect();
        FileRow::new(&group, &calls, path, bytes)
    });
    extras.tell(rows, args.output.print0)?;
    let count = found.groups.len();
    let files = if count == 1 { "file" } else { "files" };
    ui.note(format_args!("Wrote {count} {files}."));
    Ok(run.outcome(count > 0))
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

    /// Returns how files are written.
    fn file_options(&self, summary: &Summary) -> FileOptions {
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
            packing: output.compress.map(|compress| match compress {
                Compress::Gz => Packing::Gzip,
                Compress::Zst => Packing::Zstd,
            }),
            nanos: summary.inputs.iter().any(InputSummary::has_nanos),
            strip_tunnels: self.content.strip_tunnels.then_some(decode),
            keep_existing: output.append,
            inputs: summary.inputs.clone(),
        }
    }
}

/// The files besides those of the calls.
struct Extras {
    errors: Option<Output>,
    rest: Option<Output>,
    manifest: Option<Manifest>,
}

impl Extras {
    /// Opens them, so that nothing is read in vain.
    fn open(args: &SplitArgs, inputs: &[PathBuf]) -> anyhow::Result<Self> {
        let (content, output) = (&args.content, &args.output);
        let paths = [&content.errors, &content.rest, &output.manifest];
        let mut named: Vec<&PathBuf> = paths.into_iter().flatten().collect();
        named.sort();
        if let Some([path, _]) = named
            .windows(2)
            .find(|pair| matches!(pair, [one, other] if one == other))
        {
            bail!("{} is to be two files; name another", path.display());
        }
        let open = |path: &PathBuf| Output::open(Some(path), output.force, inputs);
        let manifest = |path: &PathBuf| Manifest::open(path, output.force, output.csv_safe, inputs);
        Ok(Self {
            errors: content.errors.as_ref().map(open).transpose()?,
            rest: content.rest.as_ref().map(open).transpose()?,
            manifest: output.manifest.as_ref().map(manifest).transpose()?,
        })
    }

    fn write_errors(&mut self, packets: Option<Packets>, inputs: &Inputs) -> anyhow::Result<()> {
        if let (Some(packets), Some(output)) = (packets, self.errors.take()) {
            packets.write(inputs, output)?;
        }
        Ok(())
    }

    fn write_rest(
        &mut self,
        inputs: &mut Inputs,
        summaries: &[InputSummary],
        groups: &GroupFrames,
    ) -> anyhow::Result<()> {
        if let Some(output) = self.rest.take() {
            write_rest(inputs, summaries, &groups.places(), output)?;
        }
        Ok(())
    }

    /// Prints the paths, and writes the manifest.
    fn tell<'r>(
        mut self,
        rows: impl Iterator<Item = FileRow<'r>>,
        print0: bool,
    ) -> anyhow::Result<()> {
        let mut output = Output::open(None, false, &[])?;
        let end = if print0 { b"\0" } else { b"\n" };
        for row in rows {
            output.write_all(row.file.as_os_str().as_encoded_bytes())?;
            output.write_all(end)?;
            if let Some(manifest) = &mut self.manifest {
                manifest.write(&row)?;
            }
        }
        output.finish()?;
        self.manifest.map(Manifest::finish).transpose()?;
        Ok(())
    }
}

/// The directory that files are written to.
struct Directory<'a> {
    path: &'a Path,
    /// Whether it is to go again: it was made, and nothing is in it yet.
    is_new: bool,
}

impl<'a> Directory<'a> {
    /// Makes the directory, or checks that files can be written to it.
    fn make(args: &'a FilesArgs) -> anyhow::Result<Self> {
        let path = args.output.as_path();
        if path.exists() && !path.is_dir() {
            bail!(
                "{} is a file; name a directory with --output",
                path.display()
            );
        }
        let is_new = !path.exists();
        if is_new {
            fs::create_dir_all(path)
                .with_context(|| format!("cannot make the directory {}", path.display()))?;
        } else if !(args.force || args.append) && fs::read_dir(path)?.next().is_some() {
            bail!(
                "{} is not empty; choose another directory, add to it with --append, or overwrite files with --force",
                path.display()
            );
        }
        let directory = Self { path, is_new };
        tempfile::tempfile_in(path)
            .with_context(|| format!("cannot write to the directory {}", path.display()))?;
        Ok(directory)
    }

    /// Lets it stay.
    fn keep(mut self) {
        self.is_new = false;
    }
}

impl Drop for Directory<'_> {
    fn drop(&mut self) {
        if self.is_new {
            // If it has something in it, it stays, as it should.
            let _ = fs::remove_dir(self.path);
        }
    }
}

/// Fails before anything is written if a file would be an input.
fn refuse_inputs(files: &CallFiles<'_>, summary: &Summary, output: &Path) -> anyhow::Result<()> {
    let targets: HashSet<_> = files.iter().map(|(_, path)| path).collect();
    let directory = output.canonicalize().unwrap_or_else(|_| output.to_owned());
    let inputs = summary.inputs.iter().map(|input| input.path.as_path());
    for input in inputs.filter_map(|path| path.canonicalize().ok()) {
        let within = input.strip_prefix(&directory).map(|rest| output.join(rest));
        if within.is_ok_and(|path| targets.contains(path.as_path())) {
            bail!(
                "{} is an input; choose another directory with --output",
                input.display()
            );
        }
    }
    Ok(())
}

/// Reads a part of a file's name.
fn parse_part(text: &str) -> Result<String, &'static str> {
    if text.contains(['/', '\\', '\0']) || text.chars().any(char::is_control) {
        return Err("a part of a file name has no slash and no control character");
    }
    if text.len() > 64 {
        return Err("it is longer than 64 octets");
    }
    Ok(text.to_owned())
}
