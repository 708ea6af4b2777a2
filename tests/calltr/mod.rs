//! The engine that gives the events of calltr, held against the published tables: a case by hand for every row.
//!
//! A case is a row's name, who says what and when (see `script`), and what is told: time, event and status.

mod choices;
mod expiry;
mod fields;
mod limits;
mod matching;
mod registrations;
mod requests;
mod responses;
mod script;
mod traces;

use self::script::Script;

/// Name, script, and the events that come of it.
type Case = (&'static str, &'static str, &'static [&'static str]);

/// Runs each case and compares what is told with what the table prescribes.
fn check(cases: &[Case]) {
    for (name, script, expected) in cases {
        let told: Vec<String> = Script::parse(script)
            .run()
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(told, *expected, "{name}");
    }
}
