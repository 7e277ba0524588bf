//! When the tasks of a run begin and end, and what it has sent, as lines for people.

use nseer_core::event::Traffic;
use nseer_core::{Stage, Task};

use crate::escape::line_text;
use crate::when;

/// The lines that tell of a task's begin.
pub(crate) fn begun(task: &Task) -> String {
    let initiating = format!("Initiating {} at {}\n", line_text(&task.name), when::clock(task.at));
    let extent = task.extent.as_deref().map(line_text);
    match (task.stage, extent) {
        (Some(Stage::Scripts), Some(hosts)) => {
            format!("NSE: Script scanning {hosts}.\n{initiating}")
        }
        (_, Some(extent)) => format!("{initiating}Scanning {extent}\n"),
        (_, None) => initiating,
    }
}

/// The line that tells of a task's end.
pub(crate) fn ended(task: &Task) -> String {
    let extent = match &task.extent {
        Some(extent) => format!(" ({})", line_text(extent)),
        None => String::new(),
    };
    format!(
        "Completed {} at {}, {}s elapsed{extent}\n",
        line_text(&task.name),
        when::clock(task.at),
        when::seconds(task.elapsed)
    )
}

/// What was sent and received.
pub(crate) fn traffic(traffic: &Traffic) -> String {
    format!(
        "           Raw packets sent: {} ({}) | Rcvd: {} ({})\n",
        traffic.sent,
        bytes(traffic.sent_bytes),
        traffic.received,
        bytes(traffic.received_bytes)
    )
}

/// `968B`, `1.012KB`, `1.320MB`: decimal units, as far as they are readers' custom.
fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count}B"),
        1_000..1_000_000 => format!("{:.3}KB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.3}MB", count as f64 / 1e6),
        _ => format!("{:.3}GB", count as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use nseer_core::progress::PortScan;

    use super::*;

    #[test]
    fn the_lines_are_those_that_programs_wait_for() {
        let mut task = Task {
            name: "SYN Stealth Scan".into(),
            stage: Some(Stage::Ports(PortScan::Syn)),
            at: UNIX_EPOCH,
            elapsed: Duration::from_millis(1234),
            extent: Some("127.0.0.1 [2 ports]".into()),
        };
        let time = when::clock(UNIX_EPOCH);
        let expected =
            format!("Initiating SYN Stealth Scan at {time}\nScanning 127.0.0.1 [2 ports]\n");
        assert_eq!(begun(&task), expected);
        task.extent = Some("2 total ports".into());
        let expected =
            format!("Completed SYN Stealth Scan at {time}, 1.23s elapsed (2 total ports)\n");
        assert_eq!(ended(&task), expected);
        let extent = Some("127.0.0.1".into());
        let scripts =
            Task { name: "NSE".into(), stage: Some(Stage::Scripts), extent, ..task.clone() };
        let expected = format!("NSE: Script scanning 127.0.0.1.\nInitiating NSE at {time}\n");
        assert_eq!(begun(&scripts), expected);
        let phase = Task { stage: None, extent: None, ..scripts };
        assert_eq!(begun(&phase), format!("Initiating NSE at {time}\n"));
        assert_eq!(ended(&phase), format!("Completed NSE at {time}, 1.23s elapsed\n"));
    }

    #[test]
    fn bytes_have_units() {
        let told = Traffic { sent: 23, sent_bytes: 999, received: 46, received_bytes: 1_932 };
        let expected = "           Raw packets sent: 23 (999B) | Rcvd: 46 (1.932KB)\n";
        assert_eq!(traffic(&told), expected);
        assert_eq!(bytes(1_320_000), "1.320MB");
        assert_eq!(bytes(2_520_000_000), "2.520GB");
    }
}
