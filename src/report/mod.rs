//! Rows and how they are written.
//!
//! What a row means is said once, in `rows`; a format knows how to write any of them.

mod csv;
mod json;
mod message;
mod quality;

pub use self::{
    csv::CsvRows,
    json::JsonRows,
    message::MessageRow,
    quality::quality,
};
