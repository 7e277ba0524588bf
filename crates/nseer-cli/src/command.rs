//! What `main` does with a plan: one function for each kind of run.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use nseer_core::event::{RunInfo, ScanSummary};
use nseer_core::port_spec::compact_list;
use nseer_core::progress::PingScan;
use nseer_core::{
    Event, EventSink as _, Levels, PortKey, ScanPorts, ServiceNames as _, Severity, Stage,
};
use nseer_engine::selection::{Entry, write_db};
use nseer_engine::{
    Engine, EngineConfig, KeptRegistries, NewTargets as _, ScriptInfo, script_help,
};
use nseer_probes::PayloadTable;
use nseer_scan::{Heir, Technique};
use nseer_seam::System;
use nseer_store::{Beginning, Progress, Store, StoreError};

use crate::limits::Limits;
use crate::past::Past;
use crate::pings::pings;
use crate::plan::{Depth, Input, OutputPlan, Plan};
use crate::printing::print;
use crate::run::Run;
use crate::scanner;
use crate::scripts::Scripts;
use crate::settings::{Format, PingType, ScanType};
use crate::setup::{self, Around};
use crate::share::Share;
use crate::sinks::{self, Audience, Keeper};
use crate::stop::{hears_hangup, told_to_stop};
use crate::suspend::Suspender;
use crate::systems::{Systems, systems};
use crate::tap::PacketTap;
use crate::target_source::{FoundTargets, TargetSource};
use crate::tasks::Tasks;
use crate::timing::{report, timing};
use crate::troubles::Troubles;
use crate::vendors::Vendors;
use crate::versions::{ProbeFile, Versions, versions};

/// How the program was called.
pub struct Invocation {
    /// The command line, to show.
    pub args: String,
    /// Its words, without the program's name.
    pub words: Vec<OsString>,
    /// The store of a scan that goes on, and how far it has come.
    pub resumed: Option<(Store, Progress)>,
}

/// A run that failed.
#[derive(Debug, thiserror::Error)]
#[error("{error:#}")]
pub struct Failure {
    /// Why.
    pub error: anyhow::Error,
    /// No output was open yet that could have told.
    pub is_early: bool,
}

/// Carries out a plan. Gives true where everything that was asked for was done.
///
/// # Errors
/// Where the run could not begin, or an output could not be written.
pub fn execute(plan: &Plan, invocation: Invocation) -> Result<bool, Failure> {
    let has_outputs = Cell::new(!plan.scripts.help.is_empty());
    let done = carry_out(plan, invocation, &has_outputs);
    done.map_err(|error| Failure { error, is_early: !has_outputs.get() })
}

fn carry_out(
    plan: &Plan,
    invocation: Invocation,
    has_outputs: &Cell<bool>,
) -> anyhow::Result<bool> {
    let system = System::real();
    setup::check_data(plan, &system)?;
    // Scripts have threads of their own; a second one here would mostly be woken for nothing.
    let most = if plan.runs_scripts() { 1 } else { 2 };
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(most));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads)
        .enable_all()
        .build()
        .context("cannot start the event loop")?;
    let done = runtime.block_on(async {
        if plan.scripts.help.is_empty() {
            scan(plan, invocation, system, has_outputs).await
        } else {
            describe(plan, system).await
        }
    });
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    done
}

