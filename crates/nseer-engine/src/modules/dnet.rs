//! `nmap.new_dnet`: objects that send Ethernet frames and IP packets as scripts made them.
//!
//! What is open is shared by all objects of this worker. Sending never waits.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::rc::{Rc, Weak};

use mlua::{IntoLuaMulti as _, Lua, MultiValue, Table, UserData, UserDataFields, Value};
use nseer_core::Severity;
use nseer_lua::{Args, Raise, Reply};
use nseer_net::{Family, NetError, Network, Transport};
use nseer_packet::{
    Device, EthernetSender, IpSender, IpSummary, PacketError, describe, frame_destination,
};

use crate::environment::World;
use crate::modules::connect::host_of;
use crate::modules::{Body, methods, show_metatable};

/// Name of the registry value that holds the methods.
const METHODS: &str = "nseer dnet methods";

/// What is open in this worker, as long as somebody uses it.
#[derive(Default)]
struct Opened {
    ethernet: RefCell<HashMap<String, Weak<EthernetSender>>>,
    ip: RefCell<Weak<IpSender>>,
}

impl Opened {
    fn ethernet(&self, device: &str) -> Result<Rc<EthernetSender>, PacketError> {
        let known = self.ethernet.borrow().get(device).and_then(Weak::upgrade);
        if let Some(sender) = known {
            return Ok(sender);
        }
        let sender = Rc::new(EthernetSender::open(device)?);
        self.ethernet.borrow_mut().insert(device.to_owned(), Rc::downgrade(&sender));
        Ok(sender)
    }

    fn ip(&self) -> Result<Rc<IpSender>, PacketError> {
        if let Some(sender) = self.ip.borrow().upgrade() {
            return Ok(sender);
        }
        let sender = Rc::new(IpSender::open()?);
        *self.ip.borrow_mut() = Rc::downgrade(&sender);
        Ok(sender)
    }
}

/// What scripts hold.
struct DnetHandle(Rc<DnetCell>);

#[derive(Default)]
struct DnetCell {
    /// The interface's name, and the way out.
    ethernet: RefCell<Option<(String, Rc<EthernetSender>)>>,
    ip: RefCell<Option<Rc<IpSender>>>,
}

impl UserData for DnetHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        // What messages call it.
        fields.add_meta_field("__name", "userdata");
        fields.add_meta_field_with("__index", |lua| lua.named_registry_value::<Table>(METHODS));
    }
}

const METHOD_TABLE: &[(&str, Body<Dnet>)] = &[
    ("ethernet_open", Dnet::ethernet_open),
    ("ethernet_send", Dnet::ethernet_send),
    ("ethernet_close", Dnet::ethernet_close),
    ("ip_open", Dnet::ip_open),
    ("ip_send", Dnet::ip_send),
    ("ip_close", Dnet::ip_close),
];

/// What the methods share.
struct Dnet {
    world: Rc<World>,
    opened: Opened,
}

/// Adds `new_dnet` to `nmap`; gives the table `nmap.dnet`. `get_interface_info`, which is there
/// too, is already in `nmap`.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<Table> {
    let lua = world.lua();
    let native = world.scheduler.native();
    let dnet = Rc::new(Dnet { world: world.clone(), opened: Opened::default() });
    lua.set_named_registry_value(METHODS, methods(world, &dnet, METHOD_TABLE)?)?;
    let sample = lua.create_userdata(DnetHandle(Rc::default()))?;
    show_metatable(&native, &sample, &lua.create_table()?)?;
    let new = native
        .function(|lua, _| Reply::values(lua, lua.create_userdata(DnetHandle(Rc::default()))?))?;
    nmap.raw_set("new_dnet", &new)?;
    let table = lua.create_table()?;
    table.raw_set("new", new)?;
    let info: Value = nmap.raw_get("get_interface_info")?;
    table.raw_set("get_interface_info", info)?;
    Ok(table)
}

/// The object that argument 1 is.
fn this(args: &Args) -> Result<Rc<DnetCell>, Raise> {
    args.object(1, "dnet", |handle: &DnetHandle| handle.0.clone())
}

