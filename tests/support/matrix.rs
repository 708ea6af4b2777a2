//! Every way to capture a scenario, as a choice along four axes, and sets of choices in which all pairs occur.

use std::net::SocketAddr;

use super::{
    container::{Container, Frame},
    encapsulation::{Link, Tunnel},
    ip,
    scenario::{Expect, Scenario},
    transport::Transport,
};

/// How often, and how, a tap sees a packet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tap {
    Once,
    /// Twice the same frame.
    Mirrored,
    /// Before and behind a router.
    Routed,
}

impl Tap {
    pub(crate) const ALL: &'static [Self] = &[Self::Once, Self::Mirrored, Self::Routed];
}

/// One way to capture a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variant {
    pub(crate) transport: Transport,
    pub(crate) tap: Tap,
    pub(crate) tunnel: Tunnel,
    pub(crate) link: Link,
    pub(crate) container: Container,
}

/// A capture, and what sipcap has to make of it.
pub(crate) struct Capture {
    pub(crate) frames: Vec<Frame>,
    pub(crate) rows: Vec<Row>,
}

/// A row of `sipcap messages --format csv`: its contract columns but for `input`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Row {
    pub(crate) frame: u64,
    pub(crate) ts_ns: i64,
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) transport: String,
    pub(crate) message: Expect,
}

impl Variant {
    pub(crate) const PLAIN: Self = Self {
        transport: Transport::Udp,
        tap: Tap::Once,
        tunnel: Tunnel::None,
        link: Link::Ethernet,
        container: Container::PcapMicros,
    };

    /// Captures `scenario` this way.
    pub(crate) fn capture(self, scenario: &Scenario) -> Capture {
        let mut frames: Vec<Frame> = Vec::new();
        let mut rows = Vec::new();
        for (index, packet) in self.transport.packets(scenario).iter().enumerate() {
            let id = index as u16 + 1;
            let store = |frames: &mut Vec<Frame>, ip: &[u8], later_ns: i64| {
                for outer in self.tunnel.wrap(ip, id) {
                    frames.push(Frame {
                        ts_ns: packet.ts_ns + later_ns,
                        link: self.link.number(),
                        bytes: self.link.frame(&outer),
                    });
                }
            };
            store(&mut frames, &packet.ip, 0);
            for &message in &packet.completes {
                let sent = &scenario.sent[message];
                for expect in &sent.expect {
                    rows.push(Row {
                        frame: frames.len() as u64,
                        ts_ns: if self.transport.is_hep() {
                            sent.ts_ns / 1_000 * 1_000
                        } else {
                            self.container.stored(packet.ts_ns)
                        },
                        src: sent.src,
                        dst: sent.dst,
                        transport: self.transport.name().to_owned(),
                        message: expect.clone(),
                    });
                }
            }
            match self.tap {
                Tap::Once => {}
                Tap::Mirrored => store(&mut frames, &packet.ip, 300),
                Tap::Routed => store(&mut frames, &ip::routed(&packet.ip), 400),
            }
        }
        Capture { frames, rows }
    }

    /// Returns the octets of the capture file.
    pub(crate) fn encode(self, capture: &Capture) -> Vec<u8> {
        self.container.encode(&capture.frames)
    }
}

/// Returns choices in which every pair of options of different axes, and every pair of a scenario and an option, occurs.
pub(crate) fn all_pairs(scenarios: &[Scenario]) -> Vec<(usize, Variant)> {
    let sizes = [
        scenarios.len(),
        Transport::ALL.len(),
        Tap::ALL.len(),
        Tunnel::ALL.len(),
        Link::ALL.len(),
        Container::ALL.len(),
    ];
    let allowed = |scenario: usize, transport: usize| {
        scenarios[scenario].allows(Transport::ALL[transport].name())
    };
    covering(&sizes, allowed)
        .into_iter()
        .map(|row| {
            let variant = Variant {
                transport: Transport::ALL[row[1]],
                tap: Tap::ALL[row[2]],
                tunnel: Tunnel::ALL[row[3]],
                link: Link::ALL[row[4]],
                container: Container::ALL[row[5]],
            };
            (row[0], variant)
        })
        .collect()
}

/// Returns rows, one option for each axis, that cover all pairs of options; `allowed` judges the first two axes together.
fn covering(sizes: &[usize], allowed: impl Fn(usize, usize) -> bool) -> Vec<Vec<usize>> {
    let mut missing = Vec::new();
    for a in 0..sizes.len() {
        for b in a + 1..sizes.len() {
            for x in 0..sizes[a] {
                for y in 0..sizes[b] {
                    if (a, b) != (0, 1) || allowed(x, y) {
                        missing.push((a, x, b, y));
                    }
                }
            }
        }
    }
    let mut rows: Vec<Vec<usize>> = Vec::new();
    while let Some(&(a, x, b, y)) = missing.first() {
        let mut row: Vec<Option<usize>> = vec![None; sizes.len()];
        row[a] = Some(x);
        row[b] = Some(y);
        for axis in 0..sizes.len() {
            if row[axis].is_some() {
                continue;
            }
            // Greedily the option that covers most of what is missing, the earliest ones in turn.
            let fits = |option: usize| match axis {
                0 => row[1].is_none_or(|transport| allowed(option, transport)),
                1 => row[0].is_none_or(|scenario| allowed(scenario, option)),
                _ => true,
            };
            let gain = |option: usize| {
                missing
                    .iter()
                    .filter(|&&(a, x, b, y)| {
                        (a == axis && x == option && row[b] == Some(y))
                            || (b == axis && y == option && row[a] == Some(x))
                    })
                    .count()
            };
            let turn = rows.len();
            let best = (0..sizes[axis])
                .map(|k| (k + turn) % sizes[axis])
                .filter(|&option| fits(option))
                .max_by_key(|&option| gain(option))
                .expect("every scenario allows some transport");
            row[axis] = Some(best);
        }
        let row: Vec<usize> = row.into_iter().flatten().collect();
        missing.retain(|&(a, x, b, y)| row[a] != x || row[b] != y);
        rows.push(row);
    }
    rows
}

#[test]
fn all_pairs_occur() {
    let rows = covering(&[5, 4, 3], |x, y| (x, y) != (0, 0));
    for x in 0..5 {
        for y in 0..4 {
            let found = rows.iter().any(|r| (r[0], r[1]) == (x, y));
            assert_eq!(found, (x, y) != (0, 0));
        }
        for z in 0..3 {
            assert!(rows.iter().any(|r| (r[0], r[2]) == (x, z)));
        }
    }
    assert!(rows.len() < 25, "{} rows", rows.len());
}
