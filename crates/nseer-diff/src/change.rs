//! What may differ.

use std::net::IpAddr;

use nseer_core::{Phase, PortKey, PortState, Protocol, ScriptValue, ServiceInfo};

/// Two values of one thing; `None` where it is absent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pair<T> {
    pub(crate) before: Option<T>,
    pub(crate) after: Option<T>,
}

impl<T: PartialEq> Pair<T> {
    pub(crate) fn new(before: Option<T>, after: Option<T>) -> Self {
        Pair { before, after }
    }

    pub(crate) fn differs(&self) -> bool {
        self.before != self.after
    }
}

/// Everything that differs between two scans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    pub(crate) hosts: Vec<HostChange>,
    pub(crate) phases: Vec<(Phase, Vec<ScriptChange>)>,
}

impl Difference {
    /// True where the scans say the same.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hosts.is_empty() && self.phases.is_empty()
    }
}

/// A host that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostChange {
    pub(crate) address: IpAddr,
    pub(crate) names: Pair<String>,
    /// `up`, `unknown` or `timed out`.
    pub(crate) status: Pair<&'static str>,
    pub(crate) mac: Pair<[u8; 6]>,
    /// Ports that are or were open, or may be; and all with services or scripts that differ.
    pub(crate) ports: Vec<PortChange>,
    /// Others, many to a line.
    pub(crate) groups: Vec<GroupChange>,
    pub(crate) scripts: Vec<ScriptChange>,
}

impl HostChange {
    /// Only the name tells which host it is: it says nothing by itself.
    pub(crate) fn is_empty(&self) -> bool {
        !self.names.differs()
            && !self.status.differs()
            && !self.mac.differs()
            && self.ports.is_empty()
            && self.groups.is_empty()
            && self.scripts.is_empty()
    }
}

/// A port that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PortChange {
    pub(crate) key: PortKey,
    /// `None`: not scanned.
    pub(crate) state: Pair<PortState>,
    pub(crate) service: Pair<ServiceInfo>,
    pub(crate) scripts: Vec<ScriptChange>,
}

/// Ports of one protocol that went from one state that is not open to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct GroupChange {
    pub(crate) protocol: Protocol,
    pub(crate) before: PortState,
    pub(crate) after: PortState,
    pub(crate) ports: Vec<PortKey>,
}

/// A script's result that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ScriptChange {
    pub(crate) id: String,
    pub(crate) kind: ScriptChangeKind,
}

/// How a result differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScriptChangeKind {
    /// It is new.
    Added { output: Vec<u8>, structured: Option<ScriptValue> },
    /// It is gone.
    Removed { output: Vec<u8>, structured: Option<ScriptValue> },
    /// Both have a structure: what of it differs.
    Structure(Vec<ValueChange>),
    /// Only text can be compared.
    Text { before: Vec<u8>, after: Vec<u8> },
}

/// A value in a structure that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueChange {
    pub(crate) path: Vec<Step>,
    pub(crate) value: Pair<ScriptValue>,
}

/// One step on the way to a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The value of a key.
    Key(Vec<u8>),
    /// An item of a list, whichever.
    Item,
}
