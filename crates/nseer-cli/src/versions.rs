//! Version detection in a run: its probe file, its limits, and what it adds to a host.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, bail};
use nseer_core::{Event, EventSink as _, HostRecord, PortKey, PortState, Severity};
use nseer_engine::data_dir::DataDirs;
use nseer_probes::{ProbeDb, Problem};
use nseer_version::{Detector, SocketDialer, VersionConfig};

use crate::plan::VersionPlan;
use crate::setup::Around;

/// The name under which data directories have the probe file.
pub(crate) const PROBE_FILE: &str = "nmap-service-probes";

/// What the embedded probes are called in messages.
const EMBEDDED: &str = "embedded:/probes";

/// Compiling the patterns of a larger file first would keep the scan waiting.
const MOST_CHECKED: usize = 1000;

/// Version detection, ready to go.
pub struct Versions {
    detector: Detector<SocketDialer>,
    /// Ports that are not asked, sorted.
    left_alone: Arc<[PortKey]>,
}

/// Reads the probes and makes the detector; `None` where no versions were asked for. Lines of the
/// file that cannot be used are told.
///
/// # Errors
/// Where there is no probe file, or it cannot be read.
pub fn versions(
    plan: &VersionPlan,
    probes: &mut ProbeFile,
    around: &Around,
) -> anyhow::Result<Option<Versions>> {
    if !plan.wanted {
        return Ok(None);
    }
    probes.load(&around.data)?;
    let Some(Loaded { name, db, mut problems }) = probes.loaded.take() else { return Ok(None) };
    // Patterns are compiled when they are needed, but who writes a file wants to know at once.
    if plan.file.is_some() && db.line_count() <= MOST_CHECKED {
        problems.extend(db.check());
    }
    for problem in problems {
        let text = format!("nseer: warning: {problem}").into_bytes();
        around.sinks.emit(Event::Message { severity: Severity::Warning, text });
    }
    if db.probes().is_empty() {
        bail!("'{name}' has no probe that could be used");
    }
    let left_alone = if plan.all_ports { Arc::default() } else { db.excluded().into() };
    let config = VersionConfig {
        db,
        intensity: plan.intensity,
        all_ports: plan.all_ports,
        sockets: around.limits.version_sockets,
        ports_per_host: around.limits.version_ports_per_host,
        trace: plan.trace,
        clock: around.system.clock.clone(),
        events: Arc::new(around.sinks.clone()),
    };
    let detector = Detector::new(config, SocketDialer(around.network.clone()));
    Ok(Some(Versions { detector, left_alone }))
}

/// The probe file of a run, which is read once, when something of it is needed first.
#[derive(Default)]
pub struct ProbeFile {
    loaded: Option<Loaded>,
}

struct Loaded {
    name: String,
    db: Arc<ProbeDb>,
    problems: Vec<Problem>,
}

impl ProbeFile {
    /// The probes, and what is wrong with lines of the file.
    ///
    /// # Errors
    /// Where the file cannot be read.
    pub fn load(&mut self, data: &DataDirs) -> anyhow::Result<(&ProbeDb, &[Problem])> {
        let loaded = match self.loaded.take() {
            Some(loaded) => loaded,
            None => {
                let (name, text) = probe_file(data)?;
                let (db, problems) = ProbeDb::load(&name, text);
                Loaded { name, db: Arc::new(db), problems }
            }
        };
        let Loaded { db, problems, .. } = self.loaded.insert(loaded);
        Ok((db, problems))
    }
}

/// The probe file of the data directory, else our own.
fn probe_file(data: &DataDirs) -> anyhow::Result<(String, Cow<'static, [u8]>)> {
    if let Some(file) = data.find(PROBE_FILE) {
        let name = file.display();
        let text = file.read().with_context(|| format!("cannot read '{name}'"))?;
        return Ok((name, text.into()));
    }
    Ok((EMBEDDED.to_owned(), Cow::Borrowed(nseer_stdlib::probes::service_probes())))
}

impl Versions {
    /// The ports that the probe file leaves alone, sorted; none where all are to be asked.
    #[must_use]
    pub fn excluded(&self) -> Arc<[PortKey]> {
        self.left_alone.clone()
    }

    /// How many of a host's ports will be asked.
    #[must_use]
    pub fn asked(&self, host: &HostRecord) -> usize {
        let is_asked = |state| matches!(state, PortState::Open | PortState::OpenFiltered);
        let ports = host.ports.iter().filter(|(_, status)| is_asked(status.state));
        ports.filter(|(key, _)| !self.left_alone.contains(key)).count()
    }

    /// Finds out the versions of a host's services, until `deadline`.
    pub async fn detect(&self, host: &mut HostRecord, deadline: Option<Instant>) {
        self.detector.detect(host, deadline.map(Into::into)).await;
    }
}
