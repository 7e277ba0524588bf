//! `nmap.new_socket`, `nmap.socket` and the methods of sockets.

use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, IntoLuaMulti as _, Lua, MultiValue, Table, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_net::{NetError, Socket, Transport};
use nseer_seam::Clock;

use crate::context::Connection as _;
use crate::environment::World;
use crate::modules::certificate;
use crate::modules::connect;
use crate::modules::pcap;
use crate::modules::socket::{DEFAULT_TIMEOUT, IN_USE, METHODS, SocketCell, SocketHandle};
use crate::modules::trace::{Ends, Way};
use crate::modules::{Body, fill, function, methods, show_metatable};

const METHOD_TABLE: &[(&str, Body<Rc<World>>)] = &[
    ("connect", connect::connect),
    ("reconnect_ssl", connect::reconnect_ssl),
    ("send", send),
    ("sendto", connect::sendto),
    ("receive", |w, lua, args| receive(w, lua, args, |_, _| Ok(Amount::Some))),
    ("receive_bytes", |w, lua, args| {
        receive(w, lua, args, |lua, args| count(lua, args).map(Amount::Bytes))
    }),
    ("receive_lines", |w, lua, args| {
        receive(w, lua, args, |lua, args| count(lua, args).map(Amount::Lines))
    }),
    ("close", close),
    ("get_info", get_info),
    ("set_timeout", set_timeout),
    ("bind", bind),
    ("get_ssl_certificate", get_ssl_certificate),
    ("pcap_open", pcap::pcap_open),
    ("pcap_receive", pcap::pcap_receive),
    ("pcap_close", close),
];

const FUNCTIONS: &[(&str, Body<Rc<World>>)] = &[
    ("sleep", sleep),
    ("loop", turn),
    ("parse_ssl_certificate", parse_certificate),
    ("get_stats", get_stats),
];

/// Most bytes that `receive_buf` gathers without a match.
const BUFFER_LIMIT: usize = 16 << 20;

/// The arguments of `receive_buf`: the socket, what finds the end, whether that is kept.
fn matcher_arguments(world: &Rc<World>, args: &Args) -> Result<(), Raise> {
    let cell = this_socket(args)?;
    if world.has_older_nmap && connect::ready(world, &cell).is_err() {
        return Err(Raise::new(NOT_CONNECTED));
    }
    if !matches!(args.value(2), Value::String(_) | Value::Function(_)) {
        return Err(args.expected(2, "function/string"));
    }
    if !matches!(args.value(3), Value::Boolean(_)) {
        return Err(args.expected(3, "boolean"));
    }
    Ok(())
}

/// Adds `new_socket` to `nmap`; gives the table `nmap.socket`.
pub(crate) fn install(world: &Rc<World>, nmap: &Table) -> mlua::Result<Table> {
    let lua = world.lua();
    let native = world.scheduler.native();
    let methods = methods(world, world, METHOD_TABLE)?;
    let receive: Function = methods.raw_get("receive")?;
    let saved = native.function(|lua, args| {
        let cell = this(&args)?;
        let text = lua.create_string(&*cell.buffer.borrow())?;
        Reply::values(lua, text)
    })?;
    let save = native.function(|lua, args| {
        let rest = args.string(lua, 2)?;
        *this(&args)?.buffer.borrow_mut() = rest.as_bytes().to_vec();
        Ok(Reply::nothing())
    })?;
    let w = world.clone();
    let check = native.function(move |lua, args| match matcher_arguments(&w, &args) {
        Ok(()) => Ok(Reply::nothing()),
        Err(raise) => Ok(Reply::Values(raise.into_values(lua)?)),
    })?;
    let receive_buf: Function = lua.load(include_str!("socket.lua")).set_name("=nseer").call((
        receive,
        saved,
        save,
        BUFFER_LIMIT,
        check,
        native.blame(),
    ))?;
    methods.raw_set("receive_buf", native.framed(&receive_buf)?)?;
    lua.set_named_registry_value(METHODS, methods)?;
    let sample = lua.create_userdata(SocketHandle(SocketCell::new(Transport::Tcp, false)))?;
    show_metatable(&native, &sample, &lua.create_table()?)?;

    let new_socket = function(&native, world, new_socket)?;
    nmap.raw_set("new_socket", &new_socket)?;
    let table = lua.create_table()?;
    table.raw_set("new", new_socket)?;
    fill(&native, world, &table, FUNCTIONS)?;
    Ok(table)
}

