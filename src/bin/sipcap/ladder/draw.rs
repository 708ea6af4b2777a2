//! From messages to documents.

use std::path::Path;

use clap::ValueEnum;
use sipcap::ladder::{
    Ladder, LadderOptions, NameBook, PictureOptions, RowOptions, TextStyle, Theme, TimeColumn,
    Tone, pictures, rows, svg, write_html, write_mermaid, write_plantuml, write_text,
};

use crate::{
    ladder::{Content, Gap, LadderArgs, Target},
    ui::Ui,
};

/// How a ladder is drawn.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum Format {
    /// A picture that stands alone
    Svg,
    /// A page with the picture and the messages, to click through and search in
    Html,
    /// Lines of text
    Text,
    /// A sequence diagram of Mermaid, which GitHub and GitLab draw in Markdown
    Mermaid,
    /// A sequence diagram of PlantUML
    Plantuml,
}

impl Format {
    /// Returns the format that a file's name asks for.
    pub(crate) fn of_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "svg" => Self::Svg,
            "html" | "htm" => Self::Html,
            "txt" => Self::Text,
            "mmd" | "mermaid" => Self::Mermaid,
            "puml" | "plantuml" => Self::Plantuml,
            _ => return None,
        })
    }

    /// Returns what files in this format end with.
    pub(crate) const fn extension(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Html => "html",
            Self::Text => "txt",
            Self::Mermaid => "mmd",
            Self::Plantuml => "puml",
        }
    }
}

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum ThemeName {
    /// Light or dark, as whoever looks at it has set it
    Auto,
    /// Dark on light
    Light,
    /// Light on dark
    Dark,
}

impl From<ThemeName> for Theme {
    fn from(name: ThemeName) -> Self {
        match name {
            ThemeName::Auto => Self::Auto,
            ThemeName::Light => Self::Light,
            ThemeName::Dark => Self::Dark,
        }
    }
}

/// Which time stands beside each message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TimeName {
    /// Seconds since the first message
    Start,
    /// Seconds since the message before
    Delta,
    /// The time of day in UTC
    Absolute,
}

impl From<TimeName> for TimeColumn {
    fn from(name: TimeName) -> Self {
        match name {
            TimeName::Start => Self::Start,
            TimeName::Delta => Self::Delta,
            TimeName::Absolute => Self::Absolute,
        }
    }
}

/// How ladders are made and drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    pub(crate) format: Format,
    pub(crate) ladder: LadderOptions,
    pub(crate) rows: RowOptions,
    pub(crate) picture: PictureOptions,
    pub(crate) text: TextStyle,
    pub(crate) theme: Theme,
    /// What is missing in the capture.
    pub(crate) gaps: Vec<Gap>,
}

/// A ladder that is drawn.
pub(crate) struct Drawn {
    pub(crate) ladder: Ladder,
    /// One document, or several when it is too high for one.
    pub(crate) documents: Vec<Vec<u8>>,
}

impl Drawing {
    /// Returns how ladders are drawn for a target.
    pub(crate) fn new(args: &LadderArgs, names: NameBook, target: &Target, ui: &Ui) -> Self {
        let path = args.output.output.as_deref().filter(|_| !args.which.all);
        let format = args.output.format.or_else(|| Format::of_path(path?));
        let time = args.content.time.into();
        let is_terminal = target.is_terminal();
        Self {
            format: format.unwrap_or_else(|| target.usual_format()),
            ladder: LadderOptions {
                strict_addresses: args.content.strict_addresses,
                names,
                is_partial: args.which.transaction.is_some(),
                ..LadderOptions::default()
            },
            rows: args.content.rows(),
            picture: PictureOptions {
                time,
                max_height: args.look.max_height.map(|height| height as usize),
                has_messages: true,
            },
            text: TextStyle {
                is_ascii: args.look.ascii,
                is_colored: ui.colors(is_terminal),
                max_width: is_terminal.then(|| ui.width()),
                time,
            },
            theme: args.look.theme.into(),
            gaps: Vec::new(),
        }
    }

    /// Draws a ladder.
    pub(crate) fn draw(&self, content: &Content) -> anyhow::Result<Drawn> {
        let messages = &content.messages;
        let mut ladder = Ladder::new(messages, &self.ladder);
        ladder.add_media(messages, &content.streams, &self.ladder.names);
        ladder.add_reports(&content.reports);
        for gap in &self.gaps {
            if let Some(text) = gap.told(messages) {
                ladder.add_note(gap.ts, &text, Tone::Bad);
            }
        }
        let rows = rows(&ladder, self.rows);
        let mut text = Vec::new();
        let documents = match self.format {
            Format::Svg => {
                let pictures = pictures(&ladder, &rows, self.picture);
                let svgs = pictures.iter().map(|picture| svg(picture, self.theme));
                svgs.map(String::into_bytes).collect()
            }
            Format::Html => {
                // The messages are beside the picture and need not be in it.
                let options = PictureOptions {
                    has_messages: false,
                    ..self.picture
                };
                let pictures = pictures(&ladder, &rows, options);
                write_html(&ladder, &pictures, self.theme, &mut text)?;
                vec![text]
            }
            Format::Text => {
                write_text(&ladder, &rows, self.text, &mut text)?;
                vec![text]
            }
            Format::Mermaid => {
                write_mermaid(&ladder, &rows, self.picture.time, &mut text)?;
                vec![text]
            }
            Format::Plantuml => {
                write_plantuml(&ladder, &rows, self.picture.time, &mut text)?;
                vec![text]
            }
        };
        Ok(Drawn { ladder, documents })
    }
}
