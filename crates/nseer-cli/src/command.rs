//! What `main` does with a plan: one function for each kind of run.

use std::cell::Cell;
use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use anyhow::{Context as _, anyhow, bail};
use nseer_core::event::{RunInfo, ScanSummary};
use nseer_core::port_spec::compact_list;
use nseer_core::progress::{PingScan, PortScan};
use nseer_core::{Event, EventSink as _, Levels, ScanPorts, Severity, Stage};
use nseer_engine::data_dir::DataDirs;
use nseer_engine::selection::{Entry, in_directory, write_db};
use nseer_engine::{
    Engine, EngineConfig, KeptRegistries, NewTargets as _, ScriptInfo, script_help,
};
use nseer_report::ReportOptions;
use nseer_scan::Technique;
use nseer_seam::System;
use nseer_store::{Beginning, Progress, Store, StoreError};

use crate::limits::Limits;
use crate::past::Past;
use crate::plan::{Depth, Input, OutputPlan, Plan};
use crate::printing::print;
use crate::run::Run;
use crate::scanner::{self, Methods};
use crate::scripts::Scripts;
use crate::sending::Sending;
use crate::settings::Format;
use crate::setup::{self, Around};
use crate::share::Share;
use crate::sinks::{self, Audience, Keeper};
use crate::stop::{hears_hangup, told_to_stop};
use crate::suspend::Suspender;
use crate::systems::{Systems, systems};
use crate::target_source::{FoundTargets, TargetSource};
use crate::tasks::Tasks;
use crate::timing::report;
use crate::vendors::Vendors;
use crate::versions::{ProbeFile, Versions, versions};
use crate::zones::Zones;

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
    let limits = Limits::of_this_process(&plan.timing)?;
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
            scan(plan, invocation, (system, limits), has_outputs).await
        } else {
            describe(plan, system, limits).await
        }
    });
    // A name that is still being looked up is not waited for.
    runtime.shutdown_background();
    done
}

async fn scan(
    plan: &Plan,
    invocation: Invocation,
    (system, limits): (System, Limits),
    has_outputs: &Cell<bool>,
) -> anyhow::Result<bool> {
    let (begun, started) = (system.clock.now(), system.clock.wall());
    let args = invocation.args.clone();
    let data = setup::data_dirs(plan, &system);
    let zones = Zones::new(plan.scan.packets.interface.clone());
    let network = setup::network(&plan.discovery, &limits, &zones)?;
    let sending = Sending::new(plan, &limits, (&system, begun), (&data, &network, &zones))?;
    let Sending { methods, timing, ports, troubles, tap, .. } = &sending;
    let levels = levels(plan);
    let audience = Audience {
        levels: levels.clone(),
        stages: stages(plan, methods),
        is_interactive: plan.output.interactive,
    };
    let (keeper, progress) = keeper(plan, invocation)?;
    let options = report_options(plan, methods, &data);
    let (sinks, writer) =
        sinks::open(&plan.output, &options, keeper, (&system, started), audience)?;
    has_outputs.set(true);
    // Until the end of the run, whatever it is.
    let keys = reads_keys(plan).then(|| sinks.keys()).flatten();
    let _suspender = keys.as_ref().and_then(|keys| Suspender::new(keys, sinks.line()));
    troubles.tell_to(sinks.clone());
    tap.tell_to(sinks.clone(), levels.clone());
    let info = match &progress {
        Some(progress) => progress.run.clone(),
        None => run_info(plan, args, started, scan_summary(methods, ports)),
    };
    sinks.emit(Event::RunStarted(info));
    for text in &sending.warnings {
        sinks.emit(Event::Message { severity: Severity::Warning, text: text.clone().into() });
    }
    let found = Arc::new(FoundTargets::telling(sinks.clone()));
    for target in progress.iter().flat_map(|progress| &progress.found_targets) {
        found.add(target);
    }
    if plan.output.debug > 0 {
        let text = report(timing, limits.hosts_in_flight).into_bytes();
        sinks.emit(Event::Message { severity: Severity::Note, text });
    }
    let past = progress.map(Past::of).unwrap_or_default();
    let around = Around {
        data,
        network,
        zones,
        sinks: sinks.clone(),
        found: found.clone(),
        excluded: Arc::default(),
        levels,
        limits,
        system,
        privileged: methods.privileged,
        registry: KeptRegistries { is_told: sinks.keeps_hosts(), left: past.registry() },
    };
    tell_of_installed_nmap(plan, &around);
    go(plan, around, sending, (past, found), begun).await;
    writer.finish(&sinks)
}

