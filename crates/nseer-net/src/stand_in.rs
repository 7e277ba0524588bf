//! Connections that no network carries: something stands in for all peers and for DNS.
//!
//! What stands in decides without waiting what a peer does and when; the waiting is done here, by
//! the runtime's clock, which may be a virtual one.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use tokio::time::{Instant as TokioInstant, sleep, sleep_until};

use crate::error::NetError;
use crate::network::{Family, Transport};
use crate::options::ConnectOptions;

/// Whatever a script waits for longer than this does not come.
const FOR_EVER: Duration = Duration::from_secs(30 * 24 * 3600);

/// A shorter wait is none.
const TICK: Duration = Duration::from_millis(1);

/// Stands in for the network.
pub trait StandIn: Send + Sync {
    /// How a connection is opened. TLS, where `transport` has it, is there from the start.
    fn connect(&self, transport: Transport, peer: SocketAddr, options: &ConnectOptions) -> Opening;

    /// A UDP socket without a peer.
    ///
    /// # Errors
    /// Where there is none.
    fn datagrams(&self, ipv6: bool, bind: Option<SocketAddr>) -> Result<Box<dyn Line>, NetError>;

    /// The addresses of a name.
    ///
    /// # Errors
    /// [`NetError::Resolve`] where it has none of `family`.
    fn resolve(&self, name: &str, family: Option<Family>) -> Result<Vec<IpAddr>, NetError>;

    /// The name of an address.
    fn reverse(&self, address: IpAddr) -> Option<String>;
}

/// What becomes of a connect.
pub struct Opening {
    /// How long it takes; `None` is for ever, so that it times out.
    pub after: Option<Duration>,
    /// What there is then.
    pub line: Result<Box<dyn Line>, NetError>,
}

/// One connection, or one UDP socket. Dropping it closes it.
pub trait Line: Send {
    /// Takes what is sent, all of it.
    ///
    /// # Errors
    /// As a real connection has them.
    fn send(&mut self, data: &[u8], to: Option<SocketAddr>, now: Instant) -> Result<(), NetError>;

    /// Takes the start of TLS.
    ///
    /// # Errors
    /// Where the peer speaks none.
    fn start_tls(&mut self, sni: Option<&str>, now: Instant) -> Result<(), NetError>;

    /// What a reader has at `now`.
    fn receive(&mut self, now: Instant) -> Heard;

    /// The ends of the line.
    fn ends(&self) -> LineEnds;
}

/// What a reader of a [`Line`] has.
#[derive(Debug)]
pub enum Heard {
    /// Bytes, or one datagram.
    Data(Vec<u8>),
    /// The end of the stream.
    Eof,
    /// Nothing before this time; then the line is asked again.
    Wait(Instant),
    /// Nothing, ever.
    Silence,
    /// The connection broke.
    Failed(NetError),
}

/// What a [`Line`] says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LineEnds {
    /// The local end.
    pub local: Option<SocketAddr>,
    /// The peer.
    pub peer: Option<SocketAddr>,
    /// It carries datagrams.
    pub is_udp: bool,
    /// It is under TLS or DTLS.
    pub is_tls: bool,
    /// The peer's certificate in DER.
    pub certificate: Option<Vec<u8>>,
}

/// Waits for a connection to open.
pub(crate) async fn open(opening: Opening) -> Result<Box<dyn Line>, NetError> {
    match opening.after {
        Some(after) if after.is_zero() => {}
        Some(after) => sleep(after).await,
        None => {
            sleep(FOR_EVER).await;
            return Err(NetError::TimedOut);
        }
    }
    opening.line
}

/// Waits for the next bytes or datagram. Gives their number; 0 bytes are added at the end of a
/// stream, which [`NetError::Eof`] tells.
pub(crate) async fn read(line: &mut dyn Line, into: &mut Vec<u8>) -> Result<usize, NetError> {
    let mut asked = now();
    loop {
        match line.receive(asked) {
            Heard::Data(data) => {
                into.extend_from_slice(&data);
                return Ok(data.len());
            }
            Heard::Eof => return Err(NetError::Eof),
            Heard::Failed(error) => return Err(error),
            // The runtime waits for whole milliseconds, which a short time-out would not outlast.
            Heard::Wait(until) if until.saturating_duration_since(asked) < TICK => asked = until,
            Heard::Wait(until) => {
                sleep_until(until.into()).await;
                asked = now().max(until);
            }
            Heard::Silence => {
                sleep(FOR_EVER).await;
                return Err(NetError::TimedOut);
            }
        }
    }
}

/// The runtime's time.
pub(crate) fn now() -> Instant {
    TokioInstant::now().into_std()
}
