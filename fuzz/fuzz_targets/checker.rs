//! Any text as a script or a library: findings within the text, written in every format.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nseer_check::Checker;
use nseer_check::report::{FORMATS, write};

static CHECKER: LazyLock<Checker> = LazyLock::new(Checker::default);

fuzz_target!(|input: &[u8]| {
    let Some((kind, text)) = input.split_first() else { return };
    let name = if kind % 2 == 0 { "a.nse" } else { "a.lua" };
    let checked = CHECKER.check_one(name, text);
    for finding in &checked.findings {
        assert!(finding.span.end <= checked.source.text.len(), "{finding:?}");
        assert!(finding.message.lines().count() == 1, "{finding:?}");
    }
    for (_, format) in FORMATS {
        write(&mut std::io::sink(), *format, std::slice::from_ref(&checked), kind % 3 == 0)
            .expect("a sink takes everything");
    }
});
