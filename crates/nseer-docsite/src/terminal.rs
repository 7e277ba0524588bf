//! Documents as text for a terminal.

use std::fmt::Write as _;

use nseer_nsedoc::{Block, Function, Item, Library, Named, Rule, Script, blocks, plain};
use textwrap::Options;
use textwrap::core::display_width;

use crate::shelf::{Entry, Shelf};

/// Everything that a script says of itself, in lines of at most `width` columns; what is shown as it is written (usage,
/// output) may be wider.
#[must_use]
pub fn script_text(shelf: &Shelf, entry: &Entry<Script>, width: usize) -> String {
    let doc = &entry.doc;
    let mut page = Page::new(width);
    page.title(&doc.id, &doc.summary());
    let rules: Vec<&str> = doc.rules.iter().map(|rule: &Rule| rule.name()).collect();
    page.fact("Categories", &doc.categories.join(", "));
    page.fact("Rules", &rules.join(", "));
    page.fact("Runs after", &doc.dependencies.join(", "));
    page.fact("Libraries", &doc.requires.join(", "));
    page.fact("Authors", &doc.authors.join("; "));
    page.fact("Licence", doc.license.as_deref().unwrap_or_default());
    page.fact("Source", &entry.path);
    page.text("Description", &doc.description);
    page.verbatim("Usage", &doc.usage);
    let arguments = shelf.arguments(doc);
    let (own, others): (Vec<_>, Vec<_>) = arguments.into_iter().partition(|a| a.library.is_none());
    page.named("Arguments", own.into_iter().map(|argument| argument.named));
    let mut libraries: Vec<&str> = others.iter().filter_map(|argument| argument.library).collect();
    libraries.dedup();
    for library in libraries {
        let of_it = others.iter().filter(|argument| argument.library == Some(library));
        page.named(
            &format!("Arguments of the library {library}"),
            of_it.map(|argument| argument.named),
        );
    }
    page.verbatim("Output", &doc.output);
    page.verbatim("Output in XML", &doc.xml_output);
    page.list("See also", &doc.see);
    page.out
}

/// Everything that a library says of itself, or of one of its functions and tables where `member` names it.
#[must_use]
pub fn library_text(entry: &Entry<Library>, member: Option<&str>, width: usize) -> String {
    let doc = &entry.doc;
    let mut page = Page::new(width);
    if member.is_none() {
        page.title(&doc.name, &doc.summary());
        page.fact("Libraries", &doc.requires.join(", "));
        page.fact("Authors", &doc.authors.join("; "));
        page.fact("Licence", doc.copyright.as_deref().unwrap_or_default());
        page.fact("Source", &entry.path);
        page.text("Description", &doc.description);
        page.verbatim("Usage", &doc.usage);
        page.named("Arguments", doc.args.iter());
        page.list("See also", &doc.see);
    }
    let shown = |name: &str| member.is_none_or(|member| member == name);
    for function in doc.functions.iter().filter(|function| shown(&function.name)) {
        page.function(function);
    }
    for table in doc.tables.iter().filter(|table| shown(&table.name)) {
        page.heading(&table.name);
        page.blocks(&table.description, 2);
        table.fields.iter().for_each(|field| page.one(field, 4));
    }
    page.out
}

/// A list of scripts: name, categories and first sentence in columns, and cut to `width` where there is one.
#[must_use]
pub fn list_text(scripts: &[&Entry<Script>], width: Option<usize>) -> String {
    let rows: Vec<[String; 3]> = scripts
        .iter()
        .map(|entry| {
            [
                clean(&entry.doc.id),
                clean(&entry.doc.categories.join(", ")),
                clean(&entry.doc.summary()),
            ]
        })
        .collect();
    let widest = |column: usize, most: usize| {
        rows.iter().map(|row| display_width(&row[column]).min(most)).max().unwrap_or(0)
    };
    let (names, categories) = (widest(0, WIDEST_NAME), widest(1, WIDEST_CATEGORIES));
    let mut out = String::new();
    for [name, of, line] in &rows {
        let row = format!("{}  {}  {line}", padded(name, names), padded(of, categories));
        let _ = writeln!(out, "{}", cut(row.trim_end(), width));
    }
    out
}

