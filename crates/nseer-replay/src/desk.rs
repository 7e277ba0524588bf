//! The side of scripted peers that plays them: a Lua state and its open connections, on a thread of
//! its own. It is asked and answers at once, and never waits.

use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use mlua::thread::ThreadStatus;
use mlua::{Function, MultiValue, Thread, Value};

use crate::mismatch::Mismatch;
use crate::recording::Pattern;
use crate::test_file::{Loaded, TestFileError, first_line};

/// What the peers' thread is asked.
pub(crate) enum Ask {
    Open { port: String, reply: Sender<Opened> },
    Hear { connection: u64, data: Vec<u8>, reply: Sender<Vec<Deed>> },
    Close { connection: u64 },
    End { reply: Sender<Vec<Mismatch>> },
}

/// Bytes that a peer may send before it waits for the script.
const MOST_SENT: usize = 64 << 20;

/// What becomes of a connect.
pub(crate) enum Opened {
    /// Nobody is there, and the test says so.
    Refused,
    /// The test has no peer there.
    Unknown,
    Open(u64, Vec<Deed>),
}

/// What a peer does.
pub(crate) enum Deed {
    Send(Vec<u8>),
    Wait(Duration),
    Tls,
    Close,
    Reset,
    Mismatch(Vec<u8>, Vec<u8>),
    Failed(String),
}

/// The peers' side: the Lua state and its open connections.
pub(crate) struct Desk {
    loaded: Loaded,
    /// By port; `None` refuses.
    peers: HashMap<String, Option<Function>>,
    open: HashMap<u64, Thread>,
    /// What peers wait for just now, and what they have of it.
    awaited: HashMap<u64, (Vec<u8>, Vec<u8>)>,
    /// What never came.
    unsaid: Vec<Mismatch>,
    next: u64,
}

impl Desk {
    pub(crate) fn new(text: &[u8], file: &str, name: &str) -> Result<Desk, TestFileError> {
        let loaded = Loaded::new(text, file)?;
        let found = loaded.tests.iter().find(|(known, ..)| known == name);
        let Some((_, table, line)) = found else {
            return Err(TestFileError(format!("{file} has no test \"{name}\"")));
        };
        let wrong = |text: &str| TestFileError(format!("{file}:{line}: {text}"));
        let mut peers = HashMap::new();
        let mut add = |port: &str, value: Value| {
            let port = port.split_whitespace().next().unwrap_or_default();
            let port = if port.contains('/') { port.to_owned() } else { format!("{port}/tcp") };
            let peer = match value {
                Value::Function(peer) => Some(peer),
                Value::Boolean(false) => None,
                _ => return Err(wrong("a peer is a function, or false where nobody listens")),
            };
            peers.insert(port, peer);
            Ok(())
        };
        let get = |key: &str| table.raw_get::<Value>(key).unwrap_or(Value::Nil);
        match (get("peer"), get("port")) {
            (Value::Nil, _) => {}
            (peer, Value::String(port)) => add(&port.to_string_lossy(), peer)?,
            (peer, Value::Integer(port)) => add(&port.to_string(), peer)?,
            _ => return Err(wrong("'peer' needs a 'port'; for several there is 'peers'")),
        }
        if let Value::Table(several) = get("peers") {
            for pair in several.pairs::<String, Value>() {
                let (port, peer) = pair.map_err(|_| wrong("the keys of 'peers' are ports"))?;
                add(&port, peer)?;
            }
        }
        Ok(Desk {
            loaded,
            peers,
            open: HashMap::new(),
            awaited: HashMap::new(),
            unsaid: Vec::new(),
            next: 1,
        })
    }

