//! Which ports a run scans: those of `-p`, or those that are most often open, less the excluded
//! ones.

use super::{PortSpec, PortSpecError, PortWarning, parse_ports};
use crate::port::{PortKey, Protocol};
use crate::service_table::ServiceTable;

/// How many ports of each protocol are scanned where the user does not say.
pub const DEFAULT_TOP: usize = 1000;

/// How many ports of each protocol `-F` scans.
pub const FAST_TOP: usize = 100;

/// How far down the table of services a scan goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PortLevel {
    /// The most frequent ports, so many of each protocol.
    Top(usize),
    /// The ports with at least this frequency, 0 to 1.
    Ratio(f64),
}

/// What the user says of ports.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PortChoice<'a> {
    /// The list of `-p`.
    pub list: Option<&'a str>,
    /// The list of `--exclude-ports`.
    pub exclude: Option<&'a str>,
    /// `-F`, `--top-ports`, `--port-ratio`. With a list it chooses among the list's ports.
    pub level: Option<PortLevel>,
}

/// The ports to scan. Without a list and a level they are the top [`DEFAULT_TOP`] of each protocol
/// of `scanned`, and of IP all protocols, or with a level those that have a name. Excluded ports are replaced by the next frequent ones where a number of ports is
/// asked for.
///
/// # Errors
/// [`PortSpecError`] where one of the lists is wrong. No error, but a warning for each protocol of
/// which no port is left.
pub fn choose_ports(
    choice: &PortChoice<'_>,
    scanned: &[Protocol],
    table: &ServiceTable,
) -> Result<PortSpec, PortSpecError> {
    let parse = |list: Option<&str>| list.map(|l| parse_ports(l, scanned, table)).transpose();
    let listed = parse(choice.list)?;
    let excluded = parse(choice.exclude)?.unwrap_or_default().ports;
    let level = match listed {
        Some(_) => choice.level,
        None => Some(choice.level.unwrap_or(PortLevel::Top(DEFAULT_TOP))),
    };
    let mut spec = listed.clone().unwrap_or_default();
    if scanned == [Protocol::Ip] && choice.level.is_none() && listed.is_none() {
        spec.ports = (0..=u8::MAX).map(PortKey::ip).collect();
        spec.ports.retain(|key| excluded.binary_search(key).is_err());
    } else if let Some(level) = level {
        let allowed = |key: &PortKey| {
            let listed = listed.as_ref().is_none_or(|l| l.ports.binary_search(key).is_ok());
            listed && excluded.binary_search(key).is_err()
        };
        let chosen = |protocol: &Protocol| at_level(level, *protocol, table, allowed);
        spec.ports = scanned.iter().flat_map(chosen).collect();
        spec.ports.sort_unstable();
        spec.ports.dedup();
    } else {
        spec.ports.retain(|key| excluded.binary_search(key).is_err());
    }
    let missing = |p: &&Protocol| !spec.ports.iter().any(|key| key.protocol == **p);
    let missing = scanned.iter().filter(missing).map(|p| PortWarning::NoPorts(*p));
    spec.warnings.extend(missing.collect::<Vec<_>>());
    Ok(spec)
}

fn at_level(
    level: PortLevel,
    protocol: Protocol,
    table: &ServiceTable,
    allowed: impl Fn(&PortKey) -> bool,
) -> Vec<PortKey> {
    match level {
        // Nobody counts how often protocols are open.
        _ if protocol == Protocol::Ip => {
            table.ranked(protocol).into_iter().filter(allowed).collect()
        }
        PortLevel::Top(count) => {
            table.ranked(protocol).into_iter().filter(allowed).take(count).collect()
        }
        PortLevel::Ratio(least) => {
            table.with_ratio(protocol, least).into_iter().filter(allowed).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::compact_list;
    use super::*;
    use crate::protocol_table::ProtocolTable;

    #[track_caller]
    fn check(choice: PortChoice<'_>, expected: &str) {
        let table = ServiceTable::new(
            b"a 80/tcp 0.5\nb 23/tcp 0.4\nc 443/tcp 0.3\nd 22/tcp 0.2\nd 53/udp 0.1\n".as_slice(),
        );
        let scanned = [Protocol::Tcp, Protocol::Udp];
        let got = match choose_ports(&choice, &scanned, &table) {
            Ok(spec) => {
                let [tcp, udp] = scanned.map(|p| compact_list(&spec.ports, p));
                let warnings: String = spec.warnings.iter().map(|w| format!(" {w:?}")).collect();
                format!("{tcp}/{udp}{warnings}")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "for {choice:?}");
    }

    fn choice<'a>(list: &'a str, exclude: &'a str, level: Option<PortLevel>) -> PortChoice<'a> {
        let given = |text: &'a str| (!text.is_empty()).then_some(text);
        PortChoice { list: given(list), exclude: given(exclude), level }
    }

    #[test]
    fn protocols_of_ip_are_all_or_those_with_names() {
        let table = ServiceTable::new(b"".as_slice())
            .with_protocols(ProtocolTable::new(b"icmp 1\ntcp 6\ngre 47\n"));
        let check = |choice: PortChoice<'_>, expected: &str| {
            let spec = choose_ports(&choice, &[Protocol::Ip], &table).expect("lists");
            assert_eq!(compact_list(&spec.ports, Protocol::Ip), expected, "for {choice:?}");
        };
        check(PortChoice::default(), "0-255");
        check(choice("", "5-250", None), "0-4,251-255");
        check(choice("", "tcp", Some(PortLevel::Top(FAST_TOP))), "1,47");
        check(choice("1-10", "tcp", None), "1-5,7-10");
    }

    #[test]
    fn levels() {
        check(PortChoice::default(), "22-23,80,443/53");
        check(choice("", "", Some(PortLevel::Top(2))), "23,80/53");
        check(choice("", "", Some(PortLevel::Ratio(0.4))), "23,80/ NoPorts(Udp)");
        check(choice("", "", Some(PortLevel::Ratio(0.0))), "22-23,80,443/53");
        check(choice("1-100", "", Some(PortLevel::Top(2))), "23,80/53");
        check(choice("T:22,36", "", Some(PortLevel::Top(5))), "22/ NoPorts(Udp)");
    }

    #[test]
    fn exclusions() {
        check(choice("22-24", "23", None), "22,24/22,24");
        check(choice("22-24", "T:23,U:1-", None), "22,24/ NoPorts(Udp)");
        check(choice("", "80,443", Some(PortLevel::Top(2))), "22-23/53");
        check(choice("", "a,d", None), "23,443/ NoPorts(Udp)");
        check(choice("T:22,22", "7,7", None), "22/ Repeated NoPorts(Udp)");
        check(choice("22", "9-5", None), "bad port range '9-5' in '9-5': it runs backwards");
    }
}
