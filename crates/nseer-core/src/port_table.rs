//! The ports of one host: a shared list of what is scanned and a compact table of what came out.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::port::{PortKey, PortStatus, Protocol};
use crate::script::ScriptResult;
use crate::service::{ServiceInfo, ServiceNames};

/// The ports that a run scans, sorted by protocol and number, shared by all hosts.
pub struct ScanPorts {
    keys: Vec<PortKey>,
    names: Arc<dyn ServiceNames>,
}

impl ScanPorts {
    /// A list from keys in any order; repeated keys count once.
    #[must_use]
    pub fn new(mut keys: Vec<PortKey>, names: Arc<dyn ServiceNames>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        ScanPorts { keys, names }
    }

    /// A list of other keys with the same names.
    #[must_use]
    pub fn with_keys(&self, keys: Vec<PortKey>) -> Self {
        ScanPorts::new(keys, self.names.clone())
    }

    /// All ports, sorted.
    #[must_use]
    pub fn keys(&self) -> &[PortKey] {
        &self.keys
    }

    /// The ports of one protocol, sorted by number.
    #[must_use]
    pub fn of(&self, protocol: Protocol) -> &[PortKey] {
        let start = self.keys.partition_point(|k| k.protocol < protocol);
        let end = self.keys.partition_point(|k| k.protocol <= protocol);
        &self.keys[start..end]
    }

    /// Position of `key` in [`ScanPorts::keys`].
    #[must_use]
    pub fn position(&self, key: PortKey) -> Option<usize> {
        // Where a range is scanned, the port follows from its distance to the first one: a search in
        // 65,535 ports misses the processor's cache many times.
        let [first, ..] = self.keys[..] else { return None };
        let guess = usize::from(key.number.wrapping_sub(first.number));
        if self.keys.get(guess) == Some(&key) {
            return Some(guess);
        }
        self.keys.binary_search(&key).ok()
    }

    /// The service name that the table in use gives to `key`.
    #[must_use]
    pub fn service_name(&self, key: PortKey) -> Option<&str> {
        self.names.name(key)
    }
}

impl fmt::Debug for ScanPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScanPorts").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// What is known of a port beyond its status.
#[derive(Clone, Debug, Default)]
pub struct PortDetail {
    /// The service, when a probe or a script found more than the table has.
    pub service: Option<ServiceInfo>,
    /// Results of portrule scripts, in the order in which they ended.
    pub scripts: Vec<ScriptResult>,
}

/// Status of every scanned port of one host, and details of the few that have some.
#[derive(Clone, Debug)]
pub struct PortTable {
    ports: Arc<ScanPorts>,
    status: Vec<Option<PortStatus>>,
    detail: BTreeMap<PortKey, PortDetail>,
    /// Who told the status, where it was not the host.
    tellers: BTreeMap<PortKey, IpAddr>,
}

impl PortTable {
    /// A table in which no port has a status yet.
    #[must_use]
    pub fn new(ports: Arc<ScanPorts>) -> Self {
        let status = vec![None; ports.keys().len()];
        PortTable { ports, status, detail: BTreeMap::new(), tellers: BTreeMap::new() }
    }

    /// The list of scanned ports.
    #[must_use]
    pub fn ports(&self) -> &Arc<ScanPorts> {
        &self.ports
    }

    /// The status of `key`; `None` where it was not in the scan list or was not reached.
    #[must_use]
    pub fn status(&self, key: PortKey) -> Option<PortStatus> {
        self.ports.position(key).and_then(|i| self.status[i])
    }

    /// Sets the status of `key`. Gives false, and changes nothing, where it is not in the list.
    pub fn set_status(&mut self, key: PortKey, status: PortStatus) -> bool {
        match self.ports.position(key) {
            Some(i) => {
                self.status[i] = Some(status);
                true
            }
            None => false,
        }
    }

    /// Notes that the status of `key` was told by another machine than the host: a router on the way.
    pub fn set_teller(&mut self, key: PortKey, teller: IpAddr) {
        self.tellers.insert(key, teller);
    }

