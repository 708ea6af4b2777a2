use super::Anonymizer;
use crate::{
    ladder::{NameBook, script},
    net::Transport,
    sip::MessageBuf,
};

fn message(text: &str, src: &str, dst: &str) -> MessageBuf {
    script::message(0, &format!("{src} {dst}"), Transport::Udp, text)
}

const INVITE: &str = "INVITE sip:+49301234567;phone-context=acme@sbc.acme.com:5080;transport=udp;x=y SIP/2.0\n\
    Via: SIP/2.0/UDP 10.1.2.3:5062;branch=z9hG4bKsecret;rport;received=203.0.113.99\n\
    From: \"Alice Smith\" <sip:alice@acme.com>;tag=al1ce\n\
    To: <sip:0049301234567@acme.com>\n\
    Call-ID: acme-7@10.1.2.3\n\
    CSeq: 1 INVITE\n\
    Contact: <sip:alice@10.1.2.3:5062>;+sip.instance=\"<urn:uuid:1>\"\n\
    User-Agent: AcmePhone 1.2 (Alice)\n\
    Subject: Secret meeting of acme\n\
    X-Acme-Account: 4711\n\
    Proxy-Authorization: Digest username=\"alice\", realm=\"acme\"\n\
    Supported: 100rel, timer\n\
    Session-Expires: 1800;refresher=uac\n\
    Content-Type: application/sdp\n\
    Content-Length: 152\n\n\
    v=0\no=alice 77 1 IN IP4 10.1.2.3\ns=Acme\nc=IN IP4 10.1.2.3\nt=0 0\nm=audio 4000 RTP/AVP 0\n\
    a=rtpmap:0 PCMU/8000\na=x-acme:1\na=sendonly\ni=Alice\n";

#[test]
fn a_message_tells_nothing_of_anybody() {
    let mut anonymizer = Anonymizer::default();
    let from = message(INVITE, "10.1.2.3:5062", "203.0.113.7:5080");
    let copy = anonymizer.message(&from);
    let text = String::from_utf8(copy.bytes.clone()).unwrap();
    // 120 octets: 5 + 26 + 5 + 19 + 7 + 24 + 22 + 12.
    let expected = "INVITE sip:+15550001@host1.example:5080;transport=udp SIP/2.0\n\
        Via: SIP/2.0/UDP 10.0.0.1:5062;branch=z9hG4bKbranch1;received=192.0.2.1;rport\n\
        From: \"Name 1\" <sip:user1@host2.example>;tag=tag1\n\
        To: <sip:0015550001@host2.example>\n\
        Call-ID: call-1\n\
        CSeq: 1 INVITE\n\
        Contact: <sip:user1@10.0.0.1:5062>\n\
        User-Agent: Agent 1\n\
        Proxy-Authorization: Digest\n\
        Supported: 100rel, timer\n\
        Session-Expires: 1800;refresher=uac\n\
        Content-Type: application/sdp\n\
        Content-Length: 120\n\n\
        v=0\no=- 77 1 IN IP4 10.0.0.1\ns=-\nc=IN IP4 10.0.0.1\nt=0 0\nm=audio 4000 RTP/AVP 0\n\
        a=rtpmap:0 PCMU/8000\na=sendonly\n";
    assert_eq!(text.replace("\r\n", "\n"), expected);
    assert_eq!(copy.flow.src.to_string(), "10.0.0.1:5062");
    assert_eq!(copy.flow.dst.to_string(), "192.0.2.2:5080");
    assert!(copy.head.usable().is_ok());
    for secret in [
        "acme",
        "alice",
        "4711",
        "secret",
        "smith",
        "1234567",
        "10.1.2.3",
        "203.0.113",
    ] {
        assert!(!text.to_lowercase().contains(secret), "{secret}");
    }
}

#[test]
fn the_same_is_called_the_same_in_all_messages() {
    let mut anonymizer = Anonymizer::default();
    let mut again = || {
        let copy = anonymizer.message(&message(INVITE, "10.1.2.3:5062", "203.0.113.7:5080"));
        String::from_utf8(copy.bytes).unwrap()
    };
    assert_eq!(again(), again());
}

#[test]
fn reasons_are_those_of_the_standard() {
    let mut anonymizer = Anonymizer::default();
    let text = "SIP/2.0 404 Alice is gone\nVia: SIP/2.0/UDP a;branch=b\nCSeq: 1 INVITE\nWarning: 399 acme \"x\"\n\n";
    let copy = anonymizer.message(&message(text, "192.0.2.1:5060", "192.0.2.2:5060"));
    assert!(copy.bytes.starts_with(b"SIP/2.0 404 Not Found\r\n"));
    assert!(!copy.bytes.windows(4).any(|part| part == b"acme"));
}

#[test]
fn what_addresses_are_called_stays() {
    let mut anonymizer = Anonymizer::default();
    let mut names = NameBook::default();
    names.add("203.0.113.7:5080=SBC").unwrap();
    let names = anonymizer.name_book(&names);
    let copy = anonymizer.message(&message(INVITE, "10.1.2.3:5062", "203.0.113.7:5080"));
    assert_eq!(names.name(copy.flow.dst.ip(), Some(5080)), Some("SBC"));
}

#[test]
fn the_key_leads_back() {
    let mut anonymizer = Anonymizer::default();
    let _ = anonymizer.message(&message(INVITE, "10.1.2.3:5062", "203.0.113.7:5080"));
    let mut key = Vec::new();
    anonymizer.write_key(&mut key).unwrap();
    let key = String::from_utf8(key).unwrap();
    for line in [
        "kind,pseudonym,original",
        "number,5550001,1234567",
        "host,host1.example,sbc.acme.com",
        "name,Name 1,Alice Smith",
        "address,10.0.0.1,10.1.2.3",
    ] {
        assert!(key.lines().any(|known| known == line), "{line}\n{key}");
    }
}
