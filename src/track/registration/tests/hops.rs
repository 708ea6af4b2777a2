//! One registration seen at several hops, and what a registrar and others make of Contacts.

use super::*;

/// A message behind the edge proxy.
fn far(said: Said<'_>) -> Said<'_> {
    Said {
        client: EDGE,
        branches: &["edge", "1"],
        ..said
    }
}

/// A message before it.
fn near(said: Said<'_>) -> Said<'_> {
    Said {
        registrar: EDGE,
        ..said
    }
}

#[test]
fn a_registration_at_two_hops_is_told_once() {
    let (asked, granted) = (expiring(C1, 600), expiring(C1, 300));
    let mut trace = vec![
        near(register(0.0, 1, &asked)),
        far(register(0.002, 1, &asked)),
        far(response(0.040, 200, 1, &granted)),
        near(response(0.042, 200, 1, &granted)),
    ];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.042 reg-new c1"],
        &["c1 active - 0.042 300.042 "],
    );
    // The registrar has accepted it, whatever the client hears of that.
    trace.pop();
    let told = run(&default(), 10.0, &trace);
    assert_told(&told, &["5.04! reg-new c1"], &["c1 active - 0.04 300.04 "]);
    // Neither is it lost when the capture ends before that.
    let told = run(&default(), 3.0, &trace);
    assert_told(&told, &["3! reg-new c1"], &["c1 active - 0.04 300.04 "]);
    trace.push(near(response(0.05, 408, 1, "")));
    let told = run(&default(), 10.0, &trace);
    assert_told(&told, &["0.05 reg-new c1"], &["c1 active - 0.04 300.04 "]);
}

#[test]
fn the_order_of_hops_in_the_capture_does_not_matter() {
    let asked = expiring(C1, 600);
    let trace = [
        far(register(0.0, 1, &asked)),
        near(register(0.001, 1, &asked)),
        far(response(0.040, 200, 1, &asked)),
        near(response(0.042, 200, 1, &asked)),
    ];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.042 reg-new c1"],
        &["c1 active - 0.042 600.042 "],
    );
}

#[test]
fn the_client_knows_the_contacts_of_its_own_hop() {
    let (own, other) = (
        expiring("<sip:c1@10.0.0.7:5060>", 60),
        expiring("<sip:c1@192.0.2.5:5060>", 3600),
    );
    let trace = [
        near(register(0.0, 1, &own)),
        far(register(0.002, 1, &other)),
        far(response(0.04, 200, 1, &other)),
        near(response(0.05, 200, 1, &own)),
        // The proxy answers refreshes by itself.
        near(register(50.0, 2, &own)),
        near(response(50.1, 200, 2, &own)),
    ];
    let told = run(&default(), 60.0, &trace);
    assert_told(
        &told,
        &["0.05 reg-new c1", "50.1 reg-refresh c1"],
        &["c1 active - 0.05 110.1 behind-nat"],
    );
}

#[test]
fn a_failure_further_on_is_not_the_end() {
    let asked = expiring(C1, 60);
    let trace = [
        near(register(0.0, 1, &asked)),
        far(register(0.1, 1, &asked)),
        far(response(0.2, 503, 1, "")),
        Said {
            registrar: "192.0.2.2:5060",
            branches: &["second", "1"],
            ..far(register(0.3, 1, &asked))
        },
        near(response(0.5, 200, 1, &asked)),
    ];
    let told = run(&default(), 10.0, &trace);
    assert_told(&told, &["0.5 reg-new c1"], &["c1 active - 0.5 60.5 "]);
}

#[test]
fn a_contact_that_the_registrar_rewrites_is_still_the_one() {
    let (own, listed) = (
        expiring("<sip:c1@10.0.0.7:5060>", 60),
        expiring("<sip:c1@192.0.2.10:61234>", 60),
    );
    let other = "<sip:c2@192.0.2.77:5060>;expires=60";
    let both = format!("{listed}, {other}");
    let device = |said| Said {
        call_id: "other",
        client: "192.0.2.77:5060",
        ..said
    };
    let trace = [
        register(0.0, 1, &own),
        response(0.1, 200, 1, &listed),
        device(register(10.0, 1, other)),
        device(response(10.1, 200, 1, &both)),
        register(30.0, 2, &own),
        response(30.1, 200, 2, &both),
    ];
    let told = run(&default(), 40.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "10.1 reg-new c2", "30.1 reg-refresh c1"],
        &[
            "c1 active - 0.1 90.1 behind-nat",
            // The second list says 60 s again.
            "c2 active - 10.1 90.1 ",
        ],
    );
}

