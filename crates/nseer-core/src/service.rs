//! What is known of the service behind a port.

use crate::port::PortKey;

/// The length of a fingerprint's lines.
pub const FINGERPRINT_LINE: usize = 74;

/// What each line of a fingerprint but the first begins with, and the end of the line before it.
pub const FINGERPRINT_FOLD: &str = "\nSF:";

/// A fingerprint in lines of [`FINGERPRINT_LINE`], joined by [`FINGERPRINT_FOLD`].
#[must_use]
pub fn fold_fingerprint(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let mut room = FINGERPRINT_LINE;
    for c in text.chars() {
        if room == 0 {
            out.push_str(FINGERPRINT_FOLD);
            room = FINGERPRINT_LINE + 1 - FINGERPRINT_FOLD.len();
        }
        out.push(c);
        room -= 1;
    }
    out
}

/// Bytes of a service as printable text; what is no character becomes a dot.
pub fn printable<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    let printable = |b: &u8| if (0x20..0x7f).contains(b) { char::from(*b) } else { '.' };
    bytes.into_iter().map(printable).collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_folded() {
        assert_eq!(fold_fingerprint("SF"), "SF");
        let text: String = ('a'..='z').cycle().take(74 + 71 + 1).collect();
        let lines: Vec<String> = fold_fingerprint(&text).split('\n').map(str::to_owned).collect();
        let lengths: Vec<usize> = lines.iter().map(String::len).collect();
        assert_eq!(lengths, [74, 74, 4]);
        assert_eq!(fold_fingerprint(&text).replace(FINGERPRINT_FOLD, ""), text);
    }
}
