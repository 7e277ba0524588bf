//! One host and everything that a run learned of it.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use crate::os::OsFindings;
use crate::port::Reason;
use crate::port_table::PortTable;
use crate::registry::RegistryChange;
use crate::script::{ScriptResult, ScriptRun};
use crate::trace::Trace;

/// Whether a host answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HostStatus {
    /// It does.
    Up,
    /// It does not.
    Down,
    /// It was only listed (`-sL`), not asked.
    Unknown,
}

impl HostStatus {
    /// `up`, `down` or `unknown`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            HostStatus::Up => "up",
            HostStatus::Down => "down",
            HostStatus::Unknown => "unknown",
        }
    }
}

/// The round-trip estimator's values (RFC 6298 names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RoundTrip {
    /// Smoothed round-trip time.
    pub srtt: Duration,
    /// Its mean deviation.
    pub rttvar: Duration,
    /// How long a probe waits for its answer.
    pub timeout: Duration,
}

/// One host: what the scan and the scripts found.
#[derive(Clone, Debug)]
pub struct HostRecord {
    /// The address that was scanned.
    pub address: IpAddr,
    /// The name as the user typed it; `None` for addresses and ranges.
    pub target_name: Option<String>,
    /// Further addresses that `target_name` resolved to and that were not scanned.
    pub other_addresses: Vec<IpAddr>,
    /// Name from reverse DNS.
    pub reverse_name: Option<String>,
    /// Up, down, unknown.
    pub status: HostStatus,
    /// Why.
    pub reason: Reason,
    /// TTL of the packet that told; 0 unknown.
    pub reason_ttl: u8,
    /// Measured round trips; `None` where nothing was measured.
    pub times: Option<RoundTrip>,
    /// The local address that packets to the host leave from, when known.
    pub source: Option<IpAddr>,
    /// Name of the interface that packets to the host leave by, when known.
    pub interface: Option<String>,
    /// Its maximum transmission unit in bytes; 0 unknown.
    pub interface_mtu: u32,
    /// The host is on a directly connected network (or is this machine), when known.
    pub directly_connected: Option<bool>,
    /// Its Ethernet address, when known.
    pub mac: Option<[u8; 6]>,
    /// Who made the hardware with that address, when known.
    pub vendor: Option<String>,
    /// The way to it, where that was asked for.
    pub trace: Option<Trace>,
    /// What tells of its operating system, where that was asked for.
    pub os: Option<Box<OsFindings>>,
    /// Port states and details.
    pub ports: PortTable,
    /// Results of hostrule scripts, in the order in which they ended.
    pub scripts: Vec<ScriptResult>,
    /// How each hostrule and portrule script ended, in that order.
    pub runs: Vec<ScriptRun>,
    /// What scripts left in `host.registry` before the scan was broken off; nothing in one that was not.
    pub registry: Vec<RegistryChange>,
    /// The host used up `--host-timeout`; its results are not shown.
    pub timed_out: bool,
    /// When work on the host began.
    pub started: SystemTime,
    /// When its last script ended.
    pub finished: Option<SystemTime>,
}

impl HostRecord {
    /// A host of which nothing is known but its address.
    #[must_use]
    pub fn new(address: IpAddr, ports: PortTable, started: SystemTime) -> Self {
        HostRecord {
            address,
            target_name: None,
            other_addresses: Vec::new(),
            reverse_name: None,
            status: HostStatus::Unknown,
            reason: Reason::Unknown,
            reason_ttl: 0,
            times: None,
            source: None,
            interface: None,
            interface_mtu: 0,
            directly_connected: None,
            mac: None,
            vendor: None,
            trace: None,
            os: None,
            ports,
            scripts: Vec::new(),
            runs: Vec::new(),
            registry: Vec::new(),
            timed_out: false,
            started,
            finished: None,
        }
    }

    /// The name to show: the one that was typed, else the one from reverse DNS.
    #[must_use]
    pub fn display_name(&self) -> Option<&str> {
        self.target_name.as_deref().or(self.reverse_name.as_deref())
    }
}
