//! What scripts took (`--script-profile`), put together by script: as a table, and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use nseer_core::ScriptCost;
use serde::{Deserialize, Serialize};

use crate::escape::line_text;

/// A script whose rule said no everywhere is worth a row if that took more of the processor.
const CHEAP: Duration = Duration::from_millis(10);

/// The costs of a run, or of several, by script. It grows with the number of scripts, not of hosts.
#[derive(Debug, Default)]
pub struct ScriptCosts {
    rows: BTreeMap<String, CostRow>,
}

/// What all runs of a script took together; a line of JSON with `type` `script_cost`.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(tag = "type", rename = "script_cost")]
pub struct CostRow {
    /// The script's ID.
    pub id: String,
    /// How often its action was called.
    pub runs: u64,
    /// From start to end, added up, however many ran at a time.
    pub seconds: f64,
    /// Of that, time of the processor.
    pub running_seconds: f64,
    /// Of that, all other time.
    pub waiting_seconds: f64,
    /// Sockets that it opened.
    pub connections: u64,
    /// Bytes that it sent, inside of TLS.
    pub bytes_sent: u64,
    /// Bytes that it received, inside of TLS.
    pub bytes_received: u64,
    /// Most bytes that Lua held at a time for one of its runs.
    pub peak_memory_bytes: u64,
}

impl CostRow {
    fn add(&mut self, other: &CostRow) {
        self.runs = self.runs.saturating_add(other.runs);
        self.seconds += other.seconds;
        self.running_seconds += other.running_seconds;
        self.waiting_seconds += other.waiting_seconds;
        self.connections = self.connections.saturating_add(other.connections);
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(other.bytes_received);
        self.peak_memory_bytes = self.peak_memory_bytes.max(other.peak_memory_bytes);
    }

    fn is_worth_it(&self) -> bool {
        self.runs > 0 || self.connections > 0 || self.running_seconds > CHEAP.as_secs_f64()
    }
}

impl From<&ScriptCost> for CostRow {
    fn from(cost: &ScriptCost) -> CostRow {
        CostRow {
            id: cost.id.to_string(),
            runs: u64::from(cost.has_run),
            seconds: cost.elapsed.as_secs_f64(),
            running_seconds: cost.running.as_secs_f64(),
            waiting_seconds: cost.elapsed.saturating_sub(cost.running).as_secs_f64(),
            connections: cost.connections,
            bytes_sent: cost.sent,
            bytes_received: cost.received,
            peak_memory_bytes: cost.peak_memory,
        }
    }
}

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CostOrder {
    /// `time`: all time.
    #[default]
    Time,
    /// `running`: time of the processor.
    Running,
    /// `bytes`: bytes sent and received.
    Bytes,
    /// `memory`: the peak.
    Memory,
    /// `runs`: how often it ran.
    Runs,
}

impl CostOrder {
    /// The names of all orders.
    pub const NAMES: &[&str] = &["time", "running", "bytes", "memory", "runs"];

    /// The order of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<CostOrder> {
        Some(match name {
            "time" => CostOrder::Time,
            "running" => CostOrder::Running,
            "bytes" => CostOrder::Bytes,
            "memory" => CostOrder::Memory,
            "runs" => CostOrder::Runs,
            _ => return None,
        })
    }

    #[allow(clippy::cast_precision_loss, reason = "an order needs no last digit")]
    fn key(self, row: &CostRow) -> f64 {
        match self {
            CostOrder::Time => row.seconds,
            CostOrder::Running => row.running_seconds,
            CostOrder::Bytes => row.bytes_sent.saturating_add(row.bytes_received) as f64,
            CostOrder::Memory => row.peak_memory_bytes as f64,
            CostOrder::Runs => row.runs as f64,
        }
    }
}

impl ScriptCosts {
    /// Adds what one thread of a script took, or many.
    pub fn add(&mut self, cost: &CostRow) {
        match self.rows.get_mut(&cost.id) {
            Some(row) => row.add(cost),
            None => drop(self.rows.insert(cost.id.clone(), cost.clone())),
        }
    }

    /// Nobody measured.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The scripts that took anything worth a row, those that took most first.
    #[must_use]
    pub fn rows(&self, order: CostOrder) -> Vec<&CostRow> {
        let mut rows: Vec<&CostRow> = self.rows.values().filter(|row| row.is_worth_it()).collect();
        // The sort is stable, and the map is sorted by name.
        rows.sort_by(|a, b| order.key(b).total_cmp(&order.key(a)));
        rows
    }

