//! `sipcap parse`: what the parser sees in a text.

use crate::{exit::Outcome, ui::Ui};

/// Show what the parser sees in pasted text
#[derive(clap::Args, Debug)]
pub(crate) struct ParseArgs {}

pub(crate) fn run(_: &ParseArgs, _: &mut Ui) -> anyhow::Result<Outcome> {
    Ok(Outcome::Done)
}
