//! Pasted text: messages out of RFCs, ngrep dumps, logs of servers and escaped strings.
//!
//! [`messages`] finds out how the text is written, undoes it, and splits it into messages, with the times and
//! addresses that stand between them. Header lines come back with CR LF, whatever they had.

mod escaped;
mod ngrep;
mod rfc;
mod source;
mod split;

use std::net::SocketAddr;

use super::{
    Head, head_end,
    probe::{Probe, probe, skip_line_ends},
};
use crate::{net::Transport, time::Timestamp};

/// How a text is written.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum TextFormat {
    /// Whichever fits.
    #[default]
    Auto,
    /// Lines as they are, also in the logs of servers, with CR LF or LF.
    Plain,
    /// Out of an RFC: indented, with page breaks and the notation of RFC 4475 §2.
    Rfc,
    /// A dump by ngrep, a line of the message in each line (`-W byline`) or many.
    Ngrep,
    /// A dump of octets in hexadecimal, by ngrep (`-x`), Wireshark or tcpdump.
    Hex,
    /// A string with its line ends escaped: C, JSON, syslog, `<CR><LF>`, `%0D%0A`.
    Escaped,
}

impl TextFormat {
    /// Every format, with the name used for options.
    pub const NAMES: &'static [(Self, &'static str)] = &[
        (Self::Auto, "auto"),
        (Self::Plain, "plain"),
        (Self::Rfc, "rfc"),
        (Self::Ngrep, "ngrep"),
        (Self::Hex, "hex"),
        (Self::Escaped, "escaped"),
    ];

    /// Returns the name used for options.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES
            .iter()
            .find(|(format, _)| *format == self)
            .map_or("", |(_, name)| *name)
    }
}

/// A message found in text.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct TextMessage {
    /// Its octets, with CR LF behind each header.
    pub bytes: Vec<u8>,
    /// How the text was written; never [`TextFormat::Auto`].
    pub format: TextFormat,
    /// When it was seen: in UTC when the text does not say, on 1970-01-01 when it has a time of day only, and in 1970
    /// when it has no year.
    pub time: Option<Timestamp>,
    /// Who sent it.
    pub src: Option<SocketAddr>,
    /// Whom it was sent to.
    pub dst: Option<SocketAddr>,
    /// What carried it.
    pub transport: Option<Transport>,
    /// The line that an RFC has above a message, such as `F1 INVITE Alice -> Bob`.
    pub label: Option<String>,
    /// Whether octets that cannot be printed are lost.
    pub lossy: bool,
}

/// Finds the messages in a text.
///
/// # Examples
/// ```
/// use sipcap::sip::text_input::{TextFormat, messages};
///
/// let text = br#"msg="OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n""#;
/// let found = messages(text, TextFormat::Auto);
/// assert_eq!(found[0].format, TextFormat::Escaped);
/// assert_eq!(found[0].bytes, b"OPTIONS sip:a@b SIP/2.0\r\nCall-ID: x\r\n\r\n");
/// ```
#[must_use]
pub fn messages(text: &[u8], format: TextFormat) -> Vec<TextMessage> {
    let format = match format {
        TextFormat::Auto => detect(text),
        format => format,
    };
    let mut found = match format {
        TextFormat::Auto | TextFormat::Plain => plain(text),
        TextFormat::Rfc => split::split(&rfc::decode(&source::without_prefixes(text)), true),
        TextFormat::Ngrep => split::split(&ngrep::decode(text), false),
        TextFormat::Hex => ngrep::decode_hex(text)
            .iter()
            .flat_map(|(source, octets)| {
                let mut found = plain(octets);
                for message in &mut found {
                    source.clone().put_into(message);
                }
                found
            })
            .collect(),
        TextFormat::Escaped => escaped::decode(text)
            .iter()
            .flat_map(|octets| plain(octets))
            .collect(),
    };
    for message in &mut found {
        message.format = format;
        message.lossy = format == TextFormat::Ngrep;
    }
    found
}

