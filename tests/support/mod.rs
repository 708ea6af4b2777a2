//! What the tests are built from: scenarios, the builder that turns them into captures, and the program under test.
//!
//! The builder shares no code with sipcap: it writes every header by hand from the RFCs, so that a mistake in a decoder cannot
//! hide behind the same mistake in an encoder.

pub(crate) mod container;
pub(crate) mod encapsulation;
pub(crate) mod expected;
pub(crate) mod hep;
pub(crate) mod ip;
pub(crate) mod ipfix;
pub(crate) mod matrix;
pub(crate) mod message;
pub(crate) mod program;
pub(crate) mod rows;
pub(crate) mod scenario;
pub(crate) mod tale;
pub(crate) mod transport;
