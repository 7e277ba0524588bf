//! What the user decides about a scan, as checked values. Knows no option names.

use nseer_seam::System;

use crate::timing::Timing;

/// How it is found out whether a host is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// It is not: every host counts as up (`-Pn`).
    Skip,
    /// By connecting to these TCP ports; any answer from the host itself means that it is up.
    /// This machine's own addresses are up without asking.
    Connect {
        /// The ports, tried at once.
        ports: Vec<u16>,
    },
}

/// The settings of one run's scan, shared by all hosts.
#[derive(Clone, Debug)]
pub struct ScanConfig {
    /// Time-outs, retries, rates and parallelism.
    pub timing: Timing,
    /// How hosts are found.
    pub discovery: Discovery,
    /// Most sockets that the scan has open at a time, over all hosts; 0 counts as 1.
    pub max_sockets: usize,
    /// Ports are tried in ascending order (`-r`) instead of a random one.
    pub in_order: bool,
    /// Random numbers and files.
    pub system: System,
}

impl ScanConfig {
    /// Random port order, no discovery, Nmap's normal timing (`-T3`).
    #[must_use]
    pub fn new(max_sockets: usize, system: System) -> Self {
        ScanConfig {
            timing: Timing::template(3),
            discovery: Discovery::Skip,
            max_sockets,
            in_order: false,
            system,
        }
    }
}
