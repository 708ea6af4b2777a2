//! Where `sipcap live` captures.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use sipcap::{
    capture::{
        Bpf, Live, LiveCounts, LiveInput, LivePlan, RecordCounts,
        libpcap::{Libpcap, LiveOptions},
        widened,
    },
    filter::IpRange,
    hep::{Listener, Refusals},
    pipeline::Agents,
    text::printable,
};

use crate::{
    cli::parse_duration,
    input::{libpcap, stop},
    output::Output,
    track::parse_size,
    ui::Ui,
};

/// How many octets may wait to be looked at.
const QUEUE_BYTES: usize = 64 << 20;

/// What is captured.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Capture options")]
pub(crate) struct SourceArgs {
    /// Capture on this interface, on any, or read a capture from the standard input with - (can be repeated)
    ///
    /// Several are one capture in time order.
    #[arg(
        short,
        long = "interface",
        value_name = "INTERFACE",
        required_unless_present_any = ["list_interfaces", "hep"]
    )]
    pub(crate) interfaces: Vec<String>,
    /// List the interfaces that can be captured on
    #[arg(long)]
    pub(crate) list_interfaces: bool,
    /// Take what capture agents send by HEP to this address and port, over UDP and TCP (can be repeated)
    ///
    /// What is taken becomes frames of a capture that is like any other. On an address that other machines can reach it needs
    /// --hep-key or --allow.
    #[arg(long, value_name = "ADDRESS:PORT")]
    hep: Vec<SocketAddr>,
    /// Take HEP only from agents that show this key (version 3)
    #[arg(
        long,
        value_name = "KEY",
        env = "SIPCAP_HEP_KEY",
        hide_env_values = true,
        requires = "hep"
    )]
    hep_key: Option<String>,
    /// Take HEP only from this address or network (can be repeated)
    #[arg(long, value_name = "NETWORK", value_delimiter = ',', requires = "hep")]
    allow: Vec<IpRange>,
    /// Capture only frames that this BPF expression takes, as in tcpdump
    ///
    /// What it leaves out is not even counted. "udp port 5060" takes neither what is in a VLAN or a tunnel nor the second
    /// fragment of a packet; --bpf-auto takes them, too.
    #[arg(long, value_name = "EXPR")]
    pub(crate) bpf: Option<String>,
    /// Let --bpf take IP fragments and tunnels, too, and in VLANs what it takes outside of them
    #[arg(long, requires = "bpf")]
    pub(crate) bpf_auto: bool,
    /// UDP ports on which VXLAN is looked for
    #[arg(long, value_name = "PORTS", value_delimiter = ',', default_values_t = [4789, 8472])]
    pub(crate) vxlan_port: Vec<u16>,
    /// Keep no more than this many octets of a frame
    #[arg(long, value_name = "N", default_value_t = 262_144, value_parser = clap::value_parser!(u32).range(64..=262_144))]
    snaplen: u32,
    /// How much the system may collect before frames are lost
    #[arg(long, value_name = "SIZE", default_value = "64M", value_parser = parse_buffer)]
    buffer: u32,
    /// Leave out frames that are to other machines
    #[arg(long)]
    no_promiscuous: bool,
    /// Take each frame at once and not with others: sooner, for more work
    #[arg(long)]
    immediate: bool,
    /// Stop after this time
    #[arg(long = "for", id = "for", value_name = "DURATION", value_parser = parse_duration)]
    lasts: Option<i64>,
    /// Stop after this many frames
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// Go on as this user when the interfaces are open
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
}

impl SourceArgs {
    /// Begins to capture.
    pub(crate) fn open(&self) -> anyhow::Result<(Live, Collectors)> {
        let pipes = self.interfaces.iter().filter(|name| *name == "-").count();
        if pipes > 1 {
            bail!("the standard input is named more than once");
        }
        let library = self.library()?;
        let plan = self.plan();
        let listeners = self.listen()?;
        let collectors = Collectors::of(&listeners);
        let inputs = listeners
            .into_iter()
            .map(|listener| Box::new(listener) as Box<dyn LiveInput>);
        let live = Live::open(library, &plan, inputs.collect(), stop())?;
        Ok((live, collectors))
    }

