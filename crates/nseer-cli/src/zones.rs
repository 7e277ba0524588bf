//! On which link hosts are whose addresses are the same on every link (RFC 4007).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{anyhow, bail};
use nseer_core::TargetSpec;
use nseer_packet::{Device, addresses, devices};
use nseer_scan::ZoneOf;

/// The zones of a run's link-local targets: numbers of interfaces. All clones are one.
#[derive(Clone, Default)]
pub struct Zones {
    /// That of `-e`.
    interface: Option<String>,
    known: Arc<RwLock<HashMap<Ipv6Addr, u32>>>,
}

impl Zones {
    /// None yet. `interface` is what the user chose for all packets.
    #[must_use]
    pub fn new(interface: Option<String>) -> Zones {
        Zones { interface, ..Zones::default() }
    }

    /// Looks up what was noted.
    #[must_use]
    pub fn lookup(&self) -> ZoneOf {
        let known = self.known.clone();
        Arc::new(move |address| {
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            known.get(&address).copied().unwrap_or(0)
        })
    }

    /// The interface that a target is behind: the one that it names, else that of `-e`, else the only one
    /// that there is; 0 for a target that needs none.
    ///
    /// # Errors
    /// Where it names none of this machine's, or names none of several.
    pub fn of(&self, target: &TargetSpec) -> anyhow::Result<u32> {
        let is_link_local = target.addresses().at(0).is_some_and(is_link_local);
        let index = match (target.zone(), &self.interface) {
            (Some(zone), _) => named(zone),
            (None, _) if !is_link_local => return Ok(0),
            (None, Some(interface)) => named(interface),
            (None, None) => only_link(),
        };
        index.map_err(|error| anyhow!("'{target}' cannot be reached: {error}"))
    }

    /// Notes where the address of a target is.
    ///
    /// # Errors
    /// Where it is known to be elsewhere.
    pub fn note(&self, address: IpAddr, zone: u32) -> anyhow::Result<()> {
        let IpAddr::V6(v6) = address else { return Ok(()) };
        if zone == 0 || !v6.is_unicast_link_local() {
            return Ok(());
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        match known.entry(v6) {
            Entry::Vacant(free) => drop(free.insert(zone)),
            Entry::Occupied(other) if *other.get() != zone => {
                bail!(
                    "'{v6}' is left out: it is scanned on another link, and one run knows it on one"
                )
            }
            Entry::Occupied(_) => {}
        }
        Ok(())
    }
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

/// The number of the interface of this name or number.
fn named(zone: &str) -> anyhow::Result<u32> {
    let is_meant = |device: &&Device| device.name == zone || device.index().to_string() == zone;
    let devices = devices()?;
    match devices.iter().find(is_meant) {
        Some(device) => Ok(device.index()),
        None => {
            let names: Vec<&str> = devices.iter().map(|device| device.name.as_str()).collect();
            bail!("no interface is called '{zone}'; there are {}", names.join(", "))
        }
    }
}

/// The only interface with a link-local address.
fn only_link() -> anyhow::Result<u32> {
    let mut links: Vec<String> = addresses()?
        .into_iter()
        .filter_map(|(name, address, _)| is_link_local(address).then_some(name))
        .collect();
    links.dedup();
    match links.as_slice() {
        [] => bail!("no interface of this machine has a link-local address"),
        [link] => named(link),
        [first, ..] => bail!(
            "it may be on the link of each of {}: name one, as in fe80::1%{first}, or give -e",
            links.join(", ")
        ),
    }
}
