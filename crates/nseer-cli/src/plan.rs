//! What is to be done: the settings after every value was read and every contradiction found.
//!
//! No file is opened and no name resolved here. Port lists and targets stay text, because they
//! can be read only with a service table and a resolver.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::num::NonZeroUsize;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use nseer_core::progress::PortScan;

use crate::page::Page;
use crate::settings::{Format, PageRequest, PingType, Settings, StylesheetRequest};

mod check;
mod error;
mod scan;
mod systems;
mod targets;
#[cfg(test)]
mod tests;
mod timing;
mod versions;

pub use error::PlanError;
pub use scan::{PacketBytes, PacketPlan, ScanPlan, scan_option};
pub use systems::SystemPlan;
pub use targets::{Families, Input, Shard, TargetPlan};
pub use timing::TimingPlan;
pub use versions::VersionPlan;

use check::{ports_text, positive, ratio, refuse_not_built, text, texts, time};

/// How long a script may compute without waiting, where `--script-cpu-limit` does not say.
pub const DEFAULT_CPU_LIMIT: Duration = Duration::from_secs(30);

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Print a page, and nothing else.
    Print(Page),
    /// List the machine's interfaces, and nothing else.
    Interfaces,
    /// Scan, run scripts, or describe them.
    Run(Box<Plan>),
}

/// A run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Which hosts.
    pub targets: TargetPlan,
    /// How far the scan goes.
    pub depth: Depth,
    /// How hosts are found and named.
    pub discovery: DiscoveryPlan,
    /// How ports are scanned.
    pub scan: ScanPlan,
    /// Which ports.
    pub ports: PortPlan,
    /// How versions of services are found out, if at all.
    pub versions: VersionPlan,
    /// How operating systems are found out, if at all.
    pub systems: SystemPlan,
    /// Which scripts.
    pub scripts: ScriptPlan,
    /// How fast.
    pub timing: TimingPlan,
    /// What is shown and written.
    pub output: OutputPlan,
    /// `--datadir`.
    pub data_folder: Option<PathBuf>,
    /// `--servicedb`.
    pub service_file: Option<PathBuf>,
}

/// How far the scan goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Only list the targets.
    List,
    /// Find out which hosts are up.
    Hosts,
    /// Scan ports.
    Ports,
}

/// Whether something is done that needs raw packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is not.
    Never,
    /// It is where raw packets may be sent.
    WhereAllowed,
    /// It must be.
    Always,
}

impl Wanted {
    /// Whether it is done, where raw packets may or may not be sent.
    #[must_use]
    pub fn is_done(self, may_send: bool) -> bool {
        match self {
            Wanted::Never => false,
            Wanted::WhereAllowed => may_send,
            Wanted::Always => true,
        }
    }
}

/// How hosts are found and named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DiscoveryPlan {
    /// Take every host as up.
    pub skip: bool,
    /// How, each with its ports where there are some; empty where the default is to be used.
    pub pings: Vec<(PingType, Option<String>)>,
    /// Trace the way to each host.
    pub trace: Wanted,
    /// Do not ask by ARP or neighbour discovery.
    pub no_link_ping: bool,
    /// Whose names are looked up.
    pub names: Names,
    /// The name servers to ask, as text; those of the system where empty.
    pub servers: Vec<String>,
    /// Look names up through the operating system.
    pub system_resolver: bool,
}

/// Whose names are looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// Nobody's.
    Never,
    /// Those of hosts that are up.
    Up,
    /// Everybody's.
    Always,
}

/// Which ports are scanned. Where `top` and `ratio` are both given, a port must satisfy both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PortPlan {
    /// The port list of `-p`; the others choose from it.
    pub listed: Option<String>,
    /// The 100 ports of `-F`.
    pub fast: bool,
    /// The number of `--top-ports`, at least 1.
    pub top: Option<usize>,
    /// The ratio of `--port-ratio`, from 0 up to but not including 1.
    pub ratio: Option<f64>,
    /// The port list of `--exclude-ports`.
    pub exclude: Option<String>,
    /// Ascending order.
    pub sequential: bool,
}

