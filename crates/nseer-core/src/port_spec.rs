//! The language of `-p`: `22,80`, `1-1024`, `-`, `T:80,U:53`, `http*`, `[1-1024]`.

use crate::port::{PortKey, Protocol};
use crate::service_table::ServiceTable;

/// The text is not a list of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PortSpecError {
    /// No port in it.
    #[error("the port list '{list}' names no port")]
    Empty {
        /// The list.
        list: String,
    },
    /// A number is not a port.
    #[error("bad port '{item}' in '{list}': ports are numbers from 0 to 65535")]
    Number {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// A range runs backwards.
    #[error("bad port range '{item}' in '{list}': it runs backwards")]
    Backwards {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// No service has this name.
    #[error("no service is called '{item}' (in port list '{list}')")]
    Service {
        /// The list.
        list: String,
        /// The item.
        item: String,
    },
    /// A bracket is not closed, or not opened.
    #[error("unbalanced '[' in port list '{list}'")]
    Bracket {
        /// The list.
        list: String,
    },
}

/// A parsed list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSpec {
    /// The ports, sorted, each once.
    pub ports: Vec<PortKey>,
    /// Protocols that the list names although they are not scanned.
    pub unused: Vec<Protocol>,
}

/// Parses a port list. `scanned` are the protocols that are scanned: an item without `T:`, `U:`
/// or `S:` counts for all of them.
///
/// # Errors
/// [`PortSpecError`], which names the list and the item.
pub fn parse_ports(
    list: &str,
    scanned: &[Protocol],
    table: &ServiceTable,
) -> Result<PortSpec, PortSpecError> {
    let mut parser = Parser {
        list,
        table,
        scanned,
        current: scanned.to_vec(),
        bracket: false,
        spec: PortSpec::default(),
    };
    let compact: String = list.chars().filter(|c| !c.is_whitespace()).collect();
    if !compact.is_empty() {
        for item in compact.split(',') {
            parser.item(item)?;
        }
    }
    if parser.bracket {
        return Err(PortSpecError::Bracket { list: list.to_owned() });
    }
    let mut spec = parser.spec;
    spec.ports.sort_unstable();
    spec.ports.dedup();
    if spec.ports.is_empty() && spec.unused.is_empty() {
        return Err(PortSpecError::Empty { list: list.to_owned() });
    }
    Ok(spec)
}

/// The ports of one protocol as a compact list, such as `22,80-90`.
#[must_use]
pub fn compact_list(ports: &[PortKey], protocol: Protocol) -> String {
    let mut runs: Vec<(u16, u16)> = Vec::new();
    for number in ports.iter().filter(|k| k.protocol == protocol).map(|k| k.number) {
        match runs.last_mut() {
            Some((_, end)) if end.checked_add(1) == Some(number) => *end = number,
            _ => runs.push((number, number)),
        }
    }
    let texts = runs.iter().map(
        |(from, to)| {
            if from == to { from.to_string() } else { format!("{from}-{to}") }
        },
    );
    texts.collect::<Vec<_>>().join(",")
}

struct Parser<'a> {
    list: &'a str,
    table: &'a ServiceTable,
    scanned: &'a [Protocol],
    current: Vec<Protocol>,
    /// Inside `[…]` only ports of the table count.
    bracket: bool,
    spec: PortSpec,
}