impl Dnet {
    fn ethernet_open(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        let cell = this(args)?;
        let device = args.string(lua, 2)?.to_string_lossy();
        let sender = self.opened.ethernet(&device).map_err(|error| match error {
            PacketError::Io(error) => {
                self.world.debug(1, || format!("cannot send frames on {device}: {error}"));
                Raise::new(format!("unable to open dnet on ethernet interface {device}"))
            }
            _ => args.bad(2, "device is not valid ethernet interface"),
        })?;
        trace(&self.world, || format!("Ethernet open {device}"));
        *cell.ethernet.borrow_mut() = Some((device, sender));
        Reply::values(lua, true)
    }

    fn ethernet_send(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        let cell = this(args)?;
        let Some((device, sender)) = cell.ethernet.borrow().clone() else {
            return Err(Raise::new("dnet ethernet interface is not open"));
        };
        let frame = args.string(lua, 2)?.as_bytes().to_vec();
        if let Some(packet) = frame_destination(&frame)
            && let Err(error) = allowed(&self.world.config.network, &packet, packet.destination)
        {
            return Reply::values(lua, (false, error.to_string()));
        }
        trace(&self.world, || format!("Ethernet frame ({} bytes) > {device}", frame.len()));
        match sender.send(&frame) {
            Ok(()) => Reply::values(lua, true),
            Err(error) => {
                self.world.debug(1, || format!("{device}: {error}"));
                Reply::values(lua, (false, "netutil_eth_send error: -1"))
            }
        }
    }

    fn ethernet_close(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        let closed = this(args)?.ethernet.borrow_mut().take();
        let device = closed.map(|(device, _)| device).unwrap_or_default();
        trace(&self.world, || format!("Ethernet close {device}"));
        Reply::values(lua, true)
    }

    fn ip_open(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        let cell = this(args)?;
        let sender = self.opened.ip().map_err(|error| {
            let text = match &error {
                PacketError::Io(error) => describe(error),
                other => other.to_string(),
            };
            Raise::new(format!("failed to open raw socket: {text}"))
        })?;
        *cell.ip.borrow_mut() = Some(sender);
        trace(&self.world, || "raw IP socket open".to_owned());
        Reply::values(lua, true)
    }

    fn ip_close(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        if this(args)?.ip.borrow_mut().take().is_none() {
            return Reply::values(lua, (false, "raw socket already closed"));
        }
        trace(&self.world, || "raw IP socket close".to_owned());
        Reply::values(lua, true)
    }

    fn ip_send(&self, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
        let cell = this(args)?;
        let sender = cell.ip.borrow().clone();
        let sender = sender.ok_or_else(|| Raise::new("raw socket not open to send"))?;
        let packet = args.string(lua, 2)?.as_bytes().to_vec();
        let summary = IpSummary::of(&packet);
        let summary = summary.ok_or_else(|| Raise::new("can't parse ip packet"))?;
        let Some(host) = self.destination(lua, args)? else {
            let sent = send(&self.world, &sender, &packet, &summary, summary.destination, 0);
            return Ok(Reply::Values(answer(lua, sent)?));
        };
        if let Some((address, zone)) = numeric(&host) {
            let sent = send(&self.world, &sender, &packet, &summary, address, zone);
            return Ok(Reply::Values(answer(lua, sent)?));
        }
        let family = if summary.destination.is_ipv6() { Family::V6 } else { Family::V4 };
        let (lua, world) = (lua.clone(), self.world.clone());
        Ok(Reply::wait(async move {
            let found = world.config.network.resolve(&host, Some(family)).await;
            match found.as_ref().map(|found| found.first()) {
                Ok(Some(address)) => {
                    answer(&lua, send(&world, &sender, &packet, &summary, *address, 0))
                }
                Err(NetError::Resolve { text, .. }) => refusal(&lua, text),
                _ => refusal(&lua, "Name or service not known"),
            }
        }))
    }

    /// Argument 3, the host that a packet goes to whatever it says itself.
    fn destination(&self, lua: &Lua, args: &Args) -> Result<Option<String>, Raise> {
        match args.value(3) {
            Value::Nil => Ok(None),
            Value::Table(table) => match host_of(&self.world, lua, &table)? {
                Some((host, _)) => Ok(Some(with_zone(host, lua, &table)?)),
                None => Err(args.bad(3, "host table lacks 'ip' or 'targetname' fields")),
            },
            _ => Ok(Some(args.string(lua, 3)?.to_string_lossy())),
        }
    }
}

