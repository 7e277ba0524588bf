//! The channels of `libssh2`: commands and shells on the server.

use std::rc::Rc;

use mlua::{IntoLuaMulti as _, Lua, MultiValue, UserData, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_ssh::{Channel, Output, SshError, Terminal};

use crate::environment::World;
use crate::modules::Body;
use crate::modules::libssh2::{SessionCell, raise, this};

pub(crate) const FUNCTIONS: &[(&str, Body<Rc<World>>)] = &[
    ("open_channel", open_channel),
    ("channel_request_pty_ex", request_terminal),
    ("channel_request", |_, lua, args| request(lua, args)),
    ("channel_shell", |_, lua, args| request(lua, args)),
    ("channel_exec", exec),
    ("channel_read", |_, lua, args| read(lua, args, Output::Standard)),
    ("channel_read_stderr", |_, lua, args| read(lua, args, Output::Error)),
    ("channel_write", write),
    ("channel_send_eof", send_eof),
    ("channel_eof", is_at_end),
    ("channel_close", close),
];

/// Most bytes that one read gives.
const PIECE: usize = 2048;

/// What scripts hold: a handle of a channel.
pub(crate) struct ChannelHandle {
    channel: Channel,
    pub(crate) session: Rc<SessionCell>,
    /// From 1 in each session.
    pub(crate) number: u32,
}

impl UserData for ChannelHandle {}

/// The channel that argument `n` is.
fn channel(args: &Args, n: usize) -> Result<Channel, Raise> {
    args.object(n, "channel", |handle: &ChannelHandle| handle.channel.clone())
}

/// Waits for something that gives no values; a refusal raises `text`.
fn done(
    operation: impl Future<Output = Result<(), SshError>> + 'static,
    text: String,
) -> Result<Reply, Raise> {
    Ok(Reply::wait(async move {
        match operation.await {
            Ok(()) => Ok(MultiValue::new()),
            Err(error) => Err(raise(&error, &text)),
        }
    }))
}

/// (session, no terminal)
fn open_channel(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let bare = args.value(2).as_boolean().unwrap_or(!args.value(2).is_nil());
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let opened = cell.session.open_channel().await;
        let channel = opened.map_err(|error| raise(&error, "Opening channel"))?;
        if !bare {
            let granted = channel.terminal(&plain_terminal()).await;
            granted.map_err(|error| raise(&error, "Requesting pty"))?;
        }
        let number = cell.channels.get() + 1;
        cell.channels.set(number);
        let handle = ChannelHandle { channel, session: cell.clone(), number };
        Ok(lua.create_userdata(handle)?.into_lua_multi(&lua)?)
    }))
}

/// The terminal of a channel for which the script asks nothing else.
fn plain_terminal() -> Terminal {
    Terminal { term: "vanilla".to_owned(), size: (80, 24), ..Terminal::default() }
}

fn request_terminal(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    let number = |n| -> Result<u32, Raise> {
        u32::try_from(args.integer(lua, n)?).map_err(|_| args.bad(n, "number out of range"))
    };
    let terminal = Terminal {
        term: args.string(lua, 3)?.to_string_lossy(),
        modes: args.optional_string(lua, 4)?.map(|m| m.as_bytes().to_vec()).unwrap_or_default(),
        size: (number(5)?, number(6)?),
        pixels: (number(7)?, number(8)?),
    };
    done(async move { channel.terminal(&terminal).await }, "Requesting pty".to_owned())
}

/// (session, channel, request or `shell`, message)
fn request(lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    let name = args.optional_string(lua, 3)?.map_or("shell".to_owned(), |n| n.to_string_lossy());
    let message = args.optional_string(lua, 4)?.map(|m| m.as_bytes().to_vec()).unwrap_or_default();
    let text = format!("Error sending {name} request");
    done(
        async move {
            match name.as_str() {
                "shell" => channel.shell().await,
                "exec" => channel.exec(&message).await,
                "subsystem" => channel.subsystem(&String::from_utf8_lossy(&message)).await,
                _ => Err(SshError::Refused),
            }
        },
        text,
    )
}

fn exec(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let (channel, command) = (channel(args, 2)?, args.string(lua, 3)?.as_bytes().to_vec());
    done(async move { channel.exec(&command).await }, "Error sending exec request".to_owned())
}

fn read(lua: &Lua, args: &Args, output: Output) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        match channel.read(output, PIECE).await {
            Ok(Some(data)) => Ok(lua.create_string(data)?.into_lua_multi(&lua)?),
            Ok(None) => Ok(Value::Nil.into_lua_multi(&lua)?),
            Err(error) => Err(raise(&error, "Reading from channel")),
        }
    }))
}

fn write(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    let data = args.string(lua, 3).map_err(|_| Raise::new("Invalid buffer"))?.as_bytes().to_vec();
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let count = data.len();
        match channel.write(data).await {
            Ok(()) => Ok(count.into_lua_multi(&lua)?),
            Err(error) => Err(raise(&error, "Writing to channel")),
        }
    }))
}

fn send_eof(_: &Rc<World>, _: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    done(async move { channel.send_eof().await }, "Error sending EOF".to_owned())
}

fn is_at_end(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    match channel(args, 1)?.is_at_end() {
        Ok(yes) => Reply::values(lua, yes),
        Err(_) => Err(Raise::new("Error checking for EOF")),
    }
}

fn close(_: &Rc<World>, _: &Lua, args: &Args) -> Result<Reply, Raise> {
    this(args)?;
    let channel = channel(args, 2)?;
    done(async move { channel.close().await }, "Error closing channel".to_owned())
}
