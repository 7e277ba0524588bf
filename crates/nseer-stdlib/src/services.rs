//! The embedded table of service names and port frequencies, `data/services.txt`.

use nseer_core::ServiceTable;

/// The embedded table. It costs nothing until something is looked up.
#[must_use]
pub fn table() -> ServiceTable {
    ServiceTable::new(include_bytes!("../data/services.txt").as_slice())
}

#[cfg(test)]
mod tests {
    use nseer_core::{PortKey, Protocol, ServiceNames};

    use super::*;

    #[test]
    fn every_line_is_a_port_of_its_own() {
        let table = table();
        assert_eq!(table.skipped(), 0);
        let text = include_str!("../data/services.txt");
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        let ports: usize = Protocol::ALL.iter().map(|p| table.ranked(*p).len()).sum();
        assert_eq!(ports, lines);
    }

    #[test]
    fn the_default_scans_are_full() {
        let table = table();
        assert_eq!(table.top(Protocol::Tcp, 1000).len(), 1000);
        assert_eq!(table.top(Protocol::Udp, 100).len(), 100);
        let seen = |protocol| table.with_ratio(protocol, f64::MIN_POSITIVE).len();
        assert!(seen(Protocol::Tcp) >= 1000, "{}", seen(Protocol::Tcp));
        assert!(seen(Protocol::Udp) >= 150, "{}", seen(Protocol::Udp));
    }

    #[test]
    fn places_in_the_order_are_distinct() {
        let text = include_str!("../data/services.txt");
        for protocol in Protocol::ALL {
            let suffix = format!("/{protocol}");
            let rows = text.lines().filter(|line| !line.starts_with('#'));
            let mut figures: Vec<&str> = rows
                .map(|line| line.split('\t').collect::<Vec<_>>())
                .filter(|fields| fields[1].ends_with(&suffix))
                .filter_map(|fields| fields.get(2).copied())
                .collect();
            let all = figures.len();
            figures.sort_unstable();
            figures.dedup();
            assert_eq!(figures.len(), all, "{protocol}");
        }
    }

    #[test]
    fn common_ports_come_first() {
        let table = table();
        let top = table.top(Protocol::Tcp, 100);
        for port in [21, 22, 23, 25, 53, 80, 110, 111, 113, 139, 143, 443, 445, 3306, 3389, 8080] {
            assert!(table.top(Protocol::Tcp, 110).contains(&PortKey::tcp(port)), "{port}");
        }
        assert_eq!(top[..2], [PortKey::tcp(80), PortKey::tcp(443)]);
        let top = table.top(Protocol::Udp, 20);
        for port in [53, 67, 123, 137, 161, 500, 1900, 5353] {
            assert!(top.contains(&PortKey::udp(port)), "{port}");
        }
    }

    #[test]
    fn names_are_the_registered_ones() {
        let table = table();
        for (port, name) in [(22, "ssh"), (80, "http"), (113, "auth"), (443, "https")] {
            assert_eq!(table.name(PortKey::tcp(port)), Some(name), "{port}");
        }
        assert_eq!(table.name(PortKey::udp(161)), Some("snmp"));
        // Registered ports that are seldom open have their names too; one that is not registered has
        // the name in common use.
        for (port, name) in [(3343, "ms-cluster-net"), (9595, "pds"), (8649, "ganglia")] {
            assert_eq!(table.name(PortKey::tcp(port)), Some(name), "{port}");
        }
        assert_eq!(table.name(PortKey::tcp(49152)), Some("unknown"));
        assert_eq!(table.name(PortKey::tcp(47)), None);
    }
}
