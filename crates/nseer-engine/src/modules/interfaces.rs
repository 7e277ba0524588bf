//! `nmap.list_interfaces` and `nmap.get_interface_info`.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::rc::Rc;

use mlua::{Lua, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_packet::{Device, addresses, devices, mtu_files};

use crate::environment::World;

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<()> {
    let native = world.scheduler.native();
    let w = world.clone();
    nmap.raw_set("list_interfaces", native.function(move |lua, _| list_interfaces(&w, lua))?)?;
    let w = world.clone();
    nmap.raw_set(
        "get_interface_info",
        native.function(move |lua, args| get_interface_info(&w, lua, &args))?,
    )
}

/// An interface, with one of its addresses.
struct Entry<'a> {
    device: &'a Device,
    /// The address and the length of its network's prefix.
    address: Option<(IpAddr, u32)>,
}

/// The interfaces in the kernel's order: an entry for each address, those of IPv4 first, for which an
/// entry without an address stands in.
fn entries<'a>(devices: &'a [Device], addresses: &[(String, IpAddr, u32)]) -> Vec<Entry<'a>> {
    let mut entries = Vec::new();
    for device in devices {
        let own = |ipv6: bool| {
            let of_device = addresses.iter().filter(move |(name, address, _)| {
                unlabelled(name) == device.name && address.is_ipv6() == ipv6
            });
            of_device.map(|(_, address, prefix)| Some((*address, *prefix)))
        };
        let mut v4 = own(false).peekable();
        let none = v4.peek().is_none().then_some(None);
        entries.extend(none.into_iter().chain(v4).map(|address| Entry { device, address }));
        entries.extend(own(true).map(|address| Entry { device, address }));
    }
    entries
}

/// An address may have a label of its own behind the interface's name.
fn unlabelled(name: &str) -> &str {
    name.split(':').next().unwrap_or(name)
}

fn list_interfaces(world: &World, lua: &Lua) -> Result<Reply, Raise> {
    let (devices, addresses) = match devices().and_then(|all| Ok((all, addresses()?))) {
        Ok(found) => found,
        Err(error) => return Reply::values(lua, (false, error.to_string())),
    };
    let list = lua.create_table()?;
    for entry in entries(&devices, &addresses) {
        list.raw_push(record(world, lua, &entry)?)?;
    }
    Reply::values(lua, list)
}

fn get_interface_info(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.string(lua, 1)?.to_string_lossy();
    let (devices, addresses) = (devices().unwrap_or_default(), addresses().unwrap_or_default());
    let is_it = |entry: &Entry<'_>| {
        entry.device.name == name
            && entry.address.is_some_and(|(address, _)| address.is_ipv6() == world.is_ipv6())
    };
    match entries(&devices, &addresses).into_iter().find(is_it) {
        Some(entry) => Reply::values(lua, record(world, lua, &entry)?),
        None => Reply::values(lua, (false, "failed to find interface")),
    }
}

fn record(world: &World, lua: &Lua, entry: &Entry<'_>) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let device = entry.device;
    table.raw_set("device", device.name.as_str())?;
    table.raw_set("shortname", device.name.as_str())?;
    if let Some((address, _)) = entry.address {
        table.raw_set("address", address.to_string())?;
    }
    table.raw_set("netmask", entry.address.map_or(0, |(_, prefix)| prefix))?;
    let link = link_type(device.hardware_type());
    table.raw_set("link", link)?;
    if let Some(mac) = device.mac() {
        table.raw_set("mac", lua.create_string(mac)?)?;
    }
    if let Some((IpAddr::V4(address), prefix)) = entry.address
        && link == "ethernet"
    {
        // Not every address has one of the kernel's, and Nmap asks for none.
        let hosts = u32::MAX.checked_shr(prefix).unwrap_or(0);
        let broadcast = Ipv4Addr::from_bits(address.to_bits() | hosts);
        table.raw_set("broadcast", broadcast.to_string())?;
    }
    table.raw_set("up", if device.is_up { "up" } else { "down" })?;
    table.raw_set("mtu", Value::Integer(mtu(world, &device.name).into()))?;
    Ok(table)
}

/// In bytes; 0 where it is not known.
fn mtu(world: &World, interface: &str) -> u32 {
    let read = |path: PathBuf| -> Option<u32> {
        let text = world.config.system.files.read(&path).ok()?;
        std::str::from_utf8(&text).ok()?.trim().parse().ok()
    };
    mtu_files(interface).into_iter().find_map(read).unwrap_or(0)
}

/// Hardware types of `linux/if_arp.h`.
fn link_type(kind: u16) -> &'static str {
    match kind {
        1 => "ethernet",
        772 => "loopback",
        512 | 768 | 769 | 776 | 65534 => "p2p",
        _ => "other",
    }
}
