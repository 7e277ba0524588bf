//! `nseer diff`: what differs between two finished scans.

use std::ffi::OsStr;
use std::io::Write as _;

use anyhow::{Context as _, bail};
use nseer_diff::{Scan, compare, write_json, write_text};
use nseer_seam::System;

use super::{OUT, Tool, ToolOption, Words, documents};
use crate::options::Complete;

pub(super) const TOOL: Tool = Tool {
    name: "diff",
    operands: &["BEFORE", "AFTER"],
    short: "tell what differs between two finished scans",
    long: "Reads two scans, XML of Nmap's or nseer's or stores, and tells which hosts, ports, services and \
        script results differ. Structured results are compared by their structure, and the order of \
        list items does not count. Times and reasons are no difference. The exit code is 0 where \
        nothing differs, 1 where something does, and 2 where the files cannot be compared or one of \
        them ends early.",
    options: &[
        ToolOption {
            name: "--to",
            value: "FORMAT",
            short: "text (the usual one) or json",
            complete: Complete::Words(&["text", "json"]),
        },
        OUT,
    ],
    trouble: TROUBLE,
    run,
};

const SAME: u8 = 0;
const DIFFERENT: u8 = 1;
const TROUBLE: u8 = 2;

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let as_json = match words.value("--to") {
        None => false,
        Some(word) if word == "text" => false,
        Some(word) if word == "json" => true,
        Some(word) => bail!("'{}' is no format (--to): write text or json", word.display()),
    };
    let [before, after] = words.operands.as_slice() else { bail!("diff takes 2 files") };
    if before == "-" && after == "-" {
        bail!("standard input holds one scan: name a file for the other");
    }
    let ((old, old_is_whole), (new, new_is_whole)) = (scan(before, system)?, scan(after, system)?);
    let difference = compare(&old, &new);
    let mut out = documents::output(words.value("-o"), system)?;
    let names = [before, after].map(|file| file.to_string_lossy());
    let names = [&*names[0], &*names[1]];
    let written = if as_json {
        write_json(&mut out, names, [&old, &new], &difference)
    } else {
        write_text(&mut out, names, &difference)
    };
    let name = documents::output_name(words.value("-o"));
    written.and_then(|()| out.flush()).with_context(|| format!("cannot write to {name}"))?;
    Ok(match (old_is_whole && new_is_whole, difference.is_empty()) {
        (false, _) => TROUBLE,
        (true, true) => SAME,
        (true, false) => DIFFERENT,
    })
}

/// A scan, and whether it was whole.
fn scan(file: &OsStr, system: &System) -> anyhow::Result<(Scan, bool)> {
    let mut source = documents::open(file, system)?;
    let mut scan = Scan::default();
    let is_whole = source.each(|event| {
        scan.take(event);
        Ok(())
    })?;
    Ok((scan, is_whole))
}
