//! From messages and media to groups of frames.

use std::ops::ControlFlow;

use clap::ValueEnum;
use hashbrown::{HashMap, HashSet};
use sipcap::{
    capture::Frame,
    error::Result,
    media::MediaMap,
    pipeline::{MediaPacket, Report, Sink, Summary},
    sip::Message,
    split::{FrameIndex, Group, GroupFrames},
};

use crate::{
    packets::Packets,
    split::{CallNote, Calls, Reports},
    track::{Taken, Tracked},
    ui::Ui,
};

/// What goes to one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum By {
    /// All messages with the same Call-ID
    CallId,
    /// All calls that a B2BUA made of one, with all their Call-IDs
    Call,
    /// Each call alone, also where a Call-ID is used again or by several callers
    Dialog,
}

/// Which media go to the files.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum MediaKind {
    /// None
    None,
    /// RTCP only
    Rtcp,
    /// RTP, RTCP, and what else comes at the addresses that the calls announce
    Rtp,
}

/// The frames that a packet came in: the last one, and those before it.
struct Frames {
    last: Frame,
    before: Box<[Frame]>,
    /// Whether it is a copy of another packet.
    is_copy: bool,
}

/// The frames of all messages, and of the media, by their group.
pub(crate) struct Collector {
    by: By,
    media_kind: MediaKind,
    index: FrameIndex,
    media: MediaMap<Frames>,
    /// The calls, when somebody needs to know of them.
    tracked: Option<Tracked<Calls>>,
    /// The group of each call, by its number.
    groups: Vec<Option<Group>>,
    /// The last group of each Call-ID, where calls have groups of their own.
    latest: HashMap<Vec<u8>, Group>,
    /// The messages that nothing could be made of, if they are wanted.
    errors: Option<Packets>,
    /// What proxies tell, when everything goes to one file that has nothing but calls.
    reports: Option<Reports>,
}

impl Collector {
    pub(crate) fn new(
        by: By,
        media_kind: MediaKind,
        tracked: Option<Tracked<Calls>>,
        errors: Option<Packets>,
    ) -> Self {
        Self {
            by,
            media_kind,
            index: FrameIndex::default(),
            media: MediaMap::default(),
            tracked,
            groups: Vec::new(),
            latest: HashMap::new(),
            errors,
            reports: None,
        }
    }

    /// Collects for one file that has the selected calls and what proxies tell of them.
    pub(crate) fn for_one_file(mut self) -> Self {
        self.reports = Some(Reports::default());
        self
    }

    /// Returns the group of a call.
    fn group_of(&self, number: u64) -> Option<Group> {
        *self.groups.get(usize::try_from(number).ok()?)?
    }

    /// Returns the group of a message, which is of the call with a number or of none.
    fn group(&mut self, message: &Message<'_>, call: Option<u64>) -> Group {
        let call_id = message.head.call_id.of(message.bytes);
        let group = match (self.by, call) {
            (By::Call | By::Dialog, Some(number)) => self.index.of_call(number, call_id),
            _ => self.index.of_call_id(call_id),
        };
        if self.by != By::CallId {
            match self.latest.get_mut(call_id) {
                Some(latest) => *latest = group,
                None => {
                    self.latest.insert(call_id.to_vec(), group);
                }
            }
        }
        if let Some(number) = call.and_then(|number| usize::try_from(number).ok()) {
            // Calls are numbered from 0 on, as they begin.
            if number >= self.groups.len() {
                self.groups.resize(number + 1, None);
            }
            if let Some(known) = self.groups.get_mut(number) {
                known.get_or_insert(group);
            }
        }
        group
    }

    /// Returns whether a message that is of no call selects its group.
    fn selects(&self, message: &Message<'_>) -> bool {
        match &self.tracked {
            None => true,
            Some(tracked) => tracked.observer.choice().selects_message(message),
        }
    }
}

/// What was found: the frames of each file, and what is known of the calls.
pub(crate) struct Found {
    pub(crate) groups: GroupFrames,
    notes: Vec<(Group, CallNote)>,
    pub(crate) errors: Option<Packets>,
    /// How many packets and addresses of media were forgotten.
    forgotten: (u64, u64),
}

impl Collector {
    /// Puts together what belongs together; `names` are those of the inputs.
    pub(crate) fn into_found(mut self, names: &[String], ui: &Ui) -> Found {
        let mut notes = Vec::new();
        if let Some(mut tracked) = self.tracked.take() {
            tracked.warn(names, ui);
            for (leg, first) in tracked.observer.joined() {
                if let (Some(leg), Some(first)) = (self.group_of(leg), self.group_of(first)) {
                    self.index.join(leg, first);
                }
            }
            let hasty = tracked.observer.hasty();
            if hasty > 0 {
                ui.warn(format_args!(
                    "{hasty} legs were open for so long that they were put together with later ones only"
                ));
            }
            if let Some(reports) = &mut self.reports {
                reports.settle(std::mem::take(&mut tracked.observer.later));
            }
            notes = self.settle(std::mem::take(&mut tracked.observer.notes));
        }
        if let Some(reports) = self.reports.take() {
            reports.warn(ui);
            notes = self.put_together(notes, &reports);
        }
        Found {
            groups: self.index.into_groups(),
            notes,
            errors: self.errors,
            forgotten: self.media.forgotten(),
        }
    }

    /// Selects the groups of the calls that are selected; returns the calls by when they began, with their groups.
    fn settle(&mut self, mut notes: Vec<CallNote>) -> Vec<(Group, CallNote)> {
        notes.sort_unstable_by_key(|note| note.number);
        let mut placed = Vec::with_capacity(notes.len());
        for note in notes {
            let Some(group) = self.group_of(note.number) else {
                continue;
            };
            if note.is_selected {
                self.index.select(group);
            }
            placed.push((self.index.root(group), note));
        }
        placed
    }
}

