//! Writes down what a script and its peers say.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nseer_net::observer::{Observer, Sight, What};
use nseer_net::{Family, NetError, Transport};

use crate::machine::{Pace, micros};
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
    sockets: HashMap<u64, (usize, u64)>,
    pace: Pace,
    /// When something happened last, in microseconds after the beginning.
    last: Option<u64>,
}

/// What a recorder has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversations {
    /// The connections, in the order in which they were opened.
    pub conversations: Vec<Conversation>,
    /// What DNS said.
    pub names: Vec<Answer>,
}

impl Recorder {
    /// One for a script whose clock goes with `pace`.
    #[must_use]
    pub fn paced(pace: &Pace) -> Recorder {
        Recorder { heard: Mutex::new(Heard { pace: pace.clone(), ..Heard::default() }) }
    }

    /// What was heard so far; the recorder begins anew.
    pub fn take(&self) -> Conversations {
        let heard = std::mem::take(&mut *self.lock());
        Conversations { conversations: heard.conversations, names: heard.names }
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
            let at = self.time(sight.at);
            self.sockets.insert(sight.socket, (self.conversations.len(), at));
            self.conversations.push(Conversation {
                line: 0,
                at: Duration::from_micros(at),
                transport: *transport,
                peer: *peer,
                local: *local,
                took: Duration::from_micros(micros(*took)),
                certificate: certificate.clone(),
                failed: failed.map(Failure::of),
                turns: Vec::new(),
            });
            return;
        }
        let Some(&(index, last)) = self.sockets.get(&sight.socket) else { return };
        let Some(conversation) = self.conversations.get(index) else { return };
        let said = match &sight.what {
            What::Opened { .. } => return,
            // Scripts do that, and a peer does not see it.
            What::Sent { data: [], .. } if is_stream(conversation.transport) => return,
            What::Sent { data, to } => {
                Said::Sent(Pattern::of(data), to.filter(|_| conversation.peer.is_none()))
            }
            What::Asked(words) => Said::Sent(Pattern::of(words), None),
            What::Received(data) | What::Answered(data) => Said::Received(data.to_vec()),
            What::NotReceived(NetError::TimedOut) => Said::Silence,
            What::NotReceived(NetError::Eof) => Said::Eof,
            What::NotReceived(error) => Said::Failed(Failure::of(error)),
            What::Tls { certificate, failed: None } => Said::Tls(certificate.clone()),
            What::Tls { failed: Some(error), .. } => Said::NoTls(Failure::of(error)),
            // A connection that was never there is not closed.
            What::Closed if conversation.failed.is_some() => return,
            What::Closed => Said::Closed,
        };
        // Once is enough: an end stays.
        let ended = matches!(conversation.turns.last(), Some(Turn { said: Said::Eof, .. }));
        if ended && said == Said::Eof {
            return;
        }
        let at = self.time(sight.at);
        self.sockets.insert(sight.socket, (index, at));
        let after = Duration::from_micros(at - last);
        self.conversations[index].turns.push(Turn { line: 0, after, said });
    }

    /// A time in microseconds after the beginning. No two are the same, so that they tell in which order
    /// things happened.
    fn time(&mut self, at: Instant) -> u64 {
        let time = micros(at.saturating_duration_since(self.pace.begin(at)));
        let time = self.last.map_or(time, |last| time.max(last.saturating_add(1)));
        self.last = Some(time);
        self.pace.happened(Duration::from_micros(time));
        time
    }
}

fn is_stream(transport: Transport) -> bool {
    matches!(transport, Transport::Tcp | Transport::Tls)
}
