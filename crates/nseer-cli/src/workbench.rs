//! Commands other than a scan: a word before all options selects one (`nseer convert …`).
//!
//! They are one table, like the options of a scan: parsing, help, manual and completions read it.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;

use nseer_seam::System;

use crate::complaint::complain;
use crate::options::Complete;
use crate::printing::print;

mod check;
mod convert;
mod diff;
mod doc;
mod documents;
mod meter;
mod resume;
mod script_new;
mod script_profile;
mod script_record;
mod script_run;
mod script_test;
mod scripts;
mod single_run;
mod sources;
mod test_bless;
mod test_coverage;
mod test_find;
mod test_reports;
mod test_run;
mod watch;
mod words;

pub use words::{Words, WordsError};

/// A command.
pub struct Tool {
    /// The word, or the word of its [`Group`] and its own: `script check`.
    pub name: &'static str,
    /// The words that stand for its operands. One in brackets may be left out, one that ends in
    /// `...` may be repeated: `FILE`, `[FILE]`, `FILE...`, `[FILE]...`.
    pub operands: &'static [&'static str],
    /// One line for the help: no capital demands, no final dot.
    pub short: &'static str,
    /// Whole sentences for the man page.
    pub long: &'static str,
    /// Its options.
    pub options: &'static [ToolOption],
    /// The exit code where it could not do what was asked for.
    pub trouble: u8,
    run: fn(&Words, &System) -> anyhow::Result<u8>,
}

/// An option of a command. Any may be repeated: [`Words::value`] gives the last value, [`Words::values`] all.
#[derive(Clone, Copy)]
pub struct ToolOption {
    /// The name, with its dashes.
    pub name: &'static str,
    /// The word for its value; empty where it takes none.
    pub value: &'static str,
    /// One line for the help.
    pub short: &'static str,
    /// What a shell offers as its value.
    pub complete: Complete,
}

/// Commands whose names begin with the same word.
pub struct Group {
    /// The word.
    pub name: &'static str,
    /// One line for the help: no capital demands, no final dot.
    pub short: &'static str,
}

/// All groups.
pub const GROUPS: &[Group] = &[Group { name: "script", short: "write, check and test scripts" }];

/// Where a text goes that a command gives.
const OUT: ToolOption = ToolOption {
    name: "-o",
    value: "FILE",
    short: "write to FILE instead of standard output",
    complete: Complete::Files,
};

/// Where scripts, libraries and data are looked for.
const DATADIR: ToolOption = ToolOption {
    name: "--datadir",
    value: "DIR",
    short: "look for scripts, libraries and data in DIR first",
    complete: Complete::Folders,
};

/// All commands, in the order in which the help shows them.
pub const TOOLS: &[Tool] = &[
    convert::TOOL,
    diff::TOOL,
    doc::TOOL,
    resume::TOOL,
    script_new::TOOL,
    check::TOOL,
    script_test::TOOL,
    script_run::TOOL,
    scripts::HELP,
    scripts::INFO,
    scripts::LIST,
    script_profile::TOOL,
    check::TYPES,
    convert::SHOW,
];

/// What the first words of a command line select.
#[derive(Clone, Copy)]
pub enum Found<'w> {
    /// A command, and the words that follow its own.
    Tool(&'static Tool, &'w [OsString]),
    /// A group, and the words that follow its own, which name none of its commands.
    Group(&'static Group, &'w [OsString]),
}

/// The command that these words begin with; none where they ask for a scan.
#[must_use]
pub fn find(words: &[OsString]) -> Option<Found<'_>> {
    find_in(TOOLS, words)
}

fn find_in<'w>(tools: &'static [Tool], words: &'w [OsString]) -> Option<Found<'w>> {
    for tool in tools {
        let own: Vec<&OsStr> = tool.name.split(' ').map(OsStr::new).collect();
        if words.len() >= own.len() && own.iter().zip(words).all(|(own, word)| own == word) {
            return Some(Found::Tool(tool, &words[own.len()..]));
        }
    }
    let (first, rest) = words.split_first()?;
    let group = GROUPS.iter().find(|group| OsStr::new(group.name) == first)?;
    Some(Found::Group(group, rest))
}

impl Found<'_> {
    /// Runs the command. Gives the exit code; trouble has been told.
    #[must_use]
    pub fn run(self) -> u8 {
        match self {
            Found::Tool(tool, words) => tool.run(words),
            Found::Group(group, words) => group.run(words),
        }
    }
}

impl Group {
    /// The commands of the group, each with its word within the group.
    fn tools(&self, tools: &'static [Tool]) -> impl Iterator<Item = (&'static Tool, &'static str)> {
        let own = self.name;
        tools.iter().filter_map(move |tool| match tool.name.split_once(' ') {
            Some((group, word)) if group == own => Some((tool, word)),
            _ => None,
        })
    }

    /// Lists its commands, or tells that a word is none of them.
    fn run(&self, words: &[OsString]) -> u8 {
        match words {
            [] => {}
            [word, ..] if ["-h", "--help"].map(OsStr::new).contains(&word.as_os_str()) => {}
            [word, ..] => {
                complain(&self.unknown(TOOLS, word));
                return 1;
            }
        }
        exit_code(print(self.help(TOOLS)).map(|()| 0), 1)
    }

    fn unknown(&self, tools: &'static [Tool], word: &OsStr) -> String {
        let word = word.to_string_lossy();
        let hint = match nseer_check::rule::nearest(&word, self.tools(tools).map(|(_, name)| name))
        {
            Some(name) => format!("did you mean '{name}'?"),
            None => format!("nseer {} lists them", self.name),
        };
        format!("{} has no command '{word}'; {hint}", self.name)
    }

