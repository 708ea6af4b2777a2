//! Frames by call, and the files they go to.

mod file_name;
mod file_writer;
mod files;
mod index;
mod live_files;
mod order;
mod spool;
mod window;

pub use self::{
    file_name::{FileNames, NameStyle, sanitize},
    files::{CallFiles, Container, Existing, FileOptions, FileWritten, Labels, Written},
    index::{FrameIndex, Group, GroupFiles, GroupFrames},
    live_files::LiveFileOptions,
    order::CaptureOrder,
    spool::{Spool, Spooled},
    window::{FrameWindow, WindowReader},
};
