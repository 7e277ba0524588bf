//! The state of one script socket, between the calls of `socket_calls`.

use std::cell::{Cell, RefCell};
use std::future::Future;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::time::Duration;

use mlua::{Lua, Table, UserData, UserDataFields};
use nseer_lua::Raise;
use nseer_net::{NetError, Socket, Transport};
use nseer_packet::Capture;
use tokio::sync::Notify;

use crate::context::Connection;
use crate::modules::trace::Ends;

/// Nmap's default for each operation.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// Name of the registry value that holds the methods.
pub(crate) const METHODS: &str = "nseer socket methods";

/// What scripts hold: a handle of a socket.
pub(crate) struct SocketHandle(pub(crate) Rc<SocketCell>);

impl UserData for SocketHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        // What messages call it.
        fields.add_meta_field("__name", "userdata");
        fields.add_meta_field_with("__index", |lua| lua.named_registry_value::<Table>(METHODS));
    }
}

/// One script socket.
pub(crate) struct SocketCell {
    pub(crate) transport: Cell<Transport>,
    pub(crate) ipv6: Cell<bool>,
    pub(crate) timeout: Cell<Option<Duration>>,
    pub(crate) bind: Cell<Option<SocketAddr>>,
    /// What `receive_buf` keeps for its next call.
    pub(crate) buffer: RefCell<Vec<u8>>,
    /// The coroutine of the last operation that was not a connect; 0 right after one.
    pub(crate) user: Cell<usize>,
    pub(crate) sni: RefCell<Option<String>>,
    pub(crate) ends: Cell<Ends>,
    /// Whom it was connected to last.
    pub(crate) peer: Cell<Option<SocketAddr>>,
    /// To whom the last datagram went, where that is the last that is known of a peer.
    pub(crate) sent_to: Cell<Option<SocketAddr>>,
    /// What is left of a connection that could not be made, until it is closed.
    pub(crate) broken: Cell<Option<Broken>>,
    /// Absent while it is not connected, and while an operation has it.
    socket: RefCell<Option<Socket>>,
    /// Present where the socket captures packets; it has no connection then.
    capture: RefCell<Option<Rc<Capture>>>,
    busy: Cell<bool>,
    /// Grows with every close, so that an operation knows that its socket is gone.
    generation: Cell<u64>,
    closed: Notify,
}

/// A connection that could not be made. To a script there is a socket all the same.
#[derive(Clone, Copy)]
pub(crate) struct Broken {
    /// How far it came.
    pub(crate) reach: Reach,
    /// From where, where the system got as far as that.
    pub(crate) local: Option<SocketAddr>,
    /// Something under TLS was meant.
    pub(crate) is_tls: bool,
}

/// How far a connection came that could not be made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Nobody took it.
    Refused,
    /// The handshake failed, or no way leads there.
    Lost,
    /// Nothing came until the time was over.
    Silent,
}

impl Broken {
    /// What is left where connecting failed so.
    pub(crate) fn of(error: &NetError, transport: Transport, local: Option<SocketAddr>) -> Broken {
        let no_way = error.is_no_way();
        let reach = match error {
            NetError::TimedOut => Reach::Silent,
            NetError::Tls(_) | NetError::Eof => Reach::Lost,
            _ if no_way => Reach::Lost,
            _ => Reach::Refused,
        };
        let began = reach != Reach::Refused || was_cut_off(error);
        Broken { reach, local, is_tls: began && !no_way && transport != Transport::Tcp }
    }

    /// What comes of reading or sending; `None`: the time-out.
    pub(crate) fn error(self, reads: bool) -> Option<NetError> {
        match self.reach {
            Reach::Silent => None,
            Reach::Refused if reads => Some(NetError::Eof),
            _ => Some(NetError::NotConnected),
        }
    }
}

/// There was a connection, which the peer ended before anything could be agreed.
fn was_cut_off(error: &NetError) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    matches!(error, NetError::Io(error) if matches!(error.kind(), BrokenPipe | ConnectionReset))
}

/// A thread uses a socket that another one is using.
pub(crate) const IN_USE: &str = "Invalid reuse of a socket from one thread to another.";

