//! How the media of a call were, as a controller measured them at both of its sides.

use std::{fmt::Write as _, net::SocketAddr};

use super::{Defect, cursor::Cursor};
use crate::{
    text::{escape, printable},
    time::Timestamp,
};

/// What stands for a figure that was not measured.
const UNKNOWN: u32 = u32::MAX;

/// A report of media quality.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Quality<'a> {
    /// The side that the call came in at, and the one that it went out at.
    pub legs: [Leg<'a>; 2],
    /// From when to when, if that is told.
    pub times: [Option<Timestamp>; 2],
}

/// What was measured at one side.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Leg<'a> {
    /// The Call-ID there; empty if it is not known.
    pub call_id: &'a [u8],
    /// What the network there is called.
    pub realm: &'a [u8],
    /// The media.
    pub rtp: Figures,
    /// The reports about them.
    pub rtcp: Figures,
    /// How long a way takes by them, on average and at most.
    pub latency: [Option<u32>; 2],
    /// The R value, and MOS, both in hundredths.
    pub r_value: Option<u32>,
    /// See there.
    pub mos: Option<u32>,
    /// From where to where the controller got media there, and where it sent some.
    pub received: Option<[SocketAddr; 2]>,
    /// See there.
    pub sent: Option<[SocketAddr; 2]>,
}

/// Figures of one kind of packets; nothing where they were not measured.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Figures {
    /// Octets.
    pub octets: Option<u32>,
    /// Packets.
    pub packets: Option<u32>,
    /// Packets that were lost.
    pub lost: Option<u32>,
    /// Jitter on average.
    pub jitter: Option<u32>,
    /// Jitter at most.
    pub max_jitter: Option<u32>,
}

impl<'a> Quality<'a> {
    /// Reads a set without its header. What comes behind the Call-IDs nobody has verified; it is passed over.
    pub(super) fn read(data: &'a [u8], note: &mut dyn FnMut(Defect)) -> Option<Self> {
        let mut cursor = Cursor(data);
        let Some(mut quality) = Self::figures(&mut cursor) else {
            note(Defect::BadQuality);
            return None;
        };
        if quality.names(&mut cursor).is_none() {
            note(Defect::BadQuality);
        }
        Some(quality)
    }

    fn figures(cursor: &mut Cursor<'_>) -> Option<Self> {
        let mut legs = [Leg::figures(cursor)?, Leg::figures(cursor)?];
        let _kind = cursor.u8()?;
        // Who calls is heard where the call came in and passed on where it went out; who is called the other way round.
        let [caller_in, callee_in] = [cursor.ends()?, cursor.ends()?];
        let [caller_out, callee_out] = [cursor.ends()?, cursor.ends()?];
        let paths = [(caller_in, callee_out), (callee_in, caller_out)];
        for (leg, (received, sent)) in legs.iter_mut().zip(paths) {
            leg.received = is_told(received);
            leg.sent = is_told(sent);
        }
        let _slots_ports_vlans = (cursor.u32()?, cursor.u32()?);
        let times = [cursor.time()?, cursor.time()?];
        let times = times.map(|time| time.filter(|time| *time >= Timestamp::from_parts(1, 0)));
        Some(Self { legs, times })
    }

    /// Reads the realms and Call-IDs, as far as they are there.
    fn names(&mut self, cursor: &mut Cursor<'a>) -> Option<()> {
        for leg in &mut self.legs {
            leg.realm = cursor.variable()?;
        }
        for leg in &mut self.legs {
            leg.call_id = cursor.variable()?;
        }
        Some(())
    }
}

impl Leg<'_> {
    fn figures(cursor: &mut Cursor<'_>) -> Option<Self> {
        let rtp = Figures::read(cursor)?;
        let rtcp = Figures::read(cursor)?;
        Some(Self {
            rtp,
            rtcp,
            latency: [figure(cursor)?, figure(cursor)?],
            r_value: figure(cursor)?,
            mos: figure(cursor)?,
            ..Self::default()
        })
    }

    /// Returns it as one line, without what was not measured.
    #[must_use]
    pub fn line(&self) -> String {
        let mut line = String::new();
        if !self.realm.is_empty() {
            _ = write!(line, "realm {}, ", printable(&escape(self.realm)));
        }
        for (name, figures) in [("RTP", self.rtp), ("RTCP", self.rtcp)] {
            for (what, figure) in [
                ("packets", figures.packets),
                ("octets", figures.octets),
                ("lost", figures.lost),
                ("jitter", figures.jitter),
                ("max jitter", figures.max_jitter),
            ] {
                if let Some(figure) = figure {
                    _ = write!(line, "{name} {what} {figure}, ");
                }
            }
        }
        let [latency, max_latency] = self.latency;
        for (what, figure) in [("latency", latency), ("max latency", max_latency)] {
            if let Some(figure) = figure {
                _ = write!(line, "{what} {figure}, ");
            }
        }
        for (what, figure) in [("R", self.r_value), ("MOS", self.mos)] {
            if let Some(figure) = figure {
                _ = write!(line, "{what} {}.{:02}, ", figure / 100, figure % 100);
            }
        }
        for (what, path) in [("received", self.received), ("sent", self.sent)] {
            if let Some([src, dst]) = path {
                _ = write!(line, "{what} {src} > {dst}, ");
            }
        }
        line.truncate(line.trim_end_matches(", ").len());
        line
    }
}

