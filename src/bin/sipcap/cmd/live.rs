//! `sipcap live`: what happens on the wire, as it happens.

use std::sync::Arc;

use anyhow::bail;

use sipcap::{
    capture::{RecordPlan, Recorder},
    packet::DecodeOptions,
    pipeline::{Options, Pipeline},
    track::{Rules, TrackOptions},
};

use crate::{
    choose::ChooseArgs,
    cli::{Compress, ReportArgs, SelectArgs, WhereArgs, parse_duration},
    exit::Outcome,
    input::{self, catch_signals},
    live::{
        Gauges, Guard, LiveRows, LiveSink, Meter, MetricsArgs, RecordArgs, Screen, Shown, Signals,
        SourceArgs, SplitArgs, Telling, become_user, list_interfaces, serve, tell_counts,
        tell_recorded,
    },
    output::Output,
    track::{TrackArgs, Tracked},
    ui::Ui,
};

/// Tell what happens on the wire, as it happens
///
/// Captures on interfaces, or reads a capture that is still being written, and tells events at once and calls when they
/// are over: JSON Lines, or a line each for people. Captured time tells what is late; when nothing comes, the clock does.
/// Ends after --for or --count, or with Ctrl-C, and tells then what is still going on. SIGUSR1 lets it tell the state on
/// standard error; SIGHUP begins the next file of a recording, and ends the command if there is none.
///
/// Capturing needs libpcap, and the right to: root, or setcap cap_net_raw,cap_net_admin=eip on the program.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, mut_arg("format", |format| format.default_value("json")))]
pub(crate) struct LiveArgs {
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    record: RecordArgs,
    #[command(flatten)]
    split: SplitArgs,
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
    /// Write figures each time that this has passed: those of that time, and those of all
    ///
    /// As `sipcap stats` has them; with JSON, as an object in a line. A call counts when it is over.
    #[arg(long, value_name = "TIME", value_parser = parse_interval, help_heading = "Output options")]
    stats_every: Option<i64>,
    /// Show what goes on in some lines that are written over again; a line now and then if there is no terminal
    ///
    /// Events and calls are written with --output only.
    #[arg(long, help_heading = "Output options")]
    top: bool,
    #[command(flatten)]
    metrics: MetricsArgs,
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
  sipcap live -i any -w 'ring-%H%M.pcap' -G 10m --compress gz --show calls --outcome failed
  sipcap live -i eth0 --show nothing --stats-every 1m --format text
  sipcap live -i eth0 --split calls --outcome failed --show files --format text
  sipcap live -i eth0 --show nothing --metrics 127.0.0.1:9100
  sipcap live -i eth0 --top
  sipcap live --hep 127.0.0.1:9060 --format text
  sipcap live --ipfix 127.0.0.1 --show calls
  sipcap live --hep 0.0.0.0:9060 --allow 192.0.2.0/24 --show calls --outcome failed
  sipcap live -i eth0 -w ring.pcap -C 100 -W 20 --show nothing
  ssh host tcpdump -U -i eth0 -w - port 5060 | sipcap live -i - --show events --for 10m";

pub(crate) fn run(args: &LiveArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    if args.source.list_interfaces {
        list_interfaces(Output::open(None, false, &[])?)?;
        return Ok(Outcome::Done);
    }
    // What to tell.
    let names = vec![args.source.name()];
    let choice = args
        .choose
        .choice(&args.select, &args.conditions, names.clone())?;
    let tracking = args.track.event_options()?;
    args.refuse_calltr(&tracking)?;
    if args.record.compress.is_some() && args.record.write.is_none() && args.split.split.is_none() {
        bail!("--compress needs files to compress: --write or --split");
    }
    let options = args.options()?;

    // Where it comes from, and where it goes.
    let signals = Signals::hold()?;
    catch_signals()?;
    let (mut live, collectors) = args.source.open()?;
    collectors.tell(ui);
    for warning in live.warnings() {
        ui.warn(warning);
    }
    args.source.warn(ui);
    let port = args.metrics.open()?;
    if let Some(user) = &args.source.user {
        become_user(user)?;
    }
    if ui.is_verbose() {
        ui.note(format_args!("Capturing on {}.", names.concat()));
    }
    let output = Output::open_growing(args.output.output.as_deref(), args.output.force)?;
    let recorder = args.recorder(&options, live.counts().len())?;
    let guard = Guard {
        live: live.watch(),
        record: recorder.as_ref().map(Recorder::watch),
        gauges: Arc::new(Gauges::default()),
        ui: ui.clone(),
        screen: args.top.then(Arc::default),
    };
    if let Some(recorder) = recorder {
        live.add_witness(Box::new(recorder));
    }
    let packing = args.record.compress.map(Compress::packing);
    let split = args.split.open(packing, args.output.force)?;
    let split = split.map(|(window, split)| {
        live.add_witness(Box::new(window));
        split
    });
    let telling = Telling {
        shown: args.shown(),
        selection: args.select.selection(),
        choice,
        meter: args
            .needs_meter()
            .then(|| Meter::new(args.stats_every, &names, guard.clone())),
        rows: LiveRows::new(output, args.output.format, names.clone(), ui),
        split,
        screen: args.screen(&names, &guard)?,
        guard: guard.clone(),
        has_failed: false,
    };
    let mut sink = LiveSink {
        tracked: Tracked::new(tracking, telling),
        clock: live.clock(),
        gauges: Arc::clone(&guard.gauges),
        page: Arc::default(),
    };
    if let Some(port) = port {
        serve(port, Arc::clone(&sink.page))?;
    }
    let asked = guard.clone();
    signals.on_each(move |is_hangup| asked.answer(is_hangup))?;
    let record = guard.record.clone();
    let on_guard = guard.watch()?;

    // The pass.
    let run = Pipeline::new(&mut live, &options).run(&mut sink);
    live.dismiss_witnesses();
    drop(on_guard);
    let summary = run?;
    let mut failure = live.failure();
    if summary.balance.total() == 0
        && let Some(failure) = failure.take()
    {
        return Err(failure.into());
    }

    // What to say about it.
    sink.tracked.warn(&names, ui);
    let Telling { rows, split, .. } = sink.tracked.observer;
    rows.finish()?;
    tell_counts(&live.counts(), summary.balance.total(), ui);
    for input in &summary.inputs {
        input::warn_of_damage(input, "-", ui);
    }
    collectors.tell_counts(&summary, ui);
    let is_recorded = record.is_none_or(|record| tell_recorded(&record.counts(), ui));
    let is_split = split.is_none_or(|split| split.tell(ui));
    if let Some(failure) = failure {
        return Err(failure.into());
    }
    Ok(if is_recorded && is_split {
        Outcome::Done
    } else {
        Outcome::Damaged
    })
}

impl LiveArgs {
    /// Returns whether anybody wants figures.
    const fn needs_meter(&self) -> bool {
        self.stats_every.is_some() || self.metrics.metrics.is_some() || self.top
    }

