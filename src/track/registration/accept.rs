//! What a 2xx to a REGISTER says about the bindings of an address of record (RFC 3261 §10.3 step 8).

use crate::{
    time::Timestamp,
    track::{
        Context, Event, EventKind, Flags, Interests,
        registration::{
            answer::{Answer, Asked, Listed},
            binding::{Binding, BindingState, EndReason},
            bindings::{Bindings, MAX_PER_AOR, Roster},
            contact::{DEFAULT_EXPIRES, Listing},
            exchange::Exchange,
            rounds::Accepted,
        },
        table::Key,
        timeouts::SECOND,
    },
};

/// How exactly times are told that are counted in seconds.
const ACCURACY: i64 = 2 * SECOND;

impl Bindings {
    /// Takes the 2xx to a REGISTER.
    pub(super) fn accept(
        &mut self,
        exchange: &Exchange,
        accepted: &Accepted,
        context: &mut Context<'_>,
    ) {
        let roster = self.of_aor(exchange.aor_hash());
        let mut answer = Answer::new(exchange, accepted, roster, context);
        for index in 0..answer.asked.len() {
            if let Some(asked) = answer.asked.get(index).copied() {
                self.take_asked(&mut answer, &asked, context);
            }
        }
        self.take_listed(&mut answer, context);
        self.drop_unlisted(&mut answer, context);
    }

    /// Takes a Contact that was asked for.
    fn take_asked(
        &mut self,
        answer: &mut Answer<'_>,
        asked: &Asked<'_>,
        context: &mut Context<'_>,
    ) {
        let place = answer.find(asked);
        let position = answer.position(asked, place);
        let listed = place.and_then(|place| answer.listed.get(place).copied());
        let expires = listed.map(|listed| {
            let said = listed.contact.expires.or(answer.accepted.listed.expires);
            said.or(asked.requested).unwrap_or(DEFAULT_EXPIRES)
        });
        if asked.requested == Some(0) && expires.is_some_and(|expires| expires > 0) {
            // The registrar keeps it all the same.
            return;
        }
        if answer.is_settled(position) {
            // The same was asked for already, with or without its flow.
            return;
        }
        let key = answer.settle(position, place);
        if asked.requested.is_none() && expires.is_none() && answer.is_asked_in_part() {
            // It may have been refreshed or removed.
            return;
        }
        if key.is_some_and(|key| self.is_overtaken(answer, key)) {
            return;
        }
        let granted = match (asked.requested, expires) {
            (Some(0), _) => return self.remove(answer, key, EndReason::Client, context),
            (_, Some(granted)) => granted,
            (requested, None) if answer.may_be_listed() => requested.unwrap_or(DEFAULT_EXPIRES),
            (_, None) => 0,
        };
        match (granted, key) {
            (0, Some(_)) => self.remove(answer, key, EndReason::Registrar, context),
            (0, None) => answer.refuse(asked, context),
            (_, Some(key)) => self.refresh(answer, key, (asked, listed, granted), context),
            (_, None) => self.add(answer, (asked, listed, granted), context),
        }
    }

    /// Returns whether a binding was refreshed after the REGISTER was sent that the 2xx answers, by a later one: that one
    /// counts (RFC 3261 §10.3 step 7).
    fn is_overtaken(&self, answer: &Answer<'_>, key: Key) -> bool {
        let (exchange, sent) = (answer.exchange, answer.accepted.sent);
        self.table.get(key).is_some_and(|binding| {
            binding.call_id() == exchange.call_id()
                && answer.accepted.cseq < binding.cseq
                && sent.is_some_and(|sent| binding.refreshed >= sent)
        })
    }

    /// Adds a binding.
    fn add(
        &mut self,
        answer: &mut Answer<'_>,
        (asked, listed, granted): (&Asked<'_>, Option<Listed<'_>>, u32),
        context: &mut Context<'_>,
    ) {
        let (exchange, accepted) = (answer.exchange, answer.accepted);
        let mut binding = Binding::new(exchange, &asked.contact, asked.identity, accepted.ts);
        binding.registered = accepted.ts.into();
        binding.state = BindingState::Active;
        binding.granted = granted;
        binding.describe_contact(&asked.contact, asked.requested);
        binding.describe(exchange);
        answer.describe_listed(&mut binding, listed);
        if self.flaps.register(binding.flap_hash(), accepted.ts) {
            binding.flags.insert(Flags::FLAPPING);
        }
        context.event(Interests::REGISTRATION_EVENTS, || {
            answer.event(&binding, EventKind::RegNew)
        });
        self.supersede(answer, &binding);
        self.insert(binding, &mut answer.roster, context);
    }