fn get_stats(world: &Rc<World>, lua: &Lua, _: &Args) -> Result<Reply, Raise> {
    let stats = lua.create_table()?;
    stats.raw_set("connect_waiting", world.config.network.slots_waiting())?;
    Reply::values(lua, stats)
}

fn new_socket(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let transport = match args.option(lua, 1, Some(0), &["tcp", "udp"])? {
        0 => Transport::Tcp,
        _ => Transport::Udp,
    };
    let default = usize::from(world.is_ipv6());
    let ipv6 = args.option(lua, 2, Some(default), &["inet", "inet6"])? == 1;
    let handle = SocketHandle(SocketCell::new(transport, ipv6));
    Reply::values(lua, lua.create_userdata(handle)?)
}

fn sleep(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let seconds = args.number(lua, 1)?;
    if seconds < 0.0 {
        let given = lua.coerce_string(Value::Number(seconds))?;
        let given = given.map(|text| text.to_string_lossy()).unwrap_or_default();
        return Err(Raise::new(format!("argument to sleep ({given}) must not be negative\n")));
    }
    let time = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    let clock = world.config.system.clock.clone();
    Ok(Reply::wait(async move {
        nap(&*clock, time).await;
        Ok(MultiValue::new())
    }))
}

/// Sleeps, and tells the clock that scripts read.
async fn nap(clock: &dyn Clock, time: Duration) {
    let until = clock.wall().checked_add(time);
    tokio::time::sleep(time).await;
    if let Some(until) = until {
        clock.slept_until(until);
    }
}

/// With Nmap, makes the network go on for some time. Here it always does.
fn turn(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    args.number(lua, 1)?;
    Ok(Reply::nothing())
}

/// The socket that argument 1 is.
pub(crate) fn this(args: &Args) -> Result<Rc<SocketCell>, Raise> {
    args.object(1, "nsock", |handle: &SocketHandle| handle.0.clone())
}

/// The socket that argument 1 is, which must not be a capture.
fn this_socket(args: &Args) -> Result<Rc<SocketCell>, Raise> {
    let cell = this(args)?;
    if cell.capture().is_some() {
        return Err(Raise::new("invalid operation on pcap socket"));
    }
    Ok(cell)
}

/// The socket that argument 1 is, for use by the running coroutine. Asking about a socket is no
/// use: any thread may.
pub(crate) fn this_for_use(lua: &Lua, args: &Args) -> Result<Rc<SocketCell>, Raise> {
    let cell = this_socket(args)?;
    cell.take_for(lua)?;
    Ok(cell)
}

const NOT_CONNECTED: &str = "socket must be connected";

/// `false` and the status, for a failure that is known at once. With an older Nmap every failure
/// comes late, but for one: that there is no connection is the script's mistake.
fn failed_at_once(world: &World, lua: &Lua, error: &NetError) -> Result<Reply, Raise> {
    match (error, world.has_older_nmap) {
        (NetError::NotConnected, true) => Err(Raise::new(NOT_CONNECTED)),
        (NetError::NotConnected, false) => Reply::values(lua, (false, NOT_CONNECTED)),
        (other, false) => Reply::values(lua, (false, other.status())),
        (other, true) => Ok(Reply::Values(failed_later(lua, other)?)),
    }
}

/// What comes of using a socket that nobody tried to connect; `None` where somebody did. Asked before a
/// call's other arguments are looked at.
pub(crate) fn unconnected(
    world: &Rc<World>,
    lua: &Lua,
    cell: &Rc<SocketCell>,
) -> Result<Option<Reply>, Raise> {
    match connect::ready(world, cell) {
        Err(error) => failed_at_once(world, lua, &error).map(Some),
        Ok(()) => Ok(None),
    }
}

/// What comes of using a socket that has no connection; `None` where it has one.
pub(crate) fn unusable(
    world: &Rc<World>,
    lua: &Lua,
    cell: &Rc<SocketCell>,
    reads: bool,
) -> Result<Option<Reply>, Raise> {
    Ok(unconnected(world, lua, cell)?.or_else(|| on_broken(world, lua, cell, reads)))
}

