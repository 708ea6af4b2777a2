//! Where `sipcap live` captures.

use std::{
    io::Write,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail};
use clap::builder::NonEmptyStringValueParser;
use sipcap::{
    capture::{
        Bpf, Live, LiveCounts, LiveInput, LivePlan, RecordCounts,
        collector::Allows,
        libpcap::{Libpcap, LiveOptions},
        widened,
    },
    filter::IpRange,
    hep, ipfix,
    text::printable,
};

use crate::{
    cli::parse_duration,
    input::{libpcap, stop},
    live::collectors::Collectors,
    output::Output,
    track::parse_size,
    ui::Ui,
};

/// What names the key of capture agents where no option does.
const KEY_VARIABLE: &str = "SIPCAP_HEP_KEY";

/// How many octets may wait to be looked at.
const QUEUE_BYTES: usize = 64 << 20;

/// What is captured.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Capture options")]
#[command(group = clap::ArgGroup::new("collector").multiple(true))]
pub(crate) struct SourceArgs {
    /// Capture on this interface, on any, or read a capture from the standard input with - (can be repeated)
    ///
    /// Several are one capture in time order.
    #[arg(
        short,
        long = "interface",
        value_name = "INTERFACE",
        required_unless_present_any = ["list_interfaces", "hep", "ipfix"]
    )]
    pub(crate) interfaces: Vec<String>,
    /// List the interfaces that can be captured on
    #[arg(long)]
    pub(crate) list_interfaces: bool,
    /// Take what capture agents send by HEP to this address and port, over UDP and TCP (can be repeated)
    ///
    /// What is taken becomes frames of a capture that is like any other. On an address that other machines can reach it needs
    /// --hep-key or --allow.
    #[arg(long, value_name = "ADDRESS:PORT", group = "collector")]
    hep: Vec<SocketAddr>,
    /// Take what session border controllers of Oracle send by IPFIX (comm-monitor) to this address, over TCP (can be repeated)
    ///
    /// Without a port it is 4739. The controllers are told to send SIP and nothing else. On an address that other machines can
    /// reach it needs --allow.
    #[arg(long, value_name = "ADDRESS[:PORT]", group = "collector", value_parser = parse_collector)]
    ipfix: Vec<SocketAddr>,
    /// Take HEP only from agents that show this key (version 3); without it, that of SIPCAP_HEP_KEY, if there is one
    #[arg(
        long,
        value_name = "KEY",
        requires = "hep",
        value_parser = NonEmptyStringValueParser::new()
    )]
    hep_key: Option<String>,
    /// Take HEP and IPFIX only from this address or network (can be repeated)
    #[arg(
        long,
        value_name = "NETWORK",
        value_delimiter = ',',
        requires = "collector"
    )]
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
    /// How much the system may collect before frames are lost, or datagrams with HEP
    ///
    /// For HEP over UDP the system may set a limit of its own (net.core.rmem_max). What was lost is told in the end.
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
        let mut collectors = Collectors::default();
        let mut inputs: Vec<Box<dyn LiveInput>> = Vec::new();
        for address in &self.hep {
            let key = self.key();
            self.guard("--hep", address, key.is_some())?;
            let listener = hep::Listener::bind(*address, key, self.allows())
                .with_context(|| format!("--hep {address}: cannot listen there"))?
                .with_buffer(self.buffer as usize);
            collectors.add("HEP", listener.address(), listener.refusals());
            inputs.push(Box::new(listener));
        }
        for address in &self.ipfix {
            self.guard("--ipfix", address, false)?;
            let listener = ipfix::Listener::bind(*address, self.allows())
                .with_context(|| format!("--ipfix {address}: cannot listen there"))?;
            collectors.add("IPFIX", listener.address(), listener.refusals());
            inputs.push(Box::new(listener));
        }
        let live = Live::open(library, &plan, inputs, stop())?;
        Ok((live, collectors))
    }

    /// Returns what is captured on, as one name.
    pub(crate) fn name(&self) -> String {
        let hep = self.hep.iter().map(|address| format!("hep:{address}"));
        let ipfix = self.ipfix.iter();
        let ipfix = ipfix.map(|address| format!("ipfix:{address}"));
        let interfaces = self.interfaces.iter().cloned();
        let all: Vec<String> = interfaces.chain(hep).chain(ipfix).collect();
        all.join(",")
    }

    /// Returns what capture agents have to show.
    fn key(&self) -> Option<Vec<u8>> {
        // Nothing that is captured otherwise asks for a key, so the variable may stay where it is.
        let known = || std::env::var(KEY_VARIABLE).ok();
        let key = self.hep_key.clone().or_else(known)?;
        (!key.is_empty()).then(|| key.into_bytes())
    }

    /// Refuses to listen where other machines can send whatever they like.
    fn guard(&self, option: &str, address: &SocketAddr, has_key: bool) -> anyhow::Result<()> {
        if address.ip().is_loopback() || has_key || !self.allow.is_empty() {
            return Ok(());
        }
        let key = match option {
            "--hep" => ", or ask for a key with --hep-key",
            _ => "",
        };
        bail!(
            "{option} {address}: other machines can reach it; say who may send with --allow{key}"
        );
    }

    /// Returns who may send.
    fn allows(&self) -> Box<Allows> {
        let allowed = self.allow.clone();
        Box::new(move |ip: IpAddr| {
            let ip = ip.to_canonical();
            allowed.is_empty() || allowed.iter().any(|range| range.contains(ip))
        })
    }

    /// Returns whether everything comes from a pipe, which can wait.
    pub(crate) fn is_pipe_only(&self) -> bool {
        let listens = !self.hep.is_empty() || !self.ipfix.is_empty();
        !listens && self.interfaces.iter().all(|name| name == "-")
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

/// Returns the address of a collector of IPFIX, which has a usual port.
fn parse_collector(text: &str) -> Result<SocketAddr, String> {
    let with_port = text.parse().ok();
    let ip = text.trim_start_matches('[').trim_end_matches(']');
    let without = || Some(SocketAddr::new(ip.parse().ok()?, ipfix::PORT));
    with_port
        .or_else(without)
        .ok_or_else(|| "expected an address such as 127.0.0.1 or 127.0.0.1:4739".to_owned())
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
