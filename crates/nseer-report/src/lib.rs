//! Output formats: each is a sink that consumes the events of a run and asks nothing back.
//!
//! Layouts are those that programs reading Nmap's output expect. To add a format: one file with
//! a type that implements [`Report`], and one line here.

mod columns;
mod costs;
mod escape;
mod file_name;
mod grepable;
mod html;
mod json;
mod normal;
mod options;
mod progress_text;
mod script_text;
mod service_text;
mod shown;
mod system_text;
mod task_text;
mod trace_text;
mod when;
mod xml;

use std::io;

use nseer_core::Event;

pub use costs::{CostOrder, CostRow, ScriptCosts};
pub use escape::{line_text, message_text, screened, xml_text};
pub use file_name::expand_file_name;
pub use grepable::GrepableReport;
pub use html::HtmlReport;
pub use json::{
    JSON_SCHEMA, JsonBytes, JsonReport, JsonService, JsonSystem, JsonValue, OwnedJsonValue,
};
pub use normal::{NormalReport, Place, mac_text};
pub use options::ReportOptions;
pub use progress_text::{clock, status_lines};
pub use script_text::script_lines;
pub use service_text::ServiceText;
pub use when::{month_and_day, rfc3339};
pub use xml::XmlReport;

/// An output format. Give it a buffered writer: it writes small pieces and flushes at the end of
/// each host and phase, so that a killed run leaves what was known.
pub trait Report: Send {
    /// Takes one event. What ends a host or a phase has been handed to the writer when it returns.
    ///
    /// # Errors
    /// Where the writer fails.
    fn event(&mut self, event: &Event) -> io::Result<()>;

    /// The user changed the levels of `-v` and `-d` while the run goes on. Only what is for the screen
    /// follows.
    fn set_levels(&mut self, _verbosity: u8, _debugging: u8) {}
}
