//! What registrations usually look like.

use super::*;

#[test]
fn trace_1_a_challenge_and_a_refresh() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(55.0, 3, &c1), response(55.1, 200, 3, &c1)]);
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "55.1 reg-refresh c1"],
        &["c1 active - 0.3 115.1 "],
    );
}

#[test]
fn trace_2_no_refresh() {
    let c1 = expiring(C1, 60);
    let told = run(&default(), 100.0, &registration(&c1));
    assert_told(
        &told,
        &["0.3 reg-new c1", "90.3! reg-expired c1"],
        &["c1 expired expired 0.3 60.3 "],
    );
    // At the very end it has passed; within the grace, only the time of the registrar has.
    let told = run(&default(), 90.3, &registration(&c1));
    assert_eq!(told.events.len(), 2);
    let told = run(&default(), 90.29, &registration(&c1));
    assert_told(
        &told,
        &["0.3 reg-new c1"],
        &["c1 expired expired 0.3 60.3 "],
    );
    let told = run(&default(), 60.29, &registration(&c1));
    assert_eq!(told.bindings, ["c1 active - 0.3 60.3 "]);
}

#[test]
fn trace_3_a_late_refresh() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(74.9, 3, &c1), response(75.0, 200, 3, &c1)]);
    let told = run(&default(), 80.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "75 reg-refresh c1"],
        &["c1 active - 0.3 135 late-refresh"],
    );
}

#[test]
fn trace_4_a_removal() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(10.0, 3, &none), response(10.1, 200, 3, "")]);
    let told = run(&default(), 200.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "10.1 reg-del c1"],
        &["c1 removed client 0.3 60.3 "],
    );
}

#[test]
fn trace_5_a_star() {
    let both = format!("{C1};expires=60, {C2};expires=60");
    let trace = [
        register(0.2, 1, &both),
        response(0.3, 200, 1, &both),
        Said {
            headers: &["Expires: 0"],
            ..register(10.0, 2, "*")
        },
        response(10.1, 200, 2, ""),
    ];
    let told = run(&default(), 200.0, &trace);
    assert_told(
        &told,
        &[
            "0.3 reg-new c1",
            "0.3 reg-new c2",
            "10.1 reg-del c1",
            "10.1 reg-del c2",
        ],
        &["c1 removed star 0.3 60.3 ", "c2 removed star 0.3 60.3 "],
    );
}

#[test]
fn trace_6_a_removal_that_is_held_back() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(10.0, 3, &none), response(10.1, 200, 3, "")]);
    let options = TrackOptions {
        reg_del_delay: 5 * SECOND,
        ..default()
    };
    let told = run(&options, 20.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "15.1! reg-del c1"],
        &["c1 removed client 0.3 60.3 "],
    );
    trace.extend([register(11.0, 4, &c1), response(11.1, 200, 4, &c1)]);
    let told = run(&options, 200.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "101.1! reg-expired c1"],
        &["c1 expired expired 0.3 71.1 "],
    );
}

#[test]
fn trace_7_a_fetch() {
    let both = format!("{C1};expires=60, {C2};expires=90");
    let trace = [register(0.0, 1, ""), response(0.1, 200, 1, &both)];
    let told = run(&default(), 70.0, &trace);
    assert_told(
        &told,
        &[],
        &[
            "c1 expired expired - 60.1 learned",
            "c2 learned - - 90.1 learned",
        ],
    );
}

#[test]
fn trace_8_a_contact_that_is_not_accepted() {
    let (c1, c2) = (expiring(C1, 60), expiring(C2, 60));
    let trace = [register(0.0, 1, &c1), response(0.1, 200, 1, &c2)];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-failed c1"],
        &["c1 failed - - - ", "c2 learned - - 60.1 learned"],
    );
}

#[test]
fn trace_9_another_call_id() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([
        Said {
            call_id: "y",
            ..register(40.0, 1, &c1)
        },
        Said {
            call_id: "y",
            ..response(40.1, 200, 1, &c1)
        },
    ]);
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "40.1 reg-refresh c1"],
        &["c1 active - 0.3 100.1 call-id-changed"],
    );
}

#[test]
fn trace_10_another_port() {
    let first = expiring("<sip:c1@192.0.2.10:5060>", 60);
    let second = expiring("<sip:c1@192.0.2.10:5062>", 60);
    let both = format!("{first}, {second}");
    let mut trace = registration(&first).to_vec();
    trace.extend([register(20.0, 3, &second), response(20.1, 200, 3, &both)]);
    let told = run(&default(), 79.0, &trace);
    // The registrar says that the first has 60 s left, too: 80.1 s.
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-new c1:5062"],
        &["c1 superseded - 0.3 80.1 ", "c1:5062 active - 20.1 80.1 "],
    );
    let both = format!("{C1};expires=40, {second}");
    trace.pop();
    trace.push(response(20.1, 200, 3, &both));
    let told = run(&default(), 100.0, &trace);
    assert_told(
        &told,
        &[
            "0.3 reg-new c1",
            "20.1 reg-new c1:5062",
            "90.3! reg-expired c1",
        ],
        &[
            "c1 superseded superseded 0.3 60.3 ",
            "c1:5062 expired expired 20.1 80.1 ",
        ],
    );
    let options = TrackOptions {
        contact_ignore_port: true,
        ..default()
    };
    trace.pop();
    trace.push(response(20.1, 200, 3, &second));
    let told = run(&options, 79.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-refresh c1:5062"],
        &["c1:5062 active - 0.3 80.1 "],
    );
}

#[test]
fn trace_11_too_brief() {
    let (brief, long) = (expiring(C1, 60), expiring(C1, 300));
    let mut trace = vec![
        register(0.0, 1, &brief),
        Said {
            headers: &["Min-Expires: 300"],
            ..response(0.1, 423, 1, "")
        },
    ];
    let told = run(&default(), 60.0, &trace);
    assert_told(&told, &["32.1! reg-failed c1 423"], &["c1 failed - - - "]);
    trace.extend([register(0.2, 2, &long), response(0.3, 200, 2, &long)]);
    let told = run(&default(), 60.0, &trace);
    assert_told(&told, &["0.3 reg-new c1"], &["c1 active - 0.3 300.3 "]);
}

#[test]
fn trace_12_credentials_that_are_refused() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace[3] = Said {
        headers: &[CHALLENGE],
        ..response(0.3, 401, 2, "")
    };
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.3 auth-failed c1 401", "0.3 reg-failed c1 401"],
        &["c1 failed - - - "],
    );
}

#[test]
fn trace_13_less_than_was_asked_for() {
    let (long, short) = (expiring(C1, 7200), expiring(C1, 3600));
    let trace = [register(0.0, 1, &long), response(0.1, 200, 1, &short)];
    let told = run(&default(), 4000.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "3630.1! reg-expired c1"],
        &["c1 expired expired 0.1 3600.1 "],
    );
}

#[test]
fn trace_14_a_response_alone() {
    let c1 = expiring(C1, 100);
    let told = run(&default(), 50.0, &[response(0.0, 200, 1, &c1)]);
    assert_told(&told, &[], &["c1 learned - - 100 learned"]);
}

#[test]
fn trace_15_two_contacts() {
    let both = format!("{C1};expires=60, {C2};expires=120");
    let trace = [register(0.0, 1, &both), response(0.1, 200, 1, &both)];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "0.1 reg-new c2"],
        &["c1 active - 0.1 60.1 ", "c2 active - 0.1 120.1 "],
    );
}
