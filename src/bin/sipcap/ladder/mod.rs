//! What `sipcap ladder` is made of.

mod args;
mod collect;
mod draw;
mod find;
mod hide;
mod index;
mod job;
mod nearest;
mod target;
mod told;
mod wanted;
mod write;

pub(crate) use self::{
    args::{LadderArgs, MediaName},
    collect::{Collector, Content, Gap},
    draw::{Drawing, Format, ThemeName, TimeName},
    find::{Finder, Found, Group},
    hide::anonymize,
    job::Job,
    nearest::Nearest,
    target::Target,
    wanted::Wanted,
    write::{Directory, write_one},
};
