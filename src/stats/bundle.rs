//! What is to be counted, on its way to where it is counted.

use crate::{
    sip::Message,
    stats::{Brief, registrations::Registered},
    track::{Binding, Call, Event},
};

/// How much a bundle holds.
const CAPACITY: usize = 1 << 10;

/// What is to be counted, in the order in which it came. It depends on nothing else, so that another thread can take it
/// while the capture is followed further.
#[derive(Debug, Default)]
pub struct Bundle {
    items: Vec<Item>,
    /// The names in messages.
    text: Vec<u8>,
}

/// What is to be counted.
#[derive(Debug)]
pub(super) enum Item {
    Message(Brief),
    Call(Box<Call>),
    Binding(Box<Binding>),
    Registered(Registered),
}

impl Bundle {
    /// Returns whether it is time to have it counted.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.items.len() >= CAPACITY
    }

    /// Adds a message.
    pub fn message(&mut self, message: &Message<'_>, is_selected: bool) {
        let mut brief = Brief::of(message, is_selected);
        brief.move_names(message.bytes, &mut self.text);
        self.items.push(Item::Message(brief));
    }

    /// Adds a call that is over or left at the end.
    pub fn call(&mut self, call: Box<Call>) {
        self.items.push(Item::Call(call));
    }

    /// Adds a binding that is over or left at the end.
    pub fn binding(&mut self, binding: Box<Binding>) {
        self.items.push(Item::Binding(binding));
    }

    /// Adds an event if it is of a registration.
    pub fn event(&mut self, event: &Event<'_>) {
        let registered = Registered::of(event);
        self.items.extend(registered.map(Item::Registered));
    }

    /// Takes everything out; names are in the text.
    pub(super) fn open(&mut self) -> (impl Iterator<Item = Item> + use<'_>, &[u8]) {
        (self.items.drain(..), &self.text)
    }

    /// Makes room for what comes next.
    pub(super) fn clear(&mut self) {
        self.items.clear();
        self.text.clear();
    }
}
