//! Options of speed and patience.

use super::{Category, Complete, Opt, Value};

/// The names of the templates that `-T` takes, slowest first; the index is the number.
pub(crate) const TEMPLATES: &[&str] =
    &["paranoid", "sneaky", "polite", "normal", "aggressive", "insane"];

pub(super) const CATEGORY: Category = Category {
    title: "Timing",
    about: "A TIME is a number with ms, s, m or h after it; a number alone counts seconds.",
    options: &[
        Opt::new(
            &["-T", "--timing"],
            Value::Required("TEMPLATE"),
            "timing template, 0 (slowest) to 5 (fastest), or its name; default 3",
            "Chooses a set of timing values: 0 or paranoid, 1 or sneaky, 2 or polite, 3 or normal \
            (the default), 4 or aggressive, 5 or insane. The options below win over the template, \
            wherever they stand.",
            |s, u| u.store(&mut s.timing),
        )
        .complete(Complete::Words(TEMPLATES)),
        Opt::new(
            &["--min-rate"],
            Value::Required("NUMBER"),
            "send at least NUMBER probes a second",
            "Tries to send at least NUMBER probes a second. Fractions are allowed.",
            |s, u| u.store(&mut s.min_rate),
        ),
        Opt::new(
            &["--max-rate"],
            Value::Required("NUMBER"),
            "send at most NUMBER probes a second",
            "Sends at most NUMBER probes a second over all hosts. Fractions are allowed: 0.1 is one \
            probe in ten seconds.",
            |s, u| u.store(&mut s.max_rate),
        ),
        Opt::new(
            &["--min-parallelism"],
            Value::Required("NUMBER"),
            "keep at least NUMBER probes in flight",
            "Keeps at least NUMBER probes (1 or more) in flight, even where the network seems to \
            lose them.",
            |s, u| u.store(&mut s.min_parallelism),
        ),
        Opt::new(
            &["--max-parallelism"],
            Value::Required("NUMBER"),
            "keep at most NUMBER probes in flight",
            "Keeps at most NUMBER probes (1 or more) in flight. Without it the number adapts to the \
            network and to the limit of open files.",
            |s, u| u.store(&mut s.max_parallelism),
        ),
        Opt::new(
            &["--initial-rtt-timeout"],
            Value::Required("TIME"),
            "how long the first probes wait for an answer",
            "Says how long a probe waits for its answer before anything is known of the network. It \
            must be more than 0.",
            |s, u| u.store(&mut s.initial_rtt),
        ),
        Opt::new(
            &["--min-rtt-timeout"],
            Value::Required("TIME"),
            "how long a probe waits at least",
            "Says how long a probe waits for its answer at least, however fast the network is.",
            |s, u| u.store(&mut s.min_rtt),
        ),
        Opt::new(
            &["--max-rtt-timeout"],
            Value::Required("TIME"),
            "how long a probe waits at most",
            "Says how long a probe waits for its answer at most, however slow the network is. It \
            must be at least 5ms.",
            |s, u| u.store(&mut s.max_rtt),
        ),
        Opt::new(
            &["--max-retries"],
            Value::Required("NUMBER"),
            "ask a silent port again at most NUMBER times",
            "Asks a port that does not answer again at most NUMBER times; 0 asks once.",
            |s, u| u.store(&mut s.max_retries),
        ),
        Opt::new(
            &["--host-timeout"],
            Value::Required("TIME"),
            "give up a host after TIME (0: never)",
            "Gives up a host that is not finished after TIME. 0 means never, which is the default of \
            all templates but -T5.",
            |s, u| u.store(&mut s.host_timeout),
        ),
        Opt::new(
            &["--scan-delay"],
            Value::Required("TIME"),
            "wait TIME between two probes to one host",
            "Waits at least TIME between two probes to the same host. Without it the time grows by itself \
            where a host limits how often it answers.",
            |s, u| u.store(&mut s.scan_delay),
        ),
        Opt::new(
            &["--max-scan-delay"],
            Value::Required("TIME"),
            "let the time between two probes to one host grow to TIME at most",
            "Says up to where the time between two probes to the same host grows where the host limits how \
            often it answers: 1s, and for TCP and SCTP 10ms with -T4 and 5ms with -T5. A short TIME \
            is quick, and may miss ports.",
            |s, u| u.store(&mut s.max_scan_delay),
        ),
        Opt::new(
            &["--defeat-rst-ratelimit"],
            Value::None,
            "do not slow down for limited resets",
            "Does not slow down where a host limits its resets, for a SYN scan (-sS) that is to find open \
            ports: some of the closed ports then seem filtered.",
            |s, u| u.flag(&mut s.defeat_resets),
        ),
        Opt::new(
            &["--defeat-icmp-ratelimit"],
            Value::None,
            "do not slow down for limited ICMP errors",
            "Does not slow down where a host limits its ICMP errors, for a UDP scan (-sU) that is to find \
            the ports that answer: the others are told as closed or filtered, though they may be open.",
            |s, u| u.flag(&mut s.defeat_errors),
        ),
        Opt::no_effect(
            &["--min-hostgroup"],
            Value::Required("NUMBER"),
            "accepted, no effect: hosts are not scanned in groups",
            "Accepted without effect: hosts are not scanned in groups, each is finished on its own.",
        ),
        Opt::no_effect(
            &["--max-hostgroup"],
            Value::Required("NUMBER"),
            "accepted, no effect: hosts are not scanned in groups",
            "Accepted without effect: hosts are not scanned in groups, each is finished on its own.",
        ),
        Opt::no_effect(
            &["--nsock-engine"],
            Value::Required("ENGINE"),
            "accepted, no effect: there is one way to wait for sockets",
            "Accepted without effect: there is one way to wait for sockets, the best that the system \
            has.",
        ),
        Opt::not_built(&["--nogcc"], Value::None, "no congestion control over all hosts", ""),
    ],
};
