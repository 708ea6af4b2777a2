//! Subscriptions from scripts, with events worked out by hand from RFC 6665.

use crate::track::{
    TrackOptions,
    script::{run, run_with},
};

/// What is the case, the script, and what is told. The script is run to second 5000.
type Case<'a> = (&'a str, &'a str, &'a [&'a str]);

/// A subscription of 600 s, with its first NOTIFY.
const BEGUN: &str = "\
    0.000 A>B SUBSCRIBE | Event: dialog | Expires: 3600
    0.020 B>A 202:SUBSCRIBE to=t | Expires: 600
    0.030 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
    0.040 A>B 200:NOTIFY n=7 from=t to=f
";

fn check(before: &str, cases: &[Case<'_>]) {
    for (case, script, events) in cases {
        let script = format!("{before}{script}");
        let told = run(&script, 5000);
        assert_eq!(told.events, *events, "{case}");
        let lines = script.lines().filter(|line| !line.trim().is_empty());
        assert_eq!(told.stats.messages(), lines.count() as u64, "{case}");
    }
}

#[test]
fn a_subscription_begins_once() {
    check(
        "",
        &[
            (
                "with the 2xx, and lasts as long as that says",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 3600
                 0.020 B>A 200:SUBSCRIBE to=t | Expires: 600
                 0.030 B>A 200:SUBSCRIBE to=t | Expires: 600",
                &["sub-new 0.02 200 600s", "sub-expired (600.02) 600s"],
            ),
            (
                "with the 2xx, and lasts as long as was asked for",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 60
                 0.020 B>A 200:SUBSCRIBE to=t",
                &["sub-new 0.02 200 60s", "sub-expired (60.02) 60s"],
            ),
            (
                "with the NOTIFY that overtakes the 2xx",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 3600
                 0.018 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: pending;expires=599
                 0.020 B>A 200:SUBSCRIBE to=t | Expires: 600
                 0.040 A>B 200:NOTIFY n=7 from=t to=f",
                &["sub-new 0.018 599s", "sub-expired (600.02) 600s"],
            ),
            (
                "seen at two hops",
                "0.000 A>P SUBSCRIBE via=x | Event: dialog | Expires: 600
                 0.001 P>B SUBSCRIBE via=y,x | Event: dialog | Expires: 600
                 0.020 B>P 200:SUBSCRIBE via=y,x to=t | Expires: 600
                 0.021 P>A 200:SUBSCRIBE via=x to=t | Expires: 600
                 0.030 B>P NOTIFY n=7 via=n from=t to=f | Event: dialog | Subscription-State: terminated;reason=giveup
                 0.031 P>A NOTIFY n=7 via=m,n from=t to=f | Event: dialog | Subscription-State: terminated;reason=giveup
                 0.040 A>P 200:NOTIFY n=7 via=m,n from=t to=f
                 0.041 P>B 200:NOTIFY n=7 via=n from=t to=f",
                &["sub-new 0.021 200 600s", "sub-del 0.03 giveup 600s"],
            ),
            (
                "for each branch of a fork that tells of events",
                "0.000 A>P SUBSCRIBE | Event: dialog | Expires: 600
                 0.010 P>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
                 0.020 P>A 200:SUBSCRIBE to=u | Expires: 600
                 0.030 A>P 481:NOTIFY n=7 from=t to=f
                 0.040 P>A NOTIFY n=8 via=n from=u to=f | Event: dialog | Subscription-State: active;expires=600
                 0.050 A>P 200:NOTIFY n=8 via=n from=u to=f",
                &[
                    "sub-new 0.01 600s",
                    "sub-new 0.02 200 600s forked",
                    "sub-del 0.03 481 600s",
                    "sub-expired (600.04) 600s forked",
                ],
            ),
            (
                "after a challenge",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 600
                 0.020 B>A 401:SUBSCRIBE to=t | WWW-Authenticate: Digest realm=\"a\"
                 0.030 A>B SUBSCRIBE n=2 | Event: dialog | Expires: 600 | Authorization: Digest realm=\"a\"
                 0.050 B>A 200:SUBSCRIBE n=2 to=t | Expires: 600",
                &["sub-new 0.05 200 600s", "sub-expired (600.05) 600s"],
            ),
        ],
    );
}

#[test]
fn a_subscription_ends_once() {
    check(
        BEGUN,
        &[
            (
                "it expires as the NOTIFY had it, and the NOTIFY that says so comes later",
                "600.031 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: terminated;reason=timeout
                 600.040 A>B 200:NOTIFY n=8 from=t to=f",
                &["sub-new 0.02 202 600s", "sub-expired (600.03) 600s"],
            ),
            (
                "by a NOTIFY",
                "90.000 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: terminated;reason=noresource
                 90.010 A>B 200:NOTIFY n=8 from=t to=f",
                &["sub-new 0.02 202 600s", "sub-del 90 noresource 600s"],
            ),
            (
                "by Expires: 0, and the NOTIFY that follows tells nothing new",
                "90.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 0
                 90.020 B>A 200:SUBSCRIBE n=2 to=t | Expires: 0
                 90.030 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: terminated
                 90.040 A>B 200:NOTIFY n=8 from=t to=f",
                &["sub-new 0.02 202 600s", "sub-del 90.02 200 600s"],
            ),
            (
                "by Expires: 0, and the NOTIFY overtakes the 2xx",
                "90.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 0
                 90.010 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: terminated
                 90.020 B>A 200:SUBSCRIBE n=2 to=t | Expires: 0
                 90.040 A>B 200:NOTIFY n=8 from=t to=f",
                &["sub-new 0.02 202 600s", "sub-del 90.01 600s"],
            ),
            (
                "the subscriber has forgotten it",
                "90.000 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: active;expires=510
                 90.010 A>B 481:NOTIFY n=8 from=t to=f",
                &["sub-new 0.02 202 600s", "sub-del 90.01 481 510s"],
            ),
            (
                "the notifier has forgotten it",
                "90.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 600
                 90.010 B>A 481:SUBSCRIBE n=2 to=t",
                &[
                    "sub-new 0.02 202 600s",
                    "other-failed 90.01 481",
                    "sub-del 90.01 481 600s",
                ],
            ),
        ],
    );
}

#[test]
fn a_subscription_is_refreshed() {
    check(
        BEGUN,
        &[
            (
                "in time",
                "300.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 300.020 B>A 200:SUBSCRIBE n=2 to=t | Expires: 600",
                &["sub-new 0.02 202 600s", "sub-expired (900.02) 600s"],
            ),
            (
                "too late, but it is accepted",
                "605.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 605.020 B>A 200:SUBSCRIBE n=2 to=t | Expires: 600",
                &[
                    "sub-new 0.02 202 600s",
                    "sub-expired (600.03) 600s",
                    "sub-new 605.02 200 600s late-refresh",
                    "sub-expired (1205.02) 600s late-refresh",
                ],
            ),
            (
                "under way when it expires",
                "600.020 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 600.100 B>A 200:SUBSCRIBE n=2 to=t | Expires: 600
                 600.110 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: terminated",
                &["sub-new 0.02 202 600s", "sub-del 600.11 600s"],
            ),
            (
                "under way when it expires, with a challenge",
                "599.900 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 600.050 B>A 401:SUBSCRIBE n=2 to=t | WWW-Authenticate: Digest realm=\"a\"
                 600.100 A>B SUBSCRIBE n=3 to=t | Event: dialog | Expires: 3600 | Authorization: Digest realm=\"a\"
                 600.200 B>A 200:SUBSCRIBE n=3 to=t | Expires: 600",
                &["sub-new 0.02 202 600s", "sub-expired (1200.2) 600s"],
            ),
            (
                "under way when it expires, and refused",
                "600.020 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 600.100 B>A 500:SUBSCRIBE n=2 to=t",
                &[
                    "sub-new 0.02 202 600s",
                    "other-failed 600.1 500",
                    "sub-expired (600.1) 600s",
                ],
            ),
            (
                "under way when it expires, and never answered, or too late",
                "600.020 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 640.000 B>A 200:SUBSCRIBE n=2 to=t | Expires: 600",
                &[
                    "sub-new 0.02 202 600s",
                    "sub-expired (632.02) 600s",
                    "other-timeout (637.02) timeout",
                    "sub-new 640 200 600s late-refresh",
                    "sub-expired (1240) 600s late-refresh",
                ],
            ),
            (
                "another failure leaves it as it was",
                "300.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600
                 300.020 B>A 500:SUBSCRIBE n=2 to=t",
                &[
                    "sub-new 0.02 202 600s",
                    "other-failed 300.02 500",
                    "sub-expired (600.03) 600s",
                ],
            ),
            (
                "no response leaves it as it was",
                "300.000 A>B SUBSCRIBE n=2 to=t | Event: dialog | Expires: 3600",
                &[
                    "sub-new 0.02 202 600s",
                    "other-timeout (337) timeout",
                    "sub-expired (600.03) 600s",
                ],
            ),
            (
                "a NOTIFY that is never answered is not told, but puts the expiry off",
                "300.000 B>A NOTIFY n=8 from=t to=f | Event: dialog | Subscription-State: active;expires=600",
                &["sub-new 0.02 202 600s", "sub-expired (900) 600s"],
            ),
            (
                "one for another package does not matter",
                "300.000 B>A NOTIFY n=8 from=t to=f | Event: presence | Subscription-State: terminated
                 300.010 B>A NOTIFY n=9 from=t to=f | Event: dialog;id=1 | Subscription-State: terminated",
                &[
                    "sub-new 0.02 202 600s",
                    "sub-del 300 learned",
                    "sub-del 300.01 learned",
                    "sub-expired (600.03) 600s",
                ],
            ),
        ],
    );
}

#[test]
fn a_subscription_may_never_begin() {
    check(
        "",
        &[
            (
                "it is refused",
                "0.000 A>B SUBSCRIBE | Event: nonsense
                 0.020 B>A 489:SUBSCRIBE to=t",
                &["other-failed 0.02 489"],
            ),
            (
                "nobody answers",
                "0.000 A>B SUBSCRIBE | Event: dialog",
                &["other-timeout (37) timeout"],
            ),
            (
                "the challenge is not taken up",
                "0.000 A>B SUBSCRIBE | Event: dialog
                 0.020 B>A 407:SUBSCRIBE to=t | Proxy-Authenticate: Digest realm=\"a\"",
                &["auth-failed (30.02) 407"],
            ),
            (
                "only the state of the moment is asked for",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 0
                 0.020 B>A 200:SUBSCRIBE to=t | Expires: 0
                 0.030 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated;reason=timeout
                 0.040 A>B 200:NOTIFY n=7 from=t to=f",
                &["other-ok 0.02 200"],
            ),
            (
                "only the state of the moment is given",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 600
                 0.020 B>A 200:SUBSCRIBE to=t | Expires: 0
                 0.030 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated;reason=timeout
                 0.040 A>B 200:NOTIFY n=7 from=t to=f",
                &["other-ok 0.02 200"],
            ),
            (
                "the notifier says at once that there is none",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 600
                 0.020 B>A 202:SUBSCRIBE to=t | Expires: 600
                 0.030 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated;reason=rejected",
                &["sub-new 0.02 202 600s", "sub-del 0.03 rejected 600s"],
            ),
            (
                "that overtakes the 2xx",
                "0.000 A>B SUBSCRIBE | Event: dialog | Expires: 600
                 0.018 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated;reason=rejected
                 0.020 B>A 202:SUBSCRIBE to=t | Expires: 600",
                &["sub-new 0.018 600s", "sub-del 0.018 rejected 600s"],
            ),
        ],
    );
}

#[test]
fn a_refer_implies_a_subscription() {
    let refer = "0.000 A>B REFER | Refer-To: sip:c@example.com\n0.010 B>A 202:REFER to=t\n";
    check(
        refer,
        &[
            (
                "with the first NOTIFY, until the last",
                "0.020 B>A NOTIFY n=7 from=t to=f | Event: refer;id=1 | Subscription-State: active;expires=60 | Content-Type: message/sipfrag
                 0.030 A>B 200:NOTIFY n=7 from=t to=f
                 0.500 A>B REFER | Refer-To: sip:c@example.com
                 5.000 B>A NOTIFY n=8 from=t to=f | Event: refer;id=1 | Subscription-State: terminated;reason=noresource
                 5.010 A>B 200:NOTIFY n=8 from=t to=f",
                &[
                    "other-ok 0.01 202",
                    "sub-new 0.02 60s",
                    "sub-del 5 noresource 60s",
                ],
            ),
            ("but not without", "", &["other-ok 0.01 202"]),
        ],
    );
}

#[test]
fn one_that_is_already_there_is_learned() {
    check(
        "",
        &[
            (
                "by a NOTIFY",
                "0.000 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
                 0.010 A>B 200:NOTIFY n=7 from=t to=f",
                &["sub-expired (600) 600s learned"],
            ),
            (
                "by a refresh",
                "0.000 A>B SUBSCRIBE n=5 to=t | Event: dialog | Expires: 600
                 0.010 B>A 200:SUBSCRIBE n=5 to=t | Expires: 600
                 9.000 A>B SUBSCRIBE n=6 to=t | Event: dialog | Expires: 0
                 9.010 B>A 200:SUBSCRIBE n=6 to=t | Expires: 0",
                &["sub-del 9.01 200 600s learned"],
            ),
            (
                "by its end",
                "0.000 A>B SUBSCRIBE n=5 to=t | Event: dialog | Expires: 0
                 0.010 B>A 200:SUBSCRIBE n=5 to=t | Expires: 0
                 0.020 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated",
                &["sub-del 0.01 200 learned"],
            ),
            (
                "by a response",
                "0.010 B>A 200:SUBSCRIBE n=5 to=t | Expires: 600
                 0.020 B>A NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: terminated",
                &["sub-del 0.02 600s learned"],
            ),
        ],
    );
}

#[test]
fn messages_may_overtake_each_other() {
    check(
        "",
        &[
            (
                "the 2xx comes before the SUBSCRIBE",
                "0.000 B>A/tcp 200:SUBSCRIBE to=t | Expires: 600
                 0.001 A>B/tcp SUBSCRIBE | Event: dialog | Expires: 3600
                 0.010 B>A/tcp NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
                 0.020 A>B/tcp 200:NOTIFY n=7 from=t to=f",
                &["sub-new 0.001 600s", "sub-expired (600.01) 600s"],
            ),
            (
                "2xx and NOTIFY come before the SUBSCRIBE",
                "0.000 B>A/tcp 200:SUBSCRIBE to=t | Expires: 600
                 0.001 B>A/tcp NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
                 0.002 A>B/tcp SUBSCRIBE | Event: dialog | Expires: 3600
                 0.020 A>B/tcp 200:NOTIFY n=7 from=t to=f",
                &["sub-new 0.002 600s", "sub-expired (600.001) 600s"],
            ),
            (
                "NOTIFY comes before the SUBSCRIBE",
                "0.000 B>A/tcp NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600
                 0.001 A>B/tcp SUBSCRIBE | Event: dialog | Expires: 3600
                 0.002 B>A/tcp 200:SUBSCRIBE to=t | Expires: 600
                 0.020 A>B/tcp 200:NOTIFY n=7 from=t to=f",
                &["sub-new 0.002 200 600s", "sub-expired (600.002) 600s"],
            ),
            (
                "the response to NOTIFY comes first of all responses",
                "0.000 A>B/tcp SUBSCRIBE | Event: dialog | Expires: 600
                 0.020 A>B/tcp 200:NOTIFY n=7 from=t to=f
                 0.030 B>A/tcp 202:SUBSCRIBE to=t | Expires: 600
                 0.031 B>A/tcp NOTIFY n=7 from=t to=f | Event: dialog | Subscription-State: active;expires=600",
                &["sub-new 0.03 202 600s", "sub-expired (600.031) 600s"],
            ),
            (
                "the 2xx of one for the state of the moment",
                "0.000 B>A/tcp 200:SUBSCRIBE to=t | Expires: 0
                 0.001 A>B/tcp SUBSCRIBE | Event: dialog | Expires: 0",
                &["other-ok 0.001 200"],
            ),
            (
                "the 2xx of the end of one that began before",
                "0.000 B>A/tcp 200:SUBSCRIBE n=5 to=t | Expires: 0
                 0.001 A>B/tcp SUBSCRIBE n=5 to=t | Event: dialog | Expires: 0",
                &["sub-del 0.001 learned"],
            ),
        ],
    );
}

#[test]
fn those_of_calls_are_of_the_calls() {
    let told = run(
        "0.000 A>B INVITE
         1.000 B>A 200:INVITE to=t
         1.010 A>B ACK to=t via=x
         2.000 A>B REFER n=2 to=t | Refer-To: sip:c@example.com
         2.010 B>A 202:REFER n=2 to=t
         2.020 B>A NOTIFY n=7 from=t to=f | Event: refer | Subscription-State: active;expires=60
         2.030 A>B 200:NOTIFY n=7 from=t to=f",
        10,
    );
    assert_eq!(told.stats.call_messages, 7);
    assert_eq!(told.exchanges, [""; 0]);
}

#[test]
fn memory_is_bounded() {
    let script: String = (0..1000)
        .map(|i| format!("{i} B>A NOTIFY n={i} from=t{i} to=f | Event: dialog | Subscription-State: active;expires=9999\n"))
        .collect();
    assert_eq!(run(&script, 20_000).events.len(), 128);
    let options = TrackOptions {
        max_calls: 10,
        ..TrackOptions::default()
    };
    assert_eq!(run_with(&script, 20_000, options).events.len(), 10);
}
