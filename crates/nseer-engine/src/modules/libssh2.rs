//! The module `libssh2`: SSH sessions for scripts, and logging in.
//!
//! It knows nothing of the protocol, which is in `nseer-ssh`; channels are in
//! `libssh2_channels.rs`, and what recordings have of it in `libssh2_spoken.rs`.

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use data_encoding::BASE64;
use mlua::{Function, IntoLuaMulti as _, Lua, MultiValue, Table, UserData, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_net::{ConnectOptions, Handed, NetError, Socket, Transport, Words};
use nseer_ssh::{Answer, Methods, PrivateKey, PublicKey, Session, SshError};

use crate::context::{Connection, ScriptContext};
use crate::environment::World;
use crate::modules::Body;
use crate::modules::connect::{self, Peer};
use crate::modules::libssh2_spoken::{self as spoken, PlayedSession};
use crate::modules::socket::DEFAULT_TIMEOUT;
use crate::modules::trace::{Ends, Way};
use crate::modules::{libssh2_channels, libssh2_words};
use crate::workbench::mark;

const FUNCTIONS: &[(&str, Body<Rc<World>>)] = &[
    ("session_open", session_open),
    ("session_close", session_close),
    ("set_timeout", set_timeout),
    ("hostkey_hash", hostkey_hash),
    ("userauth_list", userauth_list),
    ("userauth_banner", userauth_banner),
    ("userauth_password", userauth_password),
    ("userauth_publickey", userauth_publickey),
    ("userauth_publickey_frommemory", userauth_publickey_frommemory),
    ("read_publickey", read_publickey),
    ("publickey_canauth", publickey_canauth),
];

/// What scripts hold: a handle of a session.
pub(crate) struct SessionHandle(pub(crate) Rc<SessionCell>);

impl UserData for SessionHandle {}

/// One session of a script. It belongs to the thread that opened it, and ends with it.
pub(crate) struct SessionCell {
    pub(crate) session: Session,
    ends: Ends,
    /// Who listens to what is asked and answered over it.
    pub(crate) words: RefCell<Words>,
    /// How many channels it had.
    pub(crate) channels: Cell<u32>,
}

impl Connection for SessionCell {
    fn is_open(&self) -> bool {
        self.session.is_open()
    }

    fn shut(&self) -> bool {
        let was_open = self.session.is_open();
        self.session.cut();
        // Nothing goes over it any more.
        drop(self.words.take());
        was_open
    }

    fn ends(&self) -> Ends {
        self.ends
    }
}

/// Makes the module.
pub(crate) fn install(world: &Rc<World>) -> mlua::Result<Table> {
    let lua = world.lua();
    let native = world.scheduler.native();
    let module = lua.create_table()?;
    for (name, body) in FUNCTIONS.iter().chain(libssh2_channels::FUNCTIONS) {
        module.raw_set(*name, spoken::function(world, name, *body)?)?;
    }
    let interactive = "userauth_keyboard_interactive";
    let halves = (
        spoken::function(world, interactive, keyboard_begin)?,
        spoken::function(world, "keyboard_answers", keyboard_answer)?,
    );
    let whole: Function = lua.load(include_str!("libssh2.lua")).set_name("=nseer").call(halves)?;
    module.raw_set(interactive, native.framed(&whole)?)?;
    Ok(module)
}

/// The session that argument 1 is.
pub(crate) fn this(args: &Args) -> Result<Rc<SessionCell>, Raise> {
    args.object(1, "ssh2", |handle: &SessionHandle| handle.0.clone())
}

/// What scripts see of a failed connection; `None` for what the server did over a good one.
fn status(error: &SshError) -> Option<&'static str> {
    match error {
        SshError::TimedOut => Some("TIMEOUT"),
        SshError::Eof | SshError::Closed | SshError::Disconnected(_) => Some("EOF"),
        SshError::Io(_) => Some("ERROR"),
        _ => None,
    }
}

/// The error that a script sees: that of the connection, else `text`.
pub(crate) fn raise(error: &SshError, text: &str) -> Raise {
    Raise::new(status(error).unwrap_or(text))
}

/// A text argument. Bytes that are no UTF-8 are taken as Latin-1: the protocol knows only UTF-8.
fn text(lua: &Lua, args: &Args, n: usize) -> Result<String, Raise> {
    Ok(as_text(&args.string(lua, n)?.as_bytes()))
}

fn as_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
    }
}

