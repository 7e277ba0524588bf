//! One recorded connection, played.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nseer_net::NetError;
use nseer_net::stand_in::{Heard, Line, LineEnds, Pause};

use crate::mismatch::Mismatch;
use crate::recording::{Conversation, Failure, Pattern, Said};
use crate::replay::{Shared, begins, label};

/// Plays one conversation of a recording.
pub(crate) struct ReplayLine {
    shared: Arc<Shared>,
    /// Until something is said, the line may get another conversation.
    seat: usize,
    index: usize,
    /// The next turn.
    turn: usize,
    /// How much of what the turn expects has been sent.
    offset: usize,
    /// What was sent since the peer last said something, for a mismatch.
    run: Vec<u8>,
    /// Where that began.
    run_turn: usize,
    /// What the peer said while the script sent.
    inbox: VecDeque<(Instant, Said)>,
    /// When the last turn was.
    last: Option<Instant>,
    is_tls: bool,
    certificate: Option<Vec<u8>>,
    /// The script does something else than was recorded.
    broken: bool,
    /// When the last turn was recorded, after the first connection of all.
    recorded: Duration,
    /// What the peer says now was due then, and other things came first.
    since: Option<Instant>,
}

impl ReplayLine {
    pub(crate) fn new(shared: Arc<Shared>, index: usize) -> ReplayLine {
        let conversation = &shared.conversations[index];
        let certificate = conversation.certificate.clone();
        let recorded = conversation.at;
        let is_tls = {
            use nseer_net::Transport::{Dtls, Tls};
            matches!(conversation.transport, Tls | Dtls)
        };
        ReplayLine {
            seat: shared.seat(index),
            shared,
            index,
            turn: 0,
            offset: 0,
            run: Vec::new(),
            run_turn: 0,
            inbox: VecDeque::new(),
            last: None,
            is_tls,
            certificate,
            broken: false,
            recorded,
            since: None,
        }
    }

    fn conversation(&self) -> &Conversation {
        &self.shared.conversations[self.index]
    }

    fn said(&self) -> Option<&Said> {
        self.conversation().turns.get(self.turn).map(|turn| &turn.said)
    }

    /// The line of the present turn, or of the last one.
    fn place(&self) -> usize {
        let conversation = self.conversation();
        let turn = conversation.turns.get(self.turn).or(conversation.turns.last());
        turn.map_or(conversation.line, |turn| turn.line)
    }

    fn is_datagrams(&self) -> bool {
        use nseer_net::Transport::{Dtls, Udp};
        matches!(self.conversation().transport, Udp | Dtls)
    }

    /// When the present turn of the peer's is due: as long after the one before as in the recording.
    fn due(&self, now: Instant) -> Instant {
        self.last.unwrap_or(now).checked_add(self.after()).unwrap_or(now)
    }

    /// When it was due in the recording, where the script also took time to compute.
    fn recorded_due(&self, now: Instant) -> Instant {
        let recorded = self.recorded.saturating_add(self.after());
        self.shared.due((self.index, Some(self.turn)), recorded, now)
    }

    fn after(&self) -> Duration {
        let turn = self.conversation().turns.get(self.turn);
        turn.map(|turn| turn.after).unwrap_or_default()
    }

    /// Something is said for the first time: of several connections to one peer, that is meant which
    /// begins with what is `sent`.
    fn begin(&mut self, now: Instant, sent: Option<&[u8]>) {
        if self.last.is_none() {
            if let (Some(data), Some(index)) = (sent, self.shared.present(self.seat))
                && !begins(&self.shared.conversations[index], data)
            {
                self.shared.swap(self.seat, data);
            }
            self.settle();
            self.last = Some(now);
            self.shared.happens(self.recorded);
        }
    }

    /// The conversation is this one's for good.
    fn settle(&mut self) {
        if let Some(index) = self.shared.keep(self.seat) {
            self.index = index;
            self.recorded = self.conversation().at;
            self.certificate = self.conversation().certificate.clone();
        }
    }

