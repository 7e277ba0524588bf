//! Writes down what a script and its peers say.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nseer_net::observer::{Observer, Sight, What};
use nseer_net::{Family, NetError};

use crate::recording::{Answer, Conversation, Failure, Pattern, Said, Turn};

/// Listens to sockets and DNS. Bytes inside of TLS are written down as they are.
#[derive(Default)]
pub struct Recorder {
    heard: Mutex<Heard>,
}

#[derive(Default)]
struct Heard {
    conversations: Vec<Conversation>,
    names: Vec<Answer>,
    /// By the socket's number: its place, and when something last happened.
    sockets: HashMap<u64, (usize, Instant)>,
    /// Native sessions whose bytes were not seen.
    unseen: usize,
    /// When the first connection was opened.
    begun: Option<Instant>,
}

/// What a recorder has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    /// The connections, in the order in which they were opened.
    pub conversations: Vec<Conversation>,
    /// What DNS said.
    pub names: Vec<Answer>,
    /// Connections that went to native code (`libssh2`), which cannot be replayed.
    pub unseen: usize,
}

impl Recorder {
    /// What was heard so far; the recorder begins anew.
    pub fn take(&self) -> Conversations {
        let heard = std::mem::take(&mut *self.lock());
        Conversations {
            conversations: heard.conversations,
            names: heard.names,
            unseen: heard.unseen,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Recorder {
    fn seen(&self, sight: &Sight<'_>) {
        self.lock().seen(sight);
    }

    fn resolved(&self, name: &str, family: Option<Family>, found: &Result<Vec<IpAddr>, NetError>) {
        if name.parse::<IpAddr>().is_ok() {
            return;
        }
        let found = match found {
            Ok(addresses) => Ok(addresses.clone()),
            Err(NetError::Resolve { text, .. }) => Err(text.clone()),
            Err(other) => Err(other.to_string()),
        };
        self.lock().answer(Answer::Name { name: name.to_owned(), family, found });
    }

    fn reversed(&self, address: IpAddr, name: Option<&str>) {
        self.lock().answer(Answer::Address { address, name: name.map(str::to_owned) });
    }
}

impl Heard {
    /// A question that is asked again gets the answer that is known.
    fn answer(&mut self, answer: Answer) {
        if !self.names.contains(&answer) {
            self.names.push(answer);
        }
    }

    fn seen(&mut self, sight: &Sight<'_>) {
        if let What::Opened { transport, local, peer, certificate, took, failed } = &sight.what {
            self.sockets.insert(sight.socket, (self.conversations.len(), sight.at));
            let begun = *self.begun.get_or_insert(sight.at);
            self.conversations.push(Conversation {
                line: 0,
                at: micros(sight.at.saturating_duration_since(begun)),
                transport: *transport,
                peer: *peer,
                local: *local,
                took: micros(*took),
                certificate: certificate.clone(),
                failed: failed.map(Failure::of),
                turns: Vec::new(),
            });
            return;
        }
        let Some((index, last)) = self.sockets.get_mut(&sight.socket) else { return };
        let Some(conversation) = self.conversations.get_mut(*index) else { return };
        let said = match &sight.what {
            What::Opened { .. } => return,
            What::Sent { data, to } => {
                Said::Sent(Pattern::of(data), to.filter(|_| conversation.peer.is_none()))
            }
            What::Received(data) => Said::Received(data.to_vec()),
            What::NotReceived(NetError::TimedOut) => Said::Silence,
            What::NotReceived(NetError::Eof) => Said::Eof,
            What::NotReceived(error) => Said::Failed(Failure::of(error)),
            What::Tls { certificate, failed: None } => Said::Tls(certificate.clone()),
            What::Tls { failed: Some(error), .. } => Said::NoTls(Failure::of(error)),
            What::HandedOver => {
                self.unseen += 1;
                return;
            }
            // A connection that was never there is not closed.
            What::Closed if conversation.failed.is_some() => return,
            What::Closed => Said::Closed,
        };
        // Once is enough: an end stays.
        let ended = matches!(conversation.turns.last(), Some(Turn { said: Said::Eof, .. }));
        if ended && said == Said::Eof {
            return;
        }
        let after = micros(sight.at.saturating_duration_since(*last));
        *last = sight.at;
        conversation.turns.push(Turn { line: 0, after, said });
    }
}

/// Times are written in microseconds.
fn micros(time: Duration) -> Duration {
    Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX))
}
