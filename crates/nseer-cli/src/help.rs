//! The help texts, made from the table of options: 80 columns at most.

use std::fmt::Write as _;

use crate::options::{self, CATEGORIES, Category, Opt, Status};
use crate::workbench::TOOLS;

/// Columns of a line.
pub(crate) const WIDTH: usize = 80;
/// Where the texts begin.
const INDENT: usize = 30;

const USAGE: &str = "Usage: nseer [OPTIONS] TARGET...\n       nseer COMMAND [OPTIONS] FILE...\n";

/// The options of `-h`, by their usual names.
const COMMON: &[&str] = &[
    "-iL",
    "-sn",
    "-Pn",
    "-n",
    "-p",
    "-F",
    "--top-ports",
    "-sC",
    "--script",
    "--script-args",
    "--script-help",
    "-T",
    "--host-timeout",
    "-oN",
    "-oX",
    "-oA",
    "-v",
    "--open",
    "-6",
    "--datadir",
];

/// One screen with the options that are used most.
#[must_use]
pub fn summary() -> String {
    let mut text = format!("{USAGE}Scans hosts and runs Nmap scripts on what it finds.\n\n");
    for opt in options::all().filter(|opt| COMMON.contains(&opt.name())) {
        entry(&mut text, opt);
    }
    text.push_str(
        "\nExamples:\n  \
         nseer 192.0.2.0/24                     the usual ports of a network\n  \
         nseer -p- -sC host.example             every port, and the usual scripts\n  \
         nseer -p22,113 --script auth-owners 192.0.2.7\n  \
         nseer convert scan.xml --to json       a finished scan in another format\n  \
         nseer diff monday.xml tuesday.xml      what differs between two scans\n\n\
         nseer --help lists all options, the man page nseer(1) explains them.\n",
    );
    text
}

/// All options, by category.
#[must_use]
pub fn full() -> String {
    let mut text = format!(
        "{USAGE}\n\
         Options and targets stand in any order. Long options may have one dash or two\n\
         and may be cut short; a value is the next word, or follows '='.\n",
    );
    text.push_str("\nCommands (nseer COMMAND --help tells more):\n");
    for tool in TOOLS {
        let typed = format!("{} {}", tool.name, tool.operands.join(" "));
        row(&mut text, typed.trim_end(), tool.short);
    }
    for category in CATEGORIES {
        section(&mut text, category);
    }
    text
}

fn section(text: &mut String, category: &Category) {
    let _ = write!(text, "\n{}:\n", category.title);
    for opt in category.options.iter().filter(|opt| opt.is_listed()) {
        entry(text, opt);
    }
    let missing: Vec<&str> = category
        .options
        .iter()
        .filter(|opt| matches!(opt.status, Status::NotBuilt { .. }))
        .flat_map(|opt| opt.names.iter().copied())
        .collect();
    if !missing.is_empty() {
        let words = format!("Not built yet: {}", missing.join(", "));
        for line in wrap(&words, WIDTH - 2) {
            let _ = writeln!(text, "  {line}");
        }
    }
}

/// The names on the left, the text on the right; below the names where these are long.
fn entry(text: &mut String, opt: &Opt) {
    let names: Vec<String> = opt
        .names
        .iter()
        .enumerate()
        .map(|(at, name)| if at == 0 { opt.usage(name) } else { (*name).to_owned() })
        .collect();
    row(text, &names.join(", "), opt.short);
}

/// Something that is typed, and what it does.
pub(crate) fn row(text: &mut String, typed: &str, what: &str) {
    let mut left = format!("  {typed}");
    if left.len() + 2 > INDENT {
        let _ = writeln!(text, "{left}");
        left.clear();
    }
    for line in wrap(what, WIDTH - INDENT) {
        let _ = writeln!(text, "{left:INDENT$}{line}");
        left.clear();
    }
}

/// Lines of at most `width` characters.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_fit_the_screen() {
        for text in [summary(), full()] {
            for line in text.lines() {
                assert!(line.chars().count() <= WIDTH, "too long: {line}");
                assert_eq!(line, line.trim_end(), "blanks at the end");
            }
        }
    }

    #[test]
    fn the_summary_is_one_screen() {
        assert!(summary().lines().count() <= 40, "{}", summary());
    }

    #[test]
    fn the_help_names_every_option() {
        let text = full();
        let words: Vec<&str> =
            text.split(|c: char| c.is_whitespace() || c == ',' || c == '[').collect();
        for opt in options::all() {
            for name in opt.names {
                let shown = words.contains(name);
                assert_eq!(shown, opt.status != Status::Hidden, "{name}");
            }
        }
    }

    #[test]
    fn the_summary_names_what_it_lists() {
        let text = summary();
        for name in COMMON {
            assert!(text.contains(&format!("  {name}")), "{name} is no option");
        }
    }
}