async fn scan(
    plan: &Plan,
    invocation: Invocation,
    system: System,
    has_outputs: &Cell<bool>,
) -> anyhow::Result<bool> {
    let (begun, started) = (system.clock.now(), system.clock.wall());
    let args = invocation.args.clone();
    let data = setup::data_dirs(plan, &system);
    let limits = Limits::of_this_process(&plan.timing);
    let mut timing = timing(&plan.timing);
    let network = setup::network(&plan.discovery, &limits)?;
    let heir = plan.runs_scripts().then(|| {
        let network = network.clone();
        Heir::new(move |peer, connection| network.offer(peer, connection))
    });
    let methods = scanner::methods(plan)?;
    timing.defeats.resets = methods.defeats_resets;
    let table = setup::service_table(&data, names_protocols(plan))?;
    let udp = methods.techniques.contains(&Technique::Udp);
    let mut probes = ProbeFile::default();
    let payloads = if udp { setup::payloads(&data, &mut probes)? } else { PayloadTable::default() };
    let troubles = Troubles::default();
    let tap = PacketTap::new(system.clock.clone(), begun, methods.privileged);
    let (discovery, mut warnings) = pings(plan, methods.privileged, &table)?;
    let scanner = scanner::scanner(
        plan,
        (&methods, discovery),
        timing.clone(),
        &limits,
        payloads,
        &system,
        (heir, &troubles, tap.tap()),
    )?;
    if plan.runs_scripts() {
        // Scripts ask for names at once; the table is made ready while they load.
        let names = table.clone();
        tokio::task::spawn_blocking(move || names.name(PortKey::tcp(1)).is_some());
    }
    let (ports, of_ports) = setup::ports(&plan.ports, &methods.techniques, table)?;
    warnings.extend(of_ports);
    if methods.falls_back {
        warnings.push(NO_RAW_PACKETS.to_owned());
    }
    warnings.extend(scanner::warnings(&plan.scan.packets, &methods));
    if plan.versions.left_out {
        warnings.push(NO_VERSIONS.to_owned());
    }
    let mut options = setup::report_options(&plan.output, plan.depth, plan.versions.wanted);
    options.ignores_resets = methods.defeats_resets;
    options.systems = plan.systems.wanted.is_done(methods.privileged);
    options.guesses = plan.systems.guesses;
    let (keeper, progress) = keeper(plan, invocation)?;
    let OutputPlan { verbosity, debug, packets, .. } = plan.output;
    let levels = Levels::new(verbosity, debug, plan.scripts.trace).with_packets(packets);
    let levels = Arc::new(levels);
    let audience = Audience {
        levels: levels.clone(),
        stages: stages(plan, &methods.techniques),
        is_interactive: plan.output.interactive,
    };
    let (sinks, writer) =
        sinks::open(&plan.output, &options, keeper, (&system, started), audience)?;
    has_outputs.set(true);
    // Until the end of the run, whatever it is.
    let keys = reads_keys(plan).then(|| sinks.keys()).flatten();
    let _suspender = keys.as_ref().and_then(|keys| Suspender::new(keys, sinks.line()));
    let begun_before = progress.as_ref().map(|progress| progress.run.clone());
    troubles.tell_to(sinks.clone());
    tap.tell_to(sinks.clone(), levels.clone());
    sinks.emit(Event::RunStarted(begun_before.unwrap_or_else(|| RunInfo {
        program: "nseer".to_owned(),
        args,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        verbosity: plan.output.verbosity,
        debugging: plan.output.debug,
        scans: scan_summary(&methods.techniques, &ports),
    })));
    for text in warnings {
        sinks.emit(Event::Message { severity: Severity::Warning, text: text.into_bytes() });
    }
    let found = Arc::new(FoundTargets::telling(sinks.clone()));
    if let Some(progress) = &progress {
        for target in &progress.found_targets {
            found.add(target);
        }
    }
    let past = progress.map(Past::of).unwrap_or_default();
    let mut around = Around {
        data,
        network: network.clone(),
        sinks: sinks.clone(),
        found: found.clone(),
        excluded: Arc::default(),
        levels,
        limits,
        system: system.clone(),
        privileged: methods.privileged,
        registry: KeptRegistries { is_told: sinks.keeps_hosts(), left: past.registry() },
    };
    let files = around.data.clone();
    if debug > 0 {
        let text = report(&timing, limits.hosts_in_flight).into_bytes();
        sinks.emit(Event::Message { severity: Severity::Note, text });
    }
    tell_of_installed_nmap(plan, &around);
    let tasks = Arc::new(Tasks::new(sinks.clone(), system.clock.clone()));
    let vendors = Vendors::new(around.data.clone(), sinks.clone());
    let prepared = prepare(plan, probes, &mut around).await;
    drop(around);
    let hears_hangup = hears_hangup(&system);
    let run = |versions, systems, scripts| Run {
        system,
        network,
        sinks: sinks.clone(),
        scanner: Arc::new(scanner),
        vendors,
        versions,
        systems,
        scripts,
        share: Share::new(Arc::new(ports), plan.targets.shard, plan.targets.seed.unwrap_or(0)),
        depth: plan.depth,
        names: plan.discovery.names,
        host_timeout: timing.host_timeout,
        found,
        hosts_in_flight: limits.hosts_in_flight,
        past,
        tasks,
        data: files,
        tap,
    };
    match prepared {
        Ok((versions, systems, scripts, targets)) => {
            let run = run(versions.map(Arc::new), systems, scripts);
            // On the thread that has the hosts' tasks: from another one, each of them would have to wake it.
            let going = tokio::spawn(run.go(targets, told_to_stop(hears_hangup), begun));
            going.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
        }
        Err(error) => run(None, None, None).give_up(&format!("{error:#}"), begun),
    }
    writer.finish(&sinks)
}

