//! Options of what is printed and written.

use std::ffi::OsString;

use super::{Category, Complete, Opt, Use, Value};
use crate::parse::ParseError;
use crate::settings::{Format, MAX_LEVEL, PageRequest, Settings, StylesheetRequest};

pub(super) const CATEGORY: Category = Category {
    title: "Output",
    about: "With - as the name of a file, that format goes to standard output and takes the place \
        of the usual text. Only one format can.",
    options: &[
        Opt::new(
            &["-oN"],
            Value::Required("FILE"),
            "write what people read to FILE",
            "Writes the usual text to FILE, without what only a terminal needs.",
            |s, u| output(s, u, &[(Format::Normal, "")]),
        )
        .complete(Complete::Files),
        Opt::new(
            &["-oX"],
            Value::Required("FILE"),
            "write XML to FILE",
            "Writes XML to FILE, in the form that Nmap's has.",
            |s, u| output(s, u, &[(Format::Xml, "")]),
        )
        .complete(Complete::Files),
        Opt::new(
            &["-oG"],
            Value::Required("FILE"),
            "write one line a host to FILE, for grep",
            "Writes one line for each host to FILE, for grep and awk. It has no script output.",
            |s, u| output(s, u, &[(Format::Grepable, "")]),
        )
        .complete(Complete::Files),
        Opt::new(
            &["-oJ"],
            Value::Required("FILE"),
            "write JSON to FILE, one line for each host and event",
            "Writes JSON to FILE, one object a line: each host when it is done, with the structure of \
            script results and how each script ended, and what else happens as it happens. \
            --generate json-schema prints the JSON Schema of the lines.",
            |s, u| output(s, u, &[(Format::Json, "")]),
        )
        .complete(Complete::Files),
        Opt::new(
            &["-oA"],
            Value::Required("BASENAME"),
            "write BASENAME.nmap, BASENAME.xml and BASENAME.gnmap",
            "Writes Nmap's three formats at once: BASENAME.nmap as -oN does, BASENAME.xml as -oX \
            and BASENAME.gnmap as -oG.",
            |s, u| {
                let all = [
                    (Format::Normal, ".nmap"),
                    (Format::Xml, ".xml"),
                    (Format::Grepable, ".gnmap"),
                ];
                output(s, u, &all)
            },
        )
        .complete(Complete::Files),
        Opt::new(
            &["--report"],
            Value::Required("FILE"),
            "write a page for a browser to FILE: summary, search, filters",
            "Writes a page for a browser to FILE: a summary with charts, every host with its ports, \
            versions and script results, what failed and what ran out of time, with search and \
            filters. The page is one file, needs no network and can be printed.",
            |s, u| output(s, u, &[(Format::Html, "")]),
        )
        .complete(Complete::Files),
        Opt::new(
            &["--store"],
            Value::Required("FILE"),
            "keep the scan in FILE as it goes; nseer resume FILE goes on with it",
            "Keeps the scan in FILE, an SQLite database, as it goes: hosts, ports, services and script \
            results are there as soon as they are known. nseer resume FILE goes on with a scan that was \
            ended in whatever way, nseer show FILE prints it, and nseer diff compares it. Until the scan \
            has ended, FILE also holds what scripts left in their registries for other scripts, such as \
            passwords that they found. FILE must not be there yet.",
            |s, u| u.store(&mut s.store),
        )
        .complete(Complete::Files),
        Opt::new(
            &["--append-output"],
            Value::None,
            "add to output files instead of replacing them",
            "Adds to the output files instead of replacing them. XML files of several runs are then \
            not one document.",
            |s, u| u.flag(&mut s.append_output),
        ),
        Opt::new(
            &["-v", "--verbose"],
            Value::Optional("LEVEL"),
            "say more; -vv or -v2 still more; -v0 nothing on the screen",
            "Says more about what is going on. Each further v adds a level, a number glued on sets \
            it (up to 10), and -v0 prints nothing on the screen.",
            |s, u| {
                let level = level(&u, 'v')?;
                s.quiet = level == Level::To(0);
                level.apply(&mut s.verbosity);
                Ok(())
            },
        ),
        Opt::new(
            &["-d", "--debug"],
            Value::Optional("LEVEL"),
            "say what a developer wants to know; -dd or -d2 more",
            "Says what a developer of scripts or of nseer wants to know. Each further d adds a level, \
            a number glued on sets it (up to 10). The verbosity is changed in the same way.",
            |s, u| {
                let level = level(&u, 'd')?;
                level.apply(&mut s.debug);
                level.apply(&mut s.verbosity);
                Ok(())
            },
        ),
        Opt::new(
            &["--open"],
            Value::None,
            "show only ports that are or may be open",
            "Shows only ports that are open or may be, and only hosts that have one. A SYN scan (-sS) then \
            does not slow down for hosts that limit how often they say that a port is closed, as with \
            --defeat-rst-ratelimit.",
            |s, u| u.flag(&mut s.open_only),
        ),
        Opt::new(
            &["--reason"],
            Value::None,
            "say why a port or a host is in its state",
            "Says of each port and host what answer put it in its state.",
            |s, u| u.flag(&mut s.reasons),
        ),
        Opt::new(
            &["--packet-trace"],
            Value::None,
            "show each packet and connection of the scan, and what scripts send",
            "Shows each packet that the scan sends or receives, each connection that it asks for, and what \
            scripts (--script-trace) and version detection (--version-trace) send and receive.",
            |s, u| u.flag(&mut s.packet_trace),
        ),
        Opt::new(
            &["--stats-every"],
            Value::Required("TIME"),
            "print the progress every TIME",
            "Prints how far the scan has come every TIME, what is slowest, and when the rest will be \
            done if it goes on like that. XML and JSON have it too. 0 means never.",
            |s, u| u.store(&mut s.stats_every),
        ),
        Opt::new(
            &["--stylesheet"],
            Value::Required("URL"),
            "name this stylesheet in the XML output",
            "Names this stylesheet, a path or a URL, in the XML output. The last of --stylesheet, \
            --webxml and --no-stylesheet counts; without them it is nmap.xsl of the data folder, where there is one.",
            |s, u| {
                s.stylesheet = Some(StylesheetRequest::Named(u.value.unwrap_or_default()));
                Ok(())
            },
        )
        .complete(Complete::Files),
        Opt::new(
            &["--webxml"],
            Value::None,
            "name the stylesheet that the Nmap project publishes",
            "Names the stylesheet that the Nmap project publishes on its site in the XML output, so \
            that a browser shows it on any machine.",
            |s, _| {
                s.stylesheet = Some(StylesheetRequest::Web);
                Ok(())
            },
        ),
        Opt::new(
            &["--no-stylesheet"],
            Value::None,
            "name no stylesheet in the XML output",
            "Names no stylesheet in the XML output.",
            |s, _| {
                s.stylesheet = Some(StylesheetRequest::Absent);
                Ok(())
            },
        ),
        Opt::new(
            &["--noninteractive"],
            Value::None,
            "read no keys and show no progress line during a scan",
            "Leaves the terminal alone during a scan: reads no keys and shows no line with the \
            progress. Without it, where there is a terminal, v and V raise and lower the \
            verbosity, d and D the debugging level, p and P turn packet tracing on and off, \
            ? lists these keys, and any other key prints how far the scan is.",
            |s, u| u.flag(&mut s.no_interaction),
        ),
        Opt::no_effect(
            &["--log-errors"],
            Value::None,
            "accepted, no effect: as in Nmap, errors always go to the output",
            "Accepted without effect, as in Nmap.",
        ),
        Opt::not_built(
            &["-oS"],
            Value::Required("FILE"),
            "output in the spelling of teenagers",
            "-oN",
        )
        .complete(Complete::Files),
        Opt::new(
            &["-oM"],
            Value::Required("FILE"),
            "the old name of -oG",
            "Does what -oG does, whose old name it is.",
            |s, u| output(s, u, &[(Format::Grepable, "")]),
        )
        .complete(Complete::Files),
        Opt::not_built(
            &["--resume"],
            Value::Required("FILE"),
            "go on with a scan from its normal or grepable output",
            "--store and nseer resume",
        )
        .complete(Complete::Files),
        Opt::new(
            &["--iflist"],
            Value::None,
            "list the machine's interfaces and routes, and do nothing else",
            "Lists the interfaces of this machine with their addresses, and its routes, and does nothing else.",
            |s, _| {
                s.page = Some(PageRequest::Interfaces);
                Ok(())
            },
        ),
        Opt::not_built(
            &["--deprecated-xml-osclass"],
            Value::None,
            "the old place of osclass in XML",
            "",
        ),
    ],
};

