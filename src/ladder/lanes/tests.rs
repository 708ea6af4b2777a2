use super::*;
use crate::{
    ladder::{Ladder, LadderOptions, script::said},
    net::Transport,
};

const INVITE: &str = "INVITE sip:bob@b.example SIP/2.0";

/// Returns names and addresses of the lanes.
fn lanes(messages: &[MessageBuf], strict_addresses: bool) -> Vec<(String, String)> {
    let options = LadderOptions {
        strict_addresses,
        ..LadderOptions::default()
    };
    let lanes = Ladder::new(messages, &options).lanes;
    lanes
        .into_iter()
        .map(|lane| (lane.name, lane.address))
        .collect()
}

fn expected(lanes: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, address): &(&str, &str)| ((*name).to_owned(), (*address).to_owned());
    lanes.iter().map(owned).collect()
}

/// The worked example of loose endpoints: a caller that sends BYE over another connection, and a request that comes back
/// over the first one.
#[test]
fn connections_from_any_port_are_one_lane() {
    let via = "10.0.0.5:5060;branch=z9hG4bK1";
    let tcp = Transport::Tcp;
    let messages = [
        said(
            0,
            "10.0.0.5:51234 10.0.0.9:5060",
            tcp,
            [INVITE, via, "1 INVITE", ""],
        ),
        said(
            10,
            "10.0.0.9:5060 10.0.0.5:51234",
            tcp,
            ["SIP/2.0 200 OK", via, "1 INVITE", ""],
        ),
        said(
            20,
            "10.0.0.9:5060 10.0.0.5:51234",
            tcp,
            [
                "OPTIONS sip:a SIP/2.0",
                "10.0.0.9;branch=z9hG4bK3",
                "7 OPTIONS",
                "",
            ],
        ),
        said(
            30,
            "10.0.0.5:51300 10.0.0.9:5060",
            tcp,
            [
                "BYE sip:b SIP/2.0",
                "10.0.0.5:5060;branch=z9hG4bK2",
                "2 BYE",
                "",
            ],
        ),
    ];
    assert_eq!(
        lanes(&messages, false),
        expected(&[("alice", "10.0.0.5:5060"), ("bob", "10.0.0.9:5060")])
    );
    assert_eq!(
        lanes(&messages, true),
        expected(&[
            ("alice", "10.0.0.5:51234"),
            ("bob", "10.0.0.9:5060"),
            ("10.0.0.5:51300", "")
        ])
    );
}

/// A phone that sends from 5062 and is reached at 5060, and an Asterisk behind a proxy on its host, which are two.
#[test]
fn a_user_agent_that_is_reached_at_another_port_is_one_lane() {
    let udp = Transport::Udp;
    let bye = "BYE sip:alice@10.0.0.5 SIP/2.0";
    let call = |contact: &str, vias: &str| {
        let contact = format!("Contact: <sip:alice@{contact}>\r\n");
        [
            said(
                0,
                "10.0.0.5:5062 10.0.0.9:5060",
                udp,
                [INVITE, vias, "1 INVITE", &contact],
            ),
            said(
                10,
                "10.0.0.9:5060 10.0.0.5:5060",
                udp,
                [bye, "10.0.0.9;branch=z9hG4bK3", "7 BYE", ""],
            ),
        ]
    };
    let one = "10.0.0.5:5062;branch=z9hG4bK1";
    let two = "10.0.0.5:5062;branch=z9hG4bK2, SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1";
    for (contact, vias, count) in [
        ("10.0.0.5", one, 2),
        ("10.0.0.5:5060", one, 2),
        ("10.0.0.6", one, 3),
        ("10.0.0.5", two, 3),
    ] {
        let lanes = lanes(&call(contact, vias), false);
        assert_eq!(lanes.len(), count, "{contact} {vias}: {lanes:?}");
    }
}

#[test]
fn the_host_of_a_web_socket_is_nowhere() {
    let via = "df7jal23ls0d.invalid;branch=z9hG4bK1";
    let messages = [said(
        0,
        "10.0.0.5:51234 10.0.0.9:80",
        Transport::Ws,
        [INVITE, via, "1 INVITE", ""],
    )];
    assert_eq!(
        lanes(&messages, false),
        expected(&[("alice", "10.0.0.5/ws"), ("10.0.0.9:80", "")])
    );
}