#[test]
fn flows_of_one_instance_are_bindings_of_their_own() {
    let flow = |number| format!("{C1};+sip.instance=\"<urn:uuid:1>\";reg-id={number};expires=600");
    let (one, two) = (flow(1), flow(2));
    let both = format!("{one}, {two}");
    let trace = [
        register(0.0, 1, &one),
        response(0.1, 200, 1, &one),
        register(0.2, 2, &two),
        response(0.3, 200, 2, &both),
        register(9.0, 3, &one),
        response(9.1, 200, 3, &both),
    ];
    let told = run(&default(), 10.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "0.3 reg-new c1", "9.1 reg-refresh c1"],
        &["c1 active - 0.1 609.1 ", "c1 active - 0.3 609.1 "],
    );
}

#[test]
fn an_instance_that_moves_leaves_its_old_contact() {
    let at =
        |host: &str| format!("<sip:c1@{host}>;+sip.instance=\"<urn:uuid:1>\";reg-id=1;expires=600");
    let (home, away) = (at("192.0.2.10:5060"), at("198.51.100.7:5099"));
    let trace = [
        register(0.0, 1, &home),
        response(0.1, 200, 1, &home),
        register(20.0, 2, &away),
        response(20.1, 200, 2, &away),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.1 reg-new c1", "20.1 reg-new c1:5099", "20.1 reg-del c1"],
        &[
            "c1 superseded superseded 0.1 600.1 ",
            "c1:5099 active - 20.1 620.1 ",
        ],
    );
}

#[test]
fn another_port_of_the_nat_is_a_move_but_another_stream_is_not() {
    let own = expiring("<sip:c1@10.0.0.7:5060>", 60);
    let from = |client, said| Said { client, ..said };
    let (one, two) = ("203.0.113.77:61234", "203.0.113.77:61999");
    let mut trace = [
        from(one, register(0.0, 1, &own)),
        from(one, response(0.1, 200, 1, &own)),
        from(two, register(30.0, 2, &own)),
        from(two, response(30.1, 200, 2, &own)),
    ];
    let told = run(&default(), 50.0, &trace);
    let active = "c1 active - 0.1 90.1 behind-nat";
    assert_told(
        &told,
        &["0.1 reg-new c1", "30.1 reg-refresh c1", "30.1 reg-moved c1"],
        &[active],
    );
    for said in &mut trace {
        said.transport = Transport::Tcp;
    }
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["0.1 reg-new c1", "30.1 reg-refresh c1"], &[active]);
}

#[test]
fn a_hop_that_replaces_the_vias_is_a_hop() {
    const SBC_INSIDE: &str = "198.51.100.5:5060";
    let own = expiring("<sip:c1@10.0.0.7:5060>", 600);
    let granted = expiring("<sip:c1@10.0.0.7:5060>", 60);
    let other = expiring("<sip:c1@192.0.2.5:5060;ue=1>", 3600);
    let round = |at: f64, cseq| {
        let beyond = |said| Said {
            client: EDGE,
            branches: &["sbc"],
            ..said
        };
        [
            near(register(at, cseq, &own)),
            beyond(register(at + 0.01, cseq, &other)),
            beyond(response(at + 0.02, 200, cseq, &other)),
            near(response(at + 0.03, 200, cseq, &granted)),
        ]
    };
    let events = [
        "0.03 reg-new c1",
        "50.03 reg-refresh c1",
        "100.03 reg-refresh c1",
    ];
    let bindings = ["c1 active - 0.03 160.03 behind-nat"];
    let mut trace = [round(0.0, 1), round(50.0, 2), round(100.0, 3)].concat();
    let told = run(&default(), 150.0, &trace);
    assert_told(&told, &events, &bindings);
    // It has another address towards the registrar.
    for said in trace.iter_mut().filter(|said| said.client == EDGE) {
        said.client = SBC_INSIDE;
    }
    let told = run(&default(), 150.0, &trace);
    assert_told(&told, &events, &bindings);
    // The REGISTER behind it was not seen, or before the one that the client has sent.
    trace.retain(|said| said.status > 0 || said.client != SBC_INSIDE);
    let told = run(&default(), 150.0, &trace);
    assert_told(&told, &events, &bindings);
    let mut trace = round(0.0, 1);
    trace[1].at = -0.001;
    let told = run(&default(), 50.0, &trace);
    assert_told(
        &told,
        &["0.03 reg-new c1"],
        &["c1 active - 0.03 60.03 behind-nat"],
    );
}