    /// Returns what is written besides the screen.
    fn shown(&self) -> Vec<Shown> {
        if self.top && self.output.output.is_none() {
            return vec![Shown::Nothing];
        }
        self.show.clone()
    }

    /// Returns the screen, if there is to be one.
    fn screen(&self, names: &[String], guard: &Guard) -> anyhow::Result<Option<Screen>> {
        if !self.top {
            return Ok(None);
        }
        if self.stats_every.is_some() && self.output.output.is_none() {
            bail!("--top takes the standard output; name a file for --stats-every with --output");
        }
        Screen::new(&names.concat(), guard.clone()).map(Some)
    }

    /// Refuses to follow no calls if somebody needs them.
    fn refuse_calltr(&self, tracking: &TrackOptions) -> anyhow::Result<()> {
        let needs = [
            (self.stats_every.is_some(), "--stats-every"),
            (self.split.split.is_some(), "--split"),
            (self.metrics.metrics.is_some(), "--metrics"),
            (self.top, "--top"),
        ];
        match needs.iter().find(|(needs_calls, _)| *needs_calls) {
            Some((_, option)) if tracking.rules == Rules::Calltr => {
                bail!("--timeouts calltr makes events only; {option} needs calls")
            }
            _ => Ok(()),
        }
    }

    /// Begins to record what comes from so many sources, if that is wanted.
    fn recorder(&self, options: &Options, sources: usize) -> anyhow::Result<Option<Recorder>> {
        let waits = self.source.is_pipe_only();
        let plan = self
            .record
            .plan(self.output.force, waits, options.bpf.clone())?;
        let recorder = plan.map(|plan| {
            Recorder::start(&RecordPlan {
                has_several_sources: sources > 1,
                ..plan
            })
        });
        Ok(recorder.transpose()?)
    }

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

/// Reads how often figures are written.
fn parse_interval(text: &str) -> Result<i64, String> {
    match parse_duration(text)? {
        ..1_000_000_000 => Err("expected a time of at least 1s".to_owned()),
        nanos => Ok(nanos),
    }
}
