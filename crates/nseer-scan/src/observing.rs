//! Odd packets to a host whose ports are known.

use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use nseer_core::HostRecord;
use nseer_os::Observation;
use tokio::time::Instant;

use crate::connector::Connector;
use crate::mixed::MixedConnector;
use crate::raw::{OddPorts, RawConnector};
use crate::scanner::{Scanner, until};

/// Has raw sockets, or can open them.
pub trait HasRaw {
    /// Them; `None` where there can be none.
    fn raw_sockets(&self) -> Option<&RawConnector>;
}

impl HasRaw for RawConnector {
    fn raw_sockets(&self) -> Option<&RawConnector> {
        Some(self)
    }
}

impl HasRaw for MixedConnector {
    fn raw_sockets(&self) -> Option<&RawConnector> {
        self.opened()
    }
}

/// An answer takes so long where nothing is known of the way.
const USUAL_WAIT: Duration = Duration::from_millis(500);
/// No answer is waited for longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3);

impl<C: Connector + HasRaw> Scanner<C> {
    /// Sends odd packets to a host that was scanned, and gives what came back. `None` where there is no way to
    /// send them, the host has no IPv4 address, or `deadline` comes first. It takes a second where all is
    /// answered; of many hosts, some at a time are asked.
    pub async fn observe(
        &self,
        host: &HostRecord,
        ports: OddPorts,
        deadline: Option<Instant>,
    ) -> Option<Observation> {
        let raw = self.connector().raw_sockets()?;
        let source = raw.chosen_source().or(host.source);
        let (Some(IpAddr::V4(source)), IpAddr::V4(address)) = (source, host.address) else {
            return None;
        };
        let patience = host.times.map_or(USUAL_WAIT, |times| times.timeout).min(LONGEST_WAIT);
        let work = pin!(async {
            let _turn = self.turn_to_observe().await;
            let random = &*self.config().system.random;
            raw.observe((source, address), ports, patience, self.gate(), random).await
        });
        let mut seen = until(deadline, work).await?;
        seen.known_hops = (host.directly_connected == Some(true)).then_some(0);
        Some(seen)
    }
}
