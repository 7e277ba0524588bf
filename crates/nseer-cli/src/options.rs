//! The one table of options.
//!
//! Parsing, `--help`, the man page, the shell completions and "did you mean" read it; an option
//! is described in one place, the file of its help category, and nowhere else. This module knows
//! nothing of how a command line is cut into words ([`crate::parse`]) nor of what the values
//! mean together ([`crate::plan`]).

use std::ffi::OsString;

use crate::parse::ParseError;
use crate::settings::Settings;

mod discovery;
mod evasion;
mod misc;
mod os_detection;
mod output;
mod ports;
mod scripts;
mod targets;
mod techniques;
mod timing;
mod versions;

pub(crate) use misc::GENERATED;
pub(crate) use timing::TEMPLATES;

/// The options of one heading of the help.
pub struct Category {
    /// The heading.
    pub title: &'static str,
    /// One or two sentences for the man page.
    pub about: &'static str,
    /// The options, in the order in which they are shown.
    pub options: &'static [Opt],
}

/// All options, by category, in the order in which the help shows them.
pub const CATEGORIES: &[Category] = &[
    targets::CATEGORY,
    discovery::CATEGORY,
    techniques::CATEGORY,
    ports::CATEGORY,
    versions::CATEGORY,
    scripts::CATEGORY,
    os_detection::CATEGORY,
    timing::CATEGORY,
    evasion::CATEGORY,
    output::CATEGORY,
    misc::CATEGORY,
];

/// Every option once.
pub fn all() -> impl Iterator<Item = &'static Opt> {
    CATEGORIES.iter().flat_map(|category| category.options)
}

/// One option.
pub struct Opt {
    /// The names as they are typed, the usual one first: `--open`, `-p`, `-sT`, `-PS`, `-oN`.
    pub names: &'static [&'static str],
    /// Whether a value follows.
    pub value: Value,
    /// One line for the help: no capital demands, no final dot, 80 characters at most.
    pub short: &'static str,
    /// Whole sentences for the man page; empty where `short` says all (options not built).
    pub long: &'static str,
    /// What this version does with it.
    pub status: Status,
    /// What a shell offers as its value.
    pub complete: Complete,
    /// Notes in the settings that the option was typed.
    pub update: fn(&mut Settings, Use) -> Result<(), ParseError>,
}

/// Whether an option takes a value, with the word that stands for it in the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// It takes none.
    None,
    /// It needs one, glued on or as the next word.
    Required(&'static str),
    /// It may have one glued on.
    Optional(&'static str),
}

/// What this version does with an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It works.
    Built,
    /// It is accepted and has nothing to act on; its text says why.
    NoEffect,
    /// Nmap has it, nseer does not yet: using it is an error.
    NotBuilt {
        /// What to use meanwhile; empty where there is nothing.
        instead: &'static str,
    },
    /// It works and is in no help text.
    Hidden,
}

/// What a shell offers as the value of an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Complete {
    /// Nothing.
    Nothing,
    /// Files.
    Files,
    /// Folders.
    Folders,
    /// These words.
    Words(&'static [&'static str]),
}

/// How a name is written and cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// `--name`, also with one dash and cut short.
    Long,
    /// `-n`, several after one dash.
    Short,
    /// `-sT`: a letter that may stand with others after `-s`.
    Scan,
    /// `-PS`: a letter after `-P`, its value glued on.
    Ping,
    /// `-oN`: two letters that count as one name.
    Pair,
}

/// One use of an option: the name that was recognised and the value that came with it.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name as the table has it.
    pub name: &'static str,
    /// The value; `None` where the option takes none or none was given.
    pub value: Option<OsString>,
}

