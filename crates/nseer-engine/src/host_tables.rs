//! The `host` and `port` tables that scripts see.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use foldhash::fast::RandomState;
use mlua::{Function, Lua, LuaString, Table, Value};
use nseer_core::os::Verdict;
use nseer_core::trace::Trace;
use nseer_core::{HostRecord, OsMatch, PortKey, PortStatus, PortTable, ServiceInfo, Tunnel};
use nseer_lua::Field;
use nseer_seam::Files;

use crate::host_cell::HostCell;
use crate::link_addresses::LinkAddresses;

/// Makes the tables, each time anew: a script may change what it is given.
pub(crate) struct TableMaker {
    /// The functions of `tables.lua`.
    host: Function,
    port: Function,
    words: Words,
    /// Where the kernel tells of neighbours; absent where scripts may not send to them anyway.
    neighbours: Option<Arc<dyn Files>>,
}

impl TableMaker {
    pub(crate) fn new(lua: &Lua, neighbours: Option<Arc<dyn Files>>) -> mlua::Result<TableMaker> {
        let (host, port) = lua.load(include_str!("tables.lua")).set_name("=nseer").call(())?;
        Ok(TableMaker { host, port, words: Words::default(), neighbours })
    }

    /// A new `host` table.
    pub(crate) fn host_table(&self, lua: &Lua, host: &HostCell) -> mlua::Result<Table> {
        host.with(|record| {
            let links = host.links.get_or_init(|| match &self.neighbours {
                Some(files) => LinkAddresses::of(record, &**files),
                None => LinkAddresses { own: None, host: record.mac },
            });
            host_table(lua, &self.host, host, record, links)
        })
    }

    /// A new `port` table; nil where the port has no state.
    pub(crate) fn port_table(
        &self,
        lua: &Lua,
        host: &HostCell,
        key: PortKey,
    ) -> mlua::Result<Value> {
        host.with(|h| match h.ports.status(key) {
            Some(status) => port_table(lua, &self.port, key, status, &h.ports).map(Value::Table),
            None => Ok(Value::Nil),
        })
    }

    /// A string that is asked for again and again.
    pub(crate) fn word(&self, lua: &Lua, text: &str) -> mlua::Result<Value> {
        self.words.get(lua, text)
    }
}

/// Strings that natives need again and again: names of fields, of scripts and of their rules.
#[derive(Default)]
struct Words(RefCell<HashMap<String, LuaString, RandomState>>);

/// More different words than there are scripts.
const MOST_WORDS: usize = 4096;

impl Words {
    fn get(&self, lua: &Lua, text: &str) -> mlua::Result<Value> {
        let mut words = self.0.borrow_mut();
        if let Some(known) = words.get(text) {
            return Ok(Value::String(known.clone()));
        }
        let string = lua.create_string(text)?;
        if words.len() < MOST_WORDS {
            words.insert(text.to_owned(), string.clone());
        }
        Ok(Value::String(string))
    }
}

/// An address as its bytes.
struct Octets([u8; 16], usize);

impl Octets {
    fn of(address: IpAddr) -> Octets {
        let mut bytes = [0; 16];
        match address {
            IpAddr::V4(v4) => bytes[..4].copy_from_slice(&v4.octets()),
            IpAddr::V6(v6) => bytes = v6.octets(),
        }
        Octets(bytes, if address.is_ipv4() { 4 } else { 16 })
    }

    fn field(&self) -> Field<'_> {
        Field::Bytes(&self.0[..self.1])
    }
}

/// Round trips of a host to which nothing was measured: none, none, and how long a first answer may
/// take. Scripts make time-outs of the last.
const UNMEASURED: [f64; 3] = [-1e-6, -1e-6, 1.0];

fn mac_field(mac: &Option<[u8; 6]>) -> Field<'_> {
    mac.as_ref().map_or(Field::Nil, |mac| Field::Bytes(mac))
}

fn text_field(text: &Option<String>) -> Field<'_> {
    Field::from(text.as_deref())
}

