//! What is rare, or goes wrong.

use super::*;

#[test]
fn what_comes_again_is_told_once() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    for said in registration(&c1) {
        trace.push(Said {
            at: said.at + 0.5,
            ..said
        });
    }
    // After the exchange is forgotten, too.
    trace.extend([
        Said {
            headers: &[CREDENTIALS],
            ..register(20.0, 2, &c1)
        },
        response(20.1, 200, 2, &c1),
    ]);
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["0.3 reg-new c1"], &["c1 active - 0.3 60.3 "]);
}

#[test]
fn nothing_comes_back() {
    let c1 = expiring(C1, 60);
    let told = run(&default(), 100.0, &[register(0.0, 1, &c1)]);
    assert_told(
        &told,
        &["37! other-timeout c1", "37! reg-failed c1"],
        &["c1 failed - - - "],
    );
    // Timer E (RFC 3261 §17.1.2.2): the last one comes at 31.5 s, and 32 s are left from there.
    let times = [0.0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5];
    let mut trace: Vec<Said<'_>> = times.iter().map(|at| register(*at, 1, &c1)).collect();
    let told = run(&default(), 100.0, &trace);
    assert_eq!(
        told.events,
        ["63.5! other-timeout c1", "63.5! reg-failed c1"]
    );
    trace.push(register(60.0, 1, &c1));
    let told = run(&default(), 100.0, &trace);
    assert_eq!(told.events, ["64! other-timeout c1", "64! reg-failed c1"]);
}

#[test]
fn a_late_response_counts() {
    let c1 = expiring(C1, 60);
    let trace = [register(0.0, 1, &c1), response(40.0, 200, 1, &c1)];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["37! other-timeout c1", "37! reg-failed c1", "40 reg-new c1"],
        &["c1 active - 40 100 "],
    );
}

#[test]
fn another_try_makes_good_for_one_without_response() {
    let c1 = expiring(C1, 60);
    let trace = [
        register(0.0, 1, &c1),
        register(8.0, 2, &c1),
        response(8.1, 200, 2, &c1),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["8.1 reg-new c1"], &["c1 active - 8.1 68.1 "]);
}

#[test]
fn a_challenge_that_is_never_taken_up() {
    let c1 = expiring(C1, 60);
    let told = run(&default(), 60.0, &registration(&c1)[..2]);
    assert_told(&told, &["30.1! auth-failed c1 401"], &["c1 failed - - - "]);
    let told = run(&default(), 30.0, &registration(&c1)[..2]);
    assert_told(&told, &[], &[]);
}

#[test]
fn old_credentials_are_no_wrong_ones() {
    let c1 = expiring(C1, 60);
    let stale = "WWW-Authenticate: Digest realm=\"r\", nonce=\"2\", stale=true";
    for (challenge, flags) in [(CHALLENGE, ""), (stale, "stale")] {
        let headers = [challenge];
        let mut trace = registration(&c1);
        trace[0].headers = &[CREDENTIALS];
        trace[1].headers = &headers;
        let told = run(&default(), 50.0, &trace);
        let binding = format!("c1 active - 0.3 60.3 {flags}");
        assert_told(&told, &["0.3 reg-new c1"], &[&binding]);
    }
}

#[test]
fn every_guess_is_told() {
    let c1 = expiring(C1, 60);
    let mut trace = vec![
        register(0.0, 1, &c1),
        Said {
            headers: &[CHALLENGE],
            ..response(0.1, 401, 1, "")
        },
    ];
    for guess in 2..5_u32 {
        let at = f64::from(guess);
        trace.push(Said {
            headers: &[CREDENTIALS],
            ..register(at, guess, &c1)
        });
        trace.push(Said {
            headers: &[CHALLENGE],
            ..response(at + 0.1, 401, guess, "")
        });
    }
    let told = run(&default(), 100.0, &trace);
    let guesses = told
        .events
        .iter()
        .filter(|line| line.contains("auth-failed"));
    assert_eq!(guesses.count(), 3);
    // One client that tries again and again is one that failed.
    assert_eq!(told.bindings, ["c1 failed - - - "]);
}

#[test]
fn the_same_number_in_cseq_with_credentials() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1);
    for said in &mut trace[2..] {
        said.cseq = 1;
        said.branches = &["2"];
    }
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["0.3 reg-new c1"], &["c1 active - 0.3 60.3 "]);
}

