//! On which link hosts are whose addresses are the same on every link (RFC 4007).

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use anyhow::{anyhow, bail};
use nseer_core::TargetSpec;
use nseer_packet::{Device, PacketError, addresses, devices};
use nseer_scan::ZoneOf;

/// The zones of a run's link-local targets: numbers of interfaces. All clones are one.
#[derive(Clone, Default)]
pub struct Zones {
    /// That of `-e`.
    interface: Option<String>,
    /// Read once, when the first target needs it.
    links: Arc<OnceLock<Result<Vec<Link>, PacketError>>>,
    known: Arc<RwLock<HashMap<Ipv6Addr, u32>>>,
}

/// One of the machine's interfaces.
struct Link {
    name: String,
    index: u32,
    /// It has a link-local address.
    is_open: bool,
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
        Arc::new(move |address: Ipv6Addr| {
            if !address.is_unicast_link_local() {
                return 0;
            }
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
            (Some(zone), _) => self.named(zone),
            (None, _) if !is_link_local => return Ok(0),
            (None, Some(interface)) => self.named(interface),
            (None, None) => self.only_link(),
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

    /// The number of the interface of this name or number.
    fn named(&self, zone: &str) -> anyhow::Result<u32> {
        let links = self.links()?;
        match links.iter().find(|link| link.name == zone || link.index.to_string() == zone) {
            Some(link) => Ok(link.index),
            None => {
                let names: Vec<&str> = links.iter().map(|link| link.name.as_str()).collect();
                bail!("no interface is called '{zone}'; there are {}", names.join(", "))
            }
        }
    }

    /// The only interface with a link-local address.
    fn only_link(&self) -> anyhow::Result<u32> {
        let open: Vec<&Link> = self.links()?.iter().filter(|link| link.is_open).collect();
        match open.as_slice() {
            [] => bail!("no interface of this machine has a link-local address"),
            [link] => Ok(link.index),
            [first, ..] => {
                let names: Vec<&str> = open.iter().map(|link| link.name.as_str()).collect();
                bail!(
                    "it may be on the link of each of {}: name one, as in fe80::1%{}, or give -e",
                    names.join(", "),
                    first.name
                )
            }
        }
    }

    fn links(&self) -> anyhow::Result<&[Link]> {
        match self.links.get_or_init(links) {
            Ok(links) => Ok(links),
            Err(error) => bail!("the kernel lists no interfaces: {error}"),
        }
    }
}

fn links() -> Result<Vec<Link>, PacketError> {
    let addresses = addresses()?;
    let is_open =
        |name: &str| addresses.iter().any(|(of, address, _)| of == name && is_link_local(*address));
    let link = |device: Device| Link {
        is_open: is_open(&device.name),
        index: device.index(),
        name: device.name,
    };
    Ok(devices()?.into_iter().map(link).collect())
}

fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}
