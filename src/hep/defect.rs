//! What can be wrong with a HEP packet.

use crate::named::labelled;

labelled! {
    /// Something wrong with a HEP packet; what is right of it is taken nevertheless.
    Defect {
        /// The total length is less than that of the header, or reaches over the end of the datagram.
        BadTotal = "bad-total", "total length does not fit";
        /// A chunk is shorter than its own header, or reaches over the end.
        BadChunk = "bad-chunk", "a chunk's length does not fit";
        /// The value of a chunk has another length than its type has.
        BadValue = "bad-value", "a chunk's value has a wrong length";
        /// The capture cut the packet.
        Cut = "cut", "cut by the snapshot length";
        /// It has a payload but no addresses for it.
        NoAddresses = "no-addresses", "no inner addresses";
        /// It has no time, or one that cannot be.
        NoTime = "no-time", "no time of its own";
        /// A compressed payload is none, or more than it may be.
        Undecodable = "undecodable", "payload cannot be decompressed";
        /// JSON that is none, or lacks what it should have.
        BadJson = "bad-json", "JSON that cannot be read";
        /// It says that it carries SIP and does not.
        NotSip = "not-sip", "announced as SIP and is none";
        /// A protocol that nobody assigned.
        UnknownProtocol = "unknown-protocol", "payload of an unknown protocol";
    }
}

/// Some defects, as a set.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Defects(u32);

impl Defects {
    /// Adds one.
    pub const fn insert(&mut self, defect: Defect) {
        self.0 |= 1 << defect as u32;
    }

    /// Returns whether it has one.
    #[must_use]
    pub const fn contains(self, defect: Defect) -> bool {
        self.0 & (1 << defect as u32) != 0
    }

    /// Returns all it has, in the order of output.
    pub fn iter(self) -> impl Iterator<Item = Defect> {
        let all = Defect::ALL.iter().copied();
        all.filter(move |defect| self.contains(*defect))
    }
}

impl FromIterator<Defect> for Defects {
    fn from_iter<I: IntoIterator<Item = Defect>>(defects: I) -> Self {
        let mut set = Self::default();
        defects.into_iter().for_each(|defect| set.insert(defect));
        set
    }
}