impl Collector {
    /// Makes one group of all that are selected, with what proxies tell of them; returns the calls in it.
    fn put_together(
        &mut self,
        notes: Vec<(Group, CallNote)>,
        reports: &Reports,
    ) -> Vec<(Group, CallNote)> {
        let selected = notes.iter().filter(|(_, note)| note.is_selected);
        let selected: HashSet<Group> = selected.map(|(group, _)| *group).collect();
        let is_selected = |(group, _): &(Group, CallNote)| selected.contains(group);
        let notes: Vec<_> = notes.into_iter().filter(is_selected).collect();
        let Some((first, _)) = notes.first() else {
            return notes;
        };
        for (group, note) in &notes {
            for frames in reports.of(note) {
                self.index.add_frames(*group, frames);
            }
            self.index.join(*group, *first);
        }
        notes
    }

    /// Takes a message that is of no call, but may be about one that began before.
    fn add_stray(&mut self, message: &Message<'_>) {
        let call_id = message.head.call_id.of(message.bytes);
        if let Some(group) = self.latest.get(call_id) {
            self.index.add_frames(*group, message.frames);
        }
    }
}

impl Found {
    /// Returns the calls, by when they began.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &CallNote> {
        self.notes.iter().map(|(_, note)| note)
    }

    /// Warns of media that may be missing.
    pub(crate) fn warn(&self, ui: &Ui) {
        let (packets, addresses) = self.forgotten;
        if packets > 0 {
            ui.warn(format_args!(
                "{packets} packets came before anybody asked for them, and were too many to keep; early media may be missing"
            ));
        }
        if addresses > 0 {
            ui.warn(format_args!(
                "{addresses} addresses of media were too many to keep; media of some calls may be missing"
            ));
        }
    }

    /// Returns where the frames stand that are in a file of a call or of errors, in order, but for those `left` out of one.
    pub(crate) fn places(&self, left: &[(u16, u64)]) -> Vec<(u16, u64)> {
        let mut places = self.groups.places();
        places.retain(|place| left.binary_search(place).is_err());
        places.extend(self.errors.iter().flat_map(Packets::places));
        places.sort_unstable();
        places.dedup();
        places
    }

    /// Returns the calls of each group, by when they began.
    pub(crate) fn calls_by_group(&self) -> HashMap<Group, Vec<&CallNote>> {
        let mut calls: HashMap<Group, Vec<&CallNote>> = HashMap::new();
        for (group, note) in &self.notes {
            calls.entry(*group).or_default().push(note);
        }
        calls
    }
}

fn add_media(index: &mut FrameIndex, group: Group, frames: &Frames) {
    let Frames { last, before, .. } = frames;
    if frames.is_copy {
        index.add_frames(group, before);
        index.add_frames(group, &[*last]);
    } else {
        index.add_media(group, last, before);
    }
}

impl Sink for Collector {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        let taken = match &mut self.tracked {
            Some(tracked) => tracked.take(message)?,
            None => Taken {
                call: None,
                is_unfit: message.head.usable().is_err(),
            },
        };
        if let Some(errors) = self.errors.as_mut().filter(|_| taken.is_unfit) {
            errors.add(message);
        }
        match (&mut self.reports, taken.call) {
            (Some(reports), Some(call)) => reports.note(call, message),
            (Some(_), None) => {
                self.add_stray(message);
                return Ok(ControlFlow::Continue(()));
            }
            (None, _) => {}
        }
        let group = self.group(message, taken.call);
        self.index.add_message(group, message.frames);
        if taken.call.is_none() && self.selects(message) {
            self.index.select(group);
        }
        if self.media_kind != MediaKind::None {
            let index = &mut self.index;
            let mut found = |owner, frames: &Frames| add_media(index, owner, frames);
            self.media.message(message, group, &mut found);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn copy(&mut self, message: &Message<'_>) -> Result<()> {
        // Its original came moments ago.
        let call_id = message.head.call_id.of(message.bytes);
        let group = match self.by {
            By::CallId => Some(self.index.of_call_id(call_id)),
            By::Call | By::Dialog => self.latest.get(call_id).copied(),
        };
        if let Some(group) = group {
            self.index.add_frames(group, message.frames);
        }
        Ok(())
    }

    fn report(&mut self, report: &Report<'_>) -> Result<()> {
        if let Some(reports) = &mut self.reports {
            reports.take(report);
        }
        match &mut self.tracked {
            Some(tracked) => tracked.report(report),
            None => Ok(()),
        }
    }

    fn takes_identities(&self) -> bool {
        self.tracked.is_some()
    }

    fn takes_media(&self) -> bool {
        self.media_kind != MediaKind::None
    }

    fn media(&mut self, packet: &MediaPacket<'_>) -> Result<()> {
        if self.media_kind == MediaKind::Rtcp && !packet.is_rtcp {
            return Ok(());
        }
        let index = &mut self.index;
        let mut found = |owner, frames: &Frames| add_media(index, owner, frames);
        if let Some((last, before)) = packet.frames.split_last() {
            let frames = Frames {
                last: *last,
                before: Box::from(before),
                is_copy: packet.is_copy,
            };
            self.media
                .packet(packet.ts, &packet.flow, frames, &mut found);
        }
        Ok(())
    }

    fn finish(&mut self, summary: &Summary) -> Result<()> {
        let index = &mut self.index;
        let mut found = |owner, frames: &Frames| add_media(index, owner, frames);
        self.media.finish(&mut found);
        if let Some(tracked) = &mut self.tracked {
            tracked.finish(summary)?;
        }
        Ok(())
    }
}
