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

/// The headers of a message that matter here, read in one pass.
#[derive(Default)]
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
        let mut said = Self::default();
        said.listing.is_cut = is_cut(message);
        for header in message.head.headers(message.bytes) {
            let value = header.value;
            let is_whole = !said.listing.is_cut || is_ended(message, value);
            match header.kind {
                HeaderName::Contact => {
                    // What is left of the last one may look like another Contact.
                    let count = list::values(value).count() - usize::from(!is_whole);
                    list::values(value)
                        .take(count)
                        .for_each(|value| said.listing.push(value));
                }
                HeaderName::Expires if is_whole && said.listing.expires.is_none() => {
                    said.listing.expires = Some(delta_seconds(value));
                }
                HeaderName::Path => said.path = said.path.or(Some(value)),
                HeaderName::Authorization => {
                    said.credentials[0] = said.credentials[0].or(Some(value));
                }
                HeaderName::ProxyAuthorization => {
                    said.credentials[1] = said.credentials[1].or(Some(value));
                }
                HeaderName::Via => {
                    let values = list::values(value).take(usize::from(u8::MAX)).count();
                    said.depth = said.depth.saturating_add(values as u8);
                }
                _ => {}
            }
        }
        said
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
