//! What the scan sends and receives: counted always, and shown where `--packet-trace` is on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use nseer_core::event::Traffic;
use nseer_core::{Event, EventSink as _, Levels, Severity};
use nseer_packet::{packet_length, packet_line};
use nseer_scan::{Connecting, Seen, Tap};
use nseer_seam::Clock;

use crate::sinks::Sinks;

/// Counts packets, and tells of them once it is known to whom.
#[derive(Clone)]
pub struct PacketTap(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    begun: Instant,
    /// Raw packets may be sent, so that it is worth telling how many were.
    is_raw: bool,
    teller: OnceLock<(Sinks, Arc<Levels>)>,
    sent: Count,
    received: Count,
}

#[derive(Default)]
struct Count {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Count {
    fn add(&self, packet: &[u8]) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(packet_length(packet) as u64, Ordering::Relaxed);
    }
}

impl PacketTap {
    /// A tap of a run that began at `begun`; `is_raw` where it may send packets of its own.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, begun: Instant, is_raw: bool) -> PacketTap {
        let (sent, received) = (Count::default(), Count::default());
        PacketTap(Arc::new(Inner { clock, begun, is_raw, teller: OnceLock::new(), sent, received }))
    }

    /// From now on lines go to `sinks`, where `levels` say so.
    pub fn tell_to(&self, sinks: Sinks, levels: Arc<Levels>) {
        // It is called once.
        let _ = self.0.teller.set((sinks, levels));
    }

    /// What the scanner tells.
    #[must_use]
    pub fn tap(&self) -> Tap {
        let inner = self.0.clone();
        Tap::new(move |seen| inner.see(seen))
    }

    /// What was sent and received so far; `None` where no packet could be.
    #[must_use]
    pub fn traffic(&self) -> Option<Traffic> {
        let Inner { sent, received, .. } = &*self.0;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        self.0.is_raw.then(|| Traffic {
            sent: load(&sent.packets),
            sent_bytes: load(&sent.bytes),
            received: load(&received.packets),
            received_bytes: load(&received.bytes),
        })
    }
}

impl Inner {
    fn see(&self, seen: &Seen<'_>) {
        match seen {
            Seen::Sent(packet) => {
                self.sent.add(packet);
                self.tell("SENT", || packet_line(packet));
            }
            Seen::Received(packet) => {
                self.received.add(packet);
                self.tell("RCVD", || packet_line(packet));
            }
            Seen::Connect(peer, how) => self.tell("CONN", || connection(*peer, *how)),
            _ => {}
        }
    }

    fn tell(&self, what: &str, text: impl FnOnce() -> String) {
        let Some((sinks, _)) = self.teller.get().filter(|(_, levels)| levels.packets()) else {
            return;
        };
        let since = self.clock.now().saturating_duration_since(self.begun).as_secs_f64();
        let text = format!("{what} ({since:.4}s) {}", text()).into_bytes();
        sinks.emit(Event::Message { severity: Severity::Note, text });
    }
}

/// A line for a connection, as readers know it.
fn connection(peer: SocketAddr, how: Connecting<'_>) -> String {
    let how = match how {
        Connecting::Waiting => "Operation now in progress".to_owned(),
        Connecting::Made => "Connected".to_owned(),
        // Without the number that the standard library adds.
        Connecting::Failed(error) => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or_default().to_owned()
        }
    };
    format!("TCP localhost > {}:{} => {how}", peer.ip(), peer.port())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_connection_has_a_line() {
        let peer: SocketAddr = "[::1]:22".parse().unwrap();
        let refused = io::Error::from_raw_os_error(rustix::io::Errno::CONNREFUSED.raw_os_error());
        for (how, said) in [
            (Connecting::Waiting, "Operation now in progress"),
            (Connecting::Made, "Connected"),
            (Connecting::Failed(&refused), "Connection refused"),
        ] {
            assert_eq!(connection(peer, how), format!("TCP localhost > ::1:22 => {said}"));
        }
    }
}
