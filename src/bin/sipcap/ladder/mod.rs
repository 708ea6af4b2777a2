//! What `sipcap ladder` is made of.

mod collect;
mod draw;
mod find;
mod index;
mod nearest;
mod write;

pub(crate) use self::{
    collect::{Collector, Gap, Wanted},
    draw::{Drawing, Format, ThemeName, TimeName},
    find::{Finder, Found, Group},
    nearest::Nearest,
    write::{Directory, write_one},
};
