//! What is known of a host's operating system, as text and as XML.

use std::io;
use std::time::Duration;

use nseer_core::os::{NumberSequence, OsFindings, Verdict};
use nseer_core::{OsClass, OsMatch};

use crate::escape::{line_text, xml_string};
use crate::options::ReportOptions;
use crate::when;

/// What a line of a folded fingerprint begins with, and how long it is with that.
const FOLD: &str = "OS:";
const WIDTH: usize = 75;

/// The lines below the port table.
pub(crate) fn write(
    out: &mut impl io::Write,
    os: &OsFindings,
    options: &ReportOptions,
) -> io::Result<()> {
    let verdict = match os.verdict() {
        // Who debugs wants to see them all.
        Verdict::TooMany if options.debugging > 0 => Verdict::Exact(os.exact()),
        verdict => verdict,
    };
    if !os.has_both_ports() && verdict != Verdict::TooMany {
        writeln!(
            out,
            "Warning: OSScan results may be unreliable because we could not find at least 1 open and 1 \
             closed port"
        )?;
    }
    let is_guess = matches!(verdict, Verdict::Guesses(_));
    let shows_guesses = options.guesses || os.flaw.is_some();
    if verdict != Verdict::Nothing && (!is_guess || shows_guesses) {
        classes(out, &os.classes(), is_guess)?;
    }
    let says_why = verdict == Verdict::Nothing || (is_guess && options.shows_more());
    if let Some(flaw) = os.flaw.as_ref().filter(|_| says_why) {
        writeln!(out, "OS fingerprint not ideal because: {}", line_text(flaw))?;
    }
    match verdict {
        Verdict::Exact(list) => writeln!(out, "OS details: {}", names(list, ", "))?,
        Verdict::TooMany => {
            writeln!(out, "Too many fingerprints match this host to give specific OS details")?
        }
        Verdict::Guesses(list) => {
            if shows_guesses {
                let guess = |of: &OsMatch| format!("{} ({}%)", line_text(&of.name), of.accuracy);
                let guesses: Vec<String> = list.iter().map(guess).collect();
                writeln!(out, "Aggressive OS guesses: {}", guesses.join(", "))?;
            }
            let why = if os.flaw.is_some() { " (test conditions non-ideal)" } else { "" };
            writeln!(out, "No exact OS matches for host{why}.")?;
        }
        Verdict::Nothing if os.flaw.is_none() => writeln!(out, "No OS matches for host.")?,
        Verdict::Nothing => writeln!(out, "No OS matches for host")?,
    }
    if let Some(text) = shown_fingerprint(os, options) {
        writeln!(out, "TCP/IP fingerprint:\n{}", line_by_line(&text))?;
    }
    numbers(out, os, options)
}

/// A fingerprint holds no line of its own but those of its tests.
fn line_by_line(text: &str) -> String {
    text.lines().map(|line| line_text(line) + "\n").collect()
}

/// What kinds of systems it may be.
fn classes(out: &mut impl io::Write, found: &[(&OsClass, u8)], is_guess: bool) -> io::Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut kinds: Vec<String> = Vec::new();
    let mut cpe: Vec<String> = Vec::new();
    // Vendor and family, the versions, and the best accuracy.
    let mut running: Vec<(String, Vec<String>, u8)> = Vec::new();
    for (class, accuracy) in found {
        add(&mut kinds, line_text(&class.kind));
        class.cpe.iter().for_each(|name| add(&mut cpe, line_text(name)));
        let name = full_name(class);
        let at = running.iter().position(|(known, _, _)| *known == name).unwrap_or_else(|| {
            running.push((name, Vec::new(), *accuracy));
            running.len() - 1
        });
        if let (Some(entry), Some(generation)) = (running.get_mut(at), &class.generation) {
            add(&mut entry.1, line_text(generation));
        }
    }
    writeln!(out, "Device type: {}", kinds.join("|"))?;
    let running = running.iter().map(|(name, generations, accuracy)| {
        let blank = if generations.is_empty() { "" } else { " " };
        let sure = if is_guess { format!(" ({accuracy}%)") } else { String::new() };
        format!("{name}{blank}{}{sure}", generations.join("|"))
    });
    let guess = if is_guess { " (JUST GUESSING)" } else { "" };
    writeln!(out, "Running{guess}: {}", running.collect::<Vec<_>>().join(", "))?;
    if cpe.is_empty() { Ok(()) } else { writeln!(out, "OS CPE: {}", cpe.join(" ")) }
}

fn add(list: &mut Vec<String>, text: String) {
    if !list.contains(&text) {
        list.push(text);
    }
}

/// Vendor and family, once where they are the same.
fn full_name(class: &OsClass) -> String {
    if class.vendor == class.family {
        line_text(&class.family)
    } else {
        format!("{} {}", line_text(&class.vendor), line_text(&class.family))
    }
}

/// The names of matches.
pub(crate) fn names(list: &[OsMatch], between: &str) -> String {
    list.iter().map(|of| line_text(&of.name)).collect::<Vec<_>>().join(between)
}

/// The system in a few words, for tables; `None` where nothing can be said.
pub(crate) fn in_short(os: &OsFindings) -> Option<String> {
    match os.verdict() {
        Verdict::Exact(list) => Some(names(list, ", ")),
        Verdict::Guesses([best, ..]) => {
            Some(format!("like {} ({}%)", line_text(&best.name), best.accuracy))
        }
        Verdict::TooMany => {
            let found = os.classes();
            let names: Vec<String> = found.iter().map(|(class, _)| full_name(class)).collect();
            (!names.is_empty()).then(|| names.join(", "))
        }
        Verdict::Guesses([]) | Verdict::Nothing => None,
    }
}

