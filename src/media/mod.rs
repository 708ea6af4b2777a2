//! Which packets are the media of which call, by what its messages say about addresses (RFC 3264, RFC 8866).

mod addresses;
mod description;
mod map;
mod place;
mod said;
mod sides;
mod waiting;

pub use self::{
    addresses::{MediaAddress, Purpose, addresses},
    description::session_description,
    map::{MediaMap, Owner},
};