/// Makes ready what comes after the port scan, and runs it all.
async fn go(
    plan: &Plan,
    mut around: Around,
    sending: Sending,
    (past, found): (Past, Arc<FoundTargets>),
    begun: Instant,
) {
    let Sending { methods, timing, scanner, ports, probes, tap, .. } = sending;
    let prepared = prepare(plan, probes, &mut around).await;
    let Around { data, network, sinks, limits, system, .. } = around;
    let hears_hangup = hears_hangup(&system);
    let run = |versions, systems, scripts| Run {
        tasks: Arc::new(Tasks::new(sinks.clone(), system.clock.clone())),
        vendors: Vendors::new(data.clone(), sinks.clone()),
        system,
        network,
        sinks,
        scanner: Arc::new(scanner),
        scans: methods.scans,
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
        data,
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
}

/// How much the run says of itself.
fn levels(plan: &Plan) -> Arc<Levels> {
    let OutputPlan { verbosity, debug, packets, .. } = plan.output;
    Arc::new(Levels::new(verbosity, debug, plan.scripts.trace).with_packets(packets))
}

/// What outputs are to show of a scan.
fn report_options(plan: &Plan, methods: &Methods, data: &DataDirs) -> ReportOptions {
    ReportOptions {
        ignores_resets: methods.defeats_resets,
        systems: plan.systems.wanted.is_done(methods.privileged),
        guesses: plan.systems.guesses,
        ..setup::report_options(&plan.output, plan.depth, plan.versions.wanted, data)
    }
}

/// A run that begins.
fn run_info(plan: &Plan, args: String, started: SystemTime, scans: Vec<ScanSummary>) -> RunInfo {
    RunInfo {
        program: "nseer".to_owned(),
        args,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        verbosity: plan.output.verbosity,
        debugging: plan.output.debug,
        scans,
    }
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
    let zones = (plan.depth != Depth::List).then(|| around.zones.clone());
    let targets = TargetSource::new(&plan.targets, network, zones, &around.system, sinks).await?;
    Ok((versions, systems, scripts, targets))
}

/// Somebody may press keys: standard input is not a list of targets.
fn reads_keys(plan: &Plan) -> bool {
    plan.output.interactive && !matches!(plan.targets.input, Some(Input::Stdin))
}

/// What each host goes through.
fn stages(plan: &Plan, methods: &Methods) -> Vec<Stage> {
    let scan: Vec<Stage> = match plan.depth {
        Depth::List => vec![],
        Depth::Hosts => vec![Stage::Ping(PingScan::Probes)],
        Depth::Ports => methods.scans.iter().map(|(scan, _)| Stage::Ports(*scan)).collect(),
    };
    let versions = plan.versions.wanted.then_some(Stage::Versions);
    let scripts = plan.runs_scripts().then_some(Stage::Scripts);
    scan.into_iter().chain(versions).chain(scripts).collect()
}

fn scan_summary(methods: &Methods, ports: &ScanPorts) -> Vec<ScanSummary> {
    let summary = |(scan, technique): &(PortScan, Technique)| {
        let protocol = technique.protocol()?;
        let keys = ports.of(protocol);
        let services = compact_list(keys, protocol);
        Some(ScanSummary { kind: scanner::name(*scan), protocol, count: keys.len(), services })
    };
    methods.scans.iter().filter_map(summary).collect()
}

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
async fn describe(plan: &Plan, system: System, limits: Limits) -> anyhow::Result<bool> {
    let started = system.clock.wall();
    let data = setup::data_dirs(plan, &system);
    let mut screen_only = plan.output.clone();
    screen_only.files.clear();
    screen_only.quiet = true;
    let options = setup::report_options(&plan.output, plan.depth, false, &data);
    let levels = Arc::new(Levels::new(plan.output.verbosity, plan.output.debug, false));
    let audience = Audience { levels: levels.clone(), stages: Vec::new(), is_interactive: false };
    let (sinks, writer) = sinks::open(&screen_only, &options, None, (&system, started), audience)?;
    let zones = Zones::default();
    let around = Around {
        network: setup::network(&plan.discovery, &limits, &zones)?,
        zones,
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
    let selection = in_directory(&around.data, &directory)?;
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
