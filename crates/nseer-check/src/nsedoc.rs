//! NSEDoc: the comments that document scripts and libraries, as far as rules need it.

use crate::source::{Source, Span};
use crate::syntax::Comment;

/// Tags that NSEDoc has.
pub const TAGS: &[&str] = &[
    "args",
    "author",
    "class",
    "copyright",
    "description",
    "field",
    "name",
    "output",
    "param",
    "release",
    "return",
    "see",
    "summary",
    "usage",
    "xmloutput",
];

/// Tags that are not of NSEDoc but that many files have, and that do no harm.
pub const TOLERATED: &[&str] = &["arg", "changelog", "data", "license", "note", "todo"];

/// One tag with its text.
#[derive(Clone, Debug)]
pub struct Tag {
    /// Its name, without the `@`.
    pub name: String,
    /// What follows it, lines joined by line ends.
    pub text: String,
    /// The place of the name with its `@`.
    pub span: Span,
}

impl Tag {
    /// The first word of the text.
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
}

/// A comment that begins with three dashes, with the lines that follow it.
#[derive(Clone, Debug)]
pub struct Doc {
    /// All of it.
    pub span: Span,
    /// The text before the first tag.
    pub text: String,
    /// The tags, in order.
    pub tags: Vec<Tag>,
}

impl Doc {
    /// The tags of a name.
    pub fn tagged<'d>(&'d self, name: &'d str) -> impl Iterator<Item = &'d Tag> {
        self.tags.iter().filter(move |tag| tag.name == name)
    }
}

/// The documentation comments of a file.
#[must_use]
pub fn docs(source: &Source, comments: &[Comment]) -> Vec<Doc> {
    let mut docs: Vec<Doc> = Vec::new();
    let mut next_line = 0;
    for comment in comments.iter().filter(|comment| comment.is_line) {
        let line = source.line_at(comment.span.start);
        let text = source.piece(comment.span).trim_end();
        let stands_alone = source.line(line).trim_start().starts_with("--");
        let content = text.trim_start_matches('-');
        // Definitions for language servers have their tag right after three dashes.
        let is_annotation = text.starts_with("---@");
        let begins = text.starts_with("---") && !is_annotation;
        let continues = line == next_line && !docs.is_empty();
        next_line = 0;
        if !stands_alone || is_annotation {
            continue;
        }
        if !continues {
            if !begins {
                continue;
            }
            docs.push(Doc { span: comment.span, text: String::new(), tags: Vec::new() });
        }
        next_line = line + 1;
        let content_at = comment.span.start + (text.len() - content.len());
        if let Some(doc) = docs.last_mut() {
            doc.span.end = comment.span.end;
            take_line(doc, content, content_at);
        }
    }
    docs
}

fn take_line(doc: &mut Doc, content: &str, at: usize) {
    let trimmed = content.trim_start();
    if let Some(after) = trimmed.strip_prefix('@') {
        let length = after.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if length > 0 {
            let start = at + (content.len() - trimmed.len());
            let (name, text) = after.split_at(length);
            doc.tags.push(Tag {
                name: name.to_owned(),
                text: text.trim_start().to_owned(),
                span: Span::new(start, start + 1 + length),
            });
            return;
        }
    }
    let to = doc.tags.last_mut().map_or(&mut doc.text, |tag| &mut tag.text);
    if !to.is_empty() {
        to.push('\n');
    }
    to.push_str(content.strip_prefix(' ').unwrap_or(content));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::scan;

    #[test]
    fn tags_have_their_texts() {
        let text = "--- Says it.\n-- More.\n-- @param host Host\n--  table.\n--@return It.\n\nx = 1 --- no\n\
                    -- no\n---@type string\n---\n-- @output\n-- | a@b\nlocal x";
        let source = Source::new("x", text.as_bytes());
        let docs = docs(&source, &scan(text).comments);
        assert_eq!(docs.len(), 2, "{docs:#?}");
        assert_eq!(docs[0].text, "Says it.\nMore.");
        let tags: Vec<(&str, &str)> =
            docs[0].tags.iter().map(|tag| (tag.name.as_str(), tag.text.as_str())).collect();
        assert_eq!(tags, [("param", "host Host\n table."), ("return", "It.")]);
        assert_eq!(
            (docs[0].tags[0].first_word(), docs[0].tags[0].rest()),
            ("host", "Host\n table.")
        );
        assert_eq!(source.piece(docs[0].tags[1].span), "@return");
        assert_eq!(docs[1].tags[0].text, "\n| a@b".trim_start_matches('\n'));
    }
}
