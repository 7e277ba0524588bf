//! Options that say which hosts are meant.

use super::{Category, Complete, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Targets",
    about: "A target is an address, a name, a network such as 192.0.2.0/24, or an address with \
        ranges in its parts, such as 192.0.2.1-20,40. Options and targets stand in any order; \
        after a bare -- every word is a target.",
    options: &[
        Opt::new(
            &["-iL"],
            Value::Required("FILE"),
            "also scan the targets that FILE lists ('-': standard input)",
            "Reads further targets from FILE, separated by blanks, tabs or line ends; what follows \
            a # on a line is ignored. With - as the name, standard input is read. Targets on the \
            command line are scanned too. The option may be given once.",
            |s, u| u.once(&mut s.input_file),
        )
        .complete(Complete::Files),
        Opt::new(
            &["--exclude"],
            Value::Required("TARGETS"),
            "leave out these targets (comma-separated)",
            "Leaves out the targets of this comma-separated list, which are written like any other \
            target. Repeated uses add up.",
            |s, u| u.push(&mut s.exclude),
        ),
        Opt::new(
            &["--excludefile"],
            Value::Required("FILE"),
            "leave out the targets that FILE lists",
            "Leaves out the targets that FILE lists, in the form that -iL reads. It may be combined \
            with --exclude, and be given once.",
            |s, u| u.once(&mut s.exclude_file),
        )
        .complete(Complete::Files),
        Opt::new(
            &["-6"],
            Value::None,
            "scan over IPv6",
            "Targets are IPv6 addresses, and names are resolved to them.",
            |s, u| u.flag(&mut s.ipv6),
        ),
        Opt::new(
            &["-4"],
            Value::None,
            "scan over IPv4 (this is the default)",
            "Targets are IPv4 addresses, and names are resolved to them. This is what happens \
            without -6; together with -6 it is an error.",
            |s, u| u.flag(&mut s.ipv4),
        ),
        Opt::not_built(&["-iR"], Value::Required("NUMBER"), "scan randomly chosen addresses", ""),
        Opt::not_built(
            &["--resolve-all"],
            Value::None,
            "scan every address that a name resolves to",
            "",
        ),
        Opt::not_built(&["--unique"], Value::None, "scan each address only once", ""),
        Opt::not_built(
            &["--randomize-hosts"],
            Value::None,
            "scan the targets in random order",
            "",
        ),
    ],
};
