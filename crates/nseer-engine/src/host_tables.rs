//! The `host` and `port` tables that scripts see.

use std::ffi::c_void;
use std::net::IpAddr;

use mlua::{Function, IntoLua, LightUserData, Lua, MultiValue, Table, Value};
use nseer_core::{HostRecord, PortKey, PortStatus, ServiceInfo, Tunnel};

use crate::host_cell::HostCell;

/// The functions of `tables.lua`.
pub(crate) struct TableMaker {
    host: Function,
    port: Function,
}

impl TableMaker {
    pub(crate) fn new(lua: &Lua) -> mlua::Result<TableMaker> {
        let (host, port) = lua.load(include_str!("tables.lua")).set_name("=nseer").call(())?;
        Ok(TableMaker { host, port })
    }

    /// A new `host` table.
    pub(crate) fn host_table(&self, lua: &Lua, host: &HostCell) -> mlua::Result<Table> {
        let mut fields = Fields::new(lua);
        fields.push(LightUserData(host.number as *mut c_void))?;
        fields.push(&host.registry)?;
        host.with(|record| host_fields(&mut fields, record))?;
        self.host.call(fields.values)
    }

    /// A new `port` table; nil where the port has no state.
    pub(crate) fn port_table(
        &self,
        lua: &Lua,
        host: &HostCell,
        key: PortKey,
    ) -> mlua::Result<Value> {
        let found = host.with(|h| h.ports.status(key).map(|s| (s, h.ports.service(key))));
        let Some((status, service)) = found else { return Ok(Value::Nil) };
        let mut fields = Fields::new(lua);
        port_fields(&mut fields, key, status, &service)?;
        self.port.call(fields.values)
    }
}

/// Arguments of a constructor, in its order.
struct Fields<'a> {
    lua: &'a Lua,
    values: MultiValue,
}

impl<'a> Fields<'a> {
    fn new(lua: &'a Lua) -> Self {
        Fields { lua, values: MultiValue::with_capacity(20) }
    }

    fn push(&mut self, value: impl IntoLua) -> mlua::Result<()> {
        self.values.push_back(value.into_lua(self.lua)?);
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

fn host_fields(fields: &mut Fields<'_>, record: &HostRecord) -> mlua::Result<()> {
    fields.push(record.address.to_string())?;
    fields.push(record.reverse_name.as_deref().unwrap_or(""))?;
    fields.push_address(Some(record.address))?;
    fields.push(record.reason.as_str())?;
    fields.push(record.reason_ttl)?;
    fields.push(record.target_name.as_deref())?;
    fields.push(record.directly_connected)?;
    fields.push(record.interface.as_deref())?;
    fields.push(record.interface_mtu)?;
    fields.push_address(record.source)?;
    fields.push_bytes(record.mac.as_ref().map(<[u8; 6]>::as_slice))?;
    let times = record.times.unwrap_or_default();
    for time in [times.srtt, times.rttvar, times.timeout] {
        fields.push(time.as_secs_f64())?;
    }
    Ok(())
}

fn port_fields(
    fields: &mut Fields<'_>,
    key: PortKey,
    status: PortStatus,
    service: &ServiceInfo,
) -> mlua::Result<()> {
    fields.push(key.number)?;
    fields.push(key.protocol.as_str())?;
    fields.push(status.state.as_str())?;
    fields.push(status.reason.as_str())?;
    fields.push(status.ttl)?;
    fields.push(service.name.as_deref())?;
    fields.push(f64::from(service.confidence))?;
    fields.push(service.method.as_str())?;
    fields.push(if service.tunnel == Tunnel::Ssl { "ssl" } else { "none" })?;
    fields.push(service.cpe.as_slice())?;
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
