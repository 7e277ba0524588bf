//! Who made a host's network hardware, as the table of the data directory tells, or the embedded one.

use std::sync::{Arc, OnceLock};

use nseer_core::vendor_table::VendorTable;
use nseer_core::{Event, EventSink as _, Severity};
use nseer_engine::data_dir::DataDirs;

use crate::sinks::Sinks;

const FILE: &str = "nmap-mac-prefixes";

/// Knows vendors by addresses of hardware. The table is read when the first address is known: most scans
/// cross a router and see none.
pub struct Vendors {
    data: Arc<DataDirs>,
    sinks: Sinks,
    table: OnceLock<VendorTable>,
}

impl Vendors {
    /// Vendors as the table tells that `data` finds; what is wrong with it goes to `sinks`.
    #[must_use]
    pub fn new(data: Arc<DataDirs>, sinks: Sinks) -> Vendors {
        Vendors { data, sinks, table: OnceLock::new() }
    }

    /// The vendor of the hardware with this address.
    #[must_use]
    pub fn name(&self, address: [u8; 6]) -> Option<String> {
        let name = self.table.get_or_init(|| self.read()).vendor(address)?;
        Some(String::from_utf8_lossy(name).into_owned())
    }

    /// The table; an empty one where there is none or it cannot be read.
    fn read(&self) -> VendorTable {
        let Some(file) = self.data.find(FILE) else { return VendorTable::new(Vec::new()) };
        let text = file.read().unwrap_or_else(|error| {
            self.warn(format!("cannot read '{}': {error}", file.display()));
            Vec::new()
        });
        let table = VendorTable::new(text);
        if let Some(line) = table.broken_line() {
            self.warn(format!("{}:{line} makes no sense; the table ends there", file.display()));
        }
        table
    }

    fn warn(&self, text: String) {
        let text = format!("nseer: warning: {text}").into_bytes();
        self.sinks.emit(Event::Message { severity: Severity::Warning, text });
    }
}
