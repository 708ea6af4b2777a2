//! The interfaces of a file of selected calls.

use std::io::Write;

use hashbrown::HashMap;

use crate::{
    capture::{Frame, InputSummary, Inputs, InterfaceNote, PcapNgWriter},
    time::Timestamp,
};

/// An interface of an input.
type Source = (u16, u16);

/// The interfaces of the inputs, and those of the file.
#[derive(Debug)]
pub(super) struct Interfaces {
    /// What is told of each that has frames in the file.
    notes: HashMap<Source, InterfaceNote>,
    has_points: bool,
    /// Those that are described, by what is told of them.
    described: Vec<(InterfaceNote, Vec<Source>)>,
    numbers: HashMap<Source, u32>,
}

impl Interfaces {
    /// Returns those of a file that these frames are going to be in: an interface of a capture point has its name. Where
    /// there are points, names of other interfaces are in descriptions only, so that they are not taken for points.
    pub(super) fn new(
        inputs: &Inputs,
        summaries: &[InputSummary],
        frames: impl Iterator<Item = Frame>,
    ) -> Self {
        let mut finest: HashMap<Source, bool> = HashMap::new();
        for frame in frames {
            let source = (frame.origin.input, frame.interface);
            // Clocks that were put right have finer times than they had.
            *finest.entry(source).or_default() |= frame.ts.nanos() % 1_000 != 0;
        }
        let point = |(input, interface)| inputs.place(input, interface)?.point;
        let has_points = finest.keys().any(|source| point(*source).is_some());
        let note = |(source, is_fine): (&Source, &bool)| {
            let summary = summaries.get(usize::from(source.0))?;
            let interface = summary.interfaces.get(usize::from(source.1))?;
            let own = interface.name.as_deref().unwrap_or_default();
            let (name, description) = match point(*source) {
                Some(point) if *point == *own => (own.to_owned(), ""),
                Some(point) => (point.to_string(), own),
                None if has_points => (String::new(), own),
                None => (own.to_owned(), ""),
            };
            let mut note = InterfaceNote::of(interface, name, description.to_owned());
            note.is_nanos |= is_fine;
            Some((*source, note))
        };
        Self {
            notes: finest.iter().filter_map(note).collect(),
            has_points,
            described: Vec::new(),
            numbers: HashMap::new(),
        }
    }

    /// Returns whether any of them is of a capture point.
    pub(super) const fn has_points(&self) -> bool {
        self.has_points
    }

    /// Returns the interface for a frame, described before its first frame.
    pub(super) fn of<W: Write>(&mut self, frame: &Frame, writer: &mut PcapNgWriter<W>) -> u32 {
        let source = (frame.origin.input, frame.interface);
        if let Some(number) = self.numbers.get(&source) {
            return *number;
        }
        let unknown = || InterfaceNote {
            link: frame.link,
            snaplen: 0,
            name: String::new(),
            description: String::new(),
            is_nanos: true,
            fcs_len: 0,
        };
        let note = self.notes.get(&source).cloned().unwrap_or_else(unknown);
        let known = self.described.iter().position(|(known, _)| *known == note);
        let place = known.unwrap_or_else(|| {
            writer.interface(&note);
            self.described.push((note, Vec::new()));
            self.described.len() - 1
        });
        if let Some((_, sources)) = self.described.get_mut(place) {
            sources.push(source);
        }
        let number = u32::try_from(place).unwrap_or(u32::MAX);
        self.numbers.insert(source, number);
        number
    }

    /// Tells when the capture ended, and how many frames were lost where the inputs tell it.
    pub(super) fn finish<W: Write>(
        &self,
        summaries: &[InputSummary],
        end: Option<Timestamp>,
        writer: &mut PcapNgWriter<W>,
    ) {
        let lost = |(input, interface): &Source| {
            let summary = summaries.get(usize::from(*input))?;
            summary.interfaces.get(usize::from(*interface))?.dropped
        };
        for (number, (_, sources)) in (0..).zip(&self.described) {
            let lost: Option<u64> = sources.iter().filter_map(lost).reduce(u64::saturating_add);
            match (end, lost) {
                (Some(end), _) => writer.ended(number, end, lost),
                (None, Some(lost)) => writer.dropped(number, lost),
                (None, None) => {}
            }
        }
    }
}
