//! The `host` and `port` tables that scripts see.

use std::ffi::c_void;
use std::net::IpAddr;

use mlua::{LightUserData, Lua, Table, Value};
use nseer_core::{HostRecord, PortKey, PortStatus, ServiceInfo, Tunnel};

use crate::host_cell::HostCell;

/// A new `host` table.
pub(crate) fn host_table(lua: &Lua, host: &HostCell) -> mlua::Result<Table> {
    let table = host.with(|record| fields(lua, record))?;
    table.raw_set("_Target", LightUserData(host.number as *mut c_void))?;
    table.raw_set("registry", &host.registry)?;
    Ok(table)
}

fn fields(lua: &Lua, record: &HostRecord) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("ip", record.address.to_string())?;
    table.raw_set("name", record.reverse_name.as_deref().unwrap_or(""))?;
    table.raw_set("bin_ip", binary_address(lua, record.address)?)?;
    table.raw_set("reason", record.reason.as_str())?;
    table.raw_set("reason_ttl", record.reason_ttl)?;
    table.raw_set("interface_mtu", record.interface_mtu)?;
    if let Some(name) = &record.target_name {
        table.raw_set("targetname", name.as_str())?;
    }
    if let Some(direct) = record.directly_connected {
        table.raw_set("directly_connected", direct)?;
    }
    if let Some(interface) = &record.interface {
        table.raw_set("interface", interface.as_str())?;
    }
    if let Some(source) = record.source {
        table.raw_set("bin_ip_src", binary_address(lua, source)?)?;
    }
    if let Some(mac) = record.mac {
        table.raw_set("mac_addr", lua.create_string(mac)?)?;
    }
    let times = record.times.unwrap_or_default();
    let clock = lua.create_table()?;
    clock.raw_set("srtt", times.srtt.as_secs_f64())?;
    clock.raw_set("rttvar", times.rttvar.as_secs_f64())?;
    clock.raw_set("timeout", times.timeout.as_secs_f64())?;
    table.raw_set("times", clock)?;
    Ok(table)
}

fn binary_address(lua: &Lua, address: IpAddr) -> mlua::Result<mlua::LuaString> {
    match address {
        IpAddr::V4(v4) => lua.create_string(v4.octets()),
        IpAddr::V6(v6) => lua.create_string(v6.octets()),
    }
}

/// A new `port` table; nil where the port has no state.
pub(crate) fn port_table(lua: &Lua, host: &HostCell, key: PortKey) -> mlua::Result<Value> {
    let found = host.with(|h| h.ports.status(key).map(|s| (s, h.ports.service(key))));
    match found {
        Some((status, service)) => Ok(Value::Table(port_fields(lua, key, status, &service)?)),
        None => Ok(Value::Nil),
    }
}

fn port_fields(
    lua: &Lua,
    key: PortKey,
    status: PortStatus,
    service: &ServiceInfo,
) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("number", key.number)?;
    table.raw_set("protocol", key.protocol.as_str())?;
    table.raw_set("state", status.state.as_str())?;
    table.raw_set("reason", status.reason.as_str())?;
    table.raw_set("reason_ttl", status.ttl)?;
    table.raw_set("service", service.name.as_deref())?;
    table.raw_set("version", version_table(lua, service)?)?;
    Ok(table)
}

fn version_table(lua: &Lua, service: &ServiceInfo) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    for (key, text) in [
        ("name", &service.name),
        ("product", &service.product),
        ("version", &service.version),
        ("extrainfo", &service.extra_info),
        ("hostname", &service.hostname),
        ("ostype", &service.os_type),
        ("devicetype", &service.device_type),
        ("service_fp", &service.fingerprint),
    ] {
        if let Some(text) = text {
            table.raw_set(key, text.as_str())?;
        }
    }
    table.raw_set("name_confidence", f64::from(service.confidence))?;
    table.raw_set("service_dtype", service.method.as_str())?;
    let tunnel = if service.tunnel == Tunnel::Ssl { "ssl" } else { "none" };
    table.raw_set("service_tunnel", tunnel)?;
    table.raw_set("cpe", lua.create_sequence_from(service.cpe.iter().map(String::as_str))?)?;
    Ok(table)
}
