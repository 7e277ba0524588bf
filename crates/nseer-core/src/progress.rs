//! How far a run has come.

use std::time::{Duration, SystemTime};

/// A part of the work on one host. A host goes through those that the run has, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Whether it is up.
    Ping(PingScan),
    /// Its ports.
    Ports(PortScan),
    /// The way to it.
    Trace,
    /// Its name.
    Name,
    /// What runs on its ports.
    Versions,
    /// What system it runs.
    System,
    /// Its scripts.
    Scripts,
}

/// How it is found out whether a host is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PingScan {
    /// By ARP.
    Arp,
    /// By neighbour solicitation.
    Neighbour,
    /// By probes that cross routers.
    Probes,
}

/// How ports are scanned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "each is named after its scan")]
pub enum PortScan {
    Connect,
    Syn,
    Ack,
    Window,
    Maimon,
    Null,
    Fin,
    Xmas,
    Udp,
    SctpInit,
    SctpCookieEcho,
    Protocol,
}

impl Stage {
    /// Its name, as status lines have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Ping(PingScan::Arp) => "ARP Ping Scan",
            Stage::Ping(PingScan::Neighbour) => "ND Ping Scan",
            Stage::Ping(PingScan::Probes) => "Ping Scan",
            Stage::Ports(scan) => scan.as_str(),
            Stage::Trace => "Traceroute",
            Stage::Name => "Parallel DNS resolution",
            Stage::Versions => "Service Scan",
            Stage::System => "OS Scan",
            Stage::Scripts => "Script Scan",
        }
    }

    /// Its name as a task of the run.
    #[must_use]
    pub fn task_name(self) -> &'static str {
        match self {
            Stage::Versions => "Service scan",
            Stage::Scripts => "NSE",
            other => other.as_str(),
        }
    }
}

impl PortScan {
    /// Its name, which people and programs know from Nmap.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            PortScan::Connect => "Connect Scan",
            PortScan::Syn => "SYN Stealth Scan",
            PortScan::Ack => "ACK Scan",
            PortScan::Window => "Window Scan",
            PortScan::Maimon => "Maimon Scan",
            PortScan::Null => "NULL Scan",
            PortScan::Fin => "FIN Scan",
            PortScan::Xmas => "XMAS Scan",
            PortScan::Udp => "UDP Scan",
            PortScan::SctpInit => "SCTP INIT Scan",
            PortScan::SctpCookieEcho => "SCTP COOKIE-ECHO Scan",
            PortScan::Protocol => "IPProto Scan",
        }
    }
}

/// A task of a run: one stage of all its hosts, or scripts before or after them. It begins with its
/// first host, and ends when no host is left that may come to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// Its name, such as `SYN Stealth Scan`.
    pub name: String,
    /// Its stage; `None` for scripts before and after the hosts.
    pub stage: Option<Stage>,
    /// When it began, or ended.
    pub at: SystemTime,
    /// How long it took, once it has ended.
    pub elapsed: Duration,
    /// What there is to do (`2 hosts [4 ports/host]`), or was done (`8 total ports`).
    pub extent: Option<String>,
}

/// How far a run has come, at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The moment.
    pub now: SystemTime,
    /// Since the run began.
    pub elapsed: Duration,
    /// Hosts that are done.
    pub done: u64,
    /// Of these, the ones that were up.
    pub up: u64,
    /// Hosts that there are to scan, as far as is known; never fewer than were begun.
    pub expected: u64,
    /// Hosts at work by stage, without stages that have none.
    pub at_work: Vec<(Stage, usize)>,
    /// The part of the work that is done, 0 to 1; `None` where nothing tells.
    pub fraction: Option<f64>,
    /// How long the rest takes if it goes on like this; `None` where nothing tells.
    pub remaining: Option<Duration>,
    /// The tasks that have begun and not ended.
    pub tasks: Vec<TaskProgress>,
    /// What has been running for longest, the longest first.
    pub slowest: Vec<Slow>,
}

/// How far a task has come.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskProgress {
    /// Its name.
    pub name: String,
    /// The part of it that is done, 0 to 1; `None` where nothing tells.
    pub fraction: Option<f64>,
    /// How long the rest takes if it goes on like this; `None` where nothing tells.
    pub remaining: Option<Duration>,
}

/// Something that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slow {
    /// A script and where it runs, or a host and what is done there.
    pub what: String,
    /// For how long.
    pub since: Duration,
}
