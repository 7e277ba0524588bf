//! Paragraphs and lists from lines.

use crate::markup::{Block, Inline, Item, inline};

/// Lists within lists within lists: deeper ones are put on the deepest level.
const DEEPEST: usize = 6;

/// A line of text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Line<'a> {
    Blank,
    /// Its indentation and its text.
    Text(usize, &'a str),
    Item(Mark<'a>),
}

/// A line that may be an item of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark<'a> {
    pub(crate) indent: usize,
    pub(crate) numbered: bool,
    /// The mark is one wherever it stands.
    pub(crate) certain: bool,
    /// What follows the mark.
    pub(crate) text: &'a str,
    /// The line with its mark.
    pub(crate) whole: &'a str,
}

/// What a line is.
pub(crate) fn line(line: &str) -> Line<'_> {
    let bare = line.trim_start();
    let indent = line.len() - bare.len();
    let bare = bare.trim_end();
    if bare.is_empty() {
        return Line::Blank;
    }
    let digits = bare.bytes().take(4).take_while(u8::is_ascii_digit).count();
    let (mark, rest) = match bare.chars().next() {
        Some(mark @ ('*' | '•' | '-' | '#')) => (mark, bare.get(mark.len_utf8()..)),
        _ if (1..=3).contains(&digits)
            && bare.get(digits..).is_some_and(|r| r.starts_with(['.', ')'])) =>
        {
            ('1', bare.get(digits + 1..))
        }
        _ => return Line::Text(indent, bare),
    };
    match rest.filter(|rest| rest.starts_with([' ', '\t'])) {
        Some(rest) => Line::Item(Mark {
            indent,
            numbered: mark == '1',
            certain: matches!(mark, '*' | '•'),
            text: rest.trim_start(),
            whole: bare,
        }),
        None => Line::Text(indent, bare),
    }
}

/// An item on its way: its indentation, whether it is numbered, its lines.
struct Open {
    indent: usize,
    numbered: bool,
    text: String,
}

/// Reads lines into paragraphs and lists.
pub(crate) fn read(lines: &[Line<'_>], blocks: &mut Vec<Block>) {
    let mut paragraph = String::new();
    let mut items: Vec<Open> = Vec::new();
    let mut blank = true;
    for line in lines {
        let (indent, text) = match *line {
            Line::Blank => {
                close_paragraph(&mut paragraph, blocks);
                blank = true;
                continue;
            }
            Line::Item(mark)
                if mark.certain || blank || !items.is_empty() || paragraph.ends_with(':') =>
            {
                close_paragraph(&mut paragraph, blocks);
                items.push(Open {
                    indent: mark.indent,
                    numbered: mark.numbered,
                    text: mark.text.to_owned(),
                });
                blank = false;
                continue;
            }
            Line::Item(mark) => (mark.indent, mark.whole),
            Line::Text(indent, text) => (indent, text),
        };
        // What follows an item without a blank line, or is indented beyond its mark, is its own.
        match items.last_mut().filter(|item| !blank || indent > item.indent) {
            Some(item) => push_line(&mut item.text, text),
            None => {
                close_list(&mut items, blocks);
                push_line(&mut paragraph, text);
            }
        }
        blank = false;
    }
    close_paragraph(&mut paragraph, blocks);
    close_list(&mut items, blocks);
}

fn push_line(text: &mut String, line: &str) {
    if !text.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

fn close_paragraph(paragraph: &mut String, blocks: &mut Vec<Block>) {
    let text: Vec<Inline> = inline(&std::mem::take(paragraph));
    if !text.is_empty() {
        blocks.push(Block::Paragraph(text));
    }
}

fn close_list(items: &mut Vec<Open>, blocks: &mut Vec<Block>) {
    let items = std::mem::take(items);
    if let Some(first) = items.first() {
        let numbered = first.numbered;
        blocks.push(Block::List(numbered, nest(&items, 0)));
    }
}

/// Items with those that are indented further within them.
fn nest(items: &[Open], depth: usize) -> Vec<Item> {
    let mut nested = Vec::new();
    let Some(indent) = items.iter().map(|item| item.indent).min() else { return nested };
    let mut at = 0;
    while let Some(item) = items.get(at) {
        let after = items.get(at + 1..).unwrap_or_default();
        let count = if depth < DEEPEST && item.indent == indent {
            after.iter().take_while(|inner| inner.indent > indent).count()
        } else {
            0
        };
        let inner = after.get(..count).unwrap_or_default();
        let list = inner.first().map(|first| Block::List(first.numbered, nest(inner, depth + 1)));
        nested.push(Item { text: inline(&item.text), nested: list.into_iter().collect() });
        at += 1 + count;
    }
    nested
}
