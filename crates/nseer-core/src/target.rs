//! What a user may name as a target: addresses, networks, octet ranges, names.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// One target expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Net(IpNet),
    /// The values that each octet may have, sorted.
    Octets(Box<[Vec<u8>; 4]>),
    Name {
        name: String,
        prefix: Option<u8>,
    },
}

/// The text is not a target.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Nothing there.
    #[error("empty target: give an address, a network, a range or a name")]
    Empty,
    /// The part after `/` is wrong.
    #[error("bad CIDR '{text}': the prefix length must be 0 to {most}")]
    Prefix {
        /// The target.
        text: String,
        /// 32 or 128.
        most: u8,
    },
    /// An octet or octet range is wrong.
    #[error("bad address '{text}': octet '{octet}' must be numbers and ranges from 0 to 255")]
    Octet {
        /// The target.
        text: String,
        /// The octet.
        octet: String,
    },
    /// A range runs backwards.
    #[error("bad address '{text}': the range '{range}' runs backwards")]
    Backwards {
        /// The target.
        text: String,
        /// The range.
        range: String,
    },
    /// A prefix length does not go with octet ranges.
    #[error("bad target '{text}': a prefix length does not go with octet ranges")]
    PrefixOnRange {
        /// The target.
        text: String,
    },
    /// Neither an address nor a host name.
    #[error("'{text}' is neither an address nor a host name")]
    Name {
        /// The target.
        text: String,
    },
}

impl FromStr for TargetSpec {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(TargetError::Empty);
        }
        Ok(TargetSpec { text: text.to_owned(), kind: parse(text)? })
    }
}

impl fmt::Display for TargetSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<IpAddr> for TargetSpec {
    fn from(address: IpAddr) -> Self {
        TargetSpec { text: address.to_string(), kind: Kind::Net(address.into()) }
    }
}

impl TargetSpec {
    /// The host name that has to be resolved first, if it is one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The same target with its name resolved to `address`: that address, or the network around
    /// it where the name has a prefix length.
    ///
    /// # Errors
    /// Where the prefix length is too long for the address.
    pub fn with_address(&self, address: IpAddr) -> Result<TargetSpec, TargetError> {
        let Kind::Name { prefix, .. } = &self.kind else { return Ok(self.clone()) };
        let kind = match prefix {
            None => Kind::Net(address.into()),
            Some(prefix) => Kind::Net(net(address, *prefix, &self.text)?),
        };
        Ok(TargetSpec { text: self.text.clone(), kind })
    }

    /// True where it may stand for more than one address.
    #[must_use]
    pub fn is_range(&self) -> bool {
        match &self.kind {
            Kind::Net(net) => net.prefix_len() != net.max_prefix_len(),
            Kind::Octets(octets) => octets.iter().any(|o| o.len() > 1),
            Kind::Name { prefix, .. } => prefix.is_some(),
        }
    }

    /// True where `address` is one of its addresses; names have none.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (&self.kind, address) {
            (Kind::Net(net), _) => net.contains(&address),
            (Kind::Octets(octets), IpAddr::V4(v4)) => {
                octets.iter().zip(v4.octets()).all(|(o, b)| o.binary_search(&b).is_ok())
            }
            _ => false,
        }
    }

    /// Its addresses in ascending order, made one by one; none for a name.
    #[must_use]
    pub fn addresses(&self) -> Addresses {
        let left = match &self.kind {
            Kind::Net(net) => {
                let bits = u32::from(net.max_prefix_len() - net.prefix_len());
                // All of IPv6 is one more than fits; nobody will see its last address.
                1_u128.checked_shl(bits).unwrap_or(u128::MAX)
            }
            Kind::Octets(octets) => octets.iter().map(|o| o.len() as u128).product(),
            Kind::Name { .. } => 0,
        };
        Addresses { kind: self.kind.clone(), next: 0, left }
    }

    /// The network that it is, if it is one.
    pub(crate) fn as_net(&self) -> Option<IpNet> {
        match &self.kind {
            Kind::Net(net) => Some(*net),
            _ => None,
        }
    }
}

/// The addresses of a target, lazily.
#[derive(Clone, Debug)]
pub struct Addresses {
    kind: Kind,
    next: u128,
    left: u128,
}

