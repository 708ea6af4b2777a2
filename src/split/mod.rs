//! Frames by Call-ID, and the files they go to.

mod file_name;
mod files;
mod index;
mod order;

pub use self::{
    file_name::{FileNames, sanitize},
    files::CallFiles,
    index::{CallEntry, CallFrames, FrameIndex},
    order::CaptureOrder,
};
