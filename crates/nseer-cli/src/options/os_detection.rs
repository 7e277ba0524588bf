//! Options of operating system detection.

use super::{Category, Opt, Value};

pub(super) const CATEGORY: Category = Category {
    title: "Operating system",
    about: "Telling the operating system of a host from the way it answers.",
    options: &[
        Opt::new(
            &["-O"],
            Value::None,
            "find out the operating system",
            "Sends odd packets to an open and a closed TCP port and a closed UDP port of each host, and \
            compares the answers with the fingerprints of known systems: those of Nmap's file nmap-os-db \
            in the data directory, else a few of our own. Needs raw packets, and IPv4.",
            |s, u| u.flag(&mut s.systems),
        ),
        Opt::new(
            &["--osscan-limit"],
            Value::None,
            "with -O: only hosts with an open and a closed TCP port",
            "Leaves out hosts of which no open or no closed TCP port is known, since little can be told of \
            them.",
            |s, u| u.flag(&mut s.system_limit),
        ),
        Opt::new(
            &["--osscan-guess", "--fuzzy"],
            Value::None,
            "with -O: show guesses too",
            "Shows the systems that are most like the host where none is the same. Where the measurement \
            was not good, they are shown without the option.",
            |s, u| u.flag(&mut s.system_guesses),
        ),
        Opt::new(
            &["--max-os-tries"],
            Value::Required("NUMBER"),
            "with -O: how often to try at most, 1 to 50",
            "Measures so often at most until a known system is the same; 5 where the option is not given, \
            and 2 where the host has no open or no closed TCP port.",
            |s, u| u.store(&mut s.system_tries),
        ),
    ],
};
