//! From a plan to a run that is ready to go: files are opened, scripts are loaded, limits are
//! taken from the machine.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nseer_core::port_spec::{FAST_TOP, PortChoice, PortLevel, choose_ports};
use nseer_core::protocol_table::ProtocolTable;
use nseer_core::target::TargetSpec;
use nseer_core::{
    Event, EventSink as _, Levels, PortKey, Protocol, ScanPorts, ServiceTable, Severity,
};
use nseer_engine::data_dir::{DataDirConfig, DataDirs, DataFile, Located};
use nseer_engine::script_args::{self, ArgTable};
use nseer_engine::selection::{Request, Selection, resolve};
use nseer_engine::{EngineConfig, KeptRegistries, NewTargets, Workbench};
use nseer_net::{Network, NetworkConfig};
use nseer_probes::PayloadTable;
use nseer_report::ReportOptions;
use nseer_seam::System;

use crate::limits::Limits;
use crate::plan::{
    DEFAULT_CPU_LIMIT, Depth, DiscoveryPlan, Families, OutputPlan, Plan, PortPlan, Stylesheet,
    TargetPlan,
};
use crate::settings::Format;
use crate::sinks::Sinks;
use crate::versions::{PROBE_FILE, ProbeFile};
use crate::zones::Zones;

/// Where files are looked for.
#[must_use]
pub fn data_dirs(plan: &Plan, system: &System) -> Arc<DataDirs> {
    let named = [("nmap-services", &plan.service_file), (PROBE_FILE, &plan.versions.file)];
    let overrides: HashMap<String, PathBuf> = named
        .into_iter()
        .filter_map(|(name, path)| Some((name.to_owned(), path.clone()?)))
        .collect();
    let config = DataDirConfig {
        datadir: plan.data_folder.clone(),
        nmapdir: std::env::var_os("NMAPDIR").map(PathBuf::from),
        home: std::env::var_os("HOME").map(PathBuf::from),
        overrides,
        embedded: Some(nseer_stdlib::file),
    };
    Arc::new(DataDirs::new(config, system.files.clone()))
}

/// A data directory that does not exist is worth a word of its own.
///
/// # Errors
/// Where `--datadir`, `NMAPDIR`, `--servicedb` or `--versiondb` names nothing, or something of another kind.
pub fn check_data(plan: &Plan, system: &System) -> anyhow::Result<()> {
    use nseer_seam::FileKind;
    let variable = || std::env::var_os("NMAPDIR").filter(|path| !path.is_empty());
    let (folder, from) = match &plan.data_folder {
        Some(path) => (Some(path.clone()), "--datadir"),
        None => (variable().map(PathBuf::from), "NMAPDIR"),
    };
    if let Some(path) = folder
        && system.files.kind(&path) != Some(FileKind::Directory)
    {
        bail!("'{}' ({from}) is not a directory", path.display());
    }
    for (path, option) in
        [(&plan.service_file, "--servicedb"), (&plan.versions.file, "--versiondb")]
    {
        let Some(path) = path else { continue };
        match system.files.kind(path) {
            None => bail!("cannot read '{}' ({option}): no such file", path.display()),
            Some(FileKind::Directory) => {
                bail!("'{}' ({option}) is a directory, not a file", path.display())
            }
            Some(_) => {}
        }
    }
    Ok(())
}

/// The table of service names: that of the data directory, else our own. `names_protocols`: it also names
/// those that IP carries.
///
/// # Errors
/// Where the file is there and cannot be read, or names no port.
pub fn service_table(data: &DataDirs, names_protocols: bool) -> anyhow::Result<Arc<ServiceTable>> {
    let table = match data.find("nmap-services") {
        None => nseer_stdlib::services::table(),
        Some(file) => {
            let table = ServiceTable::new(text(&file)?);
            if table.is_senseless() {
                let file = file.display();
                bail!("'{file}' is no table of services: it has no line 'NAME PORT/PROTOCOL'");
            }
            table
        }
    };
    if !names_protocols {
        return Ok(Arc::new(table));
    }
    let protocols = data.find("nmap-protocols").as_ref().map(text).transpose()?.unwrap_or_default();
    Ok(Arc::new(table.with_protocols(ProtocolTable::new(&protocols))))
}

fn text(file: &DataFile) -> anyhow::Result<Vec<u8>> {
    file.read().with_context(|| format!("cannot read '{}'", file.display()))
}

/// What datagrams carry: the payload file of the data directory says, as before Nmap 7.94, else the
/// probe file.
///
/// # Errors
/// Where a file is there and cannot be read.
pub fn payloads(data: &DataDirs, probes: &mut ProbeFile) -> anyhow::Result<PayloadTable> {
    if let Some(file) = data.find("nmap-payloads") {
        return Ok(PayloadTable::parse(&text(&file)?));
    }
    let mut table = PayloadTable::default();
    let (db, _) = probes.load(data)?;
    for probe in db.probes().iter().filter(|p| p.protocol() == Protocol::Udp) {
        if probe.is_scan_payload() {
            table.add(probe.ports(), probe.payload());
        }
    }
    Ok(table)
}

