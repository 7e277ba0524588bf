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
    let mut label = line_text(service.name.as_deref().unwrap_or(UNKNOWN));
    if service.tunnel == Tunnel::Ssl {
        label.insert_str(0, "ssl/");
    }
    if guess {
        label.push('?');
    }
    label
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

/// Most characters of the VERSION column.
const COLUMN: usize = 159;

/// Product, version and extra information as the VERSION column and `-oG` have them: cut to a width,
/// in the way of Nmap's own column, of which a closing parenthesis is the first to give way.
pub(crate) fn version_column(service: &ServiceInfo) -> String {
    let mut column = String::new();
    let mut is_first = true;
    for part in [&service.product, &service.version].into_iter().flatten() {
        let gap = if is_first { "" } else { " " };
        is_first = false;
        let room = COLUMN.saturating_sub(column.len() + gap.len());
        if room > 0 {
            column += gap;
            column += &cut(&line_text(part), room);
        }
    }
    let left = COLUMN.saturating_sub(column.len());
    if let Some(extra) = &service.extra_info
        && left > 7
    {
        let open = if is_first { "(" } else { " (" };
        let room = left - open.len();
        let extra = line_text(extra);
        let shown = cut(&extra, room - 1);
        column += open;
        column += &shown;
        if room > shown.len() + 1 || shown.len() != extra.len() {
            column.push(')');
        }
    }
    column
}

/// `text` in at most `room` bytes; what is cut ends in dots.
fn cut(text: &str, room: usize) -> String {
    if text.len() <= room {
        return text.to_owned();
    }
    let end = (0..=room.saturating_sub(3)).rev().find(|end| text.is_char_boundary(*end));
    format!("{}...", &text[..end.unwrap_or(0)])
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
                .filter(|cpe| !cpe.starts_with("cpe:/a")),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the real nmap shows of products, versions and extra information of these lengths.
    #[test]
    fn the_column_is_cut_as_nmap_cuts_it() {
        let text = |letter: &str, length: Option<usize>| length.map(|n| letter.repeat(n));
        let column = |product, version, extra| {
            version_column(&ServiceInfo {
                product: text("p", product),
                version: text("v", version),
                extra_info: text("e", extra),
                ..ServiceInfo::default()
            })
        };
        let (p, v) = ("p".repeat(80), "v".repeat(75));
        let e = |length| "e".repeat(length);
        assert_eq!(column(None, None, None), "");
        assert_eq!(column(Some(5), None, None), "ppppp");
        assert_eq!(column(None, Some(5), Some(2)), "vvvvv (ee)");
        assert_eq!(column(None, None, Some(3)), "(eee)");
        assert_eq!(column(Some(0), Some(0), Some(0)), "  ()");
        assert_eq!(column(Some(80), Some(78), None).len(), 159);
        assert_eq!(column(Some(80), Some(79), None), format!("{p} {v}..."));
        assert_eq!(column(Some(80), Some(80), Some(9)), format!("{p} {v}..."));
        assert_eq!(column(Some(80), Some(71), Some(1)), format!("{p} {}", &v[..71]));
        let wide = format!("{p} {}", &v[..70]);
        assert_eq!(column(Some(80), Some(70), Some(4)), format!("{wide} (eeee)"));
        assert_eq!(column(Some(80), Some(70), Some(5)), format!("{wide} (eeeee"));
        assert_eq!(column(Some(80), Some(70), Some(6)), format!("{wide} (ee...)"));
        assert_eq!(column(Some(80), None, Some(75)), format!("{p} ({})", e(75)));
        assert_eq!(column(Some(80), None, Some(76)), format!("{p} ({}", e(76)));
        assert_eq!(column(Some(80), None, Some(77)), format!("{p} ({}...)", e(73)));
        assert_eq!(column(None, None, Some(156)), format!("({})", e(156)));
        assert_eq!(column(None, None, Some(157)), format!("({}", e(157)));
        assert_eq!(column(None, None, Some(158)), format!("({}...)", e(154)));
    }
}
