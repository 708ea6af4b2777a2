//! `sipcap live`: what happens on the wire, as it happens.

use std::sync::Arc;

use sipcap::{
    packet::DecodeOptions,
    pipeline::{Options, Pipeline},
};

use crate::{
    choose::ChooseArgs,
    cli::{ReportArgs, SelectArgs, WhereArgs},
    exit::Outcome,
    input::catch_signals,
    live::{
        LiveRows, LiveSink, Shown, SourceArgs, Telling, become_user, list_interfaces, tell_counts,
    },
    output::Output,
    track::{TrackArgs, Tracked},
    ui::Ui,
};

/// Tell what happens on the wire, as it happens
///
/// Captures on interfaces, or reads a capture that is still being written, and tells events at once and calls when they
/// are over: JSON Lines, or a line each for people. Captured time tells what is late; when nothing comes, the clock does.
/// Ends after --for or --count, or with Ctrl-C, and tells then what is still going on.
///
/// Capturing needs libpcap, and the right to: root, or setcap cap_net_raw,cap_net_admin=eip on the program.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, mut_arg("format", |format| format.default_value("json")))]
pub(crate) struct LiveArgs {
    #[command(flatten)]
    source: SourceArgs,
    /// Take copies of a packet, as from a mirror port, for packets of their own
    #[arg(long, help_heading = "Capture options")]
    keep_duplicates: bool,
    /// How many threads to use; 0 is one for each processor
    #[arg(short = 'j', long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(..=256),
        help_heading = "Capture options")]
    threads: u16,
    /// What is written
    #[arg(long, value_name = "WHAT", value_delimiter = ',', default_values_t = [Shown::Events, Shown::Calls], value_enum,
        help_heading = "Output options")]
    show: Vec<Shown>,
    #[command(flatten)]
    select: SelectArgs,
    #[command(flatten)]
    choose: ChooseArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: ReportArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap live --list-interfaces
  sipcap live -i eth0 --bpf 'port 5060' --bpf-auto --format text
  sipcap live -i eth0 -i eth1 --show calls --outcome failed | jq .status
  ssh host tcpdump -U -i eth0 -w - port 5060 | sipcap live -i - --show events --for 10m";

pub(crate) fn run(args: &LiveArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    if args.source.list_interfaces {
        list_interfaces(Output::open(None, false, &[])?)?;
        return Ok(Outcome::Done);
    }
    // What to tell.
    let names = vec![args.source.interfaces.join(",")];
    let choice = args
        .choose
        .choice(&args.select, &args.conditions, names.clone())?;
    let tracking = args.track.event_options()?;
    let options = args.options()?;

    // Where it comes from, and where it goes.
    catch_signals()?;
    let mut live = args.source.open()?;
    for warning in live.warnings() {
        ui.warn(warning);
    }
    args.source.warn(ui);
    if let Some(user) = &args.source.user {
        become_user(user)?;
    }
    if ui.is_verbose() {
        ui.note(format_args!("Capturing on {}.", names.concat()));
    }
    let output = Output::open(args.output.output.as_deref(), args.output.force, &[])?;
    let telling = Telling {
        shown: args.show.clone(),
        selection: args.select.selection(),
        choice,
        rows: LiveRows::new(output, args.output.format, names.clone(), ui),
    };
    let mut sink = LiveSink {
        tracked: Tracked::new(tracking, telling),
        clock: live.clock(),
    };

    // The pass.
    let summary = Pipeline::new(&mut live, &options).run(&mut sink)?;

    // What to say about it.
    sink.tracked.warn(&names, ui);
    sink.tracked.observer.rows.finish()?;
    tell_counts(&live.counts(), summary.balance.total(), ui);
    Ok(Outcome::Done)
}

impl LiveArgs {
    fn options(&self) -> anyhow::Result<Options> {
        Ok(Options {
            threads: self.threads.into(),
            decode: DecodeOptions {
                vxlan_ports: self.source.vxlan_port.clone(),
            },
            keep_duplicates: self.keep_duplicates,
            bpf: self.source.bpf()?.map(Arc::new),
            ..Options::default()
        })
    }
}
