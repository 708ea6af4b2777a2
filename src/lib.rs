//! Analysis of captures of SIP traffic: bytes go in on the left, messages come out in the middle, and every command
//! is one small consumer on the right.
//!
//! ```text
//!  file | - | pipe
//!         │ bytes                              capture    framing only: knows no packet, no SIP
//!         ▼
//!      Batch: whole records, some 256 KiB ───── buffers come back
//!         ├──────────┬──────────┐              pipeline   packet::decode → sip::Head::parse, in parallel, no state
//!         ▼          ▼          ▼
//!      units      units      units
//!         └──────────┴──────────┘              back in the order of the capture, several inputs merged by time
//!         ▼
//!      ordered stage: tap duplicates, fragments, streams, associations
//!         ▼
//!      Message ──► Sink: rows · text · counts · files
//! ```
//!
//! [`capture::Inputs`] reads, [`pipeline::Pipeline`] runs, and a [`pipeline::Sink`] takes each [`sip::Message`]. The
//! outcome depends on the captures alone: not on threads, block sizes or the clock of this machine.
//!
//! Terms are those of RFC 3261. Two more are ours: a *call* is all dialogs of one Call-ID that an INVITE began, and a
//! *leg* is one Call-ID of a call that a back-to-back user agent joined from several.
//!
//! # Examples
//! ```
//! use std::ops::ControlFlow;
//!
//! use sipcap::{
//!     capture::{InputOptions, Inputs},
//!     error::Result,
//!     pipeline::{Options, Pipeline, Sink, Summary},
//!     sip::Message,
//! };
//!
//! struct Count(u64);
//!
//! impl Sink for Count {
//!     fn message(&mut self, _: &Message<'_>) -> Result<ControlFlow<()>> {
//!         self.0 += 1;
//!         Ok(ControlFlow::Continue(()))
//!     }
//!
//!     fn finish(&mut self, _: &Summary) -> Result<()> {
//!         Ok(())
//!     }
//! }
//!
//! let mut inputs = Inputs::open(&["testdata/captures/call.pcap".into()], &InputOptions::default())?;
//! let mut count = Count(0);
//! let summary = Pipeline::new(&mut inputs, &Options::default()).run(&mut count)?;
//! assert_eq!(count.0, summary.messages);
//! assert_eq!(summary.balance.total(), summary.inputs[0].frames);
//! # Ok::<(), sipcap::error::Error>(())
//! ```

pub mod capture;
mod clock;
pub mod duration;
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
pub mod track;