    /// Marks the bindings in whose place another one stands: those of the same instance, or of the same user at the same
    /// address, that were not asked for together with it.
    fn supersede(&mut self, answer: &Answer<'_>, by: &Binding) {
        for known in answer.roster.known.iter().filter(|known| !known.is_settled) {
            if let Some(binding) = self.table.get_mut(known.key)
                && !binding.is_leaving()
                && binding.is_superseded_by(by)
                && !answer.is_asked(&binding.identity)
            {
                binding.state = BindingState::Superseded;
            }
        }
    }

    /// Takes a binding in, in place of the oldest when there are too many of its address of record.
    fn insert(&mut self, binding: Binding, roster: &mut Roster, context: &mut Context<'_>) {
        let there = roster.known.iter().filter_map(|known| {
            let binding = self.table.get(known.key)?;
            Some((binding.refreshed, known.key))
        });
        if roster.count >= MAX_PER_AOR
            && let Some((_, oldest)) = there.min()
        {
            self.evict(oldest, context);
        } else {
            roster.count += 1;
        }
        context.shared.stats.bindings += 1;
        let key = self.table.insert(Box::new(binding));
        if let Some(binding) = self.table.get_mut(key) {
            roster.add(key, binding);
            binding.arm(key, context);
        }
    }

    /// Refreshes a binding.
    fn refresh(
        &mut self,
        answer: &Answer<'_>,
        key: Key,
        (asked, listed, granted): (&Asked<'_>, Option<Listed<'_>>, u32),
        context: &mut Context<'_>,
    ) {
        let (exchange, accepted) = (answer.exchange, answer.accepted);
        let Some(binding) = self.table.get_mut(key) else {
            return;
        };
        let is_back = binding.come_back();
        let is_late = binding.expires_at().is_some_and(|end| end < accepted.ts);
        for (flag, is_set) in [
            (Flags::LATE_REFRESH, is_late && !is_back),
            (
                Flags::CALL_ID_CHANGED,
                !binding.call_id().is_empty() && binding.call_id() != exchange.call_id(),
            ),
        ] {
            if is_set {
                binding.flags.insert(flag);
            }
        }
        if binding.state == BindingState::Learned && !binding.identity.is_same(&asked.identity) {
            // It was known only by how the registrar lists it.
            binding.identity = asked.identity;
        }
        let is_moved = binding.is_moved(exchange) | answer.describe_listed(binding, listed);
        binding.state = BindingState::Active;
        binding.refreshed = accepted.ts;
        binding.granted = granted;
        binding.refreshes = binding.refreshes.saturating_add(1);
        binding.moves = binding.moves.saturating_add(u16::from(is_moved));
        binding.describe_contact(&asked.contact, asked.requested);
        binding.describe(exchange);
        binding.arm(key, context);
        if !is_back {
            context.event(Interests::REGISTRATION_EVENTS, || {
                answer.event(binding, EventKind::RegRefresh)
            });
        }
        if is_moved {
            context.event(Interests::REGISTRATION_EVENTS, || {
                answer.event(binding, EventKind::RegMoved)
            });
        }
        self.table.weigh(key);
    }

    /// Removes a binding, at once or when nothing cancels that.
    fn remove(
        &mut self,
        answer: &Answer<'_>,
        key: Option<Key>,
        reason: EndReason,
        context: &mut Context<'_>,
    ) {
        let Some(key) = key else {
            return;
        };
        let Some(binding) = self.table.get_mut(key).filter(|known| !known.is_leaving()) else {
            return;
        };
        binding.end = answer.accepted.ts.into();
        binding.end_reason = Some(reason);
        if context.shared.options.reg_del_delay > 0 {
            binding.arm(key, context);
            return;
        }
        self.flaps.remove(binding.flap_hash(), answer.accepted.ts);
        context.event(Interests::REGISTRATION_EVENTS, || Event {
            expires: None,
            ..answer.event(binding, EventKind::RegDel)
        });
        self.close(key, reason, context);
    }

