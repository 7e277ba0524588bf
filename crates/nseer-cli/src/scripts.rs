//! The script engine of a run: it loads the scripts and runs those before the hosts, those of hosts and those
//! after them. Scripts that only find out versions are loaded when there is a port to find out about.

use std::sync::{Arc, Mutex, PoisonError};

use nseer_core::{Event, EventSink as _, HostRecord, Levels, Phase, PortState, Severity};
use nseer_engine::{Engine, EngineConfig};
use nseer_seam::Clock;
use tokio::sync::OnceCell;

use crate::past::Past;
use crate::run::complain;
use crate::sinks::Sinks;
use crate::tasks::Tasks;

/// The scripts of a run, loaded or not.
pub struct Scripts {
    /// Until they are loaded.
    config: Mutex<Option<EngineConfig>>,
    opened: OnceCell<Result<Arc<Engine>, String>>,
    sinks: Sinks,
    levels: Arc<Levels>,
    clock: Arc<dyn Clock>,
    /// They were asked for by themselves: without that, those that find out versions work for the
    /// services alone.
    are_shown: bool,
}

impl Scripts {
    /// Scripts that will be loaded. `are_shown` says whether the user asked for any.
    #[must_use]
    pub fn new(config: EngineConfig, sinks: Sinks, are_shown: bool) -> Scripts {
        let (levels, clock) = (config.levels.clone(), config.system.clock.clone());
        let config = Mutex::new(Some(config));
        Scripts { config, opened: OnceCell::new(), sinks, levels, clock, are_shown }
    }

    /// Loads the scripts and runs those that come before the hosts, at the first call; further ones
    /// wait for that.
    ///
    /// # Errors
    /// Where a script cannot be loaded.
    pub async fn open(&self, past: &Past) -> Result<Arc<Engine>, String> {
        let opened = self.opened.get_or_init(|| async {
            let config = self.config.lock().unwrap_or_else(PoisonError::into_inner).take();
            let config = config.ok_or("the scripts were not loaded to the end")?;
            let engine = Engine::start(config).await.map_err(|error| error.to_string())?;
            self.sinks.count_failures_of(engine.scripts());
            self.tell_of(&engine);
            self.phase(&engine, Phase::Pre, past).await;
            Ok(Arc::new(engine))
        });
        opened.await.clone()
    }

    /// Loads the scripts that the user asked for, and is ready only where that fails: with why.
    pub async fn fails_to_open(&self, past: &Past) -> String {
        if self.are_shown
            && let Err(why) = self.open(past).await
        {
            return why;
        }
        std::future::pending().await
    }

    /// Waits until scripts that run before the hosts have ended. Never
    /// ready where a script that was asked for cannot be loaded, since that ends the run.
    pub async fn precede(&self, past: &Past) {
        if self.are_shown && self.open(past).await.is_err() {
            std::future::pending().await
        }
    }

    /// Runs what comes after all hosts, where anything was loaded.
    pub async fn close(&self, past: &Past) {
        self.precede(past).await;
        if let Some(Ok(engine)) = self.opened.get() {
            self.phase(engine, Phase::Post, past).await;
        }
    }

    /// Runs the scripts of a host that is up, as [`Engine::run_host`] does.
    pub async fn run_host(
        &self,
        host: &mut HostRecord,
        deadline: Option<std::time::Instant>,
        past: &Past,
    ) {
        let engine = match self.open(past).await {
            Ok(engine) => engine,
            Err(why) => {
                let text = format!("no scripts find out versions on {}: {why}", host.address);
                return complain(&self.sinks, &text);
            }
        };
        engine.run_host(host, deadline).await;
        if !self.are_shown {
            host.ports.clear_scripts();
        }
    }

    /// Whether any script could have something to do with this host. To find out versions, they need
    /// a port that may be open.
    #[must_use]
    pub fn may_run_on(&self, host: &HostRecord) -> bool {
        let may_be_open = |state| matches!(state, PortState::Open | PortState::OpenFiltered);
        self.are_shown || host.ports.iter().any(|(_, status)| may_be_open(status.state))
    }

    async fn phase(&self, engine: &Engine, phase: Phase, past: &Past) {
        if self.are_shown && !past.has_phase(phase) {
            let name = if phase == Phase::Pre { "Pre" } else { "Post" };
            if self.levels.verbosity() > 0 {
                self.say(format!("NSE: Script {name}-scanning."));
            }
            let tasks = Tasks::new(self.sinks.clone(), self.clock.clone());
            let end = tasks.phase();
            let record = engine.run_phase(phase).await;
            end();
            self.sinks.emit(Event::PhaseDone { phase, record });
        }
    }

    fn say(&self, text: String) {
        self.sinks.emit(Event::Message { severity: Severity::Info, text: text.into() });
    }

    fn tell_of(&self, engine: &Engine) {
        let say = |text: String| self.say(text);
        if self.levels.verbosity() > 0 {
            say(format!("NSE: Loaded {} scripts for scanning.", engine.scripts().len()));
        }
        if self.levels.debugging() > 1 {
            engine.scripts().iter().for_each(|s| say(format!("NSE: Loaded '{}'.", s.path)));
        }
    }
}
