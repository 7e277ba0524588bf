//! A documentation comment: text, then tags.
//!
//! It begins with a line of three dashes and goes on while lines of two follow. A tag is a line that
//! begins with `@` and a word; its text goes on to the next one.

use crate::lexer::{Kind, Token, tokens};

/// The tags that have a meaning. Others are kept by the reader and shown by nobody.
pub const TAGS: &[&str] = &[
    "arg",
    "args",
    "author",
    "changelog",
    "class",
    "copyright",
    "field",
    "internal",
    "key",
    "license",
    "name",
    "output",
    "param",
    "release",
    "return",
    "see",
    "todo",
    "usage",
    "version",
    "xmloutput",
];

/// Tags whose text is shown as it is written.
const VERBATIM: &[&str] = &["output", "usage", "xmloutput"];

/// A name and what is said of it: a parameter, an argument, a field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// What is said, in NSEDoc's markup.
    pub text: String,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its word, in small letters and without `@`.
    pub name: String,
    /// What follows; lines keep their ends and lose what all are indented by.
    pub text: String,
    /// Where it stands, counted from 1.
    pub line: usize,
}

impl Tag {
    /// The first word of its text.
    #[must_use]
    pub fn first_word(&self) -> &str {
        self.text.split_whitespace().next().unwrap_or_default()
    }

    /// What follows the first word.
    #[must_use]
    pub fn rest(&self) -> &str {
        let text = self.text.trim_start();
        text.get(self.first_word().len()..).unwrap_or_default().trim()
    }

    /// Its first word as a name and the rest as what is said of it.
    #[must_use]
    pub fn named(&self) -> Named {
        let name = self.first_word().trim_end_matches([':', ',', ';']).to_owned();
        let rest = self.rest();
        let rest = rest.strip_prefix("- ").unwrap_or(rest);
        Named { name, text: rest.trim_start().to_owned() }
    }
}

/// All documentation comments of a source, wherever they stand, but for those behind code.
#[must_use]
pub fn comments(source: &str) -> Vec<Comment> {
    let tokens = tokens(source);
    let mut comments = Vec::new();
    let (mut at, mut last_line) = (0, 0);
    while let Some(token) = tokens.get(at) {
        let rest = tokens.get(at..).unwrap_or_default();
        let read = Comment::read(rest).filter(|_| token.line != last_line);
        let taken = match read {
            Some((comment, taken)) => {
                comments.push(comment);
                taken
            }
            None => 1,
        };
        last_line = token.line;
        at += taken;
    }
    comments
}

/// A documentation comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comment {
    /// What stands before the first tag.
    pub text: String,
    /// The tags, in their order.
    pub tags: Vec<Tag>,
    /// The first line, counted from 1.
    pub line: usize,
    /// The last line.
    pub last_line: usize,
}

impl Comment {
    /// Reads the comment that begins at the first of `tokens`, where one does. Gives how many tokens
    /// it takes.
    pub(crate) fn read(tokens: &[Token<'_>]) -> Option<(Comment, usize)> {
        let first = tokens.first()?;
        let begins = |token: &Token<'_>| matches!(token.kind, Kind::Comment(text, false) if text.starts_with('-'));
        if !begins(first) {
            return None;
        }
        let follows = tokens.iter().zip(first.line..).map_while(|(token, line)| match token.kind {
            Kind::Comment(text, false) if token.line == line => Some(bare(text)),
            _ => None,
        });
        let lines: Vec<&str> = follows.collect();
        let count = lines.len();
        Some((Comment::of(&lines, first.line), count))
    }

    fn of(lines: &[&str], line: usize) -> Comment {
        let mut comment =
            Comment { line, last_line: line + lines.len().saturating_sub(1), ..Comment::default() };
        let mut text: Vec<&str> = Vec::new();
        let mut open: Option<(String, usize)> = None;
        for (number, content) in lines.iter().enumerate() {
            let verbatim = open.as_ref().is_some_and(|(name, _)| VERBATIM.contains(&name.as_str()));
            let Some((name, rest)) = tag(content, verbatim) else {
                text.push(content);
                continue;
            };
            comment.close(
                open.replace((name, line + number)),
                &std::mem::replace(&mut text, vec![rest]),
            );
        }
        comment.close(open, &text);
        comment
    }

    fn close(&mut self, open: Option<(String, usize)>, lines: &[&str]) {
        match open {
            None => self.text = joined(lines),
            Some((name, line)) => {
                let first = lines.first().copied().unwrap_or_default().trim();
                let rest = joined(lines.get(1..).unwrap_or_default());
                let text = match (first, rest.as_str()) {
                    ("", rest) => rest.to_owned(),
                    (first, "") => first.to_owned(),
                    (first, rest) => format!("{first}\n{rest}"),
                };
                self.tags.push(Tag { name, text, line });
            }
        }
    }

    /// The tags of a name.
    pub fn tagged<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }

