//! What was typed: the result of reading a command line, before anything is checked.
//!
//! Values are the raw words, because a value may be a file name that is no text. What they mean,
//! and whether they go together, is for [`crate::plan`].

use std::ffi::OsString;

use nseer_core::progress::PortScan;

/// Everything that a command line asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// A page to print instead of a scan; reading stopped at the option that asked for it.
    pub page: Option<PageRequest>,
    /// Options of Nmap that were used although this version does not have them.
    pub not_built: Vec<&'static str>,

    /// The words that are no options.
    pub targets: Vec<OsString>,
    /// `-iL`.
    pub input_file: Option<OsString>,
    /// `--exclude`, each use.
    pub exclude: Vec<OsString>,
    /// `--excludefile`.
    pub exclude_file: Option<OsString>,
    /// `-4`.
    pub ipv4: bool,
    /// `-6`.
    pub ipv6: bool,
    /// `--resolve-all`.
    pub resolve_all: bool,
    /// `--randomize-hosts`.
    pub randomize_hosts: bool,
    /// `--seed`.
    pub seed: Option<OsString>,
    /// `--shard`.
    pub shard: Option<OsString>,

    /// `-sL`.
    pub list_scan: bool,
    /// `-sn`.
    pub ping_scan: bool,
    /// `-sS`, `-sT`, `-sU` and their like, in the order typed.
    pub scan_types: Vec<PortScan>,
    /// `--scanflags`.
    pub scan_flags: Option<OsString>,
    /// `-Pn`.
    pub skip_discovery: bool,
    /// `-PS`, `-PE` and their like, in the order typed, each with its ports.
    pub pings: Vec<(PingType, Option<OsString>)>,
    /// `--traceroute`.
    pub traceroute: bool,
    /// `-A`.
    pub aggressive: bool,
    /// `--disable-arp-ping`, or `--send-ip`, which implies it.
    pub no_link_ping: bool,
    /// `-n`.
    pub never_resolve: bool,
    /// `-R`.
    pub always_resolve: bool,
    /// `--dns-servers`, each use.
    pub dns_servers: Vec<OsString>,
    /// `--system-dns`.
    pub system_dns: bool,

    /// `-e`.
    pub interface: Option<OsString>,
    /// `-S`.
    pub source_address: Option<OsString>,
    /// `-g`.
    pub source_port: Option<OsString>,
    /// `--ttl`.
    pub ttl: Option<OsString>,
    /// `--data`, `--data-string` and `--data-length`, each use.
    pub packet_data: Vec<(PacketData, OsString)>,
    /// `--badsum`.
    pub bad_checksum: bool,
    /// The last of `--privileged` (true) and `--unprivileged`.
    pub privileged: Option<bool>,

    /// `-p`.
    pub ports: Option<OsString>,
    /// `--exclude-ports`.
    pub exclude_ports: Option<OsString>,
    /// `-F`.
    pub fast: bool,
    /// `--top-ports`.
    pub top_ports: Option<OsString>,
    /// `--port-ratio`.
    pub port_ratio: Option<OsString>,
    /// `-r`.
    pub sequential_ports: bool,

    /// `-sV`.
    pub versions: bool,
    /// The last of `--version-intensity`, `--version-light` and `--version-all`.
    pub version_intensity: Option<OsString>,
    /// `--version-trace`.
    pub version_trace: bool,
    /// `--versiondb`.
    pub version_file: Option<OsString>,
    /// `--allports`.
    pub version_all_ports: bool,

    /// `-O`.
    pub systems: bool,
    /// `--osscan-limit`.
    pub system_limit: bool,
    /// `--osscan-guess`.
    pub system_guesses: bool,
    /// `--max-os-tries`.
    pub system_tries: Option<OsString>,

    /// `-sC`.
    pub default_scripts: bool,
    /// `--script`, each use.
    pub scripts: Vec<OsString>,
    /// `--script-args`.
    pub script_args: Option<OsString>,
    /// `--script-args-file`.
    pub script_args_file: Option<OsString>,
    /// `--script-help`, each use.
    pub script_help: Vec<OsString>,
    /// `--script-updatedb`.
    pub update_script_database: bool,
    /// `--script-timeout`.
    pub script_timeout: Option<OsString>,
    /// `--script-trace`.
    pub script_trace: bool,
    /// `--script-profile`.
    pub script_profile: bool,
    /// `--script-workers`.
    pub script_workers: Option<OsString>,
    /// `--script-cpu-limit`.
    pub script_cpu_limit: Option<OsString>,

    /// `-T`.
    pub timing: Option<OsString>,
    /// `--min-rate`.
    pub min_rate: Option<OsString>,
    /// `--max-rate`.
    pub max_rate: Option<OsString>,
    /// `--min-parallelism`.
    pub min_parallelism: Option<OsString>,
    /// `--max-parallelism`.
    pub max_parallelism: Option<OsString>,
    /// `--initial-rtt-timeout`.
    pub initial_rtt: Option<OsString>,
    /// `--min-rtt-timeout`.
    pub min_rtt: Option<OsString>,
    /// `--max-rtt-timeout`.
    pub max_rtt: Option<OsString>,
    /// `--max-retries`.
    pub max_retries: Option<OsString>,
    /// `--host-timeout`.
    pub host_timeout: Option<OsString>,
    /// `--scan-delay`.
    pub scan_delay: Option<OsString>,
    /// `--max-scan-delay`.
    pub max_scan_delay: Option<OsString>,
    /// `--defeat-rst-ratelimit`.
    pub defeat_resets: bool,
    /// `--defeat-icmp-ratelimit`.
    pub defeat_errors: bool,

    /// `-oN`, `-oX`, `-oG`, `-oJ`, `--report` in the order typed; `-oA` counts as the first three.
    pub outputs: Vec<(Format, OsString)>,
    /// `--store`.
    pub store: Option<OsString>,
    /// `--append-output`.
    pub append_output: bool,
    /// `-v` and `-d`, 0 to 10.
    pub verbosity: u8,
    /// `-v0` was the last word on verbosity: nothing on the screen.
    pub quiet: bool,
    /// `-d`, 0 to 10.
    pub debug: u8,
    /// `--open`.
    pub open_only: bool,
    /// `--reason`.
    pub reasons: bool,
    /// `--stats-every`.
    pub stats_every: Option<OsString>,
    /// `--noninteractive`.
    pub no_interaction: bool,
    /// `--packet-trace`.
    pub packet_trace: bool,
    /// The last of `--stylesheet`, `--webxml` and `--no-stylesheet`.
    pub stylesheet: Option<StylesheetRequest>,

    /// `--datadir`.
    pub data_folder: Option<OsString>,
    /// `--servicedb`.
    pub service_file: Option<OsString>,
}

