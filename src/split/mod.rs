//! Frames by call, and the files they go to.

mod file_name;
mod file_writer;
mod files;
mod index;
mod order;

pub use self::{
    file_name::{FileNames, NameStyle, sanitize},
    files::{CallFiles, Container, Existing, FileOptions, FileWritten, Labels, Written},
    index::{FrameIndex, Group, GroupFiles, GroupFrames},
    order::CaptureOrder,
};
