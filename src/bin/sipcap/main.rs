//! The `sipcap` command.
fn main() {}