impl Opt {
    const fn new(
        names: &'static [&'static str],
        value: Value,
        short: &'static str,
        long: &'static str,
        update: fn(&mut Settings, Use) -> Result<(), ParseError>,
    ) -> Opt {
        Opt {
            names,
            value,
            short,
            long,
            status: Status::Built,
            complete: Complete::Nothing,
            update,
        }
    }

    const fn not_built(
        names: &'static [&'static str],
        value: Value,
        short: &'static str,
        instead: &'static str,
    ) -> Opt {
        let mut opt = Opt::new(names, value, short, "", |settings, used| {
            settings.not_built.push(used.name);
            Ok(())
        });
        opt.status = Status::NotBuilt { instead };
        opt
    }

    const fn no_effect(
        names: &'static [&'static str],
        value: Value,
        short: &'static str,
        long: &'static str,
    ) -> Opt {
        let mut opt = Opt::new(names, value, short, long, |_, _| Ok(()));
        opt.status = Status::NoEffect;
        opt
    }

    const fn hidden(mut self) -> Opt {
        self.status = Status::Hidden;
        self
    }

    const fn complete(mut self, complete: Complete) -> Opt {
        self.complete = complete;
        self
    }

    /// The usual name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.names.first().copied().unwrap_or_default()
    }

    /// How `name`, one of its names, is written.
    #[must_use]
    pub fn shape(&self, name: &str) -> Shape {
        match name.as_bytes() {
            [b'-', b'-', ..] => Shape::Long,
            [b'-', _] => Shape::Short,
            [b'-', b's', _] if self.value == Value::None => Shape::Scan,
            [b'-', b'P', _] => Shape::Ping,
            _ => Shape::Pair,
        }
    }

    /// True where the help lists it with a text of its own.
    #[must_use]
    pub fn is_listed(&self) -> bool {
        matches!(self.status, Status::Built | Status::NoEffect)
    }

    /// `name` with the word for its value, as the help writes it: `--top-ports NUMBER`,
    /// `-PS[PORTS]`.
    #[must_use]
    pub fn usage(&self, name: &str) -> String {
        match self.value {
            Value::None => name.to_owned(),
            Value::Required(word) => format!("{name} {word}"),
            Value::Optional(word) => format!("{name}[{word}]"),
        }
    }
}

impl Use {
    fn flag(self, slot: &mut bool) -> Result<(), ParseError> {
        *slot = true;
        Ok(())
    }

    /// The last one wins.
    fn store(self, slot: &mut Option<OsString>) -> Result<(), ParseError> {
        *slot = self.value;
        Ok(())
    }

    /// A second one is an error.
    fn once(self, slot: &mut Option<OsString>) -> Result<(), ParseError> {
        if slot.is_some() {
            return Err(ParseError::Repeated { option: self.name });
        }
        self.store(slot)
    }

    fn push(self, slot: &mut Vec<OsString>) -> Result<(), ParseError> {
        slot.extend(self.value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_name_stands_twice() {
        let mut seen = HashSet::new();
        for name in all().flat_map(|opt| opt.names) {
            assert!(seen.insert(*name), "{name} stands twice in the table");
        }
    }

    #[test]
    fn every_option_has_names_and_text() {
        for opt in all() {
            assert!(opt.name().len() >= 2, "an option has no name");
            assert!(!opt.short.is_empty(), "{} has no short text", opt.name());
            assert!(opt.short.len() <= 80, "{}: the short text is too long", opt.name());
            assert!(!opt.short.ends_with('.'), "{}: the short text ends in a dot", opt.name());
            match opt.status {
                Status::NotBuilt { .. } => assert!(opt.long.is_empty(), "{}", opt.name()),
                _ => assert!(opt.long.ends_with('.'), "{} has no long text", opt.name()),
            }
        }
    }

    #[test]
    fn an_option_without_effect_says_so() {
        for opt in all().filter(|opt| opt.status == Status::NoEffect) {
            assert!(opt.short.contains("no effect"), "{} hides it", opt.name());
        }
    }

    #[test]
    fn values_are_named_in_capitals() {
        for opt in all() {
            if let Value::Required(word) | Value::Optional(word) = opt.value {
                let good = |c: char| c.is_ascii_uppercase() || c == '-';
                assert!(!word.is_empty() && word.chars().all(good), "{}: {word}", opt.name());
            }
        }
    }

    #[test]
    fn names_are_well_formed() {
        for opt in all() {
            for name in opt.names {
                let good = match opt.shape(name) {
                    Shape::Long => name[2..]
                        .chars()
                        .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit()),
                    _ => name.len() <= 3 && name[1..].chars().all(|c| c.is_ascii_alphanumeric()),
                };
                assert!(good, "{name} is a bad name");
            }
        }
    }
}
