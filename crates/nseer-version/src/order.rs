//! Which probes are sent to a port, and in which order.

use nseer_core::{PortKey, Protocol, Tunnel};
use nseer_probes::{Probe, ProbeDb};

/// The intensity at which every probe is tried, and tried whatever was half known.
pub(crate) const ALL: u8 = 9;

/// The probe that only listens, for TCP.
pub(crate) fn null(db: &ProbeDb, protocol: Protocol) -> Option<usize> {
    (protocol == Protocol::Tcp).then(|| db.probes().iter().position(Probe::is_null)).flatten()
}

/// True where the file expects an answer to `probe` from `port`.
pub(crate) fn is_likely(probe: &Probe, port: PortKey, tunnel: Tunnel) -> bool {
    match tunnel {
        Tunnel::None => probe.ports().contains(port.number),
        Tunnel::Ssl => probe.tls_ports().contains(port.number),
    }
}

/// The probes that send something: those that are likely first, then the others that are common
/// enough, each in the order of the file.
pub(crate) fn sending(db: &ProbeDb, port: PortKey, tunnel: Tunnel, intensity: u8) -> Vec<usize> {
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (place, probe) in db.probes().iter().enumerate() {
        if probe.protocol() != port.protocol || probe.is_null() {
            continue;
        }
        if is_likely(probe, port, tunnel) {
            first.push(place);
        } else if probe.rarity() <= intensity {
            then.push(place);
        }
    }
    first.append(&mut then);
    first
}

/// Of the probes not yet sent, those that can tell more of `service`, rare ones included.
pub(crate) fn narrowed(
    db: &ProbeDb,
    port: PortKey,
    tunnel: Tunnel,
    service: &str,
    sent: &[usize],
) -> Vec<usize> {
    let mut all = sending(db, port, tunnel, ALL);
    all.retain(|place| !sent.contains(place) && db.can_tell(*place, service));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likely_ones_come_first() {
        let file = "Probe TCP Null q||\nProbe TCP A q|a|\nrarity 3\nmatch x m|^x|\nProbe TCP B q|b|\nrarity 9\nports 80\n\
                    Probe TCP C q|c|\nrarity 8\nmatch y m|^y|\nProbe TCP D q|d|\nrarity 1\nsslports 80\nProbe UDP E q|e|\n";
        let (db, problems) = ProbeDb::load("file", file.as_bytes().to_vec());
        assert_eq!(problems, []);
        let port = PortKey::tcp(80);
        assert_eq!(null(&db, Protocol::Tcp), Some(0));
        assert_eq!(null(&db, Protocol::Udp), None);
        assert_eq!(sending(&db, port, Tunnel::None, 7), [2, 1, 4]);
        assert_eq!(sending(&db, port, Tunnel::None, 0), [2]);
        assert_eq!(sending(&db, port, Tunnel::Ssl, 7), [4, 1]);
        assert_eq!(sending(&db, PortKey::udp(80), Tunnel::None, 7), [5]);
        assert_eq!(narrowed(&db, port, Tunnel::None, "y", &[1]), [3], "rarity does not count");
        assert_eq!(narrowed(&db, port, Tunnel::None, "x", &[1]), [0; 0]);
    }
}
