//! stdout, stderr and status of many invocations, each in a file of `snapshots/` (`just generate` rewrites them).

use std::{fmt::Write as _, path::Path};

use snapbox::{Assert, Data};

use super::playground;
use crate::support::program::run_with_input;

/// A file of snapshots, and the command lines in it. `<` takes the standard input from a file.
const SESSIONS: &[(&str, &[&str])] = &[
    (
        "messages",
        &[
            "messages call.pcap",
            "messages --format csv call.pcap",
            "messages mixed.pcapng",
            "messages --format csv --status 4xx mixed.pcapng",
            "messages --format csv - < call.pcap",
            "messages --format csv < call.pcap",
            "messages --format csv --method BYE call.pcap mixed.pcapng",
            "messages --keep-duplicates --call-id busy@192.0.2.10 mixed.pcapng",
            "messages --csv-safe --format csv --from HYPERLINK mixed.pcapng",
            "messages --since 2026-01-15T10:00:01Z --until @1768471204 call.pcap",
        ],
    ),
    (
        "selection",
        &[
            "messages --call-id answered@192.0.2.10 --method INVITE call.pcap",
            "messages --from alice --to bob --number 5551234567 --format csv mixed.pcapng",
            "messages --status 180,486 mixed.pcapng",
            "messages --ip 192.0.2.1 --method INVITE mixed.pcapng",
            "messages --ip 2001:db8::/32 mixed.pcapng",
            "messages --port 61234 mixed.pcapng",
            "messages -e ^Event: call.pcap",
            "messages --status 700 call.pcap",
            "messages --status x call.pcap",
            "messages --ip 1.2.3 call.pcap",
            "messages --port 70000 call.pcap",
            "messages --since yesterday call.pcap",
            "messages --vxlan-port x call.pcap",
            "messages --vxlan-port 4789,99999 call.pcap",
            "messages -e ( call.pcap",
            "messages -j x call.pcap",
        ],
    ),
    (
        "grep",
        &[
            "grep Ringing call.pcap",
            "grep -i ^cseq:.*bye call.pcap",
            "grep -c . mixed.pcapng",
            "grep -c -v INVITE mixed.pcapng",
            "grep -c --dialog 486 mixed.pcapng",
            "grep -c --dialog 486 - < mixed.pcapng",
            "grep --dialog --format csv 486 - < mixed.pcapng",
            "grep --color always Ringing call.pcap",
            "grep nowhere call.pcap",
            "grep ( call.pcap",
            "grep [z-a] call.pcap",
            "grep",
        ],
    ),
    (
        "info",
        &[
            "info call.pcap",
            "info mixed.pcapng",
            "info - < mixed.pcapng",
            "info --format csv call.pcap",
            "info cut.pcap",
            "info header-only.pcap",
        ],
    ),
    (
        "stats",
        &[
            "stats call.pcap",
            "stats mixed.pcapng",
            "stats --format csv call.pcap",
            "stats --by dst,transport --top 3 --bucket 5m mixed.pcapng",
            "stats --by prefix:3 --format jsonl --call-id answered@192.0.2.10 mixed.pcapng",
            "stats --by prefix mixed.pcapng",
            "stats --format markdown --by from-domain,method --call-id answered@192.0.2.10 call.pcap",
            "stats --format prometheus --method BYE call.pcap",
            "stats --check seer>50 --check ser>=95&&pdd.p95_ms<3000 --annotate github -o report.txt mixed.pcapng",
            "stats --check ira==0 --junit - -o - call.pcap --method OPTIONS",
            "stats --check ira==0 --allow-missing -q -o all.json --format json call.pcap",
            "stats --baseline all.json --tolerance 5% -o - --method OPTIONS call.pcap",
            "stats --baseline all.json --format csv -o worse.csv mixed.pcapng",
            "stats --baseline notes.txt call.pcap",
            "stats --baseline nowhere.json call.pcap",
            "stats --check seerr>1 call.pcap",
            "stats --check pdd.p95_ms call.pcap",
            "stats --list-metrics",
            "stats --partial -o call.part --short 70s call.pcap",
            "stats --merge call.part",
            "stats --merge --by dst call.part",
            "stats --merge call.pcap",
            "stats --merge all.json",
            "stats --merge",
            "stats --partial --format csv call.pcap",
            "stats --plot - -o drawn.txt mixed.pcapng",
            "stats --plot-dir charts -o charts.txt -q call.pcap",
            "stats --plot call.pcap --force call.pcap",
            "stats --bucket 1us mixed.pcapng",
            "stats header-only.pcap",
        ],
    ),
    (
        "calls",
        &[
            "calls call.pcap",
            "calls mixed.pcapng",
            "calls call.pcap mixed.pcapng --format csv --call-id answered@192.0.2.10",
            "calls --format json - < call.pcap",
            "calls --outcome busy,cancelled mixed.pcapng",
            "calls --duration >30s mixed.pcapng",
            "calls --where status==486||'forked'in(flags) mixed.pcapng",
            "calls --where callee.ip=='192.0.2.20'&&talk_ms>1000 mixed.pcapng",
            "calls --status 4xx --from alice mixed.pcapng",
            "calls -e ^Replaces --format csv mixed.pcapng",
            "calls --where outcom=='busy' mixed.pcapng",
            "calls --where talk_ms>'3' mixed.pcapng",
            "calls --timeout inv_est=5s mixed.pcapng",
            "calls --timeout inv_neg=5 mixed.pcapng",
            "calls --timeout inv_neg=1h mixed.pcapng",
            "calls --outcome lost mixed.pcapng",
            "calls --duration 30 mixed.pcapng",
            "calls --max-calls 1 --call-id nobody mixed.pcapng",
            "calls --end-timeout 1h --outcome in-progress mixed.pcapng",
            "calls --correlate none mixed.pcapng",
            "calls --legs mixed.pcapng",
        ],
    ),
    (
        "events",
        &[
            "events call.pcap",
            "events --format text call.pcap",
            "events --format csv call.pcap",
            "events --format csv - < call.pcap",
            "events --format text --verbose call.pcap mixed.pcapng",
            "events --format text --events call-start,call-end --to bob --ip 192.0.2.0/24 call.pcap",
            "events --format text --not-events call-start --number 5551234567 mixed.pcapng",
            "events --format text --status 500 call.pcap",
            "events --format text --end-timeout 1d --timeout inv_established=10s --until @1768471203.5 call.pcap",
            "events --format text --rate-limit 1/1h,3/1d mixed.pcapng",
            "events --rate-limit 1/1h --events call-reinvite mixed.pcapng",
            "events --format text --replay --speed 1000 --max-delay 100ms call.pcap",
            "events --csv-safe --format csv --from HYPERLINK mixed.pcapng",
            "events --events nonsense call.pcap",
            "events --events gap,call-end --not-events call-end call.pcap",
            "events --rate-limit 20 call.pcap",
            "events --rate-limit 20/1 call.pcap",
            "events --rate-limit 0/1s call.pcap",
            "events --speed 2 call.pcap",
            "events --replay --speed 0 call.pcap",
            "events --replay --max-delay 5 call.pcap",
            "events --timeout inv_1st call.pcap",
            "events --timeout nonsense=5s call.pcap",
            "events --timeout inv_1st=3h call.pcap",
            "events --timeouts nonsense call.pcap",
            "events --max-memory 4T call.pcap",
            "events --max-calls 0 call.pcap",
            "events missing.pcap",
        ],
    ),
    (
        "regs",
        &[
            "regs mixed.pcapng",
            "regs --history mixed.pcapng",
            "regs --history --format csv mixed.pcapng",
            "regs --history --format json - < mixed.pcapng",
            "regs --at 2026-01-15T10:10:00Z mixed.pcapng",
            "regs --at 2026-01-15T10:11:00Z --format csv mixed.pcapng",
            "regs --until 2026-01-15T10:12:00Z --verbose mixed.pcapng",
            "regs --history --state removed --to alice --ip 192.0.2.1 --method register mixed.pcapng",
            "regs --history --state expired,failed mixed.pcapng call.pcap",
            "regs --history --number 5551234567 mixed.pcapng",
            "regs --history -e ^Authorization --format csv mixed.pcapng",
            "regs --history --max-bindings 1 mixed.pcapng",
            "regs --at yesterday mixed.pcapng",
            "regs --at @1768471200 --history mixed.pcapng",
            "regs --state gone mixed.pcapng",
            "regs --reg-expiry-grace 30 mixed.pcapng",
            "regs call.pcap",
        ],
    ),
    (
        "legs",
        &[
            "calls --legs legs.pcap",
            "calls --legs --format csv legs.pcap",
            "calls --legs --format json --call-id four@192.0.2.1 legs.pcap",
            "calls --legs --correlate explicit legs.pcap",
            "calls --legs --correlate none --correlate-header X-Other legs.pcap",
            "calls --legs --outcome busy legs.pcap",
            "calls --legs --correlate all legs.pcap",
            "calls --correlate explicit legs.pcap",
            "calls --correlate-header X-Other legs.pcap",
        ],
    ),
    (
        "parse",
        &[
            "parse < call.pcap",
            "parse < empty.pcap",
            "parse < notes.txt",
            "parse missing.txt",
            "parse --as nonsense notes.txt",
        ],
    ),
    (
        "split",
        &[
            "split -o out call.pcap",
            "split -o out call.pcap",
            "split -o out --append call.pcap",
            "split -o out --force -q call.pcap",
            "split -o named --name {start}_{caller}_{callee}_{call_id} --outcome answered mixed.pcapng",
            "split -o ng --format pcapng --compress gz --subdirs 2 --prefix  --suffix _x --call-id ping@192.0.2.10 mixed.pcapng",
            "split -o legs --by call --name {index}-{outcome} legs.pcap",
            "split -o dialogs --by dialog --method INVITE -q mixed.pcapng",
            "split -o nobody --from nobody mixed.pcapng",
            "split call.pcap",
            "split -o x --name {calle}-{call_id} call.pcap",
            "split -o x --name {start}-{caller} call.pcap",
            "split -o x --name {call_id call.pcap",
            "split -o x --prefix a/b call.pcap",
            "split -o call.pcap mixed.pcapng",
            "split -o x --manifest rows.xls call.pcap",
            "split -o x --rest same.pcap --errors same.pcap call.pcap",
            "split -o x --rest call.pcap call.pcap",
            "split -o x missing.pcap",
        ],
    ),
    (
        "bad-input",
        &[
            "messages missing.pcap",
            "messages notes.txt",
            "messages empty.pcap",
            "messages nothing",
            "messages - < empty.pcap",
            "messages - < notes.txt",
            "messages - - < call.pcap",
            "messages header-only.pcap",
            "messages --format csv cut.pcap",
            "messages --format csv --strict cut.pcap",
            "messages --format csv -q cut.pcap",
            "messages --format csv call.pcap missing.pcap",
            "messages --format csv --method BYE .",
            "info missing.pcap",
            "grep x missing.pcap",
            "stats notes.txt",
            "split -o out empty.pcap",
            "nonsense",
            "messages --nonsense call.pcap",
            "messages --format xml call.pcap",
        ],
    ),
];

#[test]
fn sessions_are_as_recorded() {
    let snapshots = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/snapshots");
    for (name, lines) in SESSIONS {
        let dir = playground();
        let mut session = String::new();
        for line in *lines {
            let (command, input) = line.split_once(" < ").unwrap_or((line, ""));
            let input = match input {
                "" => Vec::new(),
                file => std::fs::read(dir.path().join(file)).unwrap(),
            };
            let args: Vec<&str> = command.split(' ').collect();
            let run = run_with_input(dir.path(), &args, &input);
            write!(session, "$ sipcap {line}\n{run}\n").unwrap();
        }
        let expected = Data::read_from(&snapshots.join(format!("{name}.txt")), None);
        Assert::new()
            .action_env("SNAPSHOTS")
            .eq(Data::text(session), expected.raw());
    }
}
