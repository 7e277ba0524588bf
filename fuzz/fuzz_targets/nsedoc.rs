//! Sources of scripts and libraries, from which documentation is read and pages are made.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nseer_docsite::{Shelf, json, library_text, markdown, script_text, site};

fuzz_target!(|input: &[u8]| {
    let mut shelf = Shelf::default();
    shelf.add_script("fuzzed", "fuzzed.nse", input);
    shelf.add_library("fuzzed", "fuzzed.lua", input);
    let script = shelf.script("fuzzed").expect("it was added");
    let library = shelf.library("fuzzed").expect("it was added");
    assert!(library.doc.functions.iter().all(|function| !function.name.is_empty()));
    for text in [script_text(&shelf, script, 60), library_text(library, None, 60)] {
        assert!(!text.contains('\x1b'), "{text:?}");
    }
    let _ = json(&shelf);
    let mut check = |path: &str, content: &str| {
        let scripts = if path.ends_with(".html") { content.matches("<script").count() } else { 1 };
        assert_eq!(scripts, 1, "{path}");
        Ok(())
    };
    site(&shelf, &mut check).expect("nothing fails");
    markdown(&shelf, &mut |_, _| Ok(())).expect("nothing fails");
});