/// Which scripts run, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptPlan {
    /// The values of `--script`, or `default` for a bare `-sC`. No script runs where it is empty.
    pub rules: Vec<String>,
    /// The value of `--script-args`, which need not be text.
    pub args: Option<OsString>,
    /// `--script-args-file`.
    pub args_file: Option<PathBuf>,
    /// The values of `--script-help`; where there are any, describe and scan nothing.
    pub help: Vec<String>,
    /// Write `script.db` first.
    pub update_database: bool,
    /// `--script-timeout`; zero means never, `None` leaves it to the template.
    pub timeout: Option<Duration>,
    /// Show what scripts send and receive.
    pub trace: bool,
    /// Show what each script took.
    pub profile: bool,
    /// How many Lua states; `None` leaves it to the engine.
    pub workers: Option<NonZeroUsize>,
    /// How long one resume may compute; `None` means without limit.
    pub cpu_limit: Option<Duration>,
}

/// What is shown and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputPlan {
    /// One entry for each format asked for; at most one goes to standard output.
    pub files: Vec<OutputFile>,
    /// Keep the scan here.
    pub store: Option<PathBuf>,
    /// Add to files.
    pub append: bool,
    /// 0 to 10.
    pub verbosity: u8,
    /// Nothing on the screen (`-v0`).
    pub quiet: bool,
    /// 0 to 10.
    pub debug: u8,
    /// Packets of the scan are shown.
    pub packets: bool,
    /// Only open ports.
    pub open_only: bool,
    /// Reasons too.
    pub reasons: bool,
    /// Progress so often.
    pub stats_every: Option<Duration>,
    /// Somebody may see a line that changes and press keys.
    pub interactive: bool,
    /// What XML says of its stylesheet.
    pub stylesheet: Stylesheet,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Its format.
    pub format: Format,
    /// Where it goes; `None` is standard output.
    pub path: Option<PathBuf>,
}

/// What XML says of its stylesheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stylesheet {
    /// The usual one.
    Default,
    /// The one that the Nmap project publishes.
    Web,
    /// This one.
    Named(String),
    /// Nothing.
    Absent,
}

/// Checks settings.
///
/// # Errors
/// [`PlanError`] for the first thing that is wrong.
pub fn plan(settings: &Settings) -> Result<Command, PlanError> {
    if let Some(page) = &settings.page {
        return page_of(page);
    }
    refuse_not_built(&settings.not_built)?;
    let depth = depth(settings)?;
    let plan = Plan {
        depth,
        discovery: discovery(settings)?,
        scan: scan_plan(settings)?,
        ports: ports(settings)?,
        versions: versions::versions(settings, depth)?,
        systems: systems::systems(settings, depth)?,
        scripts: scripts(settings)?,
        timing: timing::timing(settings)?,
        output: output(settings)?,
        targets: targets::targets(settings)?,
        data_folder: settings.data_folder.as_ref().map(PathBuf::from),
        service_file: settings.service_file.as_ref().map(PathBuf::from),
    };
    if plan.has_nothing_to_do() {
        return Err(PlanError::NoTargets);
    }
    Ok(Command::Run(Box::new(plan)))
}

impl Plan {
    /// True where scripts may run: those that were asked for, or those that find out versions.
    #[must_use]
    pub fn runs_scripts(&self) -> bool {
        self.versions.wanted || !self.scripts.rules.is_empty()
    }

    /// True where there is neither a target nor a script that could bring one or do without.
    fn has_nothing_to_do(&self) -> bool {
        self.targets.listed.is_empty()
            && self.targets.input.is_none()
            && self.scripts.rules.is_empty()
            && self.scripts.help.is_empty()
            && !self.scripts.update_database
    }
}

