//! What a REGISTER or its response says in headers that nobody else needs.

use hashbrown::DefaultHashBuilder;

use crate::{
    sip::{HeaderName, list},
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
        let mut listing = Listing::default();
        let contacts = seen.headers(HeaderName::Contact);
        contacts
            .flat_map(list::values)
            .for_each(|value| listing.push(value));
        listing.expires = seen.header(HeaderName::Expires).map(delta_seconds);
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
