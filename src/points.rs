//! Capture points: the names of the places where frames were captured.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    capture::{Correction, InputSummary, Interface, Place, Places, WIRE},
    offsets::Offsets,
};

/// What captures of several points are said to be written by: the names of their interfaces are those of the points.
pub const WRITTEN_BY: &str = "sipcap merge";
/// What captures of selected calls are said to be written by: those whose interfaces are not of named points, and those
/// where they are, if they have a name.
pub const SAVED_BY: &str = "sipcap calls";
/// See [`SAVED_BY`].
pub const SAVED_BY_POINT: &str = "sipcap calls, by point";

/// Returns whether an input has nothing but calls that were selected from another capture.
#[must_use]
pub fn is_saved(input: &InputSummary) -> bool {
    let application = input.application.as_deref();
    matches!(application, Some(SAVED_BY | SAVED_BY_POINT))
}

/// The names of capture points, which inputs were captured at which of them, and what their clocks are off by.
#[derive(Clone, Debug, Default)]
pub struct Points {
    /// By the number of the path under which inputs are found.
    names: BTreeMap<usize, Arc<str>>,
    /// Whether interfaces of other inputs are points by their names.
    has_interfaces: bool,
    offsets: Offsets,
}

impl Points {
    /// Names the point at which inputs were captured that are found under a path.
    pub fn name(&mut self, path: usize, name: &str) {
        self.names.insert(path, Arc::from(name));
    }

    /// Takes the interfaces of inputs without a name for points, by their own names.
    pub const fn take_interfaces(&mut self) {
        self.has_interfaces = true;
    }

    /// Puts clocks right by these offsets.
    pub fn align(&mut self, offsets: Offsets) {
        self.offsets = offsets;
    }

    /// Returns the names that were given, each once, in the order of the paths.
    #[must_use]
    pub fn names(&self) -> Vec<Arc<str>> {
        let mut names: Vec<Arc<str>> = Vec::new();
        for name in self.names.values() {
            if !names.contains(name) {
                names.push(Arc::clone(name));
            }
        }
        names
    }

    /// Returns the name of the point at which frames of an interface were captured, if it has one.
    fn of<'a>(
        &'a self,
        path: usize,
        known: &InputSummary,
        interface: &'a Interface,
    ) -> Option<&'a str> {
        if let Some(name) = self.names.get(&path) {
            return Some(name);
        }
        let application = known.application.as_deref();
        if self.has_interfaces || matches!(application, Some(WRITTEN_BY | SAVED_BY_POINT)) {
            interface.name.as_deref()
        } else {
            None
        }
    }
}

impl Places for Points {
    fn place(&self, path: usize, known: &InputSummary, interface: &Interface) -> Place {
        let point = self.of(path, known, interface);
        let clock = self.offsets.of(point.unwrap_or(WIRE));
        let corrections = clock.map(|clock| Arc::clone(&clock.corrections));
        Place::new(point, corrections.unwrap_or_default())
    }

    fn clock_of_agent(&self, label: &str) -> Arc<[Correction]> {
        let clock = self.offsets.of(label);
        clock.map_or_else(Arc::default, |clock| Arc::clone(&clock.corrections))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Resolution};

    #[test]
    fn points_are_inputs_by_name_or_interfaces_of_merged_captures() {
        let mut points = Points::default();
        points.name(3, "core");
        points.name(1, "edge");
        points.name(2, "core");
        assert_eq!(points.names(), ["edge", "core"].map(Arc::from));
        let interface = Interface {
            link: LinkType::ETHERNET,
            name: Some("eth0".to_owned()),
            snaplen: 0,
            resolution: Resolution::Decimal(6),
            offset_secs: 0,
            fcs_len: 0,
            frames: 0,
            dropped: None,
        };
        let written_by = |application: &str| InputSummary {
            application: Some(application.to_owned()),
            ..InputSummary::default()
        };
        let (merged, other) = (written_by("sipcap merge"), written_by("Dumpcap"));
        let all = |points: &Points, summary: &InputSummary| {
            let name = |path| points.place(path, summary, &interface).point;
            let names = (0..5).map(|path| name(path).unwrap_or_else(|| Arc::from("-")));
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all(&points, &other), "- edge core core -");
        assert_eq!(all(&points, &merged), "eth0 edge core core eth0");
        points.take_interfaces();
        assert_eq!(all(&points, &other), "eth0 edge core core eth0");
    }
}
