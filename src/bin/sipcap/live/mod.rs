//! What `sipcap live` is made of.

mod privileges;
mod rows;
mod sink;
mod sources;

pub(crate) use self::{
    privileges::become_user,
    rows::{LiveRows, Shown},
    sink::{LiveSink, Telling},
    sources::{SourceArgs, list_interfaces, tell_counts},
};
