//! The language of `-p`: `22,80`, `1-1024`, `-`, `T:80,U:53`, `http*`, `[1-1024]`, and the choice
//! of ports that it makes together with `--exclude-ports`, `-F`, `--top-ports` and
//! `--port-ratio`.
//!
//! The grammar is that of Nmap's manual, section "Port Specification and Scan Order". Which
//! protocols are scanned, and which table of services is in use, is told by the caller.

mod choice;
mod error;

use crate::port::{PortKey, Protocol};
use crate::service_table::ServiceTable;

pub use self::choice::{DEFAULT_TOP, FAST_TOP, PortChoice, PortLevel, choose_ports};
pub use self::error::{PortSpecError, PortWarning};

/// What a list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PortSpec {
    /// The ports, sorted, each once.
    pub ports: Vec<PortKey>,
    /// What to tell the user, each once.
    pub warnings: Vec<PortWarning>,
}

/// Parses a port list. `scanned` are the protocols that are scanned: an item without `T:`, `U:`
/// or `S:` before it counts for all of them.
///
/// # Errors
/// [`PortSpecError`], which names the list and the item. A list whose ports are all of protocols
/// that are not scanned gives no error but no ports and a warning.
pub fn parse_ports(
    list: &str,
    scanned: &[Protocol],
    table: &ServiceTable,
) -> Result<PortSpec, PortSpecError> {
    let mut parser = Parser {
        list,
        rest: list,
        table,
        scanned,
        current: scanned.to_vec(),
        bracket: false,
        anything: false,
        marks: Protocol::ALL.map(|_| Vec::new()),
        warnings: Vec::new(),
    };
    while parser.item()? {}
    if !parser.anything {
        return Err(PortSpecError::Empty { list: list.to_owned() });
    }
    let mut ports = Vec::new();
    for (protocol, marks) in Protocol::ALL.into_iter().zip(&parser.marks) {
        for (word, bits) in (0..).zip(marks).filter(|(_, bits)| **bits != 0) {
            let set = (0..64).filter(|bit| bits & 1 << bit != 0);
            ports.extend(set.map(|bit| PortKey::new(protocol, word * 64 + bit)));
        }
    }
    Ok(PortSpec { ports, warnings: parser.warnings })
}

/// The ports of one protocol as a compact list, such as `22,80-90`.
/// `ports` are sorted.
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
    /// What is still to be read.
    rest: &'a str,
    table: &'a ServiceTable,
    scanned: &'a [Protocol],
    /// The protocols that an item counts for.
    current: Vec<Protocol>,
    /// Inside `[…]` only ports of the table count.
    bracket: bool,
    /// Some port was named, be it one that is not scanned.
    anything: bool,
    /// For each of [`Protocol::ALL`] one bit a port, set for those that were named; empty at
    /// first.
    marks: [Vec<u64>; 4],
    warnings: Vec<PortWarning>,
}

impl<'a> Parser<'a> {
    /// Reads one bracket, protocol prefix or item with the comma after it. False at the end.
    fn item(&mut self) -> Result<bool, PortSpecError> {
        self.rest = self.rest.trim_start();
        let mut chars = self.rest.chars();
        let Some(first) = chars.next() else { return Ok(false) };
        match (first, chars.next()) {
            ('[', _) | (']', _) => {
                if self.bracket == (first == '[') {
                    return Err(PortSpecError::Bracket { list: self.list.to_owned() });
                }
                self.bracket = first == '[';
                self.skip(1);
                if first == ']' {
                    self.comma();
                }
            }
            (letter, Some(':')) => self.prefix(letter)?,
            (',', _) => return Err(PortSpecError::EmptyItem { list: self.list.to_owned() }),
            ('0'..='9' | '-', _) => self.range()?,
            _ => self.name()?,
        }
        Ok(true)
    }

    fn prefix(&mut self, letter: char) -> Result<(), PortSpecError> {
        let protocol = match letter {
            'T' => Some(Protocol::Tcp),
            'U' => Some(Protocol::Udp),
            'S' => Some(Protocol::Sctp),
            'P' => Some(Protocol::Ip),
            _ => return Err(PortSpecError::Protocol { list: self.list.to_owned(), letter }),
        };
        if protocol.is_none_or(|p| !self.scanned.contains(&p)) {
            self.warn(PortWarning::NotScanned(letter));
        }
        self.current = protocol.into_iter().collect();
        // The letter and the colon.
        self.skip(2);
        Ok(())
    }