/// The store of the scan, where one was asked for: a new one, or the one that it goes on from.
fn keeper(
    plan: &Plan,
    invocation: Invocation,
) -> anyhow::Result<(Option<Keeper>, Option<Progress>)> {
    if let Some((store, progress)) = invocation.resumed {
        let name = "the store".to_owned();
        return Ok((Some(Keeper { store, name, is_resumed: true }), Some(progress)));
    }
    let Some(path) = &plan.output.store else { return Ok((None, None)) };
    let folder = std::env::current_dir().context("the current folder is gone")?;
    let beginning = Beginning { words: invocation.words, folder };
    let name = format!("'{}'", path.display());
    let store = Store::create(path, beginning).map_err(|error| match error {
        StoreError::Full | StoreError::Sqlite(_) => anyhow!("cannot write to {name}: {error}"),
        named => named.into(),
    })?;
    Ok((Some(Keeper { store, name, is_resumed: false }), None))
}

type Prepared = (Option<Versions>, Option<Systems>, Option<Scripts>, TargetSource);

/// Everything that can keep a run from beginning.
async fn prepare(
    plan: &Plan,
    mut probes: ProbeFile,
    around: &mut Around,
) -> anyhow::Result<Prepared> {
    if plan.scripts.update_database {
        update_database(plan, around).await?;
    }
    let versions = versions(&plan.versions, &mut probes, around)?;
    if let Some(versions) = &versions {
        around.excluded = versions.excluded();
    }
    let is_done = plan.systems.wanted.is_done(around.privileged);
    let systems = is_done.then(|| systems(&plan.systems, around)).transpose()?;
    let with_versions = versions.is_some();
    let selection = setup::select(&plan.scripts.rules, with_versions, around, plan.output.debug)?;
    let are_shown = !plan.scripts.rules.is_empty();
    let scripts = if selection.scripts.is_empty() {
        // A mistake in them is a mistake all the same.
        setup::script_arguments(plan, around)?;
        None
    } else {
        let config = setup::engine(plan, around, selection)?;
        Some(Scripts::new(config, around.sinks.clone(), are_shown))
    };
    let (network, sinks) = (around.network.clone(), around.sinks.clone());
    let targets = TargetSource::new(&plan.targets, network, &around.system, sinks).await?;
    Ok((versions, systems, scripts, targets))
}

/// True where names of IP protocols are to be read or shown.
fn names_protocols(plan: &Plan) -> bool {
    plan.scan.types.contains(&ScanType::Protocol)
        || plan.discovery.pings.iter().any(|(kind, _)| *kind == PingType::Protocol)
}

/// Somebody may press keys: standard input is not a list of targets.
fn reads_keys(plan: &Plan) -> bool {
    plan.output.interactive && !matches!(plan.targets.input, Some(Input::Stdin))
}

/// What each host goes through.
fn stages(plan: &Plan, techniques: &[Technique]) -> Vec<Stage> {
    let scan: Vec<Stage> = match plan.depth {
        Depth::List => vec![],
        Depth::Hosts => vec![Stage::Ping(PingScan::Probes)],
        Depth::Ports => {
            techniques.iter().filter_map(|t| scanner::port_scan(*t)).map(Stage::Ports).collect()
        }
    };
    let versions = plan.versions.wanted.then_some(Stage::Versions);
    let scripts = plan.runs_scripts().then_some(Stage::Scripts);
    scan.into_iter().chain(versions).chain(scripts).collect()
}

fn scan_summary(techniques: &[Technique], ports: &ScanPorts) -> Vec<ScanSummary> {
    let summary = |technique: &Technique| {
        let protocol = technique.protocol()?;
        let keys = ports.of(protocol);
        let services = compact_list(keys, protocol);
        Some(ScanSummary { kind: scanner::name(*technique), protocol, count: keys.len(), services })
    };
    techniques.iter().filter_map(summary).collect()
}

const NO_VERSIONS: &str = "nseer: warning: protocols (-sO) have no versions: -sV is left out";

const NO_RAW_PACKETS: &str =
    "nseer: warning: raw packets may not be sent here: connecting to ports instead (as -sT does)";

const INSTALLED: &str = "/usr/share/nmap";

fn tell_of_installed_nmap(plan: &Plan, around: &Around) {
    let scripts = std::path::Path::new(INSTALLED).join("scripts");
    let wanted = plan.output.verbosity > 0
        && !plan.scripts.rules.is_empty()
        && !around.data.is_chosen()
        && around.system.files.kind(&scripts).is_some();
    if wanted {
        let text = format!(
            "Nmap's own scripts are installed in {INSTALLED}; --datadir {INSTALLED} uses them."
        );
        around.sinks.emit(Event::Message { severity: Severity::Info, text: text.into_bytes() });
    }
}

