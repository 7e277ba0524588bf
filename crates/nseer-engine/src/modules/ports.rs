//! `nmap.*`: states and versions of the ports of a host in work.

use std::net::IpAddr;
use std::rc::Rc;

use mlua::{Lua, Table, Value};
use nseer_core::service::printable;
use nseer_core::{
    Event, PortKey, PortState, PortStatus, PortTable, Protocol, Reason, ServiceInfo, ServiceMethod,
    Tunnel,
};
use nseer_lua::{Args, Raise, Reply};

use crate::environment::World;
use crate::host_cell::HostCell;
use crate::modules::{Body, fill};

const FUNCTIONS: &[(&str, Body)] = &[
    ("get_port_state", get_port_state),
    ("get_ports", get_ports),
    ("set_port_state", set_port_state),
    ("set_port_version", set_port_version),
    ("port_is_excluded", port_is_excluded),
];

/// Adds the functions of this file.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<()> {
    fill(&world.scheduler.native(), world, nmap, FUNCTIONS)
}

fn get_port_state(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let host = host_argument(world, lua, args)?;
    let Some(key) = port_argument(lua, args, 2)? else {
        return Reply::values(lua, Value::Nil);
    };
    let key = host.with(|h| listed(&h.ports, key)).unwrap_or(key);
    Reply::values(lua, world.tables.port_table(lua, &host, key)?)
}

/// The port that Nmap takes `key` for: where its protocol was scanned without this number, that is the
/// one of the next protocol that has it.
fn listed(ports: &PortTable, key: PortKey) -> Option<PortKey> {
    if ports.status(key).is_some() {
        return Some(key);
    }
    let mut later = Protocol::ALL.into_iter().skip_while(|protocol| *protocol != key.protocol);
    let is_scanned = |protocol| ports.iter().any(|(port, _)| port.protocol == protocol);
    later.next().filter(|protocol| is_scanned(*protocol))?;
    let mut same_number = later.map(|protocol| PortKey { protocol, ..key });
    same_number.find(|port| ports.status(*port).is_some())
}

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

fn get_ports(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let host = host_argument(world, lua, args)?;
    let protocol = Protocol::TRANSPORTS[args.option(lua, 3, None, &PROTOCOLS)?];
    let states = PortState::ALL.map(PortState::as_str);
    let state = PortState::ALL[args.option(lua, 4, None, &states)?];
    let after = if args.value(2).is_nil() { None } else { port_argument(lua, args, 2)? };
    let next = host.with(|h| {
        // After a port, the walk goes on into the protocols that follow its own, as Nmap's does;
        // after one that is not there it begins anew.
        let after = after.and_then(|after| listed(&h.ports, after));
        let is_next = |key: PortKey| match after {
            Some(after) => key > after,
            None => key.protocol == protocol,
        };
        let mut ports = h.ports.iter();
        ports.find(|(key, status)| status.state == state && is_next(*key)).map(|(key, _)| key)
    });
    match next {
        Some(key) => Reply::values(lua, world.tables.port_table(lua, &host, key)?),
        None => Reply::values(lua, Value::Nil),
    }
}

fn set_port_state(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let host = host_argument(world, lua, args)?;
    let known = |key: &PortKey| host.with(|h| h.ports.status(*key).is_some());
    let Some(key) = port_argument(lua, args, 2)?.filter(known) else {
        return Ok(Reply::nothing());
    };
    let state = match args.option(lua, 3, None, &["open", "closed"])? {
        0 => PortState::Open,
        _ => PortState::Closed,
    };
    let is_new = host.with(|h| {
        // A state that it has already keeps its reason.
        h.ports.status(key).is_some_and(|known| known.state != state)
            && h.ports.set_status(key, PortStatus::new(state, Reason::ScriptSet))
    });
    if is_new {
        tell_change(world, &host, key);
    }
    Ok(Reply::nothing())
}

/// True for the ports that version detection leaves alone: number and protocol are given.
fn port_is_excluded(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let number = args.integer(lua, 1)?;
    let protocol = Protocol::TRANSPORTS[args.option(lua, 2, None, &PROTOCOLS)?];
    let is_excluded = u16::try_from(number).is_ok_and(|number| {
        let key = PortKey::new(protocol, number);
        world.config.excluded_ports.binary_search(&key).is_ok()
    });
    Reply::values(lua, is_excluded)
}

const VERSION_STATES: [&str; 5] =
    ["hardmatched", "softmatched", "nomatch", "tcpwrapped", "incomplete"];

