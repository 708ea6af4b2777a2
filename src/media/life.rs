//! What messages say about the calls that media are of.

use crate::sip::{Message, Method, StartLine};

/// What a message says about the life of its call.
#[derive(Clone, Copy)]
pub(super) enum Life {
    /// A request is about to begin it, or to go on with it.
    Begins,
    Progresses,
    IsAnswered,
    /// It failed, or something within it did.
    Fails,
    Ends,
}

/// Returns what a message says about the life of its call.
pub(super) fn life(message: &Message<'_>) -> Option<Life> {
    use Method::{Bye, Invite, Prack, Update};
    let method = message
        .head
        .method()
        .or_else(|| message.head.cseq.map(|cseq| cseq.method))?;
    match message.head.start {
        StartLine::Request { .. } => match method {
            Bye => Some(Life::Ends),
            Invite | Update | Prack => Some(Life::Begins),
            _ => None,
        },
        StartLine::Response { code, .. } => match (method, code) {
            (Invite, 101..200) => Some(Life::Progresses),
            (Invite, 200..300) => Some(Life::IsAnswered),
            (Invite, 300..) => Some(Life::Fails),
            _ => None,
        },
    }
}

/// Returns the tag of who sent a message.
pub(super) fn sender<'a>(message: &Message<'a>) -> Option<&'a [u8]> {
    match message.head.start {
        StartLine::Request { .. } => message.head.from_tag(message.bytes),
        StartLine::Response { .. } => message.head.to_tag(message.bytes),
    }
}
