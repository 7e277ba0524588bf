//! Cuts a command line into options and targets, in the way of Nmap's (`getopt_long_only`).
//!
//! One dash or two before a long name, names cut short, values glued on, after `=` or in the next
//! word, short options in one bundle, options and targets mixed. The result is
//! [`Settings`]: nothing is done and nothing is checked here beyond the shape of the words.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::options::{self, Opt, Shape, Use, Value};
use crate::settings::Settings;

/// The command line has a word that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// No option has this name.
    #[error("unknown option '{option}'{}", suggest(suggestion.as_deref()))]
    Unknown {
        /// What was typed.
        option: String,
        /// The nearest name there is.
        suggestion: Option<&'static str>,
    },
    /// A letter in a bundle is no option.
    #[error("unknown option '{option}' in '{word}'")]
    UnknownLetter {
        /// The option that the letter would be.
        option: String,
        /// The word it stands in.
        word: String,
    },
    /// `-s` without the letters that belong to it.
    #[error("option '-s' needs the letters of a scan type, as in -sT")]
    NoScanType,
    /// `-P` without the letter that belongs to it.
    #[error("option '-P' needs a kind of host discovery, as in -Pn or -PS22")]
    NoPingType,
    /// A name was cut too short.
    #[error("option '{option}' is ambiguous: it may mean {}", candidates.join(", "))]
    Ambiguous {
        /// What was typed.
        option: String,
        /// What it may mean.
        candidates: Vec<&'static str>,
    },
    /// The line ends where a value is needed.
    #[error("option '{option}' needs a value: {option} {word}")]
    MissingValue {
        /// The option.
        option: &'static str,
        /// The word for its value.
        word: &'static str,
    },
    /// A value is glued to an option that takes none.
    #[error("option '{option}' takes no value, but '{value}' is glued to it")]
    UnexpectedValue {
        /// The option.
        option: &'static str,
        /// The value.
        value: String,
    },
    /// The option can be given once only.
    #[error("option '{option}' was given twice; give it once, with everything in one value")]
    Repeated {
        /// The option.
        option: &'static str,
    },
    /// The level of `-v` or `-d` is none.
    #[error("'{value}' is no level for '{option}': write -{letter}{letter} or -{letter}2")]
    Level {
        /// The option.
        option: &'static str,
        /// What stands there.
        value: String,
        /// The letter of the option.
        letter: char,
    },
    /// An output option has an empty name.
    #[error("option '{option}' needs the name of a file, not an empty word")]
    NoFileName {
        /// The option.
        option: &'static str,
    },
    /// The name of an output file looks like an option.
    #[error(
        "the file name after '{option}' begins with a dash: write ./{} if that is meant",
        file.to_string_lossy()
    )]
    FileName {
        /// The option.
        option: &'static str,
        /// The name.
        file: OsString,
    },
    /// Three formats are to go to standard output at once.
    #[error("option '{option}' cannot write to standard output, it writes three formats")]
    AllToStdout {
        /// The option.
        option: &'static str,
    },
}

fn suggest(name: Option<&str>) -> String {
    name.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

/// Reads a command line; `args` are its words without the name of the program.
///
/// Reading stops at the first option that asks for a page (`-h`, `-V`): what follows is not
/// looked at.
///
/// # Errors
/// [`ParseError`] for the first word that cannot be taken.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Settings, ParseError> {
    let mut line = Line { words: args.into_iter(), settings: Settings::default() };
    while line.settings.page.is_none() {
        let Some(word) = line.words.next() else { break };
        match word.as_bytes() {
            b"--" => {
                line.settings.targets.extend(line.words.by_ref());
            }
            [b'-', b'-', ..] => line.long(&word)?,
            [b'-', _, ..] => line.dashed(&word)?,
            _ => line.settings.targets.push(word),
        }
    }
    Ok(line.settings)
}

/// The words still to come and what was read so far.
struct Line<I> {
    words: I,
    settings: Settings,
}

