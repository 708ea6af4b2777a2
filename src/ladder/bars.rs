//! Streams of media as bars between the lanes of those who send and receive them.
//!
//! Who receives at an address has announced it, and with it what the payload types mean (RFC 3264 §5.1). A bar goes to the
//! lane with its address; media that go past those who speak SIP have lanes of their own, beside who announced them.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

use crate::{
    ladder::{Ladder, Lane, MediaBar, NameBook, Tone, lanes::MAX_LANES, sdp, show},
    media::{MediaStream, session_description},
    sip::{MessageBuf, sdp::Sdp},
};

/// Addresses that are known to be announced at most, and different descriptions of one.
const MAX_ANNOUNCED: usize = 4096;
const MAX_AT_ADDRESS: usize = 16;

/// Packets that somebody sends who should get some, too.
const MIN_SENT: u64 = 50;

impl Ladder {
    /// Adds what was captured of the media of these messages.
    pub fn add_media(
        &mut self,
        messages: &[MessageBuf],
        streams: &[MediaStream],
        names: &NameBook,
    ) {
        if streams.is_empty() {
            return;
        }
        let announced = announced(messages);
        let mut homeless = 0;
        for stream in streams {
            let at = |address| {
                announced
                    .get(&address)
                    .map(Vec::as_slice)
                    .unwrap_or_default()
            };
            let (receiver, sender) = (at(stream.dst), at(stream.src));
            let is_fax = || receiver.iter().chain(sender).any(|known| known.is_fax);
            if stream.ssrc.is_none() && !is_fax() {
                continue;
            }
            let [Some(_), Some(to)] = [(stream.src, sender), (stream.dst, receiver)]
                .map(|(address, known)| self.lane_of(address, known, names))
            else {
                homeless += 1;
                continue;
            };
            // The lane of the receiver may be a new one before that of the sender.
            let from = self.lane_of(stream.src, sender, names).unwrap_or(to);
            let codecs = codecs(stream, [receiver, sender], &announced);
            self.streams.push(bar(stream, (from, to), &codecs));
        }
        if homeless > 0 {
            let text = format!("{homeless} media streams are not drawn: there are too many lanes");
            self.add_note(crate::time::Timestamp::MIN, &text, Tone::Neutral);
        }
        self.tell_of_silence();
    }

    /// Returns the lane of an address for media, which may be a new one; `known` tells who announced it.
    fn lane_of(
        &mut self,
        address: SocketAddr,
        known: &[Announced],
        names: &NameBook,
    ) -> Option<usize> {
        let ip = address.ip().to_canonical();
        let mut speakers = known.iter().filter_map(|known| {
            let arrow = self.arrows.get(known.message)?;
            Some(arrow.from)
        });
        let has_ip = |lane: usize| {
            self.lanes
                .get(lane)
                .is_some_and(|lane| lane.ips.contains(&ip))
        };
        let lane = speakers
            .clone()
            .find(|lane| has_ip(*lane))
            .or_else(|| (0..self.lanes.len()).find(|lane| has_ip(*lane)));
        if lane.is_some() || self.lanes.len() >= MAX_LANES {
            return lane;
        }
        let beside = speakers.next().map_or(self.lanes.len(), |lane| lane + 1);
        self.insert_lane(beside, media_lane(ip, address.port(), names));
        Some(beside)
    }

    /// Puts a lane between those that there are.
    fn insert_lane(&mut self, at: usize, lane: Lane) {
        self.lanes.insert(at.min(self.lanes.len()), lane);
        let arrows = self.arrows.iter_mut();
        let arrows = arrows.flat_map(|arrow| [&mut arrow.from, &mut arrow.to]);
        let bars = self.streams.iter_mut();
        let bars = bars.flat_map(|bar| [&mut bar.from, &mut bar.to]);
        for end in arrows.chain(bars).filter(|end| **end >= at) {
            *end += 1;
        }
    }

    /// Remarks on who sends media in an answered call and gets none.
    fn tell_of_silence(&mut self) {
        let Some(talk) = self.phases.iter().find(|phase| phase.name == "talk") else {
            return;
        };
        let is_one_way_meant = self.arrows.iter().any(|arrow| {
            ["sendonly", "recvonly", "inactive"]
                .iter()
                .any(|word| arrow.detail.contains(word))
        });
        let during = |bar: &&MediaBar| bar.end >= talk.begin && bar.ts <= talk.end;
        let mut sent: BTreeMap<usize, u64> = BTreeMap::new();
        for bar in self.streams.iter().filter(during) {
            *sent.entry(bar.from).or_default() += bar.packets;
        }
        let gets = |lane: usize| self.streams.iter().any(|bar| bar.to == lane);
        let silent = sent
            .into_iter()
            .find(|(lane, packets)| *packets >= MIN_SENT && !gets(*lane));
        let begin = talk.begin;
        if let Some((lane, _)) = silent.filter(|_| !is_one_way_meant)
            && let Some(lane) = self.lanes.get(lane)
        {
            let text = format!("{} sends media but gets none in this capture", lane.name);
            self.add_note(begin, &text, Tone::Bad);
        }
    }
}

