//! Probes by packets of our own: SYN and its kin, datagrams, SCTP, ICMP, ARP.
//!
//! What goes out carries a token that follows from a secret, the host and what is asked; what
//! comes in is compared with it (`reading`) and put where the probe waits (`inbox`). Each try leaves
//! from a port of its own, so that an answer tells which try it belongs to.

mod inbox;
mod link;
mod odd;
mod own_ports;
mod reading;

use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use nseer_packet::{
    Envelope, Heard, Listener, Outgoing, PacketError, Payload, Reply, Wire, arp_reply, build,
    tcp_flags,
};
use nseer_seam::Random;
use tokio::task::AbortHandle;

use crate::config::Trouble;
use crate::connector::{Answer, Connector, Destination, Started};
use crate::raw::inbox::{Inbox, Inboxes};
use crate::raw::link::Links;
use crate::raw::odd::Watchers;
use crate::raw::own_ports::OwnPorts;
use crate::raw::reading::icmp_id;
use crate::tap::{Seen, Tap};
use crate::technique::{Aim, Technique};

pub use inbox::PendingAnswer;
pub use odd::OddPorts;

/// The usual time to live.
const TTL: u8 = 64;
/// Packets that are kept back until more are ready.
const MOST_KEPT: usize = 64;

/// What a datagram to a port carries: each element makes a datagram of its own.
pub type Payloads = Arc<dyn Fn(u16) -> Vec<Vec<u8>> + Send + Sync>;

/// What packets look like.
#[derive(Clone)]
pub struct RawConfig {
    /// The interface that they leave by; the kernel's choice where there is none.
    pub interface: Option<String>,
    /// The source address instead of the interface's.
    pub source: Option<IpAddr>,
    /// The source port instead of a random one.
    pub source_port: Option<u16>,
    /// Time to live; 64 where there is none.
    pub ttl: Option<u8>,
    /// Bytes at the end of packets that carry nothing else.
    pub padding: Vec<u8>,
    /// Checksums of TCP, UDP, SCTP and ICMP are wrong.
    pub bad_checksum: bool,
    /// What datagrams carry.
    pub payloads: Payloads,
    /// Packets of all protocols are listened to, as [`Technique::Protocol`] asks.
    pub hears_all: bool,
    /// Is told of each packet that could not be sent.
    pub trouble: Trouble,
    /// Sees what is sent and received.
    pub tap: Tap,
}

/// Carries packets away: [`Wire`] into the kernel, in tests a simulated network.
pub trait Carrier: Send + Sync + 'static {
    /// Sends packets, in order. `failed` is told of each that could not be sent, by its position.
    fn carry(&self, packets: &[Outgoing], failed: &mut dyn FnMut(usize, io::Error));
}

impl Carrier for Wire {
    fn carry(&self, packets: &[Outgoing], failed: &mut dyn FnMut(usize, io::Error)) {
        self.send(packets, failed);
    }
}

/// Probes with packets. Clones share sockets and answers.
#[derive(Clone)]
pub struct RawConnector {
    shared: Arc<Shared>,
    host: Option<(Destination, Arc<Inbox>)>,
    kept: Vec<Outgoing>,
}

struct Shared {
    config: RawConfig,
    carrier: Arc<dyn Carrier>,
    links: Links,
    ears: Ears,
    secret: [u8; 16],
    listeners: Listeners,
}

/// Tasks that listen, until they are dropped.
#[derive(Default)]
struct Listeners(Vec<AbortHandle>);

impl Drop for Listeners {
    fn drop(&mut self) {
        for listener in &self.0 {
            listener.abort();
        }
    }
}

impl RawConnector {
    /// Opens the sockets and begins to listen. Needs a tokio runtime.
    ///
    /// # Errors
    /// Where the user may not send or receive raw packets.
    pub fn open(config: RawConfig, random: &dyn Random) -> Result<RawConnector, PacketError> {
        let wire = Wire::open(config.interface.as_deref())?;
        let mut shared = Shared::over(config, Arc::new(wire), random);
        let ears = &shared.ears;
        let (ports, odd) = (ears.own_ports.range(), ears.own_ports.odd_range());
        let transports =
            ["tcp", "udp", "sctp"].map(|name| format!("({name} dst portrange {ports})"));
        let mut transports = format!("{} or (tcp dst portrange {odd})", transports.join(" or "));
        if shared.config.hears_all {
            transports.push_str(" or not (tcp or udp or sctp)");
        }
        // Both families, since a target may be of either.
        let listeners = vec![
            ears.listen(Listener::open(Heard::V4, &format!("icmp or {transports}"))?),
            ears.listen(Listener::open(Heard::V6, &format!("icmp6 or {transports}"))?),
            ears.listen_to_arp(Listener::open(Heard::Arp, "")?),
        ];
        shared.listeners = Listeners(listeners);
        Ok(RawConnector::of(shared))
    }

