//! Where ladders are written to: one file, or a directory for many.

use anyhow::Context;

use crate::{
    input::{self, Twice},
    ladder::{Content, Directory, Drawing, Format, LadderArgs, write_one},
    output::Output,
    ui::Ui,
};

/// Where ladders are written to.
pub(crate) enum Target {
    One(Output),
    Many(Directory),
}

impl Target {
    /// Opens what is written to, so that nothing is read in vain.
    pub(crate) fn open(args: &LadderArgs, source: &Twice, ui: &Ui) -> anyhow::Result<Self> {
        let output = &args.output;
        let path = output.output.as_deref();
        if args.which.all {
            let path = path.context("name a directory with --output")?;
            let directory = Directory::make(path, output.force, output.csv_safe)?;
            return Ok(Self::Many(directory));
        }
        let inputs = args.input.open_paths(&source.paths, false, ui);
        let inputs = inputs.map_err(|error| source.blame(&error))?;
        let files = input::files(&inputs);
        Ok(Self::One(Output::open(path, output.force, &files)?))
    }

    /// Returns whether a ladder goes to a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(self, Self::One(output) if output.is_terminal())
    }

    /// Returns how ladders are drawn when nobody says so.
    pub(crate) fn usual_format(&self) -> Format {
        if self.is_terminal() {
            Format::Text
        } else {
            Format::Svg
        }
    }

    /// Writes the ladders.
    pub(crate) fn write(
        self,
        ladders: &[Content],
        drawing: &Drawing,
        args: &LadderArgs,
        ui: &Ui,
    ) -> anyhow::Result<()> {
        match self {
            Self::One(output) => {
                let nothing = Content::default();
                let drawn = drawing.draw(ladders.first().unwrap_or(&nothing))?;
                let path = args.output.output.as_deref();
                write_one(&drawn, output, path, args.output.force)
            }
            Self::Many(directory) => {
                let count = directory.write(ladders, drawing)?;
                let noun = if count == 1 { "ladder" } else { "ladders" };
                ui.note(format_args!("Wrote {count} {noun}."));
                Ok(())
            }
        }
    }
}
