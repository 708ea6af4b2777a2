//! The pictures in `testdata/ladders`: who changes how ladders look sees it there (`UPDATE_LADDERS=1` rewrites them; look at
//! them before they are committed).

use std::path::Path;

use sipcap::ladder::{PictureOptions, RowOptions, Theme, pictures, rows, svg};

use super::{cast::cast, ladder};

#[test]
fn pictures_are_as_they_were_looked_at() {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/ladders");
    let mut stale = Vec::new();
    // Thirty lanes are too large a file to keep.
    for (name, scenario, variant) in cast()
        .into_iter()
        .filter(|(name, ..)| name != "thirty-lanes")
    {
        let ladder = ladder(&scenario, variant);
        let rows = rows(&ladder, RowOptions::default());
        let options = PictureOptions {
            has_messages: name.starts_with("hostile"),
            ..PictureOptions::default()
        };
        let fresh = svg(&pictures(&ladder, &rows, options)[0], Theme::Auto);
        let path = dir.join(format!("{name}.svg"));
        if std::env::var_os("UPDATE_LADDERS").is_some() {
            std::fs::write(&path, &fresh).unwrap();
        }
        if std::fs::read_to_string(&path).unwrap_or_default() != fresh {
            stale.push(name);
        }
    }
    assert!(stale.is_empty(), "differ from testdata/ladders: {stale:?}");
}
