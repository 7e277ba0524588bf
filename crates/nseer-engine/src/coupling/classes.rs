//! From the uses of a registry key to what scripts on different hosts share by it.

use std::collections::HashMap;

use super::accesses::Act;
use super::{Access, Key};

/// What a key of the registry is for, as far as hosts are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// Nobody writes it.
    Unwritten,
    /// Each host has its own part.
    ByHost,
    /// A value that is the same whoever computes it, such as a file that was read.
    Memo,
    /// Whether the user has been told of something.
    Message,
    /// Gathered on all hosts, and looked at after the last.
    Collected,
    /// What one host left there may change what is done on another.
    Shared,
}

/// One use, and who has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Use<'a> {
    pub(crate) access: &'a Access,
    /// The script that asks.
    pub(crate) script: &'a str,
    /// The text comes from the data directories, and is taken to follow their conventions.
    pub(crate) is_known: bool,
}

impl<'a> Use<'a> {
    /// The outermost key; `None` where only a run shows it.
    pub(crate) fn key(&self) -> Option<&'a str> {
        match self.access.path.first()? {
            Key::Literal(key) => Some(key),
            Key::Own => Some(self.script),
            Key::Host | Key::Unknown => None,
        }
    }
}

/// Sorts keys into classes. The uses are all that scripts on hosts may reach; what is done without
/// a host does not count.
pub(crate) fn classes<'a>(uses: &[Use<'a>]) -> HashMap<&'a str, Class> {
    let mut by_key: HashMap<&str, Vec<Use<'a>>> = HashMap::new();
    for one in uses {
        if let Some(key) = one.key() {
            by_key.entry(key).or_default().push(*one);
        }
    }
    by_key.into_iter().map(|(key, uses)| (key, class(&uses))).collect()
}

fn class(uses: &[Use<'_>]) -> Class {
    let all = |fits: &dyn Fn(&Access) -> bool| uses.iter().all(|one| fits(one.access));
    let by_host = |a: &Access| matches!(a.act, Act::OfHost | Act::Ensure);
    if !uses.iter().any(|one| one.access.act.writes()) {
        return Class::Unwritten;
    }
    if all(&by_host) {
        return Class::ByHost;
    }
    if uses.iter().any(|one| !one.is_known) {
        return Class::Shared;
    }
    // Whether a collection is there at all matters to nobody; whether an entry is may.
    let asks = |a: &Access| a.act == Act::Test && !a.path.contains(&Key::Unknown);
    let by_host = |a: &Access| by_host(a) || a.act == Act::EnsureAloud || asks(a);
    if all(&by_host) {
        return Class::ByHost;
    }
    let message = |a: &Access| {
        matches!(a.act, Act::Ensure | Act::EnsureAloud | Act::MessageTest | Act::Constant)
    };
    if all(&message) {
        return Class::Message;
    }
    if all(&|a: &Access| a.after_hosts || by_host(a) || gathers(a)) {
        return Class::Collected;
    }
    if is_memo(uses) { Class::Memo } else { Class::Shared }
}

/// A value goes into a collection, which nobody looks at meanwhile.
fn gathers(access: &Access) -> bool {
    match access.act {
        Act::Add => true,
        Act::Constant | Act::Set | Act::Compute => access.path.last() == Some(&Key::Unknown),
        _ => false,
    }
}

/// All that is written was computed, and all that is read is what was written: no table is handed
/// around in which scripts put things by other names.
fn is_memo(uses: &[Use<'_>]) -> bool {
    let computed: Vec<&[Key]> = uses
        .iter()
        .filter(|one| one.access.act == Act::Compute)
        .map(|one| one.access.path.as_slice())
        .collect();
    let reaches =
        |path: &[Key]| computed.iter().any(|c| c.starts_with(path) || path.starts_with(c));
    uses.iter().all(|one| match one.access.act {
        Act::Compute | Act::Ensure | Act::EnsureAloud | Act::Test => true,
        Act::Get => reaches(&one.access.path),
        _ => false,
    })
}
