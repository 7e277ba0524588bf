//! The socket methods that choose a peer: `connect`, `reconnect_ssl`, `sendto`.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;

use mlua::{IntoLuaMulti as _, Lua, MultiValue, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_net::{ConnectOptions, Family, LocalEnd, NetError, Socket, Transport};
use nseer_packet::socket_address;

use crate::context::{Connection as _, HeldSlot, ScriptContext};
use crate::environment::World;
use crate::modules::dnet::numeric;
use crate::modules::socket::{Broken, SocketCell};
use crate::modules::socket_calls::{
    failed_later, on_broken, this, this_for_use, unconnected, unusable,
};
use crate::modules::trace::{Ends, Way};
use crate::workbench::mark;

/// A peer as a script names it.
pub(crate) struct Peer {
    /// An address or a name.
    host: String,
    /// `None` where it is no number of a port: there is nobody there.
    port: Option<u16>,
    /// The name for TLS server name indication.
    sni: Option<String>,
}

/// The address that stands for any of this family.
pub(crate) fn any(ipv6: bool) -> IpAddr {
    if ipv6 { Ipv6Addr::UNSPECIFIED.into() } else { Ipv4Addr::UNSPECIFIED.into() }
}

/// Makes sure that the socket can be used: connected, or datagram.
pub(crate) fn ready(world: &Rc<World>, cell: &Rc<SocketCell>) -> Result<(), NetError> {
    if cell.is_open() || cell.broken.get().is_some() {
        return Ok(());
    }
    if cell.transport.get() != Transport::Udp {
        return Err(NetError::NotConnected);
    }
    let tally = world.scheduler.current_context().and_then(|context| context.tally());
    let options = ConnectOptions { bind: cell.bind.get(), tally, ..ConnectOptions::default() };
    let socket = Socket::udp_unconnected(&world.config.network, cell.ipv6.get(), &options)?;
    adopt(world, cell, socket);
    Ok(())
}

/// Says where the local end is not the one that the script asked for.
fn tell_other_end(world: &World, cell: &SocketCell, socket: &Socket) {
    let Some(wanted) = cell.bind.get().filter(|wanted| wanted.port() != 0) else { return };
    if socket.local_addr().is_none_or(|local| local.port() != wanted.port()) {
        world.debug(1, || format!("cannot bind to {wanted}: another local port is used"));
    }
}

/// Puts a new connection into the cell and under the running thread's care.
fn adopt(world: &World, cell: &Rc<SocketCell>, socket: Socket) {
    tell_other_end(world, cell, &socket);
    cell.ends.set(ends(world, &socket));
    cell.set(socket);
    if let Some(context) = world.scheduler.current_context() {
        context.own(cell);
    }
}

/// Tells the socket from where in the script it is used.
pub(crate) fn note_mark(world: &World, lua: &Lua, cell: &SocketCell) {
    if world.config.workbench.marks {
        cell.with(|socket| socket.mark(mark(world, lua)));
    }
}

/// The ends are only shown by a trace; asking the system for them is not free.
pub(crate) fn ends(world: &World, socket: &Socket) -> Ends {
    if !world.config.levels.tracing() {
        return Ends::default();
    }
    Ends { udp: socket.is_udp(), local: socket.local_addr(), peer: socket.peer_addr() }
}

const TRANSPORTS: [&str; 3] = ["tcp", "udp", "ssl"];

pub(crate) fn connect(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let peer = peer_argument(world, lua, args, 2)?;
    let transport = transport_argument(world, lua, args, &cell)?;
    cell.shut();
    // What the next call takes where it is not told.
    cell.transport.set(match transport {
        Transport::Udp | Transport::Dtls => Transport::Udp,
        _ => Transport::Tcp,
    });
    *cell.sni.borrow_mut() = peer.sni.clone();
    let context = world.current()?;
    let options = ConnectOptions {
        bind: cell.bind.get(),
        local_end: Some(LocalEnd::default()),
        sni: peer.sni.clone(),
        timeout: cell.timeout.get(),
        tls_end_once: world.has_older_nmap,
        mark: mark(world, lua),
        tally: context.tally(),
    };
    let (lua, world) = (lua.clone(), world.clone());
    Ok(Reply::wait(async move {
        let address = match address_of(&world, &peer, cell.ipv6.get()).await {
            Ok(address) => address,
            Err(NetError::Resolve { text, .. }) => {
                return Ok((false, text).into_lua_multi(&lua)?);
            }
            Err(error) => return failed_later(&lua, &error),
        };
        if !matches!(transport, Transport::Udp | Transport::Dtls) {
            take_slot(&world, &context).await;
        }
        let connected = dial(&world, &cell, address, transport, &options).await;
        cell.user.set(0);
        match connected {
            Ok(()) => {
                context.own(&cell);
                world.trace(cell.ends.get(), Way::Sent, "CONNECT");
                Ok(true.into_lua_multi(&lua)?)
            }
            Err(error) => {
                context.review_slot();
                if world.has_older_nmap && error.is_no_way() {
                    return Ok((false, "Nsock connect failed immediately").into_lua_multi(&lua)?);
                }
                failed_later(&lua, &error)
            }
        }
    }))
}

/// The transport that a call of `connect` is told, by its last argument or a port table; else that of the call
/// before.
fn transport_argument(
    world: &World,
    lua: &Lua,
    args: &Args,
    cell: &SocketCell,
) -> Result<Transport, Raise> {
    let before = cell.transport.get();
    let of_port = match args.value(3) {
        Value::Table(port) => lua.coerce_string(field(world, lua, &port, "protocol")?)?,
        _ => None,
    };
    let word = match (args.value(4), of_port) {
        (Value::Nil, Some(protocol)) => {
            let protocol = protocol.to_string_lossy();
            match TRANSPORTS.iter().position(|t| *t == protocol) {
                Some(i) => i,
                None => return Err(args.bad(4, format!("invalid option '{protocol}'"))),
            }
        }
        _ => args.option(lua, 4, Some(usize::from(before == Transport::Udp)), &TRANSPORTS)?,
    };
    Ok(match (word, before) {
        (0, _) => Transport::Tcp,
        (1, _) => Transport::Udp,
        (_, Transport::Udp) if !world.has_older_nmap => Transport::Dtls,
        _ => Transport::Tls,
    })
}

/// Puts a connection into the cell, or notes there why there is none.
async fn dial(
    world: &World,
    cell: &Rc<SocketCell>,
    address: SocketAddr,
    transport: Transport,
    options: &ConnectOptions,
) -> Result<(), NetError> {
    cell.peer.set(Some(address));
    cell.sent_to.set(None);
    let connected = cell
        .run(pin!(async {
            match Socket::connect(&world.config.network, transport, address, options).await {
                Ok(socket) => {
                    tell_other_end(world, cell, &socket);
                    cell.ends.set(ends(world, &socket));
                    (Some(socket), Ok(()))
                }
                Err(error) => (None, Err(error)),
            }
        }))
        .await;
    if let Err(error) = &connected
        && !matches!(error, NetError::Cancelled)
    {
        let local = options.local_end.as_ref().and_then(LocalEnd::get);
        let broken = Broken::of(error, transport, local);
        cell.broken.set(Some(broken));
        trace_failure(world, cell, address, broken, transport, error);
    }
    connected
}

/// Nmap tells of every end of connecting in one way. What came of it is told in a second line.
fn trace_failure(
    world: &World,
    cell: &SocketCell,
    peer: SocketAddr,
    broken: Broken,
    transport: Transport,
    error: &NetError,
) {
    if !world.config.levels.tracing() {
        return;
    }
    let udp = matches!(transport, Transport::Udp | Transport::Dtls);
    let local = broken.local.unwrap_or_else(|| SocketAddr::new(any(peer.is_ipv6()), 0));
    let ends = Ends { udp, local: Some(local), peer: Some(peer) };
    cell.ends.set(ends);
    let what = if error.is_no_way() { "PRECONNECT" } else { "CONNECT" };
    world.trace(ends, Way::Sent, what);
    world.trace(ends, Way::Received, error.status());
}

/// Waits until the thread may hold sockets, if it may not yet.
pub(crate) async fn take_slot(world: &World, context: &Rc<ScriptContext>) {
    if context.slot.borrow().is_some() {
        return;
    }
    let _held = world.scheduler.hold_turns();
    let of_host = match &context.host {
        // The semaphore is never closed.
        Some(host) => host.slots.clone().acquire_owned().await.ok(),
        None => None,
    };
    let of_process = world.config.network.slot().await;
    *context.slot.borrow_mut() = Some(HeldSlot { _host: of_host, _process: of_process });
}

pub(crate) async fn address_of(
    world: &World,
    peer: &Peer,
    ipv6: bool,
) -> Result<SocketAddr, NetError> {
    let port = peer.port.ok_or_else(|| NetError::Io(ErrorKind::InvalidInput.into()))?;
    if let Some((ip, zone)) = numeric(&peer.host) {
        return Ok(socket_address(ip, port, zone));
    }
    let family = if ipv6 { Family::V6 } else { Family::V4 };
    let found = Box::pin(world.config.network.resolve(&peer.host, Some(family))).await?;
    match found.first() {
        Some(ip) => Ok(SocketAddr::new(*ip, port)),
        None => Err(NetError::Resolve {
            name: peer.host.clone(),
            text: "Name or service not known".to_owned(),
        }),
    }
}

pub(crate) fn reconnect_ssl(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this_for_use(lua, args)?;
    if let Some(reply) = unusable(world, lua, &cell, false)? {
        return Ok(reply);
    }
    note_mark(world, lua, &cell);
    let (lua, world, timeout) = (lua.clone(), world.clone(), cell.timeout.get());
    let sni = cell.sni.borrow().clone();
    Ok(Reply::wait(async move {
        let result = cell
            .operate(|mut socket| async move {
                let result = socket.start_tls(sni.as_deref(), timeout).await;
                (Some(socket), result)
            })
            .await;
        cell.user.set(0);
        match result {
            Ok(()) => {
                world.trace(cell.ends.get(), Way::Sent, "SSL RECONNECT");
                Ok(true.into_lua_multi(&lua)?)
            }
            Err(error) => {
                world.trace(cell.ends.get(), Way::Sent, "SSL RECONNECT");
                world.trace(cell.ends.get(), Way::Received, error.status());
                failed_later(&lua, &error)
            }
        }
    }))
}

pub(crate) fn sendto(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this_for_use(lua, args)?;
    if let Some(reply) = unconnected(world, lua, &cell)? {
        return Ok(reply);
    }
    let peer = peer_argument(world, lua, args, 2)?;
    let data = args.string(lua, 4)?.as_bytes().to_vec();
    if let Some(reply) = on_broken(world, lua, &cell, false) {
        let address = peer.host.parse::<IpAddr>().ok().zip(peer.port).map(SocketAddr::from);
        cell.sent_to.set(address.or(cell.sent_to.get()));
        return Ok(reply);
    }
    note_mark(world, lua, &cell);
    let (lua, world, timeout) = (lua.clone(), world.clone(), cell.timeout.get());
    Ok(Reply::wait(async move {
        let address = match address_of(&world, &peer, cell.ipv6.get()).await {
            Ok(address) => address,
            Err(NetError::Resolve { text, .. }) => {
                return Ok((false, text).into_lua_multi(&lua)?);
            }
            Err(error) => return failed_later(&lua, &error),
        };
        cell.sent_to.set(Some(address));
        let to = Ends { peer: Some(address), ..cell.ends.get() };
        let unbound = SocketAddr::new(any(address.is_ipv6()), 0);
        let before = Ends { local: to.local.or(Some(unbound)), ..to };
        world.trace_data(before, Way::Sent, &data);
        let sent = cell
            .operate(|mut socket| async move {
                let result = socket.send_to(&data, address, timeout).await;
                (Some(socket), result)
            })
            .await;
        if sent.is_ok() && world.config.levels.tracing() {
            // Who had no port has one now.
            let local = to.local.or_else(|| cell.with(|s| s.local_addr()).flatten());
            let to = Ends { local, ..to };
            cell.ends.set(to);
            world.trace(to, Way::Sent, "SEND");
        }
        answer(&lua, sent)
    }))
}

fn answer(lua: &Lua, result: Result<(), NetError>) -> Result<MultiValue, Raise> {
    match result {
        Ok(()) => Ok(true.into_lua_multi(lua)?),
        Err(error) => failed_later(lua, &error),
    }
}

/// Arguments `n` (host) and `n + 1` (port).
pub(crate) fn peer_argument(
    world: &World,
    lua: &Lua,
    args: &Args,
    n: usize,
) -> Result<Peer, Raise> {
    let (host, sni) = match args.value(n) {
        Value::Table(table) => host_of(world, lua, &table)?
            .ok_or_else(|| args.bad(n, "host table lacks 'ip' or 'targetname' fields"))?,
        _ => {
            let host = args.string(lua, n)?.to_string_lossy();
            (host.clone(), Some(host))
        }
    };
    let port = match args.value(n + 1) {
        Value::Table(table) => field(world, lua, &table, "number")?
            .as_integer()
            .ok_or_else(|| args.bad(n + 1, "port table lacks integer 'number' field"))?,
        _ => args.integer(lua, n + 1)?,
    };
    Ok(Peer {
        host,
        port: u16::try_from(port).ok(),
        sni: sni.filter(|name| name.parse::<IpAddr>().is_err()),
    })
}

/// A field of a table; metamethods, which cost more, are asked only where it has none.
fn field(world: &World, lua: &Lua, table: &Table, key: &str) -> mlua::Result<Value> {
    let key = world.tables.word(lua, key)?;
    match table.raw_get(&key)? {
        Value::Nil if table.metatable().is_some() => table.get(key),
        value => Ok(value),
    }
}

/// The address or name to connect to, and the name for TLS.
pub(crate) fn host_of(
    world: &World,
    lua: &Lua,
    table: &Table,
) -> Result<Option<(String, Option<String>)>, Raise> {
    let text = |key: &str| -> Result<Option<String>, Raise> {
        let value = lua.coerce_string(field(world, lua, table, key)?)?;
        Ok(value.map(|t| t.to_string_lossy()))
    };
    let name = text("targetname")?;
    let host = text("ip")?.or_else(|| name.clone());
    Ok(host.map(|host| (host, name)))
}