fn session_open(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let peer = connect::peer_argument(world, lua, args, 1)?;
    // An addition of ours: libssh2 has no time for the handshake that a script could choose.
    let limit = match args.value(3) {
        Value::Nil => DEFAULT_TIMEOUT,
        _ => limit_argument(lua, args, 3)?,
    };
    let context = world.current()?;
    let options = ConnectOptions {
        timeout: Some(limit),
        mark: mark(world, lua),
        tally: context.tally(),
        ..ConnectOptions::default()
    };
    let (lua, world) = (lua.clone(), world.clone());
    Ok(Reply::wait(async move {
        let opened = open(&lua, &world, &context, &peer, &options).await;
        if opened.is_err() {
            context.review_slot();
        }
        opened
    }))
}

async fn open(
    lua: &Lua,
    world: &World,
    context: &Rc<ScriptContext>,
    peer: &Peer,
    options: &ConnectOptions,
) -> Result<MultiValue, Raise> {
    let failed = |error: NetError| Raise::new(error.status());
    let ipv6 = context.is_ipv6().unwrap_or(world.config.ipv6);
    let address = connect::address_of(world, peer, ipv6).await.map_err(failed)?;
    connect::take_slot(world, context).await;
    let network = &world.config.network;
    let socket =
        Socket::connect(network, Transport::Tcp, address, options).await.map_err(failed)?;
    let ends = connect::ends(world, &socket);
    world.trace(ends, Way::Sent, "CONNECT");
    match socket.hand_over().ok_or_else(|| Raise::new("ERROR"))? {
        Handed::Bare(stream, mut words) => {
            words.ask(spoken::OPEN, options.mark);
            let session = Session::open(stream, options.timeout).await.map_err(|error| {
                let raise = raise(&error, "Unable to complete libssh2 handshake.");
                words.answer(&libssh2_words::answer(&Err(raise.clone()), &|_| None));
                raise
            })?;
            session.set_timeout(options.timeout);
            let cell = SessionCell {
                session,
                ends,
                words: RefCell::new(words),
                channels: Cell::default(),
            };
            let cell = Rc::new(cell);
            context.own(&cell);
            let values = lua.create_userdata(SessionHandle(cell.clone()))?.into_lua_multi(lua)?;
            let opened = Ok(values);
            spoken::tell(&cell, &opened);
            opened
        }
        Handed::Played(socket) => {
            let (session, opened) = PlayedSession::open(lua, socket, ends, options.timeout).await;
            if opened.is_ok() {
                context.own(&session);
            }
            opened
        }
    }
}

/// Closing what is closed is no mistake.
fn session_close(world: &Rc<World>, _: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    let world = world.clone();
    let context = world.scheduler.current_context();
    Ok(Reply::wait(async move {
        if cell.is_open() {
            world.trace(cell.ends, Way::Sent, "CLOSE");
        }
        cell.session.close().await;
        if let Some(context) = context {
            context.review_slot();
        }
        Ok(MultiValue::new())
    }))
}

/// 0 is the time-out that a session begins with, so that no server can keep a script for ever.
fn set_timeout(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    cell.session.set_timeout(Some(limit_argument(lua, args, 2)?));
    Ok(Reply::nothing())
}

/// A time-out in milliseconds.
fn limit_argument(lua: &Lua, args: &Args, at: usize) -> Result<Duration, Raise> {
    Ok(match u64::try_from(args.integer(lua, at)?) {
        Ok(0) | Err(_) => DEFAULT_TIMEOUT,
        Ok(ms) => Duration::from_millis(ms),
    })
}

fn hostkey_hash(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let cell = this(args)?;
    const DIGESTS: [&str; 2] = ["md5", "sha1"];
    let digest = DIGESTS[args.option(lua, 2, Some(1), &DIGESTS)?];
    let hash = cell.session.host_key().and_then(|key| nseer_crypto::digest(digest, &key).ok());
    match hash {
        Some(hash) => {
            let pairs: Vec<String> = hash.iter().map(|b| format!("{b:02X}")).collect();
            Reply::values(lua, pairs.join(":"))
        }
        None => Reply::values(lua, (false, "could not get hostkey hash")),
    }
}

fn userauth_list(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (cell, user) = (this(args)?, text(lua, args, 2)?);
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let answer = match cell.session.methods(&user).await {
            Ok(Methods::None) => "none_auth".into_lua_multi(&lua),
            Ok(Methods::These(methods)) => lua.create_sequence_from(methods)?.into_lua_multi(&lua),
            Err(error) => match status(&error) {
                Some(status) => return Err(Raise::new(status)),
                None => (false, format!("userauth_list: {error}")).into_lua_multi(&lua),
            },
        };
        Ok(answer?)
    }))
}