#[test]
fn a_second_registrar_is_no_further_hop() {
    let (asked, less) = (expiring(C1, 60), expiring(C1, 30));
    let other = |said| Said {
        registrar: "192.0.2.2:5060",
        branches: &["second"],
        ..said
    };
    // The client asks both; what the first one grants counts.
    let trace = [
        register(0.0, 1, &asked),
        other(register(0.001, 1, &asked)),
        response(0.1, 200, 1, &asked),
        other(response(0.12, 200, 1, &less)),
    ];
    let told = run(&default(), 50.0, &trace);
    assert_told(&told, &["0.1 reg-new c1"], &["c1 active - 0.1 60.1 "]);
}

#[test]
fn phones_behind_one_address_have_the_contact_of_their_port() {
    let (private_1, private_2) = (
        "<sip:c1@192.168.1.10:5071>;expires=600",
        "<sip:c1@192.168.1.11:5072>;expires=600",
    );
    let (public_1, public_2) = (
        "<sip:c1@192.0.2.10:10001>;expires=600",
        "<sip:c1@192.0.2.10:10002>;expires=600",
    );
    let lists = [
        format!("{public_2}, {public_1}"),
        format!("{public_1}, {public_2}"),
    ];
    let phone_1 = |said| Said {
        call_id: "one",
        client: "192.0.2.10:10001",
        ..said
    };
    let phone_2 = |said| Said {
        call_id: "two",
        client: "192.0.2.10:10002",
        ..said
    };
    let mut trace = Vec::new();
    for (number, list) in (0_u32..).zip(lists.iter().chain(&lists)) {
        let (at, cseq) = (f64::from(number) * 100.0, number + 1);
        trace.extend([
            phone_1(register(at, cseq, private_1)),
            phone_1(response(at + 0.1, 200, cseq, list)),
            phone_2(register(at + 50.0, cseq, private_2)),
            phone_2(response(at + 50.1, 200, cseq, list)),
        ]);
    }
    let told = run(&default(), 400.0, &trace);
    assert_told(
        &told,
        &[
            "0.1 reg-new c1:5071",
            // The registrar had the other one before.
            "50.1 reg-refresh c1:5072",
            "100.1 reg-refresh c1:5071",
            "150.1 reg-refresh c1:5072",
            "200.1 reg-refresh c1:5071",
            "250.1 reg-refresh c1:5072",
            "300.1 reg-refresh c1:5071",
            "350.1 reg-refresh c1:5072",
        ],
        &[
            // Each list says 600 s of all.
            "c1:5071 active - 0.1 950.1 behind-nat",
            "c1:5072 active - - 950.1 learned,behind-nat",
        ],
    );
}

#[test]
fn another_port_of_the_nat_is_no_other_binding_when_contacts_are_rewritten() {
    let own = expiring("<sip:c1@192.168.1.10:5060>", 600);
    let (before, after) = (
        "<sip:c1@192.0.2.10:10001>;expires=600",
        "<sip:c1@192.0.2.10:10009>;expires=600",
    );
    let from = |client, said| Said { client, ..said };
    let trace = [
        from("192.0.2.10:10001", register(0.0, 1, &own)),
        from("192.0.2.10:10001", response(0.1, 200, 1, before)),
        from("192.0.2.10:10009", register(300.0, 2, &own)),
        from("192.0.2.10:10009", response(300.1, 200, 2, after)),
    ];
    let told = run(&default(), 400.0, &trace);
    assert_told(
        &told,
        &[
            "0.1 reg-new c1",
            "300.1 reg-refresh c1",
            "300.1 reg-moved c1",
        ],
        &["c1 active - 0.1 900.1 behind-nat"],
    );
}
