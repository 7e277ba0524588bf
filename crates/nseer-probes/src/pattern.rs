//! Patterns: PCRE2 over bytes, with a bound on the work.

use std::fmt::Write as _;
use std::sync::OnceLock;

use pcre2::bytes::{Captures, Regex, RegexBuilder};

use crate::error::LineError;
use crate::prefix::is_anchored;

/// Steps that one match may take.
const MOST_STEPS: u32 = 100_000;
/// Depth of backtracking, where there is a depth.
const MOST_DEPTH: u32 = 10_000;

/// What may follow a pattern.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// `i`
    pub(crate) ignore_case: bool,
    /// `s`: a dot matches line ends too.
    pub(crate) dot_all: bool,
}

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    /// Where the pattern is machine code, whose room for backtracking is small: what to run where
    /// that is not enough.
    careful: Option<Careful>,
}

/// A pattern for the interpreter, compiled when it is needed.
#[derive(Debug)]
struct Careful {
    text: Box<str>,
    flags: Flags,
    regex: OnceLock<Result<Regex, pcre2::Error>>,
}

impl Pattern {
    /// Compiles the pattern of a match line.
    pub(crate) fn compile(pattern: &[u8], flags: Flags) -> Result<Pattern, LineError> {
        let text = limited(pattern);
        // Machine code counts its steps anew from each place in the answer, so it is for patterns
        // that begin at one place only. For the others the interpreter counts them all.
        let fast = is_anchored(pattern);
        let regex = build(&text, flags, fast).map_err(|e| LineError::Pattern(e.to_string()))?;
        if let Ok(true) = regex.is_match(b"") {
            return Err(LineError::MatchesNothing);
        }
        let careful = fast.then(|| Careful { text: text.into(), flags, regex: OnceLock::new() });
        Ok(Pattern { regex, careful })
    }

    /// The captures of the first match.
    pub(crate) fn captures<'a>(&self, answer: &'a [u8]) -> Result<Option<Captures<'a>>, LineError> {
        let regex = match (self.regex.is_match(answer), &self.careful) {
            (Ok(false), _) => return Ok(None),
            (Ok(true), _) => &self.regex,
            (Err(error), None) => return Err(LineError::TooManySteps(error.to_string())),
            (Err(_), Some(careful)) => careful.regex()?,
        };
        regex.captures(answer).map_err(|e| LineError::TooManySteps(e.to_string()))
    }
}

impl Careful {
    fn regex(&self) -> Result<&Regex, LineError> {
        let regex = self.regex.get_or_init(|| build(&self.text, self.flags, false));
        regex.as_ref().map_err(|e| LineError::Pattern(e.to_string()))
    }
}

fn build(text: &str, flags: Flags, fast: bool) -> Result<Regex, pcre2::Error> {
    let mut builder = RegexBuilder::new();
    builder.caseless(flags.ignore_case).dotall(flags.dot_all);
    builder.jit_if_available(fast).build(text)
}

/// The pattern with its limits before it and bytes beyond ASCII as escapes, since the library takes
/// text.
fn limited(pattern: &[u8]) -> String {
    let mut text = format!("(*LIMIT_MATCH={MOST_STEPS})(*LIMIT_DEPTH={MOST_DEPTH})");
    let mut escaped = false;
    for byte in pattern {
        if byte.is_ascii() {
            text.push(char::from(*byte));
        } else {
            if escaped {
                // A backslash before such a byte means the byte.
                text.pop();
            }
            // Writing to a string does not fail.
            let _ = write!(text, "\\x{byte:02x}");
        }
        escaped = *byte == b'\\' && !escaped;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &[u8], flags: Flags, answer: &[u8]) -> bool {
        let pattern = Pattern::compile(pattern, flags).expect("a pattern");
        pattern.captures(answer).expect("a match or none").is_some()
    }

    #[test]
    fn bytes_are_bytes() {
        let plain = Flags::default();
        assert!(matches(b"^\xe9\\\xe8.$", plain, b"\xe9\xe8\xff"));
        assert!(matches(b"^[\xe9\\\xe8]+$", plain, b"\xe9\xe8\n"));
        assert!(matches(br"^a\0b\\\xff", plain, b"a\0b\\\xff"));
        assert!(!matches(b"^a.b", plain, b"a\nb"));
        assert!(matches(b"^a.b", Flags { dot_all: true, ..plain }, b"a\nb"));
        assert!(matches(b"^aB", Flags { ignore_case: true, ..plain }, b"Ab"));
    }

    #[test]
    fn what_cannot_be_used_is_told() {
        for bad in [&b"^(a"[..], b"[a", b"a{2,1}", b"(?<n"] {
            let error = Pattern::compile(bad, Flags::default()).expect_err("no pattern");
            assert!(matches!(error, LineError::Pattern(_)), "{error:?}");
        }
        let error = Pattern::compile(b"^a*", Flags::default()).expect_err("an empty match");
        assert_eq!(error, LineError::MatchesNothing);
    }

    #[test]
    fn machine_code_without_room_is_no_reason_to_fail() {
        let pattern = Pattern::compile(br"^(?:(a)|b)*c$", Flags::default()).expect("a pattern");
        let answer = [&b"ab".repeat(2000)[..], b"c"].concat();
        assert!(pattern.regex.is_match(&answer).is_err(), "too deep for machine code");
        assert!(pattern.captures(&answer).expect("a match").is_some());
    }

    #[test]
    fn no_pattern_runs_for_ever() {
        let answer = [b'a'; 4096];
        for bad in [
            &b"^(a+)+$x"[..],
            b"(a+)+x",
            b"^(?:a|a)*?b",
            b"(.*)(.*)(.*)(.*)(.*)b",
            b"^(a?){300}a{300}b",
        ] {
            let pattern = Pattern::compile(bad, Flags::default()).expect("a pattern");
            assert!(!matches!(pattern.captures(&answer), Ok(Some(_))));
        }
    }
}