/// The same of a connection that could not be made.
pub(crate) fn on_broken(world: &World, lua: &Lua, cell: &SocketCell, reads: bool) -> Option<Reply> {
    let error = cell.broken.get()?.error(reads);
    let (lua, timeout) = (lua.clone(), cell.timeout.get());
    let clock = world.config.system.clock.clone();
    Some(Reply::wait(async move {
        if let Some(error) = error {
            return failed_later(&lua, &error);
        }
        match timeout {
            Some(time) => nap(&*clock, time).await,
            None => std::future::pending().await,
        }
        failed_later(&lua, &NetError::TimedOut)
    }))
}

/// `nil` and the status, for a failure after waiting.
pub(crate) fn failed_later(lua: &Lua, error: &NetError) -> Result<MultiValue, Raise> {
    Ok((Value::Nil, error.status()).into_lua_multi(lua)?)
}

fn send(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this_for_use(lua, args)?;
    if let Some(reply) = unconnected(world, lua, &cell)? {
        return Ok(reply);
    }
    let data = args.string(lua, 2)?.as_bytes().to_vec();
    if let Some(reply) = on_broken(world, lua, &cell, false) {
        return Ok(reply);
    }
    connect::note_mark(world, lua, &cell);
    world.trace_data(cell.ends.get(), Way::Sent, &data);
    match cell.with(|s| s.try_send(&data)) {
        Some(Some(Ok(()))) => {
            world.trace(cell.ends.get(), Way::Sent, "SEND");
            return Reply::values(lua, true);
        }
        Some(Some(Err(error))) => return failed_at_once(world, lua, &error),
        _ => {}
    }
    let (lua, world, timeout) = (lua.clone(), world.clone(), cell.timeout.get());
    Ok(Reply::wait(async move {
        let sent = cell
            .operate(|mut socket| async move {
                let result = socket.send(&data, timeout).await;
                (Some(socket), result)
            })
            .await;
        match sent {
            Ok(()) => {
                world.trace(cell.ends.get(), Way::Sent, "SEND");
                Ok(true.into_lua_multi(&lua)?)
            }
            Err(error) => failed_later(&lua, &error),
        }
    }))
}

/// How much a receive waits for.
#[derive(Clone, Copy)]
enum Amount {
    Some,
    Bytes(usize),
    Lines(usize),
}

async fn read(
    socket: &mut Socket,
    amount: Amount,
    timeout: Option<Duration>,
) -> Result<Vec<u8>, NetError> {
    match amount {
        Amount::Some => socket.receive(timeout).await,
        Amount::Bytes(n) => socket.receive_bytes(n, timeout).await,
        Amount::Lines(n) => socket.receive_lines(n, timeout).await,
    }
}

/// Argument 2: how much is wanted at least.
fn count(lua: &Lua, args: &Args) -> Result<usize, Raise> {
    Ok(usize::try_from(args.integer(lua, 2)?.max(0)).unwrap_or(usize::MAX))
}

fn receive(
    world: &Rc<World>,
    lua: &Lua,
    args: &Args,
    amount: fn(&Lua, &Args) -> Result<Amount, Raise>,
) -> Result<Reply, Raise> {
    let cell = this_for_use(lua, args)?;
    if let Some(reply) = unconnected(world, lua, &cell)? {
        return Ok(reply);
    }
    let amount = amount(lua, args)?;
    if let Some(reply) = on_broken(world, lua, &cell, true) {
        return Ok(reply);
    }
    if cell.with(|s| s.is_udp()).unwrap_or(false) {
        cell.sent_to.set(None);
    }
    connect::note_mark(world, lua, &cell);
    let (lua, world, timeout) = (lua.clone(), world.clone(), cell.timeout.get());
    Ok(Reply::wait(async move {
        let received = cell
            .operate(|mut socket| async move {
                let result = read(&mut socket, amount, timeout).await;
                (Some(socket), result)
            })
            .await;
        match received {
            // A datagram without bytes looks like an end.
            Ok(data) if data.is_empty() => failed_later(&lua, &NetError::Eof),
            Ok(data) => {
                world.trace_data(cell.ends.get(), Way::Received, &data);
                Ok((true, lua.create_string(data)?).into_lua_multi(&lua)?)
            }
            Err(error) => {
                world.trace(cell.ends.get(), Way::Received, error.status());
                failed_later(&lua, &error)
            }
        }
    }))
}

