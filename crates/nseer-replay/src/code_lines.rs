//! The lines of a Lua file that have code: what coverage is measured against.
//!
//! They are read from the compiled chunk, whose form is that of Lua 5.4 (`string.dump` in its manual,
//! section 6.4); it comes from the compiler in this process and is never run.

use std::collections::BTreeSet;

use mlua::{Lua, chunk::ChunkMode};

/// The lines of `source` with code, from 1 on; `None` where it does not compile.
#[must_use]
pub fn code_lines(source: &[u8]) -> Option<BTreeSet<usize>> {
    let lua = Lua::new();
    let chunk = lua.load(source).set_mode(ChunkMode::Text).into_function().ok()?;
    let dumped = chunk.dump(false);
    let mut reader = Reader { rest: &dumped };
    // The signature, version, format, the check of line ends, three sizes, two check numbers, and the
    // number of upvalues.
    reader.skip(4 + 1 + 1 + 6 + 3 + 8 + 8 + 1)?;
    let mut lines = BTreeSet::new();
    reader.function(&mut lines)?;
    Some(lines)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn skip(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.skip(1).map(|taken| taken[0])
    }

    /// Seven bits a byte, the high ones first; the last byte has its highest bit set.
    fn number(&mut self) -> Option<usize> {
        let mut number: usize = 0;
        loop {
            let byte = self.byte()?;
            number = number.checked_mul(128)? | usize::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                return Some(number);
            }
        }
    }

    fn string(&mut self) -> Option<()> {
        match self.number()? {
            0 => Some(()),
            size => self.skip(size - 1).map(drop),
        }
    }

    /// Functions nest no deeper than the compiler lets them.
    fn function(&mut self, lines: &mut BTreeSet<usize>) -> Option<()> {
        self.string()?;
        let first_line = self.number()?;
        self.number()?;
        let [_, is_vararg, _] = self.skip(3)? else { return None };
        let is_vararg = *is_vararg != 0;
        let instructions = self.number()?;
        self.skip(instructions.checked_mul(4)?)?;
        for _ in 0..self.number()? {
            match self.byte()? & 0x3f {
                0x03 | 0x13 => self.skip(8).map(drop)?,
                0x04 | 0x14 => self.string()?,
                _ => {}
            }
        }
        let upvalues = self.number()?;
        self.skip(upvalues.checked_mul(3)?)?;
        for _ in 0..self.number()? {
            self.function(lines)?;
        }
        self.lines(first_line, is_vararg, lines)?;
        for _ in 0..self.number()? {
            self.string()?;
            self.number()?;
            self.number()?;
        }
        for _ in 0..self.number()? {
            self.string()?;
        }
        Some(())
    }

    fn lines(&mut self, first: usize, is_vararg: bool, lines: &mut BTreeSet<usize>) -> Option<()> {
        let count = self.number()?;
        let steps = self.skip(count)?;
        let mut absolute = Vec::new();
        for _ in 0..self.number()? {
            let (at, line) = (self.number()?, self.number()?);
            absolute.push((at, line));
        }
        let mut line = i64::try_from(first).ok()?;
        // The last instruction is a return that the compiler adds, at the line of the `end`.
        for (at, step) in steps.iter().enumerate().take(count.saturating_sub(1)) {
            match i8::from_ne_bytes([*step]) {
                i8::MIN => {
                    let known = absolute.iter().find(|(place, _)| *place == at);
                    line = i64::try_from(known?.1).ok()?;
                }
                step => line += i64::from(step),
            }
            // What takes the arguments that `...` stands for, as in every file, is never seen to run.
            if !(is_vararg && at == 0) {
                lines.extend(usize::try_from(line).ok().filter(|line| *line > 0));
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_with_code_are_found_in_all_functions() {
        let source =
            b"-- a comment\nlocal x = 1\n\nfunction f(a)\n  if a then\n    return 2\n  end\n  \
            return function()\n    return x\n  end\nend\n";
        let lines: Vec<usize> = code_lines(source).expect("code").into_iter().collect();
        assert_eq!(lines, [2, 4, 5, 6, 9, 10, 11]);
        assert_eq!(code_lines(b"local = 1"), None);
    }

    #[test]
    fn long_files_and_steps_are_followed() {
        let lines =
            code_lines(b"x = [[\n\n]]\nfunction f(...)\n  return ...\nend\n").expect("code");
        assert_eq!(lines.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
        let source = format!("local a = 1\n{}\na = 2\n", "\n".repeat(5000));
        let lines = code_lines(source.as_bytes()).expect("code");
        assert!(!lines.contains(&2) && lines.contains(&5003), "{lines:?}");
        let source = "x = 1\n".repeat(400);
        assert_eq!(code_lines(source.as_bytes()).expect("code").len(), 400);
    }
}
