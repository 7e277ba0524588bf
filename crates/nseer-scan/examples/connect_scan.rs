//! Scans and counts, to time the scanner alone:
//!
//!     connect_scan 127.1.0.0/24 1-100 [THREADS [MAX_SOCKETS [TIMING]]]
//!
//! Hosts are tasks without an order, as in the real pipeline, and at most 1,024 at a time.
#![allow(clippy::print_stdout, reason = "the output of a program")]

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::sync::Arc;

use nseer_core::{HostRecord, HostStatus, PortKey, PortTable, ScanPorts, ServiceTable};
use nseer_scan::{Discovery, ScanConfig, ScanError, Scanner, Timing};
use nseer_seam::System;
use tokio::task::JoinSet;

const HOSTS_AT_A_TIME: usize = 1024;

type Counts = BTreeMap<String, u64>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let (Some(net), Some(ports)) = (args.first(), args.get(1)) else {
        return Err(
            "usage: connect_scan ADDRESS[/BITS] FROM-TO [THREADS [MAX_SOCKETS [TIMING]]]".into()
        );
    };
    let (address, bits) = net.split_once('/').unwrap_or((net, "32"));
    let first = Ipv4Addr::from_str(address)?.to_bits();
    let hosts = 1_u32.checked_shl(32 - bits.parse::<u32>()?.min(32)).unwrap_or(u32::MAX);
    let (from, to) = ports.split_once('-').unwrap_or((ports, ports));
    let ports: Vec<PortKey> = (from.parse()?..=to.parse()?).map(PortKey::tcp).collect();
    let system = System::real();
    let config = ScanConfig {
        timing: args.get(4).map_or(Ok(Timing::default()), |level| level.parse())?,
        discovery: Discovery::Skip,
        max_sockets: args.get(3).map_or(Ok(1000), |most| most.parse())?,
        in_order: false,
        system: system.clone(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(args.get(2).map_or(Ok(1), |threads| threads.parse())?)
        .enable_all()
        .build()?;
    let names = Arc::new(ServiceTable::new(b"".as_slice()));
    let ports = Arc::new(ScanPorts::new(ports, names));
    let start = system.clock.now();
    let addresses = (0..hosts).map(move |i| Ipv4Addr::from_bits(first.wrapping_add(i)).into());
    let scanner = Arc::new(Scanner::new(config, None));
    // In a task, so that the runtime's threads do all of the work.
    let counts =
        runtime.block_on(runtime.spawn(scan_all(scanner, addresses, ports, system.clone())));
    let elapsed = system.clock.now().duration_since(start).as_secs_f64();
    println!("{hosts} hosts in {elapsed:.3} s: {:?}", counts??);
    Ok(())
}

async fn scan_all(
    scanner: Arc<Scanner>,
    addresses: impl Iterator<Item = IpAddr>,
    ports: Arc<ScanPorts>,
    system: System,
) -> Result<Counts, ScanError> {
    let mut tasks = JoinSet::new();
    let mut counts = Counts::new();
    for address in addresses {
        if tasks.len() >= HOSTS_AT_A_TIME
            && let Some(Ok(host)) = tasks.join_next().await
        {
            count(&mut counts, &host?);
        }
        let (scanner, table) = (scanner.clone(), PortTable::new(ports.clone()));
        let mut host = HostRecord::new(address, table, system.clock.wall());
        tasks.spawn(async move {
            scanner.scan(&mut host, None, |_, _| {}).await?;
            Ok::<_, ScanError>(host)
        });
    }
    while let Some(Ok(host)) = tasks.join_next().await {
        count(&mut counts, &host?);
    }
    Ok(counts)
}

fn count(counts: &mut Counts, host: &HostRecord) {
    if host.status != HostStatus::Up {
        *counts.entry(host.status.as_str().to_owned()).or_default() += 1;
    }
    for (_, status) in host.ports.iter() {
        let name = format!("{} {}", status.state, status.reason.as_str());
        *counts.entry(name).or_default() += 1;
    }
}