fn set_port_version(world: &World, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let state = VERSION_STATES[args.option(lua, 3, Some(0), &VERSION_STATES)?];
    let host = host_argument(world, lua, args)?;
    let port = args.table(2)?;
    let known = |key: &PortKey| host.with(|h| h.ports.status(*key).is_some());
    let Some(key) = port_argument(lua, args, 2)?.filter(known) else {
        return Ok(Reply::nothing());
    };
    let Value::Table(version) = port.get::<Value>("version")? else {
        return Err(Raise::new("port 'version' field must be a table"));
    };
    let mut service = read_version(lua, args, &version)?;
    (service.method, service.confidence) = match state {
        "hardmatched" | "softmatched" => (ServiceMethod::Probed, 10),
        "tcpwrapped" => (ServiceMethod::Probed, 8),
        _ => (ServiceMethod::Table, 3),
    };
    if state == "hardmatched" {
        service.fingerprint = None;
    }
    host.with(|h| {
        if service.name.is_none() {
            service.name = match state {
                "tcpwrapped" => Some("tcpwrapped".to_owned()),
                "nomatch" | "incomplete" => {
                    h.ports.ports().service_name(key).map(ToOwned::to_owned)
                }
                _ => None,
            };
        }
        if let Some(detail) = h.ports.detail_mut(key) {
            detail.service = Some(service);
        }
    });
    tell_change(world, &host, key);
    Ok(Reply::nothing())
}

/// The script that changed a port may end long before its host is done.
fn tell_change(world: &World, host: &HostCell, port: PortKey) {
    let event = host.with(|h| {
        let status = h.ports.status(port)?;
        let service = Box::new(h.ports.service(port));
        let is_lookup = h.ports.detail(port).is_none_or(|detail| detail.service.is_none());
        Some(Event::PortChanged { address: h.address, port, status, service, is_lookup })
    });
    event.into_iter().for_each(|event| world.config.events.emit(event));
}

fn read_version(lua: &Lua, args: &Args, version: &Table) -> Result<ServiceInfo, Raise> {
    let text = |key: &str, most: usize| -> Result<Option<String>, Raise> {
        let value = lua.coerce_string(version.get::<Value>(key)?)?;
        Ok(value.map(|text| printable(text.as_bytes().iter().take(most))))
    };
    let tunnel = match text("service_tunnel", 16)?.as_deref() {
        None | Some("none") => Tunnel::None,
        Some("ssl") => Tunnel::Ssl,
        Some(_) => return Err(args.bad(2, "invalid value for port.version.service_tunnel")),
    };
    let cpe = match version.get::<Value>("cpe")? {
        Value::Nil => Vec::new(),
        Value::Table(list) => cpes(lua, &list)?,
        _ => return Err(Raise::new("port.version 'cpe' field must be a table")),
    };
    Ok(ServiceInfo {
        name: text("name", 1024)?,
        product: text("product", 80)?,
        version: text("version", 80)?,
        extra_info: text("extrainfo", 256)?,
        hostname: text("hostname", 80)?,
        os_type: text("ostype", 32)?,
        device_type: text("devicetype", 32)?,
        fingerprint: text("service_fp", 4096)?,
        tunnel,
        cpe,
        ..ServiceInfo::default()
    })
}

/// The texts in a table, whatever their keys; what is no text is passed over.
fn cpes(lua: &Lua, list: &Table) -> mlua::Result<Vec<String>> {
    let mut found = Vec::new();
    for pair in list.pairs::<Value, Value>() {
        if let Some(cpe) = lua.coerce_string(pair?.1)? {
            found.push(printable(cpe.as_bytes().iter().take(80)));
        }
    }
    Ok(found)
}

/// The host in work that argument 1, a host table, means.
pub(crate) fn host_argument(world: &World, lua: &Lua, args: &Args) -> Result<Rc<HostCell>, Raise> {
    let table = args.table(1)?;
    let text = |key: &str| -> Result<_, Raise> { Ok(lua.coerce_string(table.get::<Value>(key)?)?) };
    let hosts = world.hosts.borrow();
    let found = if let Value::LightUserData(target) = table.get::<Value>("_Target")? {
        hosts.get(&(target.0 as u64)).cloned()
    } else {
        let (ip, name) = (text("ip")?, text("targetname")?);
        if ip.is_none() && name.is_none() {
            return Err(Raise::new("host table does not have a 'ip' or 'targetname' field"));
        }
        let ip: Option<IpAddr> = ip.and_then(|ip| ip.to_string_lossy().parse().ok());
        let name = name.map(|name| name.to_string_lossy());
        let is_named =
            |host: &&Rc<HostCell>| name.is_some() && host.with(|record| record.target_name == name);
        let by_name = || hosts.values().find(is_named);
        hosts.values().find(|h| Some(h.address) == ip).or_else(by_name).cloned()
    };
    found.ok_or_else(|| args.bad(1, "host is not being processed right now"))
}

/// The port that argument `n`, a port table, means. The number must be an integer; `None` where no
/// port has it, which is a port that was not scanned.
fn port_argument(lua: &Lua, args: &Args, n: usize) -> Result<Option<PortKey>, Raise> {
    let table = args.table(n)?;
    let number = match table.get::<Value>("number")? {
        Value::Integer(i) => i,
        _ => return Err(Raise::new("port 'number' field must be an integer")),
    };
    let protocol = lua
        .coerce_string(table.get::<Value>("protocol")?)?
        .ok_or_else(|| Raise::new("port 'protocol' field must be a string"))?
        .to_string_lossy();
    let protocol = Protocol::TRANSPORTS
        .into_iter()
        .find(|p| p.as_str() == protocol)
        .ok_or_else(|| Raise::new("port 'protocol' field must be \"udp\", \"sctp\" or \"tcp\""))?;
    Ok(u16::try_from(number).ok().map(|number| PortKey::new(protocol, number)))
}
