//! What a message says about the call it is of, but for its description.

use std::hash::BuildHasher;

use hashbrown::DefaultHashBuilder;

use crate::{
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
pub(super) struct Said {
    pub(super) ts: Timestamp,
    pub(super) meaning: Meaning,
    /// Whether a description in it is one of this call: those in other messages tell what somebody could do.
    pub(super) describes: bool,
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

impl Said {
    /// Returns what a message says; nothing for one that has nothing to do with calls.
    pub(super) fn of(message: &Message<'_>, hasher: &DefaultHashBuilder) -> Option<Self> {
        use Method::{Ack, Bye, Invite, Prack, Update};
        let (head, bytes) = (message.head, message.bytes);
        let method = head
            .method()
            .or_else(|| head.cseq.map(|cseq| cseq.method))?;
        if !matches!(method, Invite | Ack | Prack | Update | Bye) {
            return None;
        }
        let (from, to) = (head.from_tag(bytes), head.to_tag(bytes));
        let code = match head.start {
            StartLine::Request { .. } => None,
            StartLine::Response { code, .. } => Some(code),
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
        let mut hosts = [message.flow.src.ip(), message.flow.dst.ip()];
        hosts.sort_unstable();
        Some(Self {
            ts: message.ts,
            meaning,
            describes: method != Bye && code.is_none_or(|code| code < 300),
            from,
            to,
            has_to_tag,
            sender: if code.is_some() { to } else { from },
            hop: hop(&message.flow, hasher),
            link: hasher.hash_one(hosts),
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