impl Addresses {
    /// How many are still to come.
    #[must_use]
    pub fn remaining(&self) -> u128 {
        self.left
    }
}

impl Iterator for Addresses {
    type Item = IpAddr;

    fn next(&mut self) -> Option<IpAddr> {
        if self.left == 0 {
            return None;
        }
        let index = self.next;
        self.next += 1;
        self.left -= 1;
        match &self.kind {
            Kind::Net(IpNet::V4(net)) => {
                let first = u32::from(net.network());
                Some(Ipv4Addr::from(first.wrapping_add(index as u32)).into())
            }
            Kind::Net(IpNet::V6(net)) => {
                let first = u128::from(net.network());
                Some(Ipv6Addr::from(first.wrapping_add(index)).into())
            }
            Kind::Octets(octets) => {
                let mut rest = index as usize;
                let mut address = [0; 4];
                for (byte, values) in address.iter_mut().zip(octets.iter()).rev() {
                    *byte = values[rest % values.len()];
                    rest /= values.len();
                }
                Some(address.into())
            }
            Kind::Name { .. } => None,
        }
    }
}

fn parse(text: &str) -> Result<Kind, TargetError> {
    let (place, prefix) = match text.split_once('/') {
        Some((place, prefix)) => (place, Some(prefix)),
        None => (text, None),
    };
    let is_v6 = place.contains(':');
    let most = if is_v6 { 128 } else { 32 };
    let bad_prefix = || TargetError::Prefix { text: text.to_owned(), most };
    let prefix = match prefix {
        None => None,
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u8>().ok().filter(|p| *p <= most).ok_or_else(bad_prefix)?)
        }
        Some(_) => return Err(bad_prefix()),
    };
    let without_zone = place.split_once('%').map_or(place, |(address, _)| address);
    if let Ok(address) = without_zone.parse::<IpAddr>() {
        return Ok(Kind::Net(match prefix {
            Some(prefix) => net(address, prefix, text)?,
            None => address.into(),
        }));
    }
    if looks_like_octets(place) {
        if prefix.is_some() {
            return Err(TargetError::PrefixOnRange { text: text.to_owned() });
        }
        return octets(place, text);
    }
    if !is_host_name(place) {
        return Err(TargetError::Name { text: text.to_owned() });
    }
    Ok(Kind::Name { name: place.to_owned(), prefix })
}

fn net(address: IpAddr, prefix: u8, text: &str) -> Result<IpNet, TargetError> {
    let most = if address.is_ipv6() { 128 } else { 32 };
    let bad = |_| TargetError::Prefix { text: text.to_owned(), most };
    Ok(match address {
        IpAddr::V4(v4) => Ipv4Net::new(v4, prefix).map_err(bad)?.trunc().into(),
        IpAddr::V6(v6) => Ipv6Net::new(v6, prefix).map_err(bad)?.trunc().into(),
    })
}

/// Four dotted parts of digits, ranges, lists and stars: an address that may be wrong, but no
/// name.
fn looks_like_octets(place: &str) -> bool {
    place.bytes().all(|b| b.is_ascii_digit() || b".,-*".contains(&b))
        && (place.contains('.') || place.bytes().any(|b| b",*".contains(&b)))
}

fn octets(place: &str, text: &str) -> Result<Kind, TargetError> {
    let parts: Vec<&str> = place.split('.').collect();
    let parts: [&str; 4] = parts
        .try_into()
        .map_err(|_| TargetError::Octet { text: text.to_owned(), octet: place.to_owned() })?;
    let mut octets: [Vec<u8>; 4] = Default::default();
    for (values, part) in octets.iter_mut().zip(parts) {
        for item in part.split(',') {
            let (from, to) = octet_range(item, text)?;
            values.extend(from..=to);
        }
        values.sort_unstable();
        values.dedup();
    }
    Ok(Kind::Octets(Box::new(octets)))
}

