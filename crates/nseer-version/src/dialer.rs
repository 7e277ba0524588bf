//! The seam to the network: connections over which probes are sent.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use nseer_net::{ConnectOptions, NetError, Network, Socket, Transport};
use tokio::time::Instant;

/// Makes connections.
pub trait Dialer: Send + Sync + 'static {
    /// A connection.
    type Conversation: Conversation;

    /// Connects to `peer` within `timeout`, the TLS handshake included. `name` is the server name
    /// to ask for in TLS.
    fn dial(
        &self,
        peer: SocketAddr,
        transport: Transport,
        name: Option<&str>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Self::Conversation, NetError>> + Send;
}

/// A connection, or a UDP socket with a peer. Dropping it closes it.
pub trait Conversation: Send + 'static {
    /// Sends all of `data`.
    fn send(
        &mut self,
        data: &[u8],
        until: Instant,
    ) -> impl Future<Output = Result<(), NetError>> + Send;

    /// Waits for some bytes, or for one datagram.
    fn receive(&mut self, until: Instant)
    -> impl Future<Output = Result<Vec<u8>, NetError>> + Send;

    /// Closes a connection over which nothing more is expected, with as few packets as it takes.
    fn give_up(self);
}

/// Sockets of `nseer-net`.
#[derive(Clone, Debug)]
pub struct SocketDialer(pub Network);

impl Dialer for SocketDialer {
    type Conversation = Socket;

    async fn dial(
        &self,
        peer: SocketAddr,
        transport: Transport,
        name: Option<&str>,
        timeout: Duration,
    ) -> Result<Socket, NetError> {
        let sni = name.map(ToOwned::to_owned);
        let options = ConnectOptions { sni, timeout: Some(timeout), ..ConnectOptions::default() };
        Socket::connect(&self.0, transport, peer, &options).await
    }
}

impl Conversation for Socket {
    async fn send(&mut self, data: &[u8], until: Instant) -> Result<(), NetError> {
        Socket::send(self, data, Some(left(until))).await
    }

    async fn receive(&mut self, until: Instant) -> Result<Vec<u8>, NetError> {
        Socket::receive(self, Some(left(until))).await
    }

    fn give_up(self) {
        self.reset();
    }
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
