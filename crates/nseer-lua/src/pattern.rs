//! Matches Lua's patterns (manual of Lua 5.4, section 6.4.1) and asks now and then whether to go on.
//!
//! A pattern with several repetitions can take longer than anybody waits, and Lua's own matcher, which is C code,
//! can be told nothing meanwhile. This one gives the same matches, captures and errors.

/// Captures that a pattern may have.
const MOST_CAPTURES: usize = 32;

/// Matches within one another, after which a pattern is too complex.
const MOST_DEPTH: usize = 200;

/// Bytes that are looked at between two questions whether to go on.
const STEPS: usize = 1 << 14;

const ESCAPE: u8 = b'%';

/// Why there is neither a match nor none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The pattern is wrong.
    Malformed(&'static str),
    /// It names a capture that there is not, by this number.
    NoCapture(i32),
    /// Whoever was asked said that it is enough.
    Stopped,
}

/// What a capture holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Capture {
    /// The bytes from here to there.
    Bytes(usize, usize),
    /// A position, from 0.
    Position(usize),
    /// It began here and has not ended.
    Open(usize),
}

/// A pattern over a subject.
pub(crate) struct Matcher<'a> {
    subject: &'a [u8],
    pattern: &'a [u8],
    captures: [Capture; MOST_CAPTURES],
    level: usize,
    depth: usize,
    steps: usize,
    is_enough: fn() -> bool,
}

type Matched = Result<Option<usize>, Fault>;

impl<'a> Matcher<'a> {
    /// `pattern` is without its anchor. `is_enough` is asked now and then.
    pub(crate) fn new(subject: &'a [u8], pattern: &'a [u8], is_enough: fn() -> bool) -> Self {
        let captures = [Capture::Open(0); MOST_CAPTURES];
        Matcher { subject, pattern, captures, level: 0, depth: 0, steps: 0, is_enough }
    }

    /// Where a match that begins at `start` ends.
    fn match_at(&mut self, start: usize) -> Matched {
        (self.level, self.depth) = (0, 0);
        self.matched(start, 0)
    }

    /// Where the first match from `start` on begins and ends; an `anchored` one begins there.
    pub(crate) fn search(
        &mut self,
        mut start: usize,
        anchored: bool,
    ) -> Result<Option<(usize, usize)>, Fault> {
        if anchored {
            return Ok(self.match_at(start)?.map(|end| (start, end)));
        }
        let head = self.head();
        while start <= self.subject.len() {
            if let Some((p, end)) = head {
                let skipped = self.span(start, p, end, false);
                self.step(skipped)?;
                start += skipped;
            }
            if let Some(end) = self.match_at(start)? {
                return Ok(Some((start, end)));
            }
            start += 1;
        }
        Ok(None)
    }

    /// The class of which every match has to begin with a byte, from where to where it is in the pattern;
    /// `None` where there is none, or none is known.
    fn head(&self) -> Option<(usize, usize)> {
        // Captures that begin there take no bytes.
        let p = self.pattern.iter().position(|sign| *sign != b'(')?;
        let is_class = match self.sign(p) {
            ESCAPE => !matches!(self.sign(p + 1), b'b' | b'f' | b'0'..=b'9'),
            sign => !matches!(sign, b')' | b'$'),
        };
        // Of too many captures the match itself has to tell.
        let end = self.class_end(p).ok().filter(|_| is_class && p < MOST_CAPTURES)?;
        (!matches!(self.sign(end), b'*' | b'?' | b'-')).then_some((p, end))
    }

    /// How many values a match has: at least one, the whole, where it is asked for.
    pub(crate) fn count(&self, whole: bool) -> usize {
        if self.level == 0 && whole { 1 } else { self.level }
    }

    /// A capture of the last match, which is from `start` to `end`.
    pub(crate) fn capture(&self, index: usize, start: usize, end: usize) -> Result<Capture, Fault> {
        if index >= self.level {
            let number = i32::try_from(index + 1).unwrap_or(i32::MAX);
            return if index == 0 {
                Ok(Capture::Bytes(start, end))
            } else {
                Err(Fault::NoCapture(number))
            };
        }
        match self.captures[index] {
            Capture::Open(_) => Err(Fault::Malformed("unfinished capture")),
            capture => Ok(capture),
        }
    }

    fn step(&mut self, bytes: usize) -> Result<(), Fault> {
        self.steps += bytes;
        if self.steps >= STEPS {
            self.steps = 0;
            if (self.is_enough)() {
                return Err(Fault::Stopped);
            }
        }
        Ok(())
    }

