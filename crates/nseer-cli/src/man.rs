//! The man page, made from the table of options.

use roff::{Inline, Roff, bold, italic, roman};

use crate::options::{CATEGORIES, Category, Opt, Shape, Status, Value};
use crate::workbench::TOOLS;

/// The page in roff, without a date: the same table gives the same bytes.
#[must_use]
pub fn page() -> String {
    let mut page = Roff::new();
    let version = concat!("nseer ", env!("CARGO_PKG_VERSION"));
    page.control("TH", ["NSEER", "1", "", version, "User commands"]);
    page.control("SH", ["NAME"]);
    page.text([roman("nseer - network scanner with a script engine compatible with Nmap's")]);
    page.control("SH", ["SYNOPSIS"]);
    let usage = |before: &str, operands: &str| {
        [
            bold(format!("nseer{before}")),
            roman(" ["),
            italic("options"),
            roman("] "),
            italic(operands.to_owned()),
        ]
    };
    page.text(usage("", "target ..."));
    for tool in TOOLS {
        page.control("br", [""; 0]);
        page.text(usage(&format!(" {}", tool.name), &tool.operands.join(" ").to_lowercase()));
    }
    description(&mut page);
    page.control("SH", ["OPTIONS"]);
    for category in CATEGORIES.iter().filter(|category| has_listed(category)) {
        section(&mut page, category);
    }
    not_built(&mut page);
    commands(&mut page);
    ending(&mut page);
    page.to_roff()
}

fn description(page: &mut Roff) {
    page.control("SH", ["DESCRIPTION"]);
    page.text([
        bold("nseer"),
        roman(
            " finds out which hosts are up and which of their ports are open, and runs scripts on \
             what it found. It takes the options of Nmap, with the same names and meaning, and runs \
             the scripts that are written for Nmap.",
        ),
    ]);
    page.control("PP", [""; 0]);
    page.text([roman(
        "Options and targets stand in any order. A long option may be written with one dash or two \
         and may be cut short as long as it stays clear which one is meant. Its value follows as the \
         next word or after an equals sign. The value of a short option may be glued to it, and \
         short options without values may share one dash.",
    )]);
}

fn has_listed(category: &Category) -> bool {
    category.options.iter().any(Opt::is_listed)
}

fn section(page: &mut Roff, category: &Category) {
    page.control("SS", [category.title]);
    if !category.about.is_empty() {
        page.text([roman(category.about)]);
    }
    for opt in category.options.iter().filter(|opt| opt.is_listed()) {
        page.control("TP", [""; 0]);
        page.text(heading(opt));
        page.text([roman(opt.long)]);
    }
}

/// The names, with the word for the value after each.
fn heading(opt: &Opt) -> Vec<Inline> {
    let mut line = Vec::new();
    for (at, name) in opt.names.iter().enumerate() {
        if at > 0 {
            line.push(roman(", "));
        }
        line.push(bold(*name));
        match opt.value {
            Value::None => {}
            Value::Required(word) => line.extend([roman(" "), italic(word)]),
            Value::Optional(word) => {
                let open = if opt.shape(name) == Shape::Long { "[=" } else { "[" };
                line.extend([roman(open), italic(word), roman("]")]);
            }
        }
    }
    line
}

/// What does not scan.
fn commands(page: &mut Roff) {
    page.control("SH", ["COMMANDS"]);
    page.text([roman(
        "A word before all options selects a command instead of a scan. To scan a host of that name, \
         write -- before it.",
    )]);
    for tool in TOOLS {
        page.control("SS", [tool.usage().as_str()]);
        page.text([roman(tool.long)]);
        for option in tool.options {
            page.control("TP", [""; 0]);
            match option.value {
                "" => page.text([bold(option.name)]),
                value => page.text([bold(option.name), roman(" "), italic(value)]),
            };
            page.text([roman(format!("{}.", capital(option.short)))]);
        }
    }
}

fn not_built(page: &mut Roff) {
    page.control("SH", ["NOT BUILT YET"]);
    page.text([roman(
        "These options of Nmap are known and refused: using one ends the program with a line that \
         names it.",
    )]);
    for opt in CATEGORIES.iter().flat_map(|category| category.options) {
        if let Status::NotBuilt { instead } = opt.status {
            page.control("TP", [""; 0]);
            page.text(heading(opt));
            let mut text = format!("{}.", capital(opt.short));
            if !instead.is_empty() {
                text.push_str(&format!(" Meanwhile: {instead}."));
            }
            page.text([roman(text)]);
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

fn ending(page: &mut Roff) {
    page.control("SH", ["EXIT STATUS"]);
    page.text([roman(
        "0 after a run that did all it was asked for, 1 where the command line is wrong or something \
         that was asked for could not be done. Of diff: 0 where nothing differs, 1 where something does, \
         2 in trouble.",
    )]);
    page.control("SH", ["EXAMPLES"]);
    for (line, what) in [
        ("nseer 192.0.2.0/24", "Scans the usual ports of every host of a network that is up."),
        ("nseer -p- -sC host.example", "Scans every port of a host and runs the usual scripts."),
        (
            "nseer -p22,113 --script auth-owners -oX out.xml 192.0.2.7",
            "Asks who owns the services of a host, and writes XML too.",
        ),
    ] {
        page.control("TP", [""; 0]);
        page.text([bold(line)]);
        page.text([roman(what)]);
    }
    page.control("SH", ["SEE ALSO"]);
    page.text([bold("nmap"), roman("(1)")]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options;

    #[test]
    fn every_option_has_its_text() {
        let page = page();
        for opt in options::all() {
            for name in opt.names {
                let shown = page.contains(&format!("\\fB{}\\fR", name.replace('-', "\\-")));
                assert_eq!(shown, opt.status != Status::Hidden, "{name}");
            }
        }
    }
}