impl SocketCell {
    pub(crate) fn new(transport: Transport, ipv6: bool) -> Rc<SocketCell> {
        Rc::new(SocketCell {
            transport: Cell::new(transport),
            ipv6: Cell::new(ipv6),
            timeout: Cell::new(Some(DEFAULT_TIMEOUT)),
            bind: Cell::new(None),
            buffer: RefCell::default(),
            user: Cell::new(0),
            sni: RefCell::default(),
            ends: Cell::default(),
            peer: Cell::new(None),
            sent_to: Cell::new(None),
            broken: Cell::new(None),
            socket: RefCell::default(),
            capture: RefCell::default(),
            busy: Cell::new(false),
            generation: Cell::new(0),
            closed: Notify::new(),
        })
    }

    /// What it captures with.
    pub(crate) fn capture(&self) -> Option<Rc<Capture>> {
        self.capture.borrow().clone()
    }

    /// Begins to capture, where it is not open.
    pub(crate) fn set_capture(&self, capture: Capture) {
        *self.capture.borrow_mut() = Some(Rc::new(capture));
    }

    /// Looks at the socket, where it is connected and idle.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut Socket) -> R) -> Option<R> {
        self.socket.borrow_mut().as_mut().map(f)
    }

    /// Puts a new connection in.
    pub(crate) fn set(&self, socket: Socket) {
        *self.socket.borrow_mut() = Some(socket);
    }

    /// The running coroutine uses the socket now; it is used by one at a time.
    pub(crate) fn take_for(&self, lua: &Lua) -> Result<(), Raise> {
        let coroutine = lua.current_thread().to_pointer() as usize;
        let user = self.user.get();
        if self.busy.get() || (user != 0 && user != coroutine) {
            return Err(Raise::new(IN_USE));
        }
        self.user.set(coroutine);
        Ok(())
    }

    /// Runs an operation that takes the connection and gives it back.
    pub(crate) async fn operate<R, F>(
        self: &Rc<Self>,
        operation: impl FnOnce(Socket) -> F,
    ) -> Result<R, NetError>
    where
        F: Future<Output = (Option<Socket>, Result<R, NetError>)>,
    {
        let Some(socket) = self.socket.borrow_mut().take() else {
            return Err(NetError::NotConnected);
        };
        self.run(pin!(operation(socket))).await
    }

    /// Runs an operation that may give a connection. It is pinned, since an async function that takes one
    /// by value has room for it twice.
    pub(crate) async fn run<R>(
        self: &Rc<Self>,
        operation: Pin<&mut impl Future<Output = (Option<Socket>, Result<R, NetError>)>>,
    ) -> Result<R, NetError> {
        let generation = self.generation.get();
        self.busy.set(true);
        let mut guard = BusyGuard { cell: self, generation, done: false };
        let closed = self.closed.notified();
        let result = tokio::select! {
            (socket, result) = operation => {
                if self.generation.get() == generation {
                    *self.socket.borrow_mut() = socket;
                    result
                } else {
                    Err(NetError::Cancelled)
                }
            }
            () = closed => Err(NetError::Cancelled),
        };
        guard.finish();
        result
    }
}

impl Connection for SocketCell {
    /// Connected, capturing, or in an operation.
    fn is_open(&self) -> bool {
        self.busy.get() || self.socket.borrow().is_some() || self.capture.borrow().is_some()
    }

    fn needs_slot(&self) -> bool {
        self.capture.borrow().is_none()
    }

    /// Closes the connection. An operation that has it ends with `CANCELLED`.
    fn shut(&self) -> bool {
        let was_open = self.broken.take().is_some() || self.is_open();
        if let Some(socket) = self.socket.borrow_mut().take() {
            socket.close();
        }
        self.capture.borrow_mut().take();
        self.generation.set(self.generation.get() + 1);
        self.busy.set(false);
        // Whoever asks for a connection that is gone with its thread is told that.
        self.user.set(0);
        self.closed.notify_waiters();
        was_open
    }

    fn ends(&self) -> Ends {
        self.ends.get()
    }
}

/// Marks the socket idle even when the operation is dropped half-way with its thread.
struct BusyGuard<'a> {
    cell: &'a SocketCell,
    generation: u64,
    done: bool,
}

impl BusyGuard<'_> {
    fn finish(&mut self) {
        if !self.done && self.cell.generation.get() == self.generation {
            self.cell.busy.set(false);
        }
        self.done = true;
    }
}

impl Drop for BusyGuard<'_> {
    fn drop(&mut self) {
        self.finish();
    }
}
