//! `sipcap events`: what happens to calls, registrations and the rest.

use std::time::Duration;

use anyhow::bail;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use sipcap::{
    error::Result,
    filter::{IpRange, Number, PortRange, Selection, StatusRange, Text},
    report::EventRow,
    track::{Event, EventKind, Observer, RateKey, RateLimiter, RateLimits},
};

use crate::{
    cli::{Conditions, InputArgs, OutputArgs, WhereArgs, parse_duration},
    event_rows::EventRows,
    exit::Outcome,
    input,
    output::Output,
    pace::{Pace, parse_speed},
    track::{Follower, TrackArgs, Tracked},
    ui::Ui,
};

/// Tell what happens, as it happens
///
/// Calls begin, ring, are answered, fail and end; registrations come, are refreshed and go. Each event is told once for
/// a call or binding, with all that is known of it then, in the order of packet time. What a selection leaves out is
/// followed all the same and only not told.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES, mut_arg("format", |format| format.default_value("json")))]
pub(crate) struct EventsArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: EventSelectArgs,
    #[command(flatten)]
    conditions: WhereArgs,
    /// Tell no more than this of one kind from one address, for example 20/1s,240/1m,3600/1h
    ///
    /// Over any of the limits, only the first event is told, then the 100th, 200th, 400th and so on, from the 10000th on
    /// every 10000th; "rate" says how many there were in between. Time is that of the capture.
    #[arg(long, value_name = "LIMITS", help_heading = "Event options")]
    rate_limit: Option<RateLimits>,
    /// Tell events at the pace at which they happened
    #[arg(long, help_heading = "Event options")]
    replay: bool,
    /// Replay this many times as fast
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, requires = "replay", value_parser = parse_speed,
        help_heading = "Event options")]
    speed: f64,
    /// Wait no longer than this between two events
    #[arg(long, value_name = "DURATION", requires = "replay", value_parser = parse_duration, help_heading = "Event options")]
    max_delay: Option<i64>,
    #[command(flatten)]
    track: TrackArgs,
    #[command(flatten)]
    output: OutputArgs,
}

const EXAMPLES: &str = "Examples:
  sipcap events trace.pcap
  sipcap events --events call-attempt,auth-failed --format text ring*.pcap
  sipcap events --rate-limit 20/1s,240/1m --status 4xx trace.pcap | jq .caller.ip
  sipcap events --replay --speed 10 --max-delay 2s trace.pcap";

/// Which events are told.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
struct EventSelectArgs {
    /// Of these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kinds())]
    events: Vec<EventKind>,
    /// Of other kinds than these
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kinds(), hide_possible_values = true)]
    not_events: Vec<EventKind>,
    /// With this Call-ID
    #[arg(long, value_name = "ID")]
    call_id: Vec<String>,
    /// With this text in the caller's URI or name, in either case
    #[arg(long, value_name = "TEXT")]
    from: Vec<Text>,
    /// With this text in the callee's URI or name, in either case
    #[arg(long, value_name = "TEXT")]
    to: Vec<Text>,
    /// With a number that ends like this on either side
    #[arg(long, value_name = "NUMBER")]
    number: Vec<Number>,
    /// That began with a request of this method
    #[arg(long, value_name = "METHOD", value_delimiter = ',')]
    method: Vec<String>,
    /// With this status: 486, 5xx or 400-499
    #[arg(long, value_name = "STATUS", value_delimiter = ',')]
    status: Vec<StatusRange>,
    /// With this address or network on either side
    #[arg(long, value_name = "ADDRESS", value_delimiter = ',')]
    ip: Vec<IpRange>,
    /// With this port or range of ports on either side
    #[arg(long, value_name = "PORT", value_delimiter = ',')]
    port: Vec<PortRange>,
    /// With this text in the User-Agent or Server of either side, in either case
    #[arg(long, value_name = "TEXT")]
    user_agent: Vec<Text>,
}

