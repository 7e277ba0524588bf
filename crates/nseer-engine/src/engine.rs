//! The engine as its embedder sees it: workers behind three calls.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nseer_core::{
    Event, HostRecord, Phase, PhaseRecord, PortTable, RegistryChange, RegistryItem, Severity,
};
use nseer_lua::{SharedLocks, Watchdog};
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinHandle;

use crate::config::EngineConfig;
use crate::error::EngineError;
use crate::host_cell::lock;
use crate::host_queue::HostQueue;
use crate::placement::{Placement, Texts};
use crate::registry::is_memo;
use crate::script::ScriptInfo;
use crate::worker::{self, Done, HostRegistry, HostTask, Task, Worker};

/// A running script engine. Its workers end when it is dropped.
pub struct Engine {
    config: EngineConfig,
    watchdog: Arc<Watchdog>,
    locks: SharedLocks,
    scripts: Vec<Arc<ScriptInfo>>,
    workers: tokio::sync::Mutex<Vec<Worker>>,
    /// The system gave no thread for one more.
    is_short: AtomicBool,
    /// Hosts that any worker may take.
    hosts: Arc<HostQueue>,
    /// The sources, on their way.
    texts: Mutex<Option<JoinHandle<Texts>>>,
    placement: OnceCell<Arc<Placement>>,
    /// The first worker's registry before any host.
    before_hosts: OnceCell<Option<Vec<RegistryChange>>>,
    next_host: AtomicU64,
}

impl Engine {
    /// Loads the configured scripts in one worker. Further workers start at the same time where many
    /// hosts are expected, or else when hosts come for them.
    ///
    /// # Errors
    /// Where a script cannot be loaded, or the operating system gives no thread.
    pub async fn start(config: EngineConfig) -> Result<Engine, EngineError> {
        let watchdog =
            Arc::new(Watchdog::start(config.system.clock.clone()).map_err(EngineError::Thread)?);
        let (locks, hosts) = (SharedLocks::default(), Arc::<HostQueue>::default());
        let start = |index| {
            worker::start(index, config.clone(), hosts.clone(), watchdog.clone(), locks.clone())
        };
        let (first, report) = start(0)?;
        let mut workers = vec![first];
        if config.many_hosts {
            for index in 1..Placement::most_workers(&config) {
                // Whoever cannot start now is tried again when a host comes.
                let Ok((worker, _)) = start(index) else { break };
                workers.push(worker);
            }
        }
        let texts = config.many_hosts.then(|| {
            let config = config.clone();
            tokio::task::spawn_blocking(move || Texts::read(&config))
        });
        let scripts = report.await.map_err(|_| EngineError::WorkerGone)??;
        Ok(Engine {
            texts: Mutex::new(texts),
            config,
            watchdog,
            locks,
            scripts,
            workers: tokio::sync::Mutex::new(workers),
            is_short: AtomicBool::new(false),
            hosts,
            placement: OnceCell::new(),
            before_hosts: OnceCell::new(),
            next_host: AtomicU64::new(1),
        })
    }

    /// The scripts that were loaded, in order.
    #[must_use]
    pub fn scripts(&self) -> &[Arc<ScriptInfo>] {
        &self.scripts
    }

    /// Runs the scripts of [`Phase::Pre`] or [`Phase::Post`]; gives their results sorted by ID, and
    /// how each ended. What the workers wrote to the registry is brought together first.
    pub async fn run_phase(&self, phase: Phase) -> PhaseRecord {
        if !self.scripts.iter().any(|s| s.has(phase)) {
            return PhaseRecord::default();
        }
        let workers = self.workers.lock().await;
        for other in &workers[1..] {
            if let Some(changes) = export(other).await {
                self.merge(&workers[0], changes);
            }
        }
        let (reply, results) = oneshot::channel();
        self.send(&workers[0], Task::Phase { phase, reply });
        drop(workers);
        match results.await {
            Ok(results) => results,
            Err(_) => {
                self.complain("a script worker ended unexpectedly; its results are lost");
                PhaseRecord::default()
            }
        }
    }

    /// Runs host and port scripts on a host that is up; their results go into its record. At
    /// `deadline` whatever still runs is ended. Where this is dropped before its end, the record has
    /// the results of the scripts that had ended.
    pub async fn run_host(&self, host: &mut HostRecord, deadline: Option<Instant>) {
        if !self.scripts.iter().any(|s| s.has(Phase::Host) || s.has(Phase::Port)) {
            return;
        }
        self.before_hosts
            .get_or_init(|| async { export(&self.workers.lock().await[0]).await })
            .await;
        let number = self.next_host.fetch_add(1, Ordering::Relaxed);
        let kept = std::mem::take(&mut host.registry);
        let lent = Lent::new(host);
        let record = &lent.record;
        let placement = self.placement(number).await;
        let task = |is_rest, registry, reply| HostTask {
            number,
            record: record.clone(),
            is_rest,
            placement: placement.clone(),
            registry,
            deadline,
            reply,
        };
        let (reply, done) = oneshot::channel();
        let whole = task(false, HostRegistry::Kept(kept), reply);
        if placement.workers == 1 {
            self.send(&self.workers.lock().await[0], Task::Host(whole));
        } else {
            self.call_workers(number.min(placement.workers as u64)).await;
            self.hosts.push(whole);
        }
        let mut result = done.await;
        if let Ok(Done::Unpinned(registry)) = &mut result {
            let registry = HostRegistry::Moved(std::mem::take(registry));
            let (reply, done) = oneshot::channel();
            let rest = Task::Host(task(true, registry, reply));
            self.send(&self.workers.lock().await[0], rest);
            result = done.await;
        }
        if result.is_err() {
            let address = lock(record).address;
            self.complain(&format!("a script worker ended unexpectedly while it had {address}"));
        }
    }

