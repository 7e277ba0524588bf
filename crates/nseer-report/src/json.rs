//! JSON lines (`-oJ`): one object for each event and each finished host, written as it happens.
//!
//! The format is published as a JSON Schema, `crates/nseer-report/schema/events-1.json`. Its number
//! counts breaking changes: within one number fields and types of lines are only added.

mod lines;
mod system;
mod value;

use std::io::{self, Write};

use nseer_core::{Event, HostStatus};
use serde::Serialize;

use crate::Report;
use crate::costs::{CostOrder, CostRow, ScriptCosts};
use crate::options::ReportOptions;
use crate::shown::is_shown;

pub use lines::JsonService;
pub use system::JsonSystem;
pub use value::{JsonBytes, JsonValue, OwnedJsonValue};

/// The schema that each line obeys, as text.
pub const JSON_SCHEMA: &str = include_str!("../schema/events-1.json");

/// The name of that schema, which stands in the first line of each run.
const SCHEMA_ID: &str = "https://example.org/nseer/schema/events-1.json";

/// JSON lines.
pub struct JsonReport<W> {
    out: W,
    options: ReportOptions,
    /// A line on its way; many small pieces make it.
    buffer: Vec<u8>,
    costs: ScriptCosts,
}

impl<W: Write + Send> JsonReport<W> {
    /// JSON lines to `out`.
    pub fn new(out: W, options: ReportOptions) -> Self {
        JsonReport { out, options, buffer: Vec::new(), costs: ScriptCosts::default() }
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, line)?;
        self.buffer.push(b'\n');
        self.out.write_all(&self.buffer)?;
        self.out.flush()
    }
}

impl<W: Write + Send> Report for JsonReport<W> {
    fn event(&mut self, event: &Event) -> io::Result<()> {
        match event {
            Event::RunStarted(run) => self.line(&lines::RunStarted::of(run)),
            Event::PortFound { address, port, state } => {
                self.line(&lines::PortFound::of(*address, *port, *state))
            }
            Event::Progress(progress) => self.line(&lines::Told::of(progress)),
            Event::ScriptFinished { run, .. } => self.line(&lines::ScriptFinished::of(run)),
            Event::PhaseDone { phase, record } => self.line(&lines::PhaseDone::of(*phase, record)),
            Event::HostDone(host) | Event::HostCutShort(host) if is_shown(host, &self.options) => {
                // As in the other formats, a host that was only listed or is down has no ports.
                let ports = host.status == HostStatus::Up && !self.options.no_ports;
                self.line(&lines::Host::of(host, ports.then_some(&self.options)))
            }
            Event::Message { severity, text } => self.line(&lines::Message::of(*severity, text)),
            Event::ScriptCosted(cost) => {
                self.costs.add(&CostRow::from(cost));
                Ok(())
            }
            Event::RunFinished(run) => {
                let costs = std::mem::take(&mut self.costs);
                costs.rows(CostOrder::Time).iter().try_for_each(|row| self.line(row))?;
                self.line(&lines::RunFinished::of(run))
            }
            _ => Ok(()),
        }
    }
}
