//! What a REGISTER or its response says in headers that nobody else needs.

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{Flaws, HeaderName, Message, list},
    span::Span,
    track::{
        auth::Credentials,
        registration::contact::{Listing, delta_seconds},
        seen::Seen,
    },
};

/// The headers of a message that matter here.
pub(super) struct Said<'a> {
    pub(super) listing: Listing,
    /// The first Path.
    pub(super) path: Option<&'a [u8]>,
    /// Authorization and Proxy-Authorization.
    credentials: [Option<&'a [u8]>; 2],
    /// How many Via values there are.
    pub(super) depth: u8,
}

impl<'a> Said<'a> {
    pub(super) fn in_message(seen: &Seen<'a>) -> Self {
        let message = seen.message;
        let mut listing = Listing::new(is_cut(message));
        let is_whole = |value: &[u8]| !is_cut(message) || is_ended(message, value);
        for value in seen.headers(HeaderName::Contact) {
            // What is left of the last one may look like another Contact.
            let count = list::values(value)
                .count()
                .saturating_sub(usize::from(!is_whole(value)));
            list::values(value)
                .take(count)
                .for_each(|value| listing.push(value));
        }
        let expires = seen.header(HeaderName::Expires);
        listing.expires = expires.filter(|value| is_whole(value)).map(delta_seconds);
        let credentials = [HeaderName::Authorization, HeaderName::ProxyAuthorization];
        Self {
            listing,
            path: seen.header(HeaderName::Path),
            credentials: credentials.map(|name| seen.header(name)),
            depth: seen.depth(),
        }
    }

    pub(super) fn credentials(&self, hasher: &DefaultHashBuilder) -> Credentials {
        Credentials::in_values(self.credentials, hasher)
    }
}

/// Returns whether a message was captured only up to somewhere in its headers.
fn is_cut(message: &Message<'_>) -> bool {
    let flaws = message.head.flaws;
    (flaws.contains(Flaws::CUT) || flaws.contains(Flaws::FRAGMENT_LOST))
        && message.head.body.is_empty()
}

/// Returns whether the line of a value ends.
fn is_ended(message: &Message<'_>, value: &[u8]) -> bool {
    let end = Span::locate(message.bytes, value).end();
    let behind = message.bytes.get(end..).unwrap_or_default();
    behind.contains(&b'\n')
}
