//! What an answer must contain for a pattern to match it, told from the pattern's text alone.
//!
//! It errs to the safe side: what is not understood demands nothing.

use memchr::memmem::Finder;

use crate::pattern::Flags;

/// What an answer must contain.
#[derive(Debug)]
pub(crate) enum Demand {
    /// It begins with these bytes, at least one.
    Prefix(Box<[u8]>),
    /// It contains these bytes.
    Contains(Box<Finder<'static>>),
    /// Nothing in particular.
    Nothing,
}

impl Demand {
    /// What `pattern` demands.
    pub(crate) fn of(pattern: &[u8], flags: Flags) -> Demand {
        if flags.ignore_case {
            return Demand::Nothing;
        }
        let Some(runs) = runs(pattern) else { return Demand::Nothing };
        match runs.first() {
            Some(run) if run.at_start && !run.bytes.is_empty() => {
                Demand::Prefix(run.bytes.clone().into_boxed_slice())
            }
            _ => match runs.into_iter().map(|run| run.bytes).max_by_key(Vec::len) {
                Some(bytes) if !bytes.is_empty() => {
                    Demand::Contains(Box::new(Finder::new(&bytes).into_owned()))
                }
                _ => Demand::Nothing,
            },
        }
    }

    /// True where `answer` has what is demanded.
    pub(crate) fn is_met(&self, answer: &[u8]) -> bool {
        match self {
            Demand::Prefix(prefix) => answer.starts_with(prefix),
            Demand::Contains(finder) => finder.find(answer).is_some(),
            Demand::Nothing => true,
        }
    }
}

/// True where a match can only begin where the answer begins.
pub(crate) fn is_anchored(pattern: &[u8]) -> bool {
    pattern.first() == Some(&b'^') && runs(pattern).is_some()
}

/// Literal bytes that stand side by side, outside of groups.
#[derive(Debug, Default)]
struct Run {
    bytes: Vec<u8>,
    /// The answer begins with them.
    at_start: bool,
}

/// The runs that every match contains; `None` where the pattern has alternatives at its top, or
/// something that is not understood.
fn runs(pattern: &[u8]) -> Option<Vec<Run>> {
    let mut runs = Vec::new();
    let mut run = Run::default();
    let mut at = 0;
    if pattern.first() == Some(&b'^') {
        run.at_start = true;
        at = 1;
    }
    while let Some(byte) = pattern.get(at) {
        match byte {
            b'|' => return None,
            b'(' => {
                at = after_group(pattern, at)?;
                runs.push(std::mem::take(&mut run));
            }
            b'[' => {
                at = after_class(pattern, at)?;
                runs.push(std::mem::take(&mut run));
            }
            b'?' | b'*' | b'{' => {
                // The last byte may be missing.
                run.bytes.pop();
                runs.push(std::mem::take(&mut run));
                at = after_count(pattern, at);
            }
            b'+' | b'.' | b'^' | b'$' | b')' => {
                runs.push(std::mem::take(&mut run));
                at += 1;
            }
            b'\\' => match escaped(pattern, at)? {
                (Some(byte), next) => {
                    run.bytes.push(byte);
                    at = next;
                }
                (None, next) => {
                    runs.push(std::mem::take(&mut run));
                    at = next;
                }
            },
            byte => {
                run.bytes.push(*byte);
                at += 1;
            }
        }
    }
    runs.push(run);
    Some(runs)
}

/// Where the quantifier that begins at `at` ends, if it is one.
fn after_count(pattern: &[u8], at: usize) -> usize {
    let end = match pattern[at] {
        b'{' => pattern[at..].iter().position(|b| *b == b'}'),
        _ => None,
    };
    let counts = |inside: &[u8]| inside.iter().all(|b| matches!(b, b'0'..=b'9' | b',' | b' '));
    match end {
        Some(n) if counts(&pattern[at + 1..at + n]) => at + n + 1,
        _ => at + 1,
    }
}

/// The byte that an escape stands for, if for one, and where it ends.
fn escaped(pattern: &[u8], at: usize) -> Option<(Option<u8>, usize)> {
    let letter = *pattern.get(at + 1)?;
    let next = at + 2;
    Some(match letter {
        b'n' => (Some(b'\n'), next),
        b'r' => (Some(b'\r'), next),
        b't' => (Some(b'\t'), next),
        b'f' => (Some(12), next),
        b'e' => (Some(27), next),
        b'a' => (Some(7), next),
        b'0' => octal(pattern, next),
        b'x' => {
            let digits = pattern.get(next..)?.iter().take(2);
            let digits: Vec<u8> = digits.map_while(|b| crate::escape::hex(*b)).collect();
            if pattern.get(next) == Some(&b'{') {
                return None;
            }
            let value = digits.iter().fold(0, |value: u8, digit| value << 4 | digit);
            (Some(value), next + digits.len())
        }
        // A quotation, which has a grammar of its own.
        b'Q' | b'E' => return None,
        b'1'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
            // Names and numbers in braces or the like belong to the escape; a control character
            // is one too.
            if matches!(letter, b'c' | b'g' | b'k' | b'o' | b'p' | b'P' | b'N') {
                return None;
            }
            let digits = pattern[next..].iter().take_while(|b| b.is_ascii_digit()).count();
            (None, if letter.is_ascii_digit() { next + digits } else { next })
        }
        other => (Some(other), next),
    })
}

