//! Options that say how ports are scanned.

use nseer_core::progress::PortScan;

use super::{Category, Opt, Value};
use crate::settings::Settings;

pub(super) const CATEGORY: Category = Category {
    title: "Scan types",
    about: "The letters of several types may follow one -s, as in -sSU. At most one type of TCP \
        scan may be chosen, and -sO stands alone. Without any it is -sS for whoever may send raw packets, as root may, and \
        -sT for others.",
    options: &[
        Opt::new(
            &["-sS"],
            Value::None,
            "scan TCP ports with a SYN each (the default with privileges)",
            "Scans TCP ports by asking for a connection that is never made: an answer with SYN and \
            ACK means open, a reset closed, silence or an ICMP error filtered.",
            |s, _| add(s, PortScan::Syn),
        ),
        Opt::new(
            &["-sT"],
            Value::None,
            "scan TCP ports by connecting to them (the default without privileges)",
            "Scans TCP ports with full connections, for which no privileges are needed.",
            |s, _| add(s, PortScan::Connect),
        ),
        Opt::new(
            &["-sA"],
            Value::None,
            "TCP ACK scan: tells filtered ports from others",
            "Sends each TCP port an ACK that belongs to no connection: a reset means that the port is \
            not filtered, be it open or closed.",
            |s, _| add(s, PortScan::Ack),
        ),
        Opt::new(
            &["-sW"],
            Value::None,
            "TCP window scan: like -sA, and some hosts give open ports away",
            "Like -sA, but a reset with a window means open, one without means closed, which is true \
            of some systems only.",
            |s, _| add(s, PortScan::Window),
        ),
        Opt::new(
            &["-sM"],
            Value::None,
            "TCP Maimon scan (FIN and ACK)",
            "Sends each TCP port FIN and ACK: a reset means closed, silence open or filtered. Most \
            systems send a reset from open ports too.",
            |s, _| add(s, PortScan::Maimon),
        ),
        Opt::new(
            &["-sN"],
            Value::None,
            "TCP null scan (no flags)",
            "Sends each TCP port a segment without flags: a reset means closed, silence open or \
            filtered.",
            |s, _| add(s, PortScan::Null),
        ),
        Opt::new(
            &["-sF"],
            Value::None,
            "TCP FIN scan",
            "Sends each TCP port a FIN: a reset means closed, silence open or filtered.",
            |s, _| add(s, PortScan::Fin),
        ),
        Opt::new(
            &["-sX"],
            Value::None,
            "TCP Xmas scan (FIN, PSH and URG)",
            "Sends each TCP port FIN, PSH and URG: a reset means closed, silence open or filtered.",
            |s, _| add(s, PortScan::Xmas),
        ),
        Opt::new(
            &["-sU"],
            Value::None,
            "scan UDP ports",
            "Sends each UDP port a datagram, with a question of its usual protocol where one is \
            known: an answer means open, the ICMP error \"port unreachable\" closed, another ICMP \
            error filtered, silence open or filtered. It may be combined with a TCP scan.",
            |s, _| add(s, PortScan::Udp),
        ),
        Opt::new(
            &["-sY"],
            Value::None,
            "SCTP INIT scan",
            "Sends each SCTP port an INIT chunk: INIT ACK means open, ABORT closed, silence filtered.",
            |s, _| add(s, PortScan::SctpInit),
        ),
        Opt::new(
            &["-sZ"],
            Value::None,
            "SCTP COOKIE ECHO scan",
            "Sends each SCTP port a COOKIE ECHO chunk: ABORT means closed, silence open or filtered.",
            |s, _| add(s, PortScan::SctpCookieEcho),
        ),
        Opt::new(
            &["--scanflags"],
            Value::Required("FLAGS"),
            "TCP scan with these flags, as in SYNFIN or 0x3",
            "Sends TCP segments with these flags: names written one after another (URG, ACK, PSH, \
            RST, SYN, FIN, ECE, CWR, ALL, NONE) or a number. The scan type says how answers are read; \
            without one it is -sS.",
            |s, u| u.store(&mut s.scan_flags),
        ),
        Opt::new(
            &["-sO"],
            Value::None,
            "scan which protocols a host speaks over IP",
            "Sends the host a packet of each protocol that IP carries, or of those that -p names by number \
            (0 to 255) or name; -F takes those that have a name. A packet of the protocol, or \
            the ICMP error \"port unreachable\", means open, \"protocol unreachable\" closed, another \
            ICMP error filtered, silence open or filtered. It goes together with no other scan type, \
            and protocols have neither versions nor port scripts.",
            |s, _| add(s, PortScan::Protocol),
        ),
        Opt::not_built(&["-sI"], Value::Required("ZOMBIE"), "idle scan through a third host", ""),
        Opt::not_built(&["-b"], Value::Required("RELAY"), "scan through an FTP server", ""),
    ],
};

fn add(settings: &mut Settings, kind: PortScan) -> Result<(), crate::parse::ParseError> {
    if !settings.scan_types.contains(&kind) {
        settings.scan_types.push(kind);
    }
    Ok(())
}
