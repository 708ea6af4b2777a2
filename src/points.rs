//! Capture points: the names of the places where frames were captured.

use crate::capture::{InputSummary, Interface};

/// What captures of several points are said to be written by: the names of their interfaces are those of the points.
pub const WRITTEN_BY: &str = "sipcap merge";

/// The names of capture points, and which inputs were captured at which of them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Points {
    names: Vec<String>,
    /// By input: its point.
    inputs: Vec<Option<u16>>,
    /// Whether interfaces of other inputs are points by their names.
    has_interfaces: bool,
}

impl Points {
    /// Names the point at which an input was captured.
    pub fn name(&mut self, input: u16, name: &str) {
        let known = self.names.iter().position(|known| known == name);
        let point = known.unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        let index = usize::from(input);
        if self.inputs.len() <= index {
            self.inputs.resize(index + 1, None);
        }
        self.inputs[index] = u16::try_from(point).ok();
    }

    /// Takes the interfaces of inputs without a name for points, by their own names.
    pub const fn take_interfaces(&mut self) {
        self.has_interfaces = true;
    }

    /// Returns the name of the point at which frames of an interface of an input were captured, if it has one.
    #[must_use]
    pub fn of<'a>(
        &'a self,
        input: u16,
        summary: &'a InputSummary,
        interface: Option<&'a Interface>,
    ) -> Option<&'a str> {
        let named = self.inputs.get(usize::from(input)).copied().flatten();
        if let Some(name) = named.and_then(|point| self.names.get(usize::from(point))) {
            return Some(name);
        }
        if self.has_interfaces || summary.application.as_deref() == Some(WRITTEN_BY) {
            interface?.name.as_deref()
        } else {
            None
        }
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
            let name = |input| points.of(input, summary, Some(&interface));
            let names = (0..5).map(|input| name(input).unwrap_or("-"));
            names.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(all(&points, &other), "- edge core core -");
        assert_eq!(all(&points, &merged), "eth0 edge core core eth0");
        assert_eq!(points.of(0, &merged, None), None);
        points.take_interfaces();
        assert_eq!(all(&points, &other), "eth0 edge core core eth0");
    }
}
