//! One host of a document.

use std::io::BufRead;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nseer_core::trace::{Hop, Trace, TraceProbe};
use nseer_core::{HostRecord, HostStatus, OsFindings, PortKey, PortTable, RoundTrip, ScanPorts};

use crate::elements::{Child, Elements, Trouble};
use crate::markup::Tag;
use crate::ports::FoundPorts;
use crate::{scripts, system, words};

/// What a host needs to know of its run.
pub(crate) struct Run<'a> {
    pub(crate) started: SystemTime,
    pub(crate) scanned: &'a [PortKey],
    pub(crate) last_ports: &'a mut Option<Arc<ScanPorts>>,
}

/// Elements of Nmap's that the values of a scan have no place for.
const LEFT_OUT: [(&str, &str); 2] = [("smurf", "smurf responses"), ("owner", "owners of ports")];

impl<R: BufRead> Elements<R> {
    /// The element `host`; `None` where it has no address. `address` is told as soon as it is known.
    pub(crate) fn host(
        &mut self,
        of: &Tag,
        run: Run<'_>,
        address: &mut Option<IpAddr>,
    ) -> Result<Option<HostRecord>, Trouble> {
        let no_ports = PortTable::new(Arc::new(ScanPorts::new(Vec::new(), Arc::new(NoTable))));
        // The address comes later.
        let mut host = HostRecord::new(IpAddr::from([0; 4]), no_ports, run.started);
        host.timed_out = of.text("timedout") == "true";
        if let Some(start) = epoch(of, "starttime") {
            host.started = start;
        }
        host.finished = epoch(of, "endtime");
        let mut found = FoundPorts::default();
        let mut os = OsFindings::default();
        while let Some(child) = self.child(of)? {
            let tag = match child {
                Child::Element(tag) => tag,
                Child::Instruction(tag) => {
                    host.runs.extend(scripts::script_run(&tag, *address));
                    continue;
                }
                Child::Text(_) => continue,
            };
            match tag.name.as_str() {
                "ports" => found = self.ports(&tag)?,
                "hostscript" => host.scripts = self.scripts(&tag)?,
                "hostnames" => self.names(&tag, &mut host)?,
                "trace" => host.trace = Some(self.trace(&tag)?),
                "os" => self.system(&tag, &mut os)?,
                "address" => {
                    self.address(&tag, &mut host, address);
                    self.skip(&tag)?;
                }
                _ => {
                    let at = host.finished.unwrap_or(host.started);
                    if !system::beside(&tag, &mut os, at) {
                        self.detail(&tag, &mut host);
                    }
                    self.skip(&tag)?;
                }
            }
        }
        let (table, whole) = found.table(run.scanned, run.last_ports);
        host.ports = table;
        host.os = Some(os).filter(|os| *os != OsFindings::default()).map(Box::new);
        if !whole {
            self.leave_out("ports that are only counted");
        }
        Ok(address.map(|address| HostRecord { address, ..host }))
    }

    fn address(&mut self, tag: &Tag, host: &mut HostRecord, address: &mut Option<IpAddr>) {
        if tag.text("addrtype") == "mac" {
            host.mac = mac(tag.text("addr"));
            host.vendor = tag.get("vendor").map(str::to_owned);
        } else if let (Ok(parsed), None) = (tag.text("addr").parse(), &address) {
            *address = Some(parsed);
        }
    }

    fn names(&mut self, of: &Tag, host: &mut HostRecord) -> Result<(), Trouble> {
        while let Some(tag) = self.element(of)? {
            let slot = match tag.text("type") {
                "user" => &mut host.target_name,
                _ => &mut host.reverse_name,
            };
            if slot.is_none() {
                *slot = tag.get("name").map(str::to_owned);
            }
            self.skip(&tag)?;
        }
        Ok(())
    }

    /// The way to the host. A hop without an address did not answer.
    fn trace(&mut self, of: &Tag) -> Result<Trace, Trouble> {
        let port = of.number("port").zip(of.text("proto").parse().ok());
        let probe = match port {
            Some((port, protocol)) => Some(TraceProbe::Port(PortKey::new(protocol, port))),
            None => (!of.text("proto").is_empty()).then_some(TraceProbe::Echo),
        };
        let mut hops = Vec::new();
        while let Some(tag) = self.element(of)? {
            let address = tag.text("ipaddr").parse().ok().filter(|_| tag.name == "hop");
            if let (Some(address), Some(ttl)) = (address, tag.number("ttl")) {
                hops.push(Hop {
                    ttl,
                    address,
                    name: tag.get("host").map(str::to_owned),
                    round_trip: milliseconds(tag.text("rtt")),
                });
            }
            self.skip(&tag)?;
        }
        Ok(Trace { probe, hops })
    }

    fn detail(&mut self, tag: &Tag, host: &mut HostRecord) {
        match tag.name.as_str() {
            "status" => {
                host.status = match tag.text("state") {
                    "up" => HostStatus::Up,
                    "down" => HostStatus::Down,
                    _ => HostStatus::Unknown,
                };
                host.reason = words::reason(tag.text("reason"));
                host.reason_ttl = tag.number("reason_ttl").unwrap_or(0);
            }
            "times" => {
                let micros = |name| tag.number(name).map(Duration::from_micros);
                host.times = micros("srtt").map(|srtt| RoundTrip {
                    srtt,
                    rttvar: micros("rttvar").unwrap_or_default(),
                    timeout: micros("to").unwrap_or_default(),
                });
            }
            name => {
                if let Some((_, what)) = LEFT_OUT.iter().find(|(element, _)| *element == name) {
                    self.leave_out(what);
                }
            }
        }
    }
}

/// A time such as `0.05`, in milliseconds; `--` where it is not known.
fn milliseconds(text: &str) -> Option<Duration> {
    let milliseconds: f64 = text.parse().ok()?;
    Duration::try_from_secs_f64(milliseconds / 1000.0).ok()
}

/// A host without ports.
struct NoTable;

impl nseer_core::ServiceNames for NoTable {
    fn name(&self, _: PortKey) -> Option<&str> {
        None
    }
}

/// An attribute in seconds since 1970.
pub(crate) fn epoch(tag: &Tag, name: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(tag.number(name)?))
}

/// `00:1B:2C:3D:4E:5F`.
fn mac(text: &str) -> Option<[u8; 6]> {
    let mut bytes = [0; 6];
    let mut parts = text.split(':');
    for byte in &mut bytes {
        *byte = u8::from_str_radix(parts.next()?, 16).ok()?;
    }
    parts.next().is_none().then_some(bytes)
}
