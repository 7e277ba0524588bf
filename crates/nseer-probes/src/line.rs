//! A `match` or `softmatch` line: where its parts are, and its pattern once it was needed.

use std::ops::Range;
use std::sync::OnceLock;

use memchr::{memchr, memchr2};

use crate::error::LineError;
use crate::pattern::{Flags, Pattern};

/// One line. Ranges are offsets into the file.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u32,
    pub(crate) soft: bool,
    pub(crate) service: Range<u32>,
    pub(crate) pattern: Range<u32>,
    pub(crate) templates: Range<u32>,
    pub(crate) flags: Flags,
    pub(crate) compiled: OnceLock<Option<Box<Pattern>>>,
}

impl Line {
    /// Cuts what follows the word `match` or `softmatch` and its blank. `at` is where `text` begins
    /// in the file.
    pub(crate) fn cut(text: &[u8], at: usize, number: u32, soft: bool) -> Result<Line, LineError> {
        let span = |from: usize, to: usize| {
            let end = |n: usize| u32::try_from(at.saturating_add(n)).map_err(|_| LineError::Match);
            Ok(end(from)?..end(to)?)
        };
        let service_end = memchr2(b' ', b'\t', text).ok_or(LineError::Match)?;
        let blanks = text[service_end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        let m = service_end + blanks;
        let (Some(b'm'), Some(delimiter)) = (text.get(m), text.get(m + 1)) else {
            return Err(LineError::Match);
        };
        if service_end == 0 || delimiter.is_ascii_whitespace() {
            return Err(LineError::Match);
        }
        let start = m + 2;
        let length = memchr(*delimiter, &text[start..]).ok_or(LineError::Match)?;
        let mut flags = Flags::default();
        let mut end = start + length + 1;
        while let Some(letter) = text.get(end).filter(|b| !b.is_ascii_whitespace()) {
            match letter {
                b'i' => flags.ignore_case = true,
                b's' => flags.dot_all = true,
                other => return Err(LineError::Flag(char::from(*other))),
            }
            end += 1;
        }
        Ok(Line {
            number,
            soft,
            service: span(0, service_end)?,
            pattern: span(start, start + length)?,
            templates: span(end, text.len())?,
            flags,
            compiled: OnceLock::new(),
        })
    }
}

/// The bytes of a range of the file.
pub(crate) fn slice<'a>(file: &'a [u8], range: &Range<u32>) -> &'a [u8] {
    let offset = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    file.get(offset(range.start)..offset(range.end)).unwrap_or_default()
}
