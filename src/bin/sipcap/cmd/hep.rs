//! `sipcap hep`: send messages on to a collector.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    ops::ControlFlow,
    time::Duration,
};

use anyhow::{Context, bail};
use regex::bytes::Regex;
use sipcap::{
    error::{Error, Result},
    filter::{IpRange, Number, PortRange, Selection, StatusRange},
    hep::Outgoing,
    pipeline::{Sink, Summary},
    sip::Message,
};

use crate::{
    cli::{InputArgs, parse_duration, parse_pattern},
    exit::Outcome,
    hep::{Over, Sender, Version},
    pace::{Pace, parse_speed},
    ui::Ui,
};

/// Datagrams a second if nothing else is asked for: more of them are lost on their way.
const UDP_RATE: u32 = 10_000;

/// Send messages to a collector
#[derive(clap::Args, Debug)]
pub(crate) struct HepArgs {
    #[command(subcommand)]
    command: HepCommand,
}

#[derive(clap::Subcommand, Debug)]
enum HepCommand {
    Send(Box<SendArgs>),
}

/// Send the messages of captures to a collector by HEP, such as Homer
///
/// Each message is sent with its addresses, its transport and its time, whatever it was wrapped in; those from streams
/// are whole again. Copies are left out. A message that came by HEP keeps the name and the number of its agent, unless
/// --id or --name tells others.
#[derive(clap::Args, Debug)]
#[command(after_help = EXAMPLES)]
struct SendArgs {
    #[command(flatten)]
    input: InputArgs,
    #[command(flatten)]
    select: WhichArgs,
    /// Send to this collector: an address or a name, and a port
    #[arg(long, value_name = "HOST:PORT", help_heading = "HEP options")]
    to: String,
    /// What to send over
    #[arg(
        long,
        value_name = "TRANSPORT",
        default_value = "udp",
        help_heading = "HEP options"
    )]
    over: Over,
    /// The version of HEP
    #[arg(
        long,
        value_name = "VERSION",
        default_value = "3",
        help_heading = "HEP options"
    )]
    hep_version: Version,
    /// The number of this capture agent [default: 2001]
    #[arg(long, value_name = "N", help_heading = "HEP options")]
    id: Option<u32>,
    /// The name of this capture agent
    #[arg(long, value_name = "NAME", help_heading = "HEP options")]
    name: Option<String>,
    /// Show the collector this key; it is sent as it is, and version 3 only has it
    #[arg(
        long,
        value_name = "KEY",
        env = "SIPCAP_HEP_KEY",
        hide_env_values = true,
        help_heading = "HEP options"
    )]
    auth_key: Option<String>,
    /// Send no more than so many messages a second [default: 10000 over UDP, any number over TCP]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000), help_heading = "HEP options")]
    rate: Option<u32>,
    /// Send messages at the pace at which they were captured
    #[arg(long, help_heading = "HEP options")]
    replay: bool,
    /// Replay this many times as fast
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, requires = "replay", value_parser = parse_speed,
        help_heading = "HEP options")]
    speed: f64,
    /// Wait no longer than this between two messages
    #[arg(long, value_name = "DURATION", requires = "replay", value_parser = parse_duration, help_heading = "HEP options")]
    max_delay: Option<i64>,
}

/// Which messages are sent. The header To has no option here: --to is whom they are sent to.
#[derive(clap::Args, Debug)]
#[command(
    next_help_heading = "Selection options (repeated: any of them; different ones: all of them)"
)]
struct WhichArgs {
    /// With this Call-ID
    #[arg(long, value_name = "ID")]
    call_id: Vec<String>,
    /// With a number that ends like this on either side
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
    /// With octets that match this regular expression
    #[arg(short = 'e', long, value_name = "PATTERN", value_parser = parse_pattern)]
    regexp: Vec<Regex>,
}

impl WhichArgs {
    fn selection(&self) -> Selection {
        Selection {
            call_ids: self.call_id.clone(),
            numbers: self.number.clone(),
            methods: self.method.clone(),
            statuses: self.status.clone(),
            ips: self.ip.clone(),
            ports: self.port.clone(),
            patterns: self.regexp.clone(),
            ..Selection::default()
        }
    }
}

const EXAMPLES: &str = "Examples:
  sipcap hep send --to homer.example.com:9060 trace.pcap
  sipcap hep send --to 192.0.2.1:9061 --over tcp --id 7 --name edge ring*.pcap
  sipcap hep send --to 127.0.0.1:9060 --replay --speed 10 --call-id a@b trace.pcap";

/// The number of an agent that nobody gave one.
const DEFAULT_ID: u32 = 2001;

