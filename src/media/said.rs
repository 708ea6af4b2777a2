//! What a message says about the call it is of, but for its description.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
    media::session_description,
    net::{Flow, Transport},
    sip::{Message, Method, StartLine},
    time::Timestamp,
};

/// What a message means for the life of its call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// A caller begins it, or tries again.
    Begins,
    /// It goes on: a request within it, or a provisional response.
    GoesOn,
    IsAnswered,
    /// It failed, or something within it did.
    Fails,
    Ends,
    /// Whoever wants to end it has to say who it is first.
    DoesNotEnd,
    Nothing,
}

/// What matters of a message; tags and hops are hashed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said<'a> {
    pub(super) ts: Timestamp,
    pub(super) meaning: Meaning,
    /// Its description, if that is one of this call: those in other messages tell what somebody could do.
    pub(super) description: Option<&'a [u8]>,
    pub(super) from: u64,
    pub(super) to: u64,
    pub(super) has_to_tag: bool,
    /// Which of the tags is that of its sender.
    pub(super) sender: u64,
    /// From where to where it went.
    pub(super) hop: u64,
    /// Between which hosts, either way.
    pub(super) link: u64,
}

impl<'a> Said<'a> {
    /// Returns what a message says; nothing for one that has nothing to do with calls, or has no description when
    /// there was none before, as `is_known` tells.
    pub(super) fn of(
        message: &Message<'a>,
        hasher: &DefaultHashBuilder,
        is_known: impl FnOnce() -> bool,
    ) -> Option<Self> {
        use Method::{Ack, Bye, Invite, Prack, Update};
        let (head, bytes) = (message.head, message.bytes);
        let method = head
            .method()
            .or_else(|| head.cseq.map(|cseq| cseq.method))?;
        if !matches!(method, Invite | Ack | Prack | Update | Bye) {
            return None;
        }
        let code = match head.start {
            StartLine::Request { .. } => None,
            StartLine::Response { code, .. } => Some(code),
        };
        let describes = method != Bye && code.is_none_or(|code| code < 300);
        let description = describes.then(|| session_description(message)).flatten();
        if description.is_none() && !is_known() {
            return None;
        }
        let (from, to) = match message.identity {
            Some(identity) => {
                let tags = [identity.from_tag, identity.to_tag].map(|tag| tag.of(bytes));
                let [from, to] = tags.map(|tag| (!tag.is_empty()).then_some(tag));
                (from, to)
            }
            None => (head.from_tag(bytes), head.to_tag(bytes)),
        };
        let meaning = match (method, code) {
            (Invite, None) if to.is_none() => Meaning::Begins,
            (Invite | Update | Prack, None) => Meaning::GoesOn,
            (Invite, Some(101..200)) => Meaning::GoesOn,
            (Invite, Some(200..300)) => Meaning::IsAnswered,
            (Invite, Some(300..)) => Meaning::Fails,
            // It ends whether or not it is known at the other end, or there is one (RFC 3261 §15.1.1).
            (Bye, None | Some(200..300 | 408 | 481)) => Meaning::Ends,
            (Bye, Some(401 | 407)) => Meaning::DoesNotEnd,
            _ => Meaning::Nothing,
        };
        let has_to_tag = to.is_some();
        let [from, to] = [from, to].map(|tag| hasher.hash_one(tag));
        // Nobody asks where the others went.
        let is_placed = description.is_some() || meaning == Meaning::Fails;
        Some(Self {
            ts: message.ts,
            meaning,
            description,
            from,
            to,
            has_to_tag,
            sender: if code.is_some() { to } else { from },
            hop: if is_placed {
                hop(&message.flow, hasher)
            } else {
                0
            },
            link: if is_placed {
                link(&message.flow, hasher)
            } else {
                0
            },
        })
    }

    /// Returns whether a tag is one of its two.
    pub(super) const fn has(&self, tag: u64) -> bool {
        self.from == tag || self.to == tag
    }
}

/// Returns what tells one hop from another. On one host the ports of servers do, but those of connections come and go.
fn hop(flow: &Flow, hasher: &DefaultHashBuilder) -> u64 {
    if flow.transport == Transport::Udp {
        hasher.hash_one((flow.src, flow.dst))
    } else {
        hasher.hash_one((flow.src.ip(), flow.dst.ip()))
    }
}

fn link(flow: &Flow, hasher: &DefaultHashBuilder) -> u64 {
    let mut hosts = [flow.src.ip(), flow.dst.ip()];
    hosts.sort_unstable();
    hasher.hash_one(hosts)
}