impl<I: Iterator<Item = OsString>> Line<I> {
    /// A word with two dashes.
    fn long(&mut self, word: &OsStr) -> Result<(), ParseError> {
        let (name, value) = split_value(word);
        match find_long(&name, true)? {
            Some((opt, name)) => self.apply(opt, name, value),
            None => Err(unknown(&name)),
        }
    }

    /// A word with one dash: a long name, a pair such as `-oN`, or a bundle of short options.
    fn dashed(&mut self, word: &OsStr) -> Result<(), ParseError> {
        let bytes = word.as_bytes();
        let (name, value) = split_value(word);
        if let Some((opt, name)) = find_exact(&name, Shape::Pair) {
            return self.apply(opt, name, value);
        }
        // A lone letter is a short option where there is one, whatever long names begin with it.
        let is_letter = matches!(bytes, [_, letter] if is_short(*letter));
        if !is_letter && let Some((opt, name)) = find_long(&format!("-{name}"), false)? {
            return self.apply(opt, name, value);
        }
        if let Some((opt, name)) = bytes.get(..3).and_then(find_pair) {
            return self.apply(opt, name, Some(os(&bytes[3..])));
        }
        self.bundle(word)
    }

    /// A bundle: `-nv`, `-sTC`, `-PS22`, `-p22`, `-nsT`.
    fn bundle(&mut self, word: &OsStr) -> Result<(), ParseError> {
        let bytes = word.as_bytes();
        for (at, byte) in bytes.iter().enumerate().skip(1) {
            let rest = bytes.get(at + 1..).unwrap_or_default();
            let letter = char::from(*byte);
            match letter {
                's' => return self.scan_letters(rest, word),
                'P' => return self.ping_letter(rest, word),
                _ => {}
            }
            let Some((opt, name)) = find_short(letter) else {
                return Err(match at {
                    1 => unknown(&split_value(word).0),
                    _ => unknown_letter(&format!("-{}", printable(*byte)), word),
                });
            };
            let takes_rest = opt.value != Value::None;
            let value = (takes_rest && !rest.is_empty()).then(|| os(rest));
            self.apply(opt, name, value)?;
            if takes_rest || self.settings.page.is_some() {
                break;
            }
        }
        Ok(())
    }

    fn scan_letters(&mut self, letters: &[u8], word: &OsStr) -> Result<(), ParseError> {
        if letters.is_empty() {
            return Err(ParseError::NoScanType);
        }
        for letter in letters {
            let option = format!("-s{}", printable(*letter));
            let (opt, name) =
                find_exact(&option, Shape::Scan).ok_or_else(|| unknown_letter(&option, word))?;
            self.apply(opt, name, None)?;
        }
        Ok(())
    }

    fn ping_letter(&mut self, letters: &[u8], word: &OsStr) -> Result<(), ParseError> {
        let Some((letter, rest)) = letters.split_first() else {
            return Err(ParseError::NoPingType);
        };
        let option = format!("-P{}", printable(*letter));
        let (opt, name) =
            find_exact(&option, Shape::Ping).ok_or_else(|| unknown_letter(&option, word))?;
        self.apply(opt, name, (!rest.is_empty()).then(|| os(rest)))
    }

    /// Hands an option its value, taking the next word where it needs one.
    fn apply(
        &mut self,
        opt: &Opt,
        name: &'static str,
        value: Option<OsString>,
    ) -> Result<(), ParseError> {
        let value = match (opt.value, value) {
            (Value::None, Some(value)) => {
                let value = value.to_string_lossy().into_owned();
                return Err(ParseError::UnexpectedValue { option: name, value });
            }
            (Value::Required(word), None) => {
                Some(self.words.next().ok_or(ParseError::MissingValue { option: name, word })?)
            }
            (_, value) => value,
        };
        (opt.update)(&mut self.settings, Use { name, value })
    }
}

