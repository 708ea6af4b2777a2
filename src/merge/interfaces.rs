//! The interfaces of a merged file: one for all that were captured at one point in one way.

use std::{io::Write, net::IpAddr, path::Path};

use hashbrown::{HashMap, HashSet};

use super::coverage::Coverage;
use crate::capture::{InputSummary, Inputs, InterfaceNote, PcapNgWriter};

/// Endings of file names that say nothing about where a capture is from.
const ENDINGS: [&str; 6] = [".gz", ".zst", ".lz4", ".pcapng", ".pcap", ".cap"];

/// Where frames of an interface of an input belong.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The number of the point.
    pub(super) point: usize,
    /// The number of the interface as it is told.
    pub(super) note: usize,
}

/// The interfaces of all inputs, and those of the merged file.
#[derive(Debug)]
pub(super) struct Interfaces {
    /// What inputs are called that are of no named point.
    names: Vec<String>,
    places: HashMap<(u16, u16), Place>,
    numbers: HashMap<InterfaceNote, usize>,
    /// By number: the note and the interface of the file, which is described before its first frame.
    notes: Vec<(InterfaceNote, Option<u32>)>,
    /// By input: how many secrets and names of it are written.
    noted: HashMap<u16, (usize, usize)>,
    hosts: HashSet<(IpAddr, String)>,
}

impl Interfaces {
    /// Returns those of a file in which no frame is yet.
    pub(super) fn new(inputs: &Inputs) -> Self {
        let paths: Vec<&Path> = inputs.paths().collect();
        Self {
            names: names(&paths),
            places: HashMap::new(),
            numbers: HashMap::new(),
            notes: Vec::new(),
            noted: HashMap::new(),
            hosts: HashSet::new(),
        }
    }

    /// Returns where frames of an interface of an input belong.
    pub(super) fn of(
        &mut self,
        input: u16,
        interface: u16,
        known: &InputSummary,
        point: Option<&str>,
        coverage: &mut Coverage,
    ) -> Place {
        if let Some(place) = self.places.get(&(input, interface)) {
            return *place;
        }
        let described = known.interfaces.get(usize::from(interface));
        let unnamed = self
            .names
            .get(usize::from(input))
            .map_or("-", String::as_str);
        let name = point.unwrap_or(unnamed);
        let own = described.and_then(|described| described.name.as_deref());
        let description = own.filter(|own| *own != name).unwrap_or_default();
        let point = coverage.point(name);
        let note = described
            .map(|described| InterfaceNote::of(described, name.to_owned(), description.to_owned()));
        let place = Place {
            point,
            note: note.map_or(0, |note| self.number(note)),
        };
        self.places.insert((input, interface), place);
        place
    }

    fn number(&mut self, note: InterfaceNote) -> usize {
        *self.numbers.entry(note).or_insert_with_key(|note| {
            self.notes.push((note.clone(), None));
            self.notes.len() - 1
        })
    }

    /// Returns an interface of the file, described before its first frame.
    pub(super) fn described<W: Write>(&mut self, note: usize, writer: &mut PcapNgWriter<W>) -> u32 {
        let Some((note, described)) = self.notes.get_mut(note) else {
            return 0;
        };
        *described.get_or_insert_with(|| writer.interface(note))
    }

    /// Writes secrets and names of hosts that have come up in an input.
    pub(super) fn note<W: Write>(
        &mut self,
        input: u16,
        known: &InputSummary,
        writer: &mut PcapNgWriter<W>,
    ) {
        if known.secrets.is_empty() && known.names.is_empty() {
            return;
        }
        let (secrets, names) = self.noted.entry(input).or_default();
        let fresh = known.secrets.get(*secrets..).unwrap_or_default();
        fresh.iter().for_each(|fresh| writer.secrets(fresh));
        let fresh = known.names.get(*names..).unwrap_or_default();
        let fresh = fresh
            .iter()
            .filter(|host| self.hosts.insert((*host).clone()));
        writer.names(&fresh.cloned().collect::<Vec<_>>());
        (*secrets, *names) = (known.secrets.len(), known.names.len());
    }

    /// Tells how many frames were lost where the inputs tell it.
    pub(super) fn finish<W: Write>(&self, inputs: &[InputSummary], writer: &mut PcapNgWriter<W>) {
        let mut lost: Vec<Option<u64>> = vec![None; self.notes.len()];
        for (&(input, interface), place) in &self.places {
            let summary = inputs.get(usize::from(input));
            let known = summary.and_then(|known| known.interfaces.get(usize::from(interface)));
            if let (Some(dropped), Some(lost)) = (
                known.and_then(|known| known.dropped),
                lost.get_mut(place.note),
            ) {
                *lost = Some(lost.unwrap_or_default().saturating_add(dropped));
            }
        }
        for ((_, described), lost) in self.notes.iter().zip(lost) {
            if let (Some(interface), Some(lost)) = (described, lost) {
                writer.dropped(*interface, lost);
            }
        }
    }
}

/// Returns what inputs are called: their file names without endings, or the paths of those that share one.
fn names(paths: &[&Path]) -> Vec<String> {
    let stems: Vec<String> = paths.iter().map(|path| stem(path)).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for stem in &stems {
        *counts.entry(stem).or_default() += 1;
    }
    let name = |(path, stem): (&&Path, &String)| match counts.get(stem.as_str()) {
        Some(1) => stem.clone(),
        _ => path.display().to_string(),
    };
    paths.iter().zip(&stems).map(name).collect()
}

fn stem(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    let name = name.to_string_lossy();
    let mut stem: &str = &name;
    while let Some(shorter) = ENDINGS.iter().find_map(|ending| stem.strip_suffix(ending)) {
        stem = shorter;
    }
    if stem.is_empty() { &name } else { stem }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_called_by_their_file_names() {
        let paths = [
            "/a/edge.pcap.gz",
            "core.pcapng",
            "/a/tap.pcap",
            "/b/tap.pcap",
            "-",
            ".pcap",
        ];
        let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
        let expected = ["edge", "core", "/a/tap.pcap", "/b/tap.pcap", "-", ".pcap"];
        assert_eq!(names(&paths), expected);
    }
}
