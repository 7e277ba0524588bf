//! What the engine knows of a running script thread.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mlua::Value;
use nseer_core::{Phase, PortKey};
use nseer_net::{Slot, Tally};

use crate::costs::Account;
use crate::environment::World;
use crate::host_cell::HostCell;
use crate::modules::trace::{Ends, Way};
use crate::registry::Author;
use crate::script::{Script, ScriptInfo};

/// Something with a socket that a script holds.
pub(crate) trait Connection {
    /// Whether there is a socket just now.
    fn is_open(&self) -> bool;
    /// Whether it needs the right to hold sockets, which captures do not.
    fn needs_slot(&self) -> bool {
        true
    }
    /// Closes the socket at once; false where there was none.
    fn shut(&self) -> bool;
    /// For a trace.
    fn ends(&self) -> Ends;
}

/// One base thread: a script on a host or port, or a worker thread that it started.
pub(crate) struct ScriptContext {
    pub(crate) script: Rc<Script>,
    pub(crate) phase: Phase,
    pub(crate) host: Option<Rc<HostCell>>,
    pub(crate) port: Option<PortKey>,
    /// The tables that were passed to the action.
    pub(crate) host_table: Value,
    pub(crate) port_table: Value,
    pub(crate) is_worker: bool,
    /// Who writes to registries, where they are kept.
    pub(crate) author: Author,
    /// When the script that this thread belongs to started.
    pub(crate) started: Instant,
    /// `--script-timeout`.
    pub(crate) timeout: Option<Duration>,
    /// The scheduler's lost time when the script started: what it loses to others that compute
    /// without end does not count as its own.
    pub(crate) lost_before: Duration,
    /// When the host's time is over.
    pub(crate) host_deadline: Option<Instant>,
    /// The action was called.
    pub(crate) acting: Cell<bool>,
    pub(crate) sockets: RefCell<Vec<Weak<dyn Connection>>>,
    pub(crate) slot: RefCell<Option<HeldSlot>>,
    /// What the script takes, where somebody wants to know. Its worker threads share it.
    pub(crate) account: Option<Rc<Account>>,
}

/// Names of mutexes by which libraries of Nmap guard what they keep in `host.registry` and nothing else. Held
/// for all hosts, one would let each TLS handshake of `ssl-cert` wait for those of all other hosts.
const MUTEXES_OF_A_HOST: &[&[u8]] = &[b"sslcert-cache-mutex"];

/// The right to hold sockets: one of the host's and one of the process's.
pub(crate) struct HeldSlot {
    pub(crate) _host: Option<tokio::sync::OwnedSemaphorePermit>,
    pub(crate) _process: Slot,
}

impl ScriptContext {
    /// True where it is for a host with an IPv6 address; `None` where it is for no host.
    pub(crate) fn is_ipv6(&self) -> Option<bool> {
        self.host.as_ref().map(|host| host.with(|host| host.address.is_ipv6()))
    }

    /// For whom a mutex on a string is: `None` for all, as with Nmap, or the host.
    pub(crate) fn mutex_circle(&self, name: &[u8]) -> Option<Vec<u8>> {
        let host = self.host.as_ref().filter(|_| MUTEXES_OF_A_HOST.contains(&name))?;
        Some(host.address.to_string().into_bytes())
    }

    pub(crate) fn info(&self) -> &Arc<ScriptInfo> {
        &self.script.info
    }

    /// A context for a script that runs without a host and has all the time in the world.
    pub(crate) fn new(world: &World, script: Rc<Script>, phase: Phase) -> ScriptContext {
        ScriptContext {
            script,
            phase,
            host: None,
            port: None,
            host_table: Value::Nil,
            port_table: Value::Nil,
            is_worker: false,
            author: 0,
            started: world.config.system.clock.now(),
            timeout: None,
            lost_before: world.scheduler.lost_time(),
            host_deadline: None,
            acting: Cell::new(false),
            sockets: RefCell::default(),
            slot: RefCell::default(),
            account: None,
        }
    }

    /// A context for a worker thread of this one.
    pub(crate) fn for_worker(&self) -> ScriptContext {
        ScriptContext {
            script: self.script.clone(),
            phase: self.phase,
            host: self.host.clone(),
            port: self.port,
            host_table: self.host_table.clone(),
            port_table: self.port_table.clone(),
            is_worker: true,
            author: self.author,
            started: self.started,
            timeout: self.timeout,
            lost_before: self.lost_before,
            host_deadline: self.host_deadline,
            acting: Cell::new(true),
            sockets: RefCell::default(),
            slot: RefCell::default(),
            account: self.account.clone(),
        }
    }

    /// Where it is counted what goes over the thread's sockets.
    pub(crate) fn tally(&self) -> Option<Arc<Tally>> {
        self.account.as_ref().map(|account| account.network.clone())
    }

    /// Puts a socket under the thread's care: it is closed when the thread ends.
    pub(crate) fn own(&self, connection: &Rc<impl Connection + 'static>) {
        let mut sockets = self.sockets.borrow_mut();
        if !sockets.iter().any(|s| std::ptr::addr_eq(s.as_ptr(), Rc::as_ptr(connection))) {
            let weak = Rc::downgrade(connection);
            sockets.push(weak);
        }
    }

    /// Closes the thread's sockets and gives its slot back.
    pub(crate) fn release(&self, world: &World) {
        for socket in self.sockets.borrow_mut().drain(..) {
            if let Some(socket) = socket.upgrade()
                && socket.shut()
            {
                world.trace(socket.ends(), Way::Sent, "CLOSE");
            }
        }
        self.slot.borrow_mut().take();
    }

    /// Gives the slot back where the thread has no open socket, or only some that capture.
    pub(crate) fn review_slot(&self) {
        let mut sockets = self.sockets.borrow_mut();
        let mut has_connection = false;
        sockets.retain(|socket| {
            let socket = socket.upgrade().filter(|socket| socket.is_open());
            has_connection |= socket.as_ref().is_some_and(|socket| socket.needs_slot());
            socket.is_some()
        });
        if !has_connection {
            self.slot.borrow_mut().take();
        }
    }

    pub(crate) fn has_deadline(&self) -> bool {
        self.timeout.is_some() || self.host_deadline.is_some()
    }

    /// How much of the script's time is left; `None` where it has all the time in the world.
    pub(crate) fn time_left(&self, now: Instant, lost: Duration) -> Option<Duration> {
        let own = self.timeout.map(|timeout| {
            let used = now.saturating_duration_since(self.started);
            (timeout + lost.saturating_sub(self.lost_before)).saturating_sub(used)
        });
        let of_host = self.host_deadline.map(|d| d.saturating_duration_since(now));
        own.into_iter().chain(of_host).min()
    }

    /// `NAME against TARGET (IP:PORT)`, as far as there are any.
    pub(crate) fn label(&self) -> String {
        let mut label = self.info().id.to_string();
        if let Some(host) = &self.host {
            label.push_str(" against ");
            let target_name = host.with(|h| h.target_name.clone());
            let mut place = host.address.to_string();
            if let Some(port) = self.port {
                place = format!("{place}:{}", port.number);
            }
            match target_name {
                Some(name) => label.push_str(&format!("{name} ({place})")),
                None => label.push_str(&place),
            }
        }
        label
    }
}
