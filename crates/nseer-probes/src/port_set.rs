//! The lists of `ports` and `sslports`.

use crate::error::LineError;

/// Ports as ranges.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSet {
    ranges: Vec<(u16, u16)>,
}

impl PortSet {
    /// Reads `80,81, 8000-8010`.
    pub(crate) fn parse(text: &[u8]) -> Result<PortSet, LineError> {
        let bad = || LineError::Ports(String::from_utf8_lossy(text).into_owned());
        let text = std::str::from_utf8(text).map_err(|_| bad())?;
        let number = |digits: &str| {
            let digits = digits.trim();
            let plain = digits.bytes().all(|b| b.is_ascii_digit());
            digits.parse::<u16>().ok().filter(|_| plain).ok_or_else(bad)
        };
        let mut ranges = Vec::new();
        for item in text.split(',') {
            let (from, to) = item.split_once('-').unwrap_or((item, item));
            let (from, to) = (number(from)?, number(to)?);
            if from > to {
                return Err(bad());
            }
            ranges.push((from, to));
        }
        Ok(PortSet { ranges })
    }

    /// True where `port` is among them.
    #[must_use]
    pub fn contains(&self, port: u16) -> bool {
        self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
    }

    /// True where there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// The first and last port of each range, in the order of the file.
    pub fn ranges(&self) -> impl Iterator<Item = (u16, u16)> + '_ {
        self.ranges.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read() {
        let set = PortSet::parse(b"80,81, 8000-8010,65535").expect("a list");
        for port in [80, 81, 8000, 8005, 8010, 65535] {
            assert!(set.contains(port), "{port}");
        }
        assert!(!set.contains(82) && !set.contains(8011));
        for bad in ["", "80,", "a", "9-8", "65536", "+1", "1-2-3", "T:80"] {
            assert!(PortSet::parse(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }
}