/// Tries the formats in the order of how surely they can be told.
fn detect(text: &[u8]) -> TextFormat {
    if exact(text).is_some() {
        TextFormat::Plain
    } else if ngrep::is_hex(text) {
        TextFormat::Hex
    } else if ngrep::is_dump(text) {
        TextFormat::Ngrep
    } else if escaped::is_escaped(text) {
        TextFormat::Escaped
    } else if rfc::is_rfc(text) {
        TextFormat::Rfc
    } else {
        TextFormat::Plain
    }
}

/// Finds messages in lines as they are.
fn plain(text: &[u8]) -> Vec<TextMessage> {
    exact(text).unwrap_or_else(|| split::split(&source::without_prefixes(text), false))
}

/// Finds messages in text that is nothing but messages with CR LF and right Content-Lengths, whose bodies may be
/// anything.
fn exact(text: &[u8]) -> Option<Vec<TextMessage>> {
    let mut found = Vec::new();
    let mut rest = skip_line_ends(text);
    while !rest.is_empty() {
        if probe(rest) != Probe::Sip {
            return None;
        }
        let end = head_end(rest, 0)?;
        let (head, behind) = rest.split_at_checked(end)?;
        if !head.ends_with(b"\r\n\r\n") {
            return None;
        }
        let parsed = Head::parse(head, super::Framing::Stream).ok()?;
        let len = usize::try_from(parsed.content_length?).ok()?;
        let (_, behind) = behind.split_at_checked(len)?;
        let len = rest.len().saturating_sub(behind.len());
        found.push(TextMessage {
            bytes: rest.get(..len)?.to_vec(),
            ..TextMessage::default()
        });
        rest = skip_line_ends(behind);
    }
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "OPTIONS sip:a@b.com SIP/2.0\r\nVia: SIP/2.0/UDP c.com;branch=z9hG4bK1\r\n\
        To: <sip:a@b.com>\r\nFrom: <sip:d@e>;tag=1\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    const RESPONSE: &str = "SIP/2.0 200 OK\r\nCall-ID: x\r\nVia: SIP/2.0/UDP c.com\r\n\
        Content-Type: application/sdp\r\nContent-Length: 10\r\n\r\nv=0\r\ns=-\r\n";

    #[track_caller]
    fn check(text: &str, format: TextFormat, expected: &[&str]) {
        let found = messages(text.as_bytes(), TextFormat::Auto);
        let texts: Vec<_> = found
            .iter()
            .map(|message| String::from_utf8_lossy(&message.bytes).into_owned())
            .collect();
        assert_eq!(texts, expected);
        assert!(
            found.iter().all(|message| message.format == format),
            "{:?}",
            found[0].format
        );
    }

    #[test]
    fn lines_as_they_are() {
        let both = format!("{OPTIONS}{RESPONSE}");
        check(&both, TextFormat::Plain, &[OPTIONS, RESPONSE]);
        check(
            &both.replace("\r\n", "\n"),
            TextFormat::Plain,
            &[OPTIONS, RESPONSE],
        );
        let apart = format!("some words\n\n{OPTIONS}\n\n{RESPONSE}\nmore words\n");
        check(&apart, TextFormat::Plain, &[OPTIONS, RESPONSE]);
        check("nothing at all", TextFormat::Plain, &[]);
    }

    #[test]
    fn bodies_keep_their_octets_where_lengths_are_right() {
        let text = b"MESSAGE sip:a SIP/2.0\r\nl: 5\r\n\r\na\rb\0\n\r\n\r\n";
        let found = messages(text, TextFormat::Auto);
        assert_eq!(found[0].bytes, &text[..text.len() - 4]);
    }

    #[test]
    fn dumps_by_ngrep() {
        let dump = |text: &str| text.replace("\r\n", ".\n");
        let byline = format!(
            "U 10.0.0.1:5060 -> 10.0.0.2:5060\n{}\n\nU 2026/11/20 10:00:00.5 10.0.0.2:5060 -> 10.0.0.1:5060 #2\n{}\n",
            dump(OPTIONS),
            dump(RESPONSE)
        );
        check(&byline, TextFormat::Ngrep, &[OPTIONS, RESPONSE]);
        let found = messages(byline.as_bytes(), TextFormat::Auto);
        assert_eq!(found[0].src, "10.0.0.1:5060".parse().ok());
        assert_eq!(found[1].dst, "10.0.0.1:5060".parse().ok());
        assert_eq!(found[1].transport, Some(Transport::Udp));
        let time = found[1].time.unwrap();
        assert_eq!(time.to_string(), "2026-11-20T10:00:00.500000000Z");
        assert!(found[0].lossy);

        let single = OPTIONS.replace("\r\n", "..");
        let single = format!(
            "#\nU 10.0.0.1:5060 -> 10.0.0.2:5060\n  {}\n  {}\n#\n",
            &single[..40],
            &single[40..]
        );
        check(&single, TextFormat::Ngrep, &[OPTIONS]);
        let response = RESPONSE.replace("\r\n", "..");
        check(
            &format!("U a -> b\n  {response}\n"),
            TextFormat::Ngrep,
            &[RESPONSE],
        );
    }

    #[test]
    fn dumps_in_hexadecimal() {
        let rows = |offset: bool| -> String {
            let row = |(index, row): (usize, &[u8])| {
                let hex: Vec<_> = row.iter().map(|octet| format!("{octet:02x}")).collect();
                let text: String = row
                    .iter()
                    .map(|octet| {
                        if (b' '..=b'~').contains(octet) {
                            char::from(*octet)
                        } else {
                            '.'
                        }
                    })
                    .collect();
                let place = if offset {
                    format!("{:04x}", index * 16)
                } else {
                    String::new()
                };
                format!("{place}  {}    {text}\n", hex.join(" "))
            };
            OPTIONS.as_bytes().chunks(16).enumerate().map(row).collect()
        };
        check(
            &format!("U 10.0.0.1:5060 -> 10.0.0.2:5060\n{}", rows(false)),
            TextFormat::Hex,
            &[OPTIONS],
        );
        check(&rows(true), TextFormat::Hex, &[OPTIONS]);
        let found = messages(
            format!("U 10.0.0.1:5060 -> 10.0.0.2:5060\n{}", rows(false)).as_bytes(),
            TextFormat::Auto,
        );
        assert_eq!(found[0].src, "10.0.0.1:5060".parse().ok());
    }

    #[test]
    fn escaped_strings() {
        for (cr_lf, before, behind) in [
            ("\\r\\n", "\"", "\""),
            ("\\r\\n", "", ""),
            ("\\n", "{\"ts\":1,\"msg\":\"", "\"}\n"),
            ("\\x0d\\x0a", "msg='", "'"),
            ("\\u000d\\u000a", "{\"msg\":\"", "\"}"),
            ("\\015\\012", "", ""),
            ("#015#012", "Nov 20 10:00:00 host kamailio[12]: ", ""),
            ("<CR><LF>", "", ""),
            ("<0d><0a>", "", ""),
            ("%0D%0A", "", ""),
        ] {
            let text = format!("{before}{}{behind}", RESPONSE.replace("\r\n", cr_lf));
            check(&text, TextFormat::Escaped, &[RESPONSE]);
        }
        let two = format!(
            "\"{}\"\n\"{}\"\n",
            OPTIONS.replace("\r\n", "\\r\\n"),
            RESPONSE.replace("\r\n", "\\r\\n")
        );
        check(&two, TextFormat::Escaped, &[OPTIONS, RESPONSE]);
    }

    #[test]
    fn text_of_rfcs() {
        let indented: String = OPTIONS
            .lines()
            .map(|line| format!("      {line}\n"))
            .collect();
        let text = format!(
            "   F1 OPTIONS Alice -> Bob\n\n{indented}\n\n   The user agent answers:\n\n{indented}\n"
        );
        check(&text, TextFormat::Rfc, &[OPTIONS, OPTIONS]);
        let found = messages(text.as_bytes(), TextFormat::Auto);
        assert_eq!(found[0].label.as_deref(), Some("F1 OPTIONS Alice -> Bob"));
        assert_eq!(found[1].label, None);
    }

    #[test]
    fn any_text_does_no_harm() {
        proptest::proptest!(|(text in "(U a -> b\n)?(  )?(SIP/2.0 200 OK|BYE sip:a SIP/2.0)?([. \n\r\\\\a-z0-9:<>%#\"-]|\\.\\.|\r\n|To: ){0,60}")| {
            for (format, _) in TextFormat::NAMES {
                let _ = messages(text.as_bytes(), *format);
            }
        });
    }
}
