//! Tables of service names and port frequencies, one line for a port:
//! `name<TAB>port/protocol[<TAB>frequency]`, with comments from `#` on. Lines in the way of
//! `/etc/services`, with aliases in place of the frequency, count as never seen open.
//!
//! Where a table comes from is not known here.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use crate::port::{PortKey, Protocol};
use crate::protocol_table::ProtocolTable;
use crate::service::ServiceNames;

/// A table of services. Its text is parsed when something is first looked up.
pub struct ServiceTable {
    text: Cow<'static, [u8]>,
    parsed: OnceLock<Parsed>,
    protocols: ProtocolTable,
}

struct Parsed {
    /// For each of [`Protocol::TRANSPORTS`] the rows, sorted by number, one for each.
    rows: [Vec<Row>; 3],
    skipped: usize,
}

struct Row {
    number: u16,
    /// Where in the text the name stands.
    name: Range<usize>,
    frequency: f64,
}

impl ServiceTable {
    /// A table with this text; costs nothing yet.
    #[must_use]
    pub fn new(text: impl Into<Cow<'static, [u8]>>) -> ServiceTable {
        ServiceTable {
            text: text.into(),
            parsed: OnceLock::new(),
            protocols: ProtocolTable::default(),
        }
    }

    /// The same table, which also names the protocols that IP carries.
    #[must_use]
    pub fn with_protocols(self, protocols: ProtocolTable) -> ServiceTable {
        ServiceTable { protocols, ..self }
    }

    /// All ports of a protocol, most frequent first; among equals, lower numbers first. Of IP, all protocols
    /// that have a name.
    #[must_use]
    pub fn ranked(&self, protocol: Protocol) -> Vec<PortKey> {
        if protocol == Protocol::Ip {
            return (0..=u8::MAX).map(PortKey::ip).filter(|key| self.has(*key)).collect();
        }
        let rows = self.rows_by_frequency(protocol).into_iter();
        rows.map(|row| PortKey::new(protocol, row.number)).collect()
    }

    /// The `count` most frequent ports of a protocol, most frequent first. Fewer where the table
    /// has fewer.
    #[must_use]
    pub fn top(&self, protocol: Protocol, count: usize) -> Vec<PortKey> {
        let mut ports = self.ranked(protocol);
        ports.truncate(count);
        ports
    }

    /// The ports of a protocol with at least this frequency (0 to 1), most frequent first.
    #[must_use]
    pub fn with_ratio(&self, protocol: Protocol, least: f64) -> Vec<PortKey> {
        let rows = self.rows_by_frequency(protocol).into_iter();
        rows.take_while(|row| row.frequency >= least)
            .map(|row| PortKey::new(protocol, row.number))
            .collect()
    }

    /// The ports whose service name matches `pattern`, in which `*` stands for any run of
    /// characters and `?` for one; sorted. Case does not matter.
    #[must_use]
    pub fn ports_named(&self, pattern: &str) -> Vec<PortKey> {
        let all = Protocol::TRANSPORTS.iter().zip(&self.parsed().rows);
        let matches = |name: &[u8]| wildcard(pattern.as_bytes(), name);
        all.flat_map(|(protocol, rows)| rows.iter().map(|row| (*protocol, row)))
            .filter(|(_, row)| matches(self.name_of(row)))
            .map(|(protocol, row)| PortKey::new(protocol, row.number))
            .chain(self.protocols.numbers_named(matches).into_iter().map(PortKey::ip))
            .collect()
    }

    /// True where the table has a line for `key`.
    #[must_use]
    pub fn has(&self, key: PortKey) -> bool {
        self.row(key).is_some() || self.protocol_name(key).is_some()
    }

    /// How many lines made no sense. Lines of other protocols than ours are not among them.
    #[must_use]
    pub fn skipped(&self) -> usize {
        self.parsed().skipped
    }

    /// No port is named although something is there: a file of another kind.
    #[must_use]
    pub fn is_senseless(&self) -> bool {
        let is_of_ports = |line| matches!(line, Line::Row(protocol, _) if protocol != Protocol::Ip);
        // The first line of a port ends the search, so that the table is not parsed for it.
        !lines(&self.text).any(is_of_ports)
            && lines(&self.text).any(|line| matches!(line, Line::Bad))
    }

    fn parsed(&self) -> &Parsed {
        self.parsed.get_or_init(|| parse(&self.text))
    }

