//! Requests that wait for their responses, to tell how long these take (RFC 3261 §17).
//!
//! A transaction is one request at one hop. That of a proxied request is measured at every hop that was captured, as each
//! says something of its own next hop.

use std::{collections::VecDeque, hash::BuildHasher, net::IpAddr};

use hashbrown::{DefaultHashBuilder, HashMap};

use crate::{
    sip::{Identity, Message, Method},
    stats::{
        MethodCounts, Names,
        messages::method_of,
        recent::{LIFETIME, Recent},
    },
    time::Timestamp,
};

/// Transactions open at a time at most; the oldest are given up first.
const CAPACITY: usize = 1 << 21;

/// How long an INVITE waits after a provisional response: timer C (RFC 3261 §16.6).
const RINGING: i64 = 180_000_000_000;

/// Requests more often repeated than this are counted together.
const MOST_REPEATS: u8 = 10;

/// What a message means to the transaction it is of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Meaning {
    /// It is a request that was not seen at another hop before.
    FirstHop,
    /// It is a response whose request was not seen.
    Stray,
    /// Nothing of interest.
    Other,
}

/// The open transactions.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    hasher: DefaultHashBuilder,
    open: HashMap<u64, Transaction>,
    /// When to look at which of them again, in the order in which that was decided.
    deadlines: VecDeque<(Timestamp, u64)>,
    /// Requests at whatever hop.
    hops: Recent,
}

/// A request and when what came back.
#[derive(Debug)]
pub(super) struct Transaction {
    method: Method,
    sent: Timestamp,
    response: Option<Timestamp>,
    provisional: Option<Timestamp>,
    /// The last provisional response.
    heard: Timestamp,
    final_response: Option<Timestamp>,
    repeats: u8,
    /// Whom it was sent to.
    peer: IpAddr,
    /// What it counts for besides everything.
    places: Option<Box<[u32]>>,
}

impl Transaction {
    /// Returns when its request was sent.
    pub(super) const fn sent(&self) -> Timestamp {
        self.sent
    }

    pub(super) const fn method(&self) -> Method {
        self.method
    }

    /// Returns what it counts for.
    pub(super) fn places(&self) -> &[u32] {
        self.places.as_deref().unwrap_or(&[0])
    }

    /// Adds it up.
    pub(super) fn count(&self, counts: &mut MethodCounts) {
        let after = |ts: Option<Timestamp>| ts.map(|ts| ts.since(self.sent));
        *counts.repeats.entry(self.repeats).or_default() += 1;
        // Nothing is ever sent back to ACK.
        if self.method != Method::Ack {
            counts.transactions += 1;
            counts.answered += u64::from(self.final_response.is_some());
            counts.first_response.add(after(self.response));
            counts.provisional_response.add(after(self.provisional));
            counts.final_response.add(after(self.final_response));
        }
    }

    /// Counts it for whom it was sent to.
    pub(super) fn count_peer(&self, sent: &mut Names, answered: &mut Names) {
        let peer = self.peer.to_string();
        sent.add(peer.as_bytes());
        if self.final_response.is_some() {
            answered.add(peer.as_bytes());
        }
    }

    fn response(&mut self, status: u16, ts: Timestamp) {
        if self.final_response.is_some() {
            return;
        }
        self.response.get_or_insert(ts);
        if status < 200 {
            self.provisional.get_or_insert(ts);
            self.heard = ts;
        } else {
            self.final_response = Some(ts);
        }
    }

    /// Returns whether more can come at `now`.
    fn is_open(&self, now: Timestamp) -> bool {
        let is_ringing = self.method == Method::Invite
            && self.provisional.is_some()
            && self.final_response.is_none();
        is_ringing && now.since(self.heard) < RINGING
    }

    /// Returns whether it is over at the end of the capture.
    fn is_over(&self, end: Timestamp) -> bool {
        let is_settled = self.final_response.is_some() || self.method == Method::Ack;
        is_settled || (end.since(self.sent) > LIFETIME && !self.is_open(end))
    }
}

impl Transactions {
    /// Takes a message, which may be one that came again; `places` tells what its request counts for.
    pub(super) fn take(
        &mut self,
        message: &Message<'_>,
        identity: &Identity,
        is_again: bool,
        places: &[u32],
    ) -> Meaning {
        let key = self.key(message, identity);
        let status = message.head.status_code();
        match (self.open.get_mut(&key), status) {
            (Some(open), Some(status)) => open.response(status, message.ts),
            (Some(open), None) => open.repeats = (open.repeats + 1).min(MOST_REPEATS),
            (None, Some(_)) if is_again => {}
            (None, Some(_)) => return Meaning::Stray,
            (None, None) if is_again => {}
            (None, None) => {
                self.begin(key, message, places);
                if self.is_first_hop(message, identity) {
                    return Meaning::FirstHop;
                }
            }
        }
        Meaning::Other
    }

    /// Returns the next transaction that is over at `now`.
    pub(super) fn next_over(&mut self, now: Timestamp) -> Option<Transaction> {
        while let Some(&(since, key)) = self.deadlines.front() {
            let is_due = now.since(since) > LIFETIME;
            let is_full = self.open.len() > CAPACITY;
            if !is_due && !is_full {
                return None;
            }
            self.deadlines.pop_front();
            if !is_full && self.open.get(&key).is_some_and(|open| open.is_open(now)) {
                self.deadlines.push_back((now, key));
            } else if let Some(over) = self.open.remove(&key) {
                return Some(over);
            }
        }
        None
    }

    /// Returns the transactions that are left at the end of the capture, but for those that may have gone on.
    pub(super) fn finish(&mut self, end: Timestamp) -> impl Iterator<Item = Transaction> + use<> {
        self.deadlines.clear();
        let left = std::mem::take(&mut self.open).into_values();
        left.filter(move |one| one.is_over(end))
    }

    fn begin(&mut self, key: u64, message: &Message<'_>, places: &[u32]) {
        let transaction = Transaction {
            method: method_of(message),
            sent: message.ts,
            response: None,
            provisional: None,
            heard: message.ts,
            final_response: None,
            repeats: 0,
            peer: message.flow.dst.ip(),
            places: (places != [0]).then(|| places.into()),
        };
        self.open.insert(key, transaction);
        self.deadlines.push_back((message.ts, key));
    }

    /// Returns whether a request was not seen at another hop before.
    fn is_first_hop(&mut self, message: &Message<'_>, identity: &Identity) -> bool {
        // Elsewhere nobody asks for it, and it would take as much memory again.
        if method_of(message) != Method::Register {
            return false;
        }
        let number = message.head.cseq.and_then(|cseq| cseq.number());
        let key = self.hasher.hash_one((identity.call_id, number));
        !self.hops.is_again(key, message.ts)
    }

    /// Returns what all messages of a transaction at one hop have the same; ACK is one of its own here.
    fn key(&self, message: &Message<'_>, identity: &Identity) -> u64 {
        let is_ack = method_of(message) == Method::Ack;
        let number = message.head.cseq.and_then(|cseq| cseq.number());
        // Some use the same branches in all calls.
        let call = (identity.call_id, number);
        let hop = hop(message);
        self.hasher
            .hash_one((identity.transaction, call, is_ack, hop))
    }
}

/// Returns the addresses of a message's hop, the same in both directions. Ports say nothing: those of streams come and go,
/// and a response need not go back to the port that the request came from (RFC 3261 §18.2.2).
fn hop(message: &Message<'_>) -> (IpAddr, IpAddr) {
    let (src, dst) = (message.flow.src.ip(), message.flow.dst.ip());
    if src <= dst { (src, dst) } else { (dst, src) }
}
