//! NSEDoc's markup as HTML. Every text is escaped here.

use nseer_nsedoc::{Block, Inline, Item, Library, blocks};

use crate::shelf::Shelf;

/// Turns texts of one page into HTML, with links to what they name.
#[derive(Clone, Copy)]
pub(super) struct Markup<'s> {
    pub(super) shelf: &'s Shelf,
    /// The way to the site's folder.
    pub(super) root: &'static str,
    /// The library that the page is of.
    pub(super) within: Option<&'s Library>,
}

/// A text as it may stand in HTML, also between quotes.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

impl Markup<'_> {
    /// A text of several blocks.
    pub(super) fn html(&self, text: &str) -> String {
        blocks(text).iter().map(|block| self.block(block)).collect()
    }

    /// A text that is in a line where it has but one paragraph.
    pub(super) fn short(&self, text: &str) -> String {
        match blocks(text).as_slice() {
            [Block::Paragraph(parts)] => self.inline(parts),
            blocks => blocks.iter().map(|block| self.block(block)).collect(),
        }
    }

    fn block(&self, block: &Block) -> String {
        match block {
            Block::Paragraph(parts) => format!("<p>{}</p>\n", self.inline(parts)),
            Block::List(numbered, items) => {
                let tag = if *numbered { "ol" } else { "ul" };
                let items: String = items.iter().map(|item| self.item(item)).collect();
                format!("<{tag}>\n{items}</{tag}>\n")
            }
            Block::Code(lines) => format!("<pre tabindex=\"0\">{}</pre>\n", escaped(lines)),
        }
    }

    fn item(&self, item: &Item) -> String {
        let nested: String = item.nested.iter().map(|block| self.block(block)).collect();
        format!("<li>{}{nested}</li>\n", self.inline(&item.text))
    }

    fn inline(&self, parts: &[Inline]) -> String {
        let part = |part: &Inline| match part {
            Inline::Text(text) => escaped(text),
            Inline::Code(text) => self.linked(text, &format!("<code>{}</code>", escaped(text))),
            Inline::Emphasis(text) => format!("<em>{}</em>", escaped(text)),
            Inline::Link(url, words) => anchor(url, &escaped(words)),
        };
        parts.iter().map(part).collect()
    }

    /// HTML as a link to what a word names, if it names something.
    pub(super) fn linked(&self, word: &str, html: &str) -> String {
        match self.shelf.target(word, self.within) {
            Some(target) => anchor(&target.href(self.root), html),
            None => html.to_owned(),
        }
    }

    /// A word as a link to what it names, if it names something.
    pub(super) fn word(&self, word: &str) -> String {
        self.linked(word, &escaped(word))
    }
}

fn anchor(url: &str, html: &str) -> String {
    let away = if url.contains("://") { " rel=\"noopener noreferrer\"" } else { "" };
    format!("<a href=\"{}\"{away}>{html}</a>", escaped(url))
}