/// Cuts `--name=value`; a name that is no text is shown with replacement characters, which no
/// option has.
fn split_value(word: &OsStr) -> (String, Option<OsString>) {
    let bytes = word.as_bytes();
    match bytes.iter().position(|b| *b == b'=') {
        Some(at) => (text(&bytes[..at]), Some(os(&bytes[at + 1..]))),
        None => (text(bytes), None),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn os(bytes: &[u8]) -> OsString {
    OsString::from_vec(bytes.to_vec())
}

fn printable(byte: u8) -> String {
    byte.escape_ascii().to_string()
}

type Found = (&'static Opt, &'static str);

fn names() -> impl Iterator<Item = Found> {
    options::all().flat_map(|opt| opt.names.iter().map(move |name| (opt, *name)))
}

fn find_exact(typed: &str, shape: Shape) -> Option<Found> {
    names().find(|(opt, name)| *name == typed && opt.shape(name) == shape)
}

fn find_short(letter: char) -> Option<Found> {
    let mut buffer = [0; 4];
    let letter: &str = letter.encode_utf8(&mut buffer);
    names().find(|(opt, name)| opt.shape(name) == Shape::Short && name[1..] == *letter)
}

/// True where `-x` is an option, or begins one: `-s` and `-P` take letters.
fn is_short(letter: u8) -> bool {
    matches!(letter, b's' | b'P') || find_short(char::from(letter)).is_some()
}

fn find_pair(typed: &[u8]) -> Option<Found> {
    names().find(|(opt, name)| opt.shape(name) == Shape::Pair && name.as_bytes() == typed)
}

/// Finds the option that `typed`, with two dashes, names in full or by its beginning. `--oN` is
/// understood where `pairs` says so.
///
/// Of several names that begin alike, one that all others only lengthen is meant: `--script-arg`
/// is `--script-args`, not `--script-args-file`.
fn find_long(typed: &str, pairs: bool) -> Result<Option<Found>, ParseError> {
    if pairs && let Some(found) = typed.get(1..).and_then(|name| find_exact(name, Shape::Pair)) {
        return Ok(Some(found));
    }
    if typed.len() <= 2 {
        return Ok(None);
    }
    let matching: Vec<Found> = names()
        .filter(|(opt, name)| opt.shape(name) == Shape::Long && name.starts_with(typed))
        .collect();
    let Some(shortest) = matching.iter().min_by_key(|(_, name)| name.len()) else {
        return Ok(None);
    };
    let same = matching.iter().all(|(opt, _)| std::ptr::eq(*opt, shortest.0));
    if same || matching.iter().all(|(_, name)| name.starts_with(shortest.1)) {
        return Ok(Some(*shortest));
    }
    let candidates = matching.iter().map(|(_, name)| *name).collect();
    Err(ParseError::Ambiguous { option: typed.to_owned(), candidates })
}

fn unknown(option: &str) -> ParseError {
    ParseError::Unknown { option: option.to_owned(), suggestion: nearest(option) }
}

/// A letter that is no option: perhaps the word was meant as a long name.
fn unknown_letter(option: &str, word: &OsStr) -> ParseError {
    let (name, _) = split_value(word);
    let suggestion = nearest(&name);
    if suggestion.is_some() || option == name {
        return ParseError::Unknown { option: name, suggestion };
    }
    ParseError::UnknownLetter { option: option.to_owned(), word: text(word.as_bytes()) }
}

/// The long name that is nearest to what was typed, where one is near.
fn nearest(typed: &str) -> Option<&'static str> {
    let typed = typed.trim_start_matches('-').to_ascii_lowercase();
    let allowed = match typed.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        6..=9 => 2,
        _ => 3,
    };
    names()
        .filter(|(opt, name)| opt.shape(name) == Shape::Long && opt.is_listed())
        .map(|(_, name)| (strsim::damerau_levenshtein(&typed, &name[2..]), name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests;
