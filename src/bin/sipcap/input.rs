//! From the input options to a run.

use std::{
    fs::File,
    io::{self, IsTerminal, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use anyhow::{Context, bail};
use hashbrown::HashSet;
use sipcap::{
    capture::{Batch, Bpf, Format, InputOptions, InputSummary, Inputs, LinkType, libpcap::Libpcap},
    packet::DecodeOptions,
    pipeline::{Options, Pipeline, Sink, Summary, stored},
    points::is_saved,
    stream::{Limits, Stored},
    time::Timestamp,
};
use tempfile::NamedTempFile;

use crate::{
    cli::{InputArgs, IpfixDirection},
    clocks::Clocks,
    exit::Outcome,
    ui::Ui,
};

/// Warnings told of each input; the others are counted.
const MAX_WARNINGS: usize = 5;

/// Set when somebody wants the program to end.
static STOP: AtomicBool = AtomicBool::new(false);

impl InputArgs {
    /// Returns what is to be read: the files, or the standard input.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        let paths = self.points.paths(&self.files);
        if paths.is_empty() {
            vec![PathBuf::from("-")]
        } else {
            paths
        }
    }

    /// Returns since and until when frames are read.
    pub(crate) const fn window(&self) -> [Option<Timestamp>; 2] {
        [self.since, self.until]
    }

    /// Returns the names of capture points that were given, in their order.
    pub(crate) fn point_names(&self) -> Vec<Arc<str>> {
        self.points.of(self.files.len()).names()
    }

    /// Opens the inputs; `rereadable` ones can be asked for their frames again after the run.
    pub(crate) fn open(&self, rereadable: bool, ui: &Ui) -> anyhow::Result<Inputs> {
        self.open_paths(&self.paths(), rereadable, ui)
    }

    /// Opens other files in place of the named ones.
    pub(crate) fn open_paths(
        &self,
        paths: &[PathBuf],
        rereadable: bool,
        ui: &Ui,
    ) -> anyhow::Result<Inputs> {
        refuse_terminal(paths)?;
        if paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
            bail!("the standard input is named more than once");
        }
        if let Some(path) = twice_named(paths) {
            bail!(
                "{} is named more than once; its frames would count twice",
                path.display()
            );
        }
        if self.since > self.until && self.until.is_some() {
            bail!("--since is later than --until; no frame is between them");
        }
        let inputs = Inputs::open(paths, &self.input_options(paths, rereadable, ui)?)?;
        self.bpf(&inputs)?;
        if ui.is_verbose() {
            for path in inputs.ignored() {
                ui.note(format_args!(
                    "{} is no capture and left out.",
                    path.display()
                ));
            }
        }
        Ok(inputs)
    }

    /// Tells how inputs are read, where they were captured and what their clocks are off by.
    fn input_options(
        &self,
        paths: &[PathBuf],
        rereadable: bool,
        ui: &Ui,
    ) -> anyhow::Result<InputOptions> {
        let mut points = self.points.of(self.files.len());
        let options = |points| InputOptions {
            block_bytes: self.block_bytes as usize,
            rereadable: false,
            places: Some(Arc::new(points)),
        };
        if self.points.aligns_clocks() {
            if let Some(path) = paths.iter().find(|path| !(path.is_file() || path.is_dir())) {
                bail!(
                    "{} can be read only once; --align-clocks reads everything twice",
                    path.display()
                );
            }
            let mut inputs = Inputs::open(paths, &options(points.clone()))?;
            let mut clocks = Clocks::new(points.names());
            self.run_all(&mut inputs, &mut clocks, ui)?;
            points.align(clocks.offsets(ui)?);
        }
        Ok(InputOptions {
            rereadable,
            ..options(points)
        })
    }

    /// Reads all of `inputs` into `sink`.
    fn run_all(&self, inputs: &mut Inputs, sink: &mut dyn Sink, ui: &Ui) -> anyhow::Result<()> {
        let options = Options {
            threads: self.threads.into(),
            decode: DecodeOptions {
                vxlan_ports: self.vxlan_port.clone(),
            },
            ..Options::default()
        };
        catch_signals()?;
        let progress = ui.progress(inputs.size());
        Pipeline::new(inputs, &options)
            .stop_on(&STOP)
            .on_progress(&|position| progress.set(position))
            .run(sink)?;
        Ok(())
    }

    /// Returns which frames are read, checked against the link types that are known before any frame is read.
    pub(crate) fn bpf(&self, inputs: &Inputs) -> anyhow::Result<Option<Arc<Bpf>>> {
        let Some(expression) = &self.bpf else {
            return Ok(None);
        };
        let vxlan_ports = self.bpf_auto.then_some(self.vxlan_port.as_slice());
        let bpf = Bpf::new(libpcap()?, expression, vxlan_ports)?;
        for interface in inputs
            .summaries()
            .iter()
            .flat_map(|input| &input.interfaces)
        {
            bpf.check(interface.link)?;
        }
        Ok(Some(Arc::new(bpf)))
    }

    /// Returns the inputs with a copy in a temporary file instead of what can be read only once.
    pub(crate) fn twice(&self) -> anyhow::Result<Twice> {
        refuse_terminal(&self.paths())?;
        catch_signals()?;
        let mut paths = self.paths();
        let mut copies = Vec::new();
        for path in &mut paths {
            if path == Path::new("-") || !(path.is_file() || path.is_dir()) {
                let copy = copy(path)?;
                let copied = copy.path().to_owned();
                copies.push((copy, std::mem::replace(path, copied)));
            }
        }
        Ok(Twice { paths, copies })
    }

    /// Reads `inputs` into `sink` and tells what was odd.
    pub(crate) fn run(
        &self,
        inputs: &mut Inputs,
        sink: &mut dyn Sink,
        ui: &Ui,
    ) -> anyhow::Result<Run> {
        let run = self.run_quietly(inputs, sink, ui)?;
        run.warn(&names(inputs), ui);
        Ok(run)
    }

    /// Reads `inputs` into `sink`.
    pub(crate) fn run_quietly(
        &self,
        inputs: &mut Inputs,
        sink: &mut dyn Sink,
        ui: &Ui,
    ) -> anyhow::Result<Run> {
        let options = Options {
            threads: self.threads.into(),
            decode: self.decode(),
            limits: Limits {
                stored: self.stored(inputs)?,
                ..Limits::default()
            },
            keep_duplicates: self.keep_duplicates,
            since: self.since.unwrap_or(Timestamp::MIN),
            until: self.until.unwrap_or(Timestamp::MAX),
            bpf: self.bpf(inputs)?,
            agents: self.agent.as_slice().into(),
            ipfix_ignore: self.ipfix_ignore.map(IpfixDirection::direction),
        };
        catch_signals()?;
        let progress = ui.progress(inputs.size());
        let summary = Pipeline::new(inputs, &options)
            .stop_on(&STOP)
            .on_progress(&|position| progress.set(position))
            .run(sink)?;
        Ok(Run {
            is_strict: self.strict,
            summary,
            unfiltered: options.bpf.map_or_else(Vec::new, |bpf| bpf.unfiltered()),
        })
    }
}

