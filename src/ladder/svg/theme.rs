//! The colours. Dark ones are for screens alone: paper is light.

use std::fmt::Write as _;

/// Which colours a picture has.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Theme {
    /// Light or dark, as whoever looks at it wants it.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

/// The colours of one kind.
struct Palette {
    paper: &'static str,
    strong: &'static str,
    plain: &'static str,
    muted: &'static str,
    life: &'static str,
    box_fill: &'static str,
    box_line: &'static str,
    good: &'static str,
    so: &'static str,
    bad: &'static str,
    note_fill: &'static str,
    note_line: &'static str,
    alarm_fill: &'static str,
    alarm_line: &'static str,
    bar: &'static str,
    hover: &'static str,
    /// Those of transactions.
    transactions: [&'static str; 8],
}

// Texts have at least 4.5:1 against the paper, lines 3:1 (WCAG 2.2, 1.4.3 and 1.4.11). Neighbours in the cycle differ for those
// who cannot tell red from green.
const LIGHT: Palette = Palette {
    paper: "#ffffff",
    strong: "#111827",
    plain: "#374151",
    muted: "#5b6472",
    life: "#c3cad5",
    box_fill: "#f3f5f8",
    box_line: "#b6bfcc",
    good: "#146c37",
    so: "#7a4a00",
    bad: "#b3161f",
    note_fill: "#f6f7f9",
    note_line: "#9aa4b2",
    alarm_fill: "#fff4e0",
    alarm_line: "#c77700",
    bar: "#d9ecf7",
    hover: "#2563eb",
    transactions: [
        "#1d5fc4", "#b45309", "#6d3fc0", "#0f766e", "#be185d", "#57606e", "#7c5a10", "#0b7285",
    ],
};

const DARK: Palette = Palette {
    paper: "#12161c",
    strong: "#f3f5f8",
    plain: "#d3d9e2",
    muted: "#9ba6b5",
    life: "#3d4654",
    box_fill: "#1d232c",
    box_line: "#4b5667",
    good: "#6fd394",
    so: "#f0bd67",
    bad: "#ff9189",
    note_fill: "#1d232c",
    note_line: "#6b7686",
    alarm_fill: "#33270f",
    alarm_line: "#d9962b",
    bar: "#173a4d",
    hover: "#6ea8fe",
    transactions: [
        "#78aefc", "#f2a65a", "#b79bf5", "#45c9b8", "#f58ab8", "#a9b4c2", "#d9b95c", "#5cc4de",
    ],
};

/// Adds the rules of a style sheet.
pub(super) fn write(theme: Theme, css: &mut String) {
    css.push_str(
        "text{font-family:system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif}\n\
         .bold{font-weight:bold}\n\
         .mono{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n\
         .life,.wire,.rail,.open,.lock,.mark{fill:none}\n\
         .life{stroke-width:1}\n\
         .pause{stroke-dasharray:1 4}\n\
         .wire{stroke-width:1.5}\n\
         .request .wire{stroke-width:2}\n\
         .open{stroke-width:1.5}\n\
         .copy .wire{stroke-dasharray:5 4}\n\
         .rail{stroke-width:3;stroke-linecap:round}\n\
         .lock,.mark{stroke-width:1.5}\n\
         .box,.note,.pill{stroke-width:1}\n\
         .hit{fill:none;pointer-events:all}\n",
    );
    match theme {
        Theme::Auto => {
            write_palette(&LIGHT, css);
            css.push_str("@media screen and (prefers-color-scheme:dark){\n");
            write_palette(&DARK, css);
            css.push_str("}\n");
        }
        Theme::Light => write_palette(&LIGHT, css),
        Theme::Dark => write_palette(&DARK, css),
    }
}

fn write_palette(palette: &Palette, css: &mut String) {
    let fills = [
        (".paper", palette.paper),
        (".strong", palette.strong),
        (".plain", palette.plain),
        (".muted,.pause-text,.fold-text,.leg", palette.muted),
        (".good-text", palette.good),
        (".so-text", palette.so),
        (".bad-text", palette.bad),
        (".note-text", palette.strong),
        (".bar", palette.bar),
        (".lossy", palette.alarm_fill),
        (".key", palette.muted),
        (".sign", palette.alarm_line),
        (".copy .tip", palette.muted),
        (".media .tip", palette.transactions[7]),
    ];
    let lines = [
        (".life", palette.life),
        (".rail", palette.box_line),
        (".lock,.copy .wire,.copy .open", palette.muted),
        (".mark", palette.alarm_fill),
    ];
    let boxes = [
        (".box", palette.box_fill, palette.box_line),
        (".note", palette.note_fill, palette.note_line),
        (".alarm", palette.alarm_fill, palette.alarm_line),
        (".pill", palette.paper, palette.muted),
        (".pill.good", palette.paper, palette.good),
        (".pill.so", palette.paper, palette.so),
        (".pill.bad", palette.paper, palette.bad),
    ];
    // Writing to a text never fails.
    for (name, color) in fills {
        let _ = writeln!(css, "{name}{{fill:{color}}}");
    }
    for (name, color) in lines {
        let _ = writeln!(css, "{name}{{stroke:{color}}}");
    }
    for (name, fill, stroke) in boxes {
        let _ = writeln!(css, "{name}{{fill:{fill};stroke:{stroke}}}");
    }
    for (number, color) in palette.transactions.iter().enumerate() {
        let _ = writeln!(
            css,
            ".t{number} .wire,.t{number} .open{{stroke:{color}}}.t{number} .tip{{fill:{color}}}"
        );
    }
    let _ = writeln!(css, ".m:hover .hit{{stroke:{}}}", palette.hover);
}
