//! NSEDoc's markup: paragraphs, lists, code.
//!
//! A blank line ends a paragraph. A line that begins with `*` (or, where a list may begin, with `-`, `#` or a
//! number) is an item of a list. `<code>` marks code; when it has lines of its own, they stay as they are.
//! Some tags of HTML are understood; every other `<` is just that.

use crate::list::{self, Line, Mark};

/// A part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list; the flag says that its items are numbered.
    List(bool, Vec<Item>),
    /// Lines as they are written.
    Code(String),
}

/// An item of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its text.
    pub text: Vec<Inline>,
    /// A list within it.
    pub nested: Vec<Block>,
}

/// A part of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inline {
    /// Words.
    Text(String),
    /// Code.
    Code(String),
    /// Words with emphasis.
    Emphasis(String),
    /// An address, and the words that stand for it.
    Link(String, String),
}

/// The parts of a text.
#[must_use]
pub fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    // Up to the end of the last code that stays within lines.
    let mut from = 0;
    while let Some((before, code, after)) = next_code(rest, from) {
        if is_own_block(before, code) {
            list::read(&lines(before), &mut blocks);
            blocks.push(Block::Code(code_lines(code)));
            (rest, from) = (after, 0);
        } else {
            from = rest.len() - after.len();
        }
    }
    list::read(&lines(rest), &mut blocks);
    blocks
}

/// What stands before the next code, the code, and what follows it.
fn next_code(text: &str, from: usize) -> Option<(&str, &str, &str)> {
    let searched = text.get(from..)?;
    let (start, tag) = searched.match_indices('<').find_map(|(at, _)| {
        let tags = ["code", "pre"];
        let is_open = |tag: &&str| {
            searched
                .get(at + 1..)
                .and_then(|r| r.strip_prefix(*tag))
                .is_some_and(|r| r.starts_with('>'))
        };
        tags.into_iter().find(is_open).map(|tag| (at, tag))
    })?;
    let inside = start + tag.len() + 2;
    let close = format!("</{tag}>");
    let end = inside + searched.get(inside..)?.find(&close)?;
    Some((
        text.get(..from + start)?,
        searched.get(inside..end)?,
        searched.get(end + close.len()..)?,
    ))
}

/// Code with lines of its own: it begins on a new line and has more than one.
fn is_own_block(before: &str, code: &str) -> bool {
    let begins_line = || before.rsplit('\n').next().is_none_or(|line| line.trim().is_empty());
    let begins_itself = code.trim_start_matches([' ', '\t', '\r']).starts_with('\n');
    code.contains('\n') && (begins_itself || begins_line())
}

/// Lines of code without blank ones at the ends, and without what all are indented by.
fn code_lines(code: &str) -> String {
    let lines: Vec<&str> = code.lines().map(str::trim_end).collect();
    let start = lines.iter().position(|line| !line.is_empty()).unwrap_or(0);
    let end = lines.iter().rposition(|line| !line.is_empty()).map_or(0, |at| at + 1);
    let lines = lines.get(start..end).unwrap_or_default();
    let indent = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let least = lines.iter().filter(|line| !line.is_empty()).map(indent).min().unwrap_or(0);
    let cut: Vec<&str> = lines.iter().map(|line| line.get(least..).unwrap_or_default()).collect();
    unescaped(&cut.join("\n"))
}

/// Lines of text. Lists in HTML become such as NSEDoc has.
fn lines(text: &str) -> Vec<Line<'_>> {
    text.lines()
        .map(|line| {
            let bare = line.trim_start();
            let tag = |word: &str| {
                bare.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word))
            };
            let only = ["<ul>", "</ul>", "<ol>", "</ol>", "<p>", "</p>", "<br>", "<br/>"];
            if only.iter().any(|word| bare.trim_end().eq_ignore_ascii_case(word)) {
                return Line::Blank;
            }
            let indent = line.len() - bare.len();
            match bare.get("<li>".len()..).filter(|_| tag("<li>")) {
                Some(rest) => {
                    let rest = rest.trim_end();
                    let text = rest.strip_suffix("</li>").unwrap_or(rest).trim();
                    Line::Item(Mark { indent, numbered: false, certain: true, text, whole: text })
                }
                None => list::line(line),
            }
        })
        .collect()
}