fn page_of(request: &PageRequest) -> Result<Command, PlanError> {
    let page = match request {
        PageRequest::Summary => Page::Summary,
        PageRequest::Help => Page::Help,
        PageRequest::Version => Page::Version,
        PageRequest::Interfaces => return Ok(Command::Interfaces),
        PageRequest::Generate(kind) => match Page::generated(kind) {
            Some(page) => page,
            None => {
                return Err(PlanError::Generate { kind: kind.to_string_lossy().into_owned() });
            }
        },
    };
    Ok(Command::Print(page))
}

fn depth(settings: &Settings) -> Result<Depth, PlanError> {
    let (depth, option) = match (settings.list_scan, settings.ping_scan) {
        (true, _) => (Depth::List, "-sL"),
        (false, true) => (Depth::Hosts, "-sn"),
        (false, false) => return Ok(Depth::Ports),
    };
    let scan = settings.scan_types.first().map(|scan| scan_option(*scan));
    let clash = [
        (scan.is_some(), scan.unwrap_or_default()),
        (settings.ports.is_some(), "-p"),
        (settings.fast, "-F"),
    ];
    match clash.into_iter().find(|(given, _)| *given) {
        Some((_, other)) => Err(PlanError::NoPortScan { option, other }),
        None => Ok(depth),
    }
}

fn discovery(settings: &Settings) -> Result<DiscoveryPlan, PlanError> {
    let names = match (settings.never_resolve, settings.always_resolve) {
        (true, _) => Names::Never,
        (false, true) => Names::Always,
        (false, false) => Names::Up,
    };
    let ping = |(kind, ports): &(PingType, Option<OsString>)| {
        let ports = ports.as_ref().filter(|list| !list.is_empty());
        Ok((*kind, text(kind.option(), ports)?))
    };
    Ok(DiscoveryPlan {
        skip: settings.skip_discovery,
        pings: settings.pings.iter().map(ping).collect::<Result<_, PlanError>>()?,
        trace: match (settings.traceroute, settings.aggressive) {
            (true, _) => Wanted::Always,
            (false, true) => Wanted::WhereAllowed,
            (false, false) => Wanted::Never,
        },
        no_link_ping: settings.no_link_ping,
        names,
        servers: items("--dns-servers", &settings.dns_servers)?,
        system_resolver: settings.system_dns,
    })
}

fn scan_plan(settings: &Settings) -> Result<ScanPlan, PlanError> {
    let plan = scan::scan(settings)?;
    if plan.flags.is_some() && plan.types.contains(&PortScan::Connect) {
        return Err(PlanError::FlagsWithConnect);
    }
    if plan.flags.is_some() && plan.types.contains(&PortScan::Protocol) {
        return Err(PlanError::OnlyWith { option: "--scanflags", scan: "a scan of TCP ports" });
    }
    let scans_ports = !settings.list_scan && !settings.ping_scan;
    let has_syn = plan.types.contains(&PortScan::Syn) || plan.types.is_empty();
    if settings.defeat_resets && !(has_syn && scans_ports) {
        let (option, scan) = ("--defeat-rst-ratelimit", "-sS");
        return Err(PlanError::OnlyWith { option, scan });
    }
    if settings.defeat_errors && !(plan.types.contains(&PortScan::Udp) && scans_ports) {
        let (option, scan) = ("--defeat-icmp-ratelimit", "-sU");
        return Err(PlanError::OnlyWith { option, scan });
    }
    Ok(plan)
}

fn ports(settings: &Settings) -> Result<PortPlan, PlanError> {
    let top = positive("--top-ports", settings.top_ports.as_ref())?.map(NonZeroUsize::get);
    let ratio = ratio("--port-ratio", settings.port_ratio.as_ref())?;
    let listed = ports_text("-p", settings.ports.as_ref())?;
    if settings.fast && listed.is_some() {
        return Err(PlanError::FastWithPorts);
    }
    // A service file of one's own stands for the ports that its owner cares for.
    let fast = settings.fast || (settings.service_file.is_some() && listed.is_none());
    Ok(PortPlan {
        listed,
        fast,
        top,
        ratio,
        exclude: ports_text("--exclude-ports", settings.exclude_ports.as_ref())?,
        sequential: settings.sequential_ports,
    })
}

