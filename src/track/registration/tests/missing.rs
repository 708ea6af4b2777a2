//! What was not captured, or in the wrong order.

use super::*;

#[test]
fn responses_in_the_wrong_order() {
    let (c1, c2) = (expiring(C1, 60), expiring(C2, 60));
    let both = format!("{c1}, {c2}");
    let device = |said| Said {
        call_id: "other",
        client: "192.0.2.77:5060",
        ..said
    };
    // The registrar has written the second list before the first.
    let trace = [
        register(0.0, 1, &c1),
        device(register(0.1, 1, &c2)),
        response(0.2, 200, 1, &both),
        device(response(0.3, 200, 1, &c2)),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_eq!(told.events, ["0.2 reg-new c1", "0.3 reg-refresh c2"]);
    // The 200 of an older REGISTER after that of the next one.
    let none = expiring(C1, 0);
    let trace = [
        register(0.0, 1, &c1),
        register(1.0, 2, &none),
        register(1.1, 3, &c1),
        response(1.2, 200, 3, &c1),
        response(1.3, 200, 2, ""),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_eq!(told.events, ["1.2 reg-new c1"]);
}

#[test]
fn one_direction_alone() {
    let c1 = expiring(C1, 60);
    // Responses: what they list is learned, and learned anew.
    let mut trace: Vec<Said<'_>> = registration(&c1)
        .into_iter()
        .filter(|said| said.status > 0)
        .collect();
    trace.push(response(50.0, 200, 3, &c1));
    let told = run(&default(), 70.0, &trace);
    assert_told(&told, &[], &["c1 learned - - 110 learned"]);
    // Requests: nothing is known to have become of them.
    let trace: Vec<Said<'_>> = registration(&c1)
        .into_iter()
        .filter(|said| said.status == 0)
        .collect();
    let told = run(&default(), 70.0, &trace);
    assert_told(
        &told,
        &[
            "37! other-timeout c1",
            "37! reg-failed c1",
            "37.2! other-timeout c1",
            "37.2! reg-failed c1",
        ],
        &["c1 failed - - - "],
    );
}

#[test]
fn a_request_that_comes_after_its_response() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let trace = [
        response(0.0, 200, 1, &c1),
        register(0.1, 1, &c1),
        response(20.0, 200, 2, ""),
        register(20.1, 2, &none),
        response(30.0, 403, 3, ""),
        register(30.1, 3, &c1),
    ];
    let told = run(&default(), 100.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "20.1 reg-del c1", "30 reg-failed  403"],
        &["c1 removed client 0 60 ", "c1 failed - - - "],
    );
}

#[test]
fn a_challenge_that_comes_after_the_credentials() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1);
    trace[1].at = 0.25;
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["0.3 reg-new c1"], &["c1 active - 0.3 60.3 "]);
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
fn what_was_not_captured_is_not_gone() {
    let c1 = expiring(C1, 600);
    let c2 = expiring(C2, 600);
    let both = format!("{c1}, {c2}");
    let cut = |cut_behind, said| Said { cut_behind, ..said };
    let device = |said| Said {
        call_id: "other",
        client: "192.0.2.11:5060",
        ..said
    };
    let mut trace = vec![
        register(0.0, 1, &c1),
        response(0.1, 200, 1, &c1),
        device(register(1.0, 1, &c2)),
        device(response(1.1, 200, 1, &both)),
    ];
    let new = ["0.1 reg-new c1", "1.1 reg-new c2"];
    // What the second list says of the first one is the same but for a second.
    let [first, second] = ["c1 active - 0.1 600.1 ", "c2 active - 1.1 601.1 "];

    // No Contact is left of either: it may be a fetch or anything else.
    let mut nothing = trace.clone();
    nothing.extend([
        cut("REGISTER\r\n", register(300.0, 2, &c1)),
        cut("REGISTER\r\n", response(300.1, 200, 2, &both)),
    ]);
    let told = run(&default(), 400.0, &nothing);
    assert_told(&told, &new, &[first, second]);

    // The first Contact is left, and a piece of the next that looks like one of another port. What was asked for is known.
    trace.extend([
        register(300.0, 2, &c1),
        cut("c2@192.0.2.11:50", response(300.1, 200, 2, &both)),
        device(register(400.0, 2, &c2)),
        device(cut("REGISTER\r\n", response(400.1, 200, 2, &both))),
    ]);
    let told = run(&default(), 500.0, &trace);
    let events = [
        new[0],
        new[1],
        "300.1 reg-refresh c1",
        "400.1 reg-refresh c2",
    ];
    assert_told(
        &told,
        &events,
        &["c1 active - 0.1 900.1 ", "c2 active - 1.1 1000.1 "],
    );
}

#[test]
fn a_cut_register_may_ask_for_any_time() {
    let mut trace = vec![register(0.0, 1, C1), response(0.1, 200, 1, C1)];
    let removal = |at, cut_behind| Said {
        headers: &["Expires: 0"],
        cut_behind,
        ..register(at, 2, C1)
    };
    // With all of its Contact, and nothing or only a digit of Expires.
    trace.extend([removal(50.0, "5060>\r\n"), response(50.1, 200, 2, "")]);
    let told = run(&default(), 100.0, &trace);
    let active = "c1 active - 0.1 3600.1 ";
    assert_told(&told, &["0.1 reg-new c1"], &[active]);
    trace[2].cut_behind = "Expires: 0";
    let told = run(&default(), 100.0, &trace);
    assert_told(&told, &["0.1 reg-new c1"], &[active]);
    // All of it.
    trace[2].cut_behind = "Expires: 0\r\n";
    let told = run(&default(), 100.0, &trace);
    assert_eq!(told.events, ["0.1 reg-new c1", "50.1 reg-del c1"]);
}
