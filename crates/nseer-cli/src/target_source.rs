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

use crate::permutation::Permutation;
use crate::plan::{Families, Input, TargetPlan};
use crate::run::complain;
use crate::sinks::Sinks;
use crate::zones::Zones;

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
    /// All that was given before the run, in random order.
    mixed: Option<Mixed>,
    waiting: VecDeque<String>,
    /// What the last text stands for.
    current: VecDeque<Piece>,
    exclude: AddressSet,
    families: Families,
    resolve_all: bool,
    were_given: bool,
    network: Network,
    /// None where nothing is sent.
    zones: Option<Zones>,
    sinks: Sinks,
}

/// Addresses of one target.
struct Piece {
    addresses: Addresses,
    zone: u32,
    name: Option<Named>,
}

/// What a name stands for.
#[derive(Clone)]
struct Named {
    address: IpAddr,
    name: String,
    /// Its addresses that are not scanned.
    others: Vec<IpAddr>,
}

/// Targets in random order. A name is one of them, whatever it stands for.
struct Mixed {
    /// Each with its zone.
    specs: Vec<(TargetSpec, u32)>,
    /// For each of them where its addresses end, counted through all.
    ends: Vec<u128>,
    order: Permutation,
    position: u128,
}

/// What comes next in random order.
enum Drawn {
    Address(IpAddr, u32),
    Name(String),
}

impl Mixed {
    fn new(texts: Vec<String>, zones: Option<&Zones>, seed: u64) -> anyhow::Result<Mixed> {
        let placed = |text: &String| {
            let spec = text.parse()?;
            let zone = zone_of(zones, &spec)?;
            anyhow::Ok((spec, zone))
        };
        let specs: Vec<(TargetSpec, u32)> = texts.iter().map(placed).collect::<Result<_, _>>()?;
        let mut ends = Vec::with_capacity(specs.len());
        let mut end = 0_u128;
        for (spec, _) in &specs {
            end = end.saturating_add(spec.addresses().remaining().max(1));
            ends.push(end);
        }
        Ok(Mixed { specs, ends, order: Permutation::new(end, seed), position: 0 })
    }

    fn next(&mut self) -> Option<Drawn> {
        if self.position >= self.order.size() {
            return None;
        }
        let number = self.order.at(self.position);
        self.position += 1;
        let index = self.ends.partition_point(|end| *end <= number);
        let (spec, zone) = self.specs.get(index)?;
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(match spec.addresses().at(number - begin) {
            Some(address) => Drawn::Address(address, *zone),
            None => Drawn::Name(spec.to_string()),
        })
    }
}

impl TargetSource {
    /// Reads files and resolves exclusions; targets are resolved when their turn comes.
    ///
    /// # Errors
    /// Where a file cannot be read, an exclusion is wrong, or every target is.
    pub async fn new(
        plan: &TargetPlan,
        network: Network,
        zones: Option<Zones>,
        system: &System,
        sinks: Sinks,
    ) -> anyhow::Result<TargetSource> {
        let mut waiting: VecDeque<String> = plan.listed.iter().cloned().collect();
        match &plan.input {
            Some(Input::File(path)) => waiting.extend(read_list(path, system)?),
            Some(Input::Stdin) => waiting.extend(read_list(Path::new("/dev/stdin"), system)?),
            None => {}
        }
        let were_given = plan.input.is_some() || !waiting.is_empty();
        refuse(&mut waiting, zones.as_ref(), &sinks)?;
        let mut excluded: Vec<String> = plan.exclude.clone();
        if let Some(path) = &plan.exclude_file {
            excluded.extend(read_list(path, system)?);
        }
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
        let mixed = if plan.randomize {
            let seed = plan.seed.unwrap_or_else(|| {
                let mut seed = [0; 8];
                system.random.fill(&mut seed);
                u64::from_le_bytes(seed)
            });
            Some(Mixed::new(std::mem::take(&mut waiting).into(), zones.as_ref(), seed)?)
        } else {
            None
        };
        Ok(TargetSource {
            mixed,
            waiting,
            current: VecDeque::new(),
            exclude: AddressSet::new(specs)?,
            families: plan.families,
            resolve_all: plan.resolve_all,
            were_given,
            network,
            zones,
            sinks,
        })
    }

    /// True where the user named targets, or where to read them, whatever became of them.
    pub fn were_given(&self) -> bool {
        self.were_given
    }

    /// Adds a target to the end.
    pub fn push(&mut self, target: String) {
        self.waiting.push_back(target);
    }

    /// How many addresses are left, as far as the text tells: exclusions are not subtracted.
    pub fn remaining(&self) -> u64 {
        let opened = self.current.iter().map(|piece| piece.addresses.remaining());
        let mixed = self.mixed.iter().map(|mixed| mixed.order.size() - mixed.position);
        let known = opened.chain(mixed).fold(0_u128, u128::saturating_add);
        let known = u64::try_from(known).unwrap_or(u64::MAX);
        self.waiting.iter().fold(known, |sum, text| sum.saturating_add(count_of(text)))
    }

