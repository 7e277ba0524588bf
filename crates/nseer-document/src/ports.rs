//! The ports of a host.

use std::io::BufRead;
use std::net::IpAddr;
use std::sync::Arc;

use nseer_core::service::fold_fingerprint;
use nseer_core::{
    PortDetail, PortKey, PortState, PortStatus, PortTable, Protocol, Reason, ScanPorts,
    ServiceInfo, ServiceMethod, ServiceNames, Tunnel,
};

use crate::elements::{Elements, Trouble};
use crate::markup::Tag;
use crate::words;

/// What a document says of ports.
#[derive(Debug, Default)]
pub(crate) struct FoundPorts {
    ports: Vec<(PortKey, PortStatus, PortDetail)>,
    groups: Vec<Group>,
    /// Who told the states, where that was not the host.
    tellers: Vec<(PortKey, IpAddr)>,
}

/// Ports that are only counted.
#[derive(Debug)]
struct Group {
    state: PortState,
    count: usize,
    reasons: Vec<Tally>,
}

/// As documents have it: older ones do not say which ports.
#[derive(Debug)]
struct Tally {
    reason: Reason,
    protocol: Option<Protocol>,
    ports: Vec<u16>,
}

/// A document has the names of services with each port.
struct NoNames;

impl ServiceNames for NoNames {
    fn name(&self, _: PortKey) -> Option<&str> {
        None
    }
}

impl<R: BufRead> Elements<R> {
    /// The element `ports`.
    pub(crate) fn ports(&mut self, of: &Tag) -> Result<FoundPorts, Trouble> {
        let mut found = FoundPorts::default();
        while let Some(tag) = self.element(of)? {
            match tag.name.as_str() {
                "port" => {
                    let mut teller = None;
                    if let Some(port) = self.port(&tag, &mut teller)? {
                        found.tellers.extend(teller.map(|teller| (port.0, teller)));
                        found.ports.push(port);
                    }
                }
                "extraports" => {
                    let group = self.group(&tag)?;
                    found.groups.extend(group);
                }
                _ => self.skip(&tag)?,
            }
        }
        Ok(found)
    }

    fn port(
        &mut self,
        of: &Tag,
        teller: &mut Option<IpAddr>,
    ) -> Result<Option<(PortKey, PortStatus, PortDetail)>, Trouble> {
        let key = of.text("protocol").parse().ok().zip(of.number("portid"));
        let key = key.map(|(protocol, number)| PortKey::new(protocol, number));
        let (mut status, mut detail) = (None, PortDetail::default());
        while let Some(tag) = self.element(of)? {
            match tag.name.as_str() {
                "state" => {
                    status = state(tag.text("state")).map(|state| PortStatus {
                        state,
                        reason: words::reason(tag.text("reason")),
                        ttl: tag.number("reason_ttl").unwrap_or(0),
                    });
                    *teller = tag.number("reason_ip");
                    self.skip(&tag)?;
                }
                "service" => detail.service = Some(self.service(&tag)?),
                "script" => detail.scripts.push(self.script(&tag)?),
                "owner" => {
                    self.leave_out("owners of ports");
                    self.skip(&tag)?;
                }
                _ => self.skip(&tag)?,
            }
        }
        let port = key.zip(status).map(|(key, status)| (key, status, detail));
        if port.is_none() {
            self.leave_out("ports of other protocols than TCP, UDP, SCTP and IP");
        }
        Ok(port)
    }

    fn service(&mut self, of: &Tag) -> Result<ServiceInfo, Trouble> {
        let text = |name: &str| of.get(name).map(str::to_owned);
        let mut service = ServiceInfo {
            name: text("name"),
            confidence: of.number("conf").unwrap_or(0).min(10),
            method: match of.text("method") {
                "probed" => ServiceMethod::Probed,
                _ => ServiceMethod::Table,
            },
            tunnel: if of.text("tunnel") == "ssl" { Tunnel::Ssl } else { Tunnel::None },
            product: text("product"),
            version: text("version"),
            extra_info: text("extrainfo"),
            hostname: text("hostname"),
            os_type: text("ostype"),
            device_type: text("devicetype"),
            fingerprint: of.get("servicefp").map(fold_fingerprint),
            cpe: Vec::new(),
        };
        if ["rpcnum", "lowver", "highver"].iter().any(|name| of.get(name).is_some()) {
            self.leave_out("RPC numbers of services");
        }
        while let Some(tag) = self.element(of)? {
            let text = self.text(&tag)?;
            if tag.name == "cpe" {
                service.cpe.push(text);
            }
        }
        Ok(service)
    }

