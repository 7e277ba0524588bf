//! Tables of service names and port frequencies, in the format `name<TAB>port/protocol[<TAB>frequency]`
//! with comments from `#`.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::port::{PortKey, Protocol};
use crate::service::ServiceNames;

/// A table of services. Its text is parsed when something is first looked up.
pub struct ServiceTable {
    text: Cow<'static, [u8]>,
    parsed: OnceLock<Parsed>,
}

struct Parsed {
    rows: Vec<Row>,
    by_port: HashMap<PortKey, usize>,
    skipped: usize,
}

struct Row {
    key: PortKey,
    name: String,
    frequency: f64,
}

impl ServiceTable {
    /// A table with this text; costs nothing yet.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, [u8]>>) -> ServiceTable {
        ServiceTable { text: text.into(), parsed: OnceLock::new() }
    }

    /// The `count` most frequent ports of a protocol, most frequent first.
    #[must_use]
    pub fn top(&self, protocol: Protocol, count: usize) -> Vec<PortKey> {
        self.ranked(protocol).into_iter().take(count).map(|row| row.key).collect()
    }

    /// The ports of a protocol with at least this frequency (0 to 1), most frequent first.
    #[must_use]
    pub fn with_ratio(&self, protocol: Protocol, least: f64) -> Vec<PortKey> {
        let ranked = self.ranked(protocol).into_iter();
        ranked.take_while(|row| row.frequency >= least).map(|row| row.key).collect()
    }

    /// The ports whose service name matches `pattern`, in which `*` stands for any run of
    /// characters and `?` for one.
    #[must_use]
    pub fn ports_named(&self, pattern: &str) -> Vec<PortKey> {
        let rows = self.parsed().rows.iter();
        rows.filter(|row| wildcard(pattern.as_bytes(), row.name.as_bytes()))
            .map(|row| row.key)
            .collect()
    }

    /// True where the table has a line for `key`.
    #[must_use]
    pub fn has(&self, key: PortKey) -> bool {
        self.parsed().by_port.contains_key(&key)
    }

    /// How many lines made no sense.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.parsed().skipped
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(&self.text))
    }

    fn ranked(&self, protocol: Protocol) -> Vec<&Row> {
        let rows = self.parsed().rows.iter();
        let mut rows: Vec<&Row> = rows.filter(|row| row.key.protocol == protocol).collect();
        rows.sort_by(|a, b| {
            b.frequency.total_cmp(&a.frequency).then(a.key.number.cmp(&b.key.number))
        });
        rows
    }
}

impl std::fmt::Debug for ServiceTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceTable").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl ServiceNames for ServiceTable {
    fn name(&self, port: PortKey) -> Option<&str> {
        let parsed = self.parsed();
        let name = parsed.rows[*parsed.by_port.get(&port)?].name.as_str();
        (name != "unknown").then_some(name)
    }
}

fn parse(text: &[u8]) -> Parsed {
    let mut parsed = Parsed { rows: Vec::new(), by_port: HashMap::new(), skipped: 0 };
    for line in text.split(|b| *b == b'\n') {
        let line = line.split(|b| *b == b'#').next().unwrap_or_default().trim_ascii();
        if line.is_empty() {
            continue;
        }
        match std::str::from_utf8(line).ok().and_then(row) {
            Some(row) => {
                // The first line for a port is the one that counts.
                if let std::collections::hash_map::Entry::Vacant(place) =
                    parsed.by_port.entry(row.key)
                {
                    place.insert(parsed.rows.len());
                    parsed.rows.push(row);
                }
            }
            None => parsed.skipped += 1,
        }
    }
    parsed
}

fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_ascii_whitespace();
    let name = fields.next()?;
    let (number, protocol) = fields.next()?.split_once('/')?;
    let key = PortKey::new(protocol.parse().ok()?, number.parse().ok()?);
    // Lines in the way of /etc/services have aliases where the frequency would stand.
    let frequency = fields.next().and_then(frequency).unwrap_or(0.0);
    Some(Row { key, name: name.to_owned(), frequency })
}

/// `0.25` or `1/4`.
fn frequency(text: &str) -> Option<f64> {
    let value = match text.split_once('/') {
        Some((a, b)) => a.parse::<f64>().ok()? / b.parse::<f64>().ok()?,
        None => text.parse().ok()?,
    };
    value.is_finite().then_some(value)
}

fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    match (pattern.split_first(), name.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), None) => wildcard(rest, name),
        (Some((b'*', rest)), Some((_, shorter))) => {
            wildcard(rest, name) || wildcard(pattern, shorter)
        }
        (Some((p, rest)), Some((n, shorter))) => {
            (*p == b'?' || p.eq_ignore_ascii_case(n)) && wildcard(rest, shorter)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[u8] =
        b"# ports\nssh\t22/tcp\t0.2\t# shell\nhttp 80/tcp 1/2\nhttp-alt\t8080/tcp\t0.1\n\
        domain 53/udp 0.3\nunknown\t99/tcp\t0.05\nbroken\nx 70000/tcp\nauth 113/tcp ident\n";

    #[test]
    fn look_ups() {
        let table = ServiceTable::new(TABLE);
        assert_eq!(table.name(PortKey::tcp(22)), Some("ssh"));
        assert_eq!(table.name(PortKey::udp(22)), None);
        assert_eq!(table.name(PortKey::tcp(99)), None, "unknown is no name");
        assert_eq!(table.name(PortKey::tcp(113)), Some("auth"));
        assert!(table.has(PortKey::tcp(99)));
        assert_eq!(table.top(Protocol::Tcp, 2), [PortKey::tcp(80), PortKey::tcp(22)]);
        assert_eq!(table.with_ratio(Protocol::Tcp, 0.2).len(), 2);
        assert_eq!(table.ports_named("http*"), [PortKey::tcp(80), PortKey::tcp(8080)]);
        assert_eq!(table.ports_named("h?tp"), [PortKey::tcp(80)]);
        assert_eq!(table.skipped(), 2);
    }
}
