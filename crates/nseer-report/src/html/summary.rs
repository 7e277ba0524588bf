//! What the page says of the whole scan, gathered host by host. It does not grow with the hosts.

use std::collections::{BTreeMap, HashMap};

use nseer_core::{
    HostRecord, PhaseRecord, PortKey, PortState, ScriptOutcome, ScriptRun, ServiceMethod,
};

use super::view;
use crate::escape::{line_text, message_text};
use crate::service_text::{service_label, version_text};

/// As many bars a chart has.
pub(super) const MOST_BARS: usize = 12;
/// As many different names are counted: services tell them themselves.
const MOST_NAMES: usize = 10_000;
/// As many hosts are named that ran out of time.
const MOST_LATE: usize = 30;

/// A bar of a chart.
pub(super) struct Bar {
    pub(super) label: String,
    pub(super) count: u64,
    /// Of the longest, 0 to 100.
    pub(super) percent: u64,
}

/// A bar that is parted.
pub(super) struct Stack {
    pub(super) title: &'static str,
    pub(super) parts: Vec<Part>,
}

/// A part of it; places are in percent.
pub(super) struct Part {
    pub(super) label: &'static str,
    pub(super) class: &'static str,
    pub(super) count: u64,
    pub(super) from: String,
    pub(super) width: String,
}

/// All times that a script did not end well in the same way.
#[derive(Clone)]
pub(super) struct Trouble {
    pub(super) id: String,
    pub(super) state: &'static str,
    pub(super) count: u64,
    /// The first host's number; 0 where there is none.
    pub(super) host: u64,
    pub(super) place: String,
    pub(super) message: String,
}

/// A host that ran out of time.
#[derive(Clone)]
pub(super) struct Late {
    pub(super) number: u64,
    pub(super) address: String,
}

/// The sums.
#[derive(Clone, Default)]
pub(super) struct Summary {
    hosts: u64,
    late: Vec<Late>,
    late_count: u64,
    states: [u64; PortState::ALL.len()],
    services: HashMap<String, u64>,
    versions: HashMap<String, u64>,
    results: u64,
    ends: BTreeMap<&'static str, u64>,
    troubles: BTreeMap<(String, &'static str), Trouble>,
}

impl Summary {
    /// Takes a host. Gives its number, from 1.
    pub(super) fn host(&mut self, host: &HostRecord) -> u64 {
        self.hosts += 1;
        if host.timed_out {
            self.late_count += 1;
            if self.late.len() < MOST_LATE {
                self.late.push(Late { number: self.hosts, address: host.address.to_string() });
            }
        }
        for (key, status) in host.ports.iter() {
            self.states[status.state as usize] += 1;
            if status.state == PortState::Open {
                self.service(host, key);
            }
        }
        self.results += host.scripts.len() as u64;
        for run in &host.runs {
            self.run(run, self.hosts);
        }
        self.hosts
    }

    fn service(&mut self, host: &HostRecord, key: PortKey) {
        let service = host.ports.service(key);
        count(&mut self.services, service_label(&service, false));
        let name = service.product.is_some().then(|| version_text(&service));
        if let (Some(name), ServiceMethod::Probed) = (name, service.method) {
            count(&mut self.versions, name);
        }
        let results = host.ports.detail(key).map_or(0, |detail| detail.scripts.len());
        self.results += results as u64;
    }

    /// Takes a phase.
    pub(super) fn phase(&mut self, record: &PhaseRecord) {
        self.results += record.results.len() as u64;
        for run in &record.runs {
            self.run(run, 0);
        }
    }

    fn run(&mut self, run: &ScriptRun, host: u64) {
        *self.ends.entry(run.outcome.state()).or_default() += 1;
        if !view::is_trouble(&run.outcome) {
            return;
        }
        let state = view::state(&run.outcome);
        let place = || match (run.address, run.port) {
            (Some(address), Some(port)) => format!("{address}, {port}"),
            (Some(address), None) => address.to_string(),
            (None, _) => run.phase.rule_name().to_owned(),
        };
        let key = (run.id.to_string(), state);
        let trouble = self.troubles.entry(key).or_insert_with(|| Trouble {
            id: line_text(&run.id),
            state,
            count: 0,
            host,
            place: place(),
            message: run
                .outcome
                .message()
                .map(|why| message_text(why.as_bytes()))
                .unwrap_or_default(),
        });
        trouble.count += 1;
    }

