//! Rows and how they are written.
//!
//! What a row means is said once, in `rows`; a format knows how to write any of them.

mod csv;
mod full;
mod json;
mod message;
mod quality;
mod table;

pub use self::{
    csv::CsvRows,
    full::MessageText,
    json::JsonRows,
    message::MessageRow,
    quality::quality,
    table::MessageTable,
};
