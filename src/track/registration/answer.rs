//! A 2xx to a REGISTER, with what was asked for, what is listed, and what was known before.

use crate::track::{
    Context, Event, EventKind, Flags, Interests,
    registration::{
        binding::Binding,
        bindings::{Bindings, Roster},
        contact::{Contact, Identity, Listing},
        exchange::Exchange,
        rounds::Accepted,
    },
    table::Key,
};

/// A 2xx, and what it is about.
pub(super) struct Answer<'a> {
    pub(super) exchange: &'a Exchange,
    pub(super) accepted: &'a Accepted,
    pub(super) roster: Roster,
    pub(super) asked: Vec<Asked<'a>>,
    pub(super) listed: Vec<Listed<'a>>,
}

/// A Contact in the 2xx.
#[derive(Clone, Copy)]
pub(super) struct Listed<'a> {
    pub(super) contact: Contact<'a>,
    pub(super) identity: Identity,
    is_asked: bool,
    pub(super) is_settled: bool,
}

/// A Contact in the REGISTER.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) contact: Contact<'a>,
    pub(super) identity: Identity,
    pub(super) requested: Option<u32>,
}

impl<'a> Answer<'a> {
    /// Returns the 2xx with all that it is about.
    pub(super) fn new(
        exchange: &'a Exchange,
        accepted: &'a Accepted,
        roster: Roster,
        context: &Context<'_>,
    ) -> Self {
        let ignore_port = context.shared.options.contact_ignore_port;
        let identity =
            |contact: &Contact<'_>| contact.identity(ignore_port, &context.shared.hasher);
        let mut asked: Vec<Asked<'_>> = Vec::new();
        let listing = accepted.asked.as_ref();
        for contact in listing.into_iter().flat_map(Listing::contacts) {
            let identity = identity(&contact);
            if asked.iter().all(|other| other.identity != identity) {
                asked.push(Asked {
                    contact,
                    identity,
                    requested: listing.and_then(|listing| listing.expires_of(&contact)),
                });
            }
        }
        let listed = accepted.listed.contacts().map(|contact| {
            let identity = identity(&contact);
            Listed {
                contact,
                identity,
                is_asked: asked.iter().any(|asked| asked.identity.is_same(&identity)),
                is_settled: false,
            }
        });
        let listed = listed.collect();
        Self {
            exchange,
            accepted,
            roster,
            asked,
            listed,
        }
    }

    /// Returns the place of the Contact in the list that stands for one that was asked for.
    pub(super) fn find(&self, asked: &Asked<'_>) -> Option<usize> {
        let same = self
            .free()
            .filter(|(_, listed)| listed.identity.is_same(&asked.identity))
            .min_by_key(|(_, listed)| {
                (
                    listed.identity.flow != asked.identity.flow,
                    listed.contact.text != asked.contact.text,
                )
            });
        same.map(|(place, _)| place)
            .or_else(|| self.find_rewritten(asked))
    }

    /// Returns the place of the Contact that the registrar lists instead of one that was asked for. Some list where a REGISTER
    /// came from in place of the private Contact in it.
    fn find_rewritten(&self, asked: &Asked<'_>) -> Option<usize> {
        let own = self.roster.find(&asked.identity);
        let candidates = self.free().filter_map(|(place, listed)| {
            let rank = self.likeness(asked, own, listed)?;
            Some((rank, place))
        });
        candidates.min().map(|(_, place)| place)
    }

    /// Returns how little a Contact in the list looks like another form of one that was asked for, and is known at `own`; none
    /// if it is none.
    fn likeness(&self, asked: &Asked<'_>, own: Option<usize>, listed: &Listed<'_>) -> Option<u8> {
        let user = asked.contact.user();
        let client = self.exchange.client();
        let ip = client.ip().to_canonical();
        let is_flow = listed.identity.is_same_flow(&asked.identity);
        let is_at = listed.contact.is_at(user, ip);
        if listed.is_asked
            || listed.identity.differs_in_flow(&asked.identity)
            || !(is_flow || is_at)
        {
            return None;
        }
        match self.roster.find(&listed.identity) {
            _ if is_at && listed.contact.port() == client.port() => Some(0),
            Some(position) if own == Some(position) => Some(1),
            None => Some(2),
            Some(position) if own.is_none() && self.roster.is_learned(position) => {
                // Nobody rewrites what names the address already.
                (is_flow || !asked.contact.is_at(user, ip)).then_some(3)
            }
            Some(_) => None,
        }
    }

