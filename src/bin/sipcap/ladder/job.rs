//! The passes over the input: which calls are selected, and what is drawn of them.

use anyhow::bail;
use hashbrown::HashMap;
use sipcap::capture::Inputs;

use crate::{
    exit::Outcome,
    input::{Run, Twice},
    ladder::{Collector, Finder, Found, LadderArgs, MediaName, Nearest, Wanted},
    track::Tracked,
    ui::Ui,
};

/// Calls that are listed to choose from at most.
const MAX_LISTED: usize = 20;

/// The passes over the input.
pub(crate) struct Job<'a> {
    pub(crate) args: &'a LadderArgs,
    pub(crate) source: Twice,
    pub(crate) ui: &'a Ui,
}

impl Job<'_> {
    /// Returns what is drawn: what the options name exactly, or else what is found.
    ///
    /// The error is the outcome when that is nothing.
    pub(crate) fn wanted(&self) -> anyhow::Result<Result<Wanted, Outcome>> {
        if let Some(wanted) = self.named() {
            return Ok(Ok(wanted));
        }
        let (found, run) = self.find()?;
        if run.summary.interrupted || found.groups.is_empty() {
            return self.nothing(&run).map(Err);
        }
        if found.groups.len() > 1 && !self.args.which.all {
            bail!("{}", ambiguous(&found));
        }
        self.warn_limit(&found);
        Ok(Ok(Wanted::groups(&found.groups)))
    }

    fn open(&self) -> anyhow::Result<Inputs> {
        let paths = &self.source.paths;
        let inputs = self.args.input.open_paths(paths, false, self.ui);
        inputs.map_err(|error| self.source.blame(&error))
    }

    /// Returns what is drawn if the options name it exactly: then no call has to be followed.
    fn named(&self) -> Option<Wanted> {
        let args = self.args;
        let which = &args.which;
        if let Some(aor) = &which.aor {
            return Some(Wanted::Aor(aor.clone()));
        }
        if let Some(branch) = &which.transaction {
            return Some(Wanted::Transaction(branch.clone()));
        }
        let is_alone = args.choose.is_empty() && args.conditions.is_empty() && !args.legs.legs;
        args.select.call_ids_alone().filter(|_| is_alone)?;
        let selection = Box::new(args.select.selection());
        Some(if which.all {
            Wanted::EachCallId(selection, HashMap::new())
        } else {
            Wanted::CallIds(selection)
        })
    }

    /// Finds the selected calls.
    fn find(&self) -> anyhow::Result<(Found, Run)> {
        let args = self.args;
        let mut options = args.track.options()?;
        options.correlation = args.legs.correlation();
        let level = args.legs.legs.then_some(options.correlation.level);
        let mut inputs = self.open()?;
        let names = self.source.names(&inputs);
        let choice = args
            .choose
            .choice(&args.select, &args.conditions, names.clone())?;
        let limit = if args.which.all {
            args.which.limit as usize
        } else {
            MAX_LISTED
        };
        let finder = Finder::new(choice, level, limit);
        let mut tracked = Tracked::new(options, finder).until(args.input.until);
        let run = args.input.run_quietly(&mut inputs, &mut tracked, self.ui)?;
        tracked.warn(&names, self.ui);
        Ok((tracked.observer.into_found(), run))
    }

    /// Collects messages and media.
    pub(crate) fn collect(&self, wanted: Wanted) -> anyhow::Result<(Collector, Run)> {
        let mut inputs = self.open()?;
        let has_media = self.args.content.media != MediaName::None;
        let mut collector = Collector::new(wanted, has_media);
        let run = self
            .args
            .input
            .run_quietly(&mut inputs, &mut collector, self.ui)?;
        run.warn(&self.source.names(&inputs), self.ui);
        collector.warn(self.ui);
        Ok((collector, run))
    }

    /// Tells that nothing is drawn, and what may have been meant.
    pub(crate) fn nothing(&self, run: &Run) -> anyhow::Result<Outcome> {
        let outcome = run.outcome(false);
        if outcome != Outcome::Nothing {
            return Ok(outcome);
        }
        let wanted = self.args.select.call_ids();
        let is_named = self.named().is_some();
        let mut hint = String::new();
        if !wanted.is_empty() {
            let mut nearest = Nearest::new(wanted);
            let mut inputs = self.open()?;
            let input = &self.args.input;
            input.run_quietly(&mut inputs, &mut nearest, self.ui)?;
            hint = match nearest.into_call_ids().as_slice() {
                [] => "; `sipcap calls` lists those that there are".to_owned(),
                [one] => format!("; a similar Call-ID is {one}"),
                several => format!("; similar Call-IDs are {}", several.join(", ")),
            };
        } else if !is_named {
            hint = "; what is no call is drawn with --call-id, --aor or --transaction".to_owned();
        }
        let what = if is_named { "message" } else { "call" };
        self.ui.note(format_args!("No {what} is selected{hint}."));
        Ok(outcome)
    }

    /// Warns when not all calls are drawn.
    fn warn_limit(&self, found: &Found) {
        let limit = u64::from(self.args.which.limit);
        if self.args.which.all && found.groups.len() as u64 >= limit && found.selected > limit {
            self.ui.warn(format_args!(
                "{} calls are selected; the first {limit} are drawn, see --limit",
                found.selected
            ));
        }
    }
}

/// Returns what is told when several calls are selected and one is wanted.
fn ambiguous(found: &Found) -> String {
    let mut text = format!(
        "{} calls are selected; choose one with --call-id, or draw all of them with --all -o DIR:",
        found.selected
    );
    for group in &found.groups {
        text.push_str("\n  ");
        text.push_str(&group.brief);
    }
    let more = found.selected.saturating_sub(found.groups.len() as u64);
    if more > 0 {
        text.push_str(&format!("\n  and {more} more"));
    }
    text
}
