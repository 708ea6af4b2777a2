//! What the messages of a leg tell that may join it to another one.

use std::{
    hash::{BuildHasher, Hash},
    net::IpAddr,
};

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{
        Header, HeaderName, Message, Method,
        address::NameAddr,
        list, lower, param,
        sdp::Sdp,
        uri::{Uri, unescape},
        via::Via,
    },
    time::Timestamp,
    track::{
        correlate::{Correlation, Evidence, passport, user},
        seen::Seen,
    },
};

/// Clues of one kind that are kept of one leg at most.
const MAX_EACH: usize = 8;

/// Clues that a leg has of all kinds mostly.
const USUAL: usize = 10;

/// Octets that a Call-ID must have for another one to be derived from it, so that `1` is not.
const MIN_STEM: usize = 8;

/// Octets that are added to a Call-ID at most.
const MAX_AFFIX: usize = 32;

/// What a clue that a leg may have several of is about.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// It names the Call-ID of another leg: in a header for that purpose, or in one of those of RFC 3261 and others.
    Header,
    /// Who captured the messages names it.
    Told,
    Replaces,
    Join,
    TargetDialog,
    ReferTo,
    InReplyTo,
    /// A REFER: who is to be called, and who says so.
    Refer,
    /// The same in the INVITE that follows it.
    ReferredBy,
    /// A Call-ID that its own may be derived from.
    Stem,
    /// Who is called: the user in Request-URI, To, Diversion or History-Info.
    To,
    /// Who calls: the user in P-Asserted-Identity.
    AssertedIdentity,
    /// The address that its INVITE was sent to, at any hop.
    Arrives,
    /// The address that its INVITE comes from, or one that it went by before.
    Leaves,
}

impl Kind {
    /// The kinds that name a Call-ID, and what that is evidence of.
    pub(super) const NAMING: [(Self, Evidence); 7] = [
        (Self::Header, Evidence::HEADER),
        (Self::Told, Evidence::CORRELATION_ID),
        (Self::Replaces, Evidence::REPLACES),
        (Self::Join, Evidence::JOIN),
        (Self::TargetDialog, Evidence::TARGET_DIALOG),
        (Self::ReferTo, Evidence::REFER_TO),
        (Self::InReplyTo, Evidence::IN_REPLY_TO),
    ];
}

/// The clues of a leg: hashes, which are 0 when there is none.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clues {
    /// Whether its INVITE was seen.
    pub(super) has_invite: bool,
    pub(super) from_tag: u64,
    /// The UUID of the caller in Session-ID, as long as that of the callee was not known.
    pub(super) session_local: u64,
    /// Both UUIDs, whichever is first.
    pub(super) session: u64,
    pub(super) icid: u64,
    pub(super) origid: u64,
    /// The o= line of the offer without its version.
    pub(super) sdp_origin: u64,
    /// Address and port of the first media of the offer.
    pub(super) media: u64,
    /// The user in From.
    pub(super) from: u64,
    /// The REFERs, by whom they tell to call, and when they came.
    refers: Vec<(u64, Timestamp)>,
    more: Vec<(Kind, u64)>,
}

impl Clues {
    /// Adds what an INVITE tells that begins the leg, at whichever hop and attempt.
    pub(crate) fn take_invite(
        &mut self,
        seen: &Seen<'_>,
        correlation: &Correlation,
        hasher: &DefaultHashBuilder,
    ) {
        let Message {
            head, bytes, flow, ..
        } = *seen.message;
        let goes_to = address_key(flow.dst.ip(), hasher);
        if self.of(Kind::Arrives).any(|known| known == goes_to) {
            // Another attempt or branch, which tells nothing new: only what proxies on the way add may.
            return;
        }
        self.add(Kind::Arrives, goes_to);
        let is_first = !self.has_invite;
        if is_first {
            self.has_invite = true;
            self.more.reserve(USUAL);
            self.add(Kind::Leaves, address_key(flow.src.ip(), hasher));
            self.from_tag = lower(seen.from_tag, hasher);
            let from = NameAddr::parse(head.from.of(bytes));
            self.from = user::key(from.uri, hasher).unwrap_or_default();
            self.take_stems(seen.call_id, hasher);
            self.add_user(Kind::To, head.request_uri(bytes), hasher);
            self.add_user(Kind::To, NameAddr::parse(head.to.of(bytes)).uri, hasher);
        }
        for header in head.headers(bytes) {
            if is_first {
                self.take_way(&header, seen, hasher);
            }
            self.take_header(&header, seen, hasher);
            if correlation.is_header(header.name) {
                self.name(Kind::Header, header.value, seen, hasher);
            }
        }
        self.take_offer(head.body.of(bytes), hasher);
    }

