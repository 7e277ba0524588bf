//! `nmap.list_interfaces` and `nmap.get_interface_info`.

use std::path::PathBuf;
use std::rc::Rc;

use if_addrs::{IfAddr, Interface};
use mlua::{Lua, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_packet::Device;

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

fn list_interfaces(world: &World, lua: &Lua) -> Result<Reply, Raise> {
    let interfaces = match if_addrs::get_if_addrs() {
        Ok(interfaces) => interfaces,
        Err(error) => return Reply::values(lua, (false, error.to_string())),
    };
    let list = lua.create_table()?;
    for interface in &interfaces {
        list.raw_push(record(world, lua, interface)?)?;
    }
    Reply::values(lua, list)
}

fn get_interface_info(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.string(lua, 1)?.to_string_lossy();
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let found = interfaces.iter().find(|i| i.name == name && i.ip().is_ipv6() == world.is_ipv6());
    match found {
        Some(interface) => Reply::values(lua, record(world, lua, interface)?),
        None => Reply::values(lua, (false, "failed to find interface")),
    }
}

fn record(world: &World, lua: &Lua, interface: &Interface) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    let short = interface.name.split(':').next().unwrap_or(&interface.name);
    let system = |file: &str| -> Option<String> {
        let path: PathBuf = ["/sys/class/net", short, file].iter().collect();
        let text = world.config.system.files.read(&path).ok()?;
        Some(String::from_utf8_lossy(&text).trim().to_owned())
    };
    table.raw_set("device", interface.name.as_str())?;
    table.raw_set("shortname", short)?;
    table.raw_set("address", interface.ip().to_string())?;
    let (netmask, broadcast) = match &interface.addr {
        IfAddr::V4(v4) => (v4.prefixlen, v4.broadcast),
        IfAddr::V6(v6) => (v6.prefixlen, None),
    };
    table.raw_set("netmask", netmask)?;
    // The kernel itself is asked, since /sys may show another network namespace.
    let device = Device::find(short).ok();
    let link = device.as_ref().map_or("other", |device| link_type(device.hardware_type()));
    table.raw_set("link", link)?;
    if let Some(mac) = device.as_ref().and_then(Device::mac) {
        table.raw_set("mac", lua.create_string(mac)?)?;
    }
    if let Some(broadcast) = broadcast.filter(|_| link == "ethernet") {
        table.raw_set("broadcast", broadcast.to_string())?;
    }
    let up = device.is_some_and(|device| device.is_up);
    table.raw_set("up", if up { "up" } else { "down" })?;
    let mtu: u32 = system("mtu").and_then(|text| text.parse().ok()).unwrap_or(0);
    table.raw_set("mtu", Value::Integer(mtu.into()))?;
    Ok(table)
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
