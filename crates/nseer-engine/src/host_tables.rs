//! The `host` and `port` tables that scripts see.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::c_void;
use std::net::IpAddr;
use std::sync::Arc;

use mlua::{Function, IntoLua, LightUserData, Lua, LuaString, MultiValue, Table, Value};
use nseer_core::os::Verdict;
use nseer_core::trace::Trace;
use nseer_core::{HostRecord, OsMatch, PortKey, PortStatus, PortTable, ServiceInfo, Tunnel};
use nseer_seam::Files;

use crate::host_cell::HostCell;
use crate::link_addresses::LinkAddresses;

/// The functions of `tables.lua`.
pub(crate) struct TableMaker {
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
        let mut fields = Fields::new(lua, &self.words);
        fields.push(LightUserData(host.number as *mut c_void))?;
        fields.push(&host.registry)?;
        host.with(|record| {
            let links = host.links.get_or_init(|| match &self.neighbours {
                Some(files) => LinkAddresses::of(record, &**files),
                None => LinkAddresses { own: None, host: record.mac },
            });
            host_fields(&mut fields, record, links)
        })?;
        self.host.call(fields.values)
    }

    /// A new `port` table; nil where the port has no state.
    pub(crate) fn port_table(
        &self,
        lua: &Lua,
        host: &HostCell,
        key: PortKey,
    ) -> mlua::Result<Value> {
        let mut fields = Fields::new(lua, &self.words);
        let known = host.with(|h| match h.ports.status(key) {
            Some(status) => port_fields(&mut fields, key, status, &h.ports).map(|()| true),
            None => Ok(false),
        })?;
        if !known {
            return Ok(Value::Nil);
        }
        self.port.call(fields.values)
    }

    /// A string that is asked for again and again.
    pub(crate) fn word(&self, lua: &Lua, text: &str) -> mlua::Result<Value> {
        self.words.get(lua, text)
    }
}

/// Strings of Lua that most tables have in common: states, reasons, names of services.
#[derive(Default)]
struct Words(RefCell<HashMap<String, LuaString>>);

/// More different words than there are services; a script may set others without end.
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

/// Arguments of a constructor, in its order.
struct Fields<'a> {
    lua: &'a Lua,
    words: &'a Words,
    values: MultiValue,
}

impl<'a> Fields<'a> {
    fn new(lua: &'a Lua, words: &'a Words) -> Self {
        Fields { lua, words, values: MultiValue::with_capacity(20) }
    }

    fn push(&mut self, value: impl IntoLua) -> mlua::Result<()> {
        self.values.push_back(value.into_lua(self.lua)?);
        Ok(())
    }

    fn push_word(&mut self, word: Option<&str>) -> mlua::Result<()> {
        let value = match word {
            Some(word) => self.words.get(self.lua, word)?,
            None => Value::Nil,
        };
        self.values.push_back(value);
        Ok(())
    }

    fn push_bytes(&mut self, bytes: Option<&[u8]>) -> mlua::Result<()> {
        let value = match bytes {
            Some(bytes) => Value::String(self.lua.create_string(bytes)?),
            None => Value::Nil,
        };
        self.values.push_back(value);
        Ok(())
    }

    fn push_address(&mut self, address: Option<IpAddr>) -> mlua::Result<()> {
        match address {
            Some(IpAddr::V4(v4)) => self.push_bytes(Some(&v4.octets())),
            Some(IpAddr::V6(v6)) => self.push_bytes(Some(&v6.octets())),
            None => self.push(Value::Nil),
        }
    }
}

/// Round trips of a host to which nothing was measured: none, none, and how long a first answer may
/// take. Scripts make time-outs of the last.
const UNMEASURED: [f64; 3] = [-1e-6, -1e-6, 1.0];

fn host_fields(
    fields: &mut Fields<'_>,
    record: &HostRecord,
    links: &LinkAddresses,
) -> mlua::Result<()> {
    fields.push(record.address.to_string())?;
    match record.reverse_name.as_deref() {
        Some(name) => fields.push(name)?,
        None => fields.push_word(Some(""))?,
    }
    fields.push_address(Some(record.address))?;
    fields.push_word(Some(record.reason.as_str()))?;
    fields.push(record.reason_ttl)?;
    fields.push(record.target_name.as_deref())?;
    fields.push(record.directly_connected)?;
    fields.push_word(record.interface.as_deref())?;
    fields.push(record.interface_mtu)?;
    fields.push_address(record.source)?;
    for mac in [&links.own, &links.host] {
        fields.push_bytes(mac.as_ref().map(<[u8; 6]>::as_slice))?;
    }
    let times = match &record.times {
        Some(times) => [times.srtt, times.rttvar, times.timeout].map(|time| time.as_secs_f64()),
        None => UNMEASURED,
    };
    for time in times {
        fields.push(time)?;
    }
    match &record.trace {
        Some(trace) => fields.push(trace_table(fields.lua, trace)?)?,
        None => fields.push(Value::Nil)?,
    }
    let Some(os) = &record.os else { return Ok(()) };
    match os.verdict() {
        Verdict::Exact(matches) => fields.push(system_table(fields.lua, matches)?)?,
        Verdict::TooMany | Verdict::Guesses(_) | Verdict::Nothing => fields.push(Value::Nil)?,
    }
    fields.push(os.fingerprint.as_str())
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

/// Without copies: scripts ask for these tables again and again.
fn port_fields(
    fields: &mut Fields<'_>,
    key: PortKey,
    status: PortStatus,
    ports: &PortTable,
) -> mlua::Result<()> {
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
    fields.push(key.number)?;
    fields.push_word(Some(key.protocol.as_str()))?;
    fields.push_word(Some(status.state.as_str()))?;
    fields.push_word(Some(status.reason.as_str()))?;
    fields.push(status.ttl)?;
    fields.push_word(name)?;
    fields.push(f64::from(confidence))?;
    fields.push_word(Some(service.method.as_str()))?;
    fields.push_word(Some(if service.tunnel == Tunnel::Ssl { "ssl" } else { "none" }))?;
    fields.push(Some(service.cpe.as_slice()).filter(|cpe| !cpe.is_empty()))?;
    for text in [
        &service.product,
        &service.version,
        &service.extra_info,
        &service.hostname,
        &service.os_type,
        &service.device_type,
        &service.fingerprint,
    ] {
        fields.push(text.as_deref())?;
    }
    Ok(())
}
