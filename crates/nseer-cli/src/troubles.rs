//! What keeps packets from being sent: told once for each kind of trouble, whatever number of packets it
//! concerns.

use std::collections::HashSet;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use nseer_scan::Trouble;

use crate::run::complain;
use crate::sinks::Sinks;

/// Tells of troubles, once it is known to whom.
#[derive(Clone, Default)]
pub struct Troubles {
    sinks: Arc<OnceLock<Sinks>>,
    told: Arc<Mutex<HashSet<io::ErrorKind>>>,
}

impl Troubles {
    /// From now on they are told to `sinks`.
    pub fn tell_to(&self, sinks: Sinks) {
        // It is called once.
        let _ = self.sinks.set(sinks);
    }

    /// What the scanner tells.
    #[must_use]
    pub fn taker(&self) -> Trouble {
        let troubles = self.clone();
        Arc::new(move |address, error| troubles.take(address, error))
    }

    fn take(&self, address: IpAddr, error: &io::Error) {
        let Some(sinks) = self.sinks.get() else { return };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.insert(error.kind()) {
            complain(sinks, &text(address, error));
        }
    }
}

fn text(address: IpAddr, error: &io::Error) -> String {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "a firewall of this machine forbids it; allow it, or leave the host out"
        }
        io::ErrorKind::NetworkUnreachable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::AddrNotAvailable => "this machine knows no way there: see 'ip route'",
        io::ErrorKind::NetworkDown => "the interface is down: see 'ip link'",
        // The kernel's word for a route that leads nowhere; the other is our own.
        io::ErrorKind::InvalidInput if error.raw_os_error().is_some() => {
            "its route is closed: see 'ip route'"
        }
        io::ErrorKind::InvalidInput => "leave out -S, or the targets that are not of its version",
        _ => "what was not asked seems silent",
    };
    format!("nseer: cannot send to {address} (this is told once): {error}; {hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_to_do() {
        let address = IpAddr::from([192, 0, 2, 1]);
        let error = io::Error::from_raw_os_error(libc_eperm());
        assert_eq!(
            text(address, &error),
            "nseer: cannot send to 192.0.2.1 (this is told once): Operation not permitted (os error \
             1); a firewall of this machine forbids it; allow it, or leave the host out"
        );
    }

    fn libc_eperm() -> i32 {
        rustix::io::Errno::PERM.raw_os_error()
    }
}
