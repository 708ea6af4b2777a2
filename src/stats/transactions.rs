//! Requests that wait for their responses, to tell how long these take (RFC 3261 §17).
//!
//! A transaction is one request at one hop. That of a proxied request is measured at every hop that was captured, as each
//! says something of its own next hop.

use std::{collections::BTreeMap, hash::BuildHasher, net::IpAddr};

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

/// Messages that a transaction remembers: an INVITE, 100, 180 and the final response.
const REMEMBERED: usize = 4;

const SECOND: i64 = 1_000_000_000;

/// What a message means to the transaction it is of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Meaning {
    /// Whether it came before.
    pub(super) is_again: bool,
    /// Whether it is a request that was not seen at another hop before.
    pub(super) is_first_hop: bool,
}

/// The open transactions.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    hasher: DefaultHashBuilder,
    open: HashMap<u64, Transaction>,
    /// Which of them to look at again, by the second in which they may be over.
    deadlines: BTreeMap<i64, Vec<u64>>,
    /// Messages that no open transaction remembers.
    others: Recent,
    /// Requests at whatever hop.
    hops: Recent,
    /// How many were given up early because there were too many.
    forgotten: u64,
}

/// A request and when what came back. Responses may be captured before their request, when a tap lost a segment of it and
/// saw it only when it was sent again.
#[derive(Debug)]
pub(super) struct Transaction {
    method: Method,
    /// When the request was sent; before it is seen, when the first response was.
    sent: Timestamp,
    /// Responses for which no request was seen yet.
    strays: u32,
    response: Option<Timestamp>,
    provisional: Option<Timestamp>,
    final_response: Option<Timestamp>,
    /// The last message of all.
    heard: Timestamp,
    repeats: u8,
    /// How many messages are remembered.
    remembered: u8,
    /// By what they are told from others.
    seen: [u64; REMEMBERED],
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

    /// Returns how many responses it has whose request was not seen; then it is no transaction.
    pub(super) const fn strays(&self) -> u32 {
        self.strays
    }

    /// Adds it up.
    pub(super) fn count(&self, counts: &mut MethodCounts) {
        let after = |ts: Option<Timestamp>| ts.map(|ts| ts.since(self.sent));
        *counts.repeats.entry(self.repeats).or_default() += 1;
        // Nothing is ever sent back to ACK.
        if self.method != Method::Ack {
            counts.transactions += 1;
            counts.answered += u64::from(self.final_response.is_some());
            let times = [self.response, self.provisional, self.final_response];
            let is_before = |ts: Timestamp| ts < self.sent;
            counts.disordered += u64::from(times.into_iter().flatten().any(is_before));
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

    /// Returns all that is counted of it: those of one rank can stand for each other.
    fn rank(&self) -> impl Ord + use<'_> {
        let times = [self.response, self.provisional, self.final_response];
        let what = (self.method as u8, self.strays, self.repeats);
        (self.sent, times, what, self.peer, self.places())
    }

    fn response(&mut self, status: u16, ts: Timestamp) {
        if self.final_response.is_some() {
            return;
        }
        self.response.get_or_insert(ts);
        if status >= 200 {
            self.final_response = Some(ts);
        } else if status > 100 || self.method != Method::Invite {
            // 100 says nothing of the callee: the next hop sends it by itself.
            self.provisional.get_or_insert(ts);
        }
    }

    /// Takes the request, or the request again.
    fn request(&mut self, message: &Message<'_>, places: &[u32]) {
        if self.strays == 0 {
            self.repeats = (self.repeats + 1).min(MOST_REPEATS);
            return;
        }
        self.strays = 0;
        self.sent = message.ts;
        self.peer = message.flow.dst.ip();
        self.places = boxed(places);
    }

    /// Remembers a message; returns whether it came before, unless there are too many to tell.
    fn remember(&mut self, sighting: u64) -> Option<bool> {
        let remembered = usize::from(self.remembered);
        if self
            .seen
            .iter()
            .take(remembered)
            .any(|one| *one == sighting)
        {
            return Some(true);
        }
        *self.seen.get_mut(remembered)? = sighting;
        self.remembered += 1;
        Some(false)
    }

    /// Returns whether its INVITE waits for somebody to answer the phone.
    fn is_ringing(&self) -> bool {
        let is_provisional = self.response.is_some() && self.final_response.is_none();
        is_provisional && self.method == Method::Invite
    }

    /// Returns when nothing more will come, if nothing does until then.
    fn deadline(&self) -> Timestamp {
        let patience = if self.is_ringing() { RINGING } else { LIFETIME };
        self.heard.plus(patience)
    }

    /// Returns whether it is over at the end of the capture, be it that its request was given up (timers B and F).
    fn is_over(&self, end: Timestamp) -> bool {
        let is_settled = self.final_response.is_some() || self.method == Method::Ack;
        let is_waiting = self.is_ringing() && end <= self.deadline();
        is_settled || (end.since(self.sent) > LIFETIME && !is_waiting)
    }
}

impl Transactions {
    /// Takes a message; `places` tells what its request counts for.
    pub(super) fn take(
        &mut self,
        message: &Message<'_>,
        identity: &Identity,
        places: &[u32],
    ) -> Meaning {
        let key = self.key(message, identity);
        let (sighting, ts) = (identity.sighting, message.ts);
        let status = message.head.status_code();
        let mut meaning = Meaning::default();
        if let Some(open) = self.open.get_mut(&key) {
            let others = &mut self.others;
            let is_again = open.remember(sighting);
            meaning.is_again = is_again.unwrap_or_else(|| others.is_again(sighting, ts));
            let is_late = open.strays > 0 && status.is_none();
            match status {
                Some(status) => {
                    open.strays += u32::from(open.strays > 0 && !meaning.is_again);
                    open.response(status, ts);
                }
                None => open.request(message, places),
            }
            open.heard = open.heard.max(ts);
            meaning.is_first_hop = is_late && self.is_first_hop(message, identity);
        } else {
            self.begin(key, message, sighting, places);
            meaning.is_first_hop = status.is_none() && self.is_first_hop(message, identity);
        }
        meaning
    }