    fn part(&mut self, what: &str, sides: Option<(Pattern, Vec<u8>)>) -> NetError {
        if !self.broken {
            self.broken = true;
            self.shared.pass_all(self.index);
            let what = format!("{}: {what}", label(self.conversation()));
            let mut mismatch = Mismatch::new(Some(self.place()), what);
            mismatch.sides = sides;
            self.shared.tell(mismatch);
        }
        Failure::Other("not as recorded".to_owned()).error()
    }

    /// Goes on to the next turn that the script has to take; what the peer says until then waits for
    /// a reader.
    fn skip_to_own(&mut self, now: Instant) {
        while let Some(said) = self.said() {
            match said {
                Said::Received(_) | Said::Eof | Said::Failed(_) => {
                    let (due, said) = (self.due(now), said.clone());
                    self.last = Some(due);
                    self.inbox.push_back((due, said));
                }
                Said::Silence => {}
                Said::Sent(..) | Said::Tls(_) | Said::NoTls(_) | Said::Closed => return,
            }
            self.pass();
            self.begin_run();
        }
    }

    fn begin_run(&mut self) {
        self.run.clear();
        self.run_turn = self.turn;
    }

    /// What the script was to send in this run.
    fn expected(&self) -> Pattern {
        let mut bytes = Vec::new();
        for turn in self.conversation().turns.iter().skip(self.run_turn) {
            let Said::Sent(pattern, _) = &turn.said else { break };
            bytes.extend(&pattern.bytes);
            if self.is_datagrams() {
                break;
            }
        }
        Pattern { bytes }
    }

    fn send_bytes(&mut self, data: &[u8], now: Instant) -> Result<(), NetError> {
        let mut rest = data;
        while !rest.is_empty() {
            self.skip_to_own(now);
            let Some(Said::Sent(pattern, _)) = self.said() else {
                let sides = Some((Pattern::default(), rest.to_vec()));
                return Err(self.part("the script sends what was not recorded", sides));
            };
            let expected = &pattern.bytes[self.offset.min(pattern.bytes.len())..];
            let length = expected.len().min(rest.len());
            let fits = Pattern::matches(&expected[..length], &rest[..length]);
            let is_whole = length == expected.len();
            if !fits {
                self.run.extend_from_slice(rest);
                let sides = Some((self.expected(), self.run.clone()));
                return Err(self.part("the script sends something else", sides));
            }
            self.run.extend_from_slice(&rest[..length]);
            rest = &rest[length..];
            self.offset += length;
            if is_whole {
                self.taken(now);
            }
        }
        Ok(())
    }

    fn send_datagram(
        &mut self,
        data: &[u8],
        to: Option<SocketAddr>,
        now: Instant,
    ) -> Result<(), NetError> {
        self.skip_to_own(now);
        self.begin_run();
        let Some(Said::Sent(pattern, recorded)) = self.said() else {
            let sides = Some((Pattern::default(), data.to_vec()));
            return Err(self.part("the script sends what was not recorded", sides));
        };
        let to = to.filter(|_| self.conversation().peer.is_none());
        if let (Some(to), Some(recorded)) = (to, *recorded)
            && to != recorded
        {
            let what = format!("the script sends to {to}, recorded is {recorded}");
            return Err(self.part(&what, None));
        }
        if !Pattern::matches(&pattern.bytes, data) {
            let sides = Some((pattern.clone(), data.to_vec()));
            return Err(self.part("the script sends something else", sides));
        }
        self.taken(now);
        Ok(())
    }

    /// The present turn is over.
    fn pass(&mut self) {
        self.recorded = self.recorded.saturating_add(self.after());
        self.shared.happens(self.recorded);
        self.shared.pass((self.index, Some(self.turn)));
        self.turn += 1;
    }

    fn taken(&mut self, now: Instant) {
        self.pass();
        self.offset = 0;
        self.last = Some(now);
    }

    /// What there is to wait for before the present turn of the peer's.
    fn pause(&mut self, now: Instant, is_last: bool) -> Option<Pause> {
        let due = self.due(now);
        if is_last {
            return (due > now).then(|| Pause::until(due));
        }
        let due = due.max(self.recorded_due(now));
        self.shared.hold((self.index, Some(self.turn)), due, &mut self.since, now)
    }

