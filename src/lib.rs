//! sipcap reads captures of SIP traffic.

pub mod capture;
pub mod error;
pub mod filter;
pub mod net;
pub mod packet;
pub mod pipeline;
pub mod report;
pub mod sip;
pub mod span;
pub mod split;
pub mod stats;
pub mod stream;
pub mod text;
pub mod time;