/// The parts of a line, or of several joined.
#[must_use]
pub fn inline(text: &str) -> Vec<Inline> {
    let mut parts = Vec::new();
    let mut words = String::new();
    let mut marks = Marks::default();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let found = match c {
            '<' => marks.tagged(rest),
            '`' => ticked(rest),
            'h' if !words.ends_with(|c: char| c.is_ascii_alphanumeric()) => address(rest),
            _ => None,
        };
        let Some((part, after)) = found else {
            // Up to the next character that may begin something.
            let start = c.len_utf8();
            let next = rest.get(start..).and_then(|r| r.find(['<', '`', 'h']));
            let (plain, after) = rest.split_at(next.map_or(rest.len(), |at| start + at));
            words.push_str(plain);
            rest = after;
            continue;
        };
        rest = after;
        match part {
            Inline::Text(text) => words.push_str(&text),
            part => {
                flush(&mut words, &mut parts);
                parts.push(part);
            }
        }
    }
    flush(&mut words, &mut parts);
    parts
}

fn flush(words: &mut String, parts: &mut Vec<Inline>) {
    if !words.is_empty() {
        parts.push(Inline::Text(unescaped(&std::mem::take(words))));
    }
}

/// Makes a part of the words between two tags.
type Make = fn(String) -> Inline;

const MARKS: [(&str, Make); 7] = [
    ("code", Inline::Code),
    ("pre", Inline::Code),
    ("tt", Inline::Code),
    ("em", Inline::Emphasis),
    ("i", Inline::Emphasis),
    ("b", Inline::Emphasis),
    ("strong", Inline::Emphasis),
];

/// Reads what tags mark. What ends a mark and was not found once is not looked for again, so that many
/// open tags take no longer than one.
#[derive(Default)]
struct Marks {
    absent: Vec<String>,
}

impl Marks {
    /// What a tag at the start of a text marks, and what follows it.
    fn tagged<'a>(&mut self, text: &'a str) -> Option<(Inline, &'a str)> {
        let inside = text.strip_prefix('<')?;
        if let Some(rest) = inside.strip_prefix("a href=\"") {
            let (url, rest) = self.until(rest, "\">")?;
            let (words, after) = self.until(rest, "</a>")?;
            return is_web(url)
                .then(|| (Inline::Link(unescaped(url), unescaped(&joined(words))), after));
        }
        let (tag, _) = inside.get(..inside.floor_char_boundary(8))?.split_once('>')?;
        let after = inside.get(tag.len() + 1..)?;
        if matches!(tag, "br" | "br/" | "p" | "/p") {
            return Some((Inline::Text(" ".to_owned()), after));
        }
        let (_, make) = MARKS.iter().find(|(name, _)| *name == tag)?;
        let (marked, after) = self.until(after, &format!("</{tag}>"))?;
        Some((make(unescaped(&joined(marked))), after))
    }

    fn until<'a>(&mut self, text: &'a str, close: &str) -> Option<(&'a str, &'a str)> {
        if self.absent.iter().any(|absent| absent == close) {
            return None;
        }
        let found = text.split_once(close);
        if found.is_none() {
            self.absent.push(close.to_owned());
        }
        found
    }
}

/// Code between backward ticks, as many write it.
fn ticked(text: &str) -> Option<(Inline, &str)> {
    let (code, after) = text.strip_prefix('`')?.split_once('`')?;
    let fits = !code.is_empty() && !code.contains('\n') && code.trim() == code;
    fits.then(|| (Inline::Code(code.to_owned()), after))
}

/// An address is not longer than this.
const LONGEST_ADDRESS: usize = 2048;