    /// What a reader has. Its last time it gets what is due, whatever else was to come before: in the
    /// recording it came in time.
    fn hear(&mut self, now: Instant, is_last: bool) -> Heard {
        self.begin(now, None);
        if let Some((due, said)) = self.inbox.front() {
            if *due > now {
                return Heard::Wait(Pause::until(*due));
            }
            let said = said.clone();
            if said != Said::Eof {
                self.inbox.pop_front();
            }
            return self.deliver(said);
        }
        if self.broken {
            return Heard::Silence;
        }
        match self.said().cloned() {
            Some(Said::Silence) => {
                self.pass();
                self.begin_run();
                Heard::Silence
            }
            Some(said @ (Said::Received(_) | Said::Eof | Said::Failed(_))) => {
                if let Some(pause) = self.pause(now, is_last) {
                    return Heard::Wait(pause);
                }
                let due = self.due(now);
                if said != Said::Eof {
                    self.last = Some(due);
                    self.pass();
                    self.begin_run();
                }
                self.deliver(said)
            }
            Some(Said::Sent(..)) => {
                let sides = Some((self.expected(), self.run.clone()));
                self.part("the script waits where it sent something", sides);
                Heard::Silence
            }
            Some(Said::Tls(_) | Said::NoTls(_)) => {
                self.part("the script waits where it started TLS", None);
                Heard::Silence
            }
            Some(Said::Closed) | None => {
                self.part("the script waits for more than was recorded", None);
                Heard::Silence
            }
        }
    }

    fn deliver(&mut self, said: Said) -> Heard {
        match said {
            Said::Received(data) => Heard::Data(data),
            Said::Failed(failure) => Heard::Failed(failure.error()),
            _ => Heard::Eof,
        }
    }
}

impl Line for ReplayLine {
    fn send(&mut self, data: &[u8], to: Option<SocketAddr>, now: Instant) -> Result<(), NetError> {
        self.begin(now, Some(data));
        if self.broken {
            return Err(Failure::Other("not as recorded".to_owned()).error());
        }
        match self.is_datagrams() {
            true => self.send_datagram(data, to, now),
            false => self.send_bytes(data, now),
        }
    }

    fn start_tls(&mut self, _: Option<&str>, now: Instant) -> Result<(), NetError> {
        self.begin(now, None);
        self.skip_to_own(now);
        match self.said().cloned() {
            Some(Said::Tls(certificate)) => {
                (self.is_tls, self.certificate) = (true, certificate);
                self.taken(now);
                self.begin_run();
                Ok(())
            }
            Some(Said::NoTls(failure)) => {
                self.taken(now);
                Err(failure.error())
            }
            _ => Err(self.part("the script starts TLS, which was not recorded", None)),
        }
    }

    fn receive(&mut self, now: Instant) -> Heard {
        self.hear(now, false)
    }

    fn receive_last(&mut self, now: Instant) -> Heard {
        self.hear(now, true)
    }

    fn ends(&self) -> LineEnds {
        let index = self.shared.present(self.seat).unwrap_or(self.index);
        let conversation = &self.shared.conversations[index];
        LineEnds {
            local: conversation.local,
            peer: conversation.peer,
            is_udp: self.is_datagrams(),
            is_tls: self.is_tls,
            certificate: self.certificate.clone(),
        }
    }
}

impl Drop for ReplayLine {
    fn drop(&mut self) {
        self.settle();
        self.shared.pass_all(self.index);
        if self.said() == Some(&Said::Closed) {
            self.pass();
        }
        let rest = &self.conversation().turns[self.turn.min(self.conversation().turns.len())..];
        if rest.iter().any(|turn| matches!(turn.said, Said::Sent(..))) {
            while matches!(self.said(), Some(said) if !matches!(said, Said::Sent(..))) {
                self.turn += 1;
                self.begin_run();
            }
            let sides = Some((self.expected(), self.run.clone()));
            self.part("the script never sent this", sides);
        }
    }
}
