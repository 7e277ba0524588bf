//! Commands other than a scan: a word before all options selects one (`nseer convert …`).
//!
//! They are one table, like the options of a scan: parsing, help, manual and completions read it.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nseer_seam::System;

use crate::options::Complete;

mod convert;
mod diff;
mod documents;
mod resume;

/// A command.
pub struct Tool {
    /// The word.
    pub name: &'static str,
    /// The words that stand for its operands.
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

/// An option of a command; all take a value.
#[derive(Clone, Copy)]
pub struct ToolOption {
    /// The name, with its dashes.
    pub name: &'static str,
    /// The word for its value.
    pub value: &'static str,
    /// One line for the help.
    pub short: &'static str,
    /// What a shell offers as its value.
    pub complete: Complete,
}

/// All commands, in the order in which the help shows them.
pub const TOOLS: &[Tool] = &[convert::TOOL, diff::TOOL, resume::TOOL, convert::SHOW];

/// What follows the word of a command.
#[derive(Debug, Default)]
pub struct Words {
    operands: Vec<OsString>,
    values: HashMap<&'static str, OsString>,
}

impl Words {
    /// The value of an option; the last one counts.
    fn value(&self, option: &str) -> Option<&OsStr> {
        self.values.get(option).map(OsString::as_os_str)
    }
}

/// The words after a command make no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WordsError {
    /// No option has this name.
    #[error("{tool} has no option '{option}'; nseer {tool} --help lists them")]
    Unknown {
        /// The command.
        tool: &'static str,
        /// What was typed.
        option: String,
    },
    /// The line ends where a value is needed.
    #[error("option '{option}' needs a value: {option} {value}")]
    MissingValue {
        /// The option.
        option: &'static str,
        /// The word for its value.
        value: &'static str,
    },
    /// There are more or fewer operands than the command takes.
    #[error("{tool} takes {}: nseer {tool} {}", count(operands.len()), operands.join(" "))]
    Operands {
        /// The command.
        tool: &'static str,
        /// The words for its operands.
        operands: &'static [&'static str],
    },
}

fn count(operands: usize) -> String {
    match operands {
        1 => "one file".to_owned(),
        n => format!("{n} files"),
    }
}

/// The command of this name.
#[must_use]
pub fn find(word: &OsStr) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| OsStr::new(tool.name) == word)
}

impl Tool {
    /// Runs it with the words that follow its own. Gives the exit code; trouble has been told.
    #[must_use]
    pub fn run(&self, words: &[OsString]) -> u8 {
        let is_help = |word: &OsString| word == "-h" || word == "--help";
        if words.iter().take_while(|word| *word != "--").any(is_help) {
            // A reader that has gone away is no failure.
            let _ = std::io::stdout().write_all(self.help().as_bytes());
            return 0;
        }
        let done = self.read(words).map_err(Into::into);
        match done.and_then(|words| (self.run)(&words, &System::real())) {
            Ok(code) => code,
            Err(error) if is_broken_pipe(&error) => 0,
            Err(error) => {
                let _ = writeln!(std::io::stderr(), "nseer: {error:#}");
                self.trouble
            }
        }
    }

    /// Cuts words into options and operands. A value is the next word or follows `=`; after `--`
    /// all are operands.
    ///
    /// # Errors
    /// [`WordsError`] for the first word that cannot be taken.
    pub fn read(&self, words: &[OsString]) -> Result<Words, WordsError> {
        let mut read = Words::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let bytes = word.as_bytes();
            if bytes == b"--" {
                read.operands.extend(words.by_ref().cloned());
            } else if bytes.len() < 2 || !bytes.starts_with(b"-") {
                read.operands.push(word.clone());
            } else {
                let cut = bytes.iter().position(|b| *b == b'=').unwrap_or(bytes.len());
                let (name, glued) = bytes.split_at(cut);
                let option = self.option(name)?;
                let value = match glued {
                    [] => words.next().cloned(),
                    [_, value @ ..] => Some(OsString::from_vec(value.to_vec())),
                };
                let missing = WordsError::MissingValue { option: option.name, value: option.value };
                read.values.insert(option.name, value.ok_or(missing)?);
            }
        }
        if read.operands.len() != self.operands.len() {
            return Err(WordsError::Operands { tool: self.name, operands: self.operands });
        }
        Ok(read)
    }

    fn option(&self, name: &[u8]) -> Result<&ToolOption, WordsError> {
        let found = self.options.iter().find(|option| option.name.as_bytes() == name);
        let option = String::from_utf8_lossy(name).into_owned();
        found.ok_or(WordsError::Unknown { tool: self.name, option })
    }

    /// How it is typed: `nseer diff [OPTIONS] BEFORE AFTER`.
    #[must_use]
    pub fn usage(&self) -> String {
        let options = if self.options.is_empty() { "" } else { " [OPTIONS]" };
        format!("nseer {}{options} {}", self.name, self.operands.join(" "))
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
            crate::help::row(&mut text, &format!("{} {}", option.name, option.value), option.short);
        }
        text
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
mod tests {
    use super::*;

    fn read(tool: &str, words: &[&str]) -> Result<Words, WordsError> {
        let tool = find(OsStr::new(tool)).expect("a command");
        tool.read(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn words_are_cut() {
        for words in [&["a", "--to", "xml"][..], &["--to=xml", "a"], &["--to", "xml", "--", "a"]] {
            let read = read("convert", words).expect("good words");
            assert_eq!(read.operands, ["a"]);
            assert_eq!(read.value("--to"), Some(OsStr::new("xml")));
            assert_eq!(read.value("-o"), None);
        }
        assert_eq!(read("convert", &["-"]).expect("good words").operands, ["-"]);
        assert_eq!(read("convert", &["--", "--to"]).expect("good words").operands, ["--to"]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (tool, words, expected) in [
            ("convert", &[][..], "convert takes one file: nseer convert FILE"),
            ("diff", &["a"], "diff takes 2 files: nseer diff BEFORE AFTER"),
            (
                "convert",
                &["--tp=x", "a"],
                "convert has no option '--tp'; nseer convert --help lists them",
            ),
            ("convert", &["a", "--to"], "option '--to' needs a value: --to FORMAT"),
        ] {
            assert_eq!(read(tool, words).expect_err("bad words").to_string(), expected);
        }
    }

    #[test]
    fn texts_are_in_form() {
        for tool in TOOLS {
            assert!(!tool.short.ends_with('.') && tool.long.ends_with('.'), "{}", tool.name);
            assert!(tool.help().lines().all(|line| line.len() <= 80), "{}", tool.help());
        }
    }
}
