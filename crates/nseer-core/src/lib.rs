//! The plain values of a scan: targets, ports, hosts, services, script results and the events
//! that carry them.
//!
//! This crate does no I/O, reads no clock and depends on nothing of ours; every other crate of
//! the workspace may depend on it.

pub mod address_set;
pub mod duration;
pub mod event;
pub mod foreign_word;
pub mod host;
pub mod levels;
pub mod os;
pub mod port;
pub mod port_spec;
pub mod port_table;
pub mod progress;
pub mod protocol_table;
pub mod registry;
pub mod script;
pub mod service;
pub mod service_table;
pub mod target;
pub mod trace;
pub mod vendor_table;

pub use address_set::AddressSet;
pub use event::{Event, EventSink, Severity};
pub use foreign_word::ForeignWord;
pub use host::{HostRecord, HostStatus, RoundTrip};
pub use levels::Levels;
pub use os::{OsClass, OsFindings, OsMatch};
pub use port::{PortKey, PortState, PortStatus, Protocol, Reason};
pub use port_table::{PortDetail, PortTable, ScanPorts};
pub use progress::{Progress, Stage, Task};
pub use registry::{KeptRegistry, RegistryChange, RegistryChanges, RegistryItem, RegistryPlace};
pub use script::{
    Phase, PhaseRecord, ScriptCost, ScriptOutcome, ScriptResult, ScriptRun, ScriptValue,
};
pub use service::{ServiceInfo, ServiceMethod, ServiceNames, Tunnel};
pub use service_table::ServiceTable;
pub use target::TargetSpec;