    /// Adds what any other message of the leg tells.
    pub(crate) fn take_other(&mut self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        if seen.method == Method::Refer && !seen.is_response() {
            self.take_refer(seen, hasher);
        }
        // Whoever knows of Session-ID sends it from the INVITE on (RFC 7989 §6).
        let has_session = self.session_local != 0 || self.session != 0;
        let is_of_branch = seen.is_response() && !(200..300).contains(&seen.status);
        if has_session
            && !(is_of_branch && self.session != 0)
            && let Some(value) = seen.header(HeaderName::SessionId)
        {
            self.take_session(value, false, hasher);
        }
    }

    /// Adds what a capture agent or a session border controller tells of the call that a message belongs to.
    pub(crate) fn take_trace(&mut self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        let trace = seen.message.trace;
        let told = trace.and_then(|trace| trace.correlation_id.as_deref());
        if let Some(call_id) = told.filter(|told| *told != seen.call_id) {
            self.relate(call_id, hasher);
        }
    }

    /// Adds that the leg belongs to that of another Call-ID.
    pub(crate) fn relate(&mut self, other: &[u8], hasher: &DefaultHashBuilder) {
        self.add(Kind::Told, hasher.hash_one(other));
    }

    /// Returns the clues of a kind.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = u64> {
        let of_kind = self.more.iter().filter(move |(other, _)| *other == kind);
        of_kind.map(|(_, key)| *key)
    }

    /// Forgets what calls may have in common by chance.
    pub(super) fn forget_heuristic(&mut self) {
        self.more
            .retain(|(kind, _)| *kind <= Kind::ReferredBy || *kind == Kind::Arrives);
        self.more.shrink_to_fit();
    }

    /// Returns how many octets of memory they take.
    pub(crate) fn allocated(&self) -> usize {
        size_of::<Self>()
            + self.refers.capacity() * size_of::<(u64, Timestamp)>()
            + self.more.capacity() * size_of::<(Kind, u64)>()
    }

    /// Adds a clue, unless there are many of its kind.
    pub(super) fn add(&mut self, kind: Kind, key: u64) {
        if self.of(kind).all(|known| known != key) && self.of(kind).count() < MAX_EACH {
            self.more.push((kind, key));
        }
    }

    /// Adds a REFER.
    pub(super) fn refer(&mut self, key: u64, ts: Timestamp) {
        self.add(Kind::Refer, key);
        if self.refers.len() < MAX_EACH {
            self.refers.push((key, ts));
        }
    }

    /// Returns the REFERs, by whom they tell to call, and when they came.
    pub(super) fn refers(&self) -> &[(u64, Timestamp)] {
        &self.refers
    }

    fn add_user(&mut self, kind: Kind, uri: &[u8], hasher: &DefaultHashBuilder) {
        if let Some(key) = user::key(uri, hasher) {
            self.add(kind, key);
        }
    }

    /// Adds that the leg names a Call-ID, which is not its own.
    fn name(&mut self, kind: Kind, call_id: &[u8], seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        let call_id = call_id
            .split(|octet| matches!(octet, b';' | b',' | b' ' | b'\t'))
            .next()
            .unwrap_or_default();
        let call_id = call_id.trim_ascii();
        let quoted = |left: &[u8], right: &[u8]| call_id.strip_prefix(left)?.strip_suffix(right);
        let call_id = quoted(b"\"", b"\"")
            .or_else(|| quoted(b"<", b">"))
            .unwrap_or(call_id);
        if !call_id.is_empty() && call_id != seen.call_id {
            self.add(kind, hasher.hash_one(call_id));
        }
    }

    /// Adds an address that the INVITE comes from or has been at before, which is not where it goes.
    fn add_way(&mut self, host: &[u8], seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        let goes_to = seen.message.flow.dst.ip();
        if let Some(ip) = address(host).filter(|ip| *ip != goes_to) {
            self.add(Kind::Leaves, address_key(ip, hasher));
        }
    }

    /// Adds the Call-IDs that the leg's own may be derived from: without what is before or behind one of its separators.
    fn take_stems(&mut self, call_id: &[u8], hasher: &DefaultHashBuilder) {
        let ends = call_id.len().min(MAX_AFFIX);
        let is_separator = |octet: &u8| !octet.is_ascii_alphanumeric();
        let behind = (0..ends).filter_map(|at| Some((call_id.get(at)?, call_id.get(at + 1..)?)));
        let before = (1..=ends).filter_map(|len| call_id[..].split_at_checked(call_id.len() - len));
        let before = before.filter_map(|(stem, affix)| Some((affix.first()?, stem)));
        let stems: Vec<&[u8]> = behind
            .chain(before)
            .filter(|(separator, stem)| is_separator(separator) && stem.len() >= MIN_STEM)
            .map(|(_, stem)| stem)
            .collect();
        for stem in stems {
            self.add(Kind::Stem, hasher.hash_one(stem));
        }
    }

    /// Adds what a header tells of the way of the INVITE.
    fn take_way(&mut self, header: &Header<'_>, seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        match header.kind {
            HeaderName::Via => {
                for via in list::values(header.value).filter_map(Via::parse) {
                    self.add_way(via.host, seen, hasher);
                }
            }
            HeaderName::RecordRoute | HeaderName::Contact => {
                for value in list::values(header.value) {
                    self.add_way(NameAddr::parse(value).parse_uri().host, seen, hasher);
                }
            }
            _ => {}
        }
    }

    /// Adds what a header tells of the call.
    fn take_header(&mut self, header: &Header<'_>, seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        let value = header.value;
        match header.kind {
            HeaderName::SessionId => self.take_session(value, true, hasher),
            HeaderName::PChargingVector => set_once(&mut self.icid, icid(value), hasher),
            HeaderName::Identity => set_once(&mut self.origid, passport::origid(value), hasher),
            HeaderName::Replaces => self.name(Kind::Replaces, value, seen, hasher),
            HeaderName::Join => self.name(Kind::Join, value, seen, hasher),
            HeaderName::TargetDialog => self.name(Kind::TargetDialog, value, seen, hasher),
            HeaderName::InReplyTo => {
                for call_id in list::values(value) {
                    self.name(Kind::InReplyTo, call_id, seen, hasher);
                }
            }
            HeaderName::ReferredBy => {
                let request_uri = seen.message.head.request_uri(seen.message.bytes);
                if let Some(key) = referral(request_uri, NameAddr::parse(value).uri, hasher) {
                    self.add(Kind::ReferredBy, key);
                }
            }
            HeaderName::Diversion | HeaderName::HistoryInfo => {
                for value in list::values(value) {
                    self.add_user(Kind::To, NameAddr::parse(value).uri, hasher);
                }
            }
            HeaderName::PAssertedIdentity => {
                for value in list::values(value) {
                    self.add_user(Kind::AssertedIdentity, NameAddr::parse(value).uri, hasher);
                }
            }
            _ => {}
        }
    }

    /// Adds what Session-ID tells: `UUID;remote=UUID` (RFC 7989 §5), or one alone (RFC 7329).
    fn take_session(&mut self, value: &[u8], is_invite: bool, hasher: &DefaultHashBuilder) {
        let (local, params) = match value.iter().position(|octet| *octet == b';') {
            Some(at) => value.split_at(at),
            None => (value, &[][..]),
        };
        let remote = param::find(params, "remote").unwrap_or_default();
        let uuid = |text: &[u8]| {
            let text = text.trim_ascii();
            let is_null = text.iter().all(|octet| *octet == b'0');
            (!is_null).then(|| lower(text, hasher))
        };
        match (uuid(local), uuid(remote)) {
            (Some(local), Some(remote)) => {
                self.session = hasher.hash_one((local.min(remote), local.max(remote)));
            }
            (Some(local), None) if is_invite && self.session_local == 0 => {
                self.session_local = local;
            }
            _ => {}
        }
    }

    /// Adds what the offer tells, if it tells a session from others.
    fn take_offer(&mut self, body: &[u8], hasher: &DefaultHashBuilder) {
        let Some(sdp) = Sdp::parse(body) else {
            return;
        };
        let words: Vec<&[u8]> = sdp
            .origin
            .split(|octet| *octet == b' ')
            .filter(|word| !word.is_empty())
            .collect();
        if let [user, id, _, _, _, address] = words.as_slice()
            && !matches!(*id, b"0" | b"1" | b"-")
        {
            set_once(&mut self.sdp_origin, Some((user, id, address)), hasher);
        }
        let media = sdp.media.iter().find(|media| media.port > 0);
        if let Some(media) = media
            && let Some(connection) = media.connection
            && address(connection).is_none_or(|ip| !ip.is_unspecified())
        {
            set_once(&mut self.media, Some((connection, media.port)), hasher);
        }
    }

    /// Adds what a REFER tells: whom to call, and which dialog to take the place of (RFC 5589 §7).
    fn take_refer(&mut self, seen: &Seen<'_>, hasher: &DefaultHashBuilder) {
        let target = NameAddr::parse(seen.header(HeaderName::ReferTo).unwrap_or_default());
        let headers = target.parse_uri().headers;
        for header in headers.split(|octet| *octet == b'&') {
            let mut parts = header.splitn(2, |octet| *octet == b'=');
            let name = parts.next().unwrap_or_default();
            if name.eq_ignore_ascii_case(b"Replaces") {
                let value: Vec<u8> = unescape(parts.next().unwrap_or_default()).collect();
                self.name(Kind::ReferTo, &value, seen, hasher);
            }
        }
        if let Some(value) = seen.header(HeaderName::TargetDialog) {
            self.name(Kind::TargetDialog, value, seen, hasher);
        }
        let from = seen.message.head.from.of(seen.message.bytes);
        let referrer = seen.header(HeaderName::ReferredBy).unwrap_or(from);
        if let Some(key) = referral(target.uri, NameAddr::parse(referrer).uri, hasher) {
            self.refer(key, seen.ts);
        }
    }
}

