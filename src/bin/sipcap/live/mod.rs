//! What `sipcap live` is made of.

mod guard;
mod privileges;
mod record;
mod rows;
mod signals;
mod sink;
mod sources;

pub(crate) use self::{
    guard::{Gauges, Guard},
    privileges::become_user,
    record::RecordArgs,
    rows::{LiveRows, Shown},
    signals::Signals,
    sink::{LiveSink, Telling},
    sources::{SourceArgs, list_interfaces, tell_counts, tell_recorded},
};