    /// `22`, `1-100`, `-100`, `60000-` or `-`. As in Nmap, blanks may stand before the hyphen, but
    /// not between it and a number.
    fn range(&mut self) -> Result<(), PortSpecError> {
        let whole = self.rest;
        let from = self.digits();
        let before_hyphen = self.rest.trim_start();
        let to = before_hyphen.strip_prefix('-').map(|rest| {
            self.rest = rest;
            self.digits()
        });
        let after = self.rest.trim_start();
        let whole = &whole[..whole.len() - self.rest.len()];
        if !(after.is_empty() || after.starts_with([',', ']'])) {
            let end = self.rest.find([',', ']']).unwrap_or(self.rest.len());
            return Err(self.bad_number(&format!("{whole}{}", &self.rest[..end])));
        }
        self.comma();
        let is_ip = self.reads_protocols();
        let highest = if is_ip { Protocol::Ip.highest() } else { u16::MAX };
        let number = |digits: &str, open: u16| match digits {
            "" => Ok(open),
            _ => match digits.parse() {
                Ok(number) if number <= highest => Ok(number),
                _ => Err(self.bad_number(whole)),
            },
        };
        // Port 0 must be asked for by its number; protocol 0 is one like any other.
        let from = number(from, u16::from(!is_ip))?;
        let to = to.map_or(Ok(from), |to| number(to, highest))?;
        if from > to {
            return Err(PortSpecError::Backwards {
                list: self.list.to_owned(),
                item: whole.to_owned(),
            });
        }
        for protocol in self.current.clone() {
            for key in (from..=to).map(|number| PortKey::new(protocol, number)) {
                if !self.bracket || self.table.has(key) {
                    self.mark(key);
                }
            }
        }
        Ok(())
    }

    fn name(&mut self) -> Result<(), PortSpecError> {
        let end = self.rest.find(|c: char| c.is_whitespace() || c == ',' || c == ']');
        let name = &self.rest[..end.unwrap_or(self.rest.len())];
        self.skip(name.len());
        self.comma();
        let mut found = self.table.ports_named(name);
        found.retain(|key| self.current.contains(&key.protocol));
        // Names of protocols are known where they are scanned.
        let is_ip = self.reads_protocols();
        let may_be_known = is_ip && !self.scanned.contains(&Protocol::Ip);
        self.anything |= may_be_known;
        if found.is_empty() && !may_be_known {
            let (list, item) = (self.list.to_owned(), name.to_owned());
            return Err(if is_ip {
                PortSpecError::ProtocolName { list, item }
            } else {
                PortSpecError::Service { list, item }
            });
        }
        for key in found {
            self.mark(key);
        }
        Ok(())
    }

    fn mark(&mut self, key: PortKey) {
        self.anything = true;
        if !self.scanned.contains(&key.protocol) {
            return;
        }
        let marks = &mut self.marks[key.protocol as usize];
        marks.resize(1 << 10, 0);
        let word = &mut marks[usize::from(key.number / 64)];
        let bit = 1 << (key.number % 64);
        let repeated = *word & bit != 0;
        *word |= bit;
        if repeated {
            self.warn(PortWarning::Repeated);
        }
    }

    fn warn(&mut self, warning: PortWarning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    fn digits(&mut self) -> &'a str {
        let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
        let digits = &self.rest[..end];
        self.skip(end);
        digits
    }

    /// Passes blanks and a comma, if they are there.
    fn comma(&mut self) {
        let rest = self.rest.trim_start();
        self.rest = rest.strip_prefix(',').unwrap_or(rest);
    }

    fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    fn bad_number(&self, item: &str) -> PortSpecError {
        let (list, item) = (self.list.to_owned(), item.to_owned());
        if self.reads_protocols() {
            PortSpecError::ProtocolNumber { list, item }
        } else {
            PortSpecError::Number { list, item }
        }
    }

