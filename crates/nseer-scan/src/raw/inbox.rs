//! Where answers go: the probes that wait for one, by host, and the future that each of them is.
//!
//! A probe that was given up stays listed as long as its host is scanned, because an answer that
//! comes late is an answer all the same.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use nseer_packet::{Content, Reply};
use rustc_hash::FxHashMap;
use tokio::time::Instant;

use crate::connector::Answer;
use crate::raw::own_ports::{Origin, OwnPorts};
use crate::raw::reading::{self, Candidate, Own};
use crate::technique::{Aim, Technique};

/// The hosts that are being scanned.
#[derive(Debug, Default)]
pub(crate) struct Inboxes {
    /// No stranger chooses what is in here, so a quick hash will do.
    hosts: Mutex<FxHashMap<IpAddr, Weak<Inbox>>>,
}

/// What one host was asked.
#[derive(Debug)]
pub(crate) struct Inbox {
    address: IpAddr,
    /// The local address that it is asked from.
    local: Option<IpAddr>,
    all: Weak<Inboxes>,
    asked: Mutex<Asked>,
}

#[derive(Debug, Default)]
struct Asked {
    probes: FxHashMap<Aim, Waiting>,
    /// The few kinds of the probes: how, and with how many hops.
    kinds: Vec<(Technique, u8)>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// When each try was sent.
    sent: Vec<Instant>,
    token: u32,
    answer: Option<Answer>,
    waker: Option<Waker>,
}

impl Inboxes {
    /// The inbox of a host that is asked from `local`; it lives as long as somebody holds it.
    pub(crate) fn of(self: &Arc<Self>, address: IpAddr, local: Option<IpAddr>) -> Arc<Inbox> {
        let mut hosts = lock(&self.hosts);
        if let Some(inbox) = hosts.get(&address).and_then(Weak::upgrade) {
            return inbox;
        }
        let all = Arc::downgrade(self);
        let inbox = Arc::new(Inbox { address, local, all, asked: Mutex::default() });
        hosts.insert(address, Arc::downgrade(&inbox));
        inbox
    }

    fn find(&self, address: IpAddr) -> Option<Arc<Inbox>> {
        lock(&self.hosts).get(&address).and_then(Weak::upgrade)
    }

    /// Gives a packet to whom it answers. `own_ports` tells what left from where, `mac` who sent it
    /// over the last link.
    pub(crate) fn deliver(
        &self,
        reply: &Reply,
        mac: Option<[u8; 6]>,
        padding: u32,
        own_ports: OwnPorts,
    ) {
        let candidate = Candidate::of(reply);
        let Some(inbox) = self.find(candidate.host) else { return };
        if matches!(reply.content, Content::Other(_)) && inbox.is_ours(reply) {
            return;
        }
        let origin = match candidate.own {
            Own::Port(port) => own_ports.origin(port),
            Own::Sequence(sequence) => Some(Origin { attempt: Some(sequence.into()), hops: None }),
            Own::None => Some(Origin::default()),
        };
        let Some(origin) = origin else { return };
        let answer = |aim, token| {
            let answer = reading::read(aim, token, padding, reply)?;
            Some(Answer { mac: answer.mac.or(mac), source: Some(reply.source), ..answer })
        };
        inbox.take(&candidate, origin, answer);
        // An error of the host's proves that it speaks ICMP, whatever the error is about.
        if let Some((protocol, proof)) = reading::speaks_icmp(reply) {
            inbox.settle(Aim::new(Technique::Protocol, protocol), proof, Some(NOBODY_KNOWS));
        }
    }

    /// An answer of the link, which names the host by its address alone.
    pub(crate) fn deliver_link(&self, address: IpAddr, answer: Answer) {
        if let Some(inbox) = self.find(address) {
            inbox.settle(Aim::host(Technique::Link), answer, None);
        }
    }
}

/// No try has this number.
const NOBODY_KNOWS: u32 = u32::MAX;

impl Inbox {
    /// A packet that this machine sent, and hears on its way out; or that nobody sent to where the host
    /// is asked from.
    fn is_ours(&self, reply: &Reply) -> bool {
        reply.source == reply.destination || Some(reply.destination) != self.local
    }