pub(crate) fn run(args: &HepArgs, ui: &mut Ui) -> anyhow::Result<Outcome> {
    let HepCommand::Send(args) = &args.command;
    args.refuse_what_cannot_be_told()?;
    if args.replay {
        ui.hide_progress();
    }
    let to: Vec<SocketAddr> = args
        .to
        .to_socket_addrs()
        .with_context(|| {
            format!(
                "--to {}: expected an address or a name, and a port",
                args.to
            )
        })?
        .collect();

    let mut inputs = args.input.open(false, ui)?;
    let mut sending = Sending {
        sender: Sender::connect(&to, args.over, args.hep_version, args.rate())?,
        selection: args.select.selection(),
        pace: args.pace(),
        args,
    };
    let run = args.input.run(&mut inputs, &mut sending, ui)?;

    let sender = &sending.sender;
    let noun = if sender.sent == 1 {
        "message"
    } else {
        "messages"
    };
    ui.note(format_args!("{} {noun} sent to {}.", sender.sent, args.to));
    for (count, what) in [
        (
            sender.cut,
            "longer than HEP can carry, sent without the end",
        ),
        (
            sender.unfit,
            "between IPv4 and IPv6, which HEP of version 2 cannot tell, not sent",
        ),
        (
            sender.refused,
            "lost at least: nobody takes datagrams there",
        ),
    ] {
        if count > 0 {
            let noun = if count == 1 { "message" } else { "messages" };
            ui.warn(format_args!("{count} {noun} {what}"));
        }
    }
    Ok(run.outcome(sender.sent > 0))
}

impl SendArgs {
    /// Refuses what the version of HEP has no place for.
    fn refuse_what_cannot_be_told(&self) -> anyhow::Result<()> {
        let has_big_id = self.id.is_some_and(|id| id > u16::MAX.into());
        let refused = [
            (
                self.over == Over::Tcp,
                "has no length and cannot go over TCP; send version 3, or over UDP",
            ),
            (
                self.key().is_some(),
                "has no place for --auth-key; send version 3",
            ),
            (
                self.name.is_some(),
                "has no place for --name; send version 3",
            ),
            (
                has_big_id,
                "has no place for an --id above 65535; send version 3",
            ),
        ];
        let refused = refused.iter().find(|(is_asked, _)| *is_asked);
        if let (Version::Two, Some((_, what))) = (self.hep_version, refused) {
            bail!("HEP of version 2 {what}");
        }
        for (option, text) in [("--auth-key", self.key()), ("--name", self.name.as_deref())] {
            let most = Outgoing::MAX_TEXT;
            if text.is_some_and(|text| text.len() > most) {
                bail!("{option}: expected no more than {most} octets");
            }
        }
        Ok(())
    }

    /// Returns the key to show; an empty one is none.
    fn key(&self) -> Option<&str> {
        self.auth_key.as_deref().filter(|key| !key.is_empty())
    }

    fn rate(&self) -> Option<u32> {
        let usual = (self.over == Over::Udp && !self.replay).then_some(UDP_RATE);
        self.rate.or(usual)
    }

    fn pace(&self) -> Option<Pace> {
        let max_delay = self
            .max_delay
            .map(|nanos| Duration::from_nanos(nanos.unsigned_abs()));
        self.replay.then(|| Pace::new(self.speed, max_delay))
    }
}

/// Sends the selected messages.
struct Sending<'a> {
    args: &'a SendArgs,
    selection: Selection,
    pace: Option<Pace>,
    sender: Sender,
}

impl Sink for Sending<'_> {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        if !self.selection.matches(message) {
            return Ok(ControlFlow::Continue(()));
        }
        if let Some(pace) = &mut self.pace {
            self.sender.flush().map_err(Error::Sink)?;
            if !pace.wait(message.ts) {
                return Ok(ControlFlow::Break(()));
            }
        }
        let args = self.args;
        let agent = message.trace.map(|trace| &trace.agent);
        let known_id = agent.and_then(|agent| agent.id);
        let known_name = agent.and_then(|agent| agent.name.as_deref());
        let own_name = args.name.as_deref().map(str::as_bytes);
        let outgoing = Outgoing {
            ts: message.ts,
            flow: message.flow,
            payload: message.bytes,
            agent_id: args.id.or(known_id).unwrap_or(DEFAULT_ID),
            agent_name: own_name.or(known_name).unwrap_or_default(),
            auth_key: args.key().unwrap_or_default().as_bytes(),
            correlation_id: message.head.call_id.of(message.bytes),
        };
        self.sender.send(&outgoing).map_err(Error::Sink)?;
        Ok(ControlFlow::Continue(()))
    }

    fn pause(&mut self) -> Result<()> {
        self.sender.flush().map_err(Error::Sink)
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        self.sender.finish().map_err(Error::Sink)
    }
}
