//! Whatever messages say, a ladder is well-formed, readable and inert.

use proptest::prelude::*;
use sipcap::{
    ladder::{
        Anonymizer, Ladder, LadderOptions, PictureOptions, RowOptions, TextStyle, Theme,
        TimeColumn, pictures, rows, svg, write_html, write_mermaid, write_plantuml, write_text,
    },
    sip::{Framing, Head, MessageBuf},
};

use super::messages;
use crate::support::{matrix::Variant, scenario::Scenario};

/// Pieces that are syntax somewhere.
const PIECES: &[&str] = &[
    "<script>alert(1)</script>",
    "]]>",
    "-->",
    "</text>",
    "</title>",
    "\"",
    "'",
    "&amp;",
    "&#0;",
    "\u{0}",
    "\u{1b}[31m",
    "\u{9b}31m",
    "\u{202e}",
    "\u{200b}",
    "\u{2028}",
    "\u{feff}",
    "\u{ffff}",
    "\u{fffe}",
    "```",
    "%%{init: {}}%%",
    "@enduml",
    "!include x",
    ";",
    "#59;",
    "\t",
    "電話",
    "👩‍👩‍👧",
    "é",
    "a\u{301}",
    "\\n",
    "\\\\",
    "end",
    "javascript:alert(1)",
    "${x}",
    "{{x}}",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// Returns text made of pieces, some of it long.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(PIECES).prop_map(str::to_owned),
        "\\PC{0,12}".prop_map(|text| text),
        Just("W".repeat(10_000)),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// Returns the message with other texts in it.
fn with(message: &MessageBuf, old: &str, new: &str) -> MessageBuf {
    let bytes = String::from_utf8_lossy(&message.bytes)
        .replace(old, new)
        .into_bytes();
    match Head::parse(&bytes, Framing::Datagram) {
        Ok(head) => MessageBuf {
            bytes,
            head,
            ..message.clone()
        },
        Err(_) => message.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ladders_are_inert(texts in prop::collection::vec(text(), 6), octets in prop::collection::vec(any::<u8>(), 0..40)) {
        let mut messages = messages(&Scenario::named("hold-and-resume"), Variant::PLAIN);
        let olds = ["alice", "bob", "tag=", "example.com", "OK", "PCMU"];
        for message in &mut messages {
            for (old, new) in olds.iter().zip(&texts) {
                *message = with(message, old, new);
            }
        }
        if let Some(message) = messages.get_mut(3) {
            let at = message.bytes.len() / 2;
            message.bytes.splice(at..at, octets.iter().copied());
            if let Ok(head) = Head::parse(&message.bytes, Framing::Datagram) {
                message.head = head;
            }
        }
        check(&messages);
        let mut anonymizer = Anonymizer::default();
        let copies: Vec<MessageBuf> = messages.iter().map(|message| anonymizer.message(message)).collect();
        check(&copies);
    }
}

/// Draws messages in every format.
fn check(messages: &[MessageBuf]) {
    let ladder = Ladder::new(messages, &LadderOptions::default());
    let rows = rows(&ladder, RowOptions::default());
    let options = PictureOptions {
        has_messages: true,
        ..PictureOptions::default()
    };
    let pictures = pictures(&ladder, &rows, options);
    for picture in &pictures {
        assert_eq!(picture.flaw(), None);
        let svg = svg(picture, Theme::Auto);
        let document = roxmltree::Document::parse(&svg).unwrap();
        let names = ["svg", "title", "desc", "style", "rect", "path", "text", "g"];
        for node in document.descendants().filter(roxmltree::Node::is_element) {
            assert!(names.contains(&node.tag_name().name()), "{node:?}");
            let is_handler = |name: &str| name.starts_with("on") || name.contains("href");
            assert!(
                !node
                    .attributes()
                    .any(|attribute| is_handler(attribute.name())),
                "{node:?}"
            );
        }
    }
    let mut html = Vec::new();
    write_html(&ladder, &pictures, Theme::Auto, &mut html).unwrap();
    let html = String::from_utf8(html).unwrap();
    assert_eq!(html.matches("<script").count(), 2);
    assert_eq!(html.matches("</script").count(), 2);
    for ascii in [false, true] {
        let style = TextStyle {
            is_ascii: ascii,
            max_width: Some(80),
            ..TextStyle::default()
        };
        let mut text = Vec::new();
        write_text(&ladder, &rows, style, &mut text).unwrap();
        let text = String::from_utf8(text).unwrap();
        assert!(
            !text.contains(|c: char| c.is_control() && c != '\n'),
            "{text}"
        );
        assert!(!ascii || text.is_ascii(), "{text}");
    }
    let arrows = ladder.arrows.len();
    let mut mermaid = Vec::new();
    write_mermaid(&ladder, &rows, TimeColumn::Absolute, &mut mermaid).unwrap();
    let mermaid = String::from_utf8(mermaid).unwrap();
    let is_arrow = |line: &&str| line.trim_start().starts_with('p') && line.contains(">>");
    assert_eq!(mermaid.lines().filter(is_arrow).count(), arrows);
    let mut plantuml = Vec::new();
    write_plantuml(&ladder, &rows, TimeColumn::Absolute, &mut plantuml).unwrap();
    let plantuml = String::from_utf8(plantuml).unwrap();
    let is_end = |line: &&str| line.trim_start().starts_with("@end");
    assert_eq!(plantuml.lines().filter(is_end).count(), 1);
    assert!(
        !plantuml.lines().any(|line| line.starts_with('!')),
        "{plantuml}"
    );
}
