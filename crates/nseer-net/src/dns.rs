//! Names to addresses and back.

#![allow(
    clippy::disallowed_methods,
    reason = "part of the socket seam: the resolver's configuration is read here"
)]

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig,
    ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle as _, FirstAnswer as _};
use hickory_resolver::net::{DnsError, NetError as HickoryError};
use hickory_resolver::proto::op::{DnsRequestOptions, Query};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig, TokioResolver};
use tokio::runtime::{self, Handle};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::error::NetError;
use crate::hosts_file::HostsFile;
use crate::network::Family;

/// Most reverse look-ups in flight.
const PARALLEL: usize = 256;

/// How long one question waits for its answer, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

/// A reverse look-up takes no longer, however many servers there are to ask.
const REVERSE_LIMIT: Duration = Duration::from_secs(8);

/// What getaddrinfo(3) says of unknown names.
const UNKNOWN: &str = "Name or service not known";

pub(crate) struct Dns {
    /// The servers to ask instead of the system's.
    given: Vec<SocketAddr>,
    hosts: OnceLock<HostsFile>,
    /// One for each runtime: its connections live in the runtime that opened them, and
    /// must not wait for another one's threads.
    askers: Mutex<HashMap<runtime::Id, Asker>>,
    parallel: Semaphore,
}

/// What asks the name servers.
#[derive(Clone)]
struct Asker {
    /// For names: follows aliases, and asks for both families.
    names: TokioResolver,
    /// For addresses. A resolver answers those of loopback nets by itself (RFC 6761, section 6.3),
    /// but whoever scans them wants to know what the servers say.
    addresses: NameServerPool<TokioRuntimeProvider>,
}

impl Dns {
    pub(crate) fn new(given: Vec<SocketAddr>) -> Dns {
        Dns {
            given,
            hosts: OnceLock::new(),
            askers: Mutex::default(),
            parallel: Semaphore::new(PARALLEL),
        }
    }

    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        if !self.given.is_empty() {
            return self.given.clone();
        }
        name_servers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default())
    }

    pub(crate) async fn resolve(
        &self,
        name: &str,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, NetError> {
        let failed =
            |text: &str| NetError::Resolve { name: name.to_owned(), text: text.to_owned() };
        let fits = |address: &IpAddr| family.is_none_or(|family| family.has(address));
        let plain = name.split_once('%').map_or(name, |(address, _)| address);
        if let Ok(address) = plain.parse::<IpAddr>() {
            return match fits(&address) {
                true => Ok(vec![address]),
                false => Err(failed("Address family for hostname not supported")),
            };
        }
        let looked_up = match self.given.is_empty() {
            true => system_look_up(name).await,
            false => self.look_up(name).await,
        };
        let mut found: Vec<IpAddr> = Vec::new();
        for address in looked_up.map_err(|text| failed(&text))? {
            if fits(&address) && !found.contains(&address) {
                found.push(address);
            }
        }
        if found.is_empty() { Err(failed(UNKNOWN)) } else { Ok(found) }
    }

    /// Asks the given servers.
    async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, String> {
        let known = self.hosts().addresses(name);
        if !known.is_empty() {
            return Ok(known);
        }
        let asker = self.asker().ok_or("the name servers cannot be used")?;
        let answer = asker.names.lookup_ip(name).await.map_err(|_| UNKNOWN)?;
        Ok(answer.iter().collect())
    }

    pub(crate) async fn reverse(&self, address: IpAddr) -> Option<String> {
        if let Some(name) = self.hosts().name(address) {
            return shown(name);
        }
        let _permit = self.parallel.acquire().await.ok()?;
        let servers = self.asker()?.addresses;
        timeout(REVERSE_LIMIT, name_of(&servers, address)).await.ok()?
    }

    fn hosts(&self) -> &HostsFile {
        self.hosts.get_or_init(|| {
            HostsFile::parse(&std::fs::read_to_string("/etc/hosts").unwrap_or_default())
        })
    }

    /// The running runtime's.
    fn asker(&self) -> Option<Asker> {
        let id = Handle::try_current().ok()?.id();
        let mut askers = self.askers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asker) = askers.get(&id) {
            return Some(asker.clone());
        }
        let servers: Vec<_> = self.servers().into_iter().map(name_server).collect();
        let provider = TokioRuntimeProvider::default();
        let context = PoolContext::new(options(), TlsConfig::new().ok()?);
        let addresses =
            NameServerPool::from_config(servers.clone(), Arc::new(context), provider.clone());
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let mut builder = TokioResolver::builder_with_config(config, provider);
        *builder.options_mut() = options();
        let asker = Asker { names: builder.build().ok()?, addresses };
        askers.insert(id, asker.clone());
        Some(asker)
    }
}

