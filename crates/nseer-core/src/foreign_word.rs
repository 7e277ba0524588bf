//! Words of other programs where the values of a scan have fixed ones, kept in one byte each so that
//! these values stay small.

use std::fmt;
use std::sync::{Mutex, PoisonError};

/// A word that a document had where a scan of ours has one of a fixed set.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForeignWord(u8);

/// Every word that was kept, each for good: a document of a known program has a handful, and one
/// of a stranger gets no more.
static WORDS: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// As many are kept in a process.
const MOST_WORDS: usize = 64;

/// A longer word is none.
const LONGEST: usize = 40;

impl ForeignWord {
    /// Keeps a word of lower-case letters, digits and dashes; `None` where it is none or too many
    /// have been kept.
    #[must_use]
    pub fn new(word: &str) -> Option<ForeignWord> {
        let looks_like_one = !word.is_empty()
            && word.len() <= LONGEST
            && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !looks_like_one {
            return None;
        }
        let mut words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
        let at = words.iter().position(|known| *known == word).unwrap_or(words.len());
        if at >= MOST_WORDS {
            return None;
        }
        if at == words.len() {
            words.push(Box::leak(word.into()));
        }
        u8::try_from(at).ok().map(ForeignWord)
    }

    /// The word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let words = WORDS.lock().unwrap_or_else(PoisonError::into_inner);
        words.get(usize::from(self.0)).copied().unwrap_or_default()
    }
}

impl fmt::Debug for ForeignWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PortStatus, Reason};

    #[test]
    fn words_are_kept_within_bounds() {
        let word = ForeignWord::new("host-prohibited").expect("a word");
        assert_eq!(word.as_str(), "host-prohibited");
        for odd in ["", "<b>", "UPPER", &"x".repeat(50)] {
            assert_eq!(ForeignWord::new(odd), None, "{odd}");
        }
        for i in 0..200 {
            let _ = ForeignWord::new(&format!("word-{i}"));
        }
        assert_eq!(ForeignWord::new("word-199"), None);
        assert_eq!(ForeignWord::new("host-prohibited"), Some(word));
    }

    #[test]
    fn a_status_stays_small() {
        assert!(size_of::<Option<PortStatus>>() <= 4, "there are many of them");
        assert_eq!(size_of::<Reason>(), 2);
    }
}
