//! A text under its name, and where in it something is.

/// A range of bytes of a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

impl Span {
    /// From the first byte to the one after the last.
    #[must_use]
    pub fn new(start: usize, end: usize) -> Span {
        Span { start, end: end.max(start) }
    }

    /// Whether the other lies in it.
    #[must_use]
    pub fn has(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

/// A place as people count: lines and characters, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character within it.
    pub column: usize,
}

/// A text under its name.
#[derive(Debug)]
pub struct Source {
    /// The name that is shown, usually a path.
    pub name: String,
    /// The text. Bytes that are no UTF-8 were read as Latin-1.
    pub text: String,
    lines: Vec<usize>,
}

impl Source {
    /// Takes a file as it is.
    #[must_use]
    pub fn new(name: impl Into<String>, bytes: &[u8]) -> Source {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|byte| char::from(*byte)).collect(),
        };
        let ends =
            text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let lines = std::iter::once(0).chain(ends).collect();
        Source { name: name.into(), text, lines }
    }

    /// The piece of text; empty where the span is none of this text.
    #[must_use]
    pub fn piece(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }

    /// The number of the line, from 1, that a byte is in.
    #[must_use]
    pub fn line_at(&self, byte: usize) -> usize {
        self.lines.partition_point(|start| *start <= byte).max(1)
    }

    /// The text of a line by its number from 1, without its end.
    #[must_use]
    pub fn line(&self, number: usize) -> &str {
        let Some(start) = number.checked_sub(1).and_then(|at| self.lines.get(at)) else {
            return "";
        };
        let end = self.lines.get(number).map_or(self.text.len(), |next| next - 1);
        self.text.get(*start..end).unwrap_or_default().trim_end_matches('\r')
    }

    /// Where a line begins, by its number from 1.
    #[must_use]
    pub fn line_start(&self, number: usize) -> usize {
        number.checked_sub(1).and_then(|at| self.lines.get(at)).copied().unwrap_or(self.text.len())
    }

    /// The number of lines.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Where a byte is.
    #[must_use]
    pub fn place(&self, byte: usize) -> Place {
        let line = self.line_at(byte);
        let start = self.lines.get(line - 1).copied().unwrap_or_default();
        let before = self.text.get(start..byte.min(self.text.len())).unwrap_or_default();
        Place { line, column: before.chars().count() + 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_characters() {
        let source = Source::new("x", "ä = 1\r\nb = 2".as_bytes());
        assert_eq!(source.place(3), Place { line: 1, column: 3 });
        assert_eq!(source.place(8), Place { line: 2, column: 1 });
        assert_eq!((source.line(1), source.line(2), source.line(3)), ("ä = 1", "b = 2", ""));
        assert_eq!(source.place(99).line, 2);
    }

    #[test]
    fn other_encodings_are_read_too() {
        let source = Source::new("x", b"-- caf\xe9\nx = 1");
        assert_eq!(source.line(1), "-- café");
        assert_eq!(source.line_at(9), 2);
    }
}