    fn help(&self, tools: &'static [Tool]) -> String {
        let name = self.name;
        let mut text =
            format!("Usage: nseer {name} COMMAND [OPTIONS] ...\n\nCommands to {}:\n", self.short);
        for (tool, word) in self.tools(tools) {
            let typed = format!("{word} {}", tool.operands.join(" "));
            crate::help::row(&mut text, typed.trim_end(), tool.short);
        }
        let _ = write!(text, "\nnseer {name} COMMAND --help tells more of each.\n");
        text
    }
}

impl Tool {
    /// Runs it with the words that follow its own. Gives the exit code; trouble has been told.
    #[must_use]
    pub fn run(&self, words: &[OsString]) -> u8 {
        let is_help = |word: &OsString| word == "-h" || word == "--help";
        if words.iter().take_while(|word| *word != "--").any(is_help) {
            return exit_code(print(self.help()).map(|()| 0), self.trouble);
        }
        let words = self.read(words).map_err(Into::into);
        exit_code(words.and_then(|words| (self.run)(&words, &System::real())), self.trouble)
    }

    /// How it is typed: `nseer diff [OPTIONS] BEFORE AFTER`.
    #[must_use]
    pub fn usage(&self) -> String {
        let options = if self.options.is_empty() { "" } else { " [OPTIONS]" };
        let usage = format!("nseer {}{options} {}", self.name, self.operands.join(" "));
        usage.trim_end().to_owned()
    }

    /// Its help text.
    #[must_use]
    pub fn help(&self) -> String {
        let mut text = format!("Usage: {}\n\n", self.usage());
        for line in crate::help::wrap(self.long, crate::help::WIDTH) {
            let _ = writeln!(text, "{line}");
        }
        if !self.options.is_empty() {
            text.push('\n');
        }
        for option in self.options {
            let typed = format!("{} {}", option.name, option.value);
            crate::help::row(&mut text, typed.trim_end(), option.short);
        }
        text
    }
}

/// The exit code of what was done; of what went wrong, which is told, that is `trouble`.
fn exit_code(done: anyhow::Result<u8>, trouble: u8) -> u8 {
    match done {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => 0,
        Err(error) => {
            complain(&format!("{error:#}"));
            trouble
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Commands that use everything a command may have.
    pub(crate) const SAMPLE: &[Tool] = &[
        CHECK,
        Tool { name: "script run", operands: &["FILE", "[TARGET]"], options: &[], ..CHECK },
    ];

    pub(crate) const CHECK: Tool = Tool {
        name: "script check",
        operands: &["[PATH]..."],
        short: "look at scripts",
        long: "Looks at scripts.",
        options: &[
            ToolOption {
                name: "--loud",
                value: "",
                short: "say more",
                complete: Complete::Nothing,
            },
            ToolOption {
                name: "--only",
                value: "RULE",
                short: "look for one thing",
                complete: Complete::Words(&["x", "y"]),
            },
        ],
        trouble: 1,
        run: |_, _| Ok(0),
    };

    fn words(line: &str) -> Vec<OsString> {
        line.split_whitespace().map(OsString::from).collect()
    }

    #[test]
    fn first_words_select() {
        let found = |line: &str| match find_in(SAMPLE, &words(line)) {
            Some(Found::Tool(tool, rest)) => format!("{} + {}", tool.name, rest.len()),
            Some(Found::Group(group, rest)) => format!("group {} + {}", group.name, rest.len()),
            None => "scan".to_owned(),
        };
        assert_eq!(found("script check a b"), "script check + 2");
        assert_eq!(found("script run"), "script run + 0");
        assert_eq!(found("script"), "group script + 0");
        assert_eq!(found("script --help"), "group script + 1");
        assert_eq!(found("script chekc"), "group script + 1");
        assert_eq!(found("scripts check"), "scan");
        assert_eq!(found("check"), "scan");
        assert_eq!(found(""), "scan");
    }

    #[test]
    fn a_group_lists_its_commands() {
        let [group] = GROUPS else { panic!("one group") };
        assert_eq!(
            group.help(SAMPLE),
            "Usage: nseer script COMMAND [OPTIONS] ...\n\n\
             Commands to write, check and test scripts:\n  \
             check [PATH]...             look at scripts\n  \
             run FILE [TARGET]           look at scripts\n\n\
             nseer script COMMAND --help tells more of each.\n"
        );
        let unknown = |word| group.unknown(SAMPLE, OsStr::new(word));
        assert_eq!(unknown("chekc"), "script has no command 'chekc'; did you mean 'check'?");
        assert_eq!(
            unknown("frobnicate"),
            "script has no command 'frobnicate'; nseer script lists them"
        );
    }

    #[test]
    fn help_shows_flags_without_a_value() {
        let help = CHECK.help();
        assert!(help.starts_with("Usage: nseer script check [OPTIONS] [PATH]...\n"), "{help}");
        assert!(help.contains("\n  --loud                      say more\n"), "{help}");
        assert!(help.contains("\n  --only RULE                 look for one thing\n"), "{help}");
    }

    #[test]
    fn texts_are_in_form() {
        for tool in TOOLS {
            assert!(!tool.short.ends_with('.') && tool.long.ends_with('.'), "{}", tool.name);
            assert!(tool.help().lines().all(|line| line.len() <= 80), "{}", tool.help());
            if let Some((group, _)) = tool.name.split_once(' ') {
                assert!(GROUPS.iter().any(|g| g.name == group), "{group} is no group");
            }
        }
    }
}