fn host_table(
    lua: &Lua,
    constructor: &Function,
    host: &HostCell,
    record: &HostRecord,
    links: &LinkAddresses,
) -> mlua::Result<Table> {
    let ip = record.address.to_string();
    let (address, source) = (Octets::of(record.address), record.source.map(Octets::of));
    let [srtt, rttvar, timeout] = match &record.times {
        Some(times) => [times.srtt, times.rttvar, times.timeout].map(|time| time.as_secs_f64()),
        None => UNMEASURED,
    };
    let trace = record.trace.as_ref().map(|trace| trace_table(lua, trace)).transpose()?;
    let systems = match record.os.as_ref().map(|os| os.verdict()) {
        Some(Verdict::Exact(matches)) => Some(system_table(lua, matches)?),
        _ => None,
    };
    nseer_lua::construct(
        lua,
        constructor,
        &[
            Field::Light(usize::try_from(host.number).unwrap_or(usize::MAX)),
            Field::from(&host.registry),
            Field::from(&*ip),
            Field::from(record.reverse_name.as_deref().unwrap_or_default()),
            address.field(),
            Field::from(record.reason.as_str()),
            Field::Integer(record.reason_ttl.into()),
            Field::from(record.target_name.as_deref()),
            Field::from(record.directly_connected),
            Field::from(record.interface.as_deref()),
            Field::Integer(record.interface_mtu.into()),
            source.as_ref().map_or(Field::Nil, Octets::field),
            mac_field(&links.own),
            mac_field(&links.host),
            Field::Number(srtt),
            Field::Number(rttvar),
            Field::Number(timeout),
            Field::from(trace.as_ref()),
            Field::from(systems.as_ref()),
            Field::from(record.os.as_ref().map(|os| os.fingerprint.as_str())),
        ],
    )
}

/// Systems that are the same as the host's. Each has the classes of all, as scripts know it from Nmap.
fn system_table(lua: &Lua, matches: &[OsMatch]) -> mlua::Result<Table> {
    let systems = lua.create_table()?;
    for of in matches {
        let classes = lua.create_table()?;
        for class in matches.iter().flat_map(|of| &of.classes) {
            let entry = lua.create_table()?;
            entry.raw_set("vendor", class.vendor.as_str())?;
            entry.raw_set("osfamily", class.family.as_str())?;
            entry.raw_set("osgen", class.generation.as_deref())?;
            entry.raw_set("type", class.kind.as_str())?;
            entry.raw_set("cpe", class.cpe.as_slice())?;
            classes.raw_push(entry)?;
        }
        let system = lua.create_table()?;
        system.raw_set("name", of.name.as_str())?;
        system.raw_set("classes", classes)?;
        systems.raw_push(system)?;
    }
    Ok(systems)
}

/// The hops in their order; one that did not answer is an empty table.
fn trace_table(lua: &Lua, trace: &Trace) -> mlua::Result<Table> {
    let hops = lua.create_table()?;
    for hop in &trace.hops {
        while hops.raw_len() + 1 < usize::from(hop.ttl) {
            hops.raw_push(lua.create_table()?)?;
        }
        let entry = lua.create_table()?;
        entry.raw_set("ip", hop.address.to_string())?;
        entry.raw_set("name", hop.name.as_deref())?;
        entry.raw_set("srtt", hop.round_trip.map(|trip| trip.as_secs_f64()))?;
        hops.raw_push(entry)?;
    }
    Ok(hops)
}

/// How sure a look-up by number is.
const TABLE_CONFIDENCE: u8 = 3;

fn port_table(
    lua: &Lua,
    constructor: &Function,
    key: PortKey,
    status: PortStatus,
    ports: &PortTable,
) -> mlua::Result<Table> {
    let found = ports.detail(key).and_then(|detail| detail.service.as_ref());
    let from_table;
    let service = match found {
        Some(service) => service,
        None => {
            from_table = ServiceInfo::default();
            &from_table
        }
    };
    let (name, confidence) = match (found, ports.ports().service_name(key)) {
        (Some(service), _) => (service.name.as_deref(), service.confidence),
        (None, Some(name)) => (Some(name), TABLE_CONFIDENCE),
        (None, None) => (None, 0),
    };
    let cpe = match service.cpe.as_slice() {
        [] => None,
        names => Some(lua.create_sequence_from(names.iter().map(String::as_str))?),
    };
    nseer_lua::construct(
        lua,
        constructor,
        &[
            Field::Integer(key.number.into()),
            Field::from(key.protocol.as_str()),
            Field::from(status.state.as_str()),
            Field::from(status.reason.as_str()),
            Field::Integer(status.ttl.into()),
            Field::from(name),
            Field::Number(confidence.into()),
            Field::from(service.method.as_str()),
            Field::from(if service.tunnel == Tunnel::Ssl { "ssl" } else { "none" }),
            Field::from(cpe.as_ref()),
            text_field(&service.product),
            text_field(&service.version),
            text_field(&service.extra_info),
            text_field(&service.hostname),
            text_field(&service.os_type),
            text_field(&service.device_type),
            text_field(&service.fingerprint),
        ],
    )
}