    /// Sends through `carrier`, and listens to nothing: answers come through [`RawConnector::hear`].
    #[must_use]
    pub fn over(config: RawConfig, carrier: Arc<dyn Carrier>, random: &dyn Random) -> RawConnector {
        RawConnector::of(Shared::over(config, carrier, random))
    }

    fn of(shared: Shared) -> RawConnector {
        RawConnector { shared: Arc::new(shared), host: None, kept: Vec::new() }
    }

    /// The source address that the user chose.
    pub(crate) fn chosen_source(&self) -> Option<IpAddr> {
        self.shared.config.source
    }

    /// Takes an IP packet that has come in, whatever it is.
    pub fn hear(&self, packet: &[u8]) {
        self.shared.ears.hear(packet, None);
    }

    /// Sends what asks for `aim`; false where there is no such packet.
    fn send(&mut self, aim: Aim, attempt: u32, token: u32) -> bool {
        let Some((host, _)) = &self.host else { return false };
        let shared = &*self.shared;
        let Some(source) = shared.config.source.or(host.source) else { return false };
        if source.is_ipv4() != host.address.is_ipv4() {
            let text = "the source address is of the other version of IP";
            let error = io::Error::new(io::ErrorKind::InvalidInput, text);
            (shared.config.trouble)(host.address, &error);
            return false;
        }
        if aim.technique == Technique::Link {
            return shared.links.ask(host, source, shared);
        }
        let own = shared.ears.own_ports.of(attempt, aim.hops);
        let port = aim.port;
        let id = icmp_id(token);
        let sequence = u16::try_from(attempt).unwrap_or(u16::MAX);
        let empty = || vec![Vec::new()];
        let datagrams = match aim.technique {
            Technique::Udp => Some((shared.config.payloads)(port)).filter(|list| !list.is_empty()),
            _ => None,
        };
        for data in datagrams.unwrap_or_else(empty) {
            let payload = match aim.technique {
                Technique::Tcp(flags, _) => Payload::Tcp {
                    source: own,
                    destination: port,
                    sequence: token,
                    acknowledgement: token,
                    flags,
                },
                Technique::Udp => Payload::Udp { source: own, destination: port, data: &data },
                Technique::SctpInit => {
                    Payload::SctpInit { source: own, destination: port, tag: token }
                }
                Technique::SctpCookieEcho => {
                    Payload::SctpCookieEcho { source: own, destination: port, tag: token }
                }
                Technique::Echo => Payload::Echo { id, sequence },
                Technique::Timestamp => Payload::Timestamp { id, sequence },
                Technique::AddressMask => Payload::AddressMask { id, sequence },
                Technique::Protocol => {
                    protocol_probe(aim.port, own, token, (id, sequence), source.is_ipv4())
                }
                Technique::Connect | Technique::Link => return false,
            };
            let usual = shared.config.ttl.unwrap_or(TTL);
            let ttl = if aim.hops == 0 { usual } else { aim.hops };
            let id = attempt ^ token;
            let envelope = Envelope {
                source,
                destination: host.address,
                ttl,
                id: u16::try_from(id & 0xFFFF).unwrap_or(1),
                padding: &shared.config.padding,
                bad_checksum: shared.config.bad_checksum,
            };
            let Ok(packet) = build(&envelope, &payload) else { return false };
            self.kept.push(Outgoing { packet, to: host.address, zone: host.zone });
        }
        true
    }
}

/// Where packets of protocols with ports go: as in host discovery, an ACK to a usual port and a datagram
/// to one that nobody uses.
const TCP_PORT: u16 = 80;
const UDP_PORT: u16 = 40_125;
const SCTP_PORT: u16 = 80;

/// What asks a host for a protocol: of the well-known ones a packet that makes sense, of others an empty
/// one.
fn protocol_probe(
    number: u16,
    own: u16,
    token: u32,
    (id, sequence): (u16, u16),
    is_v4: bool,
) -> Payload<'static> {
    match (number, is_v4) {
        (1, true) | (58, false) => Payload::Echo { id, sequence },
        (2, true) => Payload::Igmp,
        (6, _) => Payload::Tcp {
            source: own,
            destination: TCP_PORT,
            sequence: token,
            acknowledgement: token,
            flags: tcp_flags::ACK,
        },
        (17, _) => Payload::Udp { source: own, destination: UDP_PORT, data: &[] },
        (132, _) => Payload::SctpInit { source: own, destination: SCTP_PORT, tag: token },
        (other, _) => Payload::Protocol(u8::try_from(other).unwrap_or(u8::MAX)),
    }
}

