//! Which scripts may run in any Lua state, and which must all run in one because they share the
//! registry across hosts.

use std::collections::HashMap;
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
    /// IDs of the scripts that run in worker 0 for all hosts, and why they do.
    pub(crate) pinned: HashMap<Arc<str>, Sharing>,
}

/// Why a script must run in the same Lua state for all hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// It may use the registry itself.
    Registry,
    /// A library that it requires may.
    Library(String),
    /// It must run after this script, which is pinned.
    Dependency(Arc<str>),
    /// Its file can no longer be read.
    Unread,
}

impl std::fmt::Display for Sharing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Sharing::Registry => f.write_str("registry"),
            Sharing::Library(name) => write!(f, "library {name}"),
            Sharing::Dependency(id) => write!(f, "after {id}"),
            Sharing::Unread => f.write_str("not readable"),
        }
    }
}

impl Placement {
    /// Everything in one state.
    pub(crate) fn single() -> Placement {
        Placement { workers: 1, pinned: HashMap::new() }
    }

    /// Reads the sources of the scripts and of the libraries they require.
    pub(crate) fn of(config: &EngineConfig, scripts: &[Arc<ScriptInfo>]) -> Placement {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let workers = config.workers.map_or(cores, NonZeroUsize::get);
        if workers == 1 {
            return Placement::single();
        }
        let mut libraries = Libraries { data: &config.data, seen: HashMap::new() };
        let mut pinned = HashMap::new();
        for selected in &config.scripts {
            let path = selected.display();
            let Some(info) = scripts.iter().find(|s| s.path == path) else { continue };
            let sharing = match selected.read() {
                Ok(source) => libraries.sharing(&registry_use(&source)),
                Err(_) => Some(Sharing::Unread),
            };
            if let Some(sharing) = sharing {
                pinned.insert(info.id.clone(), sharing);
            }
        }
        add_dependents(scripts, &mut pinned);
        if config.workers.is_none() && pinned.len() * 2 > scripts.len() {
            return Placement::single();
        }
        Placement { workers, pinned }
    }

    /// What `-d` tells: the pinned scripts and why they are.
    pub(crate) fn description(&self) -> String {
        let mut pinned: Vec<String> =
            self.pinned.iter().map(|(id, sharing)| format!("{id} ({sharing})")).collect();
        pinned.sort_unstable();
        let pinned = if pinned.is_empty() { "none".to_owned() } else { pinned.join(", ") };
        format!("{} script workers; pinned to the first: {pinned}", self.workers)
    }
}

/// Reads script arguments for everybody, through a name of its own for the registry, and nothing
/// else of it.
const ARGUMENT_READER: &str = "stdnse";

struct Libraries<'a> {
    data: &'a DataDirs,
    /// The library by which a library shares the registry: itself, or another one.
    seen: HashMap<String, Option<String>>,
}

impl Libraries<'_> {
    fn sharing(&mut self, script: &RegistryUse) -> Option<Sharing> {
        if script.touches_registry {
            return Some(Sharing::Registry);
        }
        script.requires.iter().find_map(|name| self.sharer(name)).map(Sharing::Library)
    }

    /// The library that shares the registry where `name` is required.
    fn sharer(&mut self, name: &str) -> Option<String> {
        if name == ARGUMENT_READER {
            return None;
        }
        if let Some(known) = self.seen.get(name) {
            return known.clone();
        }
        // A library that requires itself in a circle shares no more than the others in it do.
        self.seen.insert(name.to_owned(), None);
        let file = format!("nselib/{}.lua", name.replace('.', "/"));
        let source = self.data.find(&file)?.read().ok()?;
        let used = registry_use(&source);
        let sharer = match used.touches_registry {
            true => Some(name.to_owned()),
            false => used.requires.iter().find_map(|name| self.sharer(name)),
        };
        self.seen.insert(name.to_owned(), sharer.clone());
        sharer
    }
}

/// A script that depends on a pinned one must run after it, so it is pinned too.
fn add_dependents(scripts: &[Arc<ScriptInfo>], pinned: &mut HashMap<Arc<str>, Sharing>) {
    loop {
        let before = pinned.len();
        for script in scripts {
            if pinned.contains_key(&script.id) {
                continue;
            }
            let found = script.dependencies.iter().find(|d| pinned.contains_key(d.as_str()));
            if let Some(dependency) = found {
                let sharing = Sharing::Dependency(dependency.as_str().into());
                pinned.insert(script.id.clone(), sharing);
            }
        }
        if pinned.len() == before {
            return;
        }
    }
}
