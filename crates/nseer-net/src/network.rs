//! The network as a whole: policy, slots, name resolution.

use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::dns::Dns;
use crate::error::NetError;
use crate::observer::{Observer, Watched};
use crate::offers::Offers;
use crate::options::ConnectOptions;
use crate::stand_in::StandIn;
use crate::tls::{OpensslConnector, TlsConnector};

/// How bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A TCP connection.
    Tcp,
    /// UDP datagrams.
    Udp,
    /// TLS over TCP.
    Tls,
    /// DTLS over UDP.
    Dtls,
    /// Packets that a script made itself. Port 0 stands for none.
    Raw,
}

/// The version of the Internet Protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// True where `address` is of this family.
    #[must_use]
    pub fn has(self, address: &IpAddr) -> bool {
        address.is_ipv6() == (self == Family::V6)
    }
}

/// Decides which peers scripts may talk to.
pub trait NetPolicy: Send + Sync {
    /// Says no by an error, whose text tells why.
    ///
    /// # Errors
    /// Where the peer may not be contacted.
    fn check(&self, peer: SocketAddr, transport: Transport) -> Result<(), String>;
}

/// The policy that forbids nothing.
#[derive(Clone, Copy, Debug)]
pub struct AllowAll;

impl NetPolicy for AllowAll {
    fn check(&self, _: SocketAddr, _: Transport) -> Result<(), String> {
        Ok(())
    }
}

/// See [`NetworkConfig::zone`].
pub type ZoneOf = Arc<dyn Fn(Ipv6Addr) -> u32 + Send + Sync>;

/// How the network is used.
#[derive(Clone)]
pub struct NetworkConfig {
    /// Name servers to ask instead of the system's.
    pub dns_servers: Vec<SocketAddr>,
    /// The system's name servers are asked even where `dns_servers` names others.
    pub system_dns: bool,
    /// How many script threads may hold sockets at a time.
    pub slots: usize,
    /// How many connections may wait to be taken over (see [`Network::offer`]).
    pub offers: usize,
    /// Most bytes that one read gathers beyond what was asked for.
    pub buffer_limit: usize,
    /// Who may be contacted.
    pub policy: Arc<dyn NetPolicy>,
    /// Gives the number of the interface on whose link an address is, for those that are the same on every
    /// link (RFC 4007); 0 for all others, and where it is not known.
    pub zone: ZoneOf,
    /// Stands in for all peers and for DNS: nothing then reaches the network.
    pub stand_in: Option<Arc<dyn StandIn>>,
    /// Is told what goes over sockets.
    pub observer: Option<Arc<dyn Observer>>,
}

impl Default for NetworkConfig {
    fn default() -> Self {
        NetworkConfig {
            dns_servers: Vec::new(),
            system_dns: false,
            slots: 256,
            offers: 0,
            buffer_limit: 16 << 20,
            policy: Arc::new(AllowAll),
            zone: Arc::new(|_| 0),
            stand_in: None,
            observer: None,
        }
    }
}

/// The network. Cheap to clone; every clone is the same network.
#[derive(Clone)]
pub struct Network {
    inner: Arc<Inner>,
}

struct Inner {
    config: NetworkConfig,
    slots: Arc<Semaphore>,
    waiting: AtomicUsize,
    offers: Arc<Offers>,
    dns: Dns,
    tls: Box<dyn TlsConnector>,
}

/// The right to hold sockets; goes back when dropped, and then wakes exactly one waiter.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

impl Network {
    /// A network. Costs nothing until it is used.
    #[must_use]
    pub fn new(config: NetworkConfig) -> Network {
        let slots = Arc::new(Semaphore::new(config.slots.clamp(1, Semaphore::MAX_PERMITS)));
        let given = if config.system_dns { Vec::new() } else { config.dns_servers.clone() };
        let inner = Inner {
            offers: Offers::new(config.offers),
            config,
            slots,
            waiting: AtomicUsize::new(0),
            dns: Dns::new(given),
            tls: Box::new(OpensslConnector::default()),
        };
        Network { inner: Arc::new(inner) }
    }

