//! From a match to what outputs and scripts see.

use nseer_core::service::printable;
use nseer_core::{ServiceInfo, ServiceMethod, Tunnel};
use nseer_probes::Match;

/// How sure a table look-up, a wrapper and a probe are.
const TABLE: u8 = 3;
const WRAPPED: u8 = 8;
const PROBED: u8 = 10;

/// Service names that begin so are inside TLS.
const TLS_PREFIX: &str = "ssl/";

/// The service of a match that is certain.
pub(crate) fn of_match(found: &Match, tunnel: Tunnel) -> ServiceInfo {
    let (name, tunnel) = match found.service.strip_prefix(TLS_PREFIX) {
        Some(name) => (name, Tunnel::Ssl),
        None => (found.service.as_str(), tunnel),
    };
    let text = |bytes: &Option<Vec<u8>>| bytes.as_deref().map(printable);
    let fields = &found.fields;
    ServiceInfo {
        name: Some(name.to_owned()),
        confidence: PROBED,
        method: ServiceMethod::Probed,
        tunnel,
        product: text(&fields.product),
        version: text(&fields.version),
        extra_info: text(&fields.info),
        hostname: text(&fields.hostname),
        os_type: text(&fields.os),
        device_type: text(&fields.device),
        fingerprint: None,
        cpe: fields.cpes.iter().flatten().map(printable).collect(),
    }
}

/// A port that hangs up.
pub(crate) fn wrapped(tunnel: Tunnel) -> ServiceInfo {
    ServiceInfo {
        name: Some("tcpwrapped".to_owned()),
        confidence: WRAPPED,
        method: ServiceMethod::Probed,
        tunnel,
        ..ServiceInfo::default()
    }
}

/// A port that did not tell, with the name of the table.
pub(crate) fn guessed(name: Option<&str>, tunnel: Tunnel) -> ServiceInfo {
    ServiceInfo {
        name: name.map(ToOwned::to_owned),
        confidence: TABLE,
        method: ServiceMethod::Table,
        tunnel,
        ..ServiceInfo::default()
    }
}
