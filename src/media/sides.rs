//! The sides of calls: who has told where to send media, and until when that counts.

use hashbrown::HashMap;

use crate::{
    media::{
        map::Owner,
        place::Place,
        said::{Meaning, Said},
    },
    time::Timestamp,
};

/// How long an address goes on to count when the call is over, and when packets still come after that.
pub(super) const LINGER: i64 = 5_000_000_000;

/// Sides and dialogs of one owner at most: whoever has more is hostile.
const MAX_SIDES: usize = 64;
const MAX_DIALOGS: usize = 64;

/// The number of a side.
pub(super) type SideId = u32;

/// One side of an owner's calls, as seen at one hop, with the places of its last description.
#[derive(Clone, Debug, Default)]
pub(super) struct Side {
    pub(super) life: Life,
    /// What tells the session of its description: a B2BUA that passes it on makes two calls of one session.
    pub(super) session: u64,
    /// From where to where its messages go.
    pub(super) hop: u64,
    pub(super) description: u64,
    pub(super) places: Vec<Place>,
    /// What tells it from others of its owner.
    key: u64,
    tag: u64,
    /// The hosts it is between.
    link: u64,
}

/// From when on, and until when, what a side has told counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Life {
    pub(super) since: Timestamp,
    /// [`Timestamp::MAX`] while it lives.
    pub(super) until: Timestamp,
    /// When there was last a message or a packet of it.
    pub(super) heard: Timestamp,
}

/// Two tags, and what became of their dialog once it was answered.
#[derive(Clone, Copy, Debug)]
struct Dialog {
    tags: [u64; 2],
    is_over: bool,
}

impl Dialog {
    fn is_between(&self, said: &Said<'_>) -> bool {
        self.tags == [said.from, said.to] || self.tags == [said.to, said.from]
    }
}

/// All that is known of an owner.
#[derive(Clone, Debug)]
struct Talk {
    /// When it was first described.
    began: Timestamp,
    sides: Vec<SideId>,
    dialogs: Vec<Dialog>,
}

impl Talk {
    fn dialog(&mut self, said: &Said<'_>) -> Option<&mut Dialog> {
        let mut dialogs = self.dialogs.iter_mut();
        dialogs.find(|dialog| dialog.is_between(said))
    }

    /// Returns whether a dialog is up, one with a tag if it is given.
    fn is_up(&self, tag: Option<u64>) -> bool {
        let mut dialogs = self.dialogs.iter();
        dialogs.any(|dialog| !dialog.is_over && tag.is_none_or(|tag| dialog.tags.contains(&tag)))
    }

    fn add(&mut self, said: &Said<'_>, is_over: bool) {
        if self.dialogs.len() >= MAX_DIALOGS {
            let over = self.dialogs.iter().position(|dialog| dialog.is_over);
            self.dialogs.remove(over.unwrap_or(0));
        }
        self.dialogs.push(Dialog {
            tags: [said.from, said.to],
            is_over,
        });
    }
}

/// All sides of all owners.
#[derive(Debug, Default)]
pub(super) struct Sides {
    sides: Vec<Side>,
    /// The numbers that are free again.
    free: Vec<SideId>,
    talks: HashMap<Owner, Talk>,
    /// How many were not taken because their owner has too many.
    pub(super) refused: u64,
}

impl Sides {
    pub(super) fn get(&self, side: SideId) -> Option<&Side> {
        self.sides.get(side as usize)
    }

    pub(super) fn get_mut(&mut self, side: SideId) -> Option<&mut Side> {
        self.sides.get_mut(side as usize)
    }

    /// Returns whether an owner has told anything.
    pub(super) fn has(&self, owner: Owner) -> bool {
        self.talks.contains_key(&owner)
    }

    /// Returns until when a side counts: [`Timestamp::MAX`] while it lives.
    pub(super) fn end_of(&self, side: SideId) -> Timestamp {
        self.get(side)
            .map_or(Timestamp::MIN, |side| side.life.until)
    }

    /// Returns when an owner was first described.
    pub(super) fn began(&self, owner: Owner) -> Option<Timestamp> {
        self.talks.get(&owner).map(|talk| talk.began)
    }

    /// Returns whether the call that a message is of is over: what comes then is late.
    pub(super) fn is_over(&self, owner: Owner, said: &Said<'_>) -> bool {
        let talk = self.talks.get(&owner);
        talk.is_some_and(|talk| {
            let mut dialogs = talk.dialogs.iter();
            dialogs.any(|dialog| dialog.is_over && dialog.is_between(said))
        })
    }

    /// Returns the side of an owner that has a key, a new one if need be; nothing if there are too many.
    pub(super) fn of_key(&mut self, owner: Owner, key: u64, said: &Said<'_>) -> Option<SideId> {
        let talk = self.talks.entry(owner).or_insert_with(|| Talk {
            began: said.ts,
            sides: Vec::new(),
            dialogs: Vec::new(),
        });
        let mut ids = talk.sides.iter();
        let has_key = |id: &&SideId| {
            let side = self.sides.get(**id as usize);
            side.is_some_and(|side| side.key == key)
        };
        if let Some(id) = ids.find(has_key) {
            return Some(*id);
        }
        if talk.sides.len() >= MAX_SIDES {
            self.refused += 1;
            return None;
        }
        let side = Side {
            life: Life {
                since: said.ts,
                until: Timestamp::MAX,
                heard: said.ts,
            },
            hop: said.hop,
            key,
            tag: said.sender,
            link: said.link,
            ..Side::default()
        };
        let id = match self.free.pop() {
            Some(id) => id,
            None => self.sides.len() as SideId,
        };
        match self.sides.get_mut(id as usize) {
            Some(place) => *place = side,
            None => self.sides.push(side),
        }
        talk.sides.push(id);
        Some(id)
    }