    /// The addresses of `name`, which may be an address itself.
    ///
    /// # Errors
    /// [`NetError::Resolve`] where it has none of `family`.
    pub async fn resolve(
        &self,
        name: &str,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, NetError> {
        let found = match &self.inner.config.stand_in {
            None => self.inner.dns.resolve(name, family).await,
            Some(stand_in) => stand_in.resolve(name, family),
        };
        if let Some(observer) = &self.inner.config.observer {
            observer.resolved(name, family, &found);
        }
        found
    }

    /// The name of an address by reverse DNS, without its final dot.
    pub async fn reverse(&self, address: IpAddr) -> Option<String> {
        let name = match &self.inner.config.stand_in {
            None => self.inner.dns.reverse(address).await,
            Some(stand_in) => stand_in.reverse(address),
        };
        if let Some(observer) = &self.inner.config.observer {
            observer.reversed(address, name.as_deref());
        }
        name
    }

    /// The name servers in use.
    #[must_use]
    pub fn dns_servers(&self) -> Vec<SocketAddr> {
        self.inner.dns.servers()
    }

    /// Waits for the right to hold sockets; first come, first served.
    pub async fn slot(&self) -> Slot {
        if let Ok(permit) = self.inner.slots.clone().try_acquire_owned() {
            return Slot { _permit: permit };
        }
        let waiting = Waiting::new(&self.inner.waiting);
        loop {
            // The semaphore is never closed, so this succeeds at the first turn.
            if let Ok(permit) = self.inner.slots.clone().acquire_owned().await {
                drop(waiting);
                return Slot { _permit: permit };
            }
        }
    }

    /// Hands over a connection to `peer`, non-blocking, over which nothing was sent or read. The
    /// next [`crate::Socket::connect`] to the peer goes on with it, if it comes within a second;
    /// otherwise it is closed. Needs a tokio runtime.
    pub fn offer(&self, peer: SocketAddr, connection: TcpStream) {
        self.inner.offers.put(peer, connection);
    }

    pub(crate) fn offered(&self, peer: SocketAddr) -> Option<TcpStream> {
        self.inner.offers.take(peer)
    }

    /// How many threads wait for a slot.
    #[must_use]
    pub fn slots_waiting(&self) -> usize {
        self.inner.waiting.load(Ordering::Relaxed)
    }

    /// Asks the policy whether a peer may be contacted.
    ///
    /// # Errors
    /// [`NetError::Forbidden`] where it may not.
    pub fn check(&self, peer: SocketAddr, transport: Transport) -> Result<(), NetError> {
        let verdict = self.inner.config.policy.check(peer, transport);
        verdict.map_err(|reason| NetError::Forbidden { peer, reason })
    }

    /// The peer with the link that it is on.
    pub(crate) fn on_link(&self, peer: SocketAddr) -> SocketAddr {
        match peer {
            SocketAddr::V6(mut v6) if v6.scope_id() == 0 => {
                v6.set_scope_id((self.inner.config.zone)(*v6.ip()));
                v6.into()
            }
            _ => peer,
        }
    }

    pub(crate) fn buffer_limit(&self) -> usize {
        self.inner.config.buffer_limit
    }

    pub(crate) fn stand_in(&self) -> Option<&dyn StandIn> {
        self.inner.config.stand_in.as_deref()
    }

    /// Who is told what a new socket does, where anybody is.
    pub(crate) fn watched(&self, options: &ConnectOptions) -> Option<Box<Watched>> {
        let observer = self.inner.config.observer.as_ref();
        let wanted = observer.is_some() || options.tally.is_some();
        wanted.then(|| Watched::new(observer.cloned(), options.tally.clone(), options.mark))
    }

    pub(crate) fn tls(&self) -> &dyn TlsConnector {
        &*self.inner.tls
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Network")
    }
}

/// Counts somebody as waiting until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Waiting(count)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn slots_go_to_whoever_waited_longest() {
        let network = Network::new(NetworkConfig { slots: 1, ..NetworkConfig::default() });
        let held = network.slot().await;
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for i in 0..3 {
            let (mine, order) = (network.clone(), order.clone());
            tasks.push(tokio::spawn(async move {
                let slot = mine.slot().await;
                order.lock().expect("lock").push(i);
                drop(slot);
            }));
            tokio::task::yield_now().await;
            assert_eq!(network.slots_waiting(), i + 1);
        }
        drop(held);
        for task in tasks {
            task.await.expect("task");
        }
        assert_eq!(*order.lock().expect("lock"), [0, 1, 2]);
        assert_eq!(network.slots_waiting(), 0);
    }

    #[tokio::test]
    async fn a_waiter_that_gives_up_takes_no_slot() {
        let network = Network::new(NetworkConfig { slots: 1, ..NetworkConfig::default() });
        let held = network.slot().await;
        let given_up = tokio::time::timeout(std::time::Duration::ZERO, network.slot()).await;
        assert!(given_up.is_err());
        assert_eq!(network.slots_waiting(), 0);
        drop(held);
        drop(network.slot().await);
    }
}
