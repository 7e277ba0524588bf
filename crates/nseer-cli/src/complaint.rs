//! What is said on standard error where no report is open.

use std::io::Write as _;

use nseer_report::message_text;

/// One message, without what could move the cursor: it may quote what a user typed, or a file of others.
pub fn complain(text: &str) {
    // Nobody is left who could be told that this failed.
    let _ = writeln!(std::io::stderr(), "nseer: {}", message_text(text.as_bytes()));
}
