//! A capture file for each call, with its media, when it is over.

use std::{io, path::PathBuf};

use hashbrown::HashMap;
use sipcap::{
    capture::{Frame, Packing},
    error::{Error, Result},
    media::MediaMap,
    pipeline::MediaPacket,
    report::FileRow,
    sip::Message,
    split::{Existing, FrameWindow, Group, LiveFileOptions, Spool, WindowReader},
    text::escape,
    track::Call,
};

use crate::{split::MediaKind, ui::Ui};

/// Octets of the latest frames that are kept, and of frames of calls that wait in memory.
const WINDOW_BYTES: usize = 128 << 20;
const SPOOL_BYTES: usize = 64 << 20;

/// Where the files of calls go.
#[derive(clap::Args, Debug)]
#[command(next_help_heading = "Recording options")]
pub(crate) struct SplitArgs {
    /// Write each call to a file of its own in this directory when it is over, with its media; it is made if need be
    ///
    /// Those that are selected. Over UDP a call is over 32 seconds after its end, for until then messages may be sent again.
    /// What goes on when the command ends has a file, too. A file that exists stays, and the new one gets another name, unless --force is given.
    #[arg(long, value_name = "DIR")]
    pub(crate) split: Option<PathBuf>,
    /// Which media go to these files
    #[arg(long, value_name = "KIND", default_value = "rtp", requires = "split")]
    split_media: MediaKind,
}

impl SplitArgs {
    /// Begins to collect calls, if that is wanted; frames are to be seen by the window.
    pub(crate) fn open(
        &self,
        packing: Option<Packing>,
        force: bool,
    ) -> anyhow::Result<Option<(FrameWindow, CallSplit)>> {
        let Some(directory) = &self.split else {
            return Ok(None);
        };
        let options = LiveFileOptions {
            directory: directory.clone(),
            packing,
            existing: if force {
                Existing::Overwrite
            } else {
                Existing::Keep
            },
        };
        let opened = options
            .make_directory()
            .and_then(|()| Spool::new(directory, SPOOL_BYTES));
        let error = |source| Error::Write {
            path: directory.clone(),
            source,
        };
        let spool = opened.map_err(error)?;
        let window = FrameWindow::new(WINDOW_BYTES);
        let split = CallSplit {
            options,
            spool: Filling {
                spool,
                window: window.reader(),
                gone: 0,
                problem: None,
            },
            media: MediaMap::default(),
            media_kind: self.split_media,
            by_call_id: HashMap::new(),
            files: 0,
            failed: 0,
        };
        Ok(Some((window, split)))
    }
}

/// The frames that a packet of media came in.
struct Frames {
    last: Frame,
    before: Box<[Frame]>,
    is_copy: bool,
}

/// Collects calls, and writes those that are over.
pub(crate) struct CallSplit {
    options: LiveFileOptions,
    spool: Filling,
    media: MediaMap<Frames>,
    media_kind: MediaKind,
    /// The calls that go on, for copies of their messages.
    by_call_id: HashMap<Vec<u8>, u64>,
    pub(crate) files: u64,
    failed: u64,
}

/// The frames of calls, and where they come from.
struct Filling {
    spool: Spool,
    window: WindowReader,
    /// Frames that were not kept long enough.
    gone: u64,
    problem: Option<io::Error>,
}

impl Filling {
    fn add(&mut self, call: Group, frames: &[Frame]) {
        let Self {
            spool,
            window,
            problem,
            ..
        } = self;
        self.gone += window.read(frames, |frame, octets| {
            if let Err(error) = spool.add(call, frame, octets) {
                problem.get_or_insert(error);
            }
        });
    }

    /// Adds media to a call that goes on.
    fn add_media(&mut self, call: Group, frames: &Frames) {
        if !self.spool.has(call) {
            return;
        }
        let count = u32::from(!frames.is_copy);
        let spooled = self.spool.call(call);
        spooled.media = spooled.media.saturating_add(count);
        self.add(call, &frames.before);
        self.add(call, std::slice::from_ref(&frames.last));
    }
}

/// Returns the group of a call: there are never so many at a time that two have the same.
const fn group(number: u64) -> Group {
    number as Group
}

