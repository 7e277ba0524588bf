//! Finds what differs.

use std::collections::{BTreeMap, BTreeSet};

use nseer_core::{
    HostRecord, HostStatus, Phase, PortKey, PortState, Protocol, ScriptResult, ServiceInfo,
};

use crate::change::{
    Difference, GroupChange, HostChange, Pair, PortChange, ScriptChange, ScriptChangeKind,
};
use crate::scan::Scan;
use crate::structure;

/// What of `after` is not as in `before`. Times and round trips are no difference, nor is the reason
/// for a state.
#[must_use]
pub fn compare(before: &Scan, after: &Scan) -> Difference {
    let addresses: BTreeSet<_> = before.hosts.keys().chain(after.hosts.keys()).collect();
    let hosts = addresses
        .into_iter()
        .filter_map(|address| {
            let pair = [before, after].map(|scan| scan.hosts.get(address).map(|host| &**host));
            let change = host(pair)?;
            (!change.is_empty()).then_some(change)
        })
        .collect();
    let phases = [Phase::Pre, Phase::Post]
        .into_iter()
        .map(|phase| {
            let [before, after] = [before, after]
                .map(|scan| scan.phases.get(&phase).map(Vec::as_slice).unwrap_or_default());
            (phase, scripts(before, after))
        })
        .filter(|(_, changes)| !changes.is_empty())
        .collect();
    Difference { hosts, phases }
}

fn status(host: &HostRecord) -> &'static str {
    match (host.timed_out, host.status) {
        (true, _) => "timed out",
        (false, HostStatus::Up) => "up",
        (false, HostStatus::Down) => "down",
        (false, HostStatus::Unknown) => "unknown",
    }
}

fn host([before, after]: [Option<&HostRecord>; 2]) -> Option<HostChange> {
    let either = after.or(before)?;
    let name = |host: &HostRecord| host.display_name().map(str::to_owned);
    // Of a host that ran out of time nobody knows what it would have had.
    let incomplete = [before, after].iter().any(|host| host.is_some_and(|h| h.timed_out));
    let (ports, groups) = if incomplete { Default::default() } else { ports(before, after) };
    let results = |host: Option<&'_ HostRecord>| -> Vec<ScriptResult> {
        host.filter(|_| !incomplete).map(|host| host.scripts.clone()).unwrap_or_default()
    };
    Some(HostChange {
        address: either.address,
        names: Pair::new(before.and_then(name), after.and_then(name)),
        status: Pair::new(before.map(status), after.map(status)),
        mac: Pair::new(before.and_then(|h| h.mac), after.and_then(|h| h.mac)),
        ports,
        groups,
        scripts: scripts(&results(before), &results(after)),
    })
}

/// Ports of one protocol that went from the first state to the second.
type Groups = BTreeMap<(Protocol, PortState, PortState), Vec<PortKey>>;

fn ports(
    before: Option<&HostRecord>,
    after: Option<&HostRecord>,
) -> (Vec<PortChange>, Vec<GroupChange>) {
    let keys = |host: Option<&HostRecord>| -> Vec<PortKey> {
        host.into_iter().flat_map(|host| host.ports.iter().map(|(key, _)| key)).collect()
    };
    let keys: BTreeSet<PortKey> = keys(before).into_iter().chain(keys(after)).collect();
    let (mut ports, mut groups) = (Vec::new(), Groups::new());
    for key in keys {
        let change = port(key, before, after);
        if is_telling(&change) {
            ports.push(change);
        } else if let (Some(from), Some(to)) = (change.state.before, change.state.after)
            && from != to
        {
            groups.entry((key.protocol, from, to)).or_default().push(key);
        }
    }
    let group = |((protocol, before, after), ports)| GroupChange { protocol, before, after, ports };
    (ports, groups.into_iter().map(group).collect())
}

fn port(key: PortKey, before: Option<&HostRecord>, after: Option<&HostRecord>) -> PortChange {
    let state = |host: Option<&HostRecord>| host.and_then(|h| h.ports.status(key)).map(|s| s.state);
    let service = |host: Option<&HostRecord>| {
        let service = host.filter(|h| h.ports.status(key).is_some())?.ports.service(key);
        (service != ServiceInfo::default()).then_some(service)
    };
    let results = |host: Option<&'_ HostRecord>| -> Vec<ScriptResult> {
        let detail = host.and_then(|host| host.ports.detail(key));
        detail.map(|detail| detail.scripts.clone()).unwrap_or_default()
    };
    PortChange {
        key,
        state: Pair::new(state(before), state(after)),
        service: Pair::new(service(before), service(after)),
        scripts: scripts(&results(before), &results(after)),
    }
}

/// Whether a port gets a line of its own: it is or was perhaps open, or scripts had something to say.
/// The service of a closed port is a look-up in a table.
fn is_telling(change: &PortChange) -> bool {
    let state = &change.state;
    let open = |state: Option<PortState>| state.is_some_and(PortState::is_scriptable);
    let differs = state.differs() || change.service.differs() && open(state.after);
    !change.scripts.is_empty() || differs && (open(state.before) || open(state.after))
}

/// Results of the same script are compared in their order.
fn scripts(before: &[ScriptResult], after: &[ScriptResult]) -> Vec<ScriptChange> {
    let mut by_id: BTreeMap<&str, [Vec<&ScriptResult>; 2]> = BTreeMap::new();
    for (side, results) in [before, after].into_iter().enumerate() {
        for result in results {
            by_id.entry(&result.id).or_default()[side].push(result);
        }
    }
    let mut changes = Vec::new();
    for (id, [before, after]) in by_id {
        for at in 0..before.len().max(after.len()) {
            let kind = script(before.get(at).copied(), after.get(at).copied());
            changes.extend(kind.map(|kind| ScriptChange { id: id.to_owned(), kind }));
        }
    }
    changes
}

fn script(before: Option<&ScriptResult>, after: Option<&ScriptResult>) -> Option<ScriptChangeKind> {
    match (before, after) {
        (None, None) => None,
        (None, Some(new)) => Some(ScriptChangeKind::Added {
            output: new.output.clone(),
            structured: new.structured.clone(),
        }),
        (Some(gone), None) => Some(ScriptChangeKind::Removed {
            output: gone.output.clone(),
            structured: gone.structured.clone(),
        }),
        (Some(before), Some(after)) => match (&before.structured, &after.structured) {
            (Some(old), Some(new)) => {
                let changes = structure::compare(old, new);
                (!changes.is_empty()).then_some(ScriptChangeKind::Structure(changes))
            }
            _ if before.output == after.output => None,
            _ => Some(ScriptChangeKind::Text {
                before: before.output.clone(),
                after: after.output.clone(),
            }),
        },
    }
}
