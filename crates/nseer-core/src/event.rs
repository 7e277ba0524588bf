//! What happens during a run, as a one-way stream from the pipeline to the sinks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::host::HostRecord;
use crate::port::{PortKey, PortState, PortStatus, Protocol};
use crate::progress::{Progress, Stage, Task};
use crate::registry::RegistryChanges;
use crate::script::{Phase, PhaseRecord, ScriptCost, ScriptResult, ScriptRun};
use crate::service::ServiceInfo;

/// How loud a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// For standard output, as the run's own commentary (`-v`, `-d`, script logging).
    Info,
    /// As before, and for files of normal output too: what was sent and received, and with what settings.
    Note,
    /// For standard error: the run goes on.
    Warning,
    /// For standard error: something that was asked for could not be done; the exit code says so.
    Error,
}

/// One port list of a run, for outputs that describe the scan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScanSummary {
    /// `connect`, `udp`, …: the scan type's name in XML.
    pub kind: &'static str,
    /// The protocol scanned.
    pub protocol: Protocol,
    /// How many ports each host is asked for.
    pub count: usize,
    /// The ports as a compact list, such as `22,80-90`.
    pub services: String,
}

/// How a run was started.
#[derive(Clone, Debug)]
pub struct RunInfo {
    /// The name of the program that scanned: `nseer`, or that of a document that was read.
    pub program: String,
    /// The command line, words joined by blanks, first the command's name.
    pub args: String,
    /// The program's version.
    pub version: String,
    /// Wall-clock time.
    pub started: SystemTime,
    /// Level of `-v`.
    pub verbosity: u8,
    /// Level of `-d`.
    pub debugging: u8,
    /// One entry for each scan type; empty where no port is scanned.
    pub scans: Vec<ScanSummary>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSummary {
    /// Wall-clock time.
    pub finished: SystemTime,
    /// From start to end.
    pub elapsed: Duration,
    /// Hosts that were up.
    pub up: u64,
    /// Hosts that were down.
    pub down: u64,
    /// Why the run ended early (Ctrl-C, a fatal error); `None` where it ran to its end.
    pub interrupted: Option<String>,
    /// An error message ([`Severity::Error`]) told that already.
    pub is_told: bool,
}

/// Raw packets and their bytes, link headers not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets that were sent.
    pub sent: u64,
    /// Their bytes.
    pub sent_bytes: u64,
    /// Packets that were received.
    pub received: u64,
    /// Their bytes.
    pub received_bytes: u64,
}

/// One thing that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The first event of a run.
    RunStarted(RunInfo),
    /// A port was found in a state other than closed or filtered, while its host is still being
    /// scanned.
    PortFound {
        /// The host.
        address: IpAddr,
        /// The port.
        port: PortKey,
        /// Its state.
        state: PortState,
    },
    /// So many further hosts are to be scanned, as far as the targets' text tells; more may follow.
    HostsExpected(u64),
    /// A part of the work on a host begins. This and the next two are for who watches a run, and may
    /// be left out where nobody does.
    StageBegun {
        /// The host.
        address: IpAddr,
        /// The part.
        stage: Stage,
    },
    /// A task begins.
    TaskBegun(Task),
    /// A task has ended.
    TaskEnded(Task),
    /// Raw packets that the run has sent and received in all; it comes shortly before the end.
    Traffic(Traffic),
    /// Some more of a host's ports are known.
    PortsKnown {
        /// The host.
        address: IpAddr,
        /// How many are.
        known: usize,
        /// Of how many.
        of: usize,
    },
    /// The action of a script begins.
    ScriptStarted {
        /// The script's ID.
        id: Arc<str>,
        /// The host, for host and port scripts.
        address: Option<IpAddr>,
        /// The port, for port scripts.
        port: Option<PortKey>,
    },
    /// How far the run has come, for those who asked.
    Progress(Progress),
    /// The ports of a host are known, and its scripts begin. Sent only where somebody keeps such
    /// things.
    HostScanned(Arc<HostRecord>),
    /// A script changed what is known of a port. Whoever keeps results of scripts before their host is done
    /// needs it.
    PortChanged {
        /// The host.
        address: IpAddr,
        /// The port.
        port: PortKey,
        /// How it is now.
        status: PortStatus,
        /// What runs there.
        service: Box<ServiceInfo>,
        /// The service is a look-up in a table: nothing asked the port, and no script told.
        is_lookup: bool,
    },
    /// A script found a further target.
    TargetFound(String),
    /// What scripts that have ended left in a registry. Sent only where somebody keeps such things, before
    /// those scripts are finished.
    RegistryChanged(RegistryChanges),
    /// A script ended.
    ScriptFinished {
        /// How.
        run: ScriptRun,
        /// What it gave.
        result: Option<ScriptResult>,
    },
    /// What a script took, for those who asked. It comes before its host or phase is done.
    ScriptCosted(ScriptCost),
    /// All pre- or postrule scripts ended.
    PhaseDone {
        /// [`Phase::Pre`] or [`Phase::Post`].
        phase: Phase,
        /// What they left behind.
        record: PhaseRecord,
    },
    /// A host is done: scanned, and its scripts ended.
    HostDone(Arc<HostRecord>),
    /// The run was stopped when the ports of a host were known and it was not done: what is known of
    /// it. Who takes the run up again goes on with it.
    HostCutShort(Arc<HostRecord>),
    /// Text for a person. Bytes, because scripts log bytes.
    Message {
        /// Where it goes.
        severity: Severity,
        /// The text, without a final newline.
        text: Vec<u8>,
    },
    /// The last event of a run.
    RunFinished(RunSummary),
}

/// Takes events. Called from many threads; must not block for long.
pub trait EventSink: Send + Sync {
    /// Takes one event.
    fn emit(&self, event: Event);

    /// Takes events that belong together: who keeps them keeps all or none.
    fn emit_together(&self, events: Vec<Event>) {
        events.into_iter().for_each(|event| self.emit(event));
    }
}