    /// The rows as a table for people.
    #[must_use]
    pub fn table(rows: &[&CostRow]) -> String {
        let head = "RUNS TIME WAITING RUNNING CONNECTIONS SENT RECEIVED MEMORY SCRIPT";
        let mut cells = vec![head.split(' ').map(str::to_owned).collect::<Vec<_>>()];
        cells.extend(rows.iter().map(|row| {
            vec![
                row.runs.to_string(),
                seconds(row.seconds),
                seconds(row.waiting_seconds),
                seconds(row.running_seconds),
                row.connections.to_string(),
                size(row.bytes_sent),
                size(row.bytes_received),
                size(row.peak_memory_bytes),
                line_text(&row.id),
            ]
        }));
        let columns = cells[0].len();
        let width = |column: usize| cells.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &cells {
            let (name, numbers) = row.split_last().unwrap_or((const { &String::new() }, &[]));
            for (cell, width) in numbers.iter().zip(&widths) {
                // Writing to a string does not fail.
                let _ = write!(text, "{cell:>width$}  ");
            }
            let _ = writeln!(text, "{name}");
        }
        text
    }
}

/// `0.012s`, `12.3s`.
fn seconds(seconds: f64) -> String {
    let digits = if seconds < 10.0 { 3 } else { 1 };
    format!("{seconds:.digits$}s")
}

/// `512`, `1.5K`, `23M`.
#[allow(clippy::cast_precision_loss, reason = "two digits are shown")]
fn size(bytes: u64) -> String {
    if bytes < 1024 {
        return bytes.to_string();
    }
    let mut value = bytes as f64;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        // What would be shown as 1024 has the next unit.
        if value < 1023.5 {
            break;
        }
        value /= 1024.0;
        unit = next;
    }
    let digits = usize::from(value < 9.95);
    format!("{value:.digits$}{unit}")
}

#[cfg(test)]
mod tests {
    use nseer_core::{Phase, PortKey};

    use super::*;

    fn cost(id: &str, elapsed: u64, running: u64) -> ScriptCost {
        ScriptCost {
            id: id.into(),
            phase: Phase::Port,
            address: None,
            port: Some(PortKey::tcp(80)),
            has_run: true,
            elapsed: Duration::from_millis(elapsed),
            running: Duration::from_millis(running),
            connections: 1,
            sent: 100,
            received: 2000,
            peak_memory: 1 << 20,
        }
    }

    #[test]
    fn runs_of_a_script_are_one_row_and_the_slowest_comes_first() {
        let mut costs = ScriptCosts::default();
        assert!(costs.is_empty());
        costs.add(&CostRow::from(&cost("a", 10, 1)));
        costs.add(&CostRow::from(&cost("b", 300, 2)));
        costs.add(&CostRow::from(&ScriptCost { peak_memory: 5 << 20, ..cost("a", 20, 4) }));
        costs.add(&CostRow::from(&ScriptCost {
            has_run: false,
            connections: 0,
            ..cost("no", 2000, 1)
        }));
        costs
            .add(&CostRow::from(&ScriptCost { has_run: false, ..cost("talks-in-its-rule", 5, 1) }));
        let rows = costs.rows(CostOrder::Time);
        assert_eq!(
            ScriptCosts::table(&rows),
            "RUNS    TIME  WAITING  RUNNING  CONNECTIONS  SENT  RECEIVED  MEMORY  SCRIPT\n   \
                1  0.300s   0.298s   0.002s            1   100      2.0K    1.0M  b\n   \
                2  0.030s   0.025s   0.005s            2   200      3.9K    5.0M  a\n   \
                0  0.005s   0.004s   0.001s            1   100      2.0K    1.0M  talks-in-its-rule\n"
        );
        let order = |order| costs.rows(order)[0].id.clone();
        assert_eq!(order(CostOrder::Running), "a");
        assert_eq!(order(CostOrder::Memory), "a");
        assert_eq!(order(CostOrder::Runs), "a");
    }

    #[test]
    fn rows_come_back_from_json() {
        let row = CostRow::from(&cost("a", 10, 1));
        let text = serde_json::to_string(&row).expect("JSON");
        assert!(text.starts_with(r#"{"type":"script_cost","id":"a","runs":1,"#), "{text}");
        assert_eq!(serde_json::from_str::<CostRow>(&text).expect("a row"), row);
    }

    #[test]
    fn sizes_are_short() {
        let sizes = [0, 1023, 1024, 10_200, 1_047_552, 1 << 30, u64::MAX];
        let shown = sizes.map(size);
        assert_eq!(shown, ["0", "1023", "1.0K", "10K", "1023K", "1.0G", "16777216T"]);
        assert_eq!(size(1_048_100), "1.0M");
        assert_eq!(CostOrder::NAMES.iter().filter(|n| CostOrder::named(n).is_some()).count(), 5);
    }
}