    pub(crate) fn serve(mut self, asks: &Receiver<Ask>) {
        while let Ok(ask) = asks.recv() {
            match ask {
                Ask::Open { port, reply } => {
                    // Whoever asked waits.
                    let _ = reply.send(self.open(&port));
                }
                Ask::Hear { connection, data, reply } => {
                    let data = self.loaded.lua.create_string(data);
                    let deeds = match (self.open.get(&connection).cloned(), data) {
                        (Some(thread), Ok(data)) => self.run(connection, &thread, data),
                        _ => Vec::new(),
                    };
                    let _ = reply.send(deeds);
                }
                Ask::Close { connection } => {
                    self.open.remove(&connection);
                    if let Some((expected, sent)) = self.awaited.remove(&connection) {
                        let what = "the script never sent what the peer expects";
                        let mut mismatch = Mismatch::new(None, what);
                        mismatch.sides = Some((Pattern::of(&expected), sent));
                        self.unsaid.push(mismatch);
                    }
                }
                Ask::End { reply } => {
                    // Whoever asked waits.
                    let _ = reply.send(std::mem::take(&mut self.unsaid));
                    return;
                }
            }
        }
    }

    fn open(&mut self, port: &str) -> Opened {
        let peer = match self.peers.get(port) {
            None => return Opened::Unknown,
            Some(None) => return Opened::Refused,
            Some(Some(peer)) => peer.clone(),
        };
        let number = self.next;
        self.next += 1;
        match self.loaded.open.call::<Thread>(peer) {
            Ok(thread) => {
                self.open.insert(number, thread.clone());
                Opened::Open(number, self.run(number, &thread, ()))
            }
            Err(error) => Opened::Open(number, vec![Deed::Failed(first_line(&error))]),
        }
    }

    /// Lets a peer go on until it waits for the script.
    fn run(
        &mut self,
        connection: u64,
        thread: &Thread,
        with: impl mlua::IntoLuaMulti,
    ) -> Vec<Deed> {
        self.awaited.remove(&connection);
        let mut with = match with.into_lua_multi(&self.loaded.lua) {
            Ok(values) => values,
            Err(error) => return vec![Deed::Failed(first_line(&error))],
        };
        self.loaded.refill();
        let mut deeds = Vec::new();
        let mut sent = 0;
        // A peer that has ended is not asked again.
        while thread.status() == ThreadStatus::Resumable {
            let deed = match thread.resume(std::mem::take(&mut with)) {
                Err(error) => Deed::Failed(first_line(&error)),
                Ok(_) if thread.status() != ThreadStatus::Resumable => Deed::Close,
                Ok(said) => match deed(&said) {
                    Some(deed) => deed,
                    None => {
                        if said.len() > 1 {
                            self.awaited.insert(connection, (text(&said, 1), text(&said, 2)));
                        }
                        break;
                    }
                },
            };
            if let Deed::Send(data) = &deed {
                sent += data.len();
            }
            if sent > MOST_SENT {
                deeds.push(Deed::Failed("it sends without end".to_owned()));
                break;
            }
            let goes_on = matches!(deed, Deed::Send(_) | Deed::Wait(_) | Deed::Tls);
            deeds.push(deed);
            if !goes_on {
                break;
            }
        }
        deeds
    }
}

/// A string among what a peer yielded; empty where there is none.
fn text(said: &MultiValue, at: usize) -> Vec<u8> {
    match said.get(at) {
        Some(Value::String(text)) => text.as_bytes().to_vec(),
        _ => Vec::new(),
    }
}

/// What a peer says that it does; `None` where it waits for the script.
fn deed(said: &MultiValue) -> Option<Deed> {
    Some(match text(said, 0).as_slice() {
        b"send" => Deed::Send(text(said, 1)),
        b"wait" => {
            let seconds = match said.get(1) {
                Some(Value::Number(seconds)) => *seconds,
                // `wait` takes less than 1e7.
                Some(Value::Integer(seconds)) => *seconds as f64,
                _ => 0.0,
            };
            Deed::Wait(Duration::try_from_secs_f64(seconds).unwrap_or_default())
        }
        b"tls" => Deed::Tls,
        b"receive" => return None,
        b"mismatch" => Deed::Mismatch(text(said, 1), text(said, 2)),
        b"reset" => Deed::Reset,
        _ => Deed::Close,
    })
}