    /// Takes what the registrar lists although nobody asked for it.
    fn take_listed(&mut self, answer: &mut Answer<'_>, context: &mut Context<'_>) {
        let is_alone = answer.accepted.asked.is_none()
            && answer.listed.len() == 1
            && !answer.accepted.listed.is_partial();
        for index in 0..answer.listed.len() {
            let Some(listed) = answer.listed.get(index).copied() else {
                continue;
            };
            if listed.is_settled {
                continue;
            }
            let expires = listed.contact.expires;
            let position = answer.roster.find(&listed.identity);
            match position.and_then(|position| answer.roster.known.get_mut(position)) {
                Some(known) if known.is_settled || expires == Some(0) => {}
                Some(known) => {
                    known.is_settled = true;
                    let key = known.key;
                    self.adjust(key, expires, answer.accepted.ts, context);
                }
                None if expires == Some(0) => {}
                None => self.learn(answer, &listed, is_alone, context),
            }
        }
    }

    /// Takes what the registrar says about a binding that somebody else registers.
    fn adjust(&mut self, key: Key, expires: Option<u32>, ts: Timestamp, context: &mut Context<'_>) {
        let Some(binding) = self.table.get_mut(key) else {
            return;
        };
        binding.come_back();
        let expires_at = expires.map(|expires| ts.plus(i64::from(expires) * SECOND));
        let is_other = |at: Timestamp| {
            binding
                .expires_at()
                .is_none_or(|before| at.since(before).saturating_abs() > ACCURACY)
        };
        if let (Some(expires), Some(true)) = (expires, expires_at.map(is_other)) {
            // Its refresh was not seen.
            binding.refreshed = ts;
            binding.granted = expires;
        }
        binding.arm(key, context);
    }

    /// Adds a binding whose beginning was not seen.
    fn learn(
        &mut self,
        answer: &mut Answer<'_>,
        listed: &Listed<'_>,
        is_own: bool,
        context: &mut Context<'_>,
    ) {
        let (exchange, accepted) = (answer.exchange, answer.accepted);
        let mut binding = Binding::new(exchange, &listed.contact, listed.identity, accepted.ts);
        binding.begin_at(accepted.ts, accepted.frame);
        binding.flags.insert(Flags::LEARNED);
        let own = accepted.listed.expires.filter(|_| is_own);
        let expires = listed.contact.expires.or(own);
        binding.granted = expires.unwrap_or(DEFAULT_EXPIRES);
        if is_own {
            binding.describe(exchange);
        }
        self.insert(binding, &mut answer.roster, context);
    }

    /// Drops the bindings that the registrar has no more: those it does not list, when it lists any or was asked for all.
    fn drop_unlisted(&mut self, answer: &mut Answer<'_>, context: &mut Context<'_>) {
        let accepted = answer.accepted;
        let asked = accepted.asked.as_ref();
        let is_star = asked.is_some_and(Listing::is_star);
        let is_fetch = asked.is_some_and(Listing::is_empty);
        let says_nothing = accepted.listed.is_partial() || (answer.listed.is_empty() && !is_fetch);
        if says_nothing && !is_star {
            return;
        }
        for index in 0..answer.roster.known.len() {
            let Some(known) = answer
                .roster
                .known
                .get(index)
                .filter(|known| !known.is_settled)
            else {
                continue;
            };
            let key = known.key;
            let stays = |binding: &Binding| {
                let left = binding
                    .expires_at()
                    .map_or(0, |expires_at| expires_at.since(accepted.ts));
                // It has expired by itself, or the registrar did not know of it yet when it wrote the list.
                left <= SECOND || accepted.sent.is_some_and(|sent| binding.refreshed >= sent)
            };
            if is_star {
                self.remove(answer, Some(key), EndReason::Star, context);
            } else if !self.table.get(key).is_none_or(|binding| stays(binding)) {
                self.remove(answer, Some(key), EndReason::Registrar, context);
            }
        }
    }
}
