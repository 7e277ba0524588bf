//! `--iflist`: the machine's interfaces and routes, as the kernel lists them (proc(5), and
//! `include/uapi/linux/route.h` for the flags), in the columns that Nmap's users know.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use nseer_packet::{Device, addresses, devices};
use nseer_seam::System;

/// The lists.
///
/// # Errors
/// Where the kernel does not give them.
pub fn text(system: &System) -> anyhow::Result<String> {
    let read = |path: &str| -> String {
        // A machine without one of the families has no such file.
        let text = system.files.read(Path::new(path)).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    };
    let mut routes = routes_v4(&read("/proc/net/route"));
    routes.extend(routes_v6(&read("/proc/net/ipv6_route")));
    let interfaces = interfaces(system).context("the kernel lists no interfaces")?;
    let heading = |word: &str| format!("{word:*^58}\n");
    let mut text = heading("INTERFACES");
    text.push_str(&table(&interfaces));
    text.push('\n');
    text.push_str(&heading("ROUTES"));
    text.push_str(&table(&route_rows(routes)));
    Ok(text)
}

fn interfaces(system: &System) -> anyhow::Result<Vec<Vec<String>>> {
    let mut rows =
        vec![["DEV", "(SHORT)", "IP/MASK", "TYPE", "UP", "MTU", "MAC"].map(String::from).to_vec()];
    let addresses = addresses()?;
    for device in devices()? {
        let path: PathBuf = ["/sys/class/net", &device.name, "mtu"].iter().collect();
        let mtu = system.files.read(&path).unwrap_or_default();
        let mtu = String::from_utf8_lossy(&mtu).trim().to_owned();
        let own = addresses.iter().filter(|(name, _, _)| *name == device.name);
        let mut masks: Vec<String> =
            own.map(|(_, address, prefix)| format!("{address}/{prefix}")).collect();
        if masks.is_empty() {
            masks.push("(none)/0".to_owned());
        }
        for mask in masks {
            rows.push(vec![
                device.name.clone(),
                format!("({})", device.name),
                mask,
                kind(&device).to_owned(),
                if device.is_up { "up" } else { "down" }.to_owned(),
                mtu.clone(),
                device.mac().map(mac).unwrap_or_default(),
            ]);
        }
    }
    Ok(rows)
}

fn kind(device: &Device) -> &'static str {
    match device {
        _ if device.is_loopback() => "loopback",
        _ if device.is_point_to_point => "point2point",
        _ if device.is_ethernet() => "ethernet",
        _ => "other",
    }
}

fn mac(bytes: [u8; 6]) -> String {
    bytes.map(|byte| format!("{byte:02X}")).join(":")
}

/// One route.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Route {
    network: IpAddr,
    prefix: u32,
    interface: String,
    metric: u32,
    gateway: Option<IpAddr>,
}

const UP: u32 = 1;
const REJECT: u32 = 0x200;

/// The lines of `/proc/net/route`; addresses are numbers of this machine's byte order.
fn routes_v4(text: &str) -> Vec<Route> {
    let route = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |text: &str| {
            let number = u32::from_str_radix(text, 16).ok()?;
            Some(Ipv4Addr::from(number.to_ne_bytes()))
        };
        let [interface, network, gateway, flags, _, _, metric, mask, ..] = words[..] else {
            return None;
        };
        let gateway = address(gateway)?;
        is_used(flags).then_some(Route {
            network: address(network)?.into(),
            prefix: address(mask)?.to_bits().count_ones(),
            interface: interface.to_owned(),
            metric: metric.parse().ok()?,
            gateway: (!gateway.is_unspecified()).then_some(gateway.into()),
        })
    };
    sorted(text.lines().filter_map(route).collect())
}

/// The lines of `/proc/net/ipv6_route`.
fn routes_v6(text: &str) -> Vec<Route> {
    let route = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let address = |text: &str| u128::from_str_radix(text, 16).ok().map(Ipv6Addr::from);
        let [network, prefix, _, _, gateway, metric, _, _, flags, interface] = words[..] else {
            return None;
        };
        let gateway = address(gateway)?;
        is_used(flags).then_some(Route {
            network: address(network)?.into(),
            prefix: u32::from_str_radix(prefix, 16).ok()?,
            interface: interface.to_owned(),
            metric: u32::from_str_radix(metric, 16).ok()?,
            gateway: (!gateway.is_unspecified()).then_some(gateway.into()),
        })
    };
    sorted(text.lines().filter_map(route).collect())
}

fn is_used(flags: &str) -> bool {
    u32::from_str_radix(flags, 16).is_ok_and(|flags| flags & UP != 0 && flags & REJECT == 0)
}

/// The narrowest first, which is how they are chosen.
fn sorted(mut routes: Vec<Route>) -> Vec<Route> {
    routes.sort_by_key(|route| std::cmp::Reverse(route.prefix));
    routes
}

fn route_rows(routes: Vec<Route>) -> Vec<Vec<String>> {
    let head = ["DST/MASK", "DEV", "METRIC", "GATEWAY"].map(String::from).to_vec();
    let row = |route: Route| {
        let gateway = route.gateway.map(|address| address.to_string()).unwrap_or_default();
        let target = format!("{}/{}", route.network, route.prefix);
        vec![target, route.interface, route.metric.to_string(), gateway]
    };
    std::iter::once(head).chain(routes.into_iter().map(row)).collect()
}

/// Columns as wide as they must be.
fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$} "));
        text.push_str(cells.collect::<String>().trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_are_read_and_the_narrowest_comes_first() {
        let bytes = |address: [u8; 4]| format!("{:08X}", u32::from_ne_bytes(address));
        let line = |network, gateway, flags: &str, metric: u32, mask| {
            let [network, gateway, mask] = [network, gateway, mask].map(bytes);
            format!("eth0\t{network}\t{gateway}\t{flags}\t0\t0\t{metric}\t{mask}\t0\t0\t0\n")
        };
        let text = "Iface\tDestination\tGateway\tFlags\n".to_owned()
            + &line([0; 4], [10, 0, 0, 1], "0003", 50, [0; 4])
            + &line([10, 0, 0, 0], [0; 4], "0001", 0, [255, 255, 0, 0])
            + &line([10, 9, 0, 0], [0; 4], "0201", 0, [255, 255, 0, 0]);
        assert_eq!(
            table(&route_rows(routes_v4(&text))),
            "DST/MASK    DEV  METRIC GATEWAY\n\
             10.0.0.0/16 eth0 0\n\
             0.0.0.0/0   eth0 50     10.0.0.1\n"
        );
        let zero = "00000000000000000000000000000000";
        let text = format!(
            "fd550000000000000000000000000000 20 {zero} 00 fd990000000000000000000000000007 \
             00000400 00000001 00000000 00000003     near\n\
             {zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n"
        );
        let routes = routes_v6(&text);
        assert_eq!(routes.len(), 1);
        assert_eq!((routes[0].prefix, routes[0].metric), (32, 1024));
        assert_eq!(routes[0].gateway.map(|gateway| gateway.to_string()), Some("fd99::7".into()));
        assert_eq!(routes_v6("nonsense\n").len() + routes_v4("a b c\n").len(), 0);
    }
}
