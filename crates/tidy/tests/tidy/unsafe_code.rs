//! `unsafe` lives in three places, and each use says why it is sound.

use crate::tree;

/// The Lua state's debug library and hooks have no safe constructor; nor has tokio's watch over a
/// socket that is not one of its own, such as a packet socket. And what C calls has a bare name.
const ALLOWED_IN: &[&str] = &[
    "crates/nseer-lua/",
    "crates/nseer-packet/src/capture.rs",
    "crates/nseer-cli/src/elementary.rs",
];

/// How many lines above the keyword the reason may begin.
const REACH: usize = 8;

/// The lines (from 0) on which the keyword opens a block, an item or an attribute; comments and lint names
/// such as `unsafe_code` are no uses.
fn uses(text: &str) -> Vec<usize> {
    let opens = |line: &str| {
        let code = line.split("//").next().unwrap_or_default();
        ["{", "fn ", "impl ", "extern ", "trait "]
            .iter()
            .any(|next| code.contains(&format!("{} {next}", "unsafe")))
            || code.contains(concat!("#[", "unsafe("))
    };
    text.lines().enumerate().filter(|(_, line)| opens(line)).map(|(number, _)| number).collect()
}

/// Blocks and impls promise something; a function only hands the duty on to its callers.
fn is_explained(text: &str, line: usize) -> bool {
    let keeps_no_promise =
        |code: &str| code.contains("unsafe fn") || code.contains("unsafe extern");
    if text.lines().nth(line).is_some_and(keeps_no_promise) {
        return true;
    }
    let first = line.saturating_sub(REACH);
    text.lines()
        .skip(first)
        .take(line - first + 1)
        .any(|line| line.contains("SAFETY:") || line.contains("# Safety"))
}

#[test]
fn it_is_rare_and_explained() {
    let mut complaints = Vec::new();
    for (file, text) in tree::texts(&["rs"]) {
        if file.starts_with("crates/tidy/") {
            continue;
        }
        for line in uses(&text) {
            if !ALLOWED_IN.iter().any(|place| file.starts_with(place)) {
                complaints.push(format!("{file}:{}: not here", line + 1));
            } else if !is_explained(&text, line) {
                complaints.push(format!("{file}:{}: no SAFETY comment", line + 1));
            }
        }
    }
    tree::report(
        "Find a safe way, or explain in one of the places allowed why it is sound.",
        &complaints,
    );
}

#[test]
fn uses_are_found() {
    let text = "// unsafe { no }\n#![deny(unsafe_code)]\nunsafe fn a() {}\nlet b = unsafe { c() };\n\
         #[unsafe(no_mangle)]\n";
    assert_eq!(uses(text), [2, 3, 4]);
    assert!(is_explained(text, 2));
    assert!(!is_explained(text, 3));
    assert!(is_explained("// SAFETY: one thread\nunsafe { a() }\n", 1));
}
