//! What a capture amounts to, in numbers.
//!
//! [`Statistics`] takes messages, calls, bindings and events and adds them up in [`Kpis`], a set for each group that was
//! asked for and each stretch of time. Sets merge, so a part of a capture is counted like the whole. What they mean is
//! in one table, [`METRICS`]: a metric is a row there, and every output goes by it.

mod border;
mod calls;
mod cut;
mod hops;
mod kpis;
mod merge;
mod messages;
mod metric;
mod metrics;
mod names;
mod profile;
mod reading;
mod recent;
mod registrations;
mod samples;
mod seconds;
mod statistics;
mod tables;
mod transactions;

pub(crate) use self::metric::is_much;
pub use self::{
    border::{Border, BorderFinder},
    calls::Calls,
    cut::Dimension,
    hops::HopCounts,
    kpis::Kpis,
    merge::Merge,
    messages::{Messages, MethodCounts},
    metric::{Better, Breakdown, Doubts, Metric, Section, View},
    metrics::METRICS,
    names::Names,
    profile::{Level, Profile},
    reading::{Figure, Reading, Times},
    registrations::Registrations,
    samples::Samples,
    seconds::Seconds,
    statistics::{Cut, Definitions, Group, Plan, Statistics},
    tables::BREAKDOWNS,
};