impl InputArgs {
    fn decode(&self) -> DecodeOptions {
        DecodeOptions {
            vxlan_ports: self.vxlan_port.clone(),
        }
    }

    /// Returns which octets of TCP streams are in the inputs, if calls were saved to one of them: the rest of the streams
    /// that these went over is missing, and is not to be waited for. Only files can be asked for that.
    fn stored(&self, inputs: &Inputs) -> anyhow::Result<Option<Arc<Stored>>> {
        // What is called - is the standard input, even beside a file of that name.
        if !inputs.paths().all(|path| path.is_file() && path != "-") {
            return Ok(None);
        }
        let mut is_any_saved = false;
        for (input, path) in (0..).zip(inputs.paths()) {
            let format = inputs.known(input).map(|known| known.format);
            is_any_saved |= format == Some(Format::PcapNg) && looks_saved(path)?;
        }
        if !is_any_saved {
            return Ok(None);
        }
        let stored = stored(&mut inputs.again()?, &self.decode())?;
        Ok(stored.map(Arc::new))
    }
}

/// Returns whether calls were saved to a file, by how it begins.
fn looks_saved(path: &Path) -> anyhow::Result<bool> {
    let options = InputOptions {
        block_bytes: 4 << 10,
        ..InputOptions::default()
    };
    let mut inputs = Inputs::open(&[path.to_owned()], &options)?;
    inputs.next_batch(&mut Batch::default())?;
    Ok(inputs.known(0).is_some_and(is_saved))
}