fn userauth_banner(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    match this(args)?.session.banner() {
        Some(banner) => Reply::values(lua, banner),
        None => Ok(Reply::nothing()),
    }
}

fn userauth_password(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (cell, user, password) = (this(args)?, text(lua, args, 2)?, text(lua, args, 3)?);
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let result = cell.session.password(&user, &password).await;
        logged_in(&lua, result)
    }))
}

/// True or false; a broken connection is raised.
fn logged_in(lua: &Lua, result: Result<bool, SshError>) -> Result<MultiValue, Raise> {
    match result {
        Ok(yes) => Ok(yes.into_lua_multi(lua)?),
        Err(error) => match status(&error) {
            Some(status) => Err(Raise::new(status)),
            None => Ok(false.into_lua_multi(lua)?),
        },
    }
}

fn userauth_publickey(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let path = args.string(lua, 3)?.to_string_lossy();
    let file = world.config.system.files.read(Path::new(&path));
    with_key(lua, args, &file.unwrap_or_default())
}

fn userauth_publickey_frommemory(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let key = args.string(lua, 3)?;
    with_key(lua, args, &key.as_bytes())
}

/// A key that cannot be read lets nobody in.
fn with_key(lua: &Lua, args: &Args, key: &[u8]) -> Result<Reply, Raise> {
    let (cell, user) = (this(args)?, text(lua, args, 2)?);
    let passphrase = args.optional_string(lua, 4)?.map(|p| as_text(&p.as_bytes()));
    let Ok(key) = PrivateKey::from_text(&as_text(key), passphrase.as_deref()) else {
        return Reply::values(lua, false);
    };
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let result = cell.session.publickey(&user, &key).await;
        logged_in(&lua, result)
    }))
}

/// A `.pub` file is one line: the kind of key, the key in base64, a remark.
fn read_publickey(world: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let path = args.string(lua, 1)?.to_string_lossy();
    let key = world.config.system.files.read(Path::new(&path)).ok().and_then(|file| {
        let line = String::from_utf8(file).ok()?;
        BASE64.decode(line.split_ascii_whitespace().nth(1)?.as_bytes()).ok()
    });
    match key {
        Some(key) => Reply::values(lua, lua.create_string(key)?),
        None => Err(Raise::new("Error reading file")),
    }
}

fn publickey_canauth(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (cell, user) = (this(args)?, text(lua, args, 2)?);
    let invalid = |error: &SshError| raise(error, &format!("Invalid public key: {error}"));
    let key = PublicKey::from_bytes(&args.string(lua, 3)?.as_bytes()).map_err(|e| invalid(&e))?;
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        match cell.session.would_accept(&user, &key).await {
            Ok(yes) => Ok(yes.into_lua_multi(&lua)?),
            Err(error) => Err(invalid(&error)),
        }
    }))
}

fn keyboard_begin(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (cell, user) = (this(args)?, text(lua, args, 2)?);
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let answer = cell.session.keyboard(&user).await;
        asked(&lua, answer)
    }))
}

/// (session, answers, how many are wanted): those that are no text are sent empty.
fn keyboard_answer(_: &Rc<World>, lua: &Lua, args: &Args) -> Result<Reply, Raise> {
    let (cell, given) = (this(args)?, args.table(2)?);
    let wanted = args.integer(lua, 3)?;
    let mut answers = Vec::new();
    for i in 1..=wanted {
        let answer = lua.coerce_string(given.get::<Value>(i)?)?;
        answers.push(answer.map(|a| as_text(&a.as_bytes())).unwrap_or_default());
    }
    let lua = lua.clone();
    Ok(Reply::wait(async move {
        let answer = cell.session.keyboard_answer(answers).await;
        asked(&lua, answer)
    }))
}

fn asked(lua: &Lua, answer: Result<Answer, SshError>) -> Result<MultiValue, Raise> {
    let question = match answer {
        Ok(Answer::Asked(question)) => question,
        Ok(decided) => return logged_in(lua, Ok(decided == Answer::Accepted)),
        Err(error) => return logged_in(lua, Err(error)),
    };
    let prompts = lua.create_sequence_from(question.prompts)?;
    Ok((Value::Nil, question.name, question.instruction, prompts).into_lua_multi(lua)?)
}
