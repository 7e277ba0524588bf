//! Sessions of `libssh2` that are listened to, and such as are played: what is encrypted differs each
//! time, so calls are what is recorded.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Function, Lua, MultiValue, UserData, Value};
use nseer_lua::{Args, Raise, Reply};
use nseer_net::Socket;

use crate::context::Connection;
use crate::environment::World;
use crate::modules::Body;
use crate::modules::libssh2::{SessionCell, SessionHandle};
use crate::modules::libssh2_channels::ChannelHandle;
use crate::modules::libssh2_words::{self as words, Object};
use crate::modules::trace::Ends;
use crate::workbench::mark;

/// The call that opens a session; its arguments are the connection's.
pub(crate) const OPEN: &[u8] = b"session_open()\n";

/// Recorded answers may come later than they did by this much.
const LATENESS: Duration = Duration::from_secs(5);

/// A session behind which there is no server.
pub(crate) struct PlayedSession {
    /// Is away while somebody waits for an answer.
    socket: RefCell<Option<Socket>>,
    is_open: Cell<bool>,
    ends: Ends,
    limit: Option<Duration>,
}

/// What scripts hold of one.
struct PlayedHandle(Rc<PlayedSession>);

impl UserData for PlayedHandle {}

/// What scripts hold of its channels.
struct PlayedChannel(Rc<PlayedSession>, u32);

impl UserData for PlayedChannel {}

impl Connection for PlayedSession {
    fn is_open(&self) -> bool {
        self.is_open.get()
    }

    fn shut(&self) -> bool {
        drop(self.socket.take());
        self.is_open.replace(false)
    }

    fn ends(&self) -> Ends {
        self.ends
    }
}

impl PlayedSession {
    /// Asks what came of opening it. The session is there also where nothing did. No call waits longer than
    /// `limit`, as none with a server does.
    pub(crate) async fn open(
        lua: &Lua,
        socket: Socket,
        ends: Ends,
        limit: Option<Duration>,
    ) -> (Rc<PlayedSession>, Result<MultiValue, Raise>) {
        let socket = RefCell::new(Some(socket));
        let is_open = Cell::new(true);
        // A recorded time-out comes with its own words, a little after it.
        let limit = limit.map(|limit| limit + LATENESS);
        let session = Rc::new(PlayedSession { socket, is_open, ends, limit });
        let result = session.ask(lua, OPEN).await;
        (session, result)
    }

    /// What came of a call in the recording.
    async fn ask(self: &Rc<Self>, lua: &Lua, call: &[u8]) -> Result<MultiValue, Raise> {
        let socket = self.socket.borrow_mut().take();
        let Some(mut socket) = socket else { return Err(Raise::new("EOF")) };
        let heard = async {
            socket.send(call, None).await?;
            socket.receive_lines(1, self.limit).await
        };
        let heard = heard.await;
        self.socket.replace(Some(socket));
        let heard = heard.map_err(|error| Raise::new(error.status()))?;
        let object = |object| match object {
            Object::Session => lua.create_userdata(PlayedHandle(self.clone())),
            Object::Channel(n) => lua.create_userdata(PlayedChannel(self.clone(), n)),
        };
        let object = |what| object(what).map(Value::UserData);
        match words::read_answer(lua, &heard, &object) {
            Ok(answer) => answer,
            Err(why) => {
                let call = String::from_utf8_lossy(call.trim_ascii_end()).into_owned();
                Err(Raise::new(format!("the recording's answer to {call} cannot be read: {why}")))
            }
        }
    }
}

/// What is an object of the module.
fn known(value: &Value) -> Option<Object> {
    let object = value.as_userdata()?;
    let of_channel = |channel: &ChannelHandle| Object::Channel(channel.number);
    object
        .borrow_scoped(of_channel)
        .or_else(|_| object.borrow_scoped(|channel: &PlayedChannel| Object::Channel(channel.1)))
        .or_else(|_| object.borrow_scoped(|_: &SessionHandle| Object::Session))
        .or_else(|_| object.borrow_scoped(|_: &PlayedHandle| Object::Session))
        .ok()
}

/// The played session that a call is about.
fn played(value: &Value) -> Option<Rc<PlayedSession>> {
    let object = value.as_userdata()?;
    object
        .borrow_scoped(|handle: &PlayedHandle| handle.0.clone())
        .or_else(|_| object.borrow_scoped(|channel: &PlayedChannel| channel.0.clone()))
        .ok()
}

/// The session with a server that a call is about.
fn real(value: &Value) -> Option<Rc<SessionCell>> {
    let object = value.as_userdata()?;
    object
        .borrow_scoped(|handle: &SessionHandle| handle.0.clone())
        .or_else(|_| object.borrow_scoped(|channel: &ChannelHandle| channel.session.clone()))
        .ok()
}

/// One function of the module. What it does over a session is told to whoever listens; over a played one
/// it is looked up.
pub(crate) fn function(
    world: &Rc<World>,
    name: &'static str,
    body: Body<Rc<World>>,
) -> mlua::Result<Function> {
    let shared = world.clone();
    world.scheduler.native().function(move |lua, args| call(&shared, name, body, lua, &args))
}

/// A call in words. Whose session it is about is clear from where they stand.
fn in_words(name: &str, args: &Args) -> Vec<u8> {
    let own = usize::from(known(&args.value(1)) == Some(Object::Session));
    words::call(name, &args.rest(1 + own), &known)
}

fn call(
    world: &Rc<World>,
    name: &'static str,
    body: Body<Rc<World>>,
    lua: &Lua,
    args: &Args,
) -> Result<Reply, Raise> {
    if let Some(session) = played(&args.value(1)) {
        let (lua, asked) = (lua.clone(), in_words(name, args));
        if name == "session_close" {
            session.is_open.set(false);
        }
        let context = world.scheduler.current_context();
        return Ok(Reply::wait(async move {
            let answer = session.ask(&lua, &asked).await;
            if let (false, Some(context)) = (session.is_open(), context) {
                context.review_slot();
            }
            answer
        }));
    }
    let heard = real(&args.value(1)).filter(|cell| cell.words.borrow().are_heard());
    let Some(cell) = heard else { return body(world, lua, args) };
    let asked = in_words(name, args);
    cell.words.borrow_mut().ask(&asked, mark(world, lua));
    let settled = match body(world, lua, args) {
        Ok(Reply::Wait(future)) => {
            return Ok(Reply::wait(async move {
                let result = future.await;
                tell(&cell, &result);
                result
            }));
        }
        Ok(Reply::Values(values)) => Ok(values),
        Err(raise) => Err(raise),
    };
    tell(&cell, &settled);
    settled.map(Reply::Values)
}

/// Tells whoever listens to a session what came of a call.
pub(crate) fn tell(cell: &SessionCell, result: &Result<MultiValue, Raise>) {
    cell.words.borrow().answer(&words::answer(result, &known));
}
