//! Runs that fail before their outputs are open: whoever reads XML or JSON lines from standard output gets a
//! whole document that says why. Files are left as they are, for an older result may be in them.

use std::ffi::OsStr;
use std::time::Duration;

use nseer_core::Event;
use nseer_core::event::{RunInfo, RunSummary};
use nseer_report::ReportOptions;
use nseer_seam::Clock;

use crate::settings::{Format, Settings};
use crate::sinks;

/// Tells the reader of standard output why nothing was done. `args` is the command line, to show.
pub fn tell(settings: &Settings, args: &str, why: &str, clock: &dyn Clock) {
    let is_on_stdout = |format: &Format| {
        // The last file of a format counts.
        let last = settings.outputs.iter().rfind(|(other, _)| other == format);
        last.is_some_and(|(_, name)| name.as_os_str() == OsStr::new("-"))
    };
    let Some(format) = [Format::Xml, Format::Json].into_iter().find(is_on_stdout) else { return };
    let started = clock.wall();
    let run = RunInfo {
        program: "nseer".to_owned(),
        args: args.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started,
        verbosity: 0,
        debugging: 0,
        scans: Vec::new(),
    };
    let end = RunSummary {
        finished: started,
        elapsed: Duration::ZERO,
        up: 0,
        down: 0,
        interrupted: Some(why.to_owned()),
        is_told: true,
    };
    let mut report = sinks::report(format, std::io::stdout(), ReportOptions::default());
    for event in [Event::RunStarted(run), Event::RunFinished(end)] {
        // A reader that has gone away is no failure.
        let _ = report.event(&event);
    }
}
