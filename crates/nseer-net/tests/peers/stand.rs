//! What the tests stand on: listening threads, and how sockets reach them.

use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nseer_net::{ConnectOptions, NetError, Network, NetworkConfig, Socket, Transport};

/// For operations that must succeed: far more than they take.
pub(crate) const PATIENT: Option<Duration> = Some(Duration::from_secs(60));

/// For operations that must time out, under a paused clock.
pub(crate) const BRIEF: Option<Duration> = Some(Duration::from_millis(100));

pub(crate) fn network() -> Network {
    Network::new(NetworkConfig::default())
}

/// Accepts one connection and hands it to `peer`. The thread's result is the peer's.
pub(crate) fn serve<R: Send + 'static>(
    peer: impl FnOnce(TcpStream) -> R + Send + 'static,
) -> (SocketAddr, JoinHandle<R>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("local address");
    let thread = thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a client");
        peer(stream)
    });
    (address, thread)
}

pub(crate) async fn try_connect(
    transport: Transport,
    peer: SocketAddr,
    timeout: Option<Duration>,
) -> Result<Socket, NetError> {
    let options = ConnectOptions { timeout, ..ConnectOptions::default() };
    Socket::connect(&network(), transport, peer, &options).await
}

pub(crate) async fn connect(transport: Transport, peer: SocketAddr) -> Socket {
    try_connect(transport, peer, PATIENT).await.expect("connected")
}

/// The word that scripts see.
pub(crate) fn status<T: std::fmt::Debug>(result: Result<T, NetError>) -> &'static str {
    result.expect_err("a failure").status()
}
