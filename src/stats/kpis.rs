//! All that is counted of one group in one stretch of time.

use crate::stats::{Calls, HopCounts, Messages, Names, Registrations, merge::accumulator};

accumulator! {
    /// Counts, times and profiles that can be merged in any order.
    Kpis {
        /// Messages and their transactions.
        messages: Messages,
        /// Calls.
        calls: Calls,
        /// Registrations.
        registrations: Registrations,
        /// OPTIONS requests that are over, by whom they were sent to.
        options_sent: Names,
        /// Those of them with a final response.
        options_answered: Names,
        /// What became of messages between capture points.
        hops: HopCounts,
    }
}
