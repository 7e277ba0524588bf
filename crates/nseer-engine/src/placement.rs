//! Which scripts may run in any Lua state, and which must all run in one because they share the
//! registry across hosts.

use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use crate::config::EngineConfig;
use crate::coupling::{RegistryUse, registry_use};
use crate::data_dir::DataDirs;
use crate::script::ScriptInfo;

/// Where scripts run.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Number of Lua states.
    pub(crate) workers: usize,
    /// IDs of the scripts that run in worker 0 for all hosts.
    pub(crate) pinned: HashSet<Arc<str>>,
}

impl Placement {
    /// Everything in one state.
    pub(crate) fn single() -> Placement {
        Placement { workers: 1, pinned: HashSet::new() }
    }

    /// Reads the sources of the scripts and of the libraries they require.
    pub(crate) fn of(config: &EngineConfig, scripts: &[Arc<ScriptInfo>]) -> Placement {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = config.workers.map_or(cores, NonZeroUsize::get);
        if workers == 1 {
            return Placement::single();
        }
        let mut libraries = Libraries { data: &config.data, seen: HashMap::new() };
        let mut pinned = HashSet::new();
        for selected in &config.scripts {
            let path = selected.display();
            let Some(info) = scripts.iter().find(|s| s.path == path) else { continue };
            let shares = match selected.read() {
                Ok(source) => libraries.shares(&registry_use(&source)),
                Err(_) => true,
            };
            if shares {
                pinned.insert(info.id.clone());
            }
        }
        add_dependents(scripts, &mut pinned);
        if config.workers.is_none() && pinned.len() * 2 > scripts.len() {
            return Placement::single();
        }
        Placement { workers, pinned }
    }
}

/// Reads script arguments for everybody, through a name of its own for the registry, and nothing
/// else of it.
const ARGUMENT_READER: &str = "stdnse";

struct Libraries<'a> {
    data: &'a DataDirs,
    /// Whether a library shares the registry, itself or through another one.
    seen: HashMap<String, bool>,
}

impl Libraries<'_> {
    fn shares(&mut self, source: &RegistryUse) -> bool {
        source.touches_registry || source.requires.iter().any(|name| self.library_shares(name))
    }

    fn library_shares(&mut self, name: &str) -> bool {
        if name == ARGUMENT_READER {
            return false;
        }
        if let Some(known) = self.seen.get(name) {
            return *known;
        }
        // A library that requires itself in a circle shares no more than the others in it do.
        self.seen.insert(name.to_owned(), false);
        let file = format!("nselib/{}.lua", name.replace('.', "/"));
        let source = self.data.find(&file).and_then(|found| found.read().ok());
        let shares = source.is_some_and(|source| self.shares(&registry_use(&source)));
        self.seen.insert(name.to_owned(), shares);
        shares
    }
}

/// A script that depends on a pinned one must run after it, so it is pinned too.
fn add_dependents(scripts: &[Arc<ScriptInfo>], pinned: &mut HashSet<Arc<str>>) {
    loop {
        let before = pinned.len();
        for script in scripts {
            if script.dependencies.iter().any(|d| pinned.contains(d.as_str())) {
                pinned.insert(script.id.clone());
            }
        }
        if pinned.len() == before {
            return;
        }
    }
}
