//! A difference for people: what is gone begins with `-`, what is new with `+`.

use std::io::{self, Write};

use nseer_core::port_spec::compact_list;
use nseer_core::{Phase, PortState, ScriptValue, ServiceInfo};
use nseer_report::{ServiceText, line_text, mac_text, screened};
use similar::{ChangeTag, TextDiff};

use crate::change::{
    Difference, HostChange, Pair, PortChange, ScriptChange, ScriptChangeKind, Step, ValueChange,
};

/// Writes a difference; nothing where there is none. `files` are the names of both sides.
///
/// # Errors
/// Where the writer fails.
pub fn write_text(
    out: &mut impl Write,
    files: [&str; 2],
    difference: &Difference,
) -> io::Result<()> {
    if difference.is_empty() {
        return Ok(());
    }
    writeln!(out, "--- {}\n+++ {}", line_text(files[0]), line_text(files[1]))?;
    for host in &difference.hosts {
        write_host(out, host)?;
    }
    for (phase, scripts) in &difference.phases {
        let name = if *phase == Phase::Pre { "Pre" } else { "Post" };
        writeln!(out, "\n{name}-scan scripts")?;
        scripts.iter().try_for_each(|script| write_script(out, "", script))?;
    }
    Ok(())
}

fn write_host(out: &mut impl Write, host: &HostChange) -> io::Result<()> {
    let name = host.names.after.as_ref().or(host.names.before.as_ref());
    let name = name.map(|name| format!(" ({})", line_text(name))).unwrap_or_default();
    writeln!(out, "\n{}{name}", host.address)?;
    let is_known_twice = host.status.before.is_some() && host.status.after.is_some();
    write_pair(out, &host.status, |status| format!("host {status}"))?;
    if is_known_twice {
        write_pair(out, &host.names, |name| format!("name {}", line_text(name)))?;
        write_pair(out, &host.mac, |mac| format!("MAC address {}", mac_text(*mac)))?;
    }
    host.ports.iter().try_for_each(|port| write_port(out, port))?;
    for group in &host.groups {
        writeln!(
            out,
            "  {} {} {} {} are now {}: {}",
            group.ports.len(),
            group.protocol,
            group.protocol.noun(2),
            group.before,
            group.after,
            compact_list(&group.ports, group.protocol)
        )?;
    }
    host.scripts.iter().try_for_each(|script| write_script(out, "", script))
}

fn write_pair<T: PartialEq>(
    out: &mut impl Write,
    pair: &Pair<T>,
    show: impl Fn(&T) -> String,
) -> io::Result<()> {
    if !pair.differs() {
        return Ok(());
    }
    for (sign, value) in [("-", &pair.before), ("+", &pair.after)] {
        if let Some(value) = value {
            writeln!(out, "{sign} {}", show(value))?;
        }
    }
    Ok(())
}

fn write_port(out: &mut impl Write, port: &PortChange) -> io::Result<()> {
    if port.state.differs() || port.service.differs() {
        let sides = [
            ("-", port.state.before, &port.service.before),
            ("+", port.state.after, &port.service.after),
        ];
        for (sign, state, service) in sides {
            if let Some(state) = state {
                writeln!(out, "{sign} {}", port_line(port, state, service.as_ref()))?;
            }
        }
    }
    let place = format!("{} ", port.key);
    port.scripts.iter().try_for_each(|script| write_script(out, &place, script))
}

fn port_line(port: &PortChange, state: PortState, service: Option<&ServiceInfo>) -> String {
    let mut line = format!("{} {state}", port.key);
    if let Some(service) = service {
        let shown = ServiceText::of(service);
        line.push_str(&format!(" {} {}", shown.label, shown.version));
    }
    line.trim_end().to_owned()
}

fn write_script(out: &mut impl Write, place: &str, script: &ScriptChange) -> io::Result<()> {
    let id = line_text(&script.id);
    match &script.kind {
        ScriptChangeKind::Added { output, .. } => {
            writeln!(out, "+ {place}{id}:")?;
            write_lines(out, "+", output)
        }
        ScriptChangeKind::Removed { output, .. } => {
            writeln!(out, "- {place}{id}:")?;
            write_lines(out, "-", output)
        }
        ScriptChangeKind::Structure(changes) => {
            writeln!(out, "  {place}{id}:")?;
            changes.iter().try_for_each(|change| write_value(out, change))
        }
        ScriptChangeKind::Text { before, after } => {
            writeln!(out, "  {place}{id}:")?;
            let (before, after) = (screened(before), screened(after));
            for change in TextDiff::from_lines(&before, &after).iter_all_changes() {
                let sign = match change.tag() {
                    ChangeTag::Delete => '-',
                    ChangeTag::Insert => '+',
                    ChangeTag::Equal => continue,
                };
                writeln!(out, "{sign}     {}", change.value().trim_end_matches('\n'))?;
            }
            Ok(())
        }
    }
}

fn write_lines(out: &mut impl Write, sign: &str, output: &[u8]) -> io::Result<()> {
    let text = screened(output);
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        writeln!(out, "{sign}     {line}")?;
    }
    Ok(())
}

fn write_value(out: &mut impl Write, change: &ValueChange) -> io::Result<()> {
    let path = path_text(&change.path);
    for (sign, value) in [("-", &change.value.before), ("+", &change.value.after)] {
        match value {
            None => {}
            Some(ScriptValue::Scalar(text)) => {
                let text = one_line(text);
                writeln!(out, "{sign}     {path}: {text}")?;
            }
            Some(table) => {
                writeln!(out, "{sign}     {path}:")?;
                write_table(out, sign, table, 2)?;
            }
        }
    }
    Ok(())
}

fn write_table(
    out: &mut impl Write,
    sign: &str,
    value: &ScriptValue,
    depth: usize,
) -> io::Result<()> {
    let ScriptValue::Table(entries) = value else { return Ok(()) };
    let indent = " ".repeat(depth * 2);
    for (key, value) in entries {
        let key = key.as_ref().map(|key| format!("{}: ", one_line(key))).unwrap_or_default();
        let text = match value {
            ScriptValue::Scalar(text) => one_line(text),
            ScriptValue::Table(_) => String::new(),
        };
        writeln!(out, "{}", format!("{sign}   {indent}{key}{text}").trim_end())?;
        write_table(out, sign, value, depth + 1)?;
    }
    Ok(())
}

/// `a.b`, where an item of a list is `[]`; a value without a way to it is the script's own.
fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&one_line(key));
            }
            Step::Item => text.push_str("[]"),
        }
    }
    if text.is_empty() { "value".to_owned() } else { text }
}

/// Line ends and tabs would break the layout.
fn one_line(bytes: &[u8]) -> String {
    screened(bytes).replace('\n', "\\n").replace('\t', "\\t")
}
