//! Sockets, TLS, names and certificates against real peers: the `openssl` command's server, and
//! threads of the test that misbehave as no daemon would.
#![allow(clippy::disallowed_methods, reason = "the peers are the outside world")]

mod certificates;
mod names;
mod openssl_server;
mod stand;
mod tcp;
mod tls;
mod udp;
