//! Ladders: what is drawn of a call, and what it looks like.

mod browser;
mod cast;
mod golden;
mod hostile;
mod layout;
mod media;

use std::ops::ControlFlow;

use sipcap::{
    capture::{InputOptions, Inputs},
    ladder::{Ladder, LadderOptions},
    pipeline::{Options, Pipeline, Sink, Summary},
    sip::{Message, MessageBuf},
};

use crate::support::{matrix::Variant, scenario::Scenario};

/// Who keeps all messages.
struct Messages(Vec<MessageBuf>);

impl Sink for Messages {
    fn message(&mut self, message: &Message<'_>) -> sipcap::error::Result<ControlFlow<()>> {
        self.0.push(message.to_buf());
        Ok(ControlFlow::Continue(()))
    }

    fn finish(&mut self, _: &Summary) -> sipcap::error::Result<()> {
        Ok(())
    }
}

/// Returns the messages of a scenario that is captured this way.
fn messages(scenario: &Scenario, variant: Variant) -> Vec<MessageBuf> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), variant.encode(&variant.capture(scenario))).unwrap();
    let mut inputs = Inputs::open(&[file.path().into()], &InputOptions::default()).unwrap();
    let mut messages = Messages(Vec::new());
    Pipeline::new(&mut inputs, &Options::default())
        .run(&mut messages)
        .unwrap();
    messages.0
}

/// Returns the ladder of all messages of a scenario.
fn ladder(scenario: &Scenario, variant: Variant) -> Ladder {
    Ladder::new(&messages(scenario, variant), &LadderOptions::default())
}