    /// Takes over what a message means for the life of an owner's sides.
    pub(super) fn hear(&mut self, owner: Owner, said: &Said<'_>) {
        let Some(talk) = self.talks.get_mut(&owner) else {
            return;
        };
        let sides = &mut self.sides;
        let is_over = talk.dialog(said).map(|dialog| dialog.is_over);
        match said.meaning {
            Meaning::Nothing => {}
            Meaning::Begins => {
                let is_old = |dialog: &Dialog| dialog.is_over && dialog.tags.contains(&said.from);
                talk.dialogs.retain(|dialog| !is_old(dialog));
                revive(sides, talk, said, |side| side.tag == said.from);
            }
            Meaning::GoesOn | Meaning::IsAnswered if is_over == Some(true) => {}
            Meaning::GoesOn => revive(sides, talk, said, |side| said.has(side.tag)),
            Meaning::IsAnswered => {
                if is_over.is_none() {
                    talk.add(said, false);
                }
                revive(sides, talk, said, |side| said.has(side.tag));
            }
            Meaning::DoesNotEnd => {
                if let Some(dialog) = talk.dialog(said) {
                    dialog.is_over = false;
                    revive(sides, talk, said, |side| said.has(side.tag));
                }
            }
            Meaning::Fails => fail(sides, talk, said),
            Meaning::Ends => {
                let was_up = is_over == Some(false);
                match talk.dialog(said) {
                    Some(dialog) => dialog.is_over = true,
                    None => talk.add(said, true),
                }
                // What was never answered ends with the last dialog that was.
                let is_last = was_up && !talk.is_up(None);
                end(sides, talk, said.ts, |side| {
                    is_last || said.has(side.tag) && !talk.is_up(Some(side.tag))
                });
            }
        }
    }

    /// Forgets the sides that `is_kept` does not want.
    pub(super) fn retain(&mut self, is_kept: impl Fn(SideId) -> bool) {
        let (sides, free) = (&mut self.sides, &mut self.free);
        self.talks.retain(|_, talk| {
            talk.sides.retain(|id| {
                let stays = is_kept(*id);
                if !stays && let Some(side) = sides.get_mut(*id as usize) {
                    *side = Side::default();
                    free.push(*id);
                }
                stays
            });
            !talk.sides.is_empty()
        });
    }

    /// Returns how many numbers there are, free ones too.
    pub(super) const fn len(&self) -> usize {
        self.sides.len()
    }

    #[cfg(test)]
    pub(super) fn owners(&self) -> usize {
        self.talks.len()
    }
}

/// Lets the sides live, from now on if they had ended.
fn revive(sides: &mut [Side], talk: &Talk, said: &Said<'_>, is_meant: impl Fn(&Side) -> bool) {
    each(sides, talk, |side| {
        if is_meant(side) {
            side.life.revive(said.ts);
        }
    });
}

/// Lets the sides end.
fn end(sides: &mut [Side], talk: &Talk, ts: Timestamp, is_meant: impl Fn(&Side) -> bool) {
    each(sides, talk, |side| {
        if is_meant(side) && side.life.until == Timestamp::MAX {
            side.life.until = ts.plus(LINGER);
        }
    });
}

/// Lets what failed end: the hop that the response went over, and all if nobody is left who may still answer.
fn fail(sides: &mut [Side], talk: &Talk, said: &Said<'_>) {
    if talk.is_up(None) {
        // Something within the call failed.
        return;
    }
    let has_failed = |side: &Side| side.link == said.link || said.has_to_tag && side.tag == said.to;
    let live = |id: &SideId| {
        let side = sides.get(*id as usize);
        side.filter(|side| side.life.until == Timestamp::MAX)
    };
    let mut others = talk.sides.iter().filter_map(live);
    let may_be_answered = others.any(|side| side.tag != said.from && !has_failed(side));
    let first = talk.sides.first().and_then(|id| sides.get(*id as usize));
    let is_all = !may_be_answered && first.is_some_and(|side| side.link == said.link);
    end(sides, talk, said.ts, |side| is_all || has_failed(side));
}

fn each(sides: &mut [Side], talk: &Talk, mut change: impl FnMut(&mut Side)) {
    for id in &talk.sides {
        if let Some(side) = sides.get_mut(*id as usize) {
            change(side);
        }
    }
}

impl Life {
    pub(super) fn revive(&mut self, ts: Timestamp) {
        if self.until != Timestamp::MAX {
            *self = Self {
                since: ts,
                until: Timestamp::MAX,
                heard: ts,
            };
        }
        self.heard = self.heard.max(ts);
    }
}
