//! What the user decides about a scan, as checked values. Knows no option names.

use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use nseer_seam::System;

use crate::technique::{Aim, Technique};
use crate::timing::Timing;

/// Takes what keeps packets from being sent to an address; the same may come for each packet.
pub type Trouble = Arc<dyn Fn(IpAddr, &io::Error) + Send + Sync>;

/// Gives the number of the interface on whose link an address is, for those that are the same on every link
/// (RFC 4007); 0 for all others, and where it is not known.
pub type ZoneOf = Arc<dyn Fn(Ipv6Addr) -> u32 + Send + Sync>;

/// How it is found out whether a host is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// It is taken for granted (`-Pn`).
    Skip,
    /// By these probes: any answer from the host itself means that it is up. This machine's own
    /// addresses are up without asking. Those that IPv6 does not have are left out there.
    Ask(Vec<Aim>),
}

/// The settings of one run's scan, shared by all hosts.
#[derive(Clone)]
pub struct ScanConfig {
    /// Speed and patience.
    pub timing: Timing,
    /// Host discovery.
    pub discovery: Discovery,
    /// Hosts on an Ethernet of this machine's are asked by [`Technique::Link`], and by nothing
    /// else, whatever `discovery` says. Needs raw sockets.
    pub ask_link: bool,
    /// How ports are scanned, one technique for each protocol; ports of other protocols are not
    /// asked.
    pub techniques: Vec<Technique>,
    /// Most probes in flight, over all hosts (for connect scans: sockets); 0 counts as 1.
    pub max_in_flight: usize,
    /// The way to each host is traced (`--traceroute`). Needs raw sockets.
    pub trace: bool,
    /// Ports are tried in ascending order (`-r`), instead of a random one.
    pub in_order: bool,
    /// Makes the random order the same in each run: the order of a host's ports then follows from it and
    /// the host's address.
    pub seed: Option<u64>,
    /// Where hosts with link-local addresses are.
    pub zone: ZoneOf,
    /// Random numbers and files.
    pub system: System,
    /// Is told where there is no way to a host.
    pub trouble: Trouble,
}