    fn rows(&self, protocol: Protocol) -> &[Row] {
        self.parsed().rows.get(protocol as usize).map_or(&[], Vec::as_slice)
    }

    fn protocol_name(&self, key: PortKey) -> Option<&[u8]> {
        let number = (key.protocol == Protocol::Ip).then(|| u8::try_from(key.number).ok())?;
        self.protocols.name(number?)
    }

    fn row(&self, key: PortKey) -> Option<&Row> {
        let rows = self.rows(key.protocol);
        rows.binary_search_by_key(&key.number, |row| row.number).ok().and_then(|at| rows.get(at))
    }

    fn name_of(&self, row: &Row) -> &[u8] {
        self.text.get(row.name.clone()).unwrap_or_default()
    }

    fn rows_by_frequency(&self, protocol: Protocol) -> Vec<&Row> {
        let mut rows: Vec<&Row> = self.rows(protocol).iter().collect();
        rows.sort_by(|a, b| b.frequency.total_cmp(&a.frequency));
        rows
    }
}

impl std::fmt::Debug for ServiceTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceTable").field("bytes", &self.text.len()).finish_non_exhaustive()
    }
}

impl ServiceNames for ServiceTable {
    /// `unknown` is a name like any other, as in Nmap: outputs and scripts show it.
    fn name(&self, port: PortKey) -> Option<&str> {
        let name = match self.row(port) {
            Some(row) => self.name_of(row),
            None => self.protocol_name(port)?,
        };
        std::str::from_utf8(name).ok()
    }
}

fn parse(text: &[u8]) -> Parsed {
    let mut parsed = Parsed { rows: Default::default(), skipped: 0 };
    for line in lines(text) {
        match line {
            Line::Row(protocol, row) => {
                // IP has no ports.
                if let Some(rows) = parsed.rows.get_mut(protocol as usize) {
                    rows.push(row);
                }
            }
            Line::Nothing => {}
            Line::Bad => parsed.skipped += 1,
        }
    }
    for rows in &mut parsed.rows {
        // Stable, so that the first line for a port is the one that counts. Files are in order
        // already, which makes it cheap.
        rows.sort_by_key(|row| row.number);
        rows.dedup_by_key(|row| row.number);
    }
    parsed
}

/// What each line says.
fn lines(text: &[u8]) -> impl Iterator<Item = Line> {
    let mut at = 0;
    text.split(|b| *b == b'\n').map(move |line| {
        let start = at;
        at += line.len() + 1;
        let line = line.split(|b| *b == b'#').next().unwrap_or_default();
        std::str::from_utf8(line).ok().map_or(Line::Bad, |line| row(line, start))
    })
}

enum Line {
    Row(Protocol, Row),
    /// Empty, or for a protocol that has no ports to scan.
    Nothing,
    Bad,
}

/// Parses a line without its comment; `start` is its place in the text.
fn row(line: &str, start: usize) -> Line {
    let mut fields = line.split_ascii_whitespace();
    let Some(name) = fields.next() else { return Line::Nothing };
    let Some((number, protocol)) = fields.next().and_then(|port| port.split_once('/')) else {
        return Line::Bad;
    };
    let Ok(number) = number.parse() else { return Line::Bad };
    let Ok(protocol) = protocol.parse() else { return Line::Nothing };
    let indent = line.len() - line.trim_ascii_start().len();
    let name = start + indent..start + indent + name.len();
    let frequency = fields.next().and_then(frequency).unwrap_or(0.0);
    Line::Row(protocol, Row { number, name, frequency })
}

/// `0.25` or `1/4`. Anything else is an alias.
fn frequency(text: &str) -> Option<f64> {
    let value = match text.split_once('/') {
        Some((open, of)) => open.parse::<f64>().ok()? / of.parse::<f64>().ok()?,
        None => text.parse().ok()?,
    };
    (0.0..=1.0).contains(&value).then_some(value)
}

