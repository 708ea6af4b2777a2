//! The pictures in `testdata/ladders`: who changes how ladders look sees it there (`UPDATE_LADDERS=1` rewrites them; look at
//! them before they are committed).

use std::path::Path;

use sipcap::ladder::{
    Ladder, PictureOptions, RowOptions, TextStyle, Theme, TimeColumn, pictures, rows, svg,
    write_html, write_mermaid, write_plantuml, write_text,
};

use super::{cast::cast, ladder, media};

/// Ladders that are kept in every format.
const IN_EVERY_FORMAT: &[&str] = &["hostile-everywhere", "media", "quiet-and-nat"];

#[test]
fn ladders_are_as_they_were_looked_at() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ladders");
    let mut stale = Vec::new();
    // Thirty lanes are too large a file to keep.
    let cast = cast()
        .into_iter()
        .filter(|(name, ..)| name != "thirty-lanes");
    let ladders = cast.map(|(name, scenario, variant)| (name, ladder(&scenario, variant)));
    let with_media = [("media".to_owned(), media::lossy())];
    for (name, ladder) in ladders.chain(with_media) {
        for (extension, fresh) in documents(&name, &ladder) {
            let path = dir.join(format!("{name}.{extension}"));
            if std::env::var_os("UPDATE_LADDERS").is_some() {
                std::fs::write(&path, &fresh).unwrap();
            }
            if std::fs::read(&path).unwrap_or_default() != fresh {
                stale.push(path);
            }
        }
    }
    assert!(stale.is_empty(), "{stale:?}");
}

/// Returns the documents that are kept of a ladder.
fn documents(name: &str, ladder: &Ladder) -> Vec<(&'static str, Vec<u8>)> {
    let rows = rows(ladder, RowOptions::default());
    let options = PictureOptions {
        has_messages: name.starts_with("hostile"),
        ..PictureOptions::default()
    };
    let pictures = pictures(ladder, &rows, options);
    let mut documents = vec![("svg", svg(&pictures[0], Theme::Auto).into_bytes())];
    if IN_EVERY_FORMAT.contains(&name) {
        let mut add = |extension, write: &dyn Fn(&mut Vec<u8>) -> std::io::Result<()>| {
            let mut document = Vec::new();
            write(&mut document).unwrap();
            documents.push((extension, document));
        };
        let ascii = TextStyle {
            is_ascii: true,
            max_width: Some(80),
            ..TextStyle::default()
        };
        add("txt", &|out| {
            write_text(ladder, &rows, TextStyle::default(), out)
        });
        add("ascii.txt", &|out| write_text(ladder, &rows, ascii, out));
        add("mmd", &|out| {
            write_mermaid(ladder, &rows, TimeColumn::Start, out)
        });
        add("puml", &|out| {
            write_plantuml(ladder, &rows, TimeColumn::Start, out)
        });
        add("html", &|out| {
            write_html(ladder, &pictures, Theme::Auto, out)
        });
    }
    documents
}
