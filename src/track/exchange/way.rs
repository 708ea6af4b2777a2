//! The ways that a request goes at the hop that decides (RFC 3261 §16.6).

/// Branches of one fork remembered at most.
const MAX_WAYS: usize = 32;

/// The transactions of a request at the hop nearest to who sent it: one, or several if that is behind a proxy that forks.
#[derive(Debug)]
pub(super) struct Ways {
    /// How many Via values the request has at that hop; further hops have more.
    depth: u8,
    first: Way,
    others: Vec<Way>,
}

#[derive(Clone, Copy, Debug)]
struct Way {
    transaction: u64,
    /// Whether a final response came.
    is_over: bool,
}

impl Ways {
    pub(super) const fn new(transaction: u64, depth: u8) -> Self {
        Self {
            depth,
            first: Way::new(transaction),
            others: Vec::new(),
        }
    }

    /// Takes a request at a hop; returns whether that is nearer to who sent it. `is_by_sender` is whether it came from
    /// where the first one came from.
    pub(super) fn request(&mut self, transaction: u64, depth: u8, is_by_sender: bool) -> bool {
        let is_nearer = depth < self.depth;
        if is_nearer {
            *self = Self::new(transaction, depth);
        } else if depth == self.depth
            && is_by_sender
            && !self.knows(transaction)
            && self.others.len() < MAX_WAYS
        {
            self.others.reserve_exact(1);
            self.others.push(Way::new(transaction));
        }
        is_nearer
    }

    /// Returns whether the request was seen at that hop in a transaction.
    pub(super) fn knows(&self, transaction: u64) -> bool {
        self.iter().any(|way| way.transaction == transaction)
    }

    /// Returns whether a message with so many Via values is at that hop.
    pub(super) const fn are_at(&self, depth: u8) -> bool {
        depth <= self.depth
    }

    /// Takes a final response at that hop; returns whether no other way is open.
    pub(super) fn close(&mut self, transaction: u64) -> bool {
        let ways = std::iter::once(&mut self.first).chain(&mut self.others);
        for way in ways.filter(|way| way.transaction == transaction) {
            way.is_over = true;
        }
        // One of a way whose request was missed closes none; if there is but one, it must be that.
        self.others.is_empty() || self.iter().all(|way| way.is_over)
    }

    /// Returns how many octets of memory it has taken.
    pub(super) fn allocated(&self) -> usize {
        self.others.capacity() * size_of::<Way>()
    }

    fn iter(&self) -> impl Iterator<Item = &Way> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Way {
    const fn new(transaction: u64) -> Self {
        Self {
            transaction,
            is_over: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hop_nearest_to_the_sender_decides() {
        let mut ways = Ways::new(1, 2);
        assert!(!ways.request(2, 2, true));
        assert!(!ways.request(3, 3, true));
        assert!(!ways.request(5, 2, false));
        assert!(ways.knows(2) && !ways.knows(3) && !ways.knows(5));
        assert!(!ways.close(1), "the other branch is open");
        assert!(ways.close(2));
        assert!(ways.request(4, 1, false));
        assert!(ways.knows(4) && !ways.knows(1));
        assert!(ways.are_at(1) && !ways.are_at(2));
        assert!(ways.close(9), "there is no other");
    }

    #[test]
    fn memory_is_bounded() {
        let mut ways = Ways::new(0, 1);
        for transaction in 0..10_000 {
            ways.request(transaction, 1, true);
        }
        assert_eq!(ways.others.len(), MAX_WAYS);
    }
}
