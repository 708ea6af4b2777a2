//! Legs: the calls that a B2BUA makes one of, joined again.
//!
//! Messages leave [`Clues`] with their call, which are hashes of what may be found again in another leg. When legs
//! are over, [`Correlator`] finds the pairs that may be of one call by keys that both have, adds up what speaks for
//! each pair and joins those that nothing else rivals with. Of media and of what else is not SIP it knows nothing.

mod choose;
mod clues;
mod correlator;
mod evidence;
mod index;
mod leg;
mod options;
mod passport;
mod user;

pub(crate) use self::clues::Clues;
pub use self::{
    correlator::{Correlator, Link},
    evidence::Evidence,
    leg::LegPlace,
    options::{Correlation, CorrelationLevel},
};
