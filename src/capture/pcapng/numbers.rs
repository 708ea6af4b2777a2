//! How the interfaces of all sections are numbered.

use std::collections::HashMap;

use crate::capture::{Interface, LinkType, Resolution};

/// The most interfaces of an input that are described; [`Record::interface`](crate::capture::Record::interface)
/// numbers them.
pub(super) const MAX_INTERFACES: usize = 4_096;

/// The numbers of the interfaces that were described so far.
///
/// An interface that an earlier section described alike is the same one, so that captures of many sections do not
/// make the list grow.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    alike: HashMap<Description, Alike>,
}

/// What tells interfaces apart.
#[derive(Debug, Eq, Hash, PartialEq)]
struct Description {
    link: LinkType,
    name: Option<String>,
    snaplen: u32,
    resolution: Resolution,
    offset_secs: i64,
    fcs_len: u8,
}

impl Description {
    fn of(interface: &Interface) -> Self {
        Self {
            link: interface.link,
            name: interface.name.clone(),
            snaplen: interface.snaplen,
            resolution: interface.resolution,
            offset_secs: interface.offset_secs,
            fcs_len: interface.fcs_len,
        }
    }
}

/// Interfaces described alike: the first in a section is the first in all sections, and so on.
#[derive(Debug, Default)]
struct Alike {
    numbers: Vec<u16>,
    section: u64,
    /// How many of them `section` has.
    used: usize,
}

impl Numbers {
    /// Returns the number of an interface of the section, and adds it to `all` when it is new; `None` when there are
    /// too many.
    pub(super) fn number(
        &mut self,
        interface: &Interface,
        section: u64,
        all: &mut Vec<Interface>,
    ) -> Option<u16> {
        let description = Description::of(interface);
        if all.len() >= MAX_INTERFACES && !self.alike.contains_key(&description) {
            return None;
        }
        let alike = self.alike.entry(description).or_default();
        if alike.section != section {
            alike.section = section;
            alike.used = 0;
        }
        let known = alike.numbers.get(alike.used).copied();
        let number = match known {
            Some(number) => number,
            None if all.len() >= MAX_INTERFACES => return None,
            None => {
                let number = u16::try_from(all.len()).ok()?;
                alike.numbers.push(number);
                all.push(interface.clone());
                number
            }
        };
        alike.used = alike.used.saturating_add(1);
        Some(number)
    }
}