    /// Who told the status of `key`, where it was not the host itself.
    #[must_use]
    pub fn teller(&self, key: PortKey) -> Option<IpAddr> {
        self.tellers.get(&key).copied()
    }

    /// Every port whose status another machine told, and which; sorted by protocol and number.
    pub fn tellers(&self) -> impl Iterator<Item = (PortKey, IpAddr)> + '_ {
        self.tellers.iter().map(|(key, teller)| (*key, *teller))
    }

    /// Every port that has a status, sorted by protocol and number.
    pub fn iter(&self) -> impl Iterator<Item = (PortKey, PortStatus)> + '_ {
        self.ports.keys().iter().zip(&self.status).filter_map(|(k, s)| s.map(|s| (*k, s)))
    }

    /// What is known of the service: what was probed or set, else nothing; its name, where none was
    /// found, is the table's.
    #[must_use]
    pub fn service(&self, key: PortKey) -> ServiceInfo {
        let name = || self.ports.service_name(key);
        match self.detail.get(&key).and_then(|d| d.service.as_ref()) {
            Some(found) if found.name.is_none() => {
                ServiceInfo { name: name().map(ToOwned::to_owned), ..found.clone() }
            }
            Some(found) => found.clone(),
            None => name().map(ServiceInfo::from_table).unwrap_or_default(),
        }
    }

    /// The services that a probe or a script found more of than the table has, sorted by port.
    pub fn found_services(&self) -> impl Iterator<Item = &ServiceInfo> + Clone {
        self.detail.values().filter_map(|detail| detail.service.as_ref())
    }

    /// Forgets the results of portrule scripts.
    pub fn clear_scripts(&mut self) {
        for detail in self.detail.values_mut() {
            detail.scripts.clear();
        }
    }

    /// The details of `key`, if any.
    #[must_use]
    pub fn detail(&self, key: PortKey) -> Option<&PortDetail> {
        self.detail.get(&key)
    }

    /// The details of `key`, made when there are none. `None` where the port was not scanned.
    pub fn detail_mut(&mut self, key: PortKey) -> Option<&mut PortDetail> {
        self.ports.position(key)?;
        Some(self.detail.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service_table::ServiceTable;

    #[test]
    fn a_port_is_found_where_it_is() {
        let names: Arc<dyn ServiceNames> = Arc::new(ServiceTable::new(b"".as_slice()));
        let udp = (40..60).map(PortKey::udp);
        for tcp in [vec![], vec![7], (1..=100).collect(), vec![1, 2, 50, 51, 65_535]] {
            let keys = tcp.into_iter().map(PortKey::tcp).chain(udp.clone()).collect();
            let ports = ScanPorts::new(keys, names.clone());
            for number in (0..200).chain([65_535]) {
                for key in [PortKey::tcp(number), PortKey::udp(number)] {
                    let at = ports.keys().iter().position(|known| *known == key);
                    assert_eq!(ports.position(key), at, "{key:?}");
                }
            }
        }
    }

    #[test]
    fn a_service_without_a_name_has_that_of_the_table() {
        let names = Arc::new(ServiceTable::new(b"http 80/tcp 0.5\n".as_slice()));
        let ports = ScanPorts::new(vec![PortKey::tcp(80), PortKey::tcp(81)], names);
        let mut table = PortTable::new(Arc::new(ports));
        assert_eq!(table.service(PortKey::tcp(80)), ServiceInfo::from_table("http"));
        assert_eq!(table.service(PortKey::tcp(81)), ServiceInfo::default());
        for (number, name) in [(80, Some("http")), (81, None)] {
            let key = PortKey::tcp(number);
            let found = ServiceInfo { product: Some("P".into()), ..ServiceInfo::default() };
            table.detail_mut(key).expect("a scanned port").service = Some(found.clone());
            let named = ServiceInfo { name: name.map(Into::into), ..found };
            assert_eq!(table.service(key), named);
        }
    }
}