    /// One host alone never needs a second worker, so nothing is read for it.
    async fn placement(&self, host: u64) -> Arc<Placement> {
        if host == 1 && self.config.workers.is_none() && !self.config.many_hosts {
            return Arc::new(Placement::single());
        }
        let placement = self.placement.get_or_init(|| async {
            let begun = self.texts.lock().unwrap_or_else(PoisonError::into_inner).take();
            // Many files are read; hosts are scanned meanwhile.
            let texts = begun.unwrap_or_else(|| {
                let config = self.config.clone();
                tokio::task::spawn_blocking(move || Texts::read(&config))
            });
            let placement = match texts.await {
                Ok(texts) => Placement::of(&self.config, &self.scripts, &texts),
                Err(_) => Placement::single(),
            };
            if self.config.levels.debugging() > 0 {
                self.say(Severity::Info, format!("NSE: {}", placement.description()));
            }
            Arc::new(placement)
        });
        placement.await.clone()
    }

    /// Sees to it that there are so many workers, where the system gives them, and that each knows what
    /// the first one's registry held before any host.
    async fn call_workers(&self, count: u64) {
        let mut workers = self.workers.lock().await;
        while (workers.len() as u64) < count && !self.is_short.load(Ordering::Relaxed) {
            match self.add_worker(workers.len()) {
                Ok(worker) => workers.push(worker),
                Err(error) => {
                    self.complain(&format!("{error}; other script workers do the work"));
                    self.is_short.store(true, Ordering::Relaxed);
                }
            }
        }
        for worker in workers.iter_mut().skip(1).filter(|worker| !worker.is_given) {
            worker.is_given = true;
            if let Some(Some(changes)) = self.before_hosts.get() {
                self.merge(worker, changes.clone());
            }
        }
    }

    /// A further worker. It takes hosts when it has loaded the scripts.
    fn add_worker(&self, index: usize) -> Result<Worker, EngineError> {
        let (watchdog, locks) = (self.watchdog.clone(), self.locks.clone());
        let (worker, _) =
            worker::start(index, self.config.clone(), self.hosts.clone(), watchdog, locks)?;
        Ok(worker)
    }

    /// What one worker added to its registry goes to another one, but for the keys that each fills
    /// for itself.
    fn merge(&self, to: &Worker, mut changes: Vec<RegistryChange>) {
        if let Some(placement) = self.placement.get() {
            changes.retain(|change| match &change.key {
                RegistryItem::Text(key) if change.table == 0 => !is_memo(&placement.memos, key),
                _ => true,
            });
        }
        if !changes.is_empty() {
            self.send(to, Task::Merge(changes));
        }
    }

    /// A worker that is gone drops the task, and with it the reply that somebody waits for.
    fn send(&self, worker: &Worker, task: Task) {
        let _ = worker.tasks.send(task);
    }

    fn complain(&self, text: &str) {
        self.say(Severity::Error, text.to_owned());
    }

    fn say(&self, severity: Severity, text: String) {
        self.config.events.emit(Event::Message { severity, text: text.into_bytes() });
    }
}

/// A record that workers write into, until this is dropped; then its owner has it back.
struct Lent<'a> {
    owner: &'a mut HostRecord,
    record: Arc<Mutex<HostRecord>>,
}

impl<'a> Lent<'a> {
    fn new(owner: &'a mut HostRecord) -> Lent<'a> {
        let ports = PortTable::new(owner.ports.ports().clone());
        let empty = HostRecord::new(owner.address, ports, owner.started);
        let record = Arc::new(Mutex::new(std::mem::replace(owner, empty)));
        Lent { owner, record }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        std::mem::swap(self.owner, &mut lock(&self.record));
    }
}

async fn export(worker: &Worker) -> Option<Vec<RegistryChange>> {
    let (reply, graph) = oneshot::channel();
    worker.tasks.send(Task::Export { reply }).ok()?;
    graph.await.ok()
}

/// How long workers are waited for when the engine ends.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl Drop for Engine {
    /// A worker that is stuck in a call that cannot be stopped is left behind; it ends with the
    /// process.
    fn drop(&mut self) {
        self.watchdog.stop_all();
        let workers: Vec<_> = self.workers.get_mut().drain(..).map(|w| w.thread).collect();
        let clock = &self.config.system.clock;
        let begun = clock.now();
        for thread in workers {
            while !thread.is_finished() && clock.now() - begun < LAST_WAIT {
                std::thread::sleep(Duration::from_millis(1));
            }
            if thread.is_finished() {
                // A worker's panic has already been printed.
                let _ = thread.join();
            }
        }
    }
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("scripts", &self.scripts.len()).finish_non_exhaustive()
    }
}
