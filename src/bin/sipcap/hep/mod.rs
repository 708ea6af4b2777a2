//! What `sipcap hep` is made of.

mod sender;

pub(crate) use self::sender::{Over, Sender, Version};
