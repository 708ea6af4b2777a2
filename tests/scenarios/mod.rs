//! The same scenario, however it was captured, gives the same messages.

mod oracle;
