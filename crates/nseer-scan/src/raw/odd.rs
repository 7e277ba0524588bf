//! Odd packets to a host, and what it answers: packets go out as [`nseer_os`] wants them and at its pace, and
//! the answers are kept whole.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nseer_os::{Exchange, Observation, Probe, Shape, UDP_BYTE, UDP_BYTES, UDP_ID};
use nseer_packet::{OddHeader, OddSegment, Outgoing};
use nseer_seam::Random;
use rustc_hash::FxHashMap;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::gate::Gate;
use crate::raw::RawConnector;

/// From one of the six SYNs to the next: what is measured needs this to be even.
const SEQ_STEP: Duration = Duration::from_millis(100);
/// From one of the others to the next.
const STEP: Duration = Duration::from_millis(25);
/// Silent probes are sent so often in all.
const TRIES: u32 = 4;
/// The least time in which an answer may come.
const LEAST_WAIT: Duration = Duration::from_millis(100);
/// Packets of a host that are kept until they are looked at.
const MOST_WAITING: usize = 256;

/// Ports that odd packets are sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OddPorts {
    /// An open TCP port; without one, what needs it is not sent.
    pub open: Option<u16>,
    /// A closed TCP port, or one that is likely to be.
    pub closed: u16,
    /// A UDP port that is closed, or likely to be.
    pub udp: u16,
}

/// Those who want all packets of a host.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    /// How many there are, since most of the time there is none.
    count: AtomicUsize,
    hosts: Mutex<FxHashMap<Ipv4Addr, mpsc::Sender<Vec<u8>>>>,
}

/// Takes packets of a host until it is dropped.
struct Watch {
    watchers: Arc<Watchers>,
    host: Ipv4Addr,
    packets: mpsc::Receiver<Vec<u8>>,
}

impl Watchers {
    /// Gives an IP packet to who wants it.
    pub(crate) fn deliver(&self, packet: &[u8]) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let (Some(0x40), Some(source)) = (packet.first().map(|first| first & 0xF0), source(packet))
        else {
            return;
        };
        if let Some(taker) = self.hosts().get(&source) {
            // Where it is full, more than was asked for has come.
            let _ = taker.try_send(packet.to_vec());
        }
    }

    fn watch(self: &Arc<Self>, host: Ipv4Addr) -> Watch {
        let (taker, packets) = mpsc::channel(MOST_WAITING);
        let mut hosts = self.hosts();
        hosts.insert(host, taker);
        self.count.store(hosts.len(), Ordering::Relaxed);
        drop(hosts);
        Watch { watchers: self.clone(), host, packets }
    }

    fn hosts(&self) -> MutexGuard<'_, FxHashMap<Ipv4Addr, mpsc::Sender<Vec<u8>>>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let mut hosts = self.watchers.hosts();
        hosts.remove(&self.host);
        self.watchers.count.store(hosts.len(), Ordering::Relaxed);
    }
}

fn source(packet: &[u8]) -> Option<Ipv4Addr> {
    let octets: [u8; 4] = *packet.get(12..)?.first_chunk()?;
    Some(octets.into())
}

/// What is chosen anew for each observation.
#[derive(Clone, Copy)]
struct Choice {
    sequence: u32,
    acknowledgement: u32,
    echo_id: u16,
}

/// A host that is being observed.
struct Sitting<'a> {
    raw: &'a RawConnector,
    gate: &'a Gate,
    random: &'a dyn Random,
    ends: [Ipv4Addr; 2],
    ports: OddPorts,
    choice: Choice,
    exchanges: Vec<Exchange>,
    watch: Watch,
    begun: Instant,
}

impl RawConnector {
    /// Sends all probes to a host and gives what came back; `patience` is how long an answer may take.
    pub(crate) async fn observe(
        &self,
        (source, host): (Ipv4Addr, Ipv4Addr),
        ports: OddPorts,
        patience: Duration,
        gate: &Gate,
        random: &dyn Random,
    ) -> Observation {
        let number = || u32::try_from(random.below(1 << 32)).unwrap_or(0x5EED_5EED);
        let [_, _, high, low] = number().to_be_bytes();
        let echo_id = u16::from_be_bytes([high, low]);
        let mut sitting = Sitting {
            raw: self,
            gate,
            random,
            ends: [source, host],
            ports,
            choice: Choice { sequence: number(), acknowledgement: number(), echo_id },
            exchanges: Vec::new(),
            watch: self.shared.ears.watchers.watch(host),
            begun: Instant::now(),
        };
        sitting.first_round().await;
        let patience = patience.max(LEAST_WAIT);
        for _ in 1..TRIES {
            if sitting.wait(patience).await {
                break;
            }
            sitting.repeat().await;
        }
        sitting.wait(patience).await;
        Observation { exchanges: sitting.exchanges, known_hops: None }
    }
}

