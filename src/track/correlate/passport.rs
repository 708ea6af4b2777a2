//! PASSporT: the token in Identity (RFC 8224, RFC 8225), as far as telling legs apart needs it.

use serde::Deserialize;

/// Octets of a payload that are decoded at most.
const MAX_PAYLOAD: usize = 4096;

/// The claims that matter here.
#[derive(Deserialize)]
struct Claims {
    /// Where the call entered the network (RFC 8588 §5).
    origid: Option<String>,
}

/// Returns the origid in a value of Identity; `None` when there is none, as in the compact form.
pub(super) fn origid(value: &[u8]) -> Option<String> {
    let token = value.split(|octet| *octet == b';').next()?.trim_ascii();
    let payload = token.split(|octet| *octet == b'.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&decode(payload)?).ok()?;
    claims.origid.filter(|origid| !origid.is_empty())
}

/// Returns the octets that base64url without padding stands for (RFC 4648 §5); the other alphabet and padding do no harm.
fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.is_empty() || text.len() > MAX_PAYLOAD {
        return None;
    }
    let mut octets = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut bits, mut count) = (0_u32, 0);
    for octet in text.iter().filter(|octet| **octet != b'=') {
        let sextet = match octet {
            b'A'..=b'Z' => octet - b'A',
            b'a'..=b'z' => octet - b'a' + 26,
            b'0'..=b'9' => octet - b'0' + 52,
            b'-' | b'+' => 62,
            b'_' | b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(sextet)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            octets.push((bits >> count) as u8);
        }
    }
    Some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64url_is_decoded() {
        // RFC 4648 §10, without the padding, and the two letters that differ.
        for (text, octets) in [
            ("Zg", &b"f"[..]),
            ("Zm8=", b"fo"),
            ("Zm9v", b"foo"),
            ("Zm9vYg", b"foob"),
            ("Zm9vYmE", b"fooba"),
            ("Zm9vYmFy", b"foobar"),
            ("-_8", b"\xfb\xff"),
        ] {
            assert_eq!(decode(text.as_bytes()).as_deref(), Some(octets), "{text}");
        }
        assert_eq!(decode(b"Zm 9v"), None);
        assert_eq!(decode(&[b'A'; 5000]), None);
    }

    #[test]
    fn the_origid_is_found() {
        // {"attest":"A","origid":"123e4567-e89b-12d3-a456-426655440000"}, as RFC 8588 §4 has it.
        let payload =
            "eyJhdHRlc3QiOiJBIiwib3JpZ2lkIjoiMTIzZTQ1NjctZTg5Yi0xMmQzLWE0NTYtNDI2NjU1NDQwMDAwIn0";
        for (value, expected) in [
            (
                format!("e30.{payload}.sig;info=<https://h/c>;alg=ES256;ppt=shaken"),
                Some("123e4567-e89b-12d3-a456-426655440000"),
            ),
            ("e30.e30.sig;info=<https://h/c>".to_owned(), None),
            ("..sig;info=<https://h/c>;ppt=shaken".to_owned(), None),
            ("e30.bm8ganNvbg.sig".to_owned(), None),
            ("\"signed digest\"".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(origid(value.as_bytes()).as_deref(), expected, "{value}");
        }
    }
}