    /// The texts of all tags of this name that say something.
    pub fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.tagged(name).map(|tag| tag.text.as_str()).filter(|text| !text.is_empty())
    }

    /// The text of the first tag of this name.
    #[must_use]
    pub fn tag_text(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|tag| tag.name == name).map(|tag| tag.text.as_str())
    }

    /// The tags of these names, as names and what is said of them.
    #[must_use]
    pub fn named(&self, names: &[&str]) -> Vec<Named> {
        let tags = self.tags.iter().filter(|tag| names.contains(&tag.name.as_str()));
        tags.map(Tag::named).filter(|named| !named.name.is_empty()).collect()
    }

    /// The names of tags that mean nothing.
    pub fn unknown_tags(&self) -> impl Iterator<Item = &Tag> {
        self.tags.iter().filter(|tag| !TAGS.contains(&tag.name.as_str()))
    }
}

/// A line's text: without a third dash, and nothing where there are but dashes.
fn bare(text: &str) -> &str {
    let after = text.strip_prefix('-').unwrap_or(text);
    if after.trim_start_matches('-').trim().is_empty() {
        return "";
    }
    let is_prefix = after.starts_with([' ', '\t', '@']);
    let text = if is_prefix || !text.starts_with("--") { after } else { text };
    text.strip_prefix(' ').unwrap_or(text).trim_end()
}

/// The word of a tag and what follows it on its line. Text that is shown as it is written is ended by
/// known tags only.
fn tag(line: &str, verbatim: bool) -> Option<(String, &str)> {
    let rest = line.trim_start().strip_prefix('@')?;
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let (word, rest) = rest.split_at(length);
    let ends = rest.is_empty() || rest.starts_with(char::is_whitespace) || rest.starts_with(':');
    let name = word.to_ascii_lowercase();
    let taken = !name.is_empty() && ends && (!verbatim || TAGS.contains(&name.as_str()));
    taken.then(|| (name, rest.trim_start_matches(':')))
}

/// Lines without the blank ones at both ends and without what all are indented by.
fn joined(lines: &[&str]) -> String {
    let indent = lines.iter().filter(|line| !line.trim().is_empty());
    let indent = indent
        .map(|line| line.len() - line.trim_start_matches([' ', '\t']).len())
        .min()
        .unwrap_or(0);
    let cut: Vec<&str> =
        lines.iter().map(|line| line.get(indent..).unwrap_or_default().trim_end()).collect();
    let text = cut.join("\n");
    // What stands in the first line keeps its indentation.
    text.trim_start_matches('\n').trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(source: &str) -> Comment {
        Comment::read(&tokens(source)).expect("a comment").0
    }

    #[test]
    fn text_and_tags() {
        let comment = read(
            "--- One.\n-- Two\n--   three\n--\n-- @param a  The first,\n-- and more.\n-- @param b: second\n\
             -- @Return nothing\n--@output\n--  | a\n--  |  b\n-- @notatag here\n--\n-- @see x\n-- @odd y\ncode",
        );
        assert_eq!(comment.text, "One.\nTwo\n  three");
        assert_eq!((comment.line, comment.last_line), (1, 15));
        let named = comment.named(&["param"]);
        assert_eq!(
            named[0],
            Named { name: "a".to_owned(), text: "The first,\nand more.".to_owned() }
        );
        assert_eq!(named[1], Named { name: "b".to_owned(), text: "second".to_owned() });
        assert_eq!(comment.tag_text("return"), Some("nothing"));
        assert_eq!(comment.tag_text("output"), Some(" | a\n |  b\n@notatag here"));
        assert_eq!(comment.texts("see").collect::<Vec<_>>(), ["x"]);
        let unknown: Vec<_> =
            comment.unknown_tags().map(|tag| (tag.name.as_str(), tag.line)).collect();
        assert_eq!(unknown, [("odd", 15)]);
    }

    #[test]
    fn only_three_dashes_begin_one() {
        assert!(Comment::read(&tokens("-- plain\n--- doc")).is_none());
        assert!(Comment::read(&tokens("--[[- long]]")).is_none());
        assert!(Comment::read(&tokens("code --- after")).is_none());
        let (comment, taken) = Comment::read(&tokens("---\n-- a\n\n-- b")).expect("a comment");
        assert_eq!((comment.text.as_str(), taken), ("a", 2), "a blank line ends it");
    }

    #[test]
    fn all_comments_of_a_source_are_found() {
        let source =
            "--- a\nx = 1 --- no\n--no\nfunction f()\n  ---\n  -- @see b c\nend\n--- c\n\n--- d";
        let found = comments(source);
        let lines: Vec<_> = found.iter().map(|c| (c.line, c.last_line)).collect();
        assert_eq!(lines, [(1, 1), (5, 6), (8, 8), (10, 10)]);
        let tag = found[1].tagged("see").next().expect("a tag");
        assert_eq!((tag.first_word(), tag.rest(), tag.line), ("b", "c", 6));
    }

    #[test]
    fn dashes_are_not_text() {
        assert_eq!(read("--------\n--- a\n---b\n-- --c\n--------").text, "a\nb\n--c");
        assert_eq!(read("---@usage x").tag_text("usage"), Some("x"));
    }
}
