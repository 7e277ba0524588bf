//! The native modules: one file each, one line each in [`install`].

pub(crate) mod certificate;
pub(crate) mod connect;
pub(crate) mod dnet;
pub(crate) mod information;
pub(crate) mod interfaces;
pub(crate) mod pcap;
pub(crate) mod ports;
pub(crate) mod socket;
pub(crate) mod socket_calls;
pub(crate) mod targets;
pub(crate) mod threads;
pub(crate) mod trace;
pub(crate) mod try_call;

use std::rc::Rc;

use mlua::{Table, Value};

use crate::environment::World;
use crate::script_args::{ArgTable, ArgValue};

/// Puts every module in its place.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<()> {
    let lua = world.lua();
    let nmap = &world.nmap;
    let registry = lua.create_table()?;
    registry.raw_set("args", args_table(world, &world.config.script_args)?)?;
    nmap.raw_set("registry", registry)?;
    information::install(world, nmap)?;
    interfaces::install(world, nmap)?;
    ports::install(world, nmap)?;
    targets::install(world, nmap)?;
    try_call::install(world, nmap)?;
    let socket = socket_calls::install(world, nmap)?;
    nmap.raw_set("socket", &socket)?;
    let dnet = dnet::install(world, nmap)?;
    nmap.raw_set("dnet", &dnet)?;
    lua.globals().raw_set("nmap", nmap)?;
    let package: Table = lua.globals().raw_get("package")?;
    let loaded: Table = package.raw_get("loaded")?;
    loaded.raw_set("nmap", nmap)?;
    loaded.raw_set("nmap.dnet", dnet)?;
    loaded.raw_set("nmap.socket", socket)
}

fn args_table(world: &Rc<World>, args: &ArgTable) -> mlua::Result<Table> {
    let lua = world.lua();
    let table = lua.create_table()?;
    let convert = |value: &ArgValue| -> mlua::Result<Value> {
        Ok(match value {
            ArgValue::Text(text) => Value::String(lua.create_string(text)?),
            ArgValue::Table(inner) => Value::Table(args_table(world, inner)?),
        })
    };
    for value in &args.array {
        table.raw_push(convert(value)?)?;
    }
    for (key, value) in &args.map {
        table.raw_set(lua.create_string(key)?, convert(value)?)?;
    }
    Ok(table)
}