/// Asks the servers for the name of an address, again where nothing came back.
async fn name_of(
    servers: &NameServerPool<TokioRuntimeProvider>,
    address: IpAddr,
) -> Option<String> {
    let mut request = DnsRequestOptions::default();
    request.recursion_desired = true;
    for _ in 0..ATTEMPTS {
        let question = Query::query(Name::from(address), RecordType::PTR);
        match servers.lookup(question, request).first_answer().await {
            Ok(answer) => {
                return answer.answers.iter().find_map(|record| match &record.data {
                    RData::PTR(name) => shown(name.to_ascii().trim_end_matches('.')),
                    _ => None,
                });
            }
            Err(HickoryError::Dns(DnsError::NoRecordsFound(_))) => return None,
            Err(_) => {}
        }
    }
    None
}

/// Asks getaddrinfo(3), whose configuration is the user's. It blocks, so it gets a thread.
async fn system_look_up(name: &str) -> Result<Vec<IpAddr>, String> {
    let name = name.to_owned();
    let look_up = move || (name.as_str(), 0).to_socket_addrs().map(|a| a.map(|a| a.ip()).collect());
    match tokio::task::spawn_blocking(look_up).await {
        Ok(Ok(found)) => Ok(found),
        // The standard library puts words of its own before getaddrinfo's.
        Ok(Err(error)) => {
            let text = error.to_string();
            Err(text.rsplit_once(": ").map_or(text.as_str(), |(_, words)| words).to_owned())
        }
        Err(_) => Err("the look-up was given up".to_owned()),
    }
}

fn options() -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    options.max_active_requests = PARALLEL;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.use_hosts_file = ResolveHosts::Never;
    options
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut udp = ConnectionConfig::udp();
    udp.port = server.port();
    let mut tcp = ConnectionConfig::tcp();
    tcp.port = server.port();
    NameServerConfig::new(server.ip(), true, vec![udp, tcp])
}

/// The `nameserver` lines of resolv.conf(5).
fn name_servers(text: &str) -> Vec<SocketAddr> {
    text.lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter(|rest| rest.starts_with(char::is_whitespace))
        .filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|ip| SocketAddr::new(ip, 53))
        .collect()
}

/// A host name as it may be shown on terminals and in files: what is not a letter, a digit, `-`,
/// `_` or `.` becomes `*`.
fn shown(name: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '*' }).collect();
    Some(name).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_of_resolv_conf() {
        let text = "# c\nnameserver 127.0.0.53\nsearch x\n nameserver ::1 \nnameserver bad\n\
            nameserver1.2.3.4\n";
        let want: Vec<SocketAddr> =
            ["127.0.0.53:53", "[::1]:53"].iter().map(|s| s.parse().expect("address")).collect();
        assert_eq!(name_servers(text), want);
    }

    #[test]
    fn names_as_they_are_shown() {
        let check = |name, want| assert_eq!(shown(name).as_deref(), want, "{name:?}");
        check("host-1.example.ORG", Some("host-1.example.ORG"));
        check("a b\u{1b}[2J", Some("a*b**2J"));
        check("", None);
    }
}