    pub(super) fn hosts(&self) -> usize {
        usize::try_from(self.hosts).unwrap_or(usize::MAX)
    }

    pub(super) fn open(&self) -> u64 {
        self.states[PortState::Open as usize]
    }

    pub(super) fn results(&self) -> u64 {
        self.results
    }

    pub(super) fn trouble(&self) -> u64 {
        self.late_count + self.troubles.values().map(|trouble| trouble.count).sum::<u64>()
    }

    pub(super) fn services_count(&self) -> usize {
        self.services.len()
    }

    pub(super) fn services(&self) -> Vec<Bar> {
        bars(&self.services)
    }

    pub(super) fn versions(&self) -> Vec<Bar> {
        bars(&self.versions)
    }

    pub(super) fn more_late(&self) -> u64 {
        self.late_count.saturating_sub(self.late.len() as u64)
    }

    /// States of ports, and how scripts ended.
    pub(super) fn stacks(&self) -> Vec<Stack> {
        let ports = |wanted: &[PortState]| wanted.iter().map(|s| self.states[*s as usize]).sum();
        let ends = |outcome: ScriptOutcome| self.ends.get(outcome.state()).copied().unwrap_or(0);
        let nothing = String::new;
        use PortState::{Closed, ClosedFiltered, Filtered, Open, OpenFiltered, Unfiltered};
        let stacks = [
            stack(
                "States of ports",
                &[
                    ("open", "open", ports(&[Open])),
                    ("perhaps open", "maybe", ports(&[OpenFiltered, Unfiltered])),
                    ("closed", "closed", ports(&[Closed, ClosedFiltered])),
                    ("filtered", "mute", ports(&[Filtered])),
                ],
            ),
            stack(
                "How scripts ended",
                &[
                    ("with a result", "open", ends(ScriptOutcome::Output)),
                    ("with nothing to say", "mute", ends(ScriptOutcome::Silent)),
                    ("skipped", "closed", ends(ScriptOutcome::Skipped(nothing()))),
                    ("out of time", "maybe", ends(ScriptOutcome::TimedOut)),
                    (
                        "failed or stopped",
                        "bad",
                        ends(ScriptOutcome::Failed(nothing()))
                            + ends(ScriptOutcome::Killed(nothing())),
                    ),
                ],
            ),
        ];
        stacks.into_iter().filter(|stack| !stack.parts.is_empty()).collect()
    }

    /// Most frequent first.
    pub(super) fn scripts(&mut self) -> Vec<Trouble> {
        let mut troubles: Vec<Trouble> = std::mem::take(&mut self.troubles).into_values().collect();
        troubles.sort_by_key(|trouble| std::cmp::Reverse(trouble.count));
        troubles
    }

    pub(super) fn late_hosts(&mut self) -> Vec<Late> {
        std::mem::take(&mut self.late)
    }
}

fn count(names: &mut HashMap<String, u64>, name: String) {
    if let Some(count) = names.get_mut(&name) {
        *count += 1;
    } else if names.len() < MOST_NAMES {
        names.insert(name, 1);
    }
}

/// The most frequent names.
fn bars(names: &HashMap<String, u64>) -> Vec<Bar> {
    let mut sorted: Vec<(&String, u64)> =
        names.iter().map(|(name, count)| (name, *count)).collect();
    sorted.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    sorted.truncate(MOST_BARS);
    let most = sorted.first().map_or(1, |(_, count)| *count);
    let bar = |(label, count): (&String, u64)| Bar {
        label: label.clone(),
        count,
        percent: (count * 100).div_ceil(most),
    };
    sorted.into_iter().map(bar).collect()
}

fn stack(title: &'static str, parts: &[(&'static str, &'static str, u64)]) -> Stack {
    let total: u64 = parts.iter().map(|(_, _, count)| count).sum();
    let percent = |count: u64| count as f64 * 100.0 / total.max(1) as f64;
    let mut before = 0;
    let mut drawn = Vec::new();
    for (label, class, count) in parts.iter().copied().filter(|(_, _, count)| *count > 0) {
        let (from, width) = (percent(before), percent(count));
        before += count;
        let (from, width) = (format!("{from:.3}"), format!("{width:.3}"));
        drawn.push(Part { label, class, count, from, width });
    }
    Stack { title, parts: drawn }
}
