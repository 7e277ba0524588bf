//! The stream of hosts: targets of the command line, then of files, then those that scripts add,
//! without the excluded ones; one address at a time.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use nseer_core::address_set::list_items;
use nseer_core::target::Addresses;
use nseer_core::{AddressSet, Event, EventSink as _, TargetSpec};
use nseer_engine::NewTargets;
use nseer_net::{Family, Network};
use nseer_seam::System;

use crate::plan::{Input, TargetPlan};
use crate::run::complain;
use crate::sinks::Sinks;

/// One address to scan.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// The name it was given by.
    pub name: Option<String>,
    /// Other addresses of that name.
    pub others: Vec<IpAddr>,
}

/// The hosts of a run, lazily.
pub struct TargetSource {
    waiting: VecDeque<String>,
    current: Option<(Addresses, Option<String>, Vec<IpAddr>)>,
    exclude: AddressSet,
    family: Family,
    network: Network,
    sinks: Sinks,
}

impl TargetSource {
    /// Reads files and resolves exclusions; targets are resolved when their turn comes.
    ///
    /// # Errors
    /// Where a file cannot be read, or an exclusion is wrong.
    pub async fn new(
        plan: &TargetPlan,
        network: Network,
        system: &System,
        sinks: Sinks,
    ) -> anyhow::Result<TargetSource> {
        let mut waiting: VecDeque<String> = plan.listed.iter().cloned().collect();
        match &plan.input {
            Some(Input::File(path)) => waiting.extend(read_list(path, system)?),
            Some(Input::Stdin) => waiting.extend(read_list(Path::new("/dev/stdin"), system)?),
            None => {}
        }
        // A target that is wrong ends the run before it begins.
        for target in &waiting {
            target.parse::<TargetSpec>()?;
        }
        let mut excluded: Vec<String> = plan.exclude.clone();
        if let Some(path) = &plan.exclude_file {
            excluded.extend(read_list(path, system)?);
        }
        let family = if plan.ipv6 { Family::V6 } else { Family::V4 };
        let mut specs = Vec::new();
        for text in &excluded {
            let spec: TargetSpec = text.parse().context("in the list of exclusions")?;
            match spec.name() {
                None => specs.push(spec),
                Some(name) => {
                    for address in network.resolve(name, None).await? {
                        specs.push(spec.with_address(address)?);
                    }
                }
            }
        }
        let exclude = AddressSet::new(specs)?;
        Ok(TargetSource { waiting, current: None, exclude, family, network, sinks })
    }

    /// Adds a target to the end.
    pub fn push(&mut self, target: String) {
        self.waiting.push_back(target);
    }

    /// How many addresses are left, as far as the text tells: exclusions are not subtracted.
    pub fn remaining(&self) -> u64 {
        let current = self.current.as_ref().map_or(0, |(addresses, _, _)| {
            u64::try_from(addresses.remaining()).unwrap_or(u64::MAX)
        });
        self.waiting.iter().fold(current, |sum, text| sum.saturating_add(count_of(text)))
    }

    /// The next address; a name that cannot be resolved is told and passed over.
    pub async fn next(&mut self) -> Option<Target> {
        loop {
            if let Some((addresses, name, others)) = &mut self.current {
                let exclude = &self.exclude;
                if let Some(address) = addresses.find(|address| !exclude.contains(*address)) {
                    return Some(Target { address, name: name.clone(), others: others.clone() });
                }
            }
            let text = self.waiting.pop_front()?;
            self.current = self.open(&text).await;
        }
    }

    async fn open(&self, text: &str) -> Option<(Addresses, Option<String>, Vec<IpAddr>)> {
        let spec: TargetSpec = match text.parse() {
            Ok(spec) => spec,
            Err(error) => {
                complain(&self.sinks, &format!("nseer: {error}"));
                return None;
            }
        };
        let Some(name) = spec.name() else { return Some((spec.addresses(), None, Vec::new())) };
        let mut found = match self.network.resolve(name, Some(self.family)).await {
            Ok(found) => found.into_iter(),
            Err(error) => {
                complain(&self.sinks, &format!("nseer: {error}"));
                return None;
            }
        };
        let spec = spec.with_address(found.next()?).ok()?;
        let name = (!spec.is_range()).then(|| name_of(text));
        Some((spec.addresses(), name, found.collect()))
    }
}

/// How many addresses a target is: one where it is a name.
pub fn count_of(text: &str) -> u64 {
    match text.parse::<TargetSpec>() {
        Ok(spec) if spec.name().is_none() => {
            u64::try_from(spec.addresses().remaining()).unwrap_or(u64::MAX)
        }
        Ok(_) => 1,
        Err(_) => 0,
    }
}

fn name_of(text: &str) -> String {
    text.split('/').next().unwrap_or(text).to_owned()
}

fn read_list(path: &Path, system: &System) -> anyhow::Result<Vec<String>> {
    let text = system.files.read(path);
    let text = text.with_context(|| format!("cannot read '{}'", path.display()))?;
    Ok(list_items(&String::from_utf8_lossy(&text)).map(ToOwned::to_owned).collect())
}

/// Targets that scripts find, until the pipeline takes them.
#[derive(Default)]
pub struct FoundTargets {
    inner: Mutex<Found>,
    /// Who keeps them.
    sinks: Option<Sinks>,
}

#[derive(Default)]
struct Found {
    known: HashSet<String>,
    waiting: VecDeque<String>,
}

impl FoundTargets {
    /// None yet; each that comes is told to `sinks`.
    pub fn telling(sinks: Sinks) -> FoundTargets {
        FoundTargets { inner: Mutex::default(), sinks: Some(sinks) }
    }

    /// True where nothing waits.
    pub fn is_empty(&self) -> bool {
        self.lock().waiting.is_empty()
    }

    /// Takes what waits.
    pub fn take(&self) -> VecDeque<String> {
        std::mem::take(&mut self.lock().waiting)
    }

    fn lock(&self) -> MutexGuard<'_, Found> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NewTargets for FoundTargets {
    fn add(&self, target: &str) -> bool {
        if target.parse::<TargetSpec>().is_err() {
            return false;
        }
        let mut found = self.lock();
        if found.known.insert(target.to_owned()) {
            found.waiting.push_back(target.to_owned());
            if let Some(sinks) = &self.sinks {
                sinks.emit(Event::TargetFound(target.to_owned()));
            }
        }
        true
    }

    fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    fn added(&self) -> usize {
        self.lock().known.len()
    }
}