/// `5`, `1-9`, `-9`, `1-`, `-` or `*`.
fn octet_range(item: &str, text: &str) -> Result<(u8, u8), TargetError> {
    let bad = || TargetError::Octet { text: text.to_owned(), octet: item.to_owned() };
    let number = |digits: &str, empty: u8| {
        if digits.is_empty() { Ok(empty) } else { digits.parse().map_err(|_| bad()) }
    };
    if item == "*" {
        return Ok((0, 255));
    }
    let (from, to) = match item.split_once('-') {
        Some((from, to)) => (number(from, 0)?, number(to, 255)?),
        None if item.is_empty() => return Err(bad()),
        None => {
            let value = number(item, 0)?;
            (value, value)
        }
    };
    if from > to {
        return Err(TargetError::Backwards { text: text.to_owned(), range: item.to_owned() });
    }
    Ok((from, to))
}

/// RFC 1123 names, underscores, and bytes beyond ASCII for the resolver to judge.
fn is_host_name(place: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !place.is_empty()
        && place.len() < 256
        && place.chars().all(allowed)
        && !place.starts_with(['.', '-'])
        && !place.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, expected: &str) {
        let got = match text.parse::<TargetSpec>() {
            Ok(spec) => match spec.name() {
                Some(name) => format!("name {name} {}", spec.is_range()),
                None => {
                    let shown: Vec<String> =
                        spec.addresses().take(6).map(|a| a.to_string()).collect();
                    format!("{} of {}", shown.join(" "), spec.addresses().remaining())
                }
            },
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "for {text:?}");
    }

    #[test]
    fn targets() {
        check("127.0.0.1", "127.0.0.1 of 1");
        check("10.0.0.5/30", "10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 of 4");
        check("10.0.0.0/8", "10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 of 16777216");
        check("1.2.3-4.5,7", "1.2.3.5 1.2.3.7 1.2.4.5 1.2.4.7 of 4");
        check("1.2.3.254-", "1.2.3.254 1.2.3.255 of 2");
        check("1.2.3.-1", "1.2.3.0 1.2.3.1 of 2");
        check("1.2.3.*", "1.2.3.0 1.2.3.1 1.2.3.2 1.2.3.3 1.2.3.4 1.2.3.5 of 256");
        check("::1", "::1 of 1");
        check("fe80::1%eth0", "fe80::1 of 1");
        check("2001:db8::/126", "2001:db8:: 2001:db8::1 2001:db8::2 2001:db8::3 of 4");
        check("scanme.example.org", "name scanme.example.org false");
        check("localhost/31", "name localhost true");
        check("host_1", "name host_1 false");
    }

    #[test]
    fn errors_name_the_text() {
        check("", "empty target: give an address, a network, a range or a name");
        check("10.0.0.0/33", "bad CIDR '10.0.0.0/33': the prefix length must be 0 to 32");
        check("::/129", "bad CIDR '::/129': the prefix length must be 0 to 128");
        check("10.0.0.0/x", "bad CIDR '10.0.0.0/x': the prefix length must be 0 to 32");
        check(
            "1.2.3.256",
            "bad address '1.2.3.256': octet '256' must be numbers and ranges from 0 to 255",
        );
        check("1.2..4", "bad address '1.2..4': octet '' must be numbers and ranges from 0 to 255");
        check("1.2.3.9-5", "bad address '1.2.3.9-5': the range '9-5' runs backwards");
        check(
            "1.2.3.1-2/24",
            "bad target '1.2.3.1-2/24': a prefix length does not go with octet ranges",
        );
        check("a b", "'a b' is neither an address nor a host name");
        check("host!", "'host!' is neither an address nor a host name");
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<TargetSpec>();
        }

        #[test]
        fn contains_what_it_lists(
            octets in proptest::array::uniform4("[0-9]{1,2}(-1[0-9]{2})?(,[0-9]{1,2})?"),
        ) {
            let spec: TargetSpec = octets.join(".").parse().expect("octets");
            for address in spec.addresses().take(300) {
                prop_assert!(spec.contains(address));
            }
        }

        #[test]
        fn networks_contain_what_they_list(bits in any::<u32>(), prefix in 20_u8..=32) {
            let text = format!("{}/{prefix}", Ipv4Addr::from(bits));
            let spec: TargetSpec = text.parse().expect("network");
            prop_assert_eq!(spec.addresses().count(), 1 << (32 - prefix));
            prop_assert!(spec.addresses().all(|a| spec.contains(a)));
            prop_assert!(spec.contains(Ipv4Addr::from(bits).into()));
        }
    }
}
