//! Which frames are read at all, by a BPF expression.

use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use super::{
    LinkType,
    libpcap::{Libpcap, Program},
};
use crate::error::{Error, Result};

/// An expression is good if it is good for one of these, as long as no link type is known.
const USUAL: &[LinkType] = &[
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::LINUX_SLL2,
    LinkType::IEEE802_11_RADIOTAP,
    LinkType::PFLOG,
    LinkType::MTP2,
    LinkType::ATM_RFC1483,
];

/// UDP ports and protocols of tunnels besides VXLAN: Geneve, GTP-U, TZSP; GRE, IPIP and 6in4.
const TUNNELS: &str =
    "udp port 6081 or udp port 2152 or udp port 37008 or ip proto 47 or ip proto 4 or ip proto 41";
/// Fragments of IPv4 behind the first one, and all of IPv6: tests of ports do not see them.
const FRAGMENTS: &str = "ip[6:2] & 0x1fff != 0 or ip6[6] = 44";
/// Behind these words all offsets are others, `or` or not.
const SHIFTING: &[&str] = &["vlan", "mpls", "pppoes", "geneve", "vxlan"];

/// A BPF expression, compiled for each link type when its first frame comes.
#[derive(Debug)]
pub struct Bpf {
    library: &'static Libpcap,
    expression: String,
    /// The ports of VXLAN if fragments and what is wrapped are to be taken, too.
    widened: Option<Vec<u16>>,
    programs: RwLock<Vec<(LinkType, Arc<Compiled>)>>,
    failure: OnceLock<String>,
}

/// What became of the expression for a link type.
#[derive(Debug)]
pub(crate) enum Compiled {
    Program(Program),
    /// The same for frames that begin with a number in the octet order of the machine that captured them.
    OfAnyOrder(Program),
    /// libpcap cannot look into frames of this link type: all are taken.
    Everything,
    /// It is none for this link type.
    Nothing,
}

impl Compiled {
    /// Returns whether a frame is taken.
    #[inline]
    pub(crate) fn takes(&self, octets: &[u8], orig_len: u32) -> bool {
        match self {
            Self::Program(program) => program.matches(octets, orig_len),
            Self::OfAnyOrder(program) => match octets.split_first_chunk::<4>() {
                // Families of addresses are small numbers; the program expects the order of this machine.
                Some((family, rest)) if u32::from_ne_bytes(*family) > 0xffff => {
                    let mut family = *family;
                    family.reverse();
                    program.matches(&[&family, rest].concat(), orig_len)
                }
                _ => program.matches(octets, orig_len),
            },
            Self::Everything => true,
            Self::Nothing => false,
        }
    }
}

impl Bpf {
    /// Returns an expression that frames of the usual link types can be tested with.
    ///
    /// With `vxlan_ports` it is widened, so that it takes IP fragments and tunnels too, and what it takes in VLANs.
    ///
    /// # Errors
    ///
    /// What libpcap says about the expression.
    pub fn new(
        library: &'static Libpcap,
        expression: &str,
        vxlan_ports: Option<&[u16]>,
    ) -> Result<Self> {
        let bpf = Self {
            library,
            expression: expression.to_owned(),
            widened: vxlan_ports.map(<[u16]>::to_vec),
            programs: RwLock::default(),
            failure: OnceLock::new(),
        };
        let mut first = None;
        for link in USUAL {
            match library.compile(expression, *link) {
                Ok(_) => return Ok(bpf),
                Err(what) => {
                    first.get_or_insert(what);
                }
            }
        }
        Err(bpf.error(first.unwrap_or_default()))
    }

    /// Fails if the expression cannot be one for frames of this link type.
    ///
    /// # Errors
    ///
    /// What libpcap says about the expression.
    pub fn check(&self, link: LinkType) -> Result<()> {
        self.of(link);
        self.failure()
    }

    /// Fails if the expression was none for a link type that came.
    pub(crate) fn failure(&self) -> Result<()> {
        match self.failure.get() {
            None => Ok(()),
            Some(what) => Err(self.error(what.clone())),
        }
    }

    fn error(&self, what: String) -> Error {
        Error::Bpf {
            expression: self.expression.clone(),
            what,
        }
    }

    /// Returns the link types whose frames are all taken because libpcap cannot look into them.
    #[must_use]
    pub fn unfiltered(&self) -> Vec<LinkType> {
        let programs = self.programs.read().unwrap_or_else(PoisonError::into_inner);
        let is_unfiltered = |compiled: &Compiled| matches!(compiled, Compiled::Everything);
        let all = programs.iter();
        all.filter(|(_, compiled)| is_unfiltered(compiled))
            .map(|(link, _)| *link)
            .collect()
    }

    /// Returns what frames of this link type are tested with.
    pub(crate) fn of(&self, link: LinkType) -> Arc<Compiled> {
        let find = |programs: &[(LinkType, Arc<Compiled>)]| {
            let found = programs.iter().find(|(known, _)| *known == link);
            found.map(|(_, compiled)| Arc::clone(compiled))
        };
        if let Some(found) = find(&self.programs.read().unwrap_or_else(PoisonError::into_inner)) {
            return found;
        }
        let mut programs = self
            .programs
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        find(&programs).unwrap_or_else(|| {
            let compiled = Arc::new(self.compile(link));
            programs.push((link, Arc::clone(&compiled)));
            compiled
        })
    }

    fn compile(&self, link: LinkType) -> Compiled {
        for text in self.texts() {
            match self.library.compile(&text, link) {
                Ok(program) if link == LinkType::NULL => return Compiled::OfAnyOrder(program),
                Ok(program) => return Compiled::Program(program),
                // Not the expression is to blame if nothing at all can be told of such frames.
                Err(_) if self.library.compile("ip", link).is_err() => return Compiled::Everything,
                Err(what) => {
                    // The first text has more in it than was typed; the last one is what was typed.
                    if text == self.expression {
                        let name = link
                            .name()
                            .map_or_else(|| link.0.to_string(), str::to_owned);
                        let _ = self
                            .failure
                            .set(format!("{what} (for frames of link type {name})"));
                    }
                }
            }
        }
        Compiled::Nothing
    }

    /// Returns what may be compiled for a link type, the widest first; the last one is the expression itself.
    ///
    /// # Examples
    ///
    /// Not every link type has VLANs, and not every one IPv6.
    fn texts(&self) -> Vec<String> {
        let mut texts = match &self.widened {
            None => Vec::new(),
            Some(ports) => widened(&self.expression, ports),
        };
        texts.push(self.expression.clone());
        texts
    }
}

/// Returns an expression that takes fragments, tunnels and VLANs too, and one for link types without VLANs.
///
/// # Examples
///
/// `udp port 5060` becomes `W or (vlan and (W or (vlan and W)))`, where `W` is it or a fragment or a tunnel.
#[must_use]
pub fn widened(expression: &str, vxlan_ports: &[u16]) -> Vec<String> {
    use std::fmt::Write as _;
    if expression.trim().is_empty() {
        return Vec::new();
    }
    let mut wrapped = format!("{FRAGMENTS} or {TUNNELS}");
    for port in vxlan_ports {
        let _ = write!(wrapped, " or udp port {port}");
    }
    // What shifts offsets comes last, so that it shifts nothing else.
    let wide = format!("({wrapped} or ({expression}))");
    let mut words = expression.split(|c: char| !c.is_ascii_alphanumeric());
    if words.any(|word| SHIFTING.contains(&word)) {
        return vec![wide];
    }
    vec![
        format!("{wide} or (vlan and ({wide} or (vlan and {wide})))"),
        wide,
    ]
}
