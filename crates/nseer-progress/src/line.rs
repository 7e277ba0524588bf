//! Progress as one line of a terminal.

use std::time::Duration;

use console::{Style, measure_text_width, truncate_str};
use nseer_core::Progress;

/// Cells of the bar.
const BAR: usize = 20;

/// A line of at most `width` cells. What does not fit is left out, the least important first: names of
/// what is slow, then what is at work, the bar, the estimate; a very narrow line is cut.
#[must_use]
pub fn line(progress: &Progress, width: usize, colour: bool) -> String {
    let style = |style: Style| style.force_styling(colour);
    let hosts = format!("{}/{} hosts", progress.done, progress.expected);
    let share = progress.fraction.map(|f| format!("{:3.0}%", (f * 100.0).floor()));
    let share = share.map(|text| style(Style::new().bold()).apply_to(text).to_string());
    let bar = progress.fraction.map(|f| style(Style::new().cyan()).apply_to(bar(f)).to_string());
    let left = progress.remaining.map(|time| format!("about {} left", short(time)));
    let at_work = progress.at_work.iter();
    let at_work: Vec<String> =
        at_work.map(|(stage, hosts)| format!("{} {hosts}", stage.as_str())).collect();
    let at_work = (!at_work.is_empty()).then(|| at_work.join(", "));
    let slow = progress.slowest.first();
    let slow = slow.map(|slow| {
        let text = format!("{} {}", slow.what, short(slow.since));
        style(Style::new().yellow()).apply_to(text).to_string()
    });
    let elapsed = Some(short(progress.elapsed));
    // In the order of the line, each with its rank.
    let mut parts = vec![
        (2, bar),
        (0, share),
        (0, Some(hosts)),
        (4, elapsed),
        (1, left),
        (3, at_work),
        (5, slow),
    ];
    parts.retain(|(_, text)| text.is_some());
    loop {
        let texts: Vec<&str> = parts.iter().filter_map(|(_, text)| text.as_deref()).collect();
        let text = texts.join(" | ");
        let least = parts.iter().map(|(rank, _)| *rank).max().unwrap_or(0);
        if measure_text_width(&text) <= width {
            return text;
        }
        if least == 0 {
            return truncate_str(&text, width, "").into_owned();
        }
        parts.retain(|(rank, _)| *rank != least);
    }
}

fn bar(fraction: f64) -> String {
    let full = ((fraction * BAR as f64) as usize).min(BAR);
    format!("[{}{}]", "#".repeat(full), ".".repeat(BAR - full))
}

/// `5s`, `3:07`, `2:03:07`.
fn short(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use nseer_core::Stage;
    use nseer_core::progress::{PortScan, Slow};
    use proptest::prelude::*;

    use super::*;

    fn progress() -> Progress {
        Progress {
            now: UNIX_EPOCH,
            elapsed: Duration::from_secs(62),
            done: 12,
            up: 3,
            expected: 256,
            at_work: vec![(Stage::Ports(PortScan::Syn), 5), (Stage::Scripts, 2)],
            fraction: Some(0.5),
            remaining: Some(Duration::from_secs(3723)),
            tasks: Vec::new(),
            slowest: vec![Slow {
                what: "http-slow on 192.0.2.7:80".into(),
                since: Duration::from_secs(9),
            }],
        }
    }

    #[test]
    fn a_narrow_terminal_gets_less() {
        let at = |width| line(&progress(), width, false);
        assert_eq!(
            at(200),
            "[##########..........] |  50% | 12/256 hosts | 1:02 | about 1:02:03 left | \
             SYN Stealth Scan 5, Script Scan 2 | http-slow on 192.0.2.7:80 9s"
        );
        assert_eq!(at(90), "[##########..........] |  50% | 12/256 hosts | about 1:02:03 left");
        assert_eq!(at(40), " 50% | 12/256 hosts | about 1:02:03 left");
        assert_eq!(at(22), " 50% | 12/256 hosts");
        assert_eq!(at(8), " 50% | 1");
    }

    #[test]
    fn without_colour_there_is_no_escape() {
        assert!(!line(&progress(), 200, false).contains('\x1b'));
        assert!(line(&progress(), 200, true).contains("\x1b["));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_its_terminal(
            width in 0_usize..250, fraction in 0.0..=1.0, name in "\\PC{0,60}", colour: bool,
        ) {
            let slow = Slow { what: name, since: Duration::from_secs(1) };
            let progress =
                Progress { fraction: Some(fraction), slowest: vec![slow], ..progress() };
            let text = line(&progress, width, colour);
            prop_assert!(measure_text_width(&text) <= width, "{text:?}");
            prop_assert!(!text.contains('\n'));
        }
    }
}
