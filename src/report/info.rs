//! What is in a capture, and how good it is.

mod agents;
mod controllers;

use std::{
    collections::BTreeMap,
    io::{self, Write},
    net::IpAddr,
    ops::ControlFlow,
    sync::Arc,
};

use hashbrown::HashMap;
use serde::Serialize;

use self::{agents::AgentRow, controllers::ControllerRow};
use crate::{
    capture::{InputSummary, Interface},
    error::Result,
    net::Transport,
    offsets::{Offsets, Sightings},
    pipeline::{Fate, Sighting, Sink, Summary},
    report::{
        JsonRows, Quality, clock_sentences, clocks::write_clock_rows, delays::Delays, quality,
    },
    sip::Message,
    text::printable,
    time::Timestamp,
};

/// Pairs of hosts that are remembered; with more of them, one-way traffic is told of these only.
const MAX_PAIRS: usize = 1 << 20;

/// Looks at the messages of a run for what only they tell: transports, and who never answers.
#[derive(Debug, Default)]
pub struct Overview {
    transports: BTreeMap<Transport, u64>,
    /// By pair of hosts, the lower one first: whether it sent, whether the other one did.
    pairs: HashMap<(IpAddr, IpAddr), (bool, bool)>,
    /// What capture points have seen, by their names: messages, and those that another one had seen before.
    points: BTreeMap<String, (u64, u64)>,
    sightings: Sightings,
    delays: Delays,
}

impl Overview {
    /// Returns an overview in which the clock of the first of these points counts.
    #[must_use]
    pub fn of_points(points: Vec<Arc<str>>) -> Self {
        Self {
            sightings: Sightings::new(points),
            ..Self::default()
        }
    }

    /// Counts what a point has seen.
    fn see(&mut self, message: &Message<'_>, is_first: bool) {
        let Some(point) = message.point else {
            return;
        };
        self.sightings.see(message);
        if !self.points.contains_key(point) {
            self.points.insert(point.to_owned(), (0, 0));
        }
        if let Some((first, again)) = self.points.get_mut(point) {
            *if is_first { first } else { again } += 1;
        }
    }
}

impl Sink for Overview {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.see(message, true);
        *self.transports.entry(message.flow.transport).or_default() += 1;
        let (src, dst) = (message.flow.src.ip(), message.flow.dst.ip());
        let (pair, is_lower) = if src <= dst {
            ((src, dst), true)
        } else {
            ((dst, src), false)
        };
        if self.pairs.len() < MAX_PAIRS || self.pairs.contains_key(&pair) {
            let (lower, upper) = self.pairs.entry(pair).or_default();
            *lower |= is_lower || src == dst;
            *upper |= !is_lower || src == dst;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        self.see(&sighting.message, false);
        self.delays.add(sighting);
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}

/// What `info` tells, section by section.
#[derive(Debug, Default)]
pub struct Info {
    /// Each with its interfaces.
    inputs: Vec<(InputRow, Vec<InterfaceRow>)>,
    agents: Vec<AgentRow>,
    controllers: Vec<ControllerRow>,
    sections: Vec<Section>,
    offsets: Offsets,
    delays: Delays,
}

/// A section of counts.
#[derive(Debug)]
struct Section {
    /// The `type` of its rows.
    name: &'static str,
    title: &'static str,
    rows: Vec<CountRow>,
    /// What the shares are shares of.
    total: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct InputRow {
    r#type: &'static str,
    input: String,
    format: &'static str,
    compression: Vec<&'static str>,
    size_bytes: u64,
    frames: u64,
    first: Option<String>,
    last: Option<String>,
    duration_ms: Option<i64>,
    application: Option<String>,
    /// Comments about the capture as a whole.
    notes: Vec<String>,
    /// How many comments are on packets.
    packet_comments: u64,
    /// How many addresses have a name in it.
    names: usize,
    /// How many blocks of secrets for decryption are in it.
    secrets: usize,
}

#[derive(Clone, Debug, Serialize)]
struct InterfaceRow {
    r#type: &'static str,
    input: String,
    interface: usize,
    name: Option<String>,
    link_type: u16,
    link_name: &'static str,
    snaplen: u32,
    frames: u64,
    dropped: Option<u64>,
}

#[derive(Clone, Debug, Serialize)]
struct CountRow {
    r#type: &'static str,
    name: String,
    #[serde(skip)]
    label: String,
    count: u64,
}

impl Info {
    /// Returns what there is to tell of a run.
    #[must_use]
    pub fn new(summary: &Summary, overview: Overview) -> Self {
        let frames = summary.balance.total();
        let messages = Some(summary.messages);
        let fate =
            |(fate, count): (Fate, u64)| (fate.name().to_owned(), fate.label().to_owned(), count);
        let fates = summary.balance.iter().map(fate);
        let encapsulations = summary
            .encapsulations
            .iter()
            .map(|(set, count)| plain(set, *count));
        let transports = overview
            .transports
            .iter()
            .map(|(transport, count)| plain(transport, *count));
        let points = overview.points.iter();
        let points = points.map(|(point, (first, again))| plain(&printable(point), first + again));
        let payloads = summary.agents.payloads().into_iter();
        let payloads =
            payloads.map(|(kind, count)| (kind.name().into(), kind.label().into(), count));
        let defects = summary.agents.defects();
        let defects =
            defects.map(|(defect, count)| (defect.name().into(), defect.label().into(), count));
        let controllers = &summary.controllers;
        let sets = controllers.kinds();
        let sets = sets.map(|(kind, count)| (kind.name().into(), kind.label().into(), count));
        let wrong = controllers.defects();
        let wrong = wrong.map(|(what, count)| (what.name().into(), what.label().into(), count));
        Self {
            inputs: summary
                .inputs
                .iter()
                .map(|input| (InputRow::new(input), interfaces(input).collect()))
                .collect(),
            agents: AgentRow::all(&summary.agents),
            controllers: ControllerRow::all(&summary.controllers),
            sections: vec![
                Section::new("fate", "Frames", fates, Some(frames)),
                Section::new(
                    "encapsulation",
                    "Encapsulations (frames)",
                    encapsulations,
                    Some(frames),
                ),
                Section::new("transport", "SIP messages", transports, messages),
                Section::new("hep-payload", "HEP packets by payload", payloads, None),
                Section::new("hep-defect", "HEP packets by what is wrong", defects, None),
                Section::new("ipfix-set", "IPFIX sets", sets, None),
                Section::new("ipfix-defect", "IPFIX by what is wrong", wrong, None),
                Section::new(
                    "quality",
                    "Capture quality",
                    all_quality(summary, &overview),
                    None,
                ),
                Section::new(
                    "point",
                    "Capture points (SIP messages seen there)",
                    points,
                    None,
                ),
            ],
            offsets: overview.sightings.offsets(),
            delays: overview.delays,
        }
    }

