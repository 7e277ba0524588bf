//! Runs one test: the script, its stand-in for the network, and what should come out.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use nseer_core::{PortKey, PortState, Protocol, Reason, ServiceTable};
use nseer_engine::data_dir::DataDirs;
use nseer_engine::{Chunks, Lines, Workbench};
use nseer_net::stand_in::StandIn;
use nseer_net::{NetPolicy, Network, NetworkConfig, Transport};
use nseer_replay::{
    Expected, Mismatch, Recording, Replay, ScriptedPeers, Snapshots, Source, Stage, TestCase,
    machine::{self, Pace},
};
use nseer_seam::System;

use super::single_run::{GivenHost, GivenPort, Ran, SingleRun};
use super::test_bless;
use super::test_coverage::Coverage;
use super::test_find::{Kind, TESTS, Test};
use crate::setup;

/// What all tests share.
pub(super) struct Settings {
    pub(super) data: Arc<DataDirs>,
    pub(super) system: System,
    /// What is printed becomes what should be.
    pub(super) blesses: bool,
    pub(super) coverage: Option<Coverage>,
    pub(super) names: Arc<ServiceTable>,
    /// Libraries that some test has compiled.
    pub(super) chunks: Arc<Chunks>,
}

/// What came of a test.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// What is wrong, each in one line and what it needs behind it; empty where all is well.
    pub(super) failures: Vec<String>,
    /// What was done besides.
    pub(super) note: Option<String>,
}

impl Verdict {
    fn failed(text: impl Into<String>) -> Verdict {
        Verdict { failures: vec![text.into()], note: None }
    }
}

/// What a test stands on.
enum Peers {
    Replay(Replay),
    Scripted(ScriptedPeers),
}

impl Peers {
    fn stand_in(&self) -> Arc<dyn StandIn> {
        match self {
            Peers::Replay(replay) => Arc::new(replay.clone()),
            Peers::Scripted(peers) => Arc::new(peers.clone()),
        }
    }

    fn finish(&self) -> Vec<Mismatch> {
        match self {
            Peers::Replay(replay) => replay.finish(),
            Peers::Scripted(peers) => peers.finish(),
        }
    }
}

/// Raw packets are not played.
struct NoRawPackets;

impl NetPolicy for NoRawPackets {
    fn check(&self, _: SocketAddr, transport: Transport) -> Result<(), String> {
        match transport {
            Transport::Raw => Err("a test plays no raw packets".to_owned()),
            _ => Ok(()),
        }
    }
}

/// What a script printed, and where it and its peers parted ways.
pub(super) struct Played {
    pub(super) ran: Ran,
    pub(super) mismatches: Vec<Mismatch>,
}

impl Settings {
    /// Settings for tests that only tell.
    ///
    /// # Errors
    /// Where the names of services cannot be read.
    pub(super) fn new(data: Arc<DataDirs>, system: &System) -> anyhow::Result<Settings> {
        Ok(Settings {
            names: setup::service_table(&data, false)?,
            data,
            system: system.clone(),
            blesses: false,
            coverage: None,
            chunks: Arc::default(),
        })
    }

    /// Runs a test. Must not be called inside of a runtime.
    pub(super) fn run(&self, test: &Test) -> Verdict {
        let done = match &test.kind {
            Kind::Broken(why) => return Verdict::failed(why.clone()),
            Kind::Recording(recording) => self.recording(test, recording),
            Kind::Case { case, text } => self.case(test, case, text),
        };
        done.unwrap_or_else(|error| Verdict::failed(format!("{error:#}")))
    }

    fn recording(&self, test: &Test, recording: &Recording) -> anyhow::Result<Verdict> {
        let script = beside(&test.file, &recording.stage.script);
        let shown = test.file.display().to_string();
        let played = self.replay(&script, recording).with_context(|| shown.clone())?;
        let mut verdict = judge(&played, &shown);
        let text = played.ran.text();
        let wanted = recording.output.as_deref().ok_or_else(|| {
            format!(
                "{shown}: it asserted nothing: the recording has no 'output'; --bless writes it"
            )
        });
        self.compare_or_bless(&mut verdict, wanted, &played, || {
            test_bless::recording(&self.system, &test.file, &text)
        })?;
        Ok(verdict)
    }