/// Returns libpcap, from where the environment says or the system has it.
pub(crate) fn libpcap() -> anyhow::Result<&'static Libpcap> {
    let path = std::env::var_os("SIPCAP_LIBPCAP").filter(|path| !path.is_empty());
    Ok(Libpcap::load(path.as_deref().map(Path::new))?)
}

/// Fails if somebody would have to type a capture.
fn refuse_terminal(paths: &[PathBuf]) -> anyhow::Result<()> {
    if paths.iter().any(|path| path == Path::new("-")) && io::stdin().is_terminal() {
        bail!("the standard input is a terminal; name a capture, or pipe one in");
    }
    Ok(())
}

/// Returns a file that is named more than once, if there is one.
fn twice_named(paths: &[PathBuf]) -> Option<&PathBuf> {
    let mut seen = HashSet::with_capacity(paths.len());
    let is_again = |path: &&PathBuf| path.canonicalize().is_ok_and(|path| !seen.insert(path));
    paths.iter().find(is_again)
}

/// Returns how the inputs are called in outputs, by their indices.
pub(crate) fn names(inputs: &Inputs) -> Vec<String> {
    inputs
        .paths()
        .map(|path| path.display().to_string())
        .collect()
}

/// Returns the files that are read, those found in directories too.
pub(crate) fn files(inputs: &Inputs) -> Vec<PathBuf> {
    inputs.paths().map(Path::to_owned).collect()
}

impl Twice {
    /// Returns inputs that are read once.
    pub(crate) const fn once(paths: Vec<PathBuf>) -> Self {
        Self {
            paths,
            copies: Vec::new(),
        }
    }

    /// Returns an error of opening a copy as one of what it is a copy of.
    pub(crate) fn blame(&self, error: &anyhow::Error) -> anyhow::Error {
        let mut text = format!("{error:#}");
        for (copy, path) in &self.copies {
            text = text.replace(&*copy.path().to_string_lossy(), &path.to_string_lossy());
        }
        anyhow::Error::msg(text)
    }

    /// Returns how the inputs are called in outputs: a copy like what it is a copy of.
    pub(crate) fn names(&self, inputs: &Inputs) -> Vec<String> {
        let original = |path: &Path| self.copies.iter().find(|(copy, _)| copy.path() == path);
        let name = |path| original(path).map_or(path, |(_, original)| original.as_path());
        inputs
            .paths()
            .map(|path| name(path).display().to_string())
            .collect()
    }
}

/// Returns what is set when somebody wants the program to end.
pub(crate) const fn stop() -> &'static AtomicBool {
    &STOP
}

/// Inputs that can be read twice.
pub(crate) struct Twice {
    pub(crate) paths: Vec<PathBuf>,
    /// Each with what it is a copy of; they are removed in the end.
    copies: Vec<(NamedTempFile, PathBuf)>,
}

/// Tells what was odd in an input of this name.
pub(crate) fn warn_of_damage(input: &InputSummary, name: &str, ui: &Ui) {
    for anomaly in input.anomalies.iter().take(MAX_WARNINGS) {
        ui.warn(format_args!("{name}: {anomaly}"));
    }
    let more = input.anomaly_count.saturating_sub(MAX_WARNINGS as u64);
    if more > 0 {
        ui.warn(format_args!("{name}: {more} more damaged places"));
    }
}

/// A run that went through.
pub(crate) struct Run {
    is_strict: bool,
    pub(crate) summary: Summary,
    /// Link types that --bpf does not see into.
    unfiltered: Vec<LinkType>,
}

