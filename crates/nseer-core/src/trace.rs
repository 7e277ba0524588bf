//! The way to a host, hop by hop (`--traceroute`).

use std::net::IpAddr;
use std::time::Duration;

use crate::port::PortKey;

/// As many hops are asked: a way is longer only where packets run in circles.
pub const MOST_HOPS: u8 = 30;

/// The way that probes took to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// What was sent; `None` where nothing had to be, because the host is on a network of this
    /// machine's.
    pub probe: Option<TraceProbe>,
    /// The hops that answered, in ascending order; the last one is the host, if it was reached.
    pub hops: Vec<Hop>,
}

/// What a trace was made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TraceProbe {
    /// Packets to a port.
    Port(PortKey),
    /// ICMP echo requests.
    Echo,
}

impl TraceProbe {
    /// The protocol's name, and the port where it has ports.
    #[must_use]
    pub fn parts(self) -> (&'static str, Option<u16>) {
        match self {
            TraceProbe::Port(key) => (key.protocol.as_str(), Some(key.number)),
            TraceProbe::Echo => ("icmp", None),
        }
    }
}

/// One router, or the host itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// The time to live that reached it: 1 for the first.
    pub ttl: u8,
    /// Who answered.
    pub address: IpAddr,
    /// Its name from reverse DNS.
    pub name: Option<String>,
    /// How long the answer took; `None` where that cannot be told.
    pub round_trip: Option<Duration>,
}
