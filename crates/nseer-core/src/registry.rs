//! What scripts leave in their registries, as a scan keeps it that may be broken off and go on.

use std::net::IpAddr;

/// A key or value in a registry. What else Lua has (functions, userdata, threads) is not kept.
#[derive(Clone, Debug)]
pub enum RegistryItem {
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A float.
    Number(f64),
    /// A string of any bytes.
    Text(Box<[u8]>),
    /// The table of this number; 0 is the registry itself.
    Table(u64),
    /// As the value of a place in a list: a script put something there that has not ended, so what lies
    /// behind it moves up.
    Pending,
}

impl PartialEq for RegistryItem {
    /// Numbers are compared by their bits, so that each equals itself.
    fn eq(&self, other: &Self) -> bool {
        use RegistryItem::{Boolean, Integer, Number, Pending, Table, Text};
        match (self, other) {
            (Boolean(a), Boolean(b)) => a == b,
            (Integer(a), Integer(b)) => a == b,
            (Number(a), Number(b)) => a.to_bits() == b.to_bits(),
            (Text(a), Text(b)) => a == b,
            (Table(a), Table(b)) => a == b,
            (Pending, Pending) => true,
            _ => false,
        }
    }
}

impl Eq for RegistryItem {}

impl std::hash::Hash for RegistryItem {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            RegistryItem::Boolean(b) => b.hash(state),
            RegistryItem::Integer(i) => i.hash(state),
            RegistryItem::Number(n) => n.to_bits().hash(state),
            RegistryItem::Text(text) => text.hash(state),
            RegistryItem::Table(number) => number.hash(state),
            RegistryItem::Pending => {}
        }
    }
}

/// What one key of one table holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryChange {
    /// The table's number.
    pub table: u64,
    /// The key.
    pub key: RegistryItem,
    /// Its value; `None` where the key is gone.
    pub value: Option<RegistryItem>,
}

/// All that `nmap.registry` of one script worker held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRegistry {
    /// The worker's number.
    pub worker: u32,
    /// Each key.
    pub entries: Vec<RegistryChange>,
}

/// Whose registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RegistryPlace {
    /// `nmap.registry` in the script worker of this number. Each has its own until they are brought
    /// together before the postrules.
    Run(u32),
    /// `host.registry` of this host.
    Host(IpAddr),
}

/// How a registry differs from what was told of it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryChanges {
    /// Whose it is.
    pub place: RegistryPlace,
    /// These are all keys that there are: what was told before is void. For [`RegistryPlace::Run`]
    /// that is so for all workers.
    pub is_whole: bool,
    /// Each key once.
    pub changes: Vec<RegistryChange>,
}

impl RegistryChanges {
    /// The host whose registry it is; `None` for that of the run.
    #[must_use]
    pub fn host(&self) -> Option<IpAddr> {
        match self.place {
            RegistryPlace::Run(_) => None,
            RegistryPlace::Host(address) => Some(address),
        }
    }
}
