//! `nmap.*`: levels, clocks, log, files, random bytes, name resolution.

use std::rc::Rc;
use std::time::UNIX_EPOCH;

use mlua::{Lua, Table, Value};
use nseer_core::Severity;
use nseer_lua::{Args, Raise, Reply};
use nseer_net::Family;

use crate::environment::World;
use crate::modules::{Body, MOST_RANDOM_BYTES, fill};

/// What scripts are told where nobody said `--ttl`.
const USUAL_TTL: u8 = 64;

const FUNCTIONS: &[(&str, Body)] = &[
    ("verbosity", verbosity),
    ("debugging", debugging),
    ("version_intensity", version_intensity),
    ("timing_level", |w, lua, _| Reply::values(lua, w.config.timing_level)),
    ("have_ssl", |_, lua, _| Reply::values(lua, true)),
    ("is_privileged", |w, lua, _| Reply::values(lua, w.config.privileged)),
    ("address_family", |w, lua, _| Reply::values(lua, if w.is_ipv6() { "inet6" } else { "inet" })),
    ("get_interface", |w, lua, _| Reply::values(lua, w.config.interface.as_deref())),
    ("get_ttl", |w, lua, _| Reply::values(lua, w.config.ttl.unwrap_or(USUAL_TTL))),
    ("get_payload_length", |w, lua, _| Reply::values(lua, w.config.payload_length)),
    ("clock", |w, lua, _| Reply::values(lua, since_epoch(w).as_secs_f64())),
    ("clock_ms", |w, lua, _| {
        let ms = since_epoch(w).as_millis();
        // Exact below 2^53 ms, which is some 285,000 years.
        #[allow(clippy::cast_precision_loss, reason = "see above")]
        Reply::values(lua, Value::Number(ms as f64))
    }),
    ("log_write", log_write),
    ("fetchfile", fetchfile),
    ("get_random_bytes", get_random_bytes),
    ("resolve", resolve),
    ("get_dns_servers", |w, lua, _| {
        let servers = w.config.network.dns_servers();
        Reply::values(lua, servers.iter().map(|s| s.ip().to_string()).collect::<Vec<_>>())
    }),
];

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<()> {
    fill(&world.scheduler.native(), world, nmap, FUNCTIONS)
}

fn since_epoch(world: &World) -> std::time::Duration {
    world.config.system.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// A script that the user named speaks one level louder.
fn verbosity(world: &World, lua: &Lua, _: &Args) -> Result<Reply, Raise> {
    let named = world.scheduler.current_context().is_some_and(|c| c.info().selected_by_name)
        && !world.takes_result.get();
    Reply::values(lua, u16::from(world.config.levels.verbosity()) + u16::from(named))
}

fn debugging(world: &World, lua: &Lua, _: &Args) -> Result<Reply, Raise> {
    Reply::values(lua, world.config.levels.debugging())
}

fn version_intensity(world: &World, lua: &Lua, _: &Args) -> Result<Reply, Raise> {
    if world.scheduler.current_context().is_some_and(|c| c.info().selected_by_name) {
        return Reply::values(lua, 9);
    }
    let registry: Table = world.nmap.raw_get("registry")?;
    let asked = match registry.raw_get::<Value>("args")? {
        Value::Table(args) => lua.coerce_integer(args.raw_get("script-intensity")?)?,
        _ => None,
    };
    Reply::values(lua, asked.unwrap_or_else(|| i64::from(world.config.version_intensity)))
}

fn log_write(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let stream = args.option(lua, 1, None, &["stdout", "stderr"])?;
    let text = args.string(lua, 2)?;
    let mut line = b"NSE: ".to_vec();
    line.extend_from_slice(&text.as_bytes());
    world.say(if stream == 0 { Severity::Info } else { Severity::Warning }, line);
    Ok(Reply::nothing())
}

/// Only files are told, and only those with a path that a script could open.
fn fetchfile(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.string(lua, 1)?.to_string_lossy();
    let found = world.config.data.find(&name).filter(|file| !file.is_embedded());
    Reply::values(lua, found.map(|file| file.display()))
}

fn get_random_bytes(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let length = args.integer(lua, 1)?;
    let length = usize::try_from(length).ok().filter(|n| *n <= MOST_RANDOM_BYTES);
    let length =
        length.ok_or_else(|| Raise::new("Invalid length argument to get_random_bytes."))?;
    Reply::values(lua, lua.create_string(world.config.system.random.bytes(length))?)
}

fn resolve(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.string(lua, 1)?.to_string_lossy();
    let family = match args.option(lua, 2, Some(2), &["inet", "inet6", "unspec"])? {
        0 => Some(Family::V4),
        1 => Some(Family::V6),
        _ => None,
    };
    let (network, lua) = (world.config.network.clone(), lua.clone());
    Ok(Reply::wait(async move {
        use mlua::IntoLuaMulti as _;
        Ok(match network.resolve(&name, family).await {
            Ok(found) => {
                let found: Vec<String> = found.iter().map(ToString::to_string).collect();
                (true, found).into_lua_multi(&lua)?
            }
            Err(_) => (false, "Failed to resolve").into_lua_multi(&lua)?,
        })
    }))
}
