//! Saving the selected calls in a capture file of their own.

mod args;

use std::{
    path::{Path, PathBuf},
    sync::atomic::Ordering,
};

use anyhow::bail;
use sipcap::{
    session::{About, FrameNotes, save},
    time::Timestamp,
    track::TrackOptions,
};

pub(crate) use self::args::{SaveArgs, name_book};
use crate::{
    choose::Choice,
    cli::InputArgs,
    exit::Outcome,
    input,
    output::Output,
    split::{By, Calls, Collector, Found, Labels, MediaKind},
    track::{Tracked, end},
    ui::Ui,
};

/// What is saved, and from where.
pub(crate) struct Saving<'a> {
    pub(crate) input: &'a InputArgs,
    pub(crate) save: &'a SaveArgs,
    /// The file.
    pub(crate) path: &'a Path,
    pub(crate) force: bool,
    pub(crate) options: TrackOptions,
    /// Whether all legs of a call are saved with one.
    pub(crate) has_legs: bool,
}

impl Saving<'_> {
    /// Saves the calls that are selected; `choice` makes the selection from the names of the inputs.
    pub(crate) fn run(
        self,
        choice: impl FnOnce(Vec<String>) -> anyhow::Result<Choice>,
        ui: &Ui,
    ) -> anyhow::Result<Outcome> {
        let mut about = About {
            notes: self.save.note.clone(),
            names: self.save.names(ui)?,
            ..About::default()
        };
        let mut inputs = self.input.open(true, ui)?;
        let names = input::names(&inputs);
        let choice = choice(names.clone())?;
        let output = self.output(&input::files(&inputs))?;

        // Which frames are of them.
        let mut collector = self.collector(choice);
        let run = self.input.run(&mut inputs, &mut collector, ui)?;
        if run.summary.interrupted {
            return Ok(run.outcome(false));
        }
        let found = collector.into_found(&names, ui);
        found.warn(ui);

        // These frames, with what is known of them.
        let until = self.input.until.unwrap_or(Timestamp::MAX);
        about.end = Some(end(&run.summary).min(until));
        about.frame_notes = notes(&found);
        let group = found.groups.get(0);
        let frames = group.map(|group| group.frames()).into_iter().flatten();
        let (output, saved) = save(&inputs, frames, &about, input::stop(), output)?;
        if saved.is_stopped || input::stop().load(Ordering::Relaxed) {
            ui.note("interrupted");
            return Ok(Outcome::Interrupted);
        }
        output.finish()?;
        let calls = found.calls().count();
        let what = if calls == 1 { "call" } else { "calls" };
        ui.note(format_args!(
            "Wrote {} frames of {calls} {what}.",
            saved.frames
        ));
        Ok(run.outcome(calls > 0))
    }

    fn output(&self, inputs: &[PathBuf]) -> anyhow::Result<Output> {
        let output = Output::open(Some(self.path), self.force, inputs)?;
        if output.is_terminal() {
            bail!("a capture is not for a terminal; name a file, or pipe it on");
        }
        Ok(output)
    }

    fn collector(&self, choice: Choice) -> Collector {
        let level = self.options.correlation.level;
        let calls = Calls::new(choice, Labels::default(), level).for_one_file();
        let tracked = Tracked::new(self.options.clone(), calls).until(self.input.until);
        let by = if self.has_legs { By::Call } else { By::Dialog };
        let media = if self.save.with_media {
            MediaKind::Rtp
        } else {
            MediaKind::None
        };
        Collector::new(by, media, Some(tracked), None).for_one_file()
    }
}

/// Returns what is noted of calls on the frames that they began with.
fn notes(found: &Found) -> FrameNotes {
    let mut notes = FrameNotes::new();
    for saved in found.calls().filter_map(|call| call.saved.as_ref()) {
        let place = (saved.origin.input, saved.origin.offset);
        notes.entry(place).or_default().push(saved.note.clone());
    }
    notes
}
