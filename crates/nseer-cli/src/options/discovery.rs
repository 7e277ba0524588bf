//! Options that say how to tell which hosts are up, and how names are looked up.

use std::ffi::OsString;

use super::{Category, Opt, Value};
use crate::parse::ParseError;
use crate::settings::{PingType, Settings};

pub(super) const CATEGORY: Category = Category {
    title: "Host discovery and names",
    about: "Before its ports are scanned, a host is asked whether it is up; an answer of any kind, a \
        refusal too, means up. With privileges it is asked by ICMP echo and timestamp requests, a SYN \
        to port 443 and an ACK to port 80, and on the same Ethernet by ARP alone; without them by \
        connections to ports 80 and 443.",
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
            "ask with a TCP SYN to these ports (default 80)",
            "Asks whether a host is up with a TCP SYN to these ports, which are glued on: -PS22,80,443. \
            Without privileges it makes a connection instead, and closes it.",
            |s, u| add(s, PingType::Syn, u.value),
        ),
        Opt::new(
            &["-PA", "-PT"],
            Value::Optional("PORTS"),
            "ask with a TCP ACK to these ports (default 80)",
            "Asks whether a host is up with a TCP ACK to these ports, which a host answers with a reset. \
            Without privileges it makes a connection instead, and closes it. -PT is the old name.",
            |s, u| add(s, PingType::Ack, u.value),
        ),
        Opt::new(
            &["-PU"],
            Value::Optional("PORTS"),
            "ask with a datagram to these ports (default 40125)",
            "Asks whether a host is up with a datagram to these UDP ports; a closed port answers with an \
            ICMP error.",
            |s, u| add(s, PingType::Udp, u.value),
        ),
        Opt::new(
            &["-PY"],
            Value::Optional("PORTS"),
            "ask with an SCTP INIT to these ports (default 80)",
            "Asks whether a host is up with an SCTP INIT chunk to these ports.",
            |s, u| add(s, PingType::Sctp, u.value),
        ),
        Opt::new(
            &["-PE", "-PI"],
            Value::None,
            "ask with an ICMP echo request",
            "Asks whether a host is up with an ICMP echo request, as ping does. -PI is the old name.",
            |s, _| add(s, PingType::Echo, None),
        ),
        Opt::new(
            &["-PP"],
            Value::None,
            "ask with an ICMP timestamp request",
            "Asks whether a host is up with an ICMP timestamp request (IPv4 only).",
            |s, _| add(s, PingType::Timestamp, None),
        ),
        Opt::new(
            &["-PB"],
            Value::Optional("PORTS"),
            "ask with -PE, -PP and -PA together",
            "Asks whether a host is up in three ways: with an ICMP echo request, an ICMP timestamp request \
            and a TCP ACK to these ports. An old short form of -PE -PP -PAPORTS.",
            |s, u| {
                add(s, PingType::Echo, None)?;
                add(s, PingType::Timestamp, None)?;
                add(s, PingType::Ack, u.value)
            },
        ),
        Opt::new(
            &["-PM"],
            Value::None,
            "ask with an ICMP address mask request",
            "Asks whether a host is up with an ICMP address mask request (IPv4 only).",
            |s, _| add(s, PingType::AddressMask, None),
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
        Opt::new(
            &["--disable-arp-ping"],
            Value::None,
            "do not ask by ARP or neighbour discovery on the same Ethernet",
            "Asks hosts on the same Ethernet like all others, not by ARP or neighbour discovery.",
            |s, u| u.flag(&mut s.no_link_ping),
        ),
        Opt::new(
            &["-PO"],
            Value::Optional("PROTOCOLS"),
            "ask with packets of these IP protocols (default 1,2,4)",
            "Asks whether a host is up with a packet of each of these IP protocols, which are numbers or \
            names; a host that does not speak a protocol answers with an ICMP error.",
            |s, u| add(s, PingType::Protocol, u.value),
        ),
        Opt::no_effect(
            &["-PR"],
            Value::None,
            "accepted, no effect: hosts on the same Ethernet are asked by ARP anyway",
            "Accepted without effect: with privileges, hosts on the same Ethernet are asked by ARP or \
            neighbour discovery anyway.",
        ),
        Opt::not_built(
            &["--discovery-ignore-rst"],
            Value::None,
            "do not take a TCP reset as a sign of life",
            "",
        ),
        Opt::new(
            &["--traceroute"],
            Value::None,
            "trace the way to each host",
            "Traces the way to each host: what it answered is sent again with a small time to live, and \
            the routers on the way tell of themselves.",
            |s, u| u.flag(&mut s.traceroute),
        ),
    ],
};

fn add(settings: &mut Settings, kind: PingType, ports: Option<OsString>) -> Result<(), ParseError> {
    settings.pings.push((kind, ports));
    Ok(())
}