impl Figures {
    fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        Some(Self {
            octets: figure(cursor)?,
            packets: figure(cursor)?,
            lost: figure(cursor)?,
            jitter: figure(cursor)?,
            max_jitter: figure(cursor)?,
        })
    }
}

/// Reads a figure, which may not have been measured.
fn figure(cursor: &mut Cursor<'_>) -> Option<Option<u32>> {
    Some(Some(cursor.u32()?).filter(|figure| *figure != UNKNOWN))
}

/// Returns the ends of a path, unless it is none.
fn is_told(path: [SocketAddr; 2]) -> Option<[SocketAddr; 2]> {
    let is_told = path.iter().all(|end| !end.ip().is_unspecified());
    is_told.then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ipfix::{Content, sets, vectors::*};

    fn read(digits: &str) -> (Option<Box<Quality<'static>>>, Vec<Defect>) {
        let message: &'static [u8] = octets(digits).leak();
        let mut defects = Vec::new();
        let set = sets(message).next().unwrap();
        match set.read(&mut |defect| defects.push(defect)) {
            Some(Content::Quality(quality)) => (Some(quality), defects),
            None => (None, defects),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn no_terminal_is_steered_by_a_realm() {
        let leg = Leg {
            realm: b"core\x1b[2J\xff\xe2\x80\xae",
            ..Leg::default()
        };
        let line = leg.line();
        assert!(line.starts_with("realm core\\x1b[2J\\xff"), "{line}");
        let is_harmless = |c: char| !c.is_control() && c != '\u{202e}';
        assert!(line.chars().all(is_harmless), "{line:?}");
    }

    #[test]
    fn reports_are_read_as_worked_out() {
        // With the tail that may be there, and without it.
        for tail in ["", "11111111 00000001 08 22222222 00000002 08 00000007"] {
            let (quality, defects) = read(&quality_set(tail));
            assert_eq!(defects, []);
            let quality = quality.unwrap();
            let path = |src: &str, dst: &str| Some([src.parse().unwrap(), dst.parse().unwrap()]);
            let expected = [
                Leg {
                    call_id: b"in@a",
                    realm: b"access",
                    rtp: Figures {
                        octets: Some(480_000),
                        packets: Some(3_000),
                        lost: Some(3),
                        jitter: Some(2),
                        max_jitter: Some(9),
                    },
                    rtcp: Figures {
                        octets: Some(1_000),
                        packets: Some(12),
                        lost: Some(0),
                        jitter: Some(1),
                        max_jitter: Some(4),
                    },
                    latency: [Some(20), Some(31)],
                    r_value: Some(9_320),
                    mos: Some(431),
                    received: path("10.0.0.5:4000", "10.0.0.9:5000"),
                    sent: path("10.0.0.9:5000", "10.0.0.5:4000"),
                },
                Leg {
                    call_id: b"out@s",
                    realm: b"core",
                    rtp: Figures {
                        octets: Some(479_840),
                        packets: Some(2_999),
                        lost: Some(0),
                        jitter: None,
                        max_jitter: None,
                    },
                    rtcp: Figures::default(),
                    latency: [None, None],
                    r_value: None,
                    mos: None,
                    received: path("10.0.0.20:6000", "10.0.0.9:5002"),
                    sent: path("10.0.0.9:5002", "10.0.0.20:6000"),
                },
            ];
            assert_eq!(quality.legs, expected);
            let at = |seconds, nanos| Some(Timestamp::from_parts(seconds, nanos));
            let times = [
                at(1_700_000_005, 250_000_000),
                at(1_700_000_060, 500_000_000),
            ];
            assert_eq!(quality.times, times);
            assert_eq!(
                quality.legs[0].line(),
                "realm access, RTP packets 3000, RTP octets 480000, RTP lost 3, RTP jitter 2, RTP max jitter 9, \
                 RTCP packets 12, RTCP octets 1000, RTCP lost 0, RTCP jitter 1, RTCP max jitter 4, latency 20, \
                 max latency 31, R 93.20, MOS 4.31, received 10.0.0.5:4000 > 10.0.0.9:5000, \
                 sent 10.0.0.9:5000 > 10.0.0.5:4000"
            );
            assert_eq!(
                quality.legs[1].line(),
                "realm core, RTP packets 2999, RTP octets 479840, RTP lost 0, received 10.0.0.20:6000 > 10.0.0.9:5002, \
                 sent 10.0.0.9:5002 > 10.0.0.20:6000"
            );
        }
    }

    #[test]
    fn what_is_missing_is_left_out() {
        let whole = quality_set("");
        // The figures end in the times; the names end in the last one.
        for (len, has_figures) in [(16 + 4 + 184, false), (16 + 4 + 185 + 30, true)] {
            let mut message = octets(&whole);
            message.truncate(len);
            let set = u16::try_from(len - 16).unwrap().to_be_bytes();
            message[18..20].copy_from_slice(&set);
            let mut defects = Vec::new();
            let set = sets(&message).next().unwrap();
            let content = set.read(&mut |defect| defects.push(defect));
            assert_eq!(content.is_some(), has_figures, "{len}");
            assert_eq!(defects, [Defect::BadQuality]);
            if let Some(Content::Quality(quality)) = content {
                assert_eq!(quality.legs[0].call_id, b"in@a");
                assert_eq!(quality.legs[1].call_id, b"");
            }
        }
    }
}
