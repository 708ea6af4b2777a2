//! Why a call ended: the Reason header (RFC 3326), an ISUP release message, or the status (ITU-T Q.850, RFC 3398).

use crate::{
    sip::{HeaderName, list, param},
    track::seen::Seen,
};

/// What a message says about why it was sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Reasons<'a> {
    /// The cause by Q.850.
    pub(super) q850: Option<u8>,
    /// The cause as a SIP status.
    pub(super) sip: Option<u16>,
    /// The text of the first of them that has one.
    pub(super) text: &'a [u8],
}

impl<'a> Reasons<'a> {
    /// Reads all Reason headers, and the body when it is ISUP.
    pub(super) fn of(seen: &Seen<'a>) -> Self {
        let mut reasons = Self::default();
        for value in seen.headers(HeaderName::Reason).flat_map(list::values) {
            reasons.add(value);
        }
        if reasons.q850.is_none() {
            let head = seen.message.head;
            if head.content_type.of(seen.message.bytes).len() >= b"application/isup".len() {
                let is_isup = head
                    .content_type
                    .of(seen.message.bytes)
                    .get(..16)
                    .is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/isup"));
                if is_isup {
                    reasons.q850 = release_cause(head.body.of(seen.message.bytes));
                }
            }
        }
        reasons
    }

    fn add(&mut self, value: &'a [u8]) {
        let (protocol, params) = match value.iter().position(|octet| *octet == b';') {
            Some(at) => value.split_at(at),
            None => (value, &[][..]),
        };
        let params = params.strip_prefix(b";").unwrap_or(params);
        let cause = param::find(params, "cause").and_then(number);
        if protocol.trim_ascii().eq_ignore_ascii_case(b"Q.850") {
            self.q850 = self
                .q850
                .or_else(|| cause.and_then(|cause| u8::try_from(cause).ok()));
        } else if protocol.trim_ascii().eq_ignore_ascii_case(b"SIP") {
            self.sip = self.sip.or(cause);
        }
        if self.text.is_empty() {
            let text = param::find(params, "text").unwrap_or_default();
            self.text = text
                .strip_prefix(b"\"")
                .and_then(|text| text.strip_suffix(b"\""))
                .unwrap_or(text);
        }
    }

    /// Returns the cause by Q.850, as far as it is told: Q.850 itself before a SIP status.
    /// Returns the cause of a CANCEL, in which `SIP;cause=200` says that somebody else has answered (RFC 3326 §2).
    pub(super) fn cause_of_cancel(&self) -> Option<u8> {
        match self.sip {
            Some(200) => self.q850,
            _ => self.cause(),
        }
    }

    pub(super) fn cause(&self) -> Option<u8> {
        self.q850.or_else(|| self.sip.and_then(cause_of_status))
    }
}

fn number(text: &[u8]) -> Option<u16> {
    std::str::from_utf8(text).ok()?.trim().parse().ok()
}

/// Returns the cause of a REL message (ITU-T Q.763 §3.12, §4.2): type, pointers to cause and options, cause indicators.
fn release_cause(body: &[u8]) -> Option<u8> {
    const RELEASE: u8 = 0x0c;
    let [RELEASE, pointer, ..] = body else {
        return None;
    };
    // The pointer counts from itself; the length comes first, then coding and location, then the cause, each with an
    // extension bit.
    let indicators = body.get(1 + usize::from(*pointer) + 1..)?;
    let cause = match indicators {
        [first, _, cause, ..] if first & 0x80 == 0 => cause,
        [_, cause, ..] => cause,
        _ => return None,
    };
    Some(cause & 0x7f)
}