    /// Items are protocols of IP, and no ports.
    fn reads_protocols(&self) -> bool {
        self.current == [Protocol::Ip]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol_table::ProtocolTable;
    use proptest::prelude::*;

    const TCP: &[Protocol] = &[Protocol::Tcp];
    const BOTH: &[Protocol] = &[Protocol::Tcp, Protocol::Udp];

    fn table() -> ServiceTable {
        ServiceTable::new(
            b"ftp 21/tcp\nssh 22/tcp\nhttp 80/tcp\nhttp 80/udp\nhttps 443/tcp\ndomain 53/udp\n"
                .as_slice(),
        )
        .with_protocols(ProtocolTable::new(b"icmp 1\ngre 47\nesp 50\nexp1 253\nexp2 254\n"))
    }

    /// `expected` is the ports, `tcp/udp`, and the warnings, or an error.
    #[track_caller]
    fn check_for(scanned: &[Protocol], list: &str, expected: &str) {
        let got = match parse_ports(list, scanned, &table()) {
            Ok(spec) => {
                assert!(spec.ports.is_sorted_by(|a, b| a < b), "for {list:?}");
                let lists = scanned.iter().map(|p| compact_list(&spec.ports, *p));
                let warnings = spec.warnings.iter().map(|w| match w {
                    PortWarning::NotScanned(letter) => format!("not {letter}"),
                    other => format!("{other:?}"),
                });
                let lists = lists.collect::<Vec<_>>().join("/");
                [lists].into_iter().chain(warnings).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "for {list:?}");
    }

    #[track_caller]
    fn check(list: &str, expected: &str) {
        check_for(TCP, list, expected);
    }

    #[test]
    fn numbers_and_ranges() {
        check("22", "22");
        check("00022", "22");
        check("80,22,22", "22,80 Repeated");
        check("1-3,5", "1-3,5");
        check("22-22", "22");
        check("-", "1-65535");
        check("-100", "1-100");
        check("60000-", "60000-65535");
        check("0", "0");
        check("0-2", "0-2");
        check("0-", "0-65535");
        check("-,22", "1-65535 Repeated");
        check("22,", "22");
    }

    #[test]
    fn blanks() {
        for list in ["22,23", "22, 23", " 22 ,23 ", "22\t,\n23", "22 -23"] {
            check(list, "22-23");
        }
        check("T: 22", "22");
        check("ssh 80", "22,80");
        check("- ", "1-65535");
        check("22 23", "bad port '22 23' in '22 23': ports are numbers from 0 to 65535");
        check("22- 23", "bad port '22- 23' in '22- 23': ports are numbers from 0 to 65535");
    }

    #[test]
    fn names() {
        check("ssh,http*", "22,80,443");
        check("HTTP", "80");
        check("h?tp", "80");
        check("*", "21-22,80,443");
        check_for(BOTH, "http", "80/80");
        check_for(BOTH, "domain", "/53");
        check("22,domain", &no_service("domain", "22,domain"));
        check("ssh-http", &no_service("ssh-http", "ssh-http"));
        check("U:ssh", &no_service("ssh", "U:ssh"));
        check("ssh:22", &no_service("ssh:22", "ssh:22"));
    }

    fn no_service(item: &str, list: &str) -> String {
        format!("no service of the scanned protocols is called '{item}' (in port list '{list}')")
    }

    #[test]
    fn brackets() {
        check("[1-100]", "21-22,80");
        check("[-]", "21-22,80,443");
        check("[1-22,443]", "21-22,443");
        check("[1-22", "21-22");
        check("[ssh]http", "22,80");
        check("[22],5", "5,22");
        check("[20-22]23", "21-23");
        check("[22,],5", "5,22");
        check("[],22", "22");
        check("[1-22][80]", "21-22,80");
        check("[5],22", "22");
        check_for(BOTH, "T:[1-79],U:[1-100]", "21-22/53,80");
        check("[U:53],22", " not U");
        check("[5]", "the port list '[5]' names no port");
        check("[]", "the port list '[]' names no port");
        for list in ["22]", "[[22]]", "[22]]", "22,]"] {
            check(list, &format!("the brackets in port list '{list}' do not pair"));
        }
    }

    #[test]
    fn protocols() {
        check("T:22,80", "22,80");
        check("T:T:22", "22");
        check("22,T:23,24", "22-24");
        check("U:53", " not U");
        check("U:domain", " not U");
        check("22,U:53", "22 not U");
        check("22,U:53,S:7,U:9", "22 not U not S");
        check("22,P:1,icmp", "22 not P");
        check_for(BOTH, "53,T:22", "22,53/53");
        check_for(BOTH, "T:21-25,80,U:53,111", "21-25,80/53,111");
        check_for(BOTH, "T:-2,U:65535-", "1-2/65535");
        check_for(&[Protocol::Udp], "T:22,U:53", "53 not T");
        check("T:", "the port list 'T:' names no port");
        for (list, letter) in [("X:22", 'X'), ("t:22", 't'), ("ssh,a:b", 'a'), ("é:1", 'é')] {
            let expected =
                format!("unknown protocol '{letter}:' in port list '{list}': use T:, U:, S: or P:");
            check(list, &expected);
        }
    }

    #[test]
    fn protocols_of_ip() {
        let check = |list: &str, expected: &str| check_for(&[Protocol::Ip], list, expected);
        check("1,6-8", "1,6-8");
        check("-", "0-255");
        check("-3,250-", "0-3,250-255");
        check("icmp,P:gre,47", "1,47 Repeated");
        check("exp*", "253-254");
        check("[-]", "1,47,50,253-254");
        check("6,T:80,U:domain,P:50", "6,50 not T not U");
        check("T:80", " not T");
        for item in ["256", "0-256", "70000"] {
            let expected = format!("bad protocol '{item}' in '{item}': protocols are numbers");
            check(item, &format!("{expected} from 0 to 255, or names"));
        }
        check("http", "no protocol is called 'http' (in protocol list 'http')");
    }

    #[test]
    fn errors_name_the_item() {
        check("", "the port list '' names no port");
        for list in [",", ",22", "22,,23", "T:,22", "[22],,23"] {
            check(list, &format!("there is nothing before a comma in port list '{list}'"));
        }
        check("9-5", "bad port range '9-5' in '9-5': it runs backwards");
        check("1,-0", "bad port range '-0' in '1,-0': it runs backwards");
        check("U:9-5", "bad port range '9-5' in 'U:9-5': it runs backwards");
        check("22,65536", "bad port '65536' in '22,65536': ports are numbers from 0 to 65535");
        check("1-70000", "bad port '1-70000' in '1-70000': ports are numbers from 0 to 65535");
        for item in ["1-2-3", "22x", "--5", "5--", "1-5-", "22/tcp", "22[23", "-T:22", "22é"] {
            let expected = format!("bad port '{item}' in '7,{item},8': ports are numbers from 0");
            check(&format!("7,{item},8"), &format!("{expected} to 65535"));
        }
        check("nosuch", &no_service("nosuch", "nosuch"));
        check("+22", &no_service("+22", "+22"));
    }

    #[test]
    fn warnings_are_sentences() {
        let check = |warning: PortWarning, expected: &str| {
            assert_eq!(warning.to_string(), expected);
        };
        check(PortWarning::NotScanned('U'), "the port list has 'U:', but no UDP ports are scanned");
        check(
            PortWarning::NoPorts(Protocol::Udp),
            "no udp ports were chosen, so no udp ports are scanned",
        );
        let nothing = "no IP protocols were chosen, so none are scanned";
        check(PortWarning::NoPorts(Protocol::Ip), nothing);
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..30)) {
            let _ = parse_ports(&String::from_utf8_lossy(&bytes), TCP, &table());
        }

        #[test]
        fn never_panics_near_lists(list in "[-0-9,:TUPxs\\[\\]* ]{0,30}") {
            let _ = parse_ports(&list, BOTH, &table());
        }

        #[test]
        fn compact_lists_come_back(
            numbers in proptest::collection::btree_set(any::<u16>(), 1..60),
        ) {
            let ports: Vec<PortKey> = numbers.iter().map(|n| PortKey::tcp(*n)).collect();
            let text = compact_list(&ports, Protocol::Tcp);
            let spec = parse_ports(&text, TCP, &table()).expect("list");
            prop_assert_eq!(spec, PortSpec { ports, warnings: Vec::new() });
        }

        #[test]
        fn neighbours_come_back(
            from in 0_u16..200,
            ends in proptest::collection::vec(1_u16..9, 1..9),
        ) {
            let mut next = from;
            let mut ports = Vec::new();
            for (place, length) in ends.into_iter().enumerate() {
                if place % 2 == 0 {
                    ports.extend((next..next + length).map(PortKey::udp));
                }
                next += length;
            }
            let text = compact_list(&ports, Protocol::Udp);
            let spec = parse_ports(&text, &[Protocol::Udp], &table()).expect("list");
            prop_assert_eq!(spec.ports, ports);
        }
    }
}