fn trace(world: &World, text: impl FnOnce() -> String) {
    if world.config.levels.tracing() {
        world.say(Severity::Info, format!("NSE: {}", text()));
    }
}

/// What the policy says to a packet. It may go elsewhere than it says itself.
fn allowed(network: &Network, packet: &IpSummary, to: IpAddr) -> Result<(), NetError> {
    let peer = SocketAddr::new(to, packet.port);
    network.check(peer, Transport::Raw)
}

fn send(
    world: &World,
    sender: &IpSender,
    packet: &[u8],
    summary: &IpSummary,
    to: IpAddr,
    zone: u32,
) -> Result<(), String> {
    allowed(&world.config.network, summary, to).map_err(|error| error.to_string())?;
    trace(world, || {
        let IpSummary { source, destination, protocol, ttl, .. } = summary;
        let length = packet.len();
        format!("RAW SEND {source} > {destination} protocol={protocol} ttl={ttl} iplen={length}")
    });
    let sent = sender.send(packet, to, zone);
    sent.map_err(|error| format!("error while sending: {}", describe(&error)))
}

/// What a script is told of a packet that was to be sent.
fn answer(lua: &Lua, sent: Result<(), String>) -> Result<MultiValue, Raise> {
    match sent {
        Ok(()) => Ok(true.into_lua_multi(lua)?),
        Err(text) => refusal(lua, &text),
    }
}

fn refusal(lua: &Lua, text: &str) -> Result<MultiValue, Raise> {
    Ok((false, text).into_lua_multi(lua)?)
}

/// An address that exists on every link is only an address together with the host's interface.
fn with_zone(host: String, lua: &Lua, table: &Table) -> Result<String, Raise> {
    let is_everywhere = host.parse().is_ok_and(|v6: Ipv6Addr| v6.is_unicast_link_local());
    if !is_everywhere {
        return Ok(host);
    }
    let interface = lua.coerce_string(table.get("interface")?)?;
    Ok(match interface {
        Some(interface) => format!("{host}%{}", interface.to_string_lossy()),
        None => host,
    })
}

/// An address, and the number of the interface that is named behind its `%`.
pub(crate) fn numeric(host: &str) -> Option<(IpAddr, u32)> {
    if let Some((address, zone)) = host.split_once('%') {
        let address: Ipv6Addr = address.parse().ok()?;
        let index = Device::find(zone).ok().map(|device| device.index());
        return Some((address.into(), index.or_else(|| zone.parse().ok())?));
    }
    host.parse().ok().map(|address| (address, 0))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nseer_net::{NetPolicy, NetworkConfig};

    use super::*;

    /// Forbids port 53 of 10.0.0.2.
    struct NoNames;

    impl NetPolicy for NoNames {
        fn check(&self, peer: SocketAddr, transport: Transport) -> Result<(), String> {
            assert_eq!(transport, Transport::Raw);
            if peer.to_string() == "10.0.0.2:53" { Err("no names".to_owned()) } else { Ok(()) }
        }
    }

    #[test]
    fn the_policy_is_asked_about_packets_and_frames() {
        let config = NetworkConfig { policy: Arc::new(NoNames), ..NetworkConfig::default() };
        let network = Network::new(config);
        let mut packet = vec![0x45, 0, 0, 28, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        packet.extend([0, 7, 0, 53, 0, 8, 0, 0]);
        let summary = IpSummary::of(&packet).expect("a packet");
        assert!(allowed(&network, &summary, summary.destination).is_err());
        assert!(allowed(&network, &summary, "10.0.0.3".parse().expect("an address")).is_ok());
        let frame = [vec![2; 12], vec![8, 0], packet].concat();
        assert_eq!(frame_destination(&frame), Some(summary));
    }

    #[test]
    fn zones_are_numbers_of_interfaces() {
        let found = |host| numeric(host).map(|(address, zone)| (address.to_string(), zone > 0));
        assert_eq!(found("10.0.0.2"), Some(("10.0.0.2".to_owned(), false)));
        assert_eq!(found("fe80::1%lo"), Some(("fe80::1".to_owned(), true)));
        assert_eq!(found("fe80::1%7"), Some(("fe80::1".to_owned(), true)));
        assert_eq!(found("fe80::1%none0"), None);
        assert_eq!(found("some.name"), None);
    }
}