/// Causes of status codes (RFC 3398 §8.2.6.1).
const CAUSES: &[(u16, u8)] = &[
    (400, 41),
    (401, 21),
    (402, 21),
    (403, 21),
    (404, 1),
    (405, 63),
    (406, 79),
    (407, 21),
    (408, 102),
    (410, 22),
    (413, 127),
    (414, 127),
    (415, 79),
    (416, 127),
    (420, 127),
    (421, 127),
    (423, 127),
    (480, 18),
    (481, 41),
    (482, 25),
    (483, 25),
    (484, 28),
    (485, 1),
    (486, 17),
    (487, 127),
    (488, 127),
    (500, 41),
    (501, 79),
    (502, 38),
    (503, 41),
    (504, 102),
    (505, 127),
    (513, 127),
    (600, 17),
    (603, 21),
    (604, 1),
    (606, 127),
];

/// Returns the cause of a status code, as far as there is one.
pub(super) fn cause_of_status(code: u16) -> Option<u8> {
    CAUSES
        .binary_search_by_key(&code, |(code, _)| *code)
        .ok()
        .and_then(|at| CAUSES.get(at))
        .map(|(_, cause)| *cause)
}

/// The cause of a call that ended well.
pub(super) const NORMAL_CLEARING: u8 = 16;

/// The cause of a call that nobody answered for a timer.
pub(super) const TIMER_EXPIRY: u8 = 102;

/// Returns what a cause means (ITU-T Q.850).
pub(crate) const fn meaning(cause: u8) -> &'static str {
    match cause {
        1 => "unallocated number",
        2 => "no route to transit network",
        3 => "no route to destination",
        16 => "normal call clearing",
        17 => "user busy",
        18 => "no user responding",
        19 => "no answer",
        20 => "subscriber absent",
        21 => "call rejected",
        22 => "number changed",
        23 => "redirection",
        25 => "exchange routing error",
        26 => "non-selected user clearing",
        27 => "destination out of order",
        28 => "invalid number format",
        29 => "facility rejected",
        31 => "normal, unspecified",
        34 => "no circuit available",
        38 => "network out of order",
        41 => "temporary failure",
        42 => "switching equipment congestion",
        44 => "requested channel not available",
        47 => "resource unavailable",
        50 => "facility not subscribed",
        55 => "incoming calls barred in closed user group",
        57 => "bearer capability not authorized",
        58 => "bearer capability not available",
        63 => "service unavailable",
        65 => "bearer capability not implemented",
        69 => "facility not implemented",
        79 => "service not implemented",
        87 => "not member of closed user group",
        88 => "incompatible destination",
        95 => "invalid message",
        102 => "timer expiry",
        111 => "protocol error",
        127 => "interworking",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_read() {
        for (value, q850, sip, text) in [
            (
                &b"Q.850;cause=16;text=\"Normal call clearing\""[..],
                Some(16),
                None,
                &b"Normal call clearing"[..],
            ),
            (
                b"SIP ;cause=200 ;text=\"Call completed elsewhere\"",
                None,
                Some(200),
                b"Call completed elsewhere",
            ),
            (b"q.850 ; cause = 300", None, None, b""),
            (b"preemption;cause=1", None, None, b""),
            (b"", None, None, b""),
        ] {
            let mut reasons = Reasons::default();
            reasons.add(value);
            assert_eq!((reasons.q850, reasons.sip, reasons.text), (q850, sip, text));
        }
    }

    #[test]
    fn a_release_message_has_a_cause() {
        // Location 0x84, cause 31 with its extension bit; and with a recommendation octet before the cause.
        assert_eq!(
            release_cause(&[0x0c, 0x02, 0x00, 0x02, 0x84, 0x9f]),
            Some(31)
        );
        assert_eq!(
            release_cause(&[0x0c, 0x02, 0x00, 0x03, 0x04, 0x80, 0x90]),
            Some(16)
        );
        for body in [
            &[][..],
            &[0x0c],
            &[0x0c, 0xff],
            &[0x0c, 0x02, 0x00, 0x02],
            &[0x01, 2, 0, 2, 0x84, 0x9f],
        ] {
            assert_eq!(release_cause(body), None, "{body:?}");
        }
    }

    #[test]
    fn the_table_is_in_order() {
        assert!(CAUSES.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(cause_of_status(486), Some(17));
        assert_eq!(cause_of_status(999), None);
    }
}