    /// Writes it as JSON Lines.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_json<W: Write>(&self, rows: &mut JsonRows<W>) -> io::Result<()> {
        for (input, interfaces) in &self.inputs {
            rows.row(input)?;
            interfaces.iter().try_for_each(|row| rows.row(row))?;
        }
        self.agents.iter().try_for_each(|row| rows.row(row))?;
        self.controllers.iter().try_for_each(|row| rows.row(row))?;
        self.sections
            .iter()
            .flat_map(|section| &section.rows)
            .try_for_each(|row| rows.row(row))?;
        write_clock_rows(&self.offsets, rows)?;
        self.delays.write_rows(rows)
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn write_text(&self, output: &mut impl Write) -> io::Result<()> {
        for (input, interfaces) in &self.inputs {
            input.write(output)?;
            interfaces
                .iter()
                .try_for_each(|interface| interface.write(output))?;
        }
        agents::write(&self.agents, output)?;
        controllers::write(&self.controllers, output)?;
        for section in self
            .sections
            .iter()
            .filter(|section| !section.rows.is_empty())
        {
            section.write(output)?;
        }
        let clocks = clock_sentences(&self.offsets);
        if !clocks.is_empty() {
            writeln!(output, "\nClocks")?;
        }
        clocks
            .iter()
            .try_for_each(|sentence| writeln!(output, "  {sentence}"))?;
        self.delays.write_text(output)
    }
}

impl Section {
    fn new(
        name: &'static str,
        title: &'static str,
        rows: impl Iterator<Item = (String, String, u64)>,
        total: Option<u64>,
    ) -> Self {
        let row = |(member, label, count)| CountRow {
            r#type: name,
            name: member,
            label,
            count,
        };
        Self {
            name,
            title,
            rows: rows.map(row).collect(),
            total,
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "\n{}", self.title)?;
        let label = self
            .rows
            .iter()
            .map(|row| row.label.chars().count())
            .max()
            .unwrap_or(0)
            .max("total".len());
        let biggest = self
            .total
            .unwrap_or(0)
            .max(self.rows.iter().map(|row| row.count).max().unwrap_or(0));
        let digits = biggest.to_string().len();
        for row in &self.rows {
            write!(output, "  {:label$}  {:>digits$}", row.label, row.count)?;
            match self.total.filter(|total| *total > 0) {
                Some(total) => writeln!(output, "  {:>6}", share(row.count, total))?,
                None => writeln!(output)?,
            }
        }
        match self.total {
            Some(total) if self.name == "fate" => {
                writeln!(output, "  {:label$}  {total:>digits$}", "total")
            }
            _ => Ok(()),
        }
    }
}

/// Returns a share in percent with two decimals, without a float in between.
fn share(count: u64, total: u64) -> String {
    let hundredths =
        (u128::from(count) * 10_000 + u128::from(total) / 2) / u128::from(total.max(1));
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

impl InputRow {
    fn new(input: &InputSummary) -> Self {
        let times = input.times;
        let text = |ts: Timestamp| ts.to_string();
        Self {
            r#type: "input",
            input: input.path.display().to_string(),
            format: input.format.name(),
            compression: input
                .compression
                .iter()
                .map(|compression| compression.name())
                .collect(),
            size_bytes: input.bytes,
            frames: input.frames,
            first: times.map(|times| text(times.min)),
            last: times.map(|times| text(times.max)),
            duration_ms: times.map(|times| times.max.since(times.min) / 1_000_000),
            application: input.application.clone(),
            notes: input.notes.clone(),
            packet_comments: input.packet_comments,
            names: input.names.len(),
            secrets: input.secrets.len(),
        }
    }

    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        writeln!(output, "{}", printable(&self.input))?;
        let compression: String = self
            .compression
            .iter()
            .map(|name| format!(", {name}"))
            .collect();
        writeln!(
            output,
            "  {}{compression}, {} bytes, {} frames",
            self.format, self.size_bytes, self.frames
        )?;
        if let (Some(first), Some(last), Some(duration_ms)) =
            (&self.first, &self.last, self.duration_ms)
        {
            writeln!(output, "  {first} to {last} ({})", duration(duration_ms))?;
        }
        if let Some(application) = &self.application {
            writeln!(output, "  written by {}", printable(application))?;
        }
        for line in self.notes.iter().flat_map(|note| note.lines()) {
            writeln!(output, "  note: {}", printable(line))?;
        }
        let besides = [
            (self.packet_comments, "comments on packets"),
            (self.names as u64, "names of addresses"),
            (self.secrets as u64, "blocks of secrets for decryption"),
        ];
        let besides = besides.iter().filter(|(count, _)| *count > 0);
        let besides: Vec<String> = besides
            .map(|(count, what)| format!("{what}: {count}"))
            .collect();
        if besides.is_empty() {
            return Ok(());
        }
        writeln!(output, "  {}", besides.join(", "))
    }
}

/// Returns a duration as people say it: `1h 02m 03s`, `4.567s`.
fn duration(millis: i64) -> String {
    let (seconds, rest) = (millis / 1000, millis % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}.{rest:03}s"),
        (0, minutes) => format!("{minutes}m {:02}s", seconds % 60),
        (hours, minutes) => format!("{hours}h {minutes:02}m {:02}s", seconds % 60),
    }
}

fn interfaces(input: &InputSummary) -> impl Iterator<Item = InterfaceRow> + '_ {
    let row = |(index, interface): (usize, &Interface)| InterfaceRow {
        r#type: "interface",
        input: input.path.display().to_string(),
        interface: index,
        name: interface.name.clone(),
        link_type: interface.link.0,
        link_name: interface.link.name().unwrap_or("unknown"),
        snaplen: interface.snaplen,
        frames: interface.frames,
        dropped: interface.dropped,
    };
    input.interfaces.iter().enumerate().map(row)
}

