//! What `sipcap split` is made of.

mod calls;
mod collect;
mod directory;
mod extras;
mod label;
mod manifest;
mod rest;

use self::{calls::CallNote, manifest::Manifest, rest::write_rest};
pub(crate) use self::{
    calls::Calls,
    collect::{By, Collector, MediaKind},
    directory::Directory,
    extras::{Extras, Wanted},
    label::{FileLabels, Labels},
};