/// Goes back to the last `*` only, which is enough and keeps hostile patterns cheap.
fn wildcard(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star = None;
    while let Some(byte) = name.get(n) {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || c.eq_ignore_ascii_case(byte) => (p, n) = (p + 1, n + 1),
            _ => {
                // Let the star take one character more.
                let Some((at, taken)) = star else { return false };
                star = Some((at, taken + 1));
                (p, n) = (at + 1, taken + 1);
            }
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|b| *b == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TABLE: &[u8] =
        b"# ports\nssh\t22/tcp\t0.2\t# shell\n  http 80/tcp 1/2\r\nhttp-alt\t8080/tcp\t0.1\n\
        domain 53/udp 0.3\nunknown\t99/tcp\t0.05\nbroken\nx 70000/tcp\nauth 113/tcp ident\n\
        second 22/tcp 0.9\nrtmp 1/ddp\nx\xff 7/tcp\nlow 9/tcp 0.05\nmany 10/tcp 7\n#\xff\n\n";

    #[test]
    fn names() {
        let table = ServiceTable::new(TABLE);
        assert_eq!(table.name(PortKey::tcp(22)), Some("ssh"), "the first line counts");
        assert_eq!(table.name(PortKey::udp(22)), None);
        assert_eq!(table.name(PortKey::tcp(99)), Some("unknown"));
        assert_eq!(table.name(PortKey::tcp(80)), Some("http"));
        assert_eq!(table.name(PortKey::tcp(113)), Some("auth"));
        assert!(table.has(PortKey::tcp(99)));
        assert!(!table.has(PortKey::tcp(7)));
        assert_eq!(table.skipped(), 3);
        assert!(!table.is_senseless());
        assert!(!ServiceTable::new(b"# none\n".as_slice()).is_senseless());
        assert!(ServiceTable::new(b"\x7fELF".as_slice()).is_senseless());
    }

    #[test]
    fn ranks() {
        let table = ServiceTable::new(TABLE);
        let ranked = [80, 22, 8080, 9, 99, 10, 113].map(PortKey::tcp);
        assert_eq!(table.ranked(Protocol::Tcp), ranked);
        assert_eq!(table.top(Protocol::Tcp, 2), ranked[..2]);
        assert_eq!(table.top(Protocol::Tcp, 100), ranked);
        assert_eq!(table.with_ratio(Protocol::Tcp, 0.2), ranked[..2]);
        assert_eq!(table.with_ratio(Protocol::Tcp, 0.0), ranked);
        assert_eq!(table.top(Protocol::Sctp, 10), []);
    }

    #[test]
    fn patterns() {
        let table = ServiceTable::new(TABLE);
        let check = |pattern: &str, expected: &[u16]| {
            let numbers: Vec<u16> = table.ports_named(pattern).iter().map(|k| k.number).collect();
            assert_eq!(numbers, expected, "for {pattern}");
        };
        check("http", &[80]);
        check("HTTP", &[80]);
        check("http*", &[80, 8080]);
        check("*t*t*", &[80, 8080]);
        check("*-alt", &[8080]);
        check("h?tp", &[80]);
        check("?", &[]);
        check("", &[]);
        check("ht", &[]);
        check("**low**", &[9]);
        check("*", &[9, 10, 22, 80, 99, 113, 8080, 53]);
    }

    #[test]
    fn hostile_patterns_end() {
        let name = [b'a'; 5000];
        let pattern = format!("{}b", "*a".repeat(500));
        assert!(!wildcard(pattern.as_bytes(), &name));
    }

    proptest! {
        #[test]
        fn never_panics(
            bytes in proptest::collection::vec(any::<u8>(), 0..200),
            port in 0_u16..20,
        ) {
            let table = ServiceTable::new(bytes);
            let _ = table.name(PortKey::tcp(port));
            let _ = table.ports_named("*");
        }

        #[test]
        fn never_panics_near_tables(
            text in "([ a-z#]{0,4}[ \t/][0-9]{1,2}/(tcp|udp)[ \t]0?[.1]{0,3}\n?){0,9}",
        ) {
            let table = ServiceTable::new(text.into_bytes());
            let ranked = table.ranked(Protocol::Tcp);
            prop_assert!(ranked.iter().all(|key| table.name(*key).is_some_and(|n| !n.is_empty())));
        }

        #[test]
        fn wildcards_match_what_they_were_made_of(
            parts in proptest::collection::vec("[a-c]{0,3}", 1..5),
        ) {
            let pattern = parts.join("*");
            prop_assert!(wildcard(pattern.as_bytes(), parts.concat().as_bytes()));
            prop_assert!(wildcard(pattern.as_bytes(), parts.join("x").as_bytes()));
            let other = parts.concat() + "y";
            prop_assert!(pattern.ends_with('*') || !wildcard(pattern.as_bytes(), other.as_bytes()));
        }
    }
}