fn media_lane(ip: IpAddr, port: u16, names: &NameBook) -> Lane {
    let name = names.name(ip, Some(port)).or_else(|| names.host(ip));
    Lane {
        name: name.map_or_else(|| ip.to_string(), |name| show::line(name.as_bytes())),
        address: name.map(|_| ip.to_string()).unwrap_or_default(),
        agent: "media".to_owned(),
        ips: vec![ip],
    }
}

/// What a session description says of one of its addresses.
struct Announced {
    message: usize,
    /// What its payload types mean.
    codecs: Vec<(u8, String)>,
    is_fax: bool,
}

/// Returns who announced which address: first who was the first to do so.
fn announced(messages: &[MessageBuf]) -> BTreeMap<SocketAddr, Vec<Announced>> {
    let mut announced: BTreeMap<SocketAddr, Vec<Announced>> = BTreeMap::new();
    for (index, message) in messages.iter().enumerate() {
        let message = message.as_message();
        let Some(sdp) = session_description(&message).and_then(Sdp::parse) else {
            continue;
        };
        for media in sdp.media.iter().filter(|media| media.port != 0) {
            let address = media.connection.and_then(|host| {
                let ip: IpAddr = std::str::from_utf8(host).ok()?.parse().ok()?;
                Some(SocketAddr::new(ip.to_canonical(), media.port))
            });
            let Some(address) = address.filter(|_| announced.len() < MAX_ANNOUNCED) else {
                continue;
            };
            let known = announced.entry(address).or_default();
            let codecs = sdp::payloads(media);
            let is_news = known.iter().all(|known| known.codecs != codecs);
            if is_news && known.len() < MAX_AT_ADDRESS {
                known.push(Announced {
                    message: index,
                    codecs,
                    is_fax: media.protocol.eq_ignore_ascii_case(b"udptl"),
                });
            }
        }
    }
    announced
}

/// Returns the codecs of a stream, the most frequent first: as its receiver calls them, or its sender, or anybody.
fn codecs(
    stream: &MediaStream,
    ends: [&[Announced]; 2],
    announced: &BTreeMap<SocketAddr, Vec<Announced>>,
) -> Vec<String> {
    let types = stream.payload_types.iter();
    let names = types.map(|(payload_type, _)| {
        let ends = ends.into_iter().flatten();
        let mut known = ends.chain(announced.values().flatten());
        let name = known.find_map(|known| {
            let mut codecs = known.codecs.iter();
            codecs.find(|(known, _)| known == payload_type)
        });
        match name {
            Some((_, name)) => name.clone(),
            None => sdp::codec_of(*payload_type),
        }
    });
    let mut codecs: Vec<String> = Vec::new();
    for name in names {
        if !codecs.contains(&name) {
            codecs.push(name);
        }
    }
    codecs
}

fn bar(stream: &MediaStream, (from, to): (usize, usize), codecs: &[String]) -> MediaBar {
    let kind = if stream.ssrc.is_some() {
        format!("RTP {}", codecs.join(" + "))
    } else {
        "T.38".to_owned()
    };
    let (lost, packets) = (stream.sequence.lost(), stream.packets);
    let noun = if packets == 1 { "packet" } else { "packets" };
    let span = show::duration(stream.last.since(stream.first));
    let label = format!("{kind} · {packets} {noun} · {} · {span}", loss(stream));
    let mut facts = vec![
        label.clone(),
        format!("{} to {}", stream.src, stream.dst),
        format!(
            "{} to {}",
            show::moment(stream.first),
            show::clock(stream.last)
        ),
    ];
    if let Some(ssrc) = stream.ssrc {
        facts.push(format!("SSRC 0x{ssrc:08x}"));
    }
    let (again, late) = (stream.sequence.duplicates(), stream.sequence.reordered());
    if again + late > 0 {
        facts.push(format!("{again} came twice, {late} out of order"));
    }
    if let Some(report) = stream.report {
        facts.push(format!(
            "The receiver reports {} lost by RTCP (the last of {})",
            report.lost, stream.reports
        ));
    }
    MediaBar {
        ts: stream.first,
        end: stream.last,
        from,
        to,
        label,
        packets,
        is_lossy: lost * 100 >= (packets + lost).max(1),
        facts: facts.join("\n"),
    }
}

/// Returns how much is missing of a stream: what the capture lacks, and what the receiver reports beyond that.
fn loss(stream: &MediaStream) -> String {
    let lost = stream.sequence.lost();
    let expected = stream.packets.saturating_sub(stream.sequence.duplicates()) + lost;
    let mut text = match lost {
        0 => "none lost".to_owned(),
        lost => format!("{lost} lost ({})", percent(lost, expected)),
    };
    let reported = stream.report.map_or(0, |report| report.lost);
    if let Ok(reported) = u64::try_from(reported)
        && reported > lost
    {
        text.push_str(&format!(", RTCP {reported}"));
    }
    text
}

/// Returns a share with one decimal; what is not nothing is never 0 %.
fn percent(part: u64, whole: u64) -> String {
    let tenths = (u128::from(part) * 1000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    match tenths {
        0 => "< 0.1 %".to_owned(),
        tenths => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