impl CallSplit {
    /// Takes a message of the call with this number, or of none.
    pub(crate) fn message(&mut self, message: &Message<'_>, call: Option<u64>) {
        let Some(number) = call else {
            return self.media.stranger(message);
        };
        let call = group(number);
        let spooled = self.spool.spool.call(call);
        spooled.messages = spooled.messages.saturating_add(1);
        self.spool.add(call, message.frames);
        let call_id = message.head.call_id.of(message.bytes);
        match self.by_call_id.get_mut(call_id) {
            Some(known) => *known = number,
            None => {
                self.by_call_id.insert(call_id.to_vec(), number);
            }
        }
        if self.media_kind != MediaKind::None {
            let Self { spool, media, .. } = self;
            media.message(message, call, &mut |call, frames| {
                spool.add_media(call, frames);
            });
        }
    }

    /// Takes a copy of a message that came moments ago.
    pub(crate) fn copy(&mut self, message: &Message<'_>) {
        let call_id = message.head.call_id.of(message.bytes);
        if let Some(number) = self.by_call_id.get(call_id) {
            self.spool.add(group(*number), message.frames);
        }
    }

    pub(crate) fn takes_media(&self) -> bool {
        self.media_kind != MediaKind::None
    }

    /// Takes a packet that may be media.
    pub(crate) fn media(&mut self, packet: &MediaPacket<'_>) {
        if self.media_kind == MediaKind::Rtcp && !packet.is_rtcp {
            return;
        }
        let Some((last, before)) = packet.frames.split_last() else {
            return;
        };
        let frames = Frames {
            last: *last,
            before: Box::from(before),
            is_copy: packet.is_copy,
        };
        let Self { spool, media, .. } = self;
        media.packet(packet.ts, &packet.flow, frames, &mut |call, frames| {
            spool.add_media(call, frames);
        });
    }

    /// Gives what waits to its calls: no more comes.
    pub(crate) fn finish(&mut self) {
        let Self { spool, media, .. } = self;
        media.finish(&mut |call, frames| spool.add_media(call, frames));
    }

    /// Writes a call that is over if it is wanted; `tell` is told of the file.
    pub(crate) fn over(
        &mut self,
        call: &Call,
        is_wanted: bool,
        tell: impl FnOnce(&FileRow<'_>) -> io::Result<()>,
    ) -> Result<()> {
        let call_id = call.call_id();
        if self.by_call_id.get(call_id) == Some(&call.number()) {
            self.by_call_id.remove(call_id);
        }
        let Some(spooled) = self.spool.spool.remove(group(call.number())) else {
            return Ok(());
        };
        if !is_wanted {
            return Ok(());
        }
        let file = match self.options.write(call_id, &spooled, &self.spool.window) {
            Ok(Some(file)) => file,
            Ok(None) => return Ok(()),
            // A disk that is full may have room again when the next call is over.
            Err(error) => {
                self.failed += 1;
                let error = io::Error::other(error);
                self.spool.problem.get_or_insert(error);
                return Ok(());
            }
        };
        self.files += 1;
        let (first, last) = spooled.times.unwrap_or_default();
        let (call_id, caller, callee) = (
            escape(call_id),
            escape(call.caller().uri),
            escape(call.callee().uri),
        );
        let some = |text: &'_ str| !text.is_empty();
        tell(&FileRow {
            r#type: "file",
            path: file.path.to_string_lossy(),
            call_id: some(&call_id).then(|| call_id.clone()),
            messages: spooled.messages,
            frames: file.frames,
            first,
            last,
            legs: vec![call_id.clone()],
            calls: 1,
            outcome: Some(call.outcome().name()),
            status: call.status(),
            caller: some(&caller).then_some(&*caller),
            callee: some(&callee).then_some(&*callee),
            media: spooled.media,
            bytes: file.bytes,
        })?;
        Ok(())
    }

    /// Returns what could not be written, once.
    pub(crate) fn problem(&mut self) -> Option<io::Error> {
        self.spool.problem.take()
    }

    /// Tells how many files there are; returns whether all could be written.
    pub(crate) fn tell(&self, ui: &Ui) -> bool {
        let noun = if self.files == 1 { "file" } else { "files" };
        let directory = self.options.directory.display();
        ui.note(format_args!("Wrote {} {noun} to {directory}.", self.files));
        let (packets, addresses) = self.media.forgotten();
        for (count, what) in [
            (self.failed, "files of calls could not be written"),
            (
                self.spool.gone,
                "frames of calls came together with others too late to be in their files",
            ),
            (
                packets,
                "packets came before anybody asked for them, and were too many to keep; early media may be missing",
            ),
            (
                addresses,
                "addresses of media were too many to keep; media of some calls may be missing",
            ),
        ] {
            if count > 0 {
                ui.warn(format_args!("{count} {what}"));
            }
        }
        self.failed == 0
    }
}
