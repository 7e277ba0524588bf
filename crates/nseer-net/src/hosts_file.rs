//! The table of hosts(5), which answers before any name server is asked.

use std::net::IpAddr;

/// Addresses and their names, in the order of the file.
pub(crate) struct HostsFile {
    entries: Vec<(IpAddr, Vec<String>)>,
}

impl HostsFile {
    /// Reads the text of such a file; lines that are not entries are skipped.
    pub(crate) fn parse(text: &str) -> HostsFile {
        let entries = text.lines().filter_map(|line| {
            let line = line.split('#').next()?;
            let mut words = line.split_whitespace();
            let address = words.next()?.parse().ok()?;
            Some((address, words.map(ToOwned::to_owned).collect()))
        });
        HostsFile { entries: entries.collect() }
    }

    /// Every address of a name, whose case does not matter.
    pub(crate) fn addresses(&self, name: &str) -> Vec<IpAddr> {
        let has_name = |names: &[String]| names.iter().any(|n| n.eq_ignore_ascii_case(name));
        let entries = self.entries.iter().filter(|(_, names)| has_name(names));
        entries.map(|(address, _)| *address).collect()
    }

    /// The first name of an address.
    pub(crate) fn name(&self, address: IpAddr) -> Option<&str> {
        let mut names = self.entries.iter().filter(|(a, _)| *a == address).map(|(_, names)| names);
        names.find_map(|names| names.first()).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# a comment\n127.0.0.1\tlocalhost\n\n10.0.0.1 one.example one # first\n\
        10.0.0.1 uno.example\n::1 localhost ip6-localhost\n10.0.0.3\n10.0.0.3 late\nx y\n";

    #[test]
    fn names_of_addresses() {
        let hosts = HostsFile::parse(TEXT);
        let check = |address: &str, want| {
            assert_eq!(hosts.name(address.parse().expect("address")), want, "{address}");
        };
        check("127.0.0.1", Some("localhost"));
        check("10.0.0.1", Some("one.example"));
        check("::1", Some("localhost"));
        check("10.0.0.3", Some("late"));
        check("10.0.0.4", None);
    }

    #[test]
    fn addresses_of_names() {
        let hosts = HostsFile::parse(TEXT);
        let check = |name: &str, want: &[&str]| {
            let found: Vec<String> = hosts.addresses(name).iter().map(IpAddr::to_string).collect();
            assert_eq!(found, want, "{name}");
        };
        check("LOCALHOST", &["127.0.0.1", "::1"]);
        check("one", &["10.0.0.1"]);
        check("first", &[]);
    }
}