    /// Returns what is captured on, as one name.
    pub(crate) fn name(&self) -> String {
        let hep = self.hep.iter().map(|address| format!("hep:{address}"));
        let all: Vec<String> = self.interfaces.iter().cloned().chain(hep).collect();
        all.join(",")
    }

    /// Begins to listen for HEP.
    fn listen(&self) -> anyhow::Result<Vec<Listener>> {
        self.hep
            .iter()
            .map(|address| {
                let is_guarded = self.hep_key.is_some() || !self.allow.is_empty();
                if !address.ip().is_loopback() && !is_guarded {
                    bail!(
                        "--hep {address}: other machines can reach it; say who may send with --allow, or ask for a key \
                         with --hep-key"
                    );
                }
                let key = self.hep_key.as_ref().map(|key| key.clone().into_bytes());
                let allowed = self.allow.clone();
                let allows = move |ip: IpAddr| {
                    let ip = ip.to_canonical();
                    allowed.is_empty() || allowed.iter().any(|range| range.contains(ip))
                };
                Listener::bind(*address, key, Box::new(allows))
                    .with_context(|| format!("--hep {address}: cannot listen there"))
            })
            .collect()
    }

    /// Returns whether everything comes from a pipe, which can wait.
    pub(crate) fn is_pipe_only(&self) -> bool {
        self.hep.is_empty() && self.interfaces.iter().all(|name| name == "-")
    }

    /// Returns libpcap if anything is captured with it.
    fn library(&self) -> anyhow::Result<Option<&'static Libpcap>> {
        let needs = self.bpf.is_some() || self.interfaces.iter().any(|name| name != "-");
        needs.then(libpcap).transpose()
    }

    /// Returns what frames of the standard input are tested with: those of interfaces were tested by the system.
    pub(crate) fn bpf(&self) -> anyhow::Result<Option<Bpf>> {
        let (Some(expression), Some(library)) = (&self.bpf, self.library()?) else {
            return Ok(None);
        };
        if !self.interfaces.iter().any(|name| name == "-") {
            return Ok(None);
        }
        let vxlan_ports = self.bpf_auto.then_some(self.vxlan_port.as_slice());
        Ok(Some(Bpf::new(library, expression, vxlan_ports)?))
    }

    /// Tells what an expression does not take that is about ports: nobody can see afterwards what was not captured.
    pub(crate) fn warn(&self, ui: &Ui) {
        let expression = self.bpf.as_deref().unwrap_or_default();
        let has = |names: &[&str]| {
            let mut words = expression.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| names.contains(&word))
        };
        // Whoever asks for offsets of fragments or for VLANs has thought of it.
        let is_meant = has(&["vlan", "vxlan", "geneve"]) || expression.contains("ip[6");
        if !self.bpf_auto && !is_meant && has(&["port", "portrange"]) {
            ui.warn(
                "--bpf: a test of ports takes only the first IP fragment of a packet, and nothing in VLANs or tunnels; \
                 --bpf-auto takes them, too",
            );
        }
    }

    fn plan(&self) -> LivePlan {
        let mut filters = Vec::new();
        if let Some(expression) = &self.bpf {
            if self.bpf_auto {
                filters = widened(expression, &self.vxlan_port);
            }
            filters.push(expression.clone());
        }
        LivePlan {
            sources: self.interfaces.clone(),
            options: LiveOptions {
                snaplen: self.snaplen,
                buffer_bytes: self.buffer,
                promiscuous: !self.no_promiscuous,
                immediate: self.immediate,
                filter: String::new(),
            },
            filters,
            queue_bytes: QUEUE_BYTES,
            count: self.count,
            duration: self
                .lasts
                .map(|nanos| Duration::from_nanos(nanos.unsigned_abs())),
        }
    }
}

/// Where HEP is listened for, and what is not taken there.
pub(crate) struct Collectors(Vec<(SocketAddr, Arc<Refusals>)>);

impl Collectors {
    fn of(listeners: &[Listener]) -> Self {
        let all = listeners.iter();
        Self(
            all.map(|listener| (listener.address(), listener.refusals()))
                .collect(),
        )
    }