impl Sitting<'_> {
    async fn first_round(&mut self) {
        let mut next = self.begun;
        for probe in Probe::ALL {
            let needs_open = matches!(probe.shape(), Shape::Tcp { to_open: true, .. });
            if needs_open && self.ports.open.is_none() {
                continue;
            }
            self.hear_until(next).await;
            let packet = self.packet(probe);
            let sent = self.send(&packet).await;
            self.exchanges.push(Exchange { probe, sent, packet, reply: None });
            // By the clock, so that delays do not add up.
            next += if matches!(probe, Probe::Seq(0..=4)) { SEQ_STEP } else { STEP };
            next = next.max(self.begun + sent);
        }
    }

    /// Sends again what was not answered.
    async fn repeat(&mut self) {
        for at in 0..self.exchanges.len() {
            if self.exchanges[at].reply.is_none() {
                let packet = self.exchanges[at].packet.clone();
                self.exchanges[at].sent = self.send(&packet).await;
                self.hear_until(Instant::now() + STEP).await;
            }
        }
    }

    /// Waits until all is answered, or for so long; true where all is.
    async fn wait(&mut self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while self.exchanges.iter().any(|exchange| exchange.reply.is_none()) {
            match timeout_at(end, self.watch.packets.recv()).await {
                Ok(Some(packet)) => self.take(packet),
                Ok(None) | Err(_) => return false,
            }
        }
        true
    }

    async fn hear_until(&mut self, end: Instant) {
        while let Ok(Some(packet)) = timeout_at(end, self.watch.packets.recv()).await {
            self.take(packet);
        }
    }

    /// Sends a packet as soon as the rates allow it, and gives when that was.
    async fn send(&self, packet: &[u8]) -> Duration {
        while let Some(later) = self.gate.take_rate(Instant::now()) {
            sleep_until(later).await;
        }
        let sent = self.begun.elapsed();
        let outgoing = Outgoing { packet: packet.to_vec(), to: IpAddr::V4(self.ends[1]), zone: 0 };
        self.raw.shared.carry(&[outgoing]);
        sent
    }

    fn packet(&self, probe: Probe) -> Vec<u8> {
        let below = |bound: u64| u16::try_from(self.random.below(bound)).unwrap_or(0);
        let [source, destination] = self.ends;
        let usual = u8::try_from(37 + below(29)).unwrap_or(64);
        let ttl = self.raw.shared.config.ttl.unwrap_or(usual);
        let id = below(1 << 16);
        let header = OddHeader { source, destination, ttl, id, tos: 0, df: false };
        let own = self.raw.shared.ears.own_ports.odd(probe.place());
        match probe.shape() {
            Shape::Tcp { to_open, flags, reserved, window, urgent, options, df } => {
                let closed = self.ports.closed;
                let port = if to_open { self.ports.open.unwrap_or(closed) } else { closed };
                let Choice { sequence, acknowledgement, .. } = self.choice;
                let (step, acknowledgement) = match probe {
                    Probe::Seq(number) => (u32::from(number), acknowledgement),
                    Probe::Ecn => (0, 0),
                    _ => (0, acknowledgement),
                };
                let sequence = sequence.wrapping_add(step);
                let ports = [own, port];
                OddHeader { df, ..header }.tcp(&OddSegment {
                    ports,
                    sequence,
                    acknowledgement,
                    flags,
                    reserved,
                    window,
                    urgent,
                    options,
                })
            }
            Shape::Echo { code, tos, length, sequence, df } => {
                let id = self.choice.echo_id.wrapping_add(u16::from(probe == Probe::Echo(1)));
                OddHeader { tos, df, ..header }.echo(code, id, sequence, length)
            }
            Shape::Udp => {
                let header = OddHeader { id: UDP_ID, ..header };
                header.udp([own, self.ports.udp], &[UDP_BYTE; UDP_BYTES])
            }
        }
    }

    /// Keeps a packet where it is the first answer to a probe.
    fn take(&mut self, packet: Vec<u8>) {
        let Some(probe) = self.answered(&packet) else { return };
        let mut of_probe = self.exchanges.iter_mut().filter(|exchange| exchange.probe == probe);
        if let Some(exchange) = of_probe.next().filter(|exchange| exchange.reply.is_none()) {
            exchange.reply = Some(packet);
        }
    }

    /// The probe that a packet answers.
    fn answered(&self, packet: &[u8]) -> Option<Probe> {
        let [own, _] = self.ends;
        let length = usize::from(packet.first()? & 15) * 4;
        let inside = packet.get(length..)?;
        let pair =
            |bytes: &[u8], at: usize| Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?));
        if packet.get(16..20)? != own.octets() {
            return None;
        }
        let of_port = |port: u16| {
            let number = self.raw.shared.ears.own_ports.odd_number(port)?;
            Probe::ALL.get(usize::from(number)).copied()
        };
        match (packet.get(9)?, inside.first()?) {
            (6, _) => {
                let probe = of_port(pair(inside, 2)?)?;
                let Shape::Tcp { to_open, .. } = probe.shape() else { return None };
                let asked = if to_open { self.ports.open? } else { self.ports.closed };
                (pair(inside, 0)? == asked).then_some(probe)
            }
            (1, 0) => {
                let number = pair(inside, 4)?.wrapping_sub(self.choice.echo_id);
                u8::try_from(number).ok().filter(|number| *number < 2).map(Probe::Echo)
            }
            (1, 3) => {
                // What it is about begins with the header that was sent.
                let quoted = inside.get(8..)?;
                let length = usize::from(quoted.first()? & 15) * 4;
                let ports = quoted.get(length..)?;
                let is_ours = *quoted.get(9)? == 17 && pair(ports, 2)? == self.ports.udp;
                of_port(pair(ports, 0)?).filter(|probe| is_ours && *probe == Probe::Udp)
            }
            _ => None,
        }
    }
}