    /// The next address; a name that cannot be resolved is told and passed over.
    pub async fn next(&mut self) -> Option<Target> {
        loop {
            // Many addresses may be passed over, here or by who asks.
            tokio::task::consume_budget().await;
            while let Some(piece) = self.current.front_mut() {
                let exclude = &self.exclude;
                let Some(address) = piece.addresses.find(|address| !exclude.contains(*address))
                else {
                    self.current.pop_front();
                    continue;
                };
                let (target, zone) = (piece.target(address), piece.zone);
                if self.is_placed(address, zone) {
                    return Some(target);
                }
            }
            let text = match self.mixed.as_mut().and_then(Mixed::next) {
                Some(Drawn::Address(address, zone))
                    if self.exclude.contains(address) || !self.is_placed(address, zone) =>
                {
                    continue;
                }
                Some(Drawn::Address(address, _)) => {
                    return Some(Target { address, name: None, others: Vec::new() });
                }
                Some(Drawn::Name(text)) => text,
                None => self.waiting.pop_front()?,
            };
            match self.open(&text).await {
                Ok(pieces) => self.current = pieces,
                Err(error) => complain(&self.sinks, &format!("nseer: {error}")),
            }
        }
    }

    /// Notes on which link the address is; one that is known to be on another is told and passed over.
    fn is_placed(&self, address: IpAddr, zone: u32) -> bool {
        let noted = self.zones.as_ref().map_or(Ok(()), |zones| zones.note(address, zone));
        noted.map_err(|error| complain(&self.sinks, &format!("nseer: {error}"))).is_ok()
    }

    async fn open(&self, text: &str) -> anyhow::Result<VecDeque<Piece>> {
        let spec: TargetSpec = text.parse()?;
        let Some(name) = spec.name() else {
            let zone = zone_of(self.zones.as_ref(), &spec)?;
            return Ok([Piece { addresses: spec.addresses(), zone, name: None }].into());
        };
        let found = self.network.resolve(name, None).await?;
        let scanned = self.scanned(&found);
        let Some(first) = scanned.first() else {
            let (has, option) = match self.families {
                Families::V6 => ("IPv4", "leave out -6"),
                Families::V4 | Families::Both => ("IPv6", "use -6"),
            };
            anyhow::bail!("'{name}' has {has} addresses only: {option} to scan them");
        };
        let others: Vec<IpAddr> =
            found.iter().filter(|address| !scanned.contains(address)).copied().collect();
        let named = |address: &IpAddr| {
            let (name, others) = (name_of(text), others.clone());
            Some(Named { address: *address, name, others })
        };
        // As in Nmap, the network around a name is that of its first address.
        let piece = |spec: TargetSpec, address: &IpAddr| {
            let zone = zone_of(self.zones.as_ref(), &spec)?;
            anyhow::Ok(Piece { addresses: spec.addresses(), zone, name: named(address) })
        };
        let others = scanned[1..].iter().map(|address| piece((*address).into(), address));
        std::iter::once(piece(spec.with_address(*first)?, first)).chain(others).collect()
    }

    /// Those of a name's addresses that are targets.
    fn scanned(&self, found: &[IpAddr]) -> Vec<IpAddr> {
        let of = |family: Family| {
            let addresses = found.iter().filter(move |address| family.has(address)).copied();
            addresses.take(if self.resolve_all { usize::MAX } else { 1 })
        };
        match self.families {
            Families::V4 => of(Family::V4).collect(),
            Families::V6 => of(Family::V6).collect(),
            Families::Both => of(Family::V4).chain(of(Family::V6)).collect(),
        }
    }
}

impl Piece {
    fn target(&self, address: IpAddr) -> Target {
        match self.name.clone().filter(|named| named.address == address) {
            Some(named) => Target { address, name: Some(named.name), others: named.others },
            None => Target { address, name: None, others: Vec::new() },
        }
    }
}

/// Takes out the targets that are wrong, and tells of them. Where nothing else was given, that ends the run.
fn refuse(
    targets: &mut VecDeque<String>,
    zones: Option<&Zones>,
    sinks: &Sinks,
) -> anyhow::Result<()> {
    let mut errors = Vec::new();
    targets.retain(|target| {
        let spec = target.parse::<TargetSpec>().map_err(anyhow::Error::from);
        let fault = spec.and_then(|spec| zone_of(zones, &spec)).err();
        let is_right = fault.is_none();
        errors.extend(fault);
        is_right
    });
    let last = if targets.is_empty() { errors.pop() } else { None };
    for error in errors {
        complain(sinks, &format!("nseer: {error}"));
    }
    last.map_or(Ok(()), Err)
}

/// The interface that a target is behind, where that matters.
fn zone_of(zones: Option<&Zones>, target: &TargetSpec) -> anyhow::Result<u32> {
    zones.map_or(Ok(0), |zones| zones.of(target))
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