#[test]
fn a_refresh_that_fails_leaves_the_binding() {
    let c1 = expiring(C1, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(50.0, 3, &c1), response(50.1, 403, 3, "")]);
    let told = run(&default(), 100.0, &trace);
    assert_told(
        &told,
        &[
            "0.3 reg-new c1",
            "50.1 reg-failed c1 403",
            "90.3! reg-expired c1",
        ],
        &["c1 expired expired 0.3 60.3 "],
    );
}

#[test]
fn a_redirection_that_nobody_follows() {
    let c1 = expiring(C1, 60);
    let trace = [
        register(0.0, 1, &c1),
        response(0.1, 302, 1, "<sip:192.0.2.2>"),
    ];
    let told = run(&default(), 100.0, &trace);
    assert_told(&told, &["32.1! reg-failed c1 302"], &["c1 failed - - - "]);
}

#[test]
fn a_fetch_or_a_removal_that_fails_leaves_no_row() {
    for contact in ["", "*", "<sip:c1@192.0.2.10:5060>;expires=0"] {
        let trace = [
            Said {
                headers: &["Expires: 0"],
                ..register(0.0, 1, contact)
            },
            response(0.1, 404, 1, ""),
        ];
        let told = run(&default(), 100.0, &trace);
        assert_eq!(
            (told.events.len(), told.bindings.len()),
            (1, 0),
            "{contact}"
        );
    }
}

#[test]
fn no_contact_and_no_time_anywhere() {
    let trace = [register(0.0, 1, C1), response(0.1, 200, 1, "")];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1"],
        &["c1 active - 0.1 3600.1 no-contact-in-200"],
    );
}

#[test]
fn expires_of_the_response_counts_before_what_was_asked_for() {
    let trace = [
        Said {
            headers: &["Expires: 900"],
            ..register(0.0, 1, C1)
        },
        Said {
            headers: &["Expires: 120"],
            ..response(0.1, 200, 1, C1)
        },
    ];
    let told = run(&default(), 10.0, &trace);
    assert_eq!(told.bindings, ["c1 active - 0.1 120.1 "]);
}

#[test]
fn a_registrar_that_grants_nothing_or_drops_one() {
    let c1 = expiring(C1, 60);
    let none = expiring(C1, 0);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(20.0, 3, &c1), response(20.1, 200, 3, &none)]);
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-del c1"],
        &["c1 removed registrar 0.3 60.3 "],
    );
    let both = format!("{c1}, {C2};expires=600");
    let trace = [
        register(0.0, 1, &both),
        response(0.1, 200, 1, &both),
        register(40.0, 2, &c1),
        response(40.1, 200, 2, &c1),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &[
            "0.1 reg-new c1",
            "0.1 reg-new c2",
            "40.1 reg-refresh c1",
            "40.1 reg-del c2",
        ],
        &["c2 removed registrar 0.1 600.1 ", "c1 active - 0.1 100.1 "],
    );
}

#[test]
fn a_star_removes_what_is_not_known_without_a_word() {
    let trace = [
        Said {
            headers: &["Expires: 0"],
            ..register(0.0, 1, "*")
        },
        response(0.1, 200, 1, ""),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &[], &[]);
}

#[test]
fn an_old_contact_is_removed_together_with_a_new_one() {
    let c1 = expiring(C1, 60);
    let swap = format!("{C1};expires=0, {C2};expires=60");
    let c2 = expiring(C2, 60);
    let mut trace = registration(&c1).to_vec();
    trace.extend([register(20.0, 3, &swap), response(20.1, 200, 3, &c2)]);
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.3 reg-new c1", "20.1 reg-del c1", "20.1 reg-new c2"],
        &["c1 removed client 0.3 60.3 ", "c2 active - 20.1 80.1 "],
    );
}

#[test]
fn a_binding_that_comes_and_goes() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = Vec::new();
    for number in 0..4_u32 {
        let at = f64::from(number) * 10.0;
        let cseq = number * 2 + 1;
        trace.extend([
            register(at, cseq, &c1),
            response(at + 0.1, 200, cseq, &c1),
            register(at + 5.0, cseq + 1, &none),
            response(at + 5.1, 200, cseq + 1, ""),
        ]);
    }
    let told = run(&default(), 50.0, &trace);
    assert_eq!(told.events.len(), 8);
    // The first is no return; the fourth is the third within a minute.
    let flapping: Vec<bool> = told
        .bindings
        .iter()
        .map(|line| line.ends_with("flapping"))
        .collect();
    assert_eq!(flapping, [false, false, false, true]);
}

