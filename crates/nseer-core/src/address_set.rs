//! Addresses that must be left alone, and lists of targets in files.

use std::net::IpAddr;

use crate::target::TargetSpec;

/// A set of addresses, made of targets. Names must have been resolved.
#[derive(Clone, Debug, Default)]
pub struct AddressSet {
    /// First and last address of each network, sorted and apart; IPv4 and IPv6 do not mix, since
    /// `IpAddr` sorts all of IPv4 first.
    intervals: Vec<(IpAddr, IpAddr)>,
    ranges: Vec<TargetSpec>,
}

impl AddressSet {
    /// The set of all addresses of `specs`.
    #[must_use]
    pub fn new(specs: impl IntoIterator<Item = TargetSpec>) -> AddressSet {
        let mut intervals = Vec::new();
        let mut ranges = Vec::new();
        for spec in specs {
            match spec.as_net() {
                Some(net) => intervals.push((net.network(), net.broadcast())),
                None => ranges.push(spec),
            }
        }
        intervals.sort_unstable();
        let mut joined: Vec<(IpAddr, IpAddr)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match joined.last_mut() {
                // Networks are apart or one inside the other.
                Some((_, end)) if first <= *end => *end = (*end).max(last),
                _ => joined.push((first, last)),
            }
        }
        AddressSet { intervals: joined, ranges }
    }

    /// True where nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty() && self.ranges.is_empty()
    }

    /// True where `address` is in it.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let after = self.intervals.partition_point(|(first, _)| *first <= address);
        let in_interval = after > 0 && self.intervals[after - 1].1 >= address;
        in_interval || self.ranges.iter().any(|spec| spec.contains(address))
    }
}

/// The items of a list file: words, with comments from `#` to the end of the line.
pub fn list_items(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split('#').next().unwrap_or("")).flat_map(str::split_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(specs: &[&str], address: &str, expected: bool) {
        let set = AddressSet::new(specs.iter().map(|s| s.parse().expect("target")));
        let got = set.contains(address.parse().expect("address"));
        assert_eq!(got, expected, "{address} in {specs:?}");
    }

    #[test]
    fn membership() {
        check(&[], "1.2.3.4", false);
        check(&["1.2.3.4"], "1.2.3.4", true);
        check(&["10.0.0.0/8", "10.1.0.0/16", "9.9.9.9"], "10.200.0.1", true);
        check(&["10.0.0.0/8", "10.1.0.0/16"], "11.0.0.0", false);
        check(&["1.2.3.1-5,9"], "1.2.3.9", true);
        check(&["1.2.3.1-5,9"], "1.2.3.6", false);
        check(&["::/0"], "255.255.255.255", false);
        check(&["::/0"], "ffff::1", true);
        check(&["0.0.0.0/0"], "::1", false);
    }

    #[test]
    fn items_of_a_file() {
        let items: Vec<&str> = list_items("a b # c\n\n\td\r\n#e\nf#g").collect();
        assert_eq!(items, ["a", "b", "d", "f"]);
    }
}