fn close(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let ends = cell.ends.get();
    connect::note_mark(world, lua, &cell);
    let was_open = cell.shut();
    cell.timeout.set(Some(DEFAULT_TIMEOUT));
    cell.bind.set(None);
    cell.buffer.borrow_mut().clear();
    cell.ends.set(Ends::default());
    cell.peer.set(None);
    cell.sent_to.set(None);
    if let Some(context) = world.scheduler.current_context() {
        context.review_slot();
    }
    if !was_open {
        return Reply::values(lua, (false, "socket already closed"));
    }
    world.trace(ends, Way::Sent, "CLOSE");
    Reply::values(lua, true)
}

fn get_info(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this_socket(args)?;
    if let Err(error) = connect::ready(world, &cell) {
        return failed_at_once(world, lua, &error);
    }
    let broken = cell.broken.get().zip(cell.peer.get());
    let known = match broken {
        Some((_, peer)) => Some(Some(peer)),
        None => cell.with(|s| s.peer_addr()),
    };
    let Some(known) = known else { return Err(Raise::new(IN_USE)) };
    // After a reset the system knows no peer. Where there was none yet, Nmap tells neither end.
    let peer = cell.sent_to.get().or(known).or(cell.peer.get());
    let local = match broken {
        Some((broken, peer)) => {
            broken.local.or_else(|| Some(SocketAddr::new(connect::any(peer.is_ipv6()), 0)))
        }
        None => peer.and_then(|_| cell.with(|s| s.local_addr()).flatten()),
    };
    let told = |end: Option<SocketAddr>| match end {
        Some(end) => (end.ip().to_string(), end.port()),
        None => ("unknown protocol".to_owned(), 0),
    };
    let ((lip, lport), (rip, rport)) = (told(local), told(peer));
    Reply::values(lua, (true, lip, lport, rip, rport))
}

fn set_timeout(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let ms = args.number(lua, 2)?.floor();
    // What an integer of 64 bits can hold.
    if !(-9.3e18..9.2e18).contains(&ms) {
        return Err(Raise::new("Number cannot be converted to an integer"));
    }
    if ms < -1.0 {
        return Err(Raise::new(format!("Negative timeout: {ms}")));
    }
    let never = ms < 0.0;
    cell.timeout
        .set((!never).then(|| Duration::try_from_secs_f64(ms / 1000.0).unwrap_or(Duration::MAX)));
    Reply::values(lua, true)
}

fn bind(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let address = args.optional_string(lua, 2)?.map(|s| s.to_string_lossy());
    // Of a number that is too large the system takes the lower half.
    let port = (args.integer(lua, 3)? & 0xffff) as u16;
    // It is looked up as a text.
    if args.integer(lua, 3)? < 0 || matches!(args.value(3), Value::Number(_)) {
        let text = "getaddrinfo: Servname not supported for ai_socktype";
        return Reply::values(lua, (false, text));
    }
    let any = connect::any(cell.ipv6.get());
    match address.map_or(Ok(any), |address| address.parse::<IpAddr>()) {
        Ok(ip) => {
            cell.bind.set(Some(SocketAddr::new(ip, port)));
            Reply::values(lua, true)
        }
        Err(_) => Reply::values(lua, (false, "getaddrinfo: Name or service not known")),
    }
}

fn get_ssl_certificate(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let der = cell.with(|s| s.is_tls().then(|| s.peer_certificate_der()));
    match der {
        Some(Some(Some(der))) => certificate::to_lua(world, lua, &der),
        Some(Some(None)) => Reply::values(lua, Value::Nil),
        None if cell.broken.get().is_some_and(|broken| broken.is_tls) => {
            Reply::values(lua, Value::Nil)
        }
        _ => Err(args.bad(1, "not a SSL socket")),
    }
}

fn parse_certificate(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let der = args.string(lua, 1)?.as_bytes().to_vec();
    certificate::to_lua(world, lua, &der)
}
