//! Which scripts may run in any Lua state, and which must all run in one because they share a key of
//! the registry across hosts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use nseer_core::Phase;

use crate::config::EngineConfig;
use crate::coupling::{self, Class, FileUse, Use, classes, file_use};
use crate::script::ScriptInfo;

/// Where scripts run.
#[derive(Debug)]
pub(crate) struct Placement {
    /// Number of Lua states.
    pub(crate) workers: usize,
    /// IDs of the scripts that run in worker 0 for all hosts, and why they do.
    pub(crate) pinned: HashMap<Arc<str>, Sharing>,
    /// Keys of the registry that each state fills for itself.
    pub(crate) memos: Arc<HashSet<String>>,
}

/// Why a script must run in the same Lua state for all hosts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// It uses a key of the registry by which hosts may learn of one another; `None` where the
    /// text does not tell which keys it uses.
    Key(Option<String>),
    /// A library that it requires does.
    Library(String, Option<String>),
    /// It must run after this script, which is pinned.
    Dependency(Arc<str>),
    /// Its file can no longer be read.
    Unread,
}

impl std::fmt::Display for Sharing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let key = |key: &Option<String>| match key {
            Some(key) => format!("registry key '{key}'"),
            None => "registry keys unknown".to_owned(),
        };
        match self {
            Sharing::Key(name) => f.write_str(&key(name)),
            Sharing::Library(library, name) => write!(f, "{} of library {library}", key(name)),
            Sharing::Dependency(id) => write!(f, "after {id}"),
            Sharing::Unread => f.write_str("not readable"),
        }
    }
}

impl Placement {
    /// Everything in one state.
    pub(crate) fn single() -> Placement {
        Placement { workers: 1, pinned: HashMap::new(), memos: Arc::default() }
    }

    /// How many Lua states there may be.
    pub(crate) fn most_workers(config: &EngineConfig) -> usize {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        config.workers.map_or(cores, NonZeroUsize::get)
    }

    /// Finds a place for each of the scripts that were loaded.
    pub(crate) fn of(
        config: &EngineConfig,
        scripts: &[Arc<ScriptInfo>],
        texts: &Texts,
    ) -> Placement {
        let workers = Placement::most_workers(config);
        if workers == 1 {
            return Placement::single();
        }
        let mut readers = Vec::new();
        let mut pinned = HashMap::new();
        for info in scripts {
            match texts.scripts.get(&info.path) {
                Some(own) => readers.push(texts.reader(info, own)),
                None => {
                    pinned.insert(info.id.clone(), Sharing::Unread);
                }
            }
        }
        let uses = texts.uses(&readers);
        let plain: Vec<Use<'_>> = uses.iter().map(|one| one.what).collect();
        let classes = classes(&plain);
        for one in &uses {
            if let Some(sharing) = one.sharing(&classes) {
                pinned.entry(one.script.clone()).or_insert(sharing);
            }
        }
        add_dependents(scripts, &mut pinned);
        if config.workers.is_none() && pinned.len() * 2 > scripts.len() {
            return Placement::single();
        }
        let memos = classes.iter().filter(|(_, class)| **class == Class::Memo);
        let memos = Arc::new(memos.map(|(key, _)| (*key).to_owned()).collect());
        Placement { workers, pinned, memos }
    }

    /// What `-d` tells: the pinned scripts, by what pins them.
    pub(crate) fn description(&self) -> String {
        let mut groups: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for (id, sharing) in &self.pinned {
            groups.entry(sharing.to_string()).or_default().insert(id);
        }
        let told = groups.iter().map(|(why, ids)| {
            format!("{} ({why})", ids.iter().copied().collect::<Vec<_>>().join(" "))
        });
        let mut told: Vec<String> = told.collect();
        told.sort_unstable();
        let pinned = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
        format!("{} script workers; pinned to the first: {pinned}", self.workers)
    }
}

/// Reads script arguments for everybody, through a name of its own for the registry. Its functions
/// that take keys are judged where they are called.
const ARGUMENT_READER: &str = "stdnse";

/// A file that was looked through.
struct Source {
    text: Vec<u8>,
    found: FileUse,
}

/// A selected script.
struct Reader<'a> {
    info: Arc<ScriptInfo>,
    own: &'a Source,
    /// The libraries that it requires, and those that they require.
    libraries: Vec<&'a str>,
}