impl InterfaceRow {
    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        write!(output, "  interface {}", self.interface)?;
        if let Some(name) = &self.name {
            write!(output, " ({})", printable(name))?;
        }
        write!(
            output,
            ": {} ({}), {} frames",
            self.link_name, self.link_type, self.frames
        )?;
        if self.snaplen > 0 {
            write!(output, ", snapshot length {}", self.snaplen)?;
        }
        match self.dropped {
            Some(dropped) => writeln!(output, ", {dropped} dropped by the capture"),
            None => writeln!(output),
        }
    }
}

fn plain(name: &impl ToString, count: u64) -> (String, String, u64) {
    (name.to_string(), name.to_string(), count)
}

/// Returns how good the captures are, with what only the messages tell.
fn all_quality(
    summary: &Summary,
    overview: &Overview,
) -> impl Iterator<Item = (String, String, u64)> {
    let one_way = overview
        .pairs
        .values()
        .filter(|(lower, upper)| lower != upper)
        .count() as u64;
    let label = "pairs of hosts with SIP one way only";
    let own = quality(summary).into_iter();
    own.chain([Quality {
        name: "one-way-pairs",
        label,
        count: one_way,
    }])
    .map(|Quality { name, label, count }| (name.to_owned(), label.to_owned(), count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_to_two_decimals() {
        for (count, total, text) in [
            (1, 3, "33.33%"),
            (2, 3, "66.67%"),
            (1, 1, "100.00%"),
            (0, 5, "0.00%"),
            (1, 20_001, "0.00%"),
        ] {
            assert_eq!(share(count, total), text);
        }
    }

    #[test]
    fn durations_are_short() {
        for (millis, text) in [
            (0, "0.000s"),
            (4_567, "4.567s"),
            (62_000, "1m 02s"),
            (3_723_000, "1h 02m 03s"),
        ] {
            assert_eq!(duration(millis), text);
        }
    }
}
