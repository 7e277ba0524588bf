//! Capture on sockets: `pcap_open` and `pcap_receive`. Closing is that of all sockets.

use std::pin::pin;
use std::rc::Rc;

use mlua::{IntoLuaMulti as _, Lua, MultiValue, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_net::NetError;
use nseer_packet::{Capture, Frame, PacketError};

use crate::context::Connection as _;
use crate::environment::World;
use crate::modules::socket_calls::{failed_later, this};

pub(crate) fn pcap_open(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let device = args.string(lua, 2)?.to_string_lossy();
    if device.is_empty() {
        return Err(args.bad(2, "bad device name"));
    }
    let snap_length = usize::try_from(args.integer(lua, 3)?).unwrap_or(0);
    let Value::Boolean(promiscuous) = args.value(4) else {
        return Err(args.expected(4, "boolean"));
    };
    let filter = args.string(lua, 5)?.to_string_lossy();
    if cell.is_open() || cell.broken.get().is_some() {
        return Err(args.bad(1, "socket is already open"));
    }
    let capture = Capture::open(&device, snap_length, promiscuous, &filter).map_err(|error| {
        // Scripts are told as nmap tells them; the user should know why.
        world.debug(1, || format!("cannot capture on {device}: {error}"));
        Raise::new(format!("can't open pcap reader on {device}"))
    })?;
    cell.user.set(0);
    cell.set_capture(capture);
    world.current()?.own(&cell);
    Ok(Reply::nothing())
}

pub(crate) fn pcap_receive(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let Some(capture) = cell.capture() else { return Err(Raise::new("not a pcap socket")) };
    cell.take_for(lua)?;
    let (lua, timeout) = (lua.clone(), cell.timeout.get());
    Ok(Reply::wait(async move {
        let waiting = pin!(async {
            let received = match timeout {
                Some(timeout) => tokio::time::timeout(timeout, capture.receive()).await,
                None => Ok(capture.receive().await),
            };
            let received = match received {
                Ok(Ok(frame)) => Ok(frame),
                Ok(Err(PacketError::Io(error))) => Err(NetError::Io(error)),
                Ok(Err(_)) => Err(NetError::NotConnected),
                Err(_) => Err(NetError::TimedOut),
            };
            (None, received)
        });
        match cell.run(waiting).await {
            Ok(frame) => values(&lua, &frame),
            Err(error) => failed_later(&lua, &error),
        }
    }))
}

fn values(lua: &Lua, frame: &Frame) -> Result<MultiValue, Raise> {
    let (link, rest) = frame.split();
    let (link, rest) = (lua.create_string(link)?, lua.create_string(rest)?);
    Ok((true, frame.length, link, rest, frame.time.as_secs_f64()).into_lua_multi(lua)?)
}
