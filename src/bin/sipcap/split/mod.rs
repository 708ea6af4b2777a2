//! What `sipcap split` is made of.

mod calls;
mod collect;
mod label;
mod manifest;
mod rest;

use self::calls::CallNote;
pub(crate) use self::{
    calls::Calls,
    collect::{By, Collector, MediaKind},
    label::Labels,
    manifest::Manifest,
    rest::write_rest,
};
