//! What `sipcap live` is made of.

mod collectors;
mod exposition;
mod guard;
mod meter;
mod metrics;
mod privileges;
mod pulse;
mod record;
mod rows;
mod screen;
mod signals;
mod sink;
mod sources;
mod split;

pub(crate) use self::{
    guard::{Gauges, Guard},
    meter::Meter,
    metrics::{MetricsArgs, Page, serve},
    privileges::become_user,
    pulse::Pulse,
    record::RecordArgs,
    rows::{LiveRows, Shown},
    screen::Screen,
    signals::Signals,
    sink::{LiveSink, Telling},
    sources::{SourceArgs, list_interfaces, tell_counts, tell_recorded},
    split::{CallSplit, SplitArgs},
};