/// Sets a clue that there is none of yet.
fn set_once(clue: &mut u64, value: Option<impl Hash>, hasher: &DefaultHashBuilder) {
    if let Some(value) = value
        && *clue == 0
    {
        *clue = hasher.hash_one(value);
    }
}

/// Returns the icid-value of P-Charging-Vector (RFC 7315 §5.6).
fn icid(value: &[u8]) -> Option<&[u8]> {
    let icid = param::find(value, "icid-value")?;
    let icid = icid.strip_prefix(b"\"").unwrap_or(icid);
    let icid = icid.strip_suffix(b"\"").unwrap_or(icid);
    (!icid.is_empty()).then_some(icid)
}

/// Returns what tells whom somebody has referred somebody to: user and host of the target, and who refers.
fn referral(target: &[u8], referrer: &[u8], hasher: &DefaultHashBuilder) -> Option<u64> {
    let uri = Uri::parse(target);
    let user = uri.user.unwrap_or_default();
    let referrer = user::key(referrer, hasher)?;
    Some(hasher.hash_one((user, lower(uri.host, hasher), referrer)))
}

/// Returns the address that a host is, if it is one.
fn address(host: &[u8]) -> Option<IpAddr> {
    let host = host.strip_prefix(b"[").unwrap_or(host);
    let host = host.strip_suffix(b"]").unwrap_or(host);
    std::str::from_utf8(host).ok()?.parse().ok()
}

fn address_key(ip: IpAddr, hasher: &DefaultHashBuilder) -> u64 {
    hasher.hash_one(ip.to_canonical())
}
