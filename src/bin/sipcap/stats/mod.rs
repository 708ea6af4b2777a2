//! `sipcap stats` in parts: how messages are counted, what is kept of a part, and how parts are put together.

mod border;
mod counting;
mod given;
mod merge;
mod partial;

pub(crate) use self::{counting::Counted, merge::merge, partial::partial};