impl Parser<'_> {
    fn item(&mut self, mut item: &str) -> Result<(), PortSpecError> {
        while let Some((letter, rest)) = item.split_once(':') {
            let protocol = match letter {
                "T" | "t" => Protocol::Tcp,
                "U" | "u" => Protocol::Udp,
                "S" | "s" => Protocol::Sctp,
                _ => return Err(self.number(item)),
            };
            if !self.scanned.contains(&protocol) && !self.spec.unused.contains(&protocol) {
                self.spec.unused.push(protocol);
            }
            self.current = vec![protocol];
            item = rest;
        }
        if let Some(rest) = item.strip_prefix('[') {
            if std::mem::replace(&mut self.bracket, true) {
                return Err(PortSpecError::Bracket { list: self.list.to_owned() });
            }
            item = rest;
        }
        let closes = item.strip_suffix(']');
        if closes.is_some() && !self.bracket {
            return Err(PortSpecError::Bracket { list: self.list.to_owned() });
        }
        self.numbers_or_name(closes.unwrap_or(item))?;
        self.bracket &= closes.is_none();
        Ok(())
    }

    fn numbers_or_name(&mut self, item: &str) -> Result<(), PortSpecError> {
        if item.is_empty() {
            return Ok(());
        }
        let numeric = item.bytes().all(|b| b.is_ascii_digit() || b == b'-');
        if !numeric {
            return self.named(item);
        }
        let number = |digits: &str, empty: u16| {
            if digits.is_empty() {
                Ok(empty)
            } else {
                digits.parse().map_err(|_| self.number(item))
            }
        };
        let (from, to) = match item.split_once('-') {
            // Port 0 must be asked for by its number.
            Some((from, to)) => (number(from, 1)?, number(to, u16::MAX)?),
            None => {
                let value = number(item, 0)?;
                (value, value)
            }
        };
        if from > to {
            return Err(PortSpecError::Backwards {
                list: self.list.to_owned(),
                item: item.to_owned(),
            });
        }
        for protocol in self.current.clone() {
            if self.scanned.contains(&protocol) {
                let keys = (from..=to).map(|n| PortKey::new(protocol, n));
                let (bracket, table) = (self.bracket, self.table);
                self.spec.ports.extend(keys.filter(|k| !bracket || table.has(*k)));
            }
        }
        Ok(())
    }

    fn named(&mut self, item: &str) -> Result<(), PortSpecError> {
        let found = self.table.ports_named(item);
        if found.is_empty() {
            let looks_numeric = item.starts_with(|c: char| c.is_ascii_digit());
            return Err(if looks_numeric {
                self.number(item)
            } else {
                PortSpecError::Service { list: self.list.to_owned(), item: item.to_owned() }
            });
        }
        let wanted = |key: &PortKey| {
            self.current.contains(&key.protocol) && self.scanned.contains(&key.protocol)
        };
        self.spec.ports.extend(found.into_iter().filter(wanted));
        Ok(())
    }

    fn number(&self, item: &str) -> PortSpecError {
        PortSpecError::Number { list: self.list.to_owned(), item: item.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn table() -> ServiceTable {
        ServiceTable::new(
            b"ftp 21/tcp\nssh 22/tcp\nhttp 80/tcp\nhttp 80/udp\nhttps 443/tcp\ndomain 53/udp\n"
                .as_slice(),
        )
    }

    fn check(list: &str, expected: &str) {
        let got = match parse_ports(list, &[Protocol::Tcp], &table()) {
            Ok(spec) => compact_list(&spec.ports, Protocol::Tcp),
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "for {list:?}");
    }

    #[test]
    fn lists() {
        check("22", "22");
        check("80,22,22", "22,80");
        check("1-3,5", "1-3,5");
        check("-", "1-65535");
        check("-100", "1-100");
        check("60000-", "60000-65535");
        check("0", "0");
        check("0-2", "0-2");
        check("ssh,http*", "22,80,443");
        check("[1-100]", "21-22,80");
        check("[1-22,443]", "21-22,443");
        check("T:22,80", "22,80");
        check("22, 80", "22,80");
        check("U:53", "");
        check("22,U:53", "22");
        check("22,", "22");
    }

    #[test]
    fn errors_name_the_item() {
        check("", "the port list '' names no port");
        check(",", "the port list ',' names no port");
        check("9-5", "bad port range '9-5' in '9-5': it runs backwards");
        check("22,65536", "bad port '65536' in '22,65536': ports are numbers from 0 to 65535");
        check("1-2-3", "bad port '1-2-3' in '1-2-3': ports are numbers from 0 to 65535");
        check("nosuch", "no service is called 'nosuch' (in port list 'nosuch')");
        check("22x", "bad port '22x' in '22x': ports are numbers from 0 to 65535");
        check("X:22", "bad port 'X:22' in 'X:22': ports are numbers from 0 to 65535");
        check("[22", "unbalanced '[' in port list '[22'");
        check("22]", "unbalanced '[' in port list '22]'");
    }

    #[test]
    fn protocols_that_are_not_scanned_are_told() {
        let spec = parse_ports("22,U:53", &[Protocol::Tcp], &table()).expect("list");
        assert_eq!(spec.unused, [Protocol::Udp]);
        let spec = parse_ports("53,T:22", &[Protocol::Tcp, Protocol::Udp], &table()).expect("list");
        assert_eq!(spec.ports, [PortKey::tcp(22), PortKey::tcp(53), PortKey::udp(53)]);
    }

    proptest! {
        #[test]
        fn never_panics(list in "[-0-9,:TUx\\[\\]* ]{0,30}") {
            let _ = parse_ports(&list, &[Protocol::Tcp], &table());
        }

        #[test]
        fn compact_lists_come_back(numbers in proptest::collection::btree_set(any::<u16>(), 1..60)) {
            let ports: Vec<PortKey> = numbers.iter().map(|n| PortKey::tcp(*n)).collect();
            let text = compact_list(&ports, Protocol::Tcp);
            let spec = parse_ports(&text, &[Protocol::Tcp], &table()).expect("list");
            prop_assert_eq!(spec.ports, ports);
        }
    }
}
