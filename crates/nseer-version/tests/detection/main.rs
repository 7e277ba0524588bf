//! Version detection against servers that are played, with a clock that is played too.

mod bad_peers;
mod sequence;
mod sockets;
mod stage;
mod udp_and_tls;
