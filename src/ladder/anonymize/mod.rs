//! Messages whose names, numbers, hosts and addresses are replaced by pseudonyms, so that they can be shown to others.
//!
//! A message is written anew from what is known to tell nothing of anybody. What is not known is left out: a header that
//! nobody thought of must not give its sender away. Times, ports, methods, status codes and codecs stay.

mod body;
mod headers;
mod pseudonyms;
mod uris;

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use self::pseudonyms::Pseudonyms;
use crate::{
    ladder::NameBook,
    media::session_description,
    sip::{Framing, Head, HeaderName, MessageBuf, StartLine},
};

/// Replaces names by pseudonyms: the same name by the same one in all messages.
#[derive(Debug, Default)]
pub struct Anonymizer {
    names: Pseudonyms,
}

impl Anonymizer {
    /// Returns a message with pseudonyms.
    #[must_use]
    pub fn message(&mut self, message: &MessageBuf) -> MessageBuf {
        let bytes = self.rewrite(message);
        let mut copy = message.clone();
        copy.flow.src.set_ip(self.names.ip(message.flow.src.ip()));
        copy.flow.dst.set_ip(self.names.ip(message.flow.dst.ip()));
        // What was written here can be read; were it not so, nothing would be shown rather than everything.
        copy.head = Head::parse(&bytes, Framing::Datagram)
            .or_else(|_| Head::parse(NOTHING, Framing::Datagram))
            .unwrap_or_else(|_| message.head.clone());
        copy.bytes = bytes;
        // Names of points are of somebody's choice, and may tell where that is.
        copy.point = None;
        copy.sightings.clear();
        copy
    }

    /// Returns the pseudonym of an address; ports stay.
    #[must_use]
    pub fn endpoint(&mut self, address: SocketAddr) -> SocketAddr {
        SocketAddr::new(self.names.ip(address.ip()), address.port())
    }

    /// Replaces addresses that have names of somebody's choice.
    #[must_use]
    pub fn name_book(&mut self, names: &NameBook) -> NameBook {
        names.map_addresses(|ip| self.names.ip(ip))
    }

    /// Writes which pseudonym stands for what, as CSV: for whoever has the capture, not for those who get the ladder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_key(&self, output: &mut impl Write) -> io::Result<()> {
        let mut rows = csv::Writer::from_writer(output);
        rows.write_record(["kind", "pseudonym", "original"])
            .map_err(io::Error::other)?;
        for (kind, pseudonym, original) in self.names.all() {
            let original = crate::text::escape(original);
            rows.write_record([kind, pseudonym, &original])
                .map_err(io::Error::other)?;
        }
        for (original, pseudonym) in self.names.addresses() {
            rows.write_record(["address", &pseudonym.to_string(), &original.to_string()])
                .map_err(io::Error::other)?;
        }
        rows.flush()
    }

    fn rewrite(&mut self, message: &MessageBuf) -> Vec<u8> {
        let (head, bytes) = (&message.head, &message.bytes);
        let mut text = self.start_line(head, bytes);
        for header in head.headers(bytes) {
            let value = self.header_value(header.kind, header.value);
            if let Some(value) = value {
                text.push_str(header.kind.name());
                text.push_str(": ");
                text.push_str(&value);
                text.push_str("\r\n");
            }
        }
        let body = session_description(&message.as_message());
        let body = body.map(|body| self.description(body)).unwrap_or_default();
        if !body.is_empty() {
            text.push_str("Content-Type: application/sdp\r\n");
        }
        text.push_str(&format!(
            "{}: {}\r\n\r\n",
            HeaderName::ContentLength.name(),
            body.len()
        ));
        text.push_str(&body);
        text.into_bytes()
    }

    fn start_line(&mut self, head: &Head, bytes: &[u8]) -> String {
        match head.start {
            StartLine::Request { method, .. } => {
                let uri = self.uri(head.request_uri(bytes));
                format!("{} {uri} SIP/2.0\r\n", method.name())
            }
            StartLine::Response { code, .. } => {
                format!("SIP/2.0 {code:03} {}\r\n", headers::reason(code))
            }
        }
    }
}

/// Stands for a message that could not be written anew.
const NOTHING: &[u8] = b"SIP/2.0 000 \r\n\r\n";

#[cfg(test)]
mod tests;
