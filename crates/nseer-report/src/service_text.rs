//! What is known of services, as text for people.

use nseer_core::{HostRecord, PortKey, PortStatus, ServiceInfo, ServiceMethod, Tunnel};

use crate::escape::line_text;
use crate::options::ReportOptions;

/// The name that stands for a service of which none is known.
pub(crate) const UNKNOWN: &str = "unknown";

/// Whether a name from the table is shown as a guess: the port was asked and did not tell.
pub(crate) fn is_guess(
    host: &HostRecord,
    key: PortKey,
    status: PortStatus,
    options: &ReportOptions,
) -> bool {
    let asked = host.ports.detail(key).and_then(|detail| detail.service.as_ref());
    options.versions
        && status.state.is_scriptable()
        && asked.is_some_and(|s| s.method == ServiceMethod::Table && s.name.is_some())
}

/// The SERVICE column: `name`, `ssl/name`, with a question mark where it is a guess.
pub(crate) fn service_label(service: &ServiceInfo, guess: bool) -> String {
    let tunnel = if service.tunnel == Tunnel::Ssl { "ssl/" } else { "" };
    let name = line_text(service.name.as_deref().unwrap_or(UNKNOWN));
    format!("{tunnel}{name}{}", if guess { "?" } else { "" })
}

/// A service as people read it, without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceText {
    /// `http`, `ssl/http`, `unknown`.
    pub label: String,
    /// Product, version and extra information; empty where nothing is known.
    pub version: String,
}

impl ServiceText {
    /// The texts of a service.
    #[must_use]
    pub fn of(service: &ServiceInfo) -> ServiceText {
        ServiceText { label: service_label(service, false), version: version_text(service) }
    }
}

/// Product, version and extra information in parentheses, as far as there are any.
pub(crate) fn version_text(service: &ServiceInfo) -> String {
    let extra = service.extra_info.as_ref().map(|extra| format!("({extra})"));
    let parts = [service.product.clone(), service.version.clone(), extra];
    line_text(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// The text after `Service Info: `: what the services of a host tell of the host. `None` where
/// they tell nothing.
pub(crate) fn service_info<'a>(
    services: impl Iterator<Item = &'a ServiceInfo> + Clone,
) -> Option<String> {
    let parts = [
        part("Host", "Hosts", services.clone().filter_map(|s| s.hostname.as_deref())),
        part("OS", "OSs", services.clone().filter_map(|s| s.os_type.as_deref())),
        part("Device", "Devices", services.clone().filter_map(|s| s.device_type.as_deref())),
        // Applications say nothing of the host.
        part(
            "CPE",
            "CPE",
            services
                .flat_map(|s| &s.cpe)
                .map(String::as_str)
                .filter(|cpe| ["cpe:/o:", "cpe:/h:"].iter().any(|kind| cpe.starts_with(kind))),
        ),
    ];
    let text = parts.into_iter().flatten().collect::<Vec<_>>().join("; ");
    (!text.is_empty()).then_some(text)
}

fn part<'a>(one: &str, many: &str, values: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut distinct: Vec<String> = Vec::new();
    for value in values.map(line_text) {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    let word = if distinct.len() == 1 { one } else { many };
    (!distinct.is_empty()).then(|| format!("{word}: {}", distinct.join(", ")))
}
