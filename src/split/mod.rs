//! Frames by call, and the files they go to.

mod file_name;
mod files;
mod index;
mod order;

pub use self::{
    file_name::{FileNames, NameStyle, sanitize},
    files::{CallFiles, Container, FileOptions, Label, Packing},
    index::{FrameIndex, Group, GroupFiles, GroupFrames},
    order::CaptureOrder,
};
