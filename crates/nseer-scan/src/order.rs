//! In which order a host's ports are tried.

use nseer_core::{PortKey, PortTable, Protocol};
use nseer_seam::Random;

/// Ports that most often answer: tried first, because an early answer tells the round-trip time,
/// and with it how long the silent ports have to be waited for.
const LIKELY: [u16; 14] = [80, 443, 22, 21, 25, 53, 23, 110, 139, 445, 3389, 8080, 143, 3306];

/// The TCP ports of `table`: ascending, or shuffled with the likeliest ones first.
pub(crate) fn tcp_ports(table: &PortTable, in_order: bool, random: &dyn Random) -> Vec<u16> {
    let keys = table.ports().of(Protocol::Tcp);
    let mut ports: Vec<u16> = keys.iter().map(|key: &PortKey| key.number).collect();
    if !in_order {
        shuffle(&mut ports, random);
        let mut front = 0;
        for i in 0..ports.len() {
            if LIKELY.contains(&ports[i]) {
                ports.swap(front, i);
                front += 1;
            }
        }
    }
    ports
}

/// Fisher and Yates' shuffle. One random seed is stretched by SplitMix64 (Steele et al., 2014):
/// the order is to be irregular, not secret.
fn shuffle(ports: &mut [u16], random: &dyn Random) {
    let mut seed = [0; 8];
    random.fill(&mut seed);
    let mut state = u64::from_le_bytes(seed);
    for i in (1..ports.len()).rev() {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        // Multiply and shift: a number below i + 1, which is at most 65,536.
        let j = ((mixed >> 32) * (i as u64 + 1)) >> 32;
        ports.swap(i, usize::try_from(j).unwrap_or(i));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use nseer_core::{ScanPorts, ServiceTable};
    use nseer_seam::RealRandom;

    use super::*;

    fn order(in_order: bool) -> Vec<u16> {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let keys = (1..=1000).map(PortKey::tcp).chain([PortKey::udp(53)]).collect();
        let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
        tcp_ports(&table, in_order, &RealRandom)
    }

    #[test]
    fn every_port_comes_once() {
        let mut shuffled = order(false);
        assert_ne!(shuffled, order(true));
        assert!(shuffled[..10].iter().all(|port| LIKELY.contains(port)), "{:?}", &shuffled[..10]);
        shuffled.sort_unstable();
        assert_eq!(shuffled, order(true));
        assert_eq!(order(true), (1..=1000).collect::<Vec<u16>>());
    }
}
