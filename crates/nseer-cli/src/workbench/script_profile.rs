//! `nseer script profile`: what scripts took in runs with `--script-profile`, put together.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use anyhow::{Context as _, bail};
use nseer_report::{CostOrder, CostRow, ScriptCosts};
use nseer_seam::System;
use serde_json::Value;

use super::{Tool, ToolOption, Words};
use crate::options::Complete;
use crate::printing::print;

pub(super) const TOOL: Tool = Tool {
    name: "script profile",
    operands: &["FILE..."],
    short: "show what scripts took in scans with --script-profile",
    long: "Shows what scripts took, from the JSON lines (-oJ) of scans with --script-profile; those of several \
        files are added up, and - is standard input. The times are from start to end, added up however many scripts \
        ran at a time; what a script did not compute it waited, for peers or for its turn. Memory is \
        the most that Lua held for one run.",
    options: &[
        ToolOption {
            name: "--sort",
            value: "COLUMN",
            short: "time (the usual one), running, bytes, memory or runs",
            complete: Complete::Words(CostOrder::NAMES),
        },
        ToolOption {
            name: "--top",
            value: "NUMBER",
            short: "show so many scripts",
            complete: Complete::Nothing,
        },
        ToolOption {
            name: "--format",
            value: "FORMAT",
            short: "text (the usual one) or json",
            complete: Complete::Words(&["text", "json"]),
        },
    ],
    trouble: 1,
    run,
};

fn run(words: &Words, system: &System) -> anyhow::Result<u8> {
    let order = order(words)?;
    let top = top(words)?;
    let is_json = super::scripts::is_json(words)?;
    let mut costs = ScriptCosts::default();
    for file in &words.operands {
        read(file, system, &mut costs)
            .with_context(|| format!("cannot read '{}'", file.display()))?;
    }
    let mut rows = costs.rows(order);
    rows.truncate(top);
    let text = match is_json {
        true => format!("{}\n", serde_json::to_string_pretty(&rows)?),
        false => ScriptCosts::table(&rows),
    };
    print(text)?;
    Ok(0)
}

fn order(words: &Words) -> anyhow::Result<CostOrder> {
    let Some(name) = words.value("--sort") else { return Ok(CostOrder::default()) };
    let order = name.to_str().and_then(CostOrder::named);
    order.with_context(|| {
        format!("'{}' is no column (--sort): write {}", name.display(), CostOrder::NAMES.join(", "))
    })
}

fn top(words: &Words) -> anyhow::Result<usize> {
    let Some(number) = words.value("--top") else { return Ok(usize::MAX) };
    let read = number.to_str().and_then(|text| text.parse().ok()).filter(|number| *number > 0);
    read.with_context(|| format!("'{}' is no number of scripts (--top)", number.display()))
}

/// Adds the costs that are in a file. The first line shows whether it is one of JSON lines.
fn read(file: &OsStr, system: &System, costs: &mut ScriptCosts) -> anyhow::Result<()> {
    let input: Box<dyn BufRead> = match file == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(BufReader::new(system.files.open(Path::new(file))?)),
    };
    let mut found = false;
    for (number, line) in input.lines().enumerate() {
        let line = line?;
        // Lines about hosts may be long, and there is nothing in them for us.
        if line.trim().is_empty() || !line.contains("script_cost") && number > 0 {
            continue;
        }
        let place = || format!("line {} is no JSON line of a scan", number + 1);
        let value: Value = serde_json::from_str(&line).with_context(place)?;
        let kind = value.get("type").and_then(Value::as_str).with_context(place)?;
        if kind == "script_cost" {
            costs.add(&serde_json::from_value::<CostRow>(value).with_context(place)?);
            found = true;
        }
    }
    if !found {
        bail!("it tells of no script's costs: scan with --script-profile and -oJ FILE");
    }
    Ok(())
}
