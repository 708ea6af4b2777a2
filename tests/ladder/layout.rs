//! No text of a picture overlaps another one or leaves it, whatever the ladder and the options.

use sipcap::ladder::{PictureOptions, RowOptions, TimeColumn, pictures, rows};

use super::{cast::cast, ladder};
use crate::support::{matrix::Variant, scenario::Scenario};

/// Returns the scenarios of the repository and those that are only for ladders.
fn everything() -> Vec<(String, Scenario, Variant)> {
    let all = Scenario::all().into_iter();
    let all = all.map(|scenario| (scenario.name.clone(), scenario, Variant::PLAIN));
    all.chain(cast()).collect()
}

#[test]
fn no_text_overlaps_another_one_or_leaves_the_picture() {
    for (name, scenario, variant) in everything() {
        let ladder = ladder(&scenario, variant);
        for (collapses, time, max_height) in [
            (false, TimeColumn::Start, None),
            (true, TimeColumn::Delta, Some(500)),
            (true, TimeColumn::Absolute, Some(900)),
        ] {
            let options = RowOptions {
                collapses,
                folds: collapses,
            };
            let rows = rows(&ladder, options);
            let options = PictureOptions {
                time,
                max_height,
                has_messages: false,
            };
            for picture in pictures(&ladder, &rows, options) {
                assert_eq!(picture.flaw(), None, "{name}, {time:?}");
                if let Some(max) = max_height {
                    assert!(picture.height <= max, "{name}: {}", picture.height);
                }
            }
        }
    }
}