    /// Notes that a try is about to be sent; gives the answer to an earlier one, if it came
    /// meanwhile.
    pub(crate) fn ask(self: &Arc<Self>, aim: Aim, token: u32) -> Result<PendingAnswer, Answer> {
        let mut asked = lock(&self.asked);
        let kind = (aim.technique, aim.hops);
        if !asked.kinds.contains(&kind) {
            asked.kinds.push(kind);
        }
        let waiting = asked.probes.entry(aim).or_default();
        if let Some(answer) = waiting.answer {
            asked.probes.remove(&aim);
            return Err(answer);
        }
        waiting.token = token;
        waiting.sent.push(Instant::now());
        drop(asked);
        Ok(PendingAnswer { inbox: self.clone(), aim })
    }

    /// An answer that nobody has taken.
    pub(crate) fn late(&self, aim: Aim) -> Option<Answer> {
        let mut asked = lock(&self.asked);
        asked.probes.get(&aim)?.answer?;
        asked.probes.remove(&aim)?.answer
    }

    /// Takes a packet, of which `read` tells what it answers.
    fn take(
        &self,
        candidate: &Candidate,
        origin: Origin,
        read: impl Fn(Aim, u32) -> Option<Answer>,
    ) {
        let mut asked = lock(&self.asked);
        let Asked { probes, kinds } = &mut *asked;
        for (technique, hops) in kinds.iter() {
            if origin.hops.is_some_and(|told| told != *hops) {
                continue;
            }
            let place = match technique {
                Technique::Protocol => candidate.protocol.into(),
                _ => candidate.port,
            };
            let aim = Aim { hops: *hops, ..Aim::new(*technique, place) };
            let Some(waiting) = probes.get_mut(&aim) else { continue };
            let Some(answer) = read(aim, waiting.token) else { continue };
            if let Some(waker) = waiting.settle(answer, origin.attempt) {
                drop(asked);
                waker.wake();
            }
            return;
        }
    }

    /// Puts an answer to `aim`, if it is being asked.
    fn settle(&self, aim: Aim, answer: Answer, attempt: Option<u32>) {
        let mut asked = lock(&self.asked);
        let waker = asked.probes.get_mut(&aim).and_then(|w| w.settle(answer, attempt));
        drop(asked);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Waiting {
    /// The first answer counts; gives whom to wake.
    fn settle(&mut self, mut answer: Answer, attempt: Option<u32>) -> Option<Waker> {
        if self.answer.is_some() {
            return None;
        }
        // With one try it is clear which one was answered (Karn's rule).
        let attempt = attempt.or((self.sent.len() == 1).then_some(0));
        answer.to = attempt.and_then(|attempt| {
            let sent = self.sent.get(usize::try_from(attempt).ok()?)?;
            Some((attempt, sent.elapsed()))
        });
        self.answer = Some(answer);
        self.waker.take()
    }
}

impl Drop for Inbox {
    fn drop(&mut self) {
        let Some(all) = self.all.upgrade() else { return };
        let mut hosts = lock(&all.hosts);
        // Another one may have taken its place.
        if hosts.get(&self.address).is_some_and(|known| known.strong_count() == 0) {
            hosts.remove(&self.address);
        }
    }
}

/// A probe by packets that waits for its answer.
#[derive(Debug)]
pub struct PendingAnswer {
    inbox: Arc<Inbox>,
    aim: Aim,
}

impl Future for PendingAnswer {
    type Output = Answer;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Answer> {
        let mut asked = lock(&self.inbox.asked);
        let Some(waiting) = asked.probes.get_mut(&self.aim) else { return Poll::Pending };
        match waiting.answer {
            Some(answer) => {
                asked.probes.remove(&self.aim);
                Poll::Ready(answer)
            }
            None => {
                match &mut waiting.waker {
                    Some(waker) => waker.clone_from(cx.waker()),
                    none => *none = Some(cx.waker().clone()),
                }
                Poll::Pending
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
