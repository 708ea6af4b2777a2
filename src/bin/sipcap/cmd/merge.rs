//! `sipcap merge`: several captures in one file, in the order of time.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::ValueEnum;
use sipcap::{
    capture::Inputs,
    merge::{Copies, MergeOptions, Merged, merge},
    packet::DecodeOptions,
    time::Timestamp,
};

use crate::{
    cli::{InputArgs, parse_duration},
    exit::Outcome,
    input::{self, Run},
    merge_notes,
    output::Output,
    ui::Ui,
};

/// Merge captures into one pcapng file, in the order of time
///
/// Frames stay as they are, with their original times. Each gets an interface named after where it was captured: the capture
/// point if --point names it, else the file. Frames that stand in their file up to --reorder behind later ones come to
/// their place. Secrets for decryption, names of hosts and counts of lost frames are kept; comments of single packets
/// are not. What was captured where and when, and where there are gaps, is told on standard error.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MergeArgs {
    #[command(flatten)]
    input: InputArgs,
    /// Leave out copies of a packet that was captured moments ago, as taps and mirror ports make them
    ///
    /// With "all", which is meant when nothing is said, a packet is written once even if several points have seen it; with
    /// "point" each point keeps what it saw, so that delays between points can be told from the file.
    #[arg(long, value_name = "WHERE", num_args = 0..=1, require_equals = true, default_missing_value = "all",
        conflicts_with = "keep_duplicates", help_heading = "Merge options")]
    dedup: Option<Dedup>,
    /// How far frames of a file may be from their place in time
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = parse_duration, help_heading = "Merge options")]
    reorder: i64,
    /// Write to this file; - is the standard output
    #[arg(
        short,
        long,
        value_name = "FILE",
        required = true,
        help_heading = "Output options"
    )]
    output: PathBuf,
    /// Overwrite what exists
    #[arg(long, help_heading = "Output options")]
    force: bool,
}

/// Where copies of a packet are looked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
enum Dedup {
    /// At all points together
    All,
    /// At each point
    Point,
}

const EXAMPLES: &str = "Examples:
  sipcap merge tap1.pcap tap2.pcap -o both.pcapng
  sipcap merge --point edge='edge/ring*.pcap' --point core=core1.pcap,core2.pcap -o both.pcapng
  sipcap merge --dedup day/ -o day.pcapng
  sipcap merge --dedup=point --point a=a.pcap --point b=b.pcap -o - | tshark -r - -q -z io,phs";

pub(crate) fn run(args: &MergeArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    args.refuse_messages()?;
    let mut inputs = args.input.open(false, ui)?;
    let files = input::files(&inputs);
    let output = Output::open(Some(&args.output), args.force, &files)?;
    if args.output == Path::new("-") && output.is_terminal() {
        bail!("a capture is not for a terminal; name a file, or pipe it on");
    }

    let options = args.options(&inputs)?;
    input::catch_signals()?;
    let (output, merged) = {
        let progress = ui.progress(inputs.size());
        let progress = |position| progress.set(position);
        merge(&mut inputs, &options, output, input::stop(), &progress)?
    };
    tell(args, &options, output, &merged, &input::names(&inputs), ui)
}

/// Keeps what was written, unless somebody interrupted it, and tells of it.
fn tell(
    args: &MergeArgs,
    options: &MergeOptions,
    output: Output,
    merged: &Merged,
    names: &[String],
    ui: &Ui,
) -> anyhow::Result<Outcome> {
    let bpf = options.bpf.as_deref();
    let run = Run::of_frames(&args.input, merged.inputs.clone(), merged.interrupted, bpf);
    run.warn(names, ui);
    if merged.interrupted {
        return Ok(run.outcome(false));
    }
    output.finish()?;
    for note in merge_notes::notes(merged, names, args.dedup.is_some()) {
        ui.note(note);
    }
    for warning in merge_notes::warnings(merged) {
        ui.warn(warning);
    }
    Ok(run.outcome(merged.frames > 0))
}

impl MergeArgs {
    /// Refuses what is about messages: frames are merged, whatever is in them.
    fn refuse_messages(&self) -> anyhow::Result<()> {
        let refused = [
            (!self.input.agent.is_empty(), "--agent"),
            (self.input.ipfix_ignore.is_some(), "--ipfix-ignore"),
        ];
        match refused.iter().find(|(is_asked, _)| *is_asked) {
            Some((_, option)) => bail!(
                "{option} is about messages, and merge takes frames as they are; give it to whoever reads the result"
            ),
            None => Ok(()),
        }
    }

    fn options(&self, inputs: &Inputs) -> anyhow::Result<MergeOptions> {
        let input = &self.input;
        Ok(MergeOptions {
            threads: input.threads.into(),
            copies: match self.dedup {
                None => Copies::Keep,
                Some(Dedup::All) => Copies::All,
                Some(Dedup::Point) => Copies::OfPoint,
            },
            decode: DecodeOptions {
                vxlan_ports: input.vxlan_port.clone(),
            },
            hold: self.reorder,
            since: input.since.unwrap_or(Timestamp::MIN),
            until: input.until.unwrap_or(Timestamp::MAX),
            bpf: input.bpf(inputs)?,
        })
    }
}