pub(crate) fn run(args: &EventsArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    // What to tell, and how often.
    let kinds = args.select.kinds()?;
    let conditions = args.conditions.compile(EventRow::SCHEMA)?;
    let options = args.track.event_options()?;
    let pace = args.replay.then(|| {
        let max_delay = args
            .max_delay
            .map(|nanos| Duration::from_nanos(nanos.unsigned_abs()));
        Pace::new(args.speed, max_delay)
    });
    if args.replay {
        ui.hide_progress();
    }

    // Where it goes.
    let mut inputs = args.input.open(false, ui)?;
    let output = Output::open(
        args.output.output.as_deref(),
        args.output.force,
        &input::files(&inputs),
    )?;
    let telling = Telling {
        kinds,
        selection: args.select.selection(),
        conditions,
        limiter: args.rate_limit.clone().map(RateLimiter::new),
        pace,
        rows: EventRows::new(output, &args.output, input::names(&inputs), ui)?,
        told: 0,
        is_over: false,
    };

    // The pass.
    let mut tracked = Tracked::new(options, telling).until(args.input.until);
    let run = args.input.run(&mut inputs, &mut tracked, ui)?;

    // What to say about it.
    tracked.warn(&input::names(&inputs), ui);
    let telling = tracked.observer;
    telling.tell_limits(ui);
    let told = telling.told;
    telling.rows.finish()?;
    Ok(run.outcome(told > 0))
}

impl EventSelectArgs {
    /// Returns the kinds that are told, as a set.
    fn kinds(&self) -> anyhow::Result<Kinds> {
        if let Some(kind) = self
            .events
            .iter()
            .find(|kind| self.not_events.contains(kind))
        {
            bail!("{kind} is in both --events and --not-events; take it out of one of them");
        }
        let all = if self.events.is_empty() {
            EventKind::ALL
        } else {
            &self.events
        };
        let told = all.iter().filter(|kind| !self.not_events.contains(kind));
        Ok(Kinds(told.fold(0, |set, kind| set | Kinds::bit(*kind))))
    }

    fn selection(&self) -> Selection {
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
            patterns: Vec::new(),
        }
    }
}

fn kinds() -> impl clap::builder::TypedValueParser<Value = EventKind> {
    PossibleValuesParser::new(EventKind::ALL.iter().map(|kind| kind.name()))
        .try_map(|name| name.parse::<EventKind>())
}

/// A set of kinds.
#[derive(Clone, Copy, Debug)]
struct Kinds(u64);

impl Kinds {
    const fn bit(kind: EventKind) -> u64 {
        1 << kind as u32
    }

    const fn contains(self, kind: EventKind) -> bool {
        self.0 & Self::bit(kind) != 0
    }
}

/// Writes the events that are to be told.
struct Telling {
    kinds: Kinds,
    selection: Selection,
    conditions: Conditions,
    limiter: Option<RateLimiter>,
    pace: Option<Pace>,
    rows: EventRows,
    told: u64,
    /// Whether somebody wants the program to end while it waits.
    is_over: bool,
}

impl Observer for Telling {
    fn event(&mut self, event: &Event<'_>) -> Result<()> {
        if self.is_over || !self.kinds.contains(event.kind) || !self.selection.matches_event(event)
        {
            return Ok(());
        }
        if !self.conditions.is_empty() && !self.conditions.hold(&self.rows.row(event)) {
            return Ok(());
        }
        let mut rate = None;
        if let Some(limiter) = &mut self.limiter {
            let key = RateKey {
                kind: event.kind,
                source: event.caller.address.map(|address| address.ip()),
            };
            rate = limiter.take(key, event.ts);
            if rate.is_none() {
                return Ok(());
            }
        }
        if let Some(pace) = &mut self.pace
            && !pace.wait(event.ts)
        {
            self.is_over = true;
            return Ok(());
        }
        self.told += 1;
        self.rows.write(event, rate.as_ref())?;
        if self.pace.is_some() {
            self.rows.flush()?;
        }
        Ok(())
    }
}

impl Follower for Telling {
    fn pause(&mut self) -> Result<()> {
        Ok(self.rows.flush()?)
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn takes_notices(&self) -> bool {
        use EventKind::{FragmentLost, Gap, MsgProbe, TcpResync};
        [FragmentLost, Gap, MsgProbe, TcpResync]
            .into_iter()
            .any(|kind| self.kinds.contains(kind))
    }
}

impl Telling {
    /// Tells what the limits did.
    fn tell_limits(&self, ui: &Ui) {
        let Some(limiter) = &self.limiter else { return };
        let stats = limiter.stats();
        if stats.suppressed > 0 {
            ui.note(format_args!(
                "{} events over the limit are not told; limits were exceeded {} times and kept again {} times.",
                stats.suppressed, stats.exceeded, stats.recovered
            ));
        }
        if stats.evicted > 0 {
            ui.warn(format_args!(
                "{} addresses were forgotten because there were too many; more may be told than the limits allow",
                stats.evicted
            ));
        }
    }
}
