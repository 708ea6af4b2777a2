//! What session border controllers sent by IPFIX, in numbers.

use std::net::IpAddr;

use hashbrown::HashMap;

use crate::ipfix::{Connect, Defect, SetKind};

/// Controllers that are told apart at most; what the others sent is counted together.
const CAPACITY: usize = 4096;

/// What one controller sent.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ControllerCounts {
    /// What it is called, if it told.
    pub name: Option<Box<[u8]>>,
    /// The version of the protocol that it speaks, if it told.
    pub version: Option<(u16, u16)>,
    /// After how many seconds without anything it sends a keep-alive, if it told.
    pub keep_alive_secs: Option<u16>,
    /// Messages of IPFIX.
    pub messages: u64,
    /// Octets in them.
    pub octets: u64,
    /// Sets in them.
    pub sets: u64,
    /// The most sets of one message.
    pub most_sets: u64,
    /// Sets with SIP.
    pub sip: u64,
    /// How often it asked to connect.
    pub connects: u64,
    /// Keep-alives.
    pub keep_alives: u64,
}

/// What all controllers sent.
#[derive(Clone, Debug, Default)]
pub struct Controllers {
    by_address: HashMap<IpAddr, ControllerCounts>,
    /// What controllers sent that came when there were too many.
    others: ControllerCounts,
    kinds: [u64; SetKind::ALL.len()],
    defects: [u64; Defect::ALL.len()],
}

impl Controllers {
    /// Counts a message of a controller with so many octets and sets.
    pub(crate) fn count_message(&mut self, address: IpAddr, octets: usize, sets: usize) {
        let counts = self.of_mut(address);
        counts.messages += 1;
        counts.octets += octets as u64;
        counts.sets += sets as u64;
        counts.most_sets = counts.most_sets.max(sets as u64);
    }

    /// Counts a set of a controller.
    pub(crate) fn count_set(&mut self, address: IpAddr, kind: SetKind) {
        if let Some(count) = self.kinds.get_mut(kind as usize) {
            *count += 1;
        }
        let counts = self.of_mut(address);
        counts.sip += u64::from(kind.is_sip());
        counts.connects += u64::from(kind == SetKind::Connect);
        counts.keep_alives += u64::from(kind == SetKind::KeepAlive);
    }

    /// Takes note of what a controller told of itself.
    pub(crate) fn note(&mut self, address: IpAddr, connect: &Connect<'_>) {
        let counts = self.of_mut(address);
        counts.version = Some(connect.version);
        counts.keep_alive_secs = Some(connect.keep_alive_secs);
        if !connect.host.is_empty() {
            counts.name = Some(connect.host.into());
        }
    }

    /// Counts something wrong.
    pub(crate) fn count_defect(&mut self, defect: Defect) {
        if let Some(count) = self.defects.get_mut(defect as usize) {
            *count += 1;
        }
    }

    fn of_mut(&mut self, address: IpAddr) -> &mut ControllerCounts {
        if self.by_address.len() >= CAPACITY && !self.by_address.contains_key(&address) {
            return &mut self.others;
        }
        self.by_address.entry(address).or_default()
    }

    /// Returns what each controller sent, by address; in the end, without an address, what those did that were too many.
    #[must_use]
    pub fn counts(&self) -> Vec<(Option<IpAddr>, &ControllerCounts)> {
        let mut counts: Vec<_> = self
            .by_address
            .iter()
            .map(|(address, counts)| (Some(*address), counts))
            .collect();
        counts.sort_unstable_by_key(|(address, _)| *address);
        if self.others.messages > 0 {
            counts.push((None, &self.others));
        }
        counts
    }

    /// Returns how many sets of which kind there were, without those that there were none of.
    pub fn kinds(&self) -> impl Iterator<Item = (SetKind, u64)> + '_ {
        let all = SetKind::ALL.iter().copied().zip(self.kinds);
        all.filter(|(_, count)| *count > 0)
    }

    /// Returns how often what was wrong, without what never was.
    pub fn defects(&self) -> impl Iterator<Item = (Defect, u64)> + '_ {
        let all = Defect::ALL.iter().copied().zip(self.defects);
        all.filter(|(_, count)| *count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controllers_are_counted_apart_as_long_as_there_is_room() {
        let mut controllers = Controllers::default();
        let ip = |number: u32| IpAddr::from(number.to_be_bytes());
        for number in 0..5_000 {
            controllers.count_message(ip(number), 100, 2);
            controllers.count_set(ip(number), SetKind::UdpEgress);
        }
        controllers.count_message(ip(7), 50, 3);
        let counts = controllers.counts();
        assert_eq!(counts.len(), CAPACITY + 1);
        let (_, seventh) = counts[7];
        assert_eq!(
            (
                seventh.messages,
                seventh.octets,
                seventh.sets,
                seventh.most_sets,
                seventh.sip
            ),
            (2, 150, 5, 3, 1)
        );
        let (address, others) = counts[CAPACITY];
        assert_eq!((address, others.messages), (None, 904));
        let kinds: Vec<_> = controllers.kinds().collect();
        assert_eq!(kinds, [(SetKind::UdpEgress, 5_000)]);
    }
}
