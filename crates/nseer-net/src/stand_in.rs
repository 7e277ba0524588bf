//! Connections that no network carries: something stands in for all peers and for DNS.
//!
//! What stands in decides without waiting what a peer does and when; the waiting is done here, by
//! the runtime's clock, which may be a virtual one.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::time::{Instant as TokioInstant, sleep, sleep_until, timeout_at};

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
    /// Holds it up further; is asked once the time is over.
    pub turn: Option<Turn>,
}

impl Opening {
    /// One that takes no time.
    #[must_use]
    pub fn at_once(line: Result<Box<dyn Line>, NetError>) -> Opening {
        Opening { after: Some(Duration::ZERO), line, turn: None }
    }
}

/// Tells what there is to wait for yet at a time; `None` is nothing.
pub type Turn = Box<dyn FnMut(Instant) -> Option<Pause> + Send>;

/// What there is to wait for, before one asks again.
#[derive(Clone, Debug)]
pub struct Pause {
    /// No longer than until then.
    pub until: Instant,
    /// Something else comes first, and this tells that it has come.
    pub others: Option<Arc<Notify>>,
}

impl Pause {
    /// Until this time.
    #[must_use]
    pub fn until(until: Instant) -> Pause {
        Pause { until, others: None }
    }

    /// Waits. Gives the time at which to ask again, where `asked` was the last.
    async fn over(self, asked: Instant) -> Instant {
        match self.others {
            // The runtime waits for whole milliseconds, which a short time-out would not outlast.
            None if self.until.saturating_duration_since(asked) < TICK => self.until,
            None => {
                sleep_until(self.until.into()).await;
                now().max(self.until)
            }
            Some(others) => match timeout_at(self.until.into(), others.notified()).await {
                Ok(()) => now().max(asked),
                Err(_) => now().max(self.until),
            },
        }
    }
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

    /// What a reader has whose time is over; whatever is not there is too late.
    fn receive_last(&mut self, now: Instant) -> Heard {
        self.receive(now)
    }

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
    /// Nothing yet; then the line is asked again.
    Wait(Pause),
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
    if let Some(mut turn) = opening.turn {
        let mut asked = now();
        while let Some(pause) = turn(asked) {
            asked = pause.over(asked).await;
        }
    }
    opening.line
}

/// Waits for the next bytes or datagram, until `deadline`. Gives their number; 0 bytes are added at the
/// end of a stream, which [`NetError::Eof`] tells.
pub(crate) async fn read(
    line: &mut dyn Line,
    into: &mut Vec<u8>,
    deadline: Option<TokioInstant>,
) -> Result<usize, NetError> {
    let deadline = deadline.map(TokioInstant::into_std);
    let mut asked = now();
    loop {
        let is_last = deadline.is_some_and(|deadline| asked >= deadline);
        let heard = if is_last { line.receive_last(asked) } else { line.receive(asked) };
        match heard {
            Heard::Data(data) => {
                into.extend_from_slice(&data);
                return Ok(data.len());
            }
            Heard::Eof => return Err(NetError::Eof),
            Heard::Failed(error) => return Err(error),
            Heard::Wait(_) if is_last => return Err(NetError::TimedOut),
            Heard::Wait(mut pause) => {
                pause.until = deadline.map_or(pause.until, |deadline| deadline.min(pause.until));
                asked = pause.over(asked).await;
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