impl Run {
    /// Tells what was odd in the inputs, which have these names.
    pub(crate) fn warn(&self, names: &[String], ui: &Ui) {
        let name = |input: u16| names.get(usize::from(input)).map_or("-", String::as_str);
        for (input, number) in self.summary.inputs.iter().zip(0..) {
            warn_of_damage(input, name(number), ui);
        }
        if let Some((frame, error)) = &self.summary.first_unusable {
            let origin = frame.origin;
            ui.warn(format_args!(
                "{}: {} messages lack what identifies them, the first in frame {}: {error}",
                name(origin.input),
                self.summary.unusable,
                origin.number,
            ));
        }
        self.warn_of_filter(ui);
        if self.summary.interrupted {
            ui.note("interrupted");
        }
    }

    /// Tells what --bpf did and was probably not meant to do.
    fn warn_of_filter(&self, ui: &Ui) {
        for link in &self.unfiltered {
            if let Some(name) = link.name() {
                ui.warn(format_args!(
                    "--bpf: libpcap cannot look into frames of link type {name}; all of them are read"
                ));
            }
        }
        let left_out = &self.summary.left_out;
        let losses = [
            (left_out.fragmented, "packets in IP fragments"),
            (left_out.tagged, "frames in VLANs"),
            (left_out.tunnelled, "frames in VXLAN"),
        ];
        let losses: Vec<String> = losses
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !losses.is_empty() {
            ui.warn(format_args!(
                "--bpf left out, because of how they are wrapped, {}; --bpf-auto takes them, too",
                losses.join(", ")
            ));
        }
    }

    /// Returns a run in which frames were read, but nothing of what is in them.
    pub(crate) fn of_frames(
        args: &InputArgs,
        inputs: Vec<InputSummary>,
        interrupted: bool,
        bpf: Option<&Bpf>,
    ) -> Self {
        Self {
            is_strict: args.strict,
            summary: Summary {
                inputs,
                interrupted,
                ..Summary::default()
            },
            unfiltered: bpf.map_or_else(Vec::new, Bpf::unfiltered),
        }
    }

    /// Returns whether an input is damaged, or a message is.
    fn is_damaged(&self) -> bool {
        let summary = &self.summary;
        summary.unusable > 0 || summary.inputs.iter().any(|input| input.anomaly_count > 0)
    }

    /// Returns how the command ended that selected anything, or nothing.
    pub(crate) fn outcome(&self, any: bool) -> Outcome {
        if self.summary.interrupted {
            Outcome::Interrupted
        } else if self.is_strict && self.is_damaged() {
            Outcome::Damaged
        } else {
            Outcome::selected(any)
        }
    }
}

/// Copies what can be read only once, up to its end or a signal.
fn copy(path: &Path) -> anyhow::Result<NamedTempFile> {
    let name = path.display();
    let mut copy = NamedTempFile::new()
        .context("cannot create a temporary file for what can be read only once")?;
    let mut source: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot open {name}"))?)
    };
    let mut block = vec![0; 1 << 16];
    while !STOP.load(Ordering::Relaxed) {
        let len = source
            .read(&mut block)
            .with_context(|| format!("cannot read {name}"))?;
        if len == 0 {
            break;
        }
        copy.write_all(block.get(..len).unwrap_or_default())
            .context("cannot write a temporary file")?;
    }
    copy.flush()?;
    Ok(copy)
}

/// The first signal ends the run in good order, the second one at once.
pub(crate) fn catch_signals() -> anyhow::Result<()> {
    static CAUGHT: std::sync::Once = std::sync::Once::new();
    let mut result = Ok(());
    CAUGHT.call_once(|| {
        result = ctrlc::set_handler(|| {
            if STOP.swap(true, Ordering::Relaxed) {
                #[expect(
                    clippy::disallowed_methods,
                    clippy::exit,
                    reason = "the second signal ends the program at once"
                )]
                std::process::exit(130);
            }
        });
    });
    result.context("cannot catch signals")
}