    /// Returns the next transaction that is over at `now`.
    pub(super) fn next_over(&mut self, now: Timestamp) -> Option<Transaction> {
        loop {
            let mut slot = self.deadlines.first_entry()?;
            let is_full = self.open.len() > CAPACITY;
            if *slot.key() >= second(now) && !is_full {
                return None;
            }
            let Some(key) = slot.get_mut().pop() else {
                slot.remove();
                continue;
            };
            match self.open.get(&key).map(Transaction::deadline) {
                Some(deadline) if deadline >= now && !is_full => self.look_at(key, deadline),
                Some(deadline) => {
                    self.forgotten += u64::from(deadline >= now);
                    return self.open.remove(&key);
                }
                None => {}
            }
        }
    }

    /// Returns the transactions that are left at the end of the capture, but for those that may have gone on.
    pub(super) fn finish(&mut self, end: Timestamp) -> Vec<Transaction> {
        self.deadlines.clear();
        let left = std::mem::take(&mut self.open).into_values();
        let is_left = |one: &Transaction| one.strays > 0 || one.is_over(end);
        let mut left: Vec<Transaction> = left.filter(is_left).collect();
        // The table has another order each time, and there may be no room for all names of peers.
        left.sort_unstable_by(|one, other| one.rank().cmp(&other.rank()));
        left
    }

    /// Returns how many requests were forgotten before they were over, and how many were told from those that came again
    /// no more.
    pub(super) fn forgotten(&self) -> u64 {
        self.forgotten + self.others.evicted + self.hops.evicted
    }

    /// Makes it be looked at when that second is over.
    fn look_at(&mut self, key: u64, deadline: Timestamp) {
        let slot = self.deadlines.entry(second(deadline));
        slot.or_default().push(key);
    }

    fn begin(&mut self, key: u64, message: &Message<'_>, sighting: u64, places: &[u32]) {
        let status = message.head.status_code();
        let mut transaction = Transaction {
            method: method_of(message),
            sent: message.ts,
            strays: u32::from(status.is_some()),
            response: None,
            provisional: None,
            final_response: None,
            heard: message.ts,
            repeats: 0,
            remembered: 1,
            seen: [sighting, 0, 0, 0],
            peer: message.flow.dst.ip(),
            places: boxed(places),
        };
        if let Some(status) = status {
            transaction.response(status, message.ts);
        }
        self.look_at(key, transaction.deadline());
        self.open.insert(key, transaction);
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

/// Returns what something counts for, if that is more than everything.
fn boxed(places: &[u32]) -> Option<Box<[u32]>> {
    (places != [0]).then(|| places.into())
}

/// Returns the second of the clock.
const fn second(ts: Timestamp) -> i64 {
    ts.nanos().div_euclid(SECOND)
}

/// Returns the addresses of a message's hop, the same in both directions. Ports say nothing: those of streams come and go,
/// and a response need not go back to the port that the request came from (RFC 3261 §18.2.2).
fn hop(message: &Message<'_>) -> (u128, u128) {
    let bits = |address: IpAddr| match address {
        IpAddr::V4(address) => address.to_ipv6_mapped().to_bits(),
        IpAddr::V6(address) => address.to_bits(),
    };
    let (src, dst) = (bits(message.flow.src.ip()), bits(message.flow.dst.ip()));
    (src.min(dst), src.max(dst))
}