#[test]
fn somebody_registers_somebody_else() {
    let c1 = expiring(C1, 60);
    let third = |said| Said {
        from: "<sip:assistant@example.com>;tag=f",
        ..said
    };
    let trace = [
        third(register(0.0, 1, &c1)),
        third(response(0.1, 200, 1, &c1)),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_eq!(told.bindings, ["c1 active - 0.1 60.1 third-party"]);
}

#[test]
fn the_end_can_be_forced() {
    let c1 = expiring(C1, 60);
    let options = TrackOptions {
        end_timeout: Some(3600 * SECOND),
        ..default()
    };
    let told = run(&options, 10.0, &registration(&c1));
    assert_told(
        &told,
        &["0.3 reg-new c1", "90.3! reg-expired c1"],
        &["c1 expired expired 0.3 60.3 forced-end"],
    );
}

#[test]
fn times_that_go_beyond_everything() {
    let c1 = expiring(C1, u32::MAX);
    let trace = [register(0.0, 1, &c1), response(0.1, 200, 1, &c1)];
    let told = run(&default(), 50.0, &trace);
    assert_eq!(told.bindings, ["c1 active - 0.1 4294967295.1 "]);
}

#[test]
fn a_contact_that_is_listed_twice_is_one() {
    let c1 = expiring(C1, 600);
    let other = "<sip:c1@192.0.2.10:5060;transport=tcp>;expires=500";
    let (twice, reversed) = (format!("{c1}, {other}"), format!("{other}, {c1}"));
    let mut trace = vec![
        register(0.0, 1, &c1),
        response(0.1, 200, 1, &twice),
        register(300.0, 2, &c1),
        response(300.1, 200, 2, &reversed),
    ];
    let events = ["0.1 reg-new c1", "300.1 reg-refresh c1"];
    let told = run(&default(), 400.0, &trace);
    assert_told(&told, &events, &["c1 active - 0.1 900.1 "]);
    // Neither is it learned twice.
    trace[0].contact = "";
    let told = run(&default(), 200.0, &trace[..2]);
    assert_told(&told, &[], &["c1 learned - - 600.1 learned"]);
}

#[test]
fn another_register_under_a_used_number_is_no_repetition() {
    let (c1, none) = (expiring(C1, 600), expiring(C1, 0));
    let other = expiring("<sip:c1@192.0.2.10:5061>", 600);
    let again = |said| Said {
        branches: &["again"],
        ..said
    };
    // Within the time of the exchange, of repetitions, and after it.
    for gap in [3.0, 15.0, 40.0] {
        let trace = [
            register(0.0, 1, &c1),
            response(0.1, 200, 1, &c1),
            again(register(gap, 1, &none)),
            again(response(gap + 0.1, 200, 1, "")),
        ];
        let told = run(&default(), 100.0, &trace);
        let removed = format!("{} reg-del c1", gap + 0.1);
        assert_told(
            &told,
            &["0.1 reg-new c1", &removed],
            &["c1 removed client 0.1 600.1 "],
        );
    }
    // A phone that was switched off and on.
    let booted = |said| Said {
        from: "<sip:alice@example.com>;tag=g",
        ..again(said)
    };
    let trace = [
        register(0.0, 1, &c1),
        response(0.1, 200, 1, &c1),
        booted(register(15.0, 1, &other)),
        booted(response(15.1, 200, 1, &other)),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "15.1 reg-new c1:5061", "15.1 reg-del c1"],
        &[
            "c1 superseded superseded 0.1 600.1 ",
            "c1:5061 active - 15.1 615.1 ",
        ],
    );
}

#[test]
fn a_binding_lasts_until_it_ends_not_until_that_is_told() {
    let (c1, none) = (expiring(C1, 60), expiring(C1, 0));
    let mut trace = registration(&c1).to_vec();
    let told = run(&default(), 100.0, &trace);
    assert_eq!(told.events[1], "90.3! reg-expired c1");
    assert_eq!(told.durations[1], Some(60.0));
    trace.extend([register(10.0, 3, &none), response(10.1, 200, 3, "")]);
    let options = TrackOptions {
        reg_del_delay: 5 * SECOND,
        ..default()
    };
    let told = run(&options, 100.0, &trace);
    assert_eq!(told.events[1], "15.1! reg-del c1");
    assert_eq!(told.durations[1], Some(9.8));
}