/// The ports that every host is asked for, and warnings about the lists.
///
/// # Errors
/// Where a port list is wrong.
pub fn ports(
    plan: &PortPlan,
    protocols: &[Protocol],
    table: Arc<ServiceTable>,
) -> anyhow::Result<(ScanPorts, Vec<String>)> {
    if protocols.is_empty() {
        return Ok((ScanPorts::new(Vec::new(), table), Vec::new()));
    }
    let asks_protocols = protocols == [Protocol::Ip];
    let level = match (plan.fast, plan.top, plan.ratio) {
        _ if asks_protocols => plan.fast.then_some(PortLevel::Top(FAST_TOP)),
        (_, Some(top), _) => Some(PortLevel::Top(top)),
        (_, None, Some(ratio)) => Some(PortLevel::Ratio(ratio)),
        (true, None, None) => Some(PortLevel::Top(FAST_TOP)),
        (false, None, None) => None,
    };
    let choice =
        PortChoice { list: plan.listed.as_deref(), exclude: plan.exclude.as_deref(), level };
    let spec = choose_ports(&choice, protocols, &table)?;
    let mut warnings: Vec<String> =
        spec.warnings.iter().map(|w| format!("nseer: warning: {w}")).collect();
    let by_frequency = plan.top.map(|_| "--top-ports").or(plan.ratio.map(|_| "--port-ratio"));
    if let Some(option) = by_frequency.filter(|_| asks_protocols) {
        warnings.push(format!(
            "nseer: warning: nobody counts how often protocols are in use, so -sO does without \
             {option}: use -F for those that have names, or -p"
        ));
    }
    Ok((ScanPorts::new(spec.ports, table), warnings))
}

/// The network for scripts and look-ups.
///
/// # Errors
/// Where a name server is not an address.
pub fn network(plan: &DiscoveryPlan, limits: &Limits, zones: &Zones) -> anyhow::Result<Network> {
    let server = |text: &String| {
        let with_port = text.parse::<SocketAddr>().ok();
        with_port
            .or_else(|| text.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 53)))
            .with_context(|| format!("'{text}' (--dns-servers) is not an address"))
    };
    Ok(Network::new(NetworkConfig {
        dns_servers: plan.servers.iter().map(server).collect::<anyhow::Result<_>>()?,
        system_dns: plan.system_resolver,
        slots: limits.script_slots,
        offers: limits.offers,
        zone: zones.lookup(),
        ..NetworkConfig::default()
    }))
}

/// What outputs are to show.
#[must_use]
pub fn report_options(
    plan: &OutputPlan,
    depth: Depth,
    versions: bool,
    data: &DataDirs,
) -> ReportOptions {
    ReportOptions {
        ignores_resets: false,
        keeps_script_order: false,
        systems: false,
        guesses: false,
        verbosity: plan.verbosity,
        debugging: plan.debug,
        open_only: plan.open_only,
        colour: false,
        reason: plan.reasons,
        versions,
        stylesheet: stylesheet(plan, data),
        list_only: depth == Depth::List,
        no_ports: depth != Depth::Ports,
    }
}

/// The address of the stylesheet for XML: where nothing is said of it, that of the data folder.
fn stylesheet(plan: &OutputPlan, data: &DataDirs) -> Option<String> {
    match &plan.stylesheet {
        Stylesheet::Absent => None,
        Stylesheet::Web => Some("https://svn.nmap.org/nmap/docs/nmap.xsl".to_owned()),
        Stylesheet::Named(address) => Some(address.clone()),
        Stylesheet::Default => {
            plan.files.iter().find(|file| file.format == Format::Xml)?;
            let Some(Located::File(file)) = data.locate("nmap.xsl") else { return None };
            let path = std::path::absolute(file.display()).ok()?;
            Some(format!("file://{}", path.display()))
        }
    }
}

/// The scripts that the rules mean, and with `version_scripts` those that find out versions; scripts
/// that are missing are told, and at `-d2` why each was chosen.
///
/// # Errors
/// Where a rule means nothing.
pub fn select(
    rules: &[String],
    version_scripts: bool,
    around: &Around,
    debugging: u8,
) -> anyhow::Result<Selection> {
    let request = Request { scripts: rules.to_vec(), default_scripts: false, version_scripts };
    let sinks = &around.sinks;
    let selection = resolve(&request, &around.data)?;
    for missing in &selection.missing {
        let text = format!(
            "NSE: Warning: Could not load '{missing}': no path to file/directory: {missing}"
        );
        sinks.emit(Event::Message { severity: Severity::Warning, text: text.into_bytes() });
    }
    for script in selection.scripts.iter().filter(|_| debugging > 1) {
        let path = script.display();
        let name = path.rsplit('/').next().unwrap_or(&path);
        let forced = if script.forced { " and forced to run" } else { "" };
        let text = format!("NSE: Script {name} was selected by {}{forced}.", script.by);
        sinks.emit(Event::Message { severity: Severity::Info, text: text.into_bytes() });
    }
    Ok(selection)
}