fn numbers(out: &mut impl io::Write, os: &OsFindings, options: &ReportOptions) -> io::Result<()> {
    let is_verbose = options.verbosity > 0;
    if let Some((time, since)) = os.uptime.filter(|_| is_verbose) {
        let days = time.as_secs_f64() / 86_400.0;
        writeln!(out, "Uptime guess: {days:.3} days (since {})", when::ctime(since))?;
    }
    if let Some(distance) = os.distance {
        let end = if distance == 1 { "" } else { "s" };
        writeln!(out, "Network Distance: {distance} hop{end}")?;
    }
    if let Some(tcp) = os.tcp_sequence.as_ref().filter(|_| is_verbose) {
        let words = line_text(&tcp.difficulty);
        writeln!(out, "TCP Sequence Prediction: Difficulty={} ({words})", tcp.index)?;
    }
    if let Some(ids) = os.ip_id.as_ref().filter(|_| is_verbose) {
        writeln!(out, "IP ID Sequence Generation: {}", line_text(&ids.class))?;
    }
    Ok(())
}

/// The fingerprint, where it is shown: where somebody may want to keep it, or wants to see much.
fn shown_fingerprint(os: &OsFindings, options: &ReportOptions) -> Option<String> {
    let is_known = matches!(os.verdict(), Verdict::Exact(_) | Verdict::TooMany);
    let is_good = os.flaw.is_none();
    if os.fingerprint.is_empty() || !(options.shows_more() || (is_good && !is_known)) {
        return None;
    }
    Some(if is_good || is_known { folded(&os.fingerprint) } else { os.fingerprint.clone() })
}

/// In lines of one length, as mail and forms take them.
fn folded(fingerprint: &str) -> String {
    let whole: Vec<char> = fingerprint.chars().filter(|c| *c != '\n').collect();
    let line = |part: &[char]| format!("{FOLD}{}\n", part.iter().collect::<String>());
    whole.chunks(WIDTH - FOLD.len()).map(line).collect()
}

/// The elements of XML.
pub(crate) fn write_xml(
    out: &mut impl io::Write,
    os: &OsFindings,
    options: &ReportOptions,
) -> io::Result<()> {
    write!(out, "<os>")?;
    for (key, state) in &os.ports {
        writeln!(
            out,
            "<portused state=\"{state}\" proto=\"{}\" portid=\"{}\"/>",
            key.protocol, key.number
        )?;
    }
    for of in os.listed() {
        let name = xml_string(&of.name);
        let accuracy = of.accuracy;
        writeln!(out, "<osmatch name=\"{name}\" accuracy=\"{accuracy}\" line=\"{}\">", of.line)?;
        for class in &of.classes {
            xml_class(out, class, accuracy)?;
        }
        writeln!(out, "</osmatch>")?;
    }
    if let Some(text) = shown_fingerprint(os, options) {
        let text = xml_string(&text).replace('\n', "&#xa;");
        writeln!(out, "<osfingerprint fingerprint=\"{text}\"/>")?;
    }
    writeln!(out, "</os>")?;
    if let Some((time, since)) = os.uptime {
        let seconds = time.as_secs();
        writeln!(out, "<uptime seconds=\"{seconds}\" lastboot=\"{}\"/>", when::ctime(since))?;
    }
    if let Some(distance) = os.distance {
        writeln!(out, "<distance value=\"{distance}\"/>")?;
    }
    if let Some(tcp) = &os.tcp_sequence {
        writeln!(
            out,
            "<tcpsequence index=\"{}\" difficulty=\"{}\" values=\"{}\"/>",
            tcp.index,
            xml_string(&tcp.difficulty),
            hex(&tcp.values)
        )?;
    }
    let sequences = [("ipidsequence", &os.ip_id), ("tcptssequence", &os.timestamps)];
    for (element, sequence) in sequences {
        if let Some(NumberSequence { class, values }) = sequence {
            let class = xml_string(class);
            write!(out, "<{element} class=\"{class}\"")?;
            if !values.is_empty() {
                write!(out, " values=\"{}\"", hex(values))?;
            }
            writeln!(out, "/>")?;
        }
    }
    Ok(())
}

fn xml_class(out: &mut impl io::Write, class: &OsClass, accuracy: u8) -> io::Result<()> {
    let [kind, vendor, family] =
        [&class.kind, &class.vendor, &class.family].map(|text| xml_string(text));
    write!(out, "<osclass type=\"{kind}\" vendor=\"{vendor}\" osfamily=\"{family}\"")?;
    if let Some(generation) = &class.generation {
        write!(out, " osgen=\"{}\"", xml_string(generation))?;
    }
    write!(out, " accuracy=\"{accuracy}\"")?;
    if class.cpe.is_empty() {
        return writeln!(out, "/>");
    }
    write!(out, ">")?;
    for name in &class.cpe {
        write!(out, "<cpe>{}</cpe>", xml_string(name))?;
    }
    writeln!(out, "</osclass>")
}

fn hex(values: &[u32]) -> String {
    values.iter().map(|value| format!("{value:X}")).collect::<Vec<_>>().join(",")
}

/// A time in days or hours.
pub(crate) fn long_time(time: Duration) -> String {
    let hours = time.as_secs_f64() / 3600.0;
    if hours < 48.0 { format!("{hours:.1} hours") } else { format!("{:.1} days", hours / 24.0) }
}
