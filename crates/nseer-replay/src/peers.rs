//! Peers that a file of tests plays: a few lines of Lua for each connection.
//!
//! The file's Lua state lives on a thread of its own. It is asked and answers at once; what a peer
//! does later is given with its time, so that no clock but the script's is needed.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nseer_net::stand_in::{Heard, Line, LineEnds, Opening, Pause, StandIn};
use nseer_net::{ConnectOptions, Family, NetError, Transport};

use crate::desk::{Ask, Deed, Desk, Opened};
use crate::mismatch::Mismatch;
use crate::recording::{Answer, Failure, Pattern};
use crate::replay::Replay;
use crate::test_file::TestFileError;

/// Stands in for the network with the peers of one test.
#[derive(Clone)]
pub struct ScriptedPeers {
    shared: Arc<Shared>,
}

struct Shared {
    asked: Mutex<Sender<Ask>>,
    mismatches: Mutex<Vec<Mismatch>>,
    names: Replay,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// A peer does not come back.
    is_lost: AtomicBool,
}

/// How long a peer may take for one answer. Its instructions are counted; this is for one that is in a single call of
/// Lua's own, such as a search for a pattern that has too many ways to match.
const PATIENCE: Duration = Duration::from_secs(10);

impl ScriptedPeers {
    /// Starts the peers of the test `name` of a file.
    ///
    /// # Errors
    /// Where the file cannot be used, or the system gives no thread.
    pub fn start(
        text: &[u8],
        file: &str,
        name: &str,
        names: Vec<Answer>,
    ) -> Result<ScriptedPeers, TestFileError> {
        let (asked, asks) = channel();
        let (ready, is_ready) = channel();
        let (text, file, name) = (text.to_vec(), file.to_owned(), name.to_owned());
        let thread = std::thread::Builder::new()
            .name("peers".to_owned())
            .spawn(move || match Desk::new(&text, &file, &name) {
                Ok(desk) => {
                    // Whoever started this waits for it.
                    let _ = ready.send(Ok(()));
                    desk.serve(&asks);
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            })
            .map_err(|error| TestFileError(format!("cannot start the peers: {error}")))?;
        let gone = || Err(TestFileError("the peers ended unexpectedly".to_owned()));
        is_ready.recv().unwrap_or_else(|_| gone())?;
        let recording = crate::recording::Recording { names, ..Default::default() };
        let shared = Shared {
            asked: Mutex::new(asked),
            mismatches: Mutex::default(),
            names: Replay::new(recording),
            thread: Mutex::new(Some(thread)),
            is_lost: AtomicBool::new(false),
        };
        Ok(ScriptedPeers { shared: Arc::new(shared) })
    }

    /// What went wrong, once all scripts have ended; the peers end.
    #[must_use]
    pub fn finish(&self) -> Vec<Mismatch> {
        let (reply, unsaid) = channel();
        self.shared.ask(Ask::End { reply });
        let unsaid = self.shared.answer(&unsaid).unwrap_or_default();
        // One that does not come back ends with the program.
        if let Some(thread) = lock(&self.shared.thread).take()
            && !self.shared.is_lost.load(Ordering::Relaxed)
        {
            // A panic has already been printed.
            let _ = thread.join();
        }
        let mut mismatches = lock(&self.shared.mismatches).clone();
        mismatches.extend(unsaid);
        mismatches.extend(self.shared.names.finish());
        mismatches
    }

    fn open(&self, port: u16, is_udp: bool) -> Opened {
        let protocol = if is_udp { "udp" } else { "tcp" };
        let (reply, opened) = channel();
        self.shared.ask(Ask::Open { port: format!("{port}/{protocol}"), reply });
        self.shared.answer(&opened).unwrap_or(Opened::Refused)
    }

    fn line(&self, transport: Transport, peer: Option<SocketAddr>) -> PeerLine {
        let is_v6 = peer.is_some_and(|peer| peer.is_ipv6());
        let local: IpAddr =
            if is_v6 { std::net::Ipv6Addr::LOCALHOST.into() } else { [127, 0, 0, 1].into() };
        PeerLine {
            peers: self.clone(),
            connection: None,
            is_udp: matches!(transport, Transport::Udp | Transport::Dtls),
            is_tls: matches!(transport, Transport::Tls | Transport::Dtls),
            offers_tls: false,
            local: SocketAddr::new(local, 40_000),
            peer,
            fixed: peer.is_some(),
            time: None,
            inbox: VecDeque::new(),
            ended: false,
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn ask(&self, ask: Ask) {
        // Peers that have ended answer nothing; the asker sees that.
        let _ = lock(&self.asked).send(ask);
    }

    /// What the peers answer; nothing where they have ended, or do not come back.
    fn answer<T>(&self, from: &Receiver<T>) -> Option<T> {
        if self.is_lost.load(Ordering::Relaxed) {
            return None;
        }
        let answer = from.recv_timeout(PATIENCE);
        if let Err(RecvTimeoutError::Timeout) = answer {
            self.is_lost.store(true, Ordering::Relaxed);
            self.tell(Mismatch::new(None, "the peer failed: one call in it does not end"));
        }
        answer.ok()
    }

    fn tell(&self, mismatch: Mismatch) {
        lock(&self.mismatches).push(mismatch);
    }
}

impl StandIn for ScriptedPeers {
    fn connect(&self, transport: Transport, peer: SocketAddr, _: &ConnectOptions) -> Opening {
        let is_udp = matches!(transport, Transport::Udp | Transport::Dtls);
        let refused = || Opening::at_once(Err(Failure::Refused.error()));
        match self.open(peer.port(), is_udp) {
            Opened::Refused => refused(),
            Opened::Unknown => {
                let what = format!("the script connects to {peer}, for which the test has no peer");
                self.shared.tell(Mismatch::new(None, what));
                refused()
            }
            Opened::Open(connection, deeds) => {
                let mut line = self.line(transport, Some(peer));
                let offset = u16::try_from(connection % 20_000).unwrap_or(0);
                line.local.set_port(40_000 + offset);
                line.connection = Some(connection);
                line.early(deeds);
                Opening::at_once(Ok(Box::new(line)))
            }
        }
    }

    fn datagrams(&self, ipv6: bool, _: Option<SocketAddr>) -> Result<Box<dyn Line>, NetError> {
        let mut line = self.line(Transport::Udp, None);
        if ipv6 {
            line.local.set_ip(std::net::Ipv6Addr::LOCALHOST.into());
        }
        Ok(Box::new(line))
    }

    fn resolve(&self, name: &str, family: Option<Family>) -> Result<Vec<IpAddr>, NetError> {
        self.shared.names.resolve(name, family)
    }

    fn reverse(&self, address: IpAddr) -> Option<String> {
        self.shared.names.reverse(address)
    }
}

/// One connection to a scripted peer.
struct PeerLine {
    peers: ScriptedPeers,
    connection: Option<u64>,
    is_udp: bool,
    is_tls: bool,
    offers_tls: bool,
    local: SocketAddr,
    peer: Option<SocketAddr>,
    /// The peer was given when the line was opened.
    fixed: bool,
    /// The peer's time: when it did what it did last. Before the script's first word that is not
    /// known, and what it did is kept by how long it waited.
    time: Option<Instant>,
    inbox: VecDeque<(Due, Heard)>,
    ended: bool,
}

/// When something is due: after the connection was opened, or at a time.
#[derive(Clone, Copy)]
enum Due {
    After(Duration),
    At(Instant),
}

impl PeerLine {
    /// What the peer did before anything was sent.
    fn early(&mut self, deeds: Vec<Deed>) {
        let mut waited = Duration::ZERO;
        self.take(deeds, |wait| {
            waited += wait;
            Due::After(waited)
        });
    }

    fn late(&mut self, deeds: Vec<Deed>, now: Instant) {
        let mut time = self.time.map_or(now, |time| time.max(now));
        self.take(deeds, |wait| {
            time += wait;
            Due::At(time)
        });
        self.time = Some(time);
    }

    fn take(&mut self, deeds: Vec<Deed>, mut due: impl FnMut(Duration) -> Due) {
        for deed in deeds {
            let at = due(if let Deed::Wait(wait) = &deed { *wait } else { Duration::ZERO });
            match deed {
                Deed::Wait(_) => {}
                Deed::Send(data) => self.inbox.push_back((at, Heard::Data(data))),
                Deed::Close => self.inbox.push_back((at, Heard::Eof)),
                Deed::Reset => {
                    self.inbox.push_back((at, Heard::Failed(Failure::Reset.error())));
                }
                Deed::Tls => self.offers_tls = true,
                Deed::Mismatch(expected, sent) => {
                    let mut mismatch =
                        Mismatch::new(None, "the peer expects something else than the script sent");
                    mismatch.sides = Some((Pattern::of(&expected), sent));
                    self.peers.shared.tell(mismatch);
                    self.inbox.push_back((at, Heard::Failed(Failure::Reset.error())));
                }
                Deed::Failed(text) => {
                    let what = format!("the peer failed: {text}");
                    self.peers.shared.tell(Mismatch::new(None, what));
                    self.inbox.push_back((at, Heard::Failed(Failure::Reset.error())));
                }
            }
        }
    }

    /// Settles when what the peer did before the first word is due.
    fn begin(&mut self, now: Instant) {
        if self.time.is_some() {
            return;
        }
        let mut last = now;
        for (due, _) in &mut self.inbox {
            if let Due::After(after) = *due {
                last = now + after;
                *due = Due::At(last);
            }
        }
        self.time = Some(last);
    }
}

impl Line for PeerLine {
    fn send(&mut self, data: &[u8], to: Option<SocketAddr>, now: Instant) -> Result<(), NetError> {
        self.begin(now);
        if let (false, Some(to)) = (self.fixed, to)
            && self.peer != Some(to)
        {
            self.peer = Some(to);
            self.connection = None;
            match self.peers.open(to.port(), true) {
                Opened::Open(connection, deeds) => {
                    self.connection = Some(connection);
                    self.late(deeds, now);
                }
                // Datagrams to nobody are lost.
                Opened::Refused => {}
                Opened::Unknown => {
                    let what = format!("the script sends to {to}, for which the test has no peer");
                    self.peers.shared.tell(Mismatch::new(None, what));
                }
            }
        }
        let Some(connection) = self.connection else { return Ok(()) };
        let (reply, deeds) = channel();
        self.peers.shared.ask(Ask::Hear { connection, data: data.to_vec(), reply });
        let deeds = self.peers.shared.answer(&deeds).unwrap_or_default();
        self.late(deeds, now);
        Ok(())
    }

    fn start_tls(&mut self, _: Option<&str>, now: Instant) -> Result<(), NetError> {
        self.begin(now);
        match self.offers_tls {
            true => {
                self.is_tls = true;
                Ok(())
            }
            false => {
                let what = "the script starts TLS, and the peer has not called start_tls()";
                self.peers.shared.tell(Mismatch::new(None, what));
                Err(NetError::Tls("not offered".to_owned()))
            }
        }
    }

    fn receive(&mut self, now: Instant) -> Heard {
        self.begin(now);
        if self.ended {
            return Heard::Eof;
        }
        match self.inbox.front() {
            None => Heard::Silence,
            Some((Due::At(due), _)) if *due > now => Heard::Wait(Pause::until(*due)),
            Some(_) => {
                let heard = self.inbox.pop_front().map_or(Heard::Silence, |(_, heard)| heard);
                self.ended = matches!(heard, Heard::Eof);
                heard
            }
        }
    }

    fn ends(&self) -> LineEnds {
        LineEnds {
            local: Some(self.local),
            peer: self.peer,
            is_udp: self.is_udp,
            is_tls: self.is_tls,
            certificate: None,
        }
    }
}

impl Drop for PeerLine {
    fn drop(&mut self) {
        if let Some(connection) = self.connection {
            self.peers.shared.ask(Ask::Close { connection });
        }
    }
}