/// Columns of a list are not made wider than this for the sake of few.
const WIDEST_NAME: usize = 36;
const WIDEST_CATEGORIES: usize = 30;

fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(display_width(text))))
}

/// A text that is no wider than `width`; that it is cut is shown.
fn cut(text: &str, width: Option<usize>) -> String {
    let Some(width) = width.filter(|width| display_width(text) > *width) else {
        return text.to_owned();
    };
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += display_width(c.encode_utf8(&mut [0; 4]));
        if used > width {
            break;
        }
        out.push(c);
    }
    format!("{}…", out.trim_end())
}

struct Page {
    out: String,
    width: usize,
}

/// Lines are not made shorter than this.
const NARROWEST: usize = 30;

impl Page {
    fn new(width: usize) -> Page {
        Page { out: String::new(), width: width.max(NARROWEST) }
    }

    fn title(&mut self, name: &str, summary: &str) {
        self.wrapped(
            &if summary.is_empty() { name.to_owned() } else { format!("{name} - {summary}") },
            0,
            4,
        );
        self.out.push('\n');
    }

    fn heading(&mut self, title: &str) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        self.wrapped(title, 0, 4);
    }

    fn fact(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.wrapped(&format!("{name}: {value}"), 2, 6);
        }
    }

    fn text(&mut self, title: &str, text: &str) {
        if !text.is_empty() {
            self.heading(title);
            self.blocks(text, 2);
        }
    }

    fn verbatim(&mut self, title: &str, texts: &[String]) {
        for (number, text) in texts.iter().enumerate() {
            if number == 0 {
                self.heading(title);
            } else {
                self.out.push('\n');
            }
            self.lines(text, 2);
        }
    }

    fn named<'n>(&mut self, title: &str, named: impl Iterator<Item = &'n Named>) {
        for (number, one) in named.enumerate() {
            if number == 0 {
                self.heading(title);
            }
            self.one(one, 2);
        }
    }

    fn one(&mut self, named: &Named, indent: usize) {
        self.wrapped(&named.name, indent, indent + 4);
        self.blocks(&named.text, indent + 4);
    }

    fn list(&mut self, title: &str, names: &[String]) {
        if !names.is_empty() {
            self.heading(title);
            self.wrapped(&names.join(", "), 2, 2);
        }
    }

    fn function(&mut self, function: &Function) {
        self.heading(&function.call());
        self.blocks(&function.description, 2);
        function.params.iter().for_each(|param| self.one(param, 4));
        for value in &function.returns {
            let text: Vec<String> = blocks(value).iter().map(block_text).collect();
            self.wrapped(&format!("Returns: {}", text.join(" ")), 4, 8);
        }
        for usage in &function.usage {
            self.lines(usage, 4);
        }
        if !function.see.is_empty() {
            self.wrapped(&format!("See also: {}", function.see.join(", ")), 4, 8);
        }
    }

    fn blocks(&mut self, text: &str, indent: usize) {
        for (number, block) in blocks(text).iter().enumerate() {
            if number > 0 {
                self.out.push('\n');
            }
            match block {
                Block::Paragraph(parts) => self.wrapped(&plain(parts), indent, indent),
                Block::List(numbered, items) => self.items(*numbered, items, indent),
                Block::Code(lines) => self.lines(lines, indent + 2),
            }
        }
    }

    fn items(&mut self, numbered: bool, items: &[Item], indent: usize) {
        for (number, item) in (1..).zip(items) {
            let mark = if numbered { format!("{number}. ") } else { "* ".to_owned() };
            let text = format!("{mark}{}", plain(&item.text));
            self.wrapped(&text, indent, indent + mark.len());
            for block in &item.nested {
                if let Block::List(numbered, items) = block {
                    self.items(*numbered, items, indent + mark.len());
                }
            }
        }
    }

    /// A text in lines, of which all but the first are indented by `rest`.
    fn wrapped(&mut self, text: &str, first: usize, rest: usize) {
        let (first, rest) = (" ".repeat(first), " ".repeat(rest));
        let words = clean(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let options = Options::new(self.width)
            .initial_indent(&first)
            .subsequent_indent(&rest)
            .break_words(false);
        for line in textwrap::wrap(&words, options) {
            let _ = writeln!(self.out, "{line}");
        }
    }

    /// Lines as they are.
    fn lines(&mut self, text: &str, indent: usize) {
        for line in text.lines() {
            let _ = writeln!(
                self.out,
                "{}",
                format!("{}{}", " ".repeat(indent), clean(line)).trim_end()
            );
        }
    }
}

