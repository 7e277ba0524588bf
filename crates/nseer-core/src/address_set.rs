//! Addresses that must be left alone, and lists of targets in files.

use std::net::IpAddr;

use crate::target::TargetSpec;

/// Octet ranges with more runs of neighbours than this are kept as they are (`*.*.*.1` has 2^24).
const MOST_INTERVALS: usize = 4096;

/// A name is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is a name: resolve it before it goes into a set of addresses")]
pub struct UnresolvedName(pub String);

/// A set of addresses, made of targets.
#[derive(Clone, Debug, Default)]
pub struct AddressSet {
    /// First and last addresses, sorted and apart. IPv4 and IPv6 do not mix, since `IpAddr` sorts
    /// all of IPv4 first.
    intervals: Vec<(IpAddr, IpAddr)>,
    ranges: Vec<TargetSpec>,
}

impl AddressSet {
    /// The set of all addresses of `specs`.
    ///
    /// # Errors
    /// [`UnresolvedName`] for a target that is still a name: left out in silence, its addresses
    /// would be scanned.
    pub fn new(specs: impl IntoIterator<Item = TargetSpec>) -> Result<AddressSet, UnresolvedName> {
        let mut intervals = Vec::new();
        let mut ranges = Vec::new();
        for spec in specs {
            match spec.intervals(MOST_INTERVALS) {
                Some(found) => intervals.extend(found),
                None if spec.name().is_some() => return Err(UnresolvedName(spec.to_string())),
                None => ranges.push(spec),
            }
        }
        intervals.sort_unstable();
        let mut joined: Vec<(IpAddr, IpAddr)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match joined.last_mut() {
                Some((_, end)) if first <= *end => *end = (*end).max(last),
                _ => joined.push((first, last)),
            }
        }
        Ok(AddressSet { intervals: joined, ranges })
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

/// The items of a list file (`-iL`, `--excludefile`): what stands between white space, with
/// comments from `#` to the end of the line. NUL separates too, as in Nmap.
pub fn list_items(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(|line| line.split('#').next().unwrap_or(""))
        .flat_map(|line| line.split(|c: char| c.is_whitespace() || c == '\0'))
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(specs: &[&str]) -> AddressSet {
        AddressSet::new(specs.iter().map(|s| s.parse().expect("target"))).expect("addresses")
    }

    fn check(specs: &[&str], address: &str, expected: bool) {
        let got = set(specs).contains(address.parse().expect("address"));
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
        check(&["1.2.3-4.*"], "1.2.4.255", true);
        check(&["1.2.3-4.*"], "1.2.5.0", false);
        check(&["*.*.*.1"], "200.100.50.1", true);
        check(&["*.*.*.1"], "200.100.50.2", false);
        check(&["*.*.*.*"], "255.255.255.255", true);
        check(&["::/0"], "255.255.255.255", false);
        check(&["::/0"], "ffff::1", true);
        check(&["0.0.0.0/0"], "::1", false);
    }

    #[test]
    fn names_are_refused() {
        let name: TargetSpec = "host/24".parse().expect("target");
        assert_eq!(AddressSet::new([name]).err(), Some(UnresolvedName("host/24".to_owned())));
    }

    #[test]
    fn emptiness() {
        assert!(set(&[]).is_empty());
        assert!(!set(&["1.2.3.4"]).is_empty());
        assert!(!set(&["*.*.*.1"]).is_empty());
    }

    #[test]
    fn items_of_a_file() {
        let items: Vec<&str> = list_items("a b # c\n\n\td\r\n#e\nf#g\0\nh\0i").collect();
        assert_eq!(items, ["a", "b", "d", "f", "h", "i"]);
    }

    proptest! {
        #[test]
        fn agrees_with_its_targets(
            specs in proptest::collection::vec(
                "[0-3](-[4-6])?\\.[0-3]\\.([0-3]|\\*)\\.(-[0-9]|[0-9](,[0-9]){0,3})(/2[4-9])?",
                0..6,
            ),
            probe in proptest::array::uniform4(0_u8..11),
        ) {
            let specs: Vec<TargetSpec> = specs.iter().map(|s| s.parse().expect("target")).collect();
            let probe = IpAddr::from(probe);
            let expected = specs.iter().any(|spec| spec.contains(probe));
            let set = AddressSet::new(specs).expect("addresses");
            prop_assert_eq!(set.contains(probe), expected);
        }
    }
}
