//! sipcap reads captures of SIP traffic.

pub mod capture;
pub mod error;
pub mod net;
pub mod packet;
pub mod pipeline;
pub mod sip;
pub mod span;
pub mod stream;
pub mod time;