#[test]
fn a_proxy_with_two_addresses_is_one_lane() {
    let first = "10.0.0.5;branch=z9hG4bK1";
    let both = "10.0.0.9;branch=z9hG4bK2, SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1;received=10.0.0.5";
    let udp = Transport::Udp;
    let messages = [
        said(
            0,
            "10.0.0.5:5060 192.0.2.9:5060",
            udp,
            [INVITE, first, "1 INVITE", ""],
        ),
        said(
            1,
            "10.0.0.9:5060 10.0.0.20:5060",
            udp,
            [INVITE, both, "1 INVITE", ""],
        ),
        said(
            9,
            "10.0.0.20:5060 10.0.0.9:5060",
            udp,
            ["SIP/2.0 180 Ringing", both, "1 INVITE", ""],
        ),
    ];
    assert_eq!(
        lanes(&messages, false),
        expected(&[
            ("alice", "10.0.0.5:5060"),
            ("192.0.2.9:5060", "10.0.0.9:5060"),
            ("bob", "10.0.0.20:5060")
        ])
    );
    assert_eq!(lanes(&messages, true).len(), 4);
}

#[test]
fn what_has_one_name_is_one_lane_unless_it_talks_to_itself() {
    let udp = Transport::Udp;
    let invite = |at, ends| said(at, ends, udp, [INVITE, "x;branch=z9hG4bK1", "1 INVITE", ""]);
    let messages = [
        invite(0, "10.0.0.1:5060 10.0.0.2:5060"),
        invite(1, "192.0.2.2:5060 192.0.2.3:5060"),
        invite(2, "192.0.2.3:5060 192.0.2.4:5060"),
    ];
    let mut names = NameBook::default();
    for alias in [
        "10.0.0.2=SBC",
        "192.0.2.2=SBC",
        "192.0.2.3=Core",
        "192.0.2.4=Core",
    ] {
        names.add(alias).unwrap();
    }
    for (strict_addresses, expected) in [
        (false, &["", "SBC", "Core", "Core"][..]),
        (true, &["", "SBC", "SBC", "Core", "Core"]),
    ] {
        let options = LadderOptions {
            strict_addresses,
            names: names.clone(),
            ..LadderOptions::default()
        };
        let lanes = Ladder::new(&messages, &options).lanes;
        let found: Vec<&str> = lanes.iter().map(|lane| lane.name.as_str()).collect();
        assert_eq!(found[1..], expected[1..]);
    }
}

#[test]
fn branches_stand_behind_who_forks() {
    let udp = Transport::Udp;
    let invite = |at, ends, branch: &str| {
        let via = format!("x;branch=z9hG4bK{branch}");
        said(at, ends, udp, [INVITE, &via, "1 INVITE", ""])
    };
    let messages = [
        invite(0, "10.0.0.1:5060 10.0.0.2:5060", "a"),
        invite(1, "10.0.0.2:5060 10.0.0.3:5060", "b"),
        invite(2, "10.0.0.2:5060 10.0.0.4:5060", "c"),
        invite(3, "10.0.0.3:5060 10.0.0.5:5060", "d"),
    ];
    let order: Vec<String> = lanes(&messages, false)
        .into_iter()
        .map(|(name, address)| if address.is_empty() { name } else { address })
        .collect();
    assert_eq!(
        order,
        [
            "10.0.0.1:5060",
            "10.0.0.2:5060",
            "10.0.0.3:5060",
            "10.0.0.5:5060",
            "10.0.0.4:5060"
        ]
    );
}

#[test]
fn lanes_are_bounded() {
    let messages: Vec<MessageBuf> = (0..1000)
        .map(|n| {
            let ends = format!("10.0.{}.{}:5060 192.0.2.1:5060", n / 250, n % 250);
            said(
                n,
                &ends,
                Transport::Udp,
                [INVITE, "x;branch=z9hG4bK", "1 INVITE", ""],
            )
        })
        .collect();
    assert_eq!(lanes(&messages, false).len(), MAX_LANES);
}
