//! The torture messages of RFC 4475 and RFC 5118 as raw octets, when the corpus is at hand.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

use sipcap::sip::{Framing, Head, ParseReason, Probe, probe};

/// Name, why it is unusable, and its flaws. What no single pass can see, such as bad URIs, is no flaw.
type Verdict = (&'static str, Option<ParseReason>, &'static [&'static str]);

const RFC_4475: &[Verdict] = &[
    ("badaspec", None, &[]),
    ("badbranch", None, &[]),
    ("baddate", None, &[]),
    // The archive's file lacks the empty line.
    ("baddn", None, &["cut"]),
    ("badinv01", None, &[]),
    ("badvers", None, &["version"]),
    ("bcast", None, &[]),
    ("bext01", None, &[]),
    ("bigcode", Some(ParseReason::StatusCode), &["status-code"]),
    ("clerr", None, &["content-length-too-large"]),
    ("cparam01", None, &[]),
    ("cparam02", None, &[]),
    ("dblreq", None, &["content-length-too-small"]),
    ("esc01", None, &[]),
    ("esc02", None, &[]),
    ("escnull", None, &[]),
    ("escruri", None, &[]),
    (
        "insuf",
        Some(ParseReason::NoCallId),
        &[
            "no-max-forwards",
            "no-contact",
            "no-call-id",
            "no-from",
            "no-to",
        ],
    ),
    ("intmeth", None, &[]),
    ("inv2543", None, &["no-max-forwards", "no-contact"]),
    ("invut", None, &[]),
    ("longreq", None, &[]),
    ("ltgtruri", None, &[]),
    ("lwsdisp", None, &[]),
    ("lwsruri", None, &["uri-space"]),
    ("lwsstart", None, &["start-line-spacing"]),
    (
        "mcl01",
        None,
        &["content-length-too-small", "content-length-conflict"],
    ),
    ("mismatch01", None, &["cseq-method"]),
    ("mismatch02", None, &["cseq-method"]),
    ("mpart01", None, &[]),
    ("multi01", None, &["duplicate-header"]),
    ("ncl", None, &["content-length-invalid"]),
    ("noreason", None, &[]),
    ("novelsc", None, &[]),
    ("quotbal", None, &[]),
    ("regaut01", None, &[]),
    ("regbadct", None, &[]),
    ("regescrt", None, &[]),
    ("scalar02", None, &["cseq-overflow"]),
    (
        "scalarlg",
        Some(ParseReason::CseqOverflow),
        &["cseq-overflow"],
    ),
    ("sdp01", None, &[]),
    ("semiuri", None, &[]),
    // Not in the RFC: a request line without a version.
    ("test", Some(ParseReason::NoStartLine), &[]),
    ("transports", None, &[]),
    ("trws", None, &["start-line-spacing"]),
    ("unkscm", None, &[]),
    ("unksm2", None, &[]),
    ("unreason", None, &[]),
    ("wsinv", None, &[]),
    ("zeromf", None, &[]),
];

/// The files of this archive have lost their CRs and are tried as they are.
const RFC_5118: &[Verdict] = &[
    ("ipv4-mapped-ipv6", None, &["lf-only"]),
    ("ipv6-bad", None, &["lf-only"]),
    ("ipv6-bug-abnf-3-colons", None, &["cut", "lf-only"]),
    ("ipv6-correct-abnf-2-colons", None, &["cut", "lf-only"]),
    ("ipv6-good", None, &["lf-only"]),
    (
        "ipv6-in-sdp",
        None,
        &["content-length-too-large", "lf-only"],
    ),
    ("mult-ip-in-header", None, &["lf-only"]),
    (
        "mult-ip-in-sdp",
        None,
        &["content-length-too-large", "lf-only"],
    ),
    ("port-ambiguous", None, &["lf-only"]),
    ("port-unambiguous", None, &["lf-only"]),
    ("via-received-param-no-delim", None, &["lf-only"]),
    ("via-received-param-with-delim", None, &["lf-only"]),
];

#[test]
fn torture_messages_are_judged_by_the_rfcs() {
    let root = env::var_os("SIPCAP_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus"),
        PathBuf::from,
    );
    for (folder, verdicts) in [("rfc4475", RFC_4475), ("rfc5118", RFC_5118)] {
        let folder = root.join("torture").join(folder);
        if !folder.is_dir() {
            eprintln!("SKIPPED: no torture messages at {}", folder.display());
            continue;
        }
        let found: BTreeSet<String> = fs::read_dir(&folder)
            .unwrap()
            .filter_map(|entry| Some(entry.unwrap().path().file_stem()?.to_str()?.to_owned()))
            .collect();
        let judged: BTreeSet<String> = verdicts
            .iter()
            .map(|verdict| verdict.0.to_owned())
            .collect();
        assert_eq!(found, judged);
        for (name, reason, flaws) in verdicts {
            let bytes = fs::read(folder.join(format!("{name}.dat"))).unwrap();
            let is_sip = *reason != Some(ParseReason::NoStartLine);
            assert_eq!(probe(&bytes) == Probe::Sip, is_sip, "{name}");
            match Head::parse(&bytes, Framing::Datagram) {
                Ok(head) => {
                    assert_eq!(
                        head.usable().err().map(|error| error.reason),
                        *reason,
                        "{name}"
                    );
                    assert_eq!(head.flaws.names().collect::<Vec<_>>(), *flaws, "{name}");
                }
                Err(error) => assert_eq!(Some(error.reason), *reason, "{name}"),
            }
        }
    }
}