    fn group(&mut self, of: &Tag) -> Result<Option<Group>, Trouble> {
        let mut reasons = Vec::new();
        while let Some(tag) = self.element(of)? {
            if tag.name == "extrareasons" {
                reasons.push(Tally {
                    reason: words::reason(tag.text("reason")),
                    protocol: tally_protocol(tag.text("proto")),
                    ports: tag.get("ports").and_then(port_numbers).unwrap_or_default(),
                });
            }
            self.skip(&tag)?;
        }
        let (state, count) = (state(of.text("state")), of.number("count").unwrap_or(0));
        Ok(state.map(|state| Group { state, count, reasons }))
    }
}

fn state(word: &str) -> Option<PortState> {
    PortState::ALL.into_iter().find(|state| state.as_str() == word)
}

/// nmap 7.93 writes `n/a` for protocols of IP.
fn tally_protocol(word: &str) -> Option<Protocol> {
    if word == "n/a" { Some(Protocol::Ip) } else { word.parse().ok() }
}

impl FoundPorts {
    /// The table of a host. `scanned` is every port that the run asked for, as far as the document
    /// says; ports that are only counted, and of which it does not say which they are, are taken
    /// from there. Gives false where that is not possible.
    pub(crate) fn table(
        mut self,
        scanned: &[PortKey],
        last: &mut Option<Arc<ScanPorts>>,
    ) -> (PortTable, bool) {
        let mut counted = Vec::new();
        for group in &self.groups {
            for tally in &group.reasons {
                let Some(protocol) = tally.protocol else { continue };
                let status = PortStatus::new(group.state, tally.reason);
                counted.extend(tally.ports.iter().map(|n| (PortKey::new(protocol, *n), status)));
            }
        }
        let expected: usize = self.groups.iter().map(|group| group.count).sum();
        let mut whole = counted.len() >= expected;
        if !whole
            && counted.is_empty()
            && let [group] = self.groups.as_slice()
        {
            let (rest, status) = self.rest(scanned, group);
            if rest.len() == group.count {
                counted.extend(rest.into_iter().map(|key| (key, status)));
                whole = true;
            }
        }
        let keys = self.ports.iter().map(|(key, _, _)| *key);
        let keys: Vec<PortKey> = keys.chain(counted.iter().map(|(key, _)| *key)).collect();
        let mut table = PortTable::new(shared(keys, last));
        for (key, status) in counted {
            table.set_status(key, status);
        }
        for (key, status, detail) in self.ports.drain(..) {
            table.set_status(key, status);
            if let Some(slot) = table.detail_mut(key)
                && (detail.service.is_some() || !detail.scripts.is_empty())
            {
                *slot = detail;
            }
        }
        for (key, teller) in self.tellers.drain(..) {
            table.set_teller(key, teller);
        }
        (table, whole)
    }

    /// The ports that were scanned and are not listed.
    fn rest(&self, scanned: &[PortKey], group: &Group) -> (Vec<PortKey>, PortStatus) {
        let listed: std::collections::HashSet<PortKey> =
            self.ports.iter().map(|(key, _, _)| *key).collect();
        let reason = match group.reasons.as_slice() {
            [only] => only.reason,
            _ => Reason::Unknown,
        };
        let rest = scanned.iter().copied().filter(|key| !listed.contains(key)).collect();
        (rest, PortStatus::new(group.state, reason))
    }
}

/// Hosts of a run mostly have the same ports, which are then kept once.
fn shared(keys: Vec<PortKey>, last: &mut Option<Arc<ScanPorts>>) -> Arc<ScanPorts> {
    let ports = ScanPorts::new(keys, Arc::new(NoNames));
    match last {
        Some(last) if last.keys() == ports.keys() => last.clone(),
        _ => last.insert(Arc::new(ports)).clone(),
    }
}

/// A list such as `1-21,23`; `None` where it is none.
pub(crate) fn port_numbers(list: &str) -> Option<Vec<u16>> {
    let mut numbers = Vec::new();
    for part in list.split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let range = first.parse::<u16>().ok()?..=last.parse::<u16>().ok()?;
        numbers.extend(range);
        // More than there are ports: the list repeats itself.
        if numbers.len() > 2 * 65_536 {
            return None;
        }
    }
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_ports() {
        assert_eq!(port_numbers("1-3,80"), Some(vec![1, 2, 3, 80]));
        assert_eq!(port_numbers(""), Some(vec![]));
        assert_eq!(port_numbers("0-65535").map(|n| n.len()), Some(65_536));
        for odd in ["x", "1-", "70000", "-1", &"0-65535,".repeat(9)] {
            assert_eq!(port_numbers(odd), None, "{odd}");
        }
    }
}
