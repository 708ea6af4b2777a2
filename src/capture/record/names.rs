//! How the files of a recording are called, by the rules of tcpdump.

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::RecordPlan;
use crate::{
    error::{Error, Result},
    time::Timestamp,
};

/// The names of the files of a recording, one after the other.
#[derive(Debug)]
pub(super) struct Names {
    /// With the ending of compressed files.
    extension: &'static str,
    /// Without it.
    template: String,
    /// Digits of numbers, when files are written again from the first one on.
    digits: usize,
    /// After how many numbers the first one comes again.
    ring: Option<u32>,
    has_times: bool,
    /// The name without a number that counts now, and the number of the next file.
    base: String,
    number: u32,
    last: PathBuf,
}

impl Names {
    /// Returns the names of a recording.
    ///
    /// # Errors
    ///
    /// When the path has something behind a percent sign that is no part of a time.
    pub(super) fn new(plan: &RecordPlan) -> Result<Self> {
        let path = plan.path.to_string_lossy();
        let extension = plan.packing.map_or("", |packing| packing.extension());
        let template = path.strip_suffix(extension).unwrap_or(&path).to_owned();
        let rotation = &plan.rotation;
        let has_times = rotation.every.is_some();
        let names = Self {
            extension,
            digits: match (rotation.bytes, rotation.count) {
                // As many as the last number has; a ring of one file needs none.
                (Some(_), Some(count)) if count > 1 => count.saturating_sub(1).to_string().len(),
                _ => 0,
            },
            ring: rotation
                .count
                .filter(|_| rotation.bytes.is_some() && !has_times),
            has_times,
            base: template.clone(),
            template,
            number: 0,
            last: PathBuf::new(),
        };
        names.expand(Timestamp::default())?;
        Ok(names)
    }

    /// Begins anew with the names of a time.
    pub(super) fn begin(&mut self, at: Timestamp) {
        if let Ok(base) = self.expand(at) {
            (self.base, self.number) = (base, 0);
        }
    }

    /// Returns the name of the next file; it is not that of the last one, unless that is the only one there may be.
    pub(super) fn next(&mut self) -> PathBuf {
        loop {
            let path = self.numbered(self.number);
            self.number = self.number.wrapping_add(1);
            if let Some(ring) = self.ring {
                self.number = self.number.checked_rem(ring).unwrap_or(0);
            }
            if path != self.last || self.ring == Some(1) {
                self.last.clone_from(&path);
                return path;
            }
        }
    }

    /// Returns the names that files will have, as far as they can be known before anything comes.
    pub(super) fn known(&self) -> Vec<PathBuf> {
        if self.has_times {
            return Vec::new();
        }
        let count = self.ring.unwrap_or(2).min(1000);
        (0..count).map(|number| self.numbered(number)).collect()
    }

    fn numbered(&self, number: u32) -> PathBuf {
        let Self {
            base,
            extension,
            digits,
            ..
        } = self;
        PathBuf::from(match (number, digits) {
            (0, 0) => format!("{base}{extension}"),
            _ => format!("{base}{number:0digits$}{extension}"),
        })
    }

    /// Puts a time into the name, if times are to be in it.
    fn expand(&self, at: Timestamp) -> Result<String> {
        if !self.has_times {
            return Ok(self.template.clone());
        }
        let wrong = |error: jiff::Error| Error::Write {
            path: self.template.clone().into(),
            source: std::io::Error::other(error),
        };
        let nanos = i128::from(at.nanos());
        let time = jiff::Timestamp::from_nanosecond(nanos).map_err(wrong)?;
        let time = time.to_zoned(TimeZone::system());
        jiff::fmt::strtime::format(&self.template, &time).map_err(wrong)
    }
}

/// Returns the directory that a file is in.
pub(super) fn directory(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or_else(|| Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Packing, record::Rotation};

    fn names(path: &str, rotation: Rotation) -> Names {
        Names::new(&RecordPlan {
            path: path.into(),
            rotation,
            packing: path.ends_with(".gz").then_some(Packing::Gzip),
            ..RecordPlan::default()
        })
        .unwrap()
    }

    fn first(names: &mut Names, count: usize) -> Vec<String> {
        let all = (0..count).map(|_| names.next().display().to_string());
        all.collect()
    }

    /// Names as tcpdump 4.99 gives them: -C 1; -C 1 -W 3; -C 1 -W 11; -C 1 -W 1.
    #[test]
    fn numbers_are_those_of_tcpdump() {
        let by_size = |count| Rotation {
            bytes: Some(1),
            count,
            ..Rotation::default()
        };
        let mut plain = names("x.pcap", by_size(None));
        assert_eq!(first(&mut plain, 3), ["x.pcap", "x.pcap1", "x.pcap2"]);
        let mut ring = names("x.pcap", by_size(Some(3)));
        assert_eq!(
            first(&mut ring, 4),
            ["x.pcap0", "x.pcap1", "x.pcap2", "x.pcap0"]
        );
        let mut long = names("x.pcap", by_size(Some(11)));
        assert_eq!(
            first(&mut long, 12)[9..],
            ["x.pcap09", "x.pcap10", "x.pcap00"]
        );
        assert_eq!(first(&mut names("x", by_size(Some(1))), 2), ["x", "x"]);
        // The ending stays the ending.
        let mut packed = names("x.pcap.gz", by_size(None));
        assert_eq!(first(&mut packed, 2), ["x.pcap.gz", "x.pcap1.gz"]);
    }

    #[test]
    fn no_file_takes_the_place_of_the_one_before() {
        let mut plain = names("x", Rotation::default());
        assert_eq!(first(&mut plain, 2), ["x", "x1"]);
        let mut hourly = names(
            "%Y",
            Rotation {
                every: Some(1),
                ..Rotation::default()
            },
        );
        // 2001-09-09, in every time zone.
        let at = Timestamp::from_parts(1_000_000_000, 0);
        hourly.begin(at);
        assert_eq!(first(&mut hourly, 1), ["2001"]);
        hourly.begin(at);
        assert_eq!(first(&mut hourly, 2), ["20011", "20012"]);
    }

    #[test]
    fn what_is_no_part_of_a_time_is_refused() {
        let plan = RecordPlan {
            path: "x-%J".into(),
            rotation: Rotation {
                every: Some(1),
                ..Rotation::default()
            },
            ..RecordPlan::default()
        };
        assert!(Names::new(&plan).is_err());
        // Without times in names it is a name like any other.
        assert!(
            Names::new(&RecordPlan {
                rotation: Rotation::default(),
                ..plan
            })
            .is_ok()
        );
    }
}
