//! In which order a host's ports are tried.

use nseer_core::{PortTable, Protocol};
use nseer_seam::Random;

use crate::technique::{Aim, Technique};

/// Ports that most often answer: tried first, because an early answer tells the round-trip time,
/// and with it how long the silent ports have to be waited for.
const LIKELY: [u16; 14] = [80, 443, 22, 21, 25, 53, 23, 110, 139, 445, 3389, 8080, 143, 3306];

/// The ports of `table` that are asked by `technique`: ascending, or shuffled with the likeliest
/// ones first.
pub(crate) fn aims(
    table: &PortTable,
    technique: Technique,
    in_order: bool,
    random: &dyn Random,
) -> Vec<Aim> {
    let Some(protocol) = technique.protocol() else { return Vec::new() };
    let keys = table.ports().of(protocol);
    let mut aims: Vec<Aim> = keys.iter().map(|key| Aim::new(technique, key.number)).collect();
    if !in_order {
        shuffle(&mut aims, random);
        let mut front = 0;
        for i in 0..aims.len() {
            if likely(protocol).contains(&aims[i].port) {
                aims.swap(front, i);
                front += 1;
            }
        }
    }
    aims
}

fn likely(protocol: Protocol) -> &'static [u16] {
    match protocol {
        Protocol::Tcp => &LIKELY,
        Protocol::Udp => &[53, 123, 137, 161, 500, 1900, 5353],
        Protocol::Sctp => &[],
    }
}

/// Fisher and Yates' shuffle. One random seed is stretched by SplitMix64 (Steele et al., 2014):
/// the order is to be irregular, not secret.
fn shuffle<T>(ports: &mut [T], random: &dyn Random) {
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

    use nseer_core::{PortKey, ScanPorts, ServiceTable};
    use nseer_seam::RealRandom;

    use super::*;

    fn order(in_order: bool) -> Vec<u16> {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let keys = (1..=1000).map(PortKey::tcp).chain([PortKey::udp(53)]).collect();
        let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
        let aims = aims(&table, Technique::Connect, in_order, &RealRandom);
        aims.iter().map(|aim| aim.port).collect()
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
