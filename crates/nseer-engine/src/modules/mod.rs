//! The native modules: one file each, one line each in [`install`].

pub(crate) mod bignum;
pub(crate) mod certificate;
pub(crate) mod connect;
pub(crate) mod dnet;
pub(crate) mod information;
pub(crate) mod interfaces;
pub(crate) mod lfs;
#[cfg(feature = "ssh")]
pub(crate) mod libssh2;
#[cfg(feature = "ssh")]
mod libssh2_channels;
#[cfg(feature = "ssh")]
mod libssh2_spoken;
#[cfg(feature = "ssh")]
mod libssh2_words;
pub(crate) mod lpeg;
pub(crate) mod nmapdb;
pub(crate) mod openssl;
pub(crate) mod pcap;
pub(crate) mod ports;
pub(crate) mod repeatable;
pub(crate) mod socket;
pub(crate) mod socket_calls;
pub(crate) mod targets;
pub(crate) mod threads;
pub(crate) mod trace;
pub(crate) mod try_call;
pub(crate) mod zlib;
pub(crate) mod zlib_reader;
pub(crate) mod zlib_stream;

use std::borrow::Borrow;
use std::rc::Rc;

use mlua::{AnyUserData, Function, Lua, Table, Value};
use nseer_lua::{Args, Native, Raise, Reply};

use crate::environment::World;
use crate::script_args::{ArgTable, ArgValue};

/// A native function, which takes all that it knows from its arguments and from what it shares with
/// its neighbours: the world, or more.
pub(crate) type Body<S = World> = fn(&S, &Lua, &Args) -> Result<Reply, Raise>;

/// Most random bytes that a script gets at once.
pub(crate) const MOST_RANDOM_BYTES: usize = 64 << 20;

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
    certificate::install(world)?;
    let socket = socket_calls::install(world, nmap)?;
    nmap.raw_set("socket", &socket)?;
    let dnet = dnet::install(world, nmap)?;
    nmap.raw_set("dnet", &dnet)?;
    lua.globals().raw_set("nmap", nmap)?;
    let package: Table = lua.globals().raw_get("package")?;
    let loaded: Table = package.raw_get("loaded")?;
    loaded.raw_set("nmap", nmap)?;
    loaded.raw_set("nmap.dnet", dnet)?;
    loaded.raw_set("nmap.socket", socket)?;
    // Each of these is also a global.
    let publish = |name: &str, module: Table| {
        lua.globals().raw_set(name, &module)?;
        loaded.raw_set(name, module)
    };
    publish("lfs", lfs::install(world)?)?;
    #[cfg(feature = "ssh")]
    publish("libssh2", libssh2::install(world)?)?;
    publish("lpeg", lpeg::install(lua, &world.scheduler.native())?)?;
    publish("nmapdb", nmapdb::install(world)?)?;
    publish("openssl", openssl::install(world)?)?;
    publish("zlib", zlib::install(world)?)
}

/// One function for scripts.
pub(crate) fn function<S: 'static>(
    native: &Native,
    shared: &(impl Borrow<S> + Clone + 'static),
    body: Body<S>,
) -> mlua::Result<Function> {
    let shared = shared.clone();
    native.function(move |lua, args| body(shared.borrow(), lua, &args))
}

/// Adds functions to a module.
pub(crate) fn fill<S: 'static>(
    native: &Native,
    shared: &(impl Borrow<S> + Clone + 'static),
    table: &Table,
    functions: &[(&'static str, Body<S>)],
) -> mlua::Result<()> {
    functions
        .iter()
        .try_for_each(|(name, body)| table.raw_set(*name, function(native, shared, *body)?))
}

/// The methods of an object.
pub(crate) fn methods<S: 'static>(
    world: &World,
    shared: &(impl Borrow<S> + Clone + 'static),
    methods: &[(&'static str, Body<S>)],
) -> mlua::Result<Table> {
    let table = world.lua().create_table()?;
    fill(&world.scheduler.native(), shared, &table, methods)?;
    Ok(table)
}

/// What `getmetatable` gives for objects of the kind of `sample`: a table with nothing of ours in it.
pub(crate) fn show_metatable(
    native: &Native,
    sample: &AnyUserData,
    visible: &Table,
) -> mlua::Result<()> {
    native.metatable(sample)?.raw_set("__metatable", visible)
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