/// `--script-help`.
async fn describe(plan: &Plan, system: System) -> anyhow::Result<bool> {
    let started = system.clock.wall();
    let limits = Limits::of_this_process(&plan.timing);
    let data = setup::data_dirs(plan, &system);
    let mut screen_only = plan.output.clone();
    screen_only.files.clear();
    screen_only.quiet = true;
    let options = setup::report_options(&plan.output, plan.depth, false);
    let levels = Arc::new(Levels::new(plan.output.verbosity, plan.output.debug, false));
    let audience = Audience { levels: levels.clone(), stages: Vec::new(), is_interactive: false };
    let (sinks, writer) = sinks::open(&screen_only, &options, None, (&system, started), audience)?;
    let around = Around {
        network: setup::network(&plan.discovery, &limits)?,
        data,
        sinks: sinks.clone(),
        found: Arc::new(FoundTargets::default()),
        excluded: Arc::default(),
        levels,
        limits,
        system,
        privileged: false,
        registry: KeptRegistries::default(),
    };
    let rules = [plan.scripts.rules.as_slice(), &plan.scripts.help].concat();
    let selection = setup::select(&rules, false, &around, plan.output.debug)?;
    let scripts = heads(setup::engine(plan, &around, selection)?).await?;
    write_descriptions(plan, &around, &scripts.iter().map(|s| &**s).collect::<Vec<_>>())?;
    drop(around);
    writer.finish(&sinks)
}

/// Loads scripts only to tell of them: half of them in an engine of its own, where they are many.
async fn heads(config: EngineConfig) -> anyhow::Result<Vec<Arc<ScriptInfo>>> {
    /// A few are loaded sooner than a second engine starts.
    const FEW: usize = 50;
    let is_one = config.workers.is_some_and(|workers| workers.get() == 1);
    if is_one || config.scripts.len() <= FEW {
        return Ok(Engine::start(config).await?.scripts().to_vec());
    }
    let mut first = config;
    // What both need is compiled once.
    first.workbench.chunks = Some(Arc::default());
    let mut rest = first.clone();
    rest.scripts = first.scripts.split_off(first.scripts.len() / 2);
    let (first, rest) = tokio::try_join!(Engine::start(first), Engine::start(rest))?;
    Ok([first.scripts(), rest.scripts()].concat())
}

fn write_descriptions(plan: &Plan, around: &Around, scripts: &[&ScriptInfo]) -> anyhow::Result<()> {
    let mut screen = !plan.output.quiet;
    for file in &plan.output.files {
        let directory = |name: &str| {
            around.data.find_directory(name).map(|path| format!("{}/", path.display()))
        };
        let text = match file.format {
            Format::Xml => {
                let directories: Vec<(&str, String)> = ["scripts", "nselib"]
                    .into_iter()
                    .filter_map(|name| directory(name).map(|path| (name, path)))
                    .collect();
                script_help::xml(scripts, &directories, nseer_report::xml_text).into_bytes()
            }
            Format::Normal => script_help::text(scripts),
            Format::Grepable | Format::Json | Format::Html => continue,
        };
        match &file.path {
            None => {
                screen = false;
                print(&text)?;
            }
            Some(path) => {
                let opened = around.system.files.create(path, plan.output.append);
                let written = opened.and_then(|mut out| out.write_all(&text));
                written.with_context(|| format!("cannot write to '{}'", path.display()))?;
            }
        }
    }
    if screen {
        print(script_help::text(scripts))?;
    }
    Ok(())
}

/// `--script-updatedb`.
async fn update_database(plan: &Plan, around: &Around) -> anyhow::Result<()> {
    let say = |text: &str| {
        around.sinks.emit(Event::Message { severity: Severity::Info, text: text.into() });
    };
    let Some(directory) = around.data.find_directory("scripts") else {
        bail!("there is no scripts directory to update: choose one with --datadir");
    };
    say("NSE: Updating rule database.");
    let rule = format!("{}/", directory.display());
    let selection = setup::select(&[rule], false, around, plan.output.debug)?;
    let scripts = heads(setup::engine(plan, around, selection)?).await?;
    let file_name =
        |script: &ScriptInfo| script.path.rsplit('/').next().unwrap_or(&script.path).to_owned();
    let entries: Vec<Entry> = scripts
        .iter()
        .map(|s| Entry { file_name: file_name(s), categories: s.categories.clone() })
        .collect();
    let path = directory.join("script.db");
    let written = around.system.files.write(&path, write_db(&entries).as_bytes());
    written.with_context(|| format!("cannot write '{}'", path.display()))?;
    say("NSE: Script Database updated successfully.");
    Ok(())
}
