//! The same scenario, however it was captured, gives the same messages.

mod captures;
mod figures;
mod matrix;
mod notices;
mod oracle;
mod parts;
mod same_bytes;
mod statistics;
mod taps;
mod tracking;