/// A use that a script on a host may reach.
struct Reached<'a> {
    what: Use<'a>,
    script: Arc<str>,
    library: Option<&'a str>,
}

impl Reached<'_> {
    /// Why the script is pinned for this use, if it is.
    fn sharing(&self, classes: &HashMap<&str, Class>) -> Option<Sharing> {
        let access = self.what.access;
        let key = match self.what.key() {
            Some(key) if classes.get(key) == Some(&Class::Shared) => Some(key.to_owned()),
            Some(_) => return None,
            None if access.act == coupling::Act::OfHost => return None,
            None if access.after_hosts && self.what.is_known => return None,
            None => None,
        };
        Some(match self.library {
            Some(library) => Sharing::Library(library.to_owned(), key),
            None => Sharing::Key(key),
        })
    }
}

/// The sources of all selected scripts, by path, and of the libraries that they need, by name.
#[derive(Default)]
pub(crate) struct Texts {
    scripts: BTreeMap<String, Source>,
    libraries: BTreeMap<String, Source>,
}

impl Texts {
    /// Reads them, and looks through them.
    pub(crate) fn read(config: &EngineConfig) -> Texts {
        let mut texts = Texts::default();
        let mut wanted = Vec::new();
        for script in &config.scripts {
            let Ok(text) = script.read() else { continue };
            let found = file_use(&text);
            wanted.extend(found.requires.iter().cloned());
            texts.scripts.insert(script.display(), Source { text, found });
        }
        while let Some(name) = wanted.pop() {
            if texts.libraries.contains_key(&name) {
                continue;
            }
            let file = format!("nselib/{}.lua", name.replace('.', "/"));
            let file = config.data.find(&file).and_then(|file| file.read().ok());
            let Some(text) = file else { continue };
            let mut found = file_use(&text);
            if name == ARGUMENT_READER {
                found.accesses.clear();
            }
            wanted.extend(found.requires.iter().cloned());
            texts.libraries.insert(name, Source { text, found });
        }
        texts
    }

    fn reader<'a>(&'a self, info: &Arc<ScriptInfo>, own: &'a Source) -> Reader<'a> {
        let mut libraries: Vec<&str> = own.found.requires.iter().map(String::as_str).collect();
        let mut next = 0;
        while let Some(name) = libraries.get(next) {
            next += 1;
            let Some(library) = self.libraries.get(*name) else { continue };
            for required in &library.found.requires {
                if !libraries.contains(&required.as_str()) {
                    libraries.push(required);
                }
            }
        }
        Reader { info: info.clone(), own, libraries }
    }

    /// The uses of all scripts that run on hosts.
    fn uses<'s>(&'s self, readers: &'s [Reader<'s>]) -> Vec<Reached<'s>> {
        let mut uses = Vec::new();
        let mut called = HashMap::new();
        let on_hosts = |r: &&Reader<'_>| r.info.has(Phase::Host) || r.info.has(Phase::Port);
        for reader in readers.iter().filter(on_hosts) {
            let id = &*reader.info.id;
            let mut push = |access, library, is_known| {
                let what = Use { access, script: id, is_known };
                uses.push(Reached { what, script: reader.info.id.clone(), library });
            };
            for access in &reader.own.found.accesses {
                push(access, None, reader.info.from_data_dir);
            }
            for name in &reader.libraries {
                let Some(library) = self.libraries.get(*name) else { continue };
                for access in &library.found.accesses {
                    let is_reached = access.functions.iter().all(|function| {
                        *called
                            .entry((*name, function.as_str()))
                            .or_insert_with(|| self.is_called(name, function, readers))
                    });
                    if is_reached {
                        push(access, Some(*name), true);
                    }
                }
            }
        }
        uses
    }

    /// True where any selected script, or a library that one needs, names a function of a library.
    fn is_called(&self, library: &str, function: &str, readers: &[Reader<'_>]) -> bool {
        let scripts = readers.iter().map(|reader| reader.own);
        let others = self.libraries.iter().filter(|(name, _)| *name != library);
        let mut texts = scripts.chain(others.map(|(_, source)| source));
        texts.any(|source| coupling::names(&source.text, function))
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
