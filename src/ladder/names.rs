//! What addresses are called.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
};

/// Names of addresses, with or without a port.
#[derive(Clone, Debug, Default)]
pub struct NameBook {
    names: Vec<(IpAddr, Option<u16>, String)>,
    /// What captures call them: for those that have no name at all.
    hosts: BTreeMap<IpAddr, String>,
}

/// A name that cannot be given; says why.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidAlias {
    /// There is nothing between address and name.
    #[error("expected an address and a name, such as 192.0.2.1=SBC or 192.0.2.1:5060=SBC")]
    NoName,
    /// It is no address.
    #[error(
        "{0} is no address; expected one such as 192.0.2.1, 192.0.2.1:5060 or [2001:db8::1]:5060"
    )]
    NoAddress(String),
}

impl NameBook {
    /// Adds `ADDRESS=NAME`, the address with or without a port.
    ///
    /// # Errors
    /// When there is no name or no address.
    ///
    /// # Examples
    /// ```
    /// let mut names = sipcap::ladder::NameBook::default();
    /// names.add("192.0.2.1:5060=SBC")?;
    /// assert!(names.add("sbc=192.0.2.1").is_err());
    /// # Ok::<(), sipcap::ladder::InvalidAlias>(())
    /// ```
    pub fn add(&mut self, alias: &str) -> Result<(), InvalidAlias> {
        let (address, name) = alias.split_once('=').ok_or(InvalidAlias::NoName)?;
        self.insert(address.trim(), name.trim())
    }

    /// Adds the names of a text with an address and a name in each line, as in a hosts file; what follows `#` is left out.
    ///
    /// # Errors
    /// The number of the first line that cannot be read, from 1 on, and why.
    pub fn add_lines(&mut self, text: &str) -> Result<(), (usize, InvalidAlias)> {
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.split('#').next().unwrap_or_default().trim();
            if line.is_empty() {
                continue;
            }
            let at = line.find(|c: char| c.is_whitespace() || matches!(c, '=' | ','));
            let (address, name) = at.map_or((line, ""), |at| line.split_at(at));
            let is_between = |c: char| c.is_whitespace() || matches!(c, '=' | ',');
            self.insert(address, name.trim_start_matches(is_between))
                .map_err(|error| (number, error))?;
        }
        Ok(())
    }

    fn insert(&mut self, address: &str, name: &str) -> Result<(), InvalidAlias> {
        if name.is_empty() || address.is_empty() {
            return Err(InvalidAlias::NoName);
        }
        let (ip, port) = match (address.parse::<SocketAddr>(), plain_ip(address)) {
            (Ok(address), _) => (address.ip(), Some(address.port())),
            (_, Some(ip)) => (ip, None),
            _ => return Err(InvalidAlias::NoAddress(address.to_owned())),
        };
        self.names.push((ip.to_canonical(), port, name.to_owned()));
        Ok(())
    }

    /// Adds what a capture calls an address; only the first such name counts.
    pub fn add_host(&mut self, ip: IpAddr, name: &str) {
        let known = self.hosts.entry(ip.to_canonical());
        known.or_insert_with(|| name.to_owned());
    }

    /// Returns what addresses are called whatever the port, by those who chose names, and how many names are of an address
    /// with a port.
    #[must_use]
    pub fn of_hosts(&self) -> (Vec<(IpAddr, String)>, usize) {
        let mut hosts = BTreeMap::new();
        let mut with_port = 0;
        for (ip, port, name) in &self.names {
            match port {
                None => {
                    hosts.insert(*ip, name.clone());
                }
                Some(_) => with_port += 1,
            }
        }
        (hosts.into_iter().collect(), with_port)
    }

    /// Returns what a capture calls an address.
    pub(super) fn host(&self, ip: IpAddr) -> Option<&str> {
        self.hosts.get(&ip).map(String::as_str)
    }

    /// Returns the names that somebody chose, of other addresses; what captures say is left out.
    pub(super) fn map_addresses(&self, mut other: impl FnMut(IpAddr) -> IpAddr) -> Self {
        let names = self.names.iter();
        Self {
            names: names
                .map(|(ip, port, name)| (other(*ip), *port, name.clone()))
                .collect(),
            hosts: BTreeMap::new(),
        }
    }

    /// Returns what an endpoint is called: a name with its port goes before one without, and the last one given wins.
    #[must_use]
    pub fn name(&self, ip: IpAddr, port: Option<u16>) -> Option<&str> {
        let of = |with: Option<u16>| {
            let mut names = self.names.iter().rev();
            names.find(|(known, number, _)| *known == ip && *number == with)
        };
        let exact = port.and_then(|port| of(Some(port)));
        exact.or_else(|| of(None)).map(|(.., name)| name.as_str())
    }
}

/// Reads an address without a port, in brackets or not.
fn plain_ip(text: &str) -> Option<IpAddr> {
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    inner.unwrap_or(text).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(book: &NameBook, address: &str) -> Option<String> {
        let address: SocketAddr = address.parse().unwrap();
        book.name(address.ip(), Some(address.port()))
            .map(str::to_owned)
    }

    #[test]
    fn a_port_tells_more_than_an_address() {
        let mut book = NameBook::default();
        for alias in [
            "192.0.2.1:5080=Edge",
            "192.0.2.1 = SBC",
            "[2001:db8::1]=Six",
            "192.0.2.1:5090=a=b",
        ] {
            book.add(alias).unwrap();
        }
        for (address, expected) in [
            ("192.0.2.1:5060", Some("SBC")),
            ("192.0.2.1:5080", Some("Edge")),
            ("192.0.2.1:5090", Some("a=b")),
            ("[2001:db8::1]:5060", Some("Six")),
            ("192.0.2.2:5060", None),
        ] {
            assert_eq!(name(&book, address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn what_is_no_alias_is_refused() {
        for (alias, expected) in [
            ("SBC", InvalidAlias::NoName),
            ("192.0.2.1=", InvalidAlias::NoName),
            ("=SBC", InvalidAlias::NoName),
            ("SBC=192.0.2.1", InvalidAlias::NoAddress("SBC".to_owned())),
            ("192.0.2=x", InvalidAlias::NoAddress("192.0.2".to_owned())),
            (
                "192.0.2.1:70000=x",
                InvalidAlias::NoAddress("192.0.2.1:70000".to_owned()),
            ),
        ] {
            assert_eq!(NameBook::default().add(alias), Err(expected), "{alias}");
        }
    }

    #[test]
    fn names_of_captures_stay_apart() {
        let ip: IpAddr = "192.0.2.1".parse().unwrap();
        let mut book = NameBook::default();
        book.add_host(ip, "sbc.example.com");
        book.add_host(ip, "other.example.com");
        assert_eq!(book.name(ip, Some(5060)), None);
        assert_eq!(book.host(ip), Some("sbc.example.com"));
        assert_eq!(book.map_addresses(|ip| ip).host(ip), None);
    }

    #[test]
    fn hosts_files_and_tables_are_read() {
        let mut book = NameBook::default();
        let text = "# our network\n192.0.2.1 SBC north # at the edge\n\n192.0.2.2,Proxy\n192.0.2.3:5080\tApp server\n";
        book.add_lines(text).unwrap();
        assert_eq!(name(&book, "192.0.2.1:5060").as_deref(), Some("SBC north"));
        assert_eq!(name(&book, "192.0.2.2:5060").as_deref(), Some("Proxy"));
        assert_eq!(name(&book, "192.0.2.3:5080").as_deref(), Some("App server"));
        assert_eq!(
            book.add_lines("\n192.0.2.1"),
            Err((2, InvalidAlias::NoName))
        );
    }
}
