//! What of a host is shown, the same for all formats: which ports get a line, which are only
//! counted.

use nseer_core::{
    HostRecord, HostStatus, PortKey, PortState, PortStatus, Protocol, Reason, ScriptResult,
};

use crate::options::ReportOptions;

/// Ports of one state that are only counted.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) state: PortState,
    pub(crate) count: usize,
    /// Most frequent first.
    pub(crate) reasons: Vec<Tally>,
}

/// The ports of a group that have their state for one reason.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) reason: Reason,
    pub(crate) protocol: Protocol,
    pub(crate) ports: Vec<PortKey>,
}

/// A host's ports, parted.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// Sorted by protocol and number.
    pub(crate) ports: Vec<(PortKey, PortStatus)>,
    /// Most frequent first.
    pub(crate) groups: Vec<Group>,
}

/// As many ports of a state are shown one by one, before verbosity raises it.
const MOST_OF_A_STATE: usize = 25;

impl Shown {
    pub(crate) fn of(host: &HostRecord, options: &ReportOptions) -> Shown {
        let mut counts = [0; PortState::ALL.len()];
        for (_, status) in host.ports.iter() {
            counts[status.state as usize] += 1;
        }
        let mut shown = Shown::default();
        for (key, status) in host.ports.iter() {
            if is_collapsed(status.state, counts[status.state as usize], options) {
                shown.count(key, status);
            } else {
                shown.ports.push((key, status));
            }
        }
        for group in &mut shown.groups {
            group.reasons.sort_by_key(|tally| std::cmp::Reverse(tally.ports.len()));
        }
        shown.groups.sort_by_key(|group| (std::cmp::Reverse(group.count), group.state));
        shown
    }

    fn count(&mut self, key: PortKey, status: PortStatus) {
        let group = find_or_push(
            &mut self.groups,
            |g| g.state == status.state,
            || Group { state: status.state, count: 0, reasons: Vec::new() },
        );
        group.count += 1;
        let tally = find_or_push(
            &mut group.reasons,
            |t| t.reason == status.reason && t.protocol == key.protocol,
            || Tally { reason: status.reason, protocol: key.protocol, ports: Vec::new() },
        );
        tally.ports.push(key);
    }
}

/// Whether the host appears in the output at all.
pub(crate) fn is_shown(host: &HostRecord, options: &ReportOptions) -> bool {
    match host.status {
        HostStatus::Down => options.verbosity > 0 && !options.open_only,
        HostStatus::Unknown => true,
        HostStatus::Up => {
            host.timed_out
                || options.no_ports
                || !options.open_only
                || host.ports.iter().any(|(_, status)| status.state.is_scriptable())
        }
    }
}

/// Results in the order of their IDs; those of the same ID stay in the order in which they came.
pub(crate) fn by_id(results: &[ScriptResult]) -> Vec<&ScriptResult> {
    let mut sorted: Vec<&ScriptResult> = results.iter().collect();
    sorted.sort_by(|a, b| a.id.cmp(&b.id));
    sorted
}

/// Results in the order that is wanted.
pub(crate) fn in_order<'a>(
    results: &'a [ScriptResult],
    options: &ReportOptions,
) -> Vec<&'a ScriptResult> {
    if options.keeps_script_order { results.iter().collect() } else { by_id(results) }
}

/// `1 IP address (1 host up)`.
pub(crate) fn summary(up: u64, down: u64) -> String {
    let total = up.saturating_add(down);
    let addresses = if total == 1 { "IP address" } else { "IP addresses" };
    let hosts = if up == 1 { "host" } else { "hosts" };
    format!("{total} {addresses} ({up} {hosts} up)")
}

/// The rule of the real program, measured: open ports are always shown; of another state more
/// than 25 are counted, 25 more for each level of `-v` and 500 more for each level of `-d`; three
/// levels of `-d` show all. `--open` counts whatever cannot be open.
fn is_collapsed(state: PortState, count: usize, options: &ReportOptions) -> bool {
    if options.open_only && !state.is_scriptable() {
        return true;
    }
    if state == PortState::Open || options.debugging > 2 {
        return false;
    }
    let factor = 1 + usize::from(options.verbosity) + 20 * usize::from(options.debugging);
    count > MOST_OF_A_STATE * factor
}

/// The element that `wanted` picks, made when there is none. The lists are a few entries long.
fn find_or_push<T>(
    list: &mut Vec<T>,
    wanted: impl Fn(&T) -> bool,
    new: impl FnOnce() -> T,
) -> &mut T {
    let place = list.iter().position(wanted).unwrap_or_else(|| {
        list.push(new());
        list.len() - 1
    });
    &mut list[place]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_many_closed_ports_are_shown_one_by_one() {
        for (verbosity, debugging, most) in [
            (0, 0, 25),
            (1, 0, 50),
            (2, 0, 75),
            (3, 0, 100),
            (1, 1, 550),
            (2, 1, 575),
            (2, 2, 1_075),
        ] {
            let options = ReportOptions { verbosity, debugging, ..ReportOptions::default() };
            for state in [PortState::Closed, PortState::Filtered, PortState::OpenFiltered] {
                assert!(!is_collapsed(state, most, &options), "{state} {verbosity} {debugging}");
                assert!(is_collapsed(state, most + 1, &options), "{state} {verbosity} {debugging}");
            }
            assert!(!is_collapsed(PortState::Open, 65_536, &options));
        }
        let all = ReportOptions { verbosity: 3, debugging: 3, ..ReportOptions::default() };
        assert!(!is_collapsed(PortState::Closed, 65_536, &all));
    }

    #[test]
    fn open_only_counts_a_single_closed_port() {
        let options = ReportOptions { open_only: true, debugging: 3, ..ReportOptions::default() };
        for state in PortState::ALL {
            assert_eq!(is_collapsed(state, 1, &options), !state.is_scriptable(), "{state}");
        }
    }
}
