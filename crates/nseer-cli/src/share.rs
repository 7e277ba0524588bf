//! `--shard`: the part of all hosts and ports that this run scans.
//!
//! The ports of a host are dealt out one after another to as many parts as there are, beginning with a
//! part that follows from seed and address. So no part needs to know another or how many hosts there
//! are, each port is in exactly one of them, and each has its share of every host.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use nseer_core::{PortKey, ScanPorts};
use nseer_scan::SplitMix;

use crate::plan::Shard;

/// A part of the hosts and ports.
pub struct Share {
    all: Arc<ScanPorts>,
    shard: Option<Shard>,
    seed: u64,
    /// For each first port what follows from it: no more lists than a host has ports.
    lists: Mutex<HashMap<usize, Arc<ScanPorts>>>,
}

impl Share {
    /// A part of `all`, the ports of each host; all of them without a shard.
    #[must_use]
    pub fn new(all: Arc<ScanPorts>, shard: Option<Shard>, seed: u64) -> Share {
        Share { all, shard, seed, lists: Mutex::default() }
    }

    /// The ports that are this run's of a host; `None` where another run has all that there is to
    /// do. A host of which no port is scanned belongs to one run.
    #[must_use]
    pub fn ports(&self, address: IpAddr) -> Option<Arc<ScanPorts>> {
        let Some(shard) = self.shard else { return Some(self.all.clone()) };
        let parts = shard.of.get();
        let dealer = SplitMix::of_host(self.seed, address) % parts;
        // The first port is given to part `dealer`, counted from 0, the next one to the next.
        let part = shard.number.get() - 1;
        let first = if part >= dealer { part - dealer } else { parts - (dealer - part) };
        let first = usize::try_from(first).ok()?;
        let keys = self.all.keys();
        if first >= keys.len().max(1) {
            return None;
        }
        if keys.is_empty() {
            return Some(self.all.clone());
        }
        let mut lists = self.lists.lock().unwrap_or_else(PoisonError::into_inner);
        let list = lists.entry(first).or_insert_with(|| {
            let step = usize::try_from(parts).unwrap_or(usize::MAX);
            let keys: Vec<PortKey> = keys[first..].iter().step_by(step).copied().collect();
            Arc::new(self.all.with_keys(keys))
        });
        Some(list.clone())
    }
}

#[cfg(test)]
mod tests {
    use nseer_core::ServiceTable;
    use proptest::prelude::*;

    use super::*;

    fn ports(count: u16) -> Arc<ScanPorts> {
        let names = Arc::new(ServiceTable::new(b"".as_slice()));
        let keys = (0..count).map(|n| if n % 3 == 0 { PortKey::udp(n) } else { PortKey::tcp(n) });
        Arc::new(ScanPorts::new(keys.collect(), names))
    }

    fn shares(all: &Arc<ScanPorts>, parts: u64, seed: u64) -> Vec<Share> {
        let share = |number| {
            let shard = format!("{number}/{parts}").parse().expect("a shard");
            Share::new(all.clone(), Some(shard), seed)
        };
        (1..=parts).map(share).collect()
    }

    proptest! {
        #[test]
        fn parts_do_not_overlap_and_are_the_whole(
            count in 1_u16..200,
            parts in 1_u64..60,
            seed: u64,
            v4 in proptest::collection::vec(any::<u32>(), 1..8),
            v6 in proptest::collection::vec(any::<u128>(), 1..8),
        ) {
            let all = ports(count);
            let shares = shares(&all, parts, seed);
            let v4 = v4.into_iter().map(|bits| IpAddr::V4(bits.into()));
            let v6 = v6.into_iter().map(|bits| IpAddr::V6(bits.into()));
            for address in v4.chain(v6) {
                let portions = shares.iter().filter_map(|share| share.ports(address));
                let mut keys: Vec<PortKey> = Vec::new();
                for portion in portions {
                    prop_assert!(!portion.keys().is_empty());
                    keys.extend(portion.keys());
                }
                keys.sort_unstable();
                prop_assert_eq!(keys.as_slice(), all.keys());
            }
        }

        #[test]
        fn a_host_without_ports_is_in_one_part(parts in 1_u64..60, seed: u64, address: u32) {
            let shares = shares(&ports(0), parts, seed);
            let address = IpAddr::V4(address.into());
            prop_assert_eq!(shares.iter().filter(|share| share.ports(address).is_some()).count(), 1);
        }
    }

    #[test]
    fn as_many_parts_as_can_be_counted() {
        let shard = |number: u64| format!("{number}/{}", u64::MAX).parse().expect("a shard");
        for number in [1, u64::MAX] {
            let share = Share::new(ports(10), Some(shard(number)), 7);
            assert!(share.ports(IpAddr::from([127, 0, 0, 1])).is_none());
        }
    }

    #[test]
    fn parts_are_alike_in_size() {
        for share in shares(&ports(10), 4, 0) {
            let addresses = (0..1000_u32).map(|n| IpAddr::V4((0x0A00_0000 + n).into()));
            let pairs: usize =
                addresses.filter_map(|address| share.ports(address)).map(|p| p.keys().len()).sum();
            assert!((2400..2600).contains(&pairs), "{pairs}");
        }
    }
}