/// What the engine shares with the rest of the run.
pub struct Around {
    /// Where files are looked for.
    pub data: Arc<DataDirs>,
    /// The network.
    pub network: Network,
    /// Knows on which link hosts are.
    pub zones: Zones,
    /// Takes what happens.
    pub sinks: Sinks,
    /// Takes targets that scripts find.
    pub found: Arc<dyn NewTargets>,
    /// Ports that version detection leaves alone.
    pub excluded: Arc<[PortKey]>,
    /// How much the run says of itself.
    pub levels: Arc<Levels>,
    /// What the machine allows.
    pub limits: Limits,
    /// Files, clock, random numbers.
    pub system: System,
    /// Raw packets may be sent.
    pub privileged: bool,
    /// What becomes of the registries.
    pub registry: KeptRegistries,
}

/// What the engine needs to load scripts and run them.
///
/// # Errors
/// Where the arguments are wrong.
pub fn engine(plan: &Plan, around: &Around, selection: Selection) -> anyhow::Result<EngineConfig> {
    let script_args = script_arguments(plan, around)?;
    let usual_timeout = Duration::from_secs(if plan.timing.template == 5 { 600 } else { 3600 });
    Ok(EngineConfig {
        system: around.system.clone(),
        data: around.data.clone(),
        network: around.network.clone(),
        events: Arc::new(around.sinks.clone()),
        new_targets: around.found.clone(),
        scripts: selection.scripts,
        script_args,
        workers: plan.scripts.workers,
        many_hosts: many_hosts(&plan.targets),
        levels: around.levels.clone(),
        timing_level: plan.timing.template,
        version_intensity: plan.versions.intensity,
        excluded_ports: around.excluded.clone(),
        script_timeout: Some(plan.scripts.timeout.unwrap_or(usual_timeout))
            .filter(|timeout| !timeout.is_zero()),
        compute_limit: plan.scripts.cpu_limit.unwrap_or(DEFAULT_CPU_LIMIT),
        ipv6: plan.targets.families == Families::V6,
        privileged: around.privileged,
        interface: plan.scan.packets.interface.clone(),
        ttl: plan.scan.packets.ttl,
        payload_length: plan.scan.packets.data.length(),
        slots_per_host: around.limits.slots_per_host,
        registry: around.registry.clone(),
        process_ends: true,
        workbench: Workbench { costs: plan.scripts.profile, ..Workbench::default() },
    })
}

/// True where the targets are more than one host, as far as their text tells.
fn many_hosts(targets: &TargetPlan) -> bool {
    let is_range = |text: &String| text.parse().is_ok_and(|spec: TargetSpec| spec.is_range());
    let has_many_names = targets.resolve_all || targets.families == Families::Both;
    targets.input.is_some()
        || has_many_names
        || targets.listed.len() > 1
        || targets.listed.iter().any(is_range)
}

/// The arguments of scripts, from the file and from the command line.
///
/// # Errors
/// Where the file cannot be read, or the text makes no sense.
pub fn script_arguments(plan: &Plan, around: &Around) -> anyhow::Result<ArgTable> {
    let file = match &plan.scripts.args_file {
        Some(path) => Some(args_file(path, around)?),
        None => None,
    };
    let args = plan.scripts.args.as_ref().map(|args| args.as_encoded_bytes());
    if plan.output.debug > 0 && plan.runs_scripts() {
        let mut text = b"NSE: Arguments from CLI: ".to_vec();
        text.extend_from_slice(args.unwrap_or_default());
        around.sinks.emit(Event::Message { severity: Severity::Info, text });
    }
    let parsed = script_args::parse(file.as_deref(), args)?;
    if !parsed.unread.is_empty() {
        let text = format!(
            "nseer: warning: a '}}' without its '{{' ends the script arguments; not read: '{}'",
            parsed.unread.escape_ascii()
        );
        around.sinks.emit(Event::Message { severity: Severity::Warning, text: text.into_bytes() });
    }
    Ok(parsed.table)
}

/// The data directories come first, as users of Nmap know it; then the path as it is.
fn args_file(path: &Path, around: &Around) -> anyhow::Result<Vec<u8>> {
    let in_data = path.to_str().and_then(|name| around.data.find(name));
    let found = in_data.or_else(|| around.data.file_at(path));
    let Some(file) = found else {
        bail!("no path to file/directory: {} is not a file (--script-args-file)", path.display());
    };
    file.read().with_context(|| format!("cannot read '{}'", file.display()))
}