/// Notes the files of one use, one for each format, with the ending that the format asks for.
fn output(
    settings: &mut Settings,
    used: Use,
    formats: &[(Format, &str)],
) -> Result<(), ParseError> {
    let file = used.value.unwrap_or_default();
    let bytes = file.as_encoded_bytes();
    if bytes.is_empty() {
        return Err(ParseError::NoFileName { option: used.name });
    }
    if bytes != b"-" && bytes.starts_with(b"-") {
        return Err(ParseError::FileName { option: used.name, file });
    }
    if bytes == b"-" && formats.len() > 1 {
        return Err(ParseError::AllToStdout { option: used.name });
    }
    for (format, ending) in formats {
        let mut name: OsString = file.clone();
        name.push(ending);
        settings.outputs.push((*format, name));
    }
    Ok(())
}

/// What one `-v` or `-d` does to its level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Up(u8),
    To(u8),
}

impl Level {
    fn apply(self, slot: &mut u8) {
        *slot = match self {
            Level::Up(by) => slot.saturating_add(by),
            Level::To(level) => level,
        }
        .min(MAX_LEVEL);
    }
}

/// Reads what is glued to `-v` or `-d`: nothing, more of the same letter, or a number.
fn level(used: &Use, letter: char) -> Result<Level, ParseError> {
    let text = used.value.as_ref().map(|value| value.to_string_lossy()).unwrap_or_default();
    if text.chars().all(|c| c == letter) {
        return Ok(Level::Up(u8::try_from(text.len() + 1).unwrap_or(MAX_LEVEL)));
    }
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(Level::To(text.parse().unwrap_or(MAX_LEVEL)));
    }
    Err(ParseError::Level { option: used.name, value: text.into_owned(), letter })
}