impl Shared {
    fn over(config: RawConfig, carrier: Arc<dyn Carrier>, random: &dyn Random) -> Shared {
        let mut secret = [0; 16];
        random.fill(&mut secret);
        let choice = u16::from_le_bytes([secret[0], secret[1]]);
        let ears = Ears {
            inboxes: Arc::new(Inboxes::default()),
            watchers: Arc::default(),
            own_ports: OwnPorts::new(config.source_port, choice),
            padding: u32::try_from(config.padding.len()).unwrap_or(u32::MAX),
            tap: config.tap.clone(),
        };
        let (links, listeners) = (Links::default(), Listeners::default());
        Shared { config, carrier, links, ears, secret, listeners }
    }

    fn carry(&self, packets: &[Outgoing]) {
        // Before they leave, so that no answer is seen first.
        for packet in packets {
            self.config.tap.see(&Seen::Sent(&packet.packet));
        }
        self.carrier.carry(packets, &mut |at, error| {
            if let Some(packet) = packets.get(at) {
                (self.config.trouble)(packet.to, &error);
            }
        });
    }

    /// What no stranger can guess of a probe. Not 0, which SCTP forbids.
    fn token(&self, address: IpAddr, aim: Aim) -> u32 {
        let mut hasher = DefaultHasher::new();
        (self.secret, address, aim).hash(&mut hasher);
        let hash = hasher.finish();
        u32::try_from(hash & 0xFFFF_FFFF).unwrap_or(1).max(1)
    }
}

impl Connector for RawConnector {
    type Pending = PendingAnswer;

    fn turn_to(&mut self, host: &Destination) {
        let local = self.shared.config.source.or(host.source);
        let inbox = self.shared.ears.inboxes.of(host.address, local);
        self.host = Some((host.clone(), inbox));
    }

    fn start(&mut self, aim: Aim, attempt: u32) -> Started<PendingAnswer> {
        use nseer_core::Reason;
        let Some((host, inbox)) = &self.host else {
            return Started::Done(Answer::unreachable(Reason::Unknown));
        };
        let token = self.shared.token(host.address, aim);
        let pending = match inbox.ask(aim, token) {
            Ok(pending) => pending,
            Err(answer) => return Started::Done(answer),
        };
        if !self.send(aim, attempt, token) {
            return Started::Done(Answer::unreachable(Reason::NetUnreach));
        }
        if self.kept.len() >= MOST_KEPT {
            self.flush();
        }
        Started::Pending(pending)
    }

    /// A packet that cannot be sent counts as lost: it is sent again, and silence means the same.
    fn flush(&mut self) {
        if !self.kept.is_empty() {
            self.shared.carry(&self.kept);
            self.kept.clear();
        }
    }

    fn late(&mut self, aim: Aim) -> Option<Answer> {
        self.host.as_ref()?.1.late(aim)
    }

    fn rest(&mut self) {}
}

/// What is done with packets that come in.
#[derive(Clone)]
struct Ears {
    inboxes: Arc<Inboxes>,
    /// Those who want a host's packets as they are.
    watchers: Arc<Watchers>,
    own_ports: OwnPorts,
    padding: u32,
    tap: Tap,
}

impl Ears {
    fn hear(&self, packet: &[u8], mac: Option<[u8; 6]>) {
        self.tap.see(&Seen::Received(packet));
        self.watchers.deliver(packet);
        if let Some(reply) = Reply::of(packet) {
            self.inboxes.deliver(&reply, mac, self.padding, self.own_ports);
        }
    }

    fn listen(&self, listener: Listener) -> AbortHandle {
        let ears = self.clone();
        attend(listener, move |packet, mac| ears.hear(packet, mac))
    }

    fn listen_to_arp(&self, listener: Listener) -> AbortHandle {
        use nseer_core::{PortState, Reason};
        let (inboxes, tap) = (self.inboxes.clone(), self.tap.clone());
        attend(listener, move |packet, _| {
            if let Some((address, mac)) = arp_reply(packet) {
                tap.see(&Seen::Received(packet));
                let answer = Answer::host(PortState::Open, Reason::ArpResponse);
                inboxes.deliver_link(address.into(), Answer { mac: Some(mac), ..answer });
            }
        })
    }
}

/// Listens until aborted, or the socket breaks.
fn attend(
    mut listener: Listener,
    mut take: impl FnMut(&[u8], Option<[u8; 6]>) + Send + 'static,
) -> AbortHandle {
    let task = tokio::spawn(async move { while listener.receive(&mut take).await.is_ok() {} });
    task.abort_handle()
}