    /// Plays a recording to a script.
    pub(super) fn replay(&self, script: &Path, recording: &Recording) -> anyhow::Result<Played> {
        let pace = Pace::default();
        let peers = Peers::Replay(Replay::paced(recording.clone(), &pace));
        self.play(script, &recording.stage, &peers, &pace)
    }

    fn case(&self, test: &Test, case: &TestCase, text: &[u8]) -> anyhow::Result<Verdict> {
        let shown = test.file.display().to_string();
        let mut recorded = None;
        let (played, place) = match &case.source {
            Source::Recording { file, args } => {
                let path = beside(&test.file, file);
                let mut recording = self.read_recording(&path)?;
                if let Some(args) = args {
                    recording.stage.args = Some(args.clone());
                }
                let script = beside(&path, &recording.stage.script);
                recorded = recording.output.clone();
                (self.replay(&script, &recording)?, path.display().to_string())
            }
            Source::Peers { stage, names } => {
                let peers = ScriptedPeers::start(text, &shown, &case.name, names.clone())?;
                let script = match stage.script.as_str() {
                    "" => own_script(&test.file),
                    named => beside(&test.file, named),
                };
                let peers = Peers::Scripted(peers);
                (self.play(&script, stage, &peers, &Pace::default())?, shown.clone())
            }
        };
        let mut verdict = judge(&played, &place);
        match (&case.expected, recorded) {
            (Expected::Text(expected), _) => compare(&mut verdict, expected, &played),
            (Expected::Snapshot, _) => self.snapshot(&mut verdict, test, &played)?,
            (Expected::Recorded, Some(expected)) => compare(&mut verdict, &expected, &played),
            (Expected::Recorded | Expected::Unknown, _) => verdict.failures.push(format!(
                "{shown}:{}: it asserted nothing: say what the script prints (output = \"…\", or \
                 false), or snapshot = true",
                case.line
            )),
        }
        Ok(verdict)
    }

    fn read_recording(&self, path: &Path) -> anyhow::Result<Recording> {
        let text = self.system.files.read(path);
        let text =
            text.with_context(|| format!("cannot read the recording '{}'", path.display()))?;
        let text = String::from_utf8(text);
        let text = text.with_context(|| format!("{} is not text", path.display()))?;
        Recording::read(&text)
            .map_err(|e| anyhow::anyhow!("{}:{}: {}", path.display(), e.line, e.text))
    }

