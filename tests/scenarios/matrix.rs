//! Every scenario meets every container, link, tunnel, transport and tap, and so does each of them every other.

use std::fmt::Write as _;

use rayon::prelude::*;

use crate::support::{
    matrix::all_pairs, program::run, rows, scenario::Scenario, transport::Transport,
};

#[test]
fn the_messages_do_not_depend_on_how_they_were_captured() {
    let dir = tempfile::tempdir().unwrap();
    let scenarios = Scenario::all();
    let choices = all_pairs(&scenarios);
    let failures: Vec<String> = choices
        .par_iter()
        .enumerate()
        .filter_map(|(number, &(scenario, variant))| {
            let scenario = &scenarios[scenario];
            let capture = variant.capture(scenario);
            let name = format!("{number}.pcap");
            std::fs::write(dir.path().join(&name), variant.encode(&capture)).unwrap();
            let run = run(
                dir.path(),
                &["messages", "--format", "csv", "--strict", &name],
            );
            let fault = match rows::read(&run) {
                Err(fault) => Some(fault),
                Ok(mut found) => {
                    // The first segment of a connection that began earlier waits for ones that it may have overtaken,
                    // and what others said meanwhile comes first.
                    if variant.transport == Transport::TcpMidstream {
                        found.sort_by_key(|row| row.frame);
                    }
                    rows::difference(&found, &capture.rows)
                }
            };
            let fault = fault.or_else(|| (run.status != 0).then(|| run.to_string()))?;
            Some(format!(
                "{} ({}) as {variant:?}: {fault}",
                scenario.name, scenario.about
            ))
        })
        .collect();
    let mut report = String::new();
    for failure in failures.iter().take(20) {
        writeln!(report, "{failure}").unwrap();
    }
    let (failed, all) = (failures.len(), choices.len());
    assert!(failures.is_empty(), "{failed} of {all} captures:\n{report}");
}
