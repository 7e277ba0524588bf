//! How normal output ends.

use nseer_core::{Event, Severity};
use nseer_report::{NormalReport, Place, ReportOptions};

use crate::fixture::*;

fn check(place: Place, options: &ReportOptions, events: &[Event], expected: &str) {
    let text = render(|out| NormalReport::new(out, place, options.clone()), events);
    assert_eq!(text, at_start(expected));
}

/// The words by which readers know that hosts were asked for more; not where nobody was.
#[test]
fn detection_is_told_at_the_end() {
    let versions = ReportOptions { versions: true, ..ReportOptions::default() };
    let performed = " detection performed.\n";
    let done = "Nmap done: 1 IP address (1 host up) scanned in 0.05 seconds\n";
    let events = [run_finished(1, 0, None)];
    check(Place::Screen, &versions, &events, &format!("Service{performed}{done}"));
    let done = "# Nmap done at {ctime} -- 1 IP address (1 host up) scanned in 0.05 seconds\n";
    check(Place::File, &ReportOptions::default(), &events, done);
    let systems = ReportOptions { systems: true, ..ReportOptions::default() };
    let both = ReportOptions { systems: true, ..versions.clone() };
    for (options, what) in [(&versions, "Service"), (&systems, "OS"), (&both, "OS and Service")] {
        check(Place::File, options, &events, &format!("{what}{performed}{done}"));
    }
    let done = "# Nmap done at {ctime} -- 1 IP address (0 hosts up) scanned in 0.05 seconds\n";
    check(Place::File, &versions, &[run_finished(0, 1, None)], done);
}

/// Who was told why has not to be told again, whatever the message was.
#[test]
fn the_reason_of_a_stop_is_told_once() {
    let told = |why: &str, is_told: bool| match run_finished(1, 0, Some(why)) {
        Event::RunFinished(run) => {
            Event::RunFinished(nseer_core::event::RunSummary { is_told, ..run })
        }
        other => other,
    };
    let done = "# Nmap done at {ctime} -- 1 IP address (1 host up) scanned in 0.05 seconds\n";
    let message =
        Event::Message { severity: Severity::Error, text: b"nseer: a disk broke".to_vec() };
    check(
        Place::File,
        &ReportOptions::default(),
        &[message.clone(), told("a disk broke", true)],
        &format!("nseer: a disk broke\n{done}"),
    );
    // An error that ends with the same words is not the reason for that.
    check(
        Place::File,
        &ReportOptions::default(),
        &[message, told("broke", false)],
        &format!("nseer: a disk broke\n# Stopped early: broke\n{done}"),
    );
}