fn scripts(settings: &Settings) -> Result<ScriptPlan, PlanError> {
    let mut rules = texts("--script", &settings.scripts)?;
    if rules.is_empty() && settings.default_scripts {
        rules.push("default".to_owned());
    }
    let limit = time("--script-cpu-limit", settings.script_cpu_limit.as_ref())?;
    Ok(ScriptPlan {
        rules,
        args: settings.script_args.clone(),
        args_file: settings.script_args_file.as_ref().map(PathBuf::from),
        help: texts("--script-help", &settings.script_help)?,
        update_database: settings.update_script_database,
        timeout: time("--script-timeout", settings.script_timeout.as_ref())?,
        trace: settings.script_trace || settings.packet_trace || settings.debug >= 3,
        profile: settings.script_profile,
        workers: positive("--script-workers", settings.script_workers.as_ref())?,
        cpu_limit: Some(limit.unwrap_or(DEFAULT_CPU_LIMIT)).filter(|limit| !limit.is_zero()),
    })
}

fn output(settings: &Settings) -> Result<OutputPlan, PlanError> {
    let mut files: Vec<OutputFile> = Vec::new();
    for (format, name) in &settings.outputs {
        let path = (name.as_os_str() != OsStr::new("-")).then(|| PathBuf::from(name));
        // The last file of a format counts.
        files.retain(|file| file.format != *format);
        files.push(OutputFile { format: *format, path });
    }
    if files.iter().filter(|file| file.path.is_none()).count() > 1 {
        return Err(PlanError::StdoutTwice);
    }
    let store = settings.store.as_ref().map(PathBuf::from);
    one_output_a_file(
        files.iter().filter_map(|file| file.path.as_deref()).chain(store.as_deref()),
    )?;
    let stylesheet = match &settings.stylesheet {
        None => Stylesheet::Default,
        Some(StylesheetRequest::Web) => Stylesheet::Web,
        Some(StylesheetRequest::Absent) => Stylesheet::Absent,
        Some(StylesheetRequest::Named(url)) => {
            Stylesheet::Named(text("--stylesheet", Some(url))?.unwrap_or_default())
        }
    };
    let reads_stdin = settings.input_file.as_ref().is_some_and(|file| file == "-");
    if settings.store.is_some() && reads_stdin {
        return Err(PlanError::StoreFromStdin);
    }
    Ok(OutputPlan {
        files,
        store,
        append: settings.append_output,
        verbosity: settings.verbosity,
        quiet: settings.quiet,
        debug: settings.debug,
        packets: settings.packet_trace || settings.debug >= 3,
        open_only: settings.open_only,
        reasons: settings.reasons,
        interactive: !settings.no_interaction,
        stats_every: time("--stats-every", settings.stats_every.as_ref())?.filter(|t| !t.is_zero()),
        stylesheet,
    })
}

/// Two outputs would write over one another. What is in `/dev` is no file.
fn one_output_a_file<'a>(paths: impl Iterator<Item = &'a Path>) -> Result<(), PlanError> {
    let mut known: HashSet<PathBuf> = HashSet::new();
    for path in paths.filter(|path| !path.starts_with("/dev")) {
        let plain = path.components().filter(|part| *part != Component::CurDir).collect();
        if !known.insert(plain) {
            return Err(PlanError::FileTwice { path: path.to_owned() });
        }
    }
    Ok(())
}

/// The items of comma-separated lists, blanks and empty items dropped.
fn items(option: &'static str, lists: &[OsString]) -> Result<Vec<String>, PlanError> {
    let lists = texts(option, lists)?;
    let items = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
    Ok(items.filter(|item| !item.is_empty()).map(str::to_owned).collect())
}
