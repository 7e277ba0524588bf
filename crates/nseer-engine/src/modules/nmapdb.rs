//! `nmapdb`: names of hardware vendors, services and protocols, from files in Nmap's formats that are read
//! when something is first looked up. What the lines mean is known in `nseer-core`.

use std::cell::OnceCell;
use std::path::Path;
use std::rc::Rc;

use mlua::{Lua, Table};
use nseer_core::protocol_table::ProtocolTable;
use nseer_core::vendor_table::VendorTable;
use nseer_core::{PortKey, Protocol, ServiceNames as _, ServiceTable, Severity};
use nseer_lua::{Args, Raise, Reply};

use crate::environment::World;
use crate::modules::{Body, fill};

/// What the functions share.
struct Tables {
    world: Rc<World>,
    vendors: OnceCell<VendorTable>,
    services: OnceCell<ServiceTable>,
    protocols: OnceCell<ProtocolTable>,
}

const FUNCTIONS: &[(&str, Body<Tables>)] = &[
    ("mac2corp", mac2corp),
    ("getservbyport", getservbyport),
    ("getprotbynum", getprotbynum),
    ("getprotbyname", getprotbyname),
];

/// Makes the module.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<Table> {
    let nmapdb = world.lua().create_table()?;
    let tables = Rc::new(Tables {
        world: world.clone(),
        vendors: OnceCell::new(),
        services: OnceCell::new(),
        protocols: OnceCell::new(),
    });
    fill(&world.scheduler.native(), &tables, &nmapdb, FUNCTIONS)?;
    Ok(nmapdb)
}

/// The content of a data file; where there is none, that of `instead`. Nothing where that is missing too.
fn read(world: &World, name: &str, instead: Option<&str>) -> Vec<u8> {
    let data = &world.config.data;
    let file = data.find(name).or_else(|| data.file_at(Path::new(instead?)));
    let Some(file) = file else {
        world.say(Severity::Warning, format!("There is no file {name}, so its names are missing."));
        return Vec::new();
    };
    file.read().unwrap_or_else(|error| {
        world.say(Severity::Warning, format!("cannot read {}: {error}", file.display()));
        Vec::new()
    })
}

fn vendors(world: &World) -> VendorTable {
    let table = VendorTable::new(read(world, "nmap-mac-prefixes", None));
    if let Some(line) = table.broken_line() {
        let text = format!("nmap-mac-prefixes: line {line} makes no sense; the table ends there");
        world.say(Severity::Warning, text);
    }
    table
}

fn mac2corp(tables: &Tables, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let text = args.string(lua, 1)?;
    let address =
        mac(&text.as_bytes()).ok_or_else(|| Raise::new("Expected a 6-byte MAC address"))?;
    let vendor = tables.vendors.get_or_init(|| vendors(&tables.world)).vendor(address);
    Reply::values(lua, vendor.map(|name| lua.create_string(name)).transpose()?)
}

/// Six bytes as they are, or as pairs of digits with or without colons between them.
fn mac(text: &[u8]) -> Option<[u8; 6]> {
    if let Ok(bytes) = text.try_into() {
        return Some(bytes);
    }
    let (mut address, mut rest) = ([0; 6], text);
    for (i, byte) in address.iter_mut().enumerate() {
        if i > 0 {
            rest = rest.strip_prefix(b":").unwrap_or(rest);
        }
        let (pair, after) = rest.split_at_checked(2)?;
        if !pair.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        rest = after;
    }
    rest.is_empty().then_some(address)
}

fn getservbyport(tables: &Tables, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let port = args.integer(lua, 1)?;
    let names = Protocol::TRANSPORTS.map(Protocol::as_str);
    let protocol = Protocol::TRANSPORTS[args.option(lua, 2, None, &names)?];
    let port = u16::try_from(port).map_err(|_| Raise::new("Port number out of range"))?;
    let table = tables.services.get_or_init(|| {
        ServiceTable::new(read(&tables.world, "nmap-services", Some("/etc/services")))
    });
    let name = table.name(PortKey::new(protocol, port));
    Reply::values(lua, name.filter(|name| *name != "unknown"))
}

fn protocols(tables: &Tables) -> &ProtocolTable {
    let text = || read(&tables.world, "nmap-protocols", Some("/etc/protocols"));
    tables.protocols.get_or_init(|| ProtocolTable::new(&text()))
}

fn getprotbynum(tables: &Tables, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let number = u8::try_from(args.integer(lua, 1)?)
        .map_err(|_| Raise::new("Protocol number out of range"))?;
    let name = protocols(tables).name(number);
    Reply::values(lua, name.map(|name| lua.create_string(name)).transpose()?)
}

fn getprotbyname(tables: &Tables, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let name = args.string(lua, 1)?;
    Reply::values(lua, protocols(tables).number(&name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hardware_addresses() {
        let check = |text: &[u8], want: Option<[u8; 6]>| assert_eq!(mac(text), want, "{text:?}");
        let address = Some([0xab, 0xcd, 0xef, 0x01, 0x23, 0x45]);
        check(b"\xab\xcd\xef\x01\x23\x45", address);
        check(b"abcdef012345", address);
        check(b"AB:CD:EF:01:23:45", address);
        check(b"AB:CDEF01:2345", address);
        check(b"123456", Some(*b"123456"));
        for broken in
            ["", "AB::CD:EF:01:23:45", "AB:CD:EF:01:23", "AB:CD:EF:01:23:45:", "+1cdef012345"]
        {
            check(broken.as_bytes(), None);
        }
        check(b":ABCDEF012345", None);
    }
}