/// Up to two more octal digits after `\0`.
fn octal(pattern: &[u8], at: usize) -> (Option<u8>, usize) {
    let digits = pattern[at..].iter().take(2).take_while(|b| (b'0'..=b'7').contains(b));
    let digits: Vec<u8> = digits.map(|b| b - b'0').collect();
    let value = digits.iter().fold(0, |value: u8, digit| value << 3 | digit);
    (Some(value), at + digits.len())
}

/// Where the class that begins at `at` ends.
fn after_class(pattern: &[u8], at: usize) -> Option<usize> {
    let mut at = at + 1;
    if pattern.get(at) == Some(&b'^') {
        at += 1;
    }
    // A bracket that comes first is a member.
    if pattern.get(at) == Some(&b']') {
        at += 1;
    }
    loop {
        match pattern.get(at)? {
            b']' => return Some(at + 1),
            b'\\' if matches!(pattern.get(at + 1), Some(b'Q' | b'E')) => return None,
            b'\\' => at += 2,
            b'[' if matches!(pattern.get(at + 1), Some(b':' | b'.' | b'=')) => {
                let rest = &pattern[at + 2..];
                let mark = pattern[at + 1];
                let end = rest.windows(2).position(|pair| pair == [mark, b']']);
                // Where there is no end it is a bracket like any other.
                at = end.map_or(at + 1, |n| at + 2 + n + 2);
            }
            _ => at += 1,
        }
    }
}

/// Where the group that begins at `at` ends. `None` for a group that changes what follows it.
fn after_group(pattern: &[u8], at: usize) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match pattern.get(at)? {
            b'(' => {
                let rest = &pattern[at + 1..];
                let known = [&b"?:"[..], b"?!", b"?=", b"?>", b"?<!", b"?<="];
                if matches!(rest.first(), Some(b'*'))
                    || (rest.first() == Some(&b'?') && !known.iter().any(|k| rest.starts_with(k)))
                {
                    return None;
                }
                depth += 1;
                at += 1;
            }
            b')' => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'[' => at = after_class(pattern, at)?,
            b'\\' if matches!(pattern.get(at + 1), Some(b'Q' | b'E')) => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn demand(pattern: &str) -> String {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        match Demand::of(pattern.as_bytes(), Flags::default()) {
            Demand::Prefix(bytes) => format!("^{}", text(&bytes)),
            Demand::Contains(finder) => text(finder.needle()),
            Demand::Nothing => String::new(),
        }
    }

    #[test]
    fn what_is_demanded() {
        for (pattern, demanded) in [
            (r"^SSH-([\d.]+)-OpenSSH", "^SSH-"),
            (r"^220 .*FTP", "^220 "),
            (r"^220-?abc", "^220"),
            (r"^ab*c", "^a"),
            (r"^ab+c", "^ab"),
            (r"^ab{2}c", "^a"),
            (r"^\0\x05\r\nx", r"^\x00\x05\r\nx"),
            (r"^\12x", "x"),
            (r"^.{4}hello", "hello"),
            (r"^.{4}\0\012hello", r"\x00\nhello"),
            (r"^(?:abc|def)longer([^)]*)x", "longer"),
            (r"^[]abc]tail", "tail"),
            (r"^[[:alpha:]]]x+y", "]x"),
            (r"a|b", ""),
            (r"(?i)abc", ""),
            (r"^(?s)abc", ""),
            (r"\Qa|b\E", ""),
            (r"^(?!abc)de", "de"),
            ("", ""),
        ] {
            assert_eq!(demand(pattern), demanded, "{pattern}");
        }
    }

    #[test]
    fn anchors() {
        assert!(is_anchored(b"^abc"));
        assert!(!is_anchored(b"^abc|def"));
        assert!(!is_anchored(b"abc"));
    }
}
