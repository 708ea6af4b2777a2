//! From the input options to a run.

use std::{
    io::{self, IsTerminal, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use anyhow::{Context, bail};
use sipcap::{
    capture::{InputOptions, Inputs},
    packet::DecodeOptions,
    pipeline::{Options, Pipeline, Sink, Summary},
    stream::Limits,
    time::Timestamp,
};
use tempfile::NamedTempFile;

use crate::{cli::InputArgs, exit::Outcome, ui::Ui};

/// Warnings told of each input; the others are counted.
const MAX_WARNINGS: usize = 5;

/// Set when somebody wants the program to end.
static STOP: AtomicBool = AtomicBool::new(false);

impl InputArgs {
    /// Returns what is to be read: the files, or the standard input.
    pub(crate) fn paths(&self) -> Vec<PathBuf> {
        if self.files.is_empty() {
            vec![PathBuf::from("-")]
        } else {
            self.files.clone()
        }
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
        if paths.iter().any(|path| path == Path::new("-")) && io::stdin().is_terminal() {
            bail!("the standard input is a terminal; name a capture, or pipe one in");
        }
        if paths.iter().filter(|path| *path == Path::new("-")).count() > 1 {
            bail!("the standard input is named more than once");
        }
        let options = InputOptions {
            block_bytes: self.block_bytes as usize,
            rereadable,
        };
        let inputs = Inputs::open(paths, &options)?;
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

    /// Returns the inputs with a copy in a temporary file instead of what can be read only once.
    pub(crate) fn twice(&self) -> anyhow::Result<Twice> {
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
        warn(&run.summary, ui);
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
            decode: DecodeOptions {
                vxlan_ports: self.vxlan_port.clone(),
            },
            limits: Limits::default(),
            keep_duplicates: self.keep_duplicates,
            since: self.since.unwrap_or(Timestamp::MIN),
            until: self.until.unwrap_or(Timestamp::MAX),
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
        })
    }
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

/// A run that went through.
pub(crate) struct Run {
    is_strict: bool,
    pub(crate) summary: Summary,
}

impl Run {
    /// Returns how the command ended that selected anything, or nothing.
    pub(crate) fn outcome(&self, any: bool) -> Outcome {
        if self.summary.interrupted {
            Outcome::Interrupted
        } else if self.is_strict
            && self
                .summary
                .inputs
                .iter()
                .any(|input| input.anomaly_count > 0)
        {
            Outcome::Damaged
        } else {
            Outcome::selected(any)
        }
    }
}

fn copy(path: &Path) -> anyhow::Result<NamedTempFile> {
    let name = path.display();
    let mut copy = NamedTempFile::new()
        .context("cannot create a temporary file for what can be read only once")?;
    if path == Path::new("-") {
        io::copy(&mut io::stdin().lock(), &mut copy)
    } else {
        std::fs::File::open(path)
            .with_context(|| format!("cannot open {name}"))
            .and_then(|mut file| Ok(io::copy(&mut file, &mut copy)?))?;
        Ok(0)
    }
    .with_context(|| format!("cannot read {name}"))?;
    copy.flush()?;
    Ok(copy)
}

/// The first signal ends the run in good order, the second one at once.
fn catch_signals() -> anyhow::Result<()> {
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

fn warn(summary: &Summary, ui: &Ui) {
    for input in &summary.inputs {
        let name = input.path.display();
        for anomaly in input.anomalies.iter().take(MAX_WARNINGS) {
            ui.warn(format_args!("{name}: {anomaly}"));
        }
        let more = input.anomaly_count.saturating_sub(MAX_WARNINGS as u64);
        if more > 0 {
            ui.warn(format_args!("{name}: {more} more damaged places"));
        }
    }
    if summary.interrupted {
        ui.note("interrupted");
    }
}
