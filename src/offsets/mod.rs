//! What the clocks of capture points are off by, estimated from messages that several points have seen.
//!
//! A message that goes from one point to the other is seen there later by its delay and by the offset of the clocks;
//! one that comes back is seen earlier by its delay, but for the offset. With the least delays of both directions the
//! offset is in the middle, if the way there takes as long as the way back; and whatever they take, it cannot be
//! farther from the middle than half of both.

mod fit;
mod network;
mod sightings;

pub use self::{
    fit::Fit,
    network::{Offsets, PairOffset, PointClock},
    sightings::Sightings,
};