/// An address of the web at the start of a text. What ends a sentence is not part of it.
fn address(text: &str) -> Option<(Inline, &str)> {
    let host = text.strip_prefix("https://").or(text.strip_prefix("http://"))?;
    if !host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') {
        return None;
    }
    let ends =
        |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '"' | '\'' | '`' | '{' | '}' | '|');
    let near = text.get(..text.floor_char_boundary(LONGEST_ADDRESS))?;
    let url = near.get(..near.find(ends).unwrap_or(near.len()))?;
    let mut url = url.trim_end_matches(['.', ',', ';', ':', '!', '?']);
    if !url.contains('(') {
        url = url.trim_end_matches([')', ']']).trim_end_matches(['.', ',']);
    }
    let after = text.get(url.len()..)?;
    Some((Inline::Link(url.to_owned(), url.to_owned()), after))
}

fn is_web(url: &str) -> bool {
    url.starts_with("http://") || url.starts_with("https://")
}

/// Line ends as blanks.
fn joined(text: &str) -> String {
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ").trim().to_owned()
}

/// The characters that HTML has names for.
fn unescaped(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut text = text.to_owned();
    for (name, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        text = text.replace(name, character);
    }
    text
}

/// The words of parts, without marks.
#[must_use]
pub fn plain(parts: &[Inline]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Inline::Text(text) | Inline::Code(text) | Inline::Emphasis(text) => text.clone(),
            Inline::Link(url, words) if url == words => url.clone(),
            Inline::Link(url, words) => format!("{words} ({url})"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(words: &str) -> Inline {
        Inline::Text(words.to_owned())
    }

    fn code(words: &str) -> Inline {
        Inline::Code(words.to_owned())
    }

    fn item(words: &str) -> Item {
        Item { text: vec![text(words)], nested: Vec::new() }
    }

    #[test]
    fn paragraphs_and_code() {
        assert_eq!(
            blocks(
                "One <code>a &lt; b</code>\ngoes on.\n\nTwo <b>is</b> < 3 and `x`.\n<code>\n  a\n    b\n\n</code>\nEnd <code>c\nd</code>"
            ),
            [
                Block::Paragraph(vec![text("One "), code("a < b"), text(" goes on.")]),
                Block::Paragraph(vec![
                    text("Two "),
                    Inline::Emphasis("is".to_owned()),
                    text(" < 3 and "),
                    code("x"),
                    text("."),
                ]),
                Block::Code("a\n  b".to_owned()),
                Block::Paragraph(vec![text("End "), code("c d")]),
            ]
        );
    }

    #[test]
    fn lists_nest_and_go_on() {
        let nested = Item {
            text: vec![text("two is long")],
            nested: vec![Block::List(false, vec![item("deep")])],
        };
        assert_eq!(
            blocks(
                "Which:\n* one\n* two\n  is long\n  * deep\n\n* three\n\nText - no item\n- none\n\n1. first\n2) second"
            ),
            [
                Block::Paragraph(vec![text("Which:")]),
                Block::List(false, vec![item("one"), nested, item("three")]),
                Block::Paragraph(vec![text("Text - no item - none")]),
                Block::List(true, vec![item("first"), item("second")]),
            ]
        );
        let html = blocks("<ul>\n<li>a</li>\n<LI>b\n</ul>\nc");
        assert_eq!(html[0], Block::List(false, vec![item("a"), item("b")]));
    }

    #[test]
    fn addresses_are_links() {
        let link = |url: &str| Inline::Link(url.to_owned(), url.to_owned());
        assert_eq!(
            inline(
                "See (https://a.example/x?y=1). xhttp://no http:// <a href=\"http://b\">it</a> <a href=\"javascript:x\">z</a>"
            ),
            [
                text("See ("),
                link("https://a.example/x?y=1"),
                text("). xhttp://no http:// "),
                Inline::Link("http://b".to_owned(), "it".to_owned()),
                text(" <a href=\"javascript:x\">z</a>"),
            ]
        );
        assert_eq!(
            plain(&inline("a <code>b</code> <a href=\"http://c\">d</a>")),
            "a b d (http://c)"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in r"(<code>|</code>|<pre>|</pre>|<b>|http://|[*#1.) \n-]|`|&lt;|\PC){0,60}") {
            let blocks = blocks(&text);
            prop_assert!(blocks.len() <= text.len());
        }
    }
}
