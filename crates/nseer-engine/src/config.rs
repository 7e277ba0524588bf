//! What the engine is told before it starts.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use nseer_core::{EventSink, KeptRegistry, Levels, PortKey};
use nseer_net::Network;
use nseer_seam::System;

use crate::data_dir::DataDirs;
use crate::script_args::ArgTable;
use crate::selection::SelectedScript;
use crate::workbench::Workbench;

/// Takes the targets that scripts find.
pub trait NewTargets: Send + Sync {
    /// Queues a target expression, right or wrong. Gives false where targets are not taken; one that is
    /// already known counts as queued.
    fn add(&self, target: &str) -> bool;
    /// How many targets wait to be scanned.
    fn waiting(&self) -> usize;
    /// How many different targets were ever added.
    fn added(&self) -> usize;
}

/// What becomes of the registries in a scan that may be broken off and go on.
#[derive(Clone, Default)]
pub struct KeptRegistries {
    /// What scripts that end leave in them is told, as [`nseer_core::Event::RegistryChanged`].
    pub is_told: bool,
    /// What an earlier run left in `nmap.registry`. (What it left in that of a host comes with the host.)
    pub left: Arc<[KeptRegistry]>,
}

/// Everything that the engine needs to know.
#[derive(Clone)]
pub struct EngineConfig {
    /// Files, clock, random numbers.
    pub system: System,
    /// Where scripts and libraries are looked for.
    pub data: Arc<DataDirs>,
    /// The network as scripts may use it.
    pub network: Network,
    /// Takes what happens.
    pub events: Arc<dyn EventSink>,
    /// Takes targets that scripts add.
    pub new_targets: Arc<dyn NewTargets>,
    /// The scripts, in the order in which they are to be loaded.
    pub scripts: Vec<SelectedScript>,
    /// `nmap.registry.args`.
    pub script_args: ArgTable,
    /// Number of Lua states; `None` lets the engine decide.
    pub workers: Option<NonZeroUsize>,
    /// More than one host will come, so that all states may be made at once.
    pub many_hosts: bool,
    /// Levels of `-v` and `-d`, and `--script-trace`.
    pub levels: Arc<Levels>,
    /// Level of `-T`.
    pub timing_level: u8,
    /// `--version-intensity`.
    pub version_intensity: u8,
    /// Ports that version detection leaves alone, sorted.
    pub excluded_ports: Arc<[PortKey]>,
    /// `--script-timeout`.
    pub script_timeout: Option<Duration>,
    /// How long one resume of a script may compute without waiting.
    pub compute_limit: Duration,
    /// Scan over IPv6; what scripts take for the family where they are for no host.
    pub ipv6: bool,
    /// The user may send raw packets.
    pub privileged: bool,
    /// `-e`.
    pub interface: Option<String>,
    /// `--ttl`.
    pub ttl: Option<u8>,
    /// Bytes that raw packets carry besides.
    pub payload_length: usize,
    /// Most script threads that may hold sockets to one host at a time.
    pub slots_per_host: usize,
    /// What becomes of the registries.
    pub registry: KeptRegistries,
    /// The process ends soon after the run, which gives back what the Lua states hold in less time than the engine.
    pub process_ends: bool,
    /// What a workbench for scripts wants.
    pub workbench: Workbench,
}