    /// Returns the Contacts in the list that have not been dealt with.
    fn free(&self) -> impl Iterator<Item = (usize, &Listed<'a>)> {
        let listed = self.listed.iter().enumerate();
        listed.filter(|(_, listed)| !listed.is_settled)
    }

    /// Returns the position of the binding that a Contact is of: one that has it, or one that was learned from how the
    /// registrar lists it at `place`.
    pub(super) fn position(&self, asked: &Asked<'_>, place: Option<usize>) -> Option<usize> {
        let own = self.roster.find(&asked.identity);
        own.or_else(|| {
            let listed = self.listed.get(place?)?;
            let position = self.roster.find(&listed.identity)?;
            self.roster.is_learned(position).then_some(position)
        })
    }

    pub(super) fn is_asked(&self, identity: &Identity) -> bool {
        let asked = self.asked.iter();
        asked
            .into_iter()
            .any(|asked| asked.identity.is_same(identity))
    }

    /// Returns whether the REGISTER was captured in part: nobody knows what is in its Expires.
    pub(super) fn is_asked_in_part(&self) -> bool {
        let asked = self.accepted.asked.as_ref();
        asked.is_some_and(|asked| asked.is_cut)
    }

    /// Returns whether what is not in the list may have been accepted all the same: some registrars list nothing, and of some
    /// lists not all is known.
    pub(super) fn may_be_listed(&self) -> bool {
        self.listed.is_empty() || self.accepted.listed.is_partial()
    }

    /// Returns whether a binding has been dealt with.
    pub(super) fn is_settled(&self, position: Option<usize>) -> bool {
        position
            .and_then(|position| self.roster.known.get(position))
            .is_some_and(|known| known.is_settled)
    }

    /// Notes that a binding and a Contact in the list have been dealt with; returns the key of the binding.
    pub(super) fn settle(&mut self, position: Option<usize>, place: Option<usize>) -> Option<Key> {
        if let Some(identity) = place.and_then(|place| Some(self.listed.get(place)?.identity)) {
            // Some registrars list one Contact several times, with other parameters.
            for listed in &mut self.listed {
                listed.is_settled |= listed.identity.is_same(&identity);
            }
        }
        let known = position.and_then(|position| self.roster.known.get_mut(position))?;
        known.is_settled = true;
        Some(known.key)
    }

    /// Takes over how a binding is listed.
    pub(super) fn describe_listed(
        &self,
        binding: &mut Binding,
        listed: Option<Listed<'_>>,
    ) -> bool {
        match listed {
            Some(listed) => binding.describe_listed(&listed.contact, listed.identity),
            None => {
                if !self.accepted.listed.is_partial() {
                    binding.flags.insert(Flags::NO_CONTACT_IN_200);
                }
                false
            }
        }
    }

    /// Takes a Contact that was asked for and does not become a binding.
    pub(super) fn refuse(&self, asked: &Asked<'_>, context: &mut Context<'_>) {
        let (exchange, accepted) = (self.exchange, self.accepted);
        context.event(Interests::REGISTRATION_EVENTS, || Event {
            contact: asked.contact.text,
            ..exchange.event(EventKind::RegFailed, accepted.told, accepted.origin)
        });
        if let Some(listing) = &accepted.asked {
            Bindings::fail(exchange, &asked.contact, listing, accepted.ts, context);
        }
    }

    /// Returns an event of a binding that the 2xx tells.
    pub(super) fn event<'b>(&'b self, binding: &'b Binding, kind: EventKind) -> Event<'b> {
        let accepted = self.accepted;
        Event {
            contact: binding.contact(),
            duration: binding.duration(accepted.ts),
            expires: binding.granted(),
            flags: binding.flags(),
            ..self.exchange.event(kind, accepted.told, accepted.origin)
        }
    }
}