/// The most that `-v` and `-d` count to.
pub const MAX_LEVEL: u8 = 10;

/// A page to print instead of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PageRequest {
    /// `-h`.
    Summary,
    /// `--help`.
    Help,
    /// `-V`.
    Version,
    /// `--generate`, with what was asked for.
    Generate(OsString),
    /// `--iflist`.
    Interfaces,
}

/// A way to ask whether a host is up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PingType {
    /// `-PS`.
    Syn,
    /// `-PA`.
    Ack,
    /// `-PU`.
    Udp,
    /// `-PY`.
    Sctp,
    /// `-PE`.
    Echo,
    /// `-PP`.
    Timestamp,
    /// `-PM`.
    AddressMask,
    /// `-PO`.
    Protocol,
}

/// How the bytes that packets carry are given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketData {
    /// `--data`.
    Hex,
    /// `--data-string`.
    Text,
    /// `--data-length`.
    Random,
}

/// A format of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// What people read.
    Normal,
    /// XML.
    Xml,
    /// One line a host.
    Grepable,
    /// JSON lines.
    Json,
    /// A page for a browser.
    Html,
}

/// What the XML output is to say of its stylesheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StylesheetRequest {
    /// `--stylesheet`.
    Named(OsString),
    /// `--webxml`.
    Web,
    /// `--no-stylesheet`.
    Absent,
}
