//! Options that say how to tell which hosts are up, and how names are looked up.

use super::{Category, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Host discovery and names",
    about: "Before its ports are scanned, a host is asked whether it is up. This version asks by \
        connecting to TCP ports: an answer of any kind, a refusal too, means up.",
    options: &[
        Opt::new(
            &["-sL"],
            Value::None,
            "only list the targets and their names; send them nothing",
            "Lists the targets, with their names where names are looked up, and sends them nothing. \
            A list scan has no ports, so -p and -F are errors, and so is a port scan type.",
            |s, u| u.flag(&mut s.list_scan),
        ),
        Opt::new(
            &["-sn", "-sP"],
            Value::None,
            "only find out which hosts are up; scan no ports",
            "Finds out which hosts are up and scans no ports. Scripts that look at whole hosts still \
            run. -p, -F and port scan types are errors with it. -sP is the old name.",
            |s, u| u.flag(&mut s.ping_scan),
        ),
        Opt::new(
            &["-Pn", "-P0", "-PN"],
            Value::None,
            "take every host as up; skip discovery",
            "Takes every target as up and goes straight to its ports. -P0 and -PN are old names.",
            |s, u| u.flag(&mut s.skip_discovery),
        ),
        Opt::new(
            &["-PS"],
            Value::Optional("PORTS"),
            "ask by connecting to these TCP ports",
            "Asks whether a host is up by connecting to these TCP ports, which are glued on: \
            -PS22,80,443. Without ports a built-in choice is used. Where Nmap as root sends a lone \
            SYN, this version makes a connection and closes it. The option may be given once.",
            |s, mut u| {
                u.value.get_or_insert_default();
                u.once(&mut s.discovery_ports)
            },
        ),
        Opt::new(
            &["-n"],
            Value::None,
            "never look up the names of addresses",
            "Never looks up the names of addresses. Names that are targets are resolved all the \
            same.",
            |s, u| u.flag(&mut s.never_resolve),
        ),
        Opt::new(
            &["-R"],
            Value::None,
            "look up the names of all addresses, also of hosts that are down",
            "Looks up the names of all addresses. Without it, only those of hosts that are up are \
            looked up. -n wins over -R.",
            |s, u| u.flag(&mut s.always_resolve),
        ),
        Opt::new(
            &["--dns-servers"],
            Value::Required("SERVERS"),
            "ask these name servers (comma-separated addresses)",
            "Asks these name servers, a comma-separated list of addresses, instead of those of the \
            system. Repeated uses add up.",
            |s, u| u.push(&mut s.dns_servers),
        ),
        Opt::new(
            &["--system-dns"],
            Value::None,
            "look up names through the operating system",
            "Looks up the names of addresses through the operating system, one at a time, instead of \
            asking the name servers directly.",
            |s, u| u.flag(&mut s.system_dns),
        ),
        Opt::no_effect(
            &["--disable-arp-ping"],
            Value::None,
            "accepted, no effect: no ARP or ND request is sent anyway",
            "Accepted without effect: this version never sends ARP or neighbour discovery requests \
            of its own.",
        ),
        Opt::not_built(&["-PA"], Value::Optional("PORTS"), "discovery by TCP ACK", "-PS"),
        Opt::not_built(&["-PU"], Value::Optional("PORTS"), "discovery by UDP", "-PS"),
        Opt::not_built(&["-PY"], Value::Optional("PORTS"), "discovery by SCTP INIT", "-PS"),
        Opt::not_built(&["-PE"], Value::None, "discovery by ICMP echo", "-PS"),
        Opt::not_built(&["-PP"], Value::None, "discovery by ICMP timestamp", "-PS"),
        Opt::not_built(&["-PM"], Value::None, "discovery by ICMP address mask", "-PS"),
        Opt::not_built(
            &["-PO"],
            Value::Optional("PROTOCOLS"),
            "discovery by other IP protocols",
            "-PS",
        ),
        Opt::not_built(&["-PR"], Value::None, "discovery by ARP or neighbour discovery", "-PS"),
        Opt::not_built(
            &["--discovery-ignore-rst"],
            Value::None,
            "do not take a TCP reset as a sign of life",
            "",
        ),
        Opt::not_built(&["--traceroute"], Value::None, "trace the way to each host", ""),
    ],
};
