//! What a user may name as a target: addresses, networks, octet ranges, names.
//!
//! A name stays a name here: whoever can resolve it hands the address back through
//! [`TargetSpec::with_address`]. Forms and reach are those of Nmap's manual, section "Target
//! Specification"; where Nmap takes nonsense for a host name, this says what is wrong with it.

mod error;
mod octets;

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub use self::error::TargetError;
use self::octets::{octet, octet_intervals, open_host_bits};

/// One target expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetSpec {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Net {
        net: IpNet,
        zone: Option<String>,
    },
    /// The values that each octet may have, sorted.
    Octets(Box<[Vec<u8>; 4]>),
    Name {
        name: String,
        prefix: Option<u8>,
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
        TargetSpec { text: address.to_string(), kind: one(address, None) }
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

    /// The zone of an IPv6 address, the `eth0` of `fe80::1%eth0`: an interface's name or number.
    #[must_use]
    pub fn zone(&self) -> Option<&str> {
        match &self.kind {
            Kind::Net { zone, .. } => zone.as_deref(),
            _ => None,
        }
    }

    /// The same target with its name resolved to `address`: that address, or the network around
    /// it where the name has a prefix length.
    ///
    /// # Errors
    /// [`TargetError::Prefix`] where the prefix length is too long for the address.
    pub fn with_address(&self, address: IpAddr) -> Result<TargetSpec, TargetError> {
        let Kind::Name { prefix, .. } = &self.kind else { return Ok(self.clone()) };
        let kind = match prefix {
            None => one(address, None),
            Some(prefix) => Kind::Net { net: net(address, *prefix, &self.text)?, zone: None },
        };
        Ok(TargetSpec { text: self.text.clone(), kind })
    }

    /// True where it may stand for more than one address.
    #[must_use]
    pub fn is_range(&self) -> bool {
        match &self.kind {
            Kind::Net { net, .. } => net.prefix_len() != net.max_prefix_len(),
            Kind::Octets(octets) => octets.iter().any(|o| o.len() > 1),
            Kind::Name { prefix, .. } => prefix.is_some(),
        }
    }

    /// True where `address` is one of its addresses; names have none.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (&self.kind, address) {
            (Kind::Net { net, .. }, _) => net.contains(&address),
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
            Kind::Net { net, .. } => {
                let bits = u32::from(net.max_prefix_len() - net.prefix_len());
                // All of IPv6 is one more than fits; nobody will see its last address.
                1_u128.checked_shl(bits).unwrap_or(u128::MAX)
            }
            Kind::Octets(octets) => octets.iter().map(|o| o.len() as u128).product(),
            Kind::Name { .. } => 0,
        };
        Addresses { kind: self.kind.clone(), next: 0, left }
    }

    /// First and last address of each run of neighbours, ascending. `None` for a name, and where
    /// there are more than `most` runs.
    pub(crate) fn intervals(&self, most: usize) -> Option<Vec<(IpAddr, IpAddr)>> {
        match &self.kind {
            Kind::Net { net, .. } => Some(vec![(net.network(), net.broadcast())]),
            Kind::Octets(octets) => octet_intervals(octets, most),
            Kind::Name { .. } => None,
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
        self.at(index)
    }
}