    fn play(
        &self,
        script: &Path,
        stage: &Stage,
        peers: &Peers,
        pace: &Pace,
    ) -> anyhow::Result<Played> {
        let network = Network::new(NetworkConfig {
            stand_in: Some(peers.stand_in()),
            policy: Arc::new(NoRawPackets),
            ..NetworkConfig::default()
        });
        let host = given(stage)?;
        let lines = self.coverage.as_ref().map(Coverage::of_test);
        let run = SingleRun {
            script,
            host: &host,
            args: stage.args.as_ref().map(String::as_bytes),
            data: self.data.clone(),
            names: self.names.clone(),
            network,
            started: UNIX_EPOCH + Duration::from_millis(stage.time),
            system: machine::machine(stage.time, stage.seed, pace),
            workbench: Workbench {
                seed: Some(stage.seed),
                virtual_time: true,
                lines: lines.clone().map(|lines| lines as Arc<dyn Lines>),
                chunks: Some(self.chunks.clone()),
                ..Workbench::default()
            },
            forced: false,
            privileged: false,
            debugging: 0,
            verbosity: 0,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let ran = runtime.block_on(run.go());
        if let Some(lines) = lines {
            lines.finish();
        }
        let ran = ran?;
        Ok(Played { ran, mismatches: peers.finish() })
    }

    /// Compares what was printed with what should be, or with why nobody says that; where it is another and is to
    /// be the rule from now on, blesses it.
    fn compare_or_bless(
        &self,
        verdict: &mut Verdict,
        wanted: Result<&str, String>,
        played: &Played,
        bless: impl FnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let is_so = wanted.as_ref().is_ok_and(|expected| same(expected, &played.ran.text()));
        // What went wrong is not to be the rule from now on.
        if !is_so && self.blesses && verdict.failures.is_empty() {
            bless()?;
            verdict.note = Some("blessed".to_owned());
            return Ok(());
        }
        match wanted {
            Ok(expected) => compare(verdict, expected, played),
            Err(why) => verdict.failures.push(why),
        }
        Ok(())
    }

    fn snapshot(&self, verdict: &mut Verdict, test: &Test, played: &Played) -> anyhow::Result<()> {
        let path = snapshot_path(&test.file);
        let read = match self.system.files.kind(&path) {
            Some(_) => {
                let text = self.system.files.read(&path);
                text.with_context(|| format!("cannot read '{}'", path.display()))?
            }
            None => Snapshots::default().write().into_bytes(),
        };
        let snapshots = Snapshots::read(&String::from_utf8_lossy(&read))
            .map_err(|e| anyhow::anyhow!("{}:{}: {}", path.display(), e.line, e.text))?;
        let wanted = snapshots.outputs.get(&test.name).map(String::as_str).ok_or_else(|| {
            format!(
                "it asserted nothing: {} has no snapshot of it; --bless writes one",
                path.display()
            )
        });
        self.compare_or_bless(verdict, wanted, played, || {
            test_bless::snapshot(&self.system, &path, &test.name, &played.ran.text())
        })
    }
}

/// What is wrong whatever was to be printed.
fn judge(played: &Played, file: &str) -> Verdict {
    let mut failures = played.ran.failures();
    for text in played.mismatches.iter().map(|mismatch| mismatch.text(file)) {
        // Scripts try again; once is enough.
        if !failures.contains(&text) {
            failures.push(text);
        }
    }
    Verdict { failures, note: None }
}

/// Tells where something else was printed than expected.
fn compare(verdict: &mut Verdict, expected: &str, played: &Played) {
    let printed = played.ran.text();
    if same(expected, &printed) {
        return;
    }
    let why = match (played.ran.has_run(), printed.is_empty()) {
        (false, _) => "the script did not run: its rules say no",
        (true, true) => "the script printed nothing",
        (true, false) => "the output is another",
    };
    verdict.failures.push(format!("{why}\n{}", difference(expected, &printed)));
}

/// A last end of line makes no difference, so that a test may be written as a reader likes it.
fn same(expected: &str, printed: &str) -> bool {
    expected.trim_end_matches('\n') == printed.trim_end_matches('\n')
}

/// Both texts as one: lines that are only expected, only printed, or both.
fn difference(expected: &str, printed: &str) -> String {
    let (expected, printed) =
        (format!("{}\n", expected.trim_end()), format!("{}\n", printed.trim_end()));
    let diff = similar::TextDiff::from_lines(&expected, &printed);
    let mut out = String::from("    - expected\n    + printed\n");
    for change in diff.iter_all_changes() {
        let sign = match change.tag() {
            similar::ChangeTag::Equal => ' ',
            similar::ChangeTag::Delete => '-',
            similar::ChangeTag::Insert => '+',
        };
        let line = change.value().trim_end_matches('\n');
        if !(line.is_empty() && expected.trim().is_empty() | printed.trim().is_empty()) {
            out.push_str(&format!("    {sign} {line}\n"));
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A file that another one names.
fn beside(file: &Path, named: &str) -> PathBuf {
    match file.parent() {
        Some(folder) => folder.join(named),
        None => PathBuf::from(named),
    }
}

/// `NAME.nse` of `NAME.test.lua`.
fn own_script(file: &Path) -> PathBuf {
    let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
    let stem = name.as_deref().and_then(|name| name.strip_suffix(TESTS)).unwrap_or_default();
    file.with_file_name(format!("{stem}.nse"))
}

fn snapshot_path(file: &Path) -> PathBuf {
    file.with_extension("snap")
}

/// The host as a test gives it.
pub(super) fn given(stage: &Stage) -> anyhow::Result<GivenHost> {
    let mut ports = Vec::new();
    for port in &stage.ports {
        let protocol = if port.is_udp { Protocol::Udp } else { Protocol::Tcp };
        let Some(state) = PortState::ALL.into_iter().find(|state| state.as_str() == port.state)
        else {
            let known: Vec<&str> = PortState::ALL.iter().map(|state| state.as_str()).collect();
            bail!("'{}' is no state of a port: write one of {}", port.state, known.join(", "));
        };
        let key = PortKey::new(protocol, port.number);
        ports.push(GivenPort {
            key,
            state,
            reason: Reason::UserSet,
            service: port.service.clone(),
        });
    }
    Ok(GivenHost { address: stage.host, name: stage.name.clone(), ports, way: stage.way.clone() })
}
