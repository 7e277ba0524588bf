//! In which order a host's ports are tried.

use std::net::IpAddr;

use nseer_core::{HostRecord, Protocol};

use crate::config::ScanConfig;
use crate::technique::{Aim, Technique};

/// Ports that most often answer: tried first, because an early answer tells the round-trip time,
/// and with it how long the silent ports have to be waited for.
const LIKELY: [u16; 14] = [80, 443, 22, 21, 25, 53, 23, 110, 139, 445, 3389, 8080, 143, 3306];

/// The ports of `host` that are asked by `technique`: ascending, or shuffled with the likeliest
/// ones first.
pub(crate) fn aims(host: &HostRecord, technique: Technique, config: &ScanConfig) -> Vec<Aim> {
    let Some(protocol) = technique.protocol() else { return Vec::new() };
    let keys = host.ports.ports().of(protocol);
    let mut aims: Vec<Aim> = keys.iter().map(|key| Aim::new(technique, key.number)).collect();
    if !config.in_order {
        shuffle(&mut aims, seed(config, host.address));
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

/// True for what is asked before all that comes in a random order.
pub(crate) fn is_likely(aim: Aim) -> bool {
    aim.technique.protocol().is_some_and(|protocol| likely(protocol).contains(&aim.port))
}

fn likely(protocol: Protocol) -> &'static [u16] {
    match protocol {
        Protocol::Tcp => &LIKELY,
        Protocol::Udp => &[53, 123, 137, 161, 500, 1900, 5353],
        Protocol::Sctp => &[],
        Protocol::Ip => &[1, 6, 17, 58],
    }
}

/// Another one for each host, in each run or in each run with another seed.
fn seed(config: &ScanConfig, address: IpAddr) -> u64 {
    if let Some(seed) = config.seed {
        return SplitMix::of_host(seed, address);
    }
    let mut seed = [0; 8];
    config.system.random.fill(&mut seed);
    u64::from_le_bytes(seed)
}

/// Numbers that look random and follow from a seed: SplitMix64 (Steele et al., 2014). For orders that are to
/// be irregular, not secret.
#[derive(Clone, Debug)]
pub struct SplitMix {
    state: u64,
}

impl SplitMix {
    /// The numbers that follow from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> SplitMix {
        SplitMix { state: seed }
    }

    /// A number for each host that follows from `seed`.
    #[must_use]
    pub fn of_host(seed: u64, address: IpAddr) -> u64 {
        let bits = match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let [low, high] = [bits, bits >> 64].map(|half| (half & u128::from(u64::MAX)) as u64);
        SplitMix::mixed(SplitMix::mixed(seed ^ low).wrapping_add(high))
    }

    /// The next one.
    pub fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        SplitMix::mixed(self.state)
    }

    /// Another number for each number, without an order between them.
    #[must_use]
    pub fn mixed(value: u64) -> u64 {
        let mixed = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// Fisher and Yates' shuffle.
fn shuffle<T>(ports: &mut [T], seed: u64) {
    let mut random = SplitMix::new(seed);
    for i in (1..ports.len()).rev() {
        // Multiply and shift: a number below i + 1, which is at most 65,536.
        let j = ((random.draw() >> 32) * (i as u64 + 1)) >> 32;
        ports.swap(i, usize::try_from(j).unwrap_or(i));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::SystemTime;

    use nseer_core::{PortKey, PortTable, ScanPorts, ServiceTable};
    use nseer_seam::System;

    use super::*;
    use crate::config::Discovery;
    use crate::timing::Timing;

    fn order(in_order: bool, seed: Option<u64>, last: u8) -> Vec<u16> {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let keys = (1..=1000).map(PortKey::tcp).chain([PortKey::udp(53)]).collect();
        let table = PortTable::new(Arc::new(ScanPorts::new(keys, names)));
        let host = HostRecord::new([192, 0, 2, last].into(), table, SystemTime::UNIX_EPOCH);
        let config = ScanConfig {
            timing: Timing::default(),
            discovery: Discovery::Skip,
            ask_link: false,
            techniques: vec![Technique::Connect],
            max_in_flight: 1,
            trace: false,
            in_order,
            seed,
            zone: Arc::new(|_| 0),
            system: System::real(),
            trouble: Arc::new(|_, _| {}),
        };
        aims(&host, Technique::Connect, &config).iter().map(|aim| aim.port).collect()
    }

    #[test]
    fn every_port_comes_once() {
        let mut shuffled = order(false, None, 1);
        assert_ne!(shuffled, order(true, None, 1));
        assert!(shuffled[..10].iter().all(|port| LIKELY.contains(port)), "{:?}", &shuffled[..10]);
        shuffled.sort_unstable();
        assert_eq!(shuffled, order(true, None, 1));
        assert_eq!(order(true, Some(1), 1), (1..=1000).collect::<Vec<u16>>());
    }

    #[test]
    fn a_seed_repeats_the_order_of_each_host() {
        assert_eq!(order(false, Some(5), 1), order(false, Some(5), 1));
        assert_ne!(order(false, Some(5), 1), order(false, Some(6), 1));
        assert_ne!(order(false, Some(5), 1), order(false, Some(5), 2));
        assert_ne!(order(false, None, 1), order(false, None, 1));
    }
}
