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
//!         └──────► track::Tracker ──► Observer: events · calls · bindings · exchanges
//! ```
//!
//! [`capture::Inputs`] reads, [`pipeline::Pipeline`] runs, and a [`pipeline::Sink`] takes each [`sip::Message`]. A sink that
//! follows calls, registrations and the rest gives them to a [`track::Tracker`], which tells a [`track::Observer`]. The
//! outcome depends on the captures alone: not on threads, block sizes or the clock of this machine.
//!
//! Terms are those of RFC 3261. Two more are ours: a *call* is what one caller's tag began by INVITE under one Call-ID,
//! with its retries and all branches of its forks, and a *leg* is one of the calls that a back-to-back user agent made of
//! one.
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
pub mod hep;
pub mod ipfix;
pub mod ladder;
pub mod media;
pub mod merge;
mod named;
pub mod net;
pub mod offsets;
pub mod packet;
pub mod pipeline;
pub mod points;
pub mod report;
pub mod session;
pub mod sip;
pub mod span;
pub mod split;
pub mod stats;
pub mod stream;
pub mod text;
pub mod time;
pub mod trace;
pub mod track;