    /// A byte of the pattern; 0 behind its end.
    fn sign(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    fn matched(&mut self, s: usize, p: usize) -> Matched {
        if self.depth == MOST_DEPTH {
            return Err(Fault::Malformed("pattern too complex"));
        }
        self.depth += 1;
        let end = self.matched_here(s, p)?;
        self.depth -= 1;
        Ok(end)
    }

    /// Goes through items that match in one way only, and leaves the others to those that try.
    fn matched_here(&mut self, mut s: usize, mut p: usize) -> Matched {
        loop {
            self.step(1)?;
            if p >= self.pattern.len() {
                return Ok(Some(s));
            }
            match (self.sign(p), self.sign(p + 1)) {
                (b'(', b')') => return self.open(s, p + 2, Capture::Position(s)),
                (b'(', _) => return self.open(s, p + 1, Capture::Open(s)),
                (b')', _) => return self.close(s, p + 1),
                (b'$', _) if p + 1 == self.pattern.len() => {
                    return Ok((s == self.subject.len()).then_some(s));
                }
                (ESCAPE, b'b') => {
                    let Some(end) = self.balanced(s, p + 2)? else { return Ok(None) };
                    (s, p) = (end, p + 4);
                }
                (ESCAPE, b'f') => {
                    if self.sign(p + 2) != b'[' {
                        return Err(Fault::Malformed("missing '[' after '%f' in pattern"));
                    }
                    let end = self.class_end(p + 2)?;
                    let before = if s == 0 { 0 } else { self.subject[s - 1] };
                    let after = self.subject.get(s).copied().unwrap_or(0);
                    if self.in_set(before, p + 2, end - 1) || !self.in_set(after, p + 2, end - 1) {
                        return Ok(None);
                    }
                    p = end;
                }
                (ESCAPE, digit @ b'0'..=b'9') => {
                    let Some(end) = self.back_reference(s, digit)? else { return Ok(None) };
                    (s, p) = (end, p + 2);
                }
                _ => {
                    let end = self.class_end(p)?;
                    let one = self.single(s, p, end);
                    match (self.sign(end), one) {
                        (b'?', true) => {
                            if let Some(found) = self.matched(s + 1, end + 1)? {
                                return Ok(Some(found));
                            }
                            p = end + 1;
                        }
                        (b'+', true) => return self.longest(s, s + 1, p, end),
                        (b'*', true) => return self.longest(s, s, p, end),
                        (b'-', true) => return self.shortest(s, p, end),
                        (b'*' | b'?' | b'-', false) => p = end + 1,
                        (_, true) => (s, p) = (s + 1, end),
                        (_, false) => return Ok(None),
                    }
                }
            }
        }
    }

    /// Tries with as many repetitions as there are, and then with fewer, down to `least`.
    fn longest(&mut self, start: usize, least: usize, p: usize, end: usize) -> Matched {
        let length = self.span(start, p, end, true);
        self.step(length)?;
        let mut s = start + length;
        loop {
            if let Some(found) = self.matched(s, end + 1)? {
                return Ok(Some(found));
            }
            if s == least {
                return Ok(None);
            }
            s -= 1;
        }
    }

    /// Tries with no repetition, and then with more.
    fn shortest(&mut self, mut s: usize, p: usize, end: usize) -> Matched {
        loop {
            if let Some(found) = self.matched(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end) {
                return Ok(None);
            }
            s += 1;
        }
    }

    fn open(&mut self, s: usize, p: usize, capture: Capture) -> Matched {
        let Some(place) = self.captures.get_mut(self.level) else {
            return Err(Fault::Malformed("too many captures"));
        };
        *place = capture;
        self.level += 1;
        let found = self.matched(s, p)?;
        if found.is_none() {
            self.level -= 1;
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Matched {
        let open = self.captures[..self.level].iter().rposition(|c| matches!(c, Capture::Open(_)));
        let Some((index, Capture::Open(start))) = open.map(|index| (index, self.captures[index]))
        else {
            return Err(Fault::Malformed("invalid pattern capture"));
        };
        self.captures[index] = Capture::Bytes(start, s);
        let found = self.matched(s, p)?;
        if found.is_none() {
            self.captures[index] = Capture::Open(start);
        }
        Ok(found)
    }

    fn balanced(&mut self, s: usize, p: usize) -> Matched {
        let &[begin, end, ..] = self.pattern.get(p..).unwrap_or_default() else {
            return Err(Fault::Malformed("malformed pattern (missing arguments to '%b')"));
        };
        // Behind the subject is a zero, also for this.
        if self.subject.get(s).copied().unwrap_or(0) != begin {
            return Ok(None);
        }
        let mut open = 1_usize;
        let rest = self.subject.get(s + 1..).unwrap_or_default();
        let length = rest.iter().position(|byte| {
            if *byte == end {
                open -= 1;
            } else if *byte == begin {
                open += 1;
            }
            open == 0
        });
        self.step(length.unwrap_or(rest.len()))?;
        Ok(length.map(|length| s + length + 2))
    }

    fn back_reference(&mut self, s: usize, digit: u8) -> Matched {
        let number = i32::from(digit) - i32::from(b'0');
        let index = usize::try_from(number - 1).ok().filter(|index| *index < self.level);
        let (start, end) = match index.map(|index| self.captures[index]) {
            Some(Capture::Bytes(start, end)) => (start, end),
            Some(Capture::Position(_)) => return Ok(None),
            Some(Capture::Open(_)) | None => return Err(Fault::NoCapture(number)),
        };
        self.step(end - start)?;
        let same = self.subject[s..].starts_with(&self.subject[start..end]);
        Ok(same.then_some(s + end - start))
    }

    /// Where the class that begins at `p` ends.
    fn class_end(&self, p: usize) -> Result<usize, Fault> {
        match self.sign(p) {
            ESCAPE if p + 1 >= self.pattern.len() => {
                Err(Fault::Malformed("malformed pattern (ends with '%')"))
            }
            ESCAPE => Ok(p + 2),
            b'[' => {
                let mut at = if self.sign(p + 1) == b'^' { p + 2 } else { p + 1 };
                loop {
                    // The first one of a set is no end, even where it looks like it.
                    let sign = self
                        .pattern
                        .get(at)
                        .ok_or(Fault::Malformed("malformed pattern (missing ']')"))?;
                    at += if *sign == ESCAPE && at + 1 < self.pattern.len() { 2 } else { 1 };
                    if self.sign(at) == b']' {
                        return Ok(at + 1);
                    }
                }
            }
            _ => Ok(p + 1),
        }
    }

    /// How many bytes from `s` on are of the class from `p` to `end`, or where it is not `wanted` are not.
    fn span(&self, s: usize, p: usize, end: usize, wanted: bool) -> usize {
        let rest = self.subject.get(s..).unwrap_or_default();
        let length = match self.sign(p) {
            b'.' if wanted => None,
            b'.' => Some(0),
            ESCAPE => {
                let letter = self.sign(p + 1);
                rest.iter().position(|byte| in_class(*byte, letter) != wanted)
            }
            b'[' => rest.iter().position(|byte| self.in_set(*byte, p, end - 1) != wanted),
            sign if wanted => rest.iter().position(|byte| *byte != sign),
            sign => memchr::memchr(sign, rest),
        };
        length.unwrap_or(rest.len())
    }

    /// Whether the byte at `s` is of the class from `p` to `end`.
    fn single(&self, s: usize, p: usize, end: usize) -> bool {
        let Some(byte) = self.subject.get(s).copied() else { return false };
        match self.sign(p) {
            b'.' => true,
            ESCAPE => in_class(byte, self.sign(p + 1)),
            b'[' => self.in_set(byte, p, end - 1),
            sign => sign == byte,
        }
    }

    /// Whether a byte is in the set that begins at `p` and whose bracket closes at `end`.
    fn in_set(&self, byte: u8, mut p: usize, end: usize) -> bool {
        let wanted = self.sign(p + 1) != b'^';
        if !wanted {
            p += 1;
        }
        p += 1;
        while p < end {
            let sign = self.sign(p);
            if sign == ESCAPE {
                p += 1;
                if in_class(byte, self.sign(p)) {
                    return wanted;
                }
            } else if self.sign(p + 1) == b'-' && p + 2 < end {
                p += 2;
                if (sign..=self.sign(p)).contains(&byte) {
                    return wanted;
                }
            } else if sign == byte {
                return wanted;
            }
            p += 1;
        }
        !wanted
    }
}

/// Whether a byte is of the class that a letter behind `%` names.
fn in_class(byte: u8, letter: u8) -> bool {
    let is = match letter.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => matches!(byte, b' ' | b'\t'..=b'\r'),
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return letter == byte,
    };
    is == letter.is_ascii_lowercase()
}