    /// Tells where it is listened.
    pub(crate) fn tell(&self, ui: &Ui) {
        for (address, _) in &self.0 {
            ui.note(format_args!("Listening for HEP on {address}."));
        }
    }

    /// Tells what came from whom, and what was not taken.
    pub(crate) fn tell_counts(&self, agents: &Agents, ui: &Ui) {
        for (address, refusals) in &self.0 {
            for (count, what) in [
                (
                    &refusals.without_key,
                    "packets without the key were not taken",
                ),
                (
                    &refusals.not_allowed,
                    "packets or connections came from where nobody may send",
                ),
                (&refusals.malformed, "times something came that is no HEP"),
                (
                    &refusals.too_many,
                    "connections were refused because there were too many",
                ),
            ] {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    ui.warn(format_args!("hep:{address}: {count} {what}"));
                }
            }
        }
        for (agent, counts) in agents.counts() {
            let name = agent.map_or_else(
                || "others".to_owned(),
                |agent| format!("{} ({})", printable(&agent.label()), agent.address),
            );
            ui.note(format_args!(
                "Agent {name}: {} packets, {} with SIP, {} of it seen before.",
                counts.packets, counts.sip, counts.copies
            ));
        }
    }
}

fn parse_buffer(text: &str) -> Result<u32, String> {
    let size = parse_size(text)?;
    let size = u32::try_from(size).ok();
    size.filter(|size| *size <= 1 << 30)
        .ok_or_else(|| "expected no more than 1G".to_owned())
}

/// Writes a line for each interface that can be captured on.
pub(crate) fn list_interfaces(mut output: Output) -> anyhow::Result<()> {
    let interfaces = libpcap()?
        .interfaces()
        .map_err(|what| anyhow!("cannot list the interfaces: {what}"))?;
    let width = interfaces
        .iter()
        .map(|interface| interface.name.chars().count());
    let width = width.max().unwrap_or_default();
    for interface in &interfaces {
        let state = match (interface.is_up, interface.is_running) {
            (true, true) => "running",
            (true, false) => "up",
            _ => "down",
        };
        let mut line = format!("{:width$}  {state:7}", printable(&interface.name));
        for address in &interface.addresses {
            line.push_str(&format!("  {address}"));
        }
        if !interface.description.is_empty() {
            line.push_str(&format!("  ({})", printable(&interface.description)));
        }
        writeln!(output, "{}", line.trim_end())?;
    }
    output.finish()
}

/// Tells what was captured and what was lost.
pub(crate) fn tell_counts(counts: &[LiveCounts], frames: u64, ui: &Ui) {
    let noun = if frames == 1 { "frame" } else { "frames" };
    ui.note(format_args!("{frames} {noun} captured."));
    for counts in counts {
        let stats = counts.stats;
        let losses = [
            (stats.dropped, "by the system (see --buffer)"),
            (stats.interface_dropped, "by the interface"),
            (
                counts.lost,
                "because they came too fast for what is done with them",
            ),
        ];
        for (lost, by) in losses.iter().filter(|(lost, _)| *lost > 0) {
            ui.warn(format_args!(
                "{}: {lost} frames were lost {by}",
                counts.name
            ));
        }
    }
}

/// Tells what was recorded and what was not; returns whether everything was.
pub(crate) fn tell_recorded(counts: &RecordCounts, ui: &Ui) -> bool {
    let noun = if counts.files == 1 { "file" } else { "files" };
    ui.note(format_args!(
        "Recorded {} frames in {} {noun}.",
        counts.frames, counts.files
    ));
    let losses = [
        (
            counts.lost,
            "because they came faster than they could be written",
        ),
        (counts.failed, "because files could not be written"),
        (
            counts.unfit,
            "because a pcap file has one link type only; end the name with .pcapng",
        ),
    ];
    for (lost, why) in losses.iter().filter(|(lost, _)| *lost > 0) {
        ui.warn(format_args!("{lost} frames were not recorded {why}"));
    }
    counts.failed == 0
}
