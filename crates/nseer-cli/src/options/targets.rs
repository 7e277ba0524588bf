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
            "resolve names to IPv6 addresses",
            "Resolves names to IPv6 addresses; with -4 too, to both. A target that is an address needs no option. \
            Scripts that look for hosts by themselves do so over IPv6, unless -4 is given too.",
            |s, u| u.flag(&mut s.ipv6),
        ),
        Opt::new(
            &["-4"],
            Value::None,
            "resolve names to IPv4 addresses (this is the default)",
            "Resolves names to IPv4 addresses, which is what happens without -6. With -6 too, a name stands \
            for its first address of each family.",
            |s, u| u.flag(&mut s.ipv4),
        ),
        Opt::not_built(&["-iR"], Value::Required("NUMBER"), "scan randomly chosen addresses", ""),
        Opt::new(
            &["--resolve-all"],
            Value::None,
            "scan every address that a name resolves to",
            "Scans every address that a name resolves to, of the families that -4 and -6 say, instead of the \
            first one.",
            |s, u| u.flag(&mut s.resolve_all),
        ),
        Opt::not_built(&["--unique"], Value::None, "scan each address only once", ""),
        Opt::new(
            &["--randomize-hosts"],
            Value::None,
            "scan the targets in random order",
            "Scans the targets in random order, all of them mixed, so that no network has much to bear at \
            once. Targets that scripts add come last.",
            |s, u| u.flag(&mut s.randomize_hosts),
        ),
        Opt::new(
            &["--seed"],
            Value::Required("NUMBER"),
            "make the random order of hosts and ports repeatable",
            "Makes the random order of hosts (--randomize-hosts) and ports the same in each run with the same \
            NUMBER, and says how --shard divides the work.",
            |s, u| u.store(&mut s.seed),
        ),
        Opt::new(
            &["--shard"],
            Value::Required("PART"),
            "scan only this part of all hosts and ports, as in 1/4",
            "With 1/4, divides the ports of all hosts into four parts without overlap and scans the first: four runs with \
            the same targets, ports and --seed, on as many machines, do the work of one. Each host is asked \
            for a share of its ports in each run; where it has fewer ports than there are parts, or none are scanned \
            (-sn, -sL), some runs leave it out. Without --seed it is 0.",
            |s, u| u.store(&mut s.shard),
        ),
    ],
};
