//! The words after a command, cut into its options and operands.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use super::{Tool, ToolOption};

/// What follows the words of a command.
#[derive(Debug, Default)]
pub struct Words {
    pub(super) operands: Vec<OsString>,
    values: Vec<(&'static str, OsString)>,
}

impl Words {
    /// The value of an option; the last one counts.
    #[must_use]
    pub fn value(&self, option: &str) -> Option<&OsStr> {
        let given = self.values.iter().rev().find(|(name, _)| *name == option);
        given.map(|(_, value)| value.as_os_str())
    }

    /// The values of an option that may be repeated, in the order in which they were typed.
    pub fn values<'w>(&'w self, option: &'w str) -> impl Iterator<Item = &'w OsStr> {
        self.values.iter().filter(move |(name, _)| *name == option).map(|(_, v)| v.as_os_str())
    }

    /// Whether an option was given.
    #[must_use]
    pub fn has(&self, option: &str) -> bool {
        self.value(option).is_some()
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
    /// A value was given to an option that takes none.
    #[error("option '{option}' takes no value")]
    NoValue {
        /// The option.
        option: &'static str,
    },
    /// There are more or fewer operands than the command takes.
    #[error("{tool} takes {}: nseer {tool} {}", count(operands), operands.join(" "))]
    Operands {
        /// The command.
        tool: &'static str,
        /// The words for its operands.
        operands: &'static [&'static str],
    },
}

/// The least and the largest number of operands; none where there is no largest.
fn bounds(operands: &[&str]) -> (usize, Option<usize>) {
    let least = operands.iter().filter(|word| !word.starts_with('[')).count();
    let is_open = operands.iter().any(|word| word.ends_with("..."));
    (least, (!is_open).then_some(operands.len()))
}

fn count(operands: &[&str]) -> String {
    let number = |n| if n == 1 { "one operand".to_owned() } else { format!("{n} operands") };
    match bounds(operands) {
        (_, Some(0)) => "no operands".to_owned(),
        (least, Some(most)) if least == most => number(least),
        (0, Some(most)) => format!("at most {}", number(most)),
        (least, Some(most)) => format!("{least} to {most} operands"),
        (least, None) => format!("at least {}", number(least)),
    }
}

impl Tool {
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
                let value = match (option.value, glued) {
                    ("", []) => OsString::new(),
                    ("", _) => return Err(WordsError::NoValue { option: option.name }),
                    (_, [_, value @ ..]) => OsString::from_vec(value.to_vec()),
                    (value, []) => words
                        .next()
                        .cloned()
                        .ok_or(WordsError::MissingValue { option: option.name, value })?,
                };
                read.values.push((option.name, value));
            }
        }
        let (least, most) = bounds(self.operands);
        if read.operands.len() < least || most.is_some_and(|most| read.operands.len() > most) {
            return Err(WordsError::Operands { tool: self.name, operands: self.operands });
        }
        Ok(read)
    }

    fn option(&self, name: &[u8]) -> Result<&ToolOption, WordsError> {
        let found = self.options.iter().find(|option| option.name.as_bytes() == name);
        let option = String::from_utf8_lossy(name).into_owned();
        found.ok_or(WordsError::Unknown { tool: self.name, option })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::tests::{CHECK, SAMPLE};
    use crate::workbench::{Found, TOOLS, find_in};

    fn read(tool: &str, words: &[&str]) -> Result<Words, WordsError> {
        let all: Vec<OsString> = tool.split(' ').map(OsString::from).collect();
        let found = [SAMPLE, TOOLS].into_iter().find_map(|tools| match find_in(tools, &all) {
            Some(Found::Tool(tool, [])) => Some(tool),
            _ => None,
        });
        let tool = found.expect("a command");
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
    fn flags_take_no_value_and_all_values_are_kept() {
        let words = ["--loud", "a", "--only=x", "b", "--only", "y", "c"];
        let read = read(CHECK.name, &words).expect("good words");
        assert!(read.has("--loud") && read.has("--only"));
        assert!(!read.has("--quiet"));
        assert_eq!(read.operands, ["a", "b", "c"]);
        assert_eq!(read.values("--only").collect::<Vec<_>>(), ["x", "y"]);
        assert_eq!(read.value("--only"), Some(OsStr::new("y")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (tool, words, expected) in [
            ("convert", &[][..], "convert takes one operand: nseer convert FILE"),
            ("diff", &["a"], "diff takes 2 operands: nseer diff BEFORE AFTER"),
            (
                "convert",
                &["--tp=x", "a"],
                "convert has no option '--tp'; nseer convert --help lists them",
            ),
            ("convert", &["a", "--to"], "option '--to' needs a value: --to FORMAT"),
            ("script check", &["--loud=1"], "option '--loud' takes no value"),
            ("script run", &[], "script run takes 1 to 2 operands: nseer script run FILE [TARGET]"),
        ] {
            assert_eq!(read(tool, words).expect_err("bad words").to_string(), expected);
        }
    }

    #[test]
    fn the_number_of_operands_follows_from_their_words() {
        for (operands, expected) in [
            (&["[PATH]..."][..], "at least 0 operands"),
            (&["PATH..."], "at least one operand"),
            (&["[PATH]"], "at most one operand"),
            (&[], "no operands"),
        ] {
            assert_eq!(count(operands), expected);
        }
    }
}
