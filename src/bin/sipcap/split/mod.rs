//! What `sipcap split` is made of.

mod calls;
mod collect;
mod directory;
mod extras;
mod label;
mod manifest;
mod reports;
mod rest;

pub(crate) use self::{
    calls::{CallNote, Calls},
    collect::{By, Collector, Found, MediaKind},
    directory::Directory,
    extras::{Extras, Wanted},
    label::{FileLabels, Labels},
};
use self::{manifest::Manifest, reports::Reports, rest::write_rest};