impl Addresses {
    /// The address number `index`, counted from 0 at the first, whatever was taken already; `None` where
    /// there is no such address.
    #[must_use]
    pub fn at(&self, index: u128) -> Option<IpAddr> {
        if index >= self.next + self.left {
            return None;
        }
        match &self.kind {
            Kind::Net { net: IpNet::V4(net), .. } => {
                let first = u32::from(net.network());
                Some(Ipv4Addr::from(first.wrapping_add(index as u32)).into())
            }
            Kind::Net { net: IpNet::V6(net), .. } => {
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
    if text.contains("://") {
        return Err(TargetError::Url { text: text.to_owned() });
    }
    let (place, prefix) = match text.split_once('/') {
        Some((place, prefix)) => (place, Some(prefix)),
        None => (text, None),
    };
    if place.contains(':') {
        return ipv6(place, prefix, text);
    }
    if looks_like_octets(place) {
        let prefix = prefix.map(|digits| prefix_length(digits, 32, text)).transpose()?;
        return octets(place, prefix, text);
    }
    check_host_name(place, text)?;
    // What the name resolves to decides how long the prefix may be.
    let prefix = prefix.map(|digits| prefix_length(digits, 128, text)).transpose()?;
    Ok(Kind::Name { name: place.to_owned(), prefix })
}

fn prefix_length(digits: &str, most: u8, text: &str) -> Result<u8, TargetError> {
    let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let length = digits.parse().ok().filter(|length| plain && *length <= most);
    length.ok_or_else(|| TargetError::Prefix { text: text.to_owned(), most })
}

fn one(address: IpAddr, zone: Option<String>) -> Kind {
    Kind::Net { net: address.into(), zone }
}

fn net(address: IpAddr, prefix: u8, text: &str) -> Result<IpNet, TargetError> {
    let most = if address.is_ipv6() { 128 } else { 32 };
    let bad = |_| TargetError::Prefix { text: text.to_owned(), most };
    Ok(match address {
        IpAddr::V4(v4) => Ipv4Net::new(v4, prefix).map_err(bad)?.trunc().into(),
        IpAddr::V6(v6) => Ipv6Net::new(v6, prefix).map_err(bad)?.trunc().into(),
    })
}

fn ipv6(place: &str, prefix: Option<&str>, text: &str) -> Result<Kind, TargetError> {
    let (address, zone) = match place.split_once('%') {
        Some((address, zone)) => (address, Some(zone.to_owned())),
        None => (place, None),
    };
    let address = address.parse::<Ipv6Addr>().ok().filter(|_| zone.as_deref() != Some(""));
    let address = address.ok_or_else(|| TargetError::Ipv6 { text: text.to_owned() })?;
    let prefix = prefix.map_or(Ok(128), |digits| prefix_length(digits, 128, text))?;
    Ok(Kind::Net { net: net(address.into(), prefix, text)?, zone })
}

/// Dotted parts of digits, ranges, lists and stars: an address that may be wrong, but no name. Fewer than
/// four plain numbers, such as `127.1`, are for the resolver: inet_aton(3) knows what they mean.
fn looks_like_octets(place: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if place.split('.').count() < 4 && place.split('.').all(is_number) {
        return false;
    }
    place.bytes().all(|b| b.is_ascii_digit() || b".,-*".contains(&b))
        && place.bytes().any(|b| b".,*".contains(&b))
}

fn octets(place: &str, prefix: Option<u8>, text: &str) -> Result<Kind, TargetError> {
    let parts: Vec<&str> = place.split('.').collect();
    let parts: [&str; 4] =
        parts.try_into().map_err(|_| TargetError::FourOctets { text: text.to_owned() })?;
    let mut octets: [Vec<u8>; 4] = Default::default();
    for (values, part) in octets.iter_mut().zip(parts) {
        *values = octet(part, text)?;
    }
    if let [[a], [b], [c], [d]] = octets.each_ref().map(Vec::as_slice) {
        let address = Ipv4Addr::new(*a, *b, *c, *d).into();
        return Ok(Kind::Net { net: net(address, prefix.unwrap_or(32), text)?, zone: None });
    }
    if let Some(prefix) = prefix {
        open_host_bits(&mut octets, prefix);
    }
    Ok(Kind::Octets(Box::new(octets)))
}

/// RFC 1123 names, underscores, and letters beyond ASCII for the resolver to judge.
fn check_host_name(place: &str, text: &str) -> Result<(), TargetError> {
    let allowed = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    if let Some(character) = place.chars().find(|c| !allowed(*c)) {
        return Err(TargetError::Character { text: text.to_owned(), character });
    }
    let shaped = !place.is_empty()
        && place.len() < 256
        && !place.starts_with(['.', '-'])
        && !place.contains("..");
    if shaped { Ok(()) } else { Err(TargetError::Name { text: text.to_owned() }) }
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
    fn addresses_and_networks() {
        check("127.0.0.1", "127.0.0.1 of 1");
        check("01.2.3.010", "1.2.3.10 of 1");
        check("10.0.0.5/30", "10.0.0.4 10.0.0.5 10.0.0.6 10.0.0.7 of 4");
        check("10.0.0.5/031", "10.0.0.4 10.0.0.5 of 2");
        check("10.0.0.0/8", "10.0.0.0 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.5 of 16777216");
        check("9.9.9.9/0", "0.0.0.0 0.0.0.1 0.0.0.2 0.0.0.3 0.0.0.4 0.0.0.5 of 4294967296");
        check("::1", "::1 of 1");
        check("::ffff:1.2.3.4", "::ffff:1.2.3.4 of 1");
        check("2001:db8::/126", "2001:db8:: 2001:db8::1 2001:db8::2 2001:db8::3 of 4");
        check("1::/64", "1:: 1::1 1::2 1::3 1::4 1::5 of 18446744073709551616");
        check("fe80::1%eth0", "fe80::1 of 1");
        check("fe80::1%eth0/127", "fe80:: fe80::1 of 2");
    }

    #[test]
    fn octet_ranges() {
        check("1.2.3-4.5,7", "1.2.3.5 1.2.3.7 1.2.4.5 1.2.4.7 of 4");
        check("1.2.3.5,3,3,1-2", "1.2.3.1 1.2.3.2 1.2.3.3 1.2.3.5 of 4");
        check("1.2.3.254-", "1.2.3.254 1.2.3.255 of 2");
        check("1.2.3.-1", "1.2.3.0 1.2.3.1 of 2");
        check("1.2.3.4-4", "1.2.3.4 of 1");
        check("1.2.3.-", "1.2.3.0 1.2.3.1 1.2.3.2 1.2.3.3 1.2.3.4 1.2.3.5 of 256");
        check("1.2.3.*", "1.2.3.0 1.2.3.1 1.2.3.2 1.2.3.3 1.2.3.4 1.2.3.5 of 256");
        check("*.2.3.4", "0.2.3.4 1.2.3.4 2.2.3.4 3.2.3.4 4.2.3.4 5.2.3.4 of 256");
        check("1.2.3.1-2/31", "1.2.3.0 1.2.3.1 1.2.3.2 1.2.3.3 of 4");
        check("1.0.3-4.1/23", "1.0.2.0 1.0.2.1 1.0.2.2 1.0.2.3 1.0.2.4 1.0.2.5 of 1024");
    }

    #[test]
    fn names() {
        check("scanme.example.org", "name scanme.example.org false");
        check("localhost/31", "name localhost true");
        check("localhost/64", "name localhost true");
        check("host_1", "name host_1 false");
        check("5-6", "name 5-6 false");
        check("bücher.example.", "name bücher.example. false");
    }

    #[test]
    fn errors_name_the_text() {
        let octet = |text: &str, octet: &str| {
            check(
                text,
                &format!(
                    "bad address '{text}': octet '{octet}' must be * or numbers and ranges from \
                     0 to 255"
                ),
            );
        };
        check("", "empty target: give an address, a network, a range or a name");
        for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/+3", "1.2.3.4/32/32"] {
            check(text, &format!("bad CIDR '{text}': the prefix length must be 0 to 32"));
        }
        for text in ["::/129", "host/129", "host/", "::/x"] {
            check(text, &format!("bad CIDR '{text}': the prefix length must be 0 to 128"));
        }
        octet("1.2.3.256", "256");
        octet("1.2..4", "");
        octet("1.2.3.1,", "1,");
        octet("1.2.3.1,,2", "1,,2");
        octet("1.2.3.1-2-3", "1-2-3");
        octet("1.2.3.*,7", "*,7");
        octet("1.2.3.0-1000", "0-1000");
        check("1.2.3.9-5", "bad address '1.2.3.9-5': the range '9-5' runs backwards");
        for text in ["1.2.3-4", "1.2.3.4.5", "1.2.3.4.", "*"] {
            check(text, &format!("bad address '{text}': an IPv4 address has four octets"));
        }
        for text in ["::g", "1::2::3", "fe80::1%", "host:80", "[::1]", "::1-5"] {
            check(text, &format!("'{text}' is not an IPv6 address (ports are given with -p)"));
        }
        check("http://a.example/", "'http://a.example/' is a URL: give only its host");
        check("a b", "bad host name 'a b': ' ' is not allowed in it");
        check("host!", "bad host name 'host!': '!' is not allowed in it");
        check("a\u{1b}[0m", "bad host name 'a\u{1b}[0m': '\\u{1b}' is not allowed in it");
        check("1.2.3.4%lo", "bad host name '1.2.3.4%lo': '%' is not allowed in it");
        for text in ["a..b", ".a", "-a", "/24"] {
            check(text, &format!("'{text}' is neither an address nor a host name"));
        }
    }

    #[test]
    fn zones_are_kept() {
        let zone = |text: &str| text.parse::<TargetSpec>().expect(text).zone().map(str::to_owned);
        assert_eq!(zone("fe80::1%eth0/64"), Some("eth0".to_owned()));
        assert_eq!(zone("fe80::1"), None);
    }

    #[test]
    fn names_become_addresses() {
        let resolve = |text: &str, address: &str| {
            let spec: TargetSpec = text.parse().expect("name");
            match spec.with_address(address.parse().expect("address")) {
                Ok(spec) => spec.addresses().map(|a| a.to_string()).collect::<Vec<_>>().join(" "),
                Err(error) => error.to_string(),
            }
        };
        assert_eq!(resolve("host", "1.2.3.5"), "1.2.3.5");
        assert_eq!(resolve("host/31", "1.2.3.5"), "1.2.3.4 1.2.3.5");
        assert_eq!(resolve("host/127", "1::5"), "1::4 1::5");
        let message = "bad CIDR 'host/127': the prefix length must be 0 to 32";
        assert_eq!(resolve("host/127", "1.2.3.5"), message);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = String::from_utf8_lossy(&bytes).parse::<TargetSpec>();
        }

        #[test]
        fn never_panics_near_addresses(text in "[-0-9.,*/:%a-f]{0,24}") {
            if let Ok(spec) = text.parse::<TargetSpec>() {
                prop_assert!(spec.addresses().take(50).all(|a| spec.contains(a)));
            }
        }

        #[test]
        fn ranges_contain_what_they_list_and_nothing_else(
            octets in proptest::array::uniform4("[0-4](-[5-7])?(,[0-9])?"),
            prefix in proptest::option::of(28_u8..=32),
            probe in proptest::array::uniform4(0_u8..12),
        ) {
            let prefix = prefix.map(|p| format!("/{p}")).unwrap_or_default();
            let spec: TargetSpec = format!("{}{prefix}", octets.join(".")).parse().expect("octets");
            let listed: Vec<IpAddr> = spec.addresses().collect();
            prop_assert!(listed.is_sorted_by(|a, b| a < b));
            prop_assert!(listed.iter().all(|a| spec.contains(*a)));
            let probe = IpAddr::from(probe);
            prop_assert_eq!(spec.contains(probe), listed.binary_search(&probe).is_ok());
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
