//! How far a run has come, as lines for people.

use std::time::Duration;

use nseer_core::Progress;

use crate::escape::line_text;
use crate::when;

/// The status of a run as lines, each with its end: what is at work, how much is done and when the
/// rest will be, and what has been running for longest.
#[must_use]
pub fn status_lines(progress: &Progress) -> String {
    let mut text = format!(
        "Stats: {} elapsed; {} hosts completed ({} up)",
        clock(progress.elapsed),
        progress.done,
        progress.up
    );
    let at_work: Vec<String> = progress
        .at_work
        .iter()
        .map(|(stage, hosts)| format!("{hosts} undergoing {}", stage.as_str()))
        .collect();
    if !at_work.is_empty() {
        text += &format!(", {}", at_work.join(", "));
    }
    text.push('\n');
    // Where hosts are in several stages, how far all of the run is says more than any of them.
    let (name, fraction, remaining) = match progress.tasks.as_slice() {
        [task] => (line_text(&task.name), task.fraction, task.remaining),
        _ => ("Scan".to_owned(), progress.fraction, progress.remaining),
    };
    if let Some(fraction) = fraction {
        text += &format!("{name} Timing: About {:.2}% done", fraction * 100.0);
        if let Some(remaining) = remaining {
            let end = progress.now.checked_add(remaining).unwrap_or(progress.now);
            let (end, remaining) = (when::clock(end), clock(remaining));
            text += &format!("; ETC: {end} ({remaining} remaining)");
        }
        text.push('\n');
    }
    if !progress.slowest.is_empty() {
        let slowest = progress.slowest.iter();
        let slowest: Vec<String> =
            slowest.map(|slow| format!("{} ({})", slow.what, clock(slow.since))).collect();
        text += &format!("Slowest: {}\n", slowest.join(", "));
    }
    text
}

/// `0:01:02`: hours, minutes, seconds.
#[must_use]
pub fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use nseer_core::Stage;
    use nseer_core::progress::{PortScan, Slow, TaskProgress};

    use super::*;

    fn progress() -> Progress {
        Progress {
            now: UNIX_EPOCH,
            elapsed: Duration::from_secs(3723),
            done: 20,
            up: 1,
            expected: 60,
            at_work: vec![(Stage::Ports(PortScan::Syn), 2), (Stage::Scripts, 1)],
            fraction: None,
            remaining: None,
            tasks: Vec::new(),
            slowest: Vec::new(),
        }
    }

    #[test]
    fn what_is_not_known_is_not_said() {
        let expected = "Stats: 1:02:03 elapsed; 20 hosts completed (1 up), 2 undergoing SYN Stealth Scan, 1 undergoing Script Scan\n";
        assert_eq!(status_lines(&progress()), expected);
    }

    #[test]
    fn estimate_and_slowest_have_lines_of_their_own() {
        let slow =
            Slow { what: "http-slow on 192.0.2.7:80".into(), since: Duration::from_secs(61) };
        let full = Progress {
            fraction: Some(1.0 / 3.0),
            remaining: Some(Duration::from_secs(12)),
            slowest: vec![slow],
            ..progress()
        };
        let text = status_lines(&full);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert!(lines[0].starts_with("Scan Timing: About 33.33% done; ETC: "), "{text}");
        assert!(lines[0].ends_with(" (0:00:12 remaining)"), "{text}");
        assert_eq!(lines[1], "Slowest: http-slow on 192.0.2.7:80 (0:01:01)");
        let task = |fraction| TaskProgress { name: "NSE".into(), fraction, remaining: None };
        let alone = Progress { tasks: vec![task(Some(0.25))], ..full };
        let text = status_lines(&alone);
        assert_eq!(text.lines().nth(1), Some("NSE Timing: About 25.00% done"));
    }
}
