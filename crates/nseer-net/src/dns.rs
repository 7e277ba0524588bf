//! Names to addresses and back.

#![allow(
    clippy::disallowed_methods,
    reason = "part of the socket seam: resolver configuration is read here"
)]

use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, LookupIpStrategy, NameServerConfig, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use tokio::sync::{OnceCell, Semaphore};

use crate::error::NetError;
use crate::network::Family;

/// Most reverse look-ups in flight.
const PARALLEL: usize = 256;

/// How long one question waits for its answer, and how often it is asked.
const PATIENCE: Duration = Duration::from_secs(2);
const ATTEMPTS: usize = 2;

pub(crate) struct Dns {
    given: Vec<SocketAddr>,
    system: bool,
    resolver: OnceCell<Option<Arc<TokioResolver>>>,
    parallel: Semaphore,
}

impl Dns {
    pub(crate) fn new(given: Vec<SocketAddr>, system: bool) -> Dns {
        Dns { given, system, resolver: OnceCell::new(), parallel: Semaphore::new(PARALLEL) }
    }

    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        if !self.given.is_empty() {
            return self.given.clone();
        }
        let text = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        name_servers(&text)
    }

    pub(crate) async fn resolve(
        &self,
        name: &str,
        family: Option<Family>,
    ) -> Result<Vec<IpAddr>, NetError> {
        let failed = |text: &str| NetError::Resolve { name: name.to_owned(), text: text.to_owned() };
        let plain = name.split_once('%').map_or(name, |(address, _)| address);
        if let Ok(address) = plain.parse::<IpAddr>() {
            return match family {
                Some(family) if !family.has(&address) => {
                    Err(failed("Address family for hostname not supported"))
                }
                _ => Ok(vec![address]),
            };
        }
        let mut found: Vec<IpAddr> = if self.given.is_empty() {
            let owned = name.to_owned();
            // getaddrinfo blocks, and its configuration is the user's.
            let looked_up = tokio::task::spawn_blocking(move || {
                (owned.as_str(), 0).to_socket_addrs().map(|a| a.map(|a| a.ip()).collect())
            });
            match looked_up.await {
                Ok(Ok(found)) => found,
                Ok(Err(error)) => return Err(failed(resolver_words(&error.to_string()))),
                Err(_) => return Err(failed("the look-up was given up")),
            }
        } else {
            let resolver = self.resolver().await.ok_or_else(|| failed("no resolver"))?;
            let answer = resolver.lookup_ip(name).await;
            let answer = answer.map_err(|_| failed("Name or service not known"))?;
            answer.iter().collect()
        };
        found.retain(|address| family.is_none_or(|family| family.has(address)));
        let mut distinct = Vec::new();
        for address in found {
            if !distinct.contains(&address) {
                distinct.push(address);
            }
        }
        if distinct.is_empty() { Err(failed("Name or service not known")) } else { Ok(distinct) }
    }

    pub(crate) async fn reverse(&self, address: IpAddr) -> Option<String> {
        let _permit = self.parallel.acquire().await.ok()?;
        let resolver = self.resolver().await?;
        let answer = resolver.reverse_lookup(address).await.ok()?;
        let name = answer.answers().iter().find_map(|record| match &record.data {
            hickory_resolver::proto::rr::RData::PTR(name) => Some(name.to_utf8()),
            _ => None,
        })?;
        Some(name.trim_end_matches('.').to_owned()).filter(|name| is_plausible(name))
    }

    async fn resolver(&self) -> Option<Arc<TokioResolver>> {
        let made = self.resolver.get_or_init(|| async {
            let servers = self.servers();
            let config = ResolverConfig::from_parts(
                None,
                Vec::new(),
                servers.iter().map(|server| name_server(*server)).collect(),
            );
            let mut builder = TokioResolver::builder_with_config(
                config,
                TokioRuntimeProvider::default(),
            );
            *builder.options_mut() = options(self.system || self.given.is_empty());
            builder.build().ok().map(Arc::new)
        });
        made.await.clone()
    }
}

fn options(with_hosts_file: bool) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.timeout = PATIENCE;
    options.attempts = ATTEMPTS;
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    if !with_hosts_file {
        options.use_hosts_file = hickory_resolver::config::ResolveHosts::Never;
    }
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
        .filter_map(|rest| rest.split_whitespace().next()?.parse::<IpAddr>().ok())
        .map(|ip| SocketAddr::new(ip, 53))
        .collect()
}

/// Strips what the standard library writes before getaddrinfo's own words.
fn resolver_words(text: &str) -> &str {
    text.rsplit_once(": ").map_or(text, |(_, words)| words)
}

/// Host names are shown on terminals and in files: nothing but letters, digits, `-`, `_`, `.`.
fn is_plausible(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 256
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_of_resolv_conf() {
        let text = "# c\nnameserver 127.0.0.53\nsearch x\n nameserver ::1 \nnameserver bad\n";
        let want: Vec<SocketAddr> =
            ["127.0.0.53:53", "[::1]:53"].iter().map(|s| s.parse().expect("address")).collect();
        assert_eq!(name_servers(text), want);
    }

    #[tokio::test]
    async fn addresses_resolve_to_themselves() {
        let dns = Dns::new(Vec::new(), false);
        let ip: IpAddr = "127.0.0.9".parse().expect("address");
        assert_eq!(dns.resolve("127.0.0.9", None).await.expect("found"), [ip]);
        let wrong = dns.resolve("127.0.0.9", Some(Family::V6)).await;
        assert!(matches!(wrong, Err(NetError::Resolve { .. })));
    }

    #[test]
    fn hostile_names_are_not_shown() {
        assert!(is_plausible("host-1.example.org"));
        assert!(!is_plausible("a b"));
        assert!(!is_plausible("\u{1b}[2J"));
    }
}
