//! What is known of the service behind a port.

use crate::port::PortKey;

/// How a service name was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ServiceMethod {
    /// From a table of port numbers.
    #[default]
    Table,
    /// By talking to the port.
    Probed,
}

impl ServiceMethod {
    /// `table` or `probed`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceMethod::Table => "table",
            ServiceMethod::Probed => "probed",
        }
    }
}

/// What wraps the service's own protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Tunnel {
    /// Nothing.
    #[default]
    None,
    /// TLS (or SSL).
    Ssl,
}

/// Service, product, version and their like for one port. Text is bytes that were screened to be
/// printable; every field may be absent.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ServiceInfo {
    /// Service name, such as `http`.
    pub name: Option<String>,
    /// 0 to 10: 3 is a table look-up, 8 tcpwrapped, 10 probed.
    pub confidence: u8,
    /// Table or probed.
    pub method: ServiceMethod,
    /// TLS or not.
    pub tunnel: Tunnel,
    /// Product, such as `OpenSSH`.
    pub product: Option<String>,
    /// Product version.
    pub version: Option<String>,
    /// Whatever else the service told.
    pub extra_info: Option<String>,
    /// The host name that the service gives itself.
    pub hostname: Option<String>,
    /// Operating system.
    pub os_type: Option<String>,
    /// Kind of device.
    pub device_type: Option<String>,
    /// Fingerprint of a service that was not recognised.
    pub fingerprint: Option<String>,
    /// CPE names, `cpe:/…`.
    pub cpe: Vec<String>,
}

impl ServiceInfo {
    /// What a table look-up gives: a name with confidence 3.
    #[must_use]
    pub fn from_table(name: &str) -> Self {
        ServiceInfo { name: Some(name.to_owned()), confidence: 3, ..ServiceInfo::default() }
    }
}

/// A table of service names by port.
pub trait ServiceNames: Send + Sync {
    /// The service registered for `port`, if any.
    fn name(&self, port: PortKey) -> Option<&str>;
}
