//! What the user decides about a scan, as checked values. Knows no option names.

use nseer_seam::System;

use crate::timing::Timing;

/// How it is found out whether a host is up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Discovery {
    /// It is taken for granted (`-Pn`).
    Skip,
    /// By connecting to these TCP ports: any answer from the host itself means that it is up.
    /// This machine's own addresses are up without asking.
    Connect(Vec<u16>),
}

/// The settings of one run's scan, shared by all hosts.
#[derive(Clone, Debug)]
pub struct ScanConfig {
    /// Speed and patience.
    pub timing: Timing,
    /// Host discovery.
    pub discovery: Discovery,
    /// Most sockets that the scan has open at a time, over all hosts; 0 counts as 1.
    pub max_sockets: usize,
    /// Ports are tried in ascending order (`-r`), instead of a random one.
    pub in_order: bool,
    /// Random numbers and files.
    pub system: System,
}
