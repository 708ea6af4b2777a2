//! What a capture amounts to, in numbers.

mod counts;
mod retransmission;

pub use self::{
    counts::{Counts, Metric, Value},
    retransmission::Retransmissions,
};
