//! Options that say which ports are scanned, and in which order.

use super::{Category, Complete, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Ports and their order",
    about: "Without these options the 1,000 ports that are most often open are scanned.",
    options: &[
        Opt::new(
            &["-p"],
            Value::Required("PORTS"),
            "scan these ports: 22,80 or 1-1024 or http* or - for all",
            "Scans these ports: a comma-separated list of numbers, ranges and service names, where \
            names may contain * and ?. An open end reaches to 1 or to 65535, so that - alone means \
            every port but 0. T:, U: and S: in front of an item say for which protocol it and those \
            after it count; with -sO items, after P: or not, are numbers and names of IP protocols. A range in brackets, as in [1-1024], takes only those of its ports that \
            the service table knows. The option may be given once.",
            |s, u| u.once(&mut s.ports),
        ),
        Opt::new(
            &["--exclude-ports"],
            Value::Required("PORTS"),
            "leave out these ports",
            "Leaves out these ports, whichever option chose them. They are written as for -p. The \
            option may be given once.",
            |s, u| u.once(&mut s.exclude_ports),
        ),
        Opt::new(
            &["-F"],
            Value::None,
            "scan fewer ports: the 100 most often open",
            "Scans the 100 ports that are most often open instead of the 1,000. It does not go \
            together with -p; --top-ports and --port-ratio win over it.",
            |s, u| u.flag(&mut s.fast),
        ),
        Opt::new(
            &["--top-ports"],
            Value::Required("NUMBER"),
            "scan the NUMBER ports that are most often open",
            "Scans the NUMBER ports (at least 1) that are most often open. With -p, the ports come \
            from among those that -p names.",
            |s, u| u.store(&mut s.top_ports),
        ),
        Opt::new(
            &["--port-ratio"],
            Value::Required("RATIO"),
            "scan ports that are open more often than RATIO (0 to 1)",
            "Scans the ports whose share of open ones in the service table is above RATIO, a number \
            from 0 up to, but not including, 1. With -p, the ports come from among those that -p \
            names.",
            |s, u| u.store(&mut s.port_ratio),
        ),
        Opt::new(
            &["-r"],
            Value::None,
            "scan ports in ascending order, not shuffled",
            "Scans the ports of a host in ascending order. Without it they are shuffled, except that \
            ports that are often open come early.",
            |s, u| u.flag(&mut s.sequential_ports),
        ),
        Opt::new(
            &["--servicedb"],
            Value::Required("FILE"),
            "take service names and frequencies from FILE",
            "Takes the names and frequencies of services from FILE, in the form of Nmap's \
            nmap-services, instead of the built-in table. As in Nmap, it implies -F; unlike there, \
            -p may be used with it.",
            |s, u| u.store(&mut s.service_file),
        )
        .complete(Complete::Files),
    ],
};
