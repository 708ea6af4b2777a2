//! What the clocks of capture points are off by, found out before anything else is done.

use std::{ops::ControlFlow, sync::Arc};

use anyhow::bail;
use sipcap::{
    error::Result,
    offsets::{Offsets, Sightings},
    pipeline::{Sighting, Sink, Summary},
    report::clock_sentences,
    sip::Message,
};

use crate::ui::Ui;

/// Compares what points have seen.
pub(crate) struct Clocks {
    sightings: Sightings,
}

impl Clocks {
    /// Compares these points, and others that come up; the clock of the first counts.
    pub(crate) fn new(points: Vec<Arc<str>>) -> Self {
        Self {
            sightings: Sightings::new(points),
        }
    }

    /// Tells what came out, and returns it.
    pub(crate) fn offsets(self, ui: &Ui) -> anyhow::Result<Offsets> {
        if self.sightings.points() < 2 {
            bail!(
                "--align-clocks compares capture points, and there are less than two with SIP; name them with --point"
            );
        }
        let offsets = self.sightings.offsets();
        let points = offsets.points.iter().skip(1);
        for (sentence, point) in clock_sentences(&offsets).into_iter().zip(points) {
            let is_steady = |(_, pair): &(_, sipcap::offsets::PairOffset)| !pair.fit.is_uneven;
            if point.compared.as_ref().is_some_and(is_steady) {
                ui.note(sentence);
            } else {
                ui.warn(sentence);
            }
        }
        Ok(offsets)
    }
}

impl Sink for Clocks {
    fn message(&mut self, message: &Message<'_>) -> Result<ControlFlow<()>> {
        self.sightings.see(message);
        Ok(ControlFlow::Continue(()))
    }

    fn sighting(&mut self, sighting: &Sighting<'_>) -> Result<()> {
        self.sightings.see(&sighting.message);
        Ok(())
    }

    fn finish(&mut self, _: &Summary) -> Result<()> {
        Ok(())
    }
}