fn block_text(block: &Block) -> String {
    match block {
        Block::Paragraph(parts) => plain(parts),
        Block::Code(lines) => lines.clone(),
        Block::List(_, items) => {
            items.iter().map(|item| plain(&item.text)).collect::<Vec<_>>().join("; ")
        }
    }
}

/// A text that moves no cursor, whoever wrote the script.
fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_fits_the_width() {
        let mut shelf = Shelf::default();
        let source = "description = [[Asks for this and for that, and for many other things besides. Then\n\n* one\n* two\n]]\n\
            ---\n-- @usage\n-- nseer --script own\n-- @args own.a What it is, told in a line that is longer than the others are.\n\
            -- @output\n-- | own: \x1b[31mred\n-- @see lib\nauthor = 'A'\ncategories = {'safe', 'discovery'}\nrequire 'lib'\nportrule = 1";
        shelf.add_script("own", "/x/own.nse", source.as_bytes());
        shelf.add_library("lib", "/x/lib.lua", b"--- L\n-- @args lib.x For all.\n\n--- F.\n-- @param a It\n-- @return One\nfunction f(a) end");
        let text = script_text(&shelf, shelf.script("own").expect("it is there"), 40);
        let expected = "own - Asks for this and for that, and\n    for many other things besides.\n\n  \
            Categories: safe, discovery\n  Rules: portrule\n  Libraries: lib\n  Authors: A\n  Source: /x/own.nse\n\n\
            Description\n  Asks for this and for that, and for\n  many other things besides. Then\n\n  * one\n  * two\n\n\
            Usage\n  nseer --script own\n\nArguments\n  own.a\n      What it is, told in a line that is\n      longer than the others are.\n\n\
            Arguments of the library lib\n  lib.x\n      For all.\n\nOutput\n  | own:  [31mred\n\nSee also\n  lib\n";
        assert_eq!(text, expected);
        let library = shelf.library("lib").expect("it is there");
        let function = library_text(library, Some("lib.f"), 40);
        assert_eq!(function, "lib.f(a)\n  F.\n    a\n        It\n    Returns: One\n");
        assert!(library_text(library, None, 40).ends_with(&function));
    }

    #[test]
    fn lists_have_columns() {
        let mut shelf = Shelf::default();
        shelf.add_script(
            "a",
            "",
            "description = 'Does it. All.' categories = {'safe', 'discovery'}".as_bytes(),
        );
        shelf.add_script("long-name", "", "description = 'Tut es, früher oder später'".as_bytes());
        let scripts: Vec<_> = shelf.scripts().collect();
        let whole = "a          safe, discovery  Does it.\n\
            long-name                   Tut es, früher oder später\n";
        assert_eq!(list_text(&scripts, None), whole);
        assert_eq!(list_text(&scripts, Some(80)), whole);
        let narrow = list_text(&scripts, Some(40));
        assert_eq!(
            narrow.lines().last(),
            Some("long-name                   Tut es, frü…"),
            "{narrow}"
        );
    }
}
