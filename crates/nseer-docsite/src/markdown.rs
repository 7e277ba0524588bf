//! Documents as Markdown (CommonMark): an index, and one file for each script and library.

use std::fmt::Write as _;
use std::io;

use nseer_nsedoc::{Block, Inline, Item, Library, Named, Rule, Script, blocks};

use crate::Sink;
use crate::links::slug;
use crate::shelf::{Entry, Shelf};

/// Writes all documents: `README.md`, `scripts/NAME.md`, `lib/NAME.md`.
///
/// # Errors
/// Those of `sink`.
pub fn markdown(shelf: &Shelf, sink: &mut Sink<'_>) -> io::Result<()> {
    sink("README.md", &index(shelf))?;
    for entry in shelf.scripts() {
        sink(&format!("scripts/{}.md", slug(&entry.doc.id)), &script(shelf, entry))?;
    }
    for entry in shelf.libraries() {
        sink(&format!("lib/{}.md", slug(&entry.doc.name)), &library(entry))?;
    }
    Ok(())
}

fn index(shelf: &Shelf) -> String {
    let mut out = String::from("# Scripts and libraries\n\n## Scripts\n\n");
    for Entry { doc, .. } in shelf.scripts() {
        line(&mut out, "scripts", &doc.id, &doc.summary());
    }
    out.push_str("\n## Libraries\n\n");
    for Entry { doc, .. } in shelf.libraries() {
        line(&mut out, "lib", &doc.name, &doc.summary());
    }
    out
}

fn line(out: &mut String, folder: &str, name: &str, summary: &str) {
    let _ =
        writeln!(out, "- [{}]({folder}/{}.md): {}", escaped(name), slug(name), escaped(summary));
}

fn script(shelf: &Shelf, entry: &Entry<Script>) -> String {
    let doc = &entry.doc;
    let mut out = format!("# {}\n\n", escaped(&doc.id));
    text(&mut out, &doc.description);
    let rules: Vec<&str> = doc.rules.iter().map(|rule: &Rule| rule.name()).collect();
    fact(&mut out, "Categories", &doc.categories.join(", "));
    fact(&mut out, "Rules", &rules.join(", "));
    fact(&mut out, "Runs after", &doc.dependencies.join(", "));
    fact(&mut out, "Libraries", &doc.requires.join(", "));
    fact(&mut out, "Authors", &doc.authors.join("; "));
    fact(&mut out, "Licence", doc.license.as_deref().unwrap_or_default());
    fact(&mut out, "Source", &entry.path);
    verbatim(&mut out, "Usage", &doc.usage);
    let arguments = shelf.arguments(doc);
    if !arguments.is_empty() {
        out.push_str("\n## Arguments\n\n");
    }
    for argument in arguments {
        let of = argument
            .library
            .map(|library| format!(" (of the library {library})"))
            .unwrap_or_default();
        named(&mut out, argument.named, &of);
    }
    verbatim(&mut out, "Output", &doc.output);
    verbatim(&mut out, "Output in XML", &doc.xml_output);
    see(&mut out, &doc.see);
    out
}

fn library(entry: &Entry<Library>) -> String {
    let doc = &entry.doc;
    let mut out = format!("# {}\n\n", escaped(&doc.name));
    text(&mut out, &doc.description);
    fact(&mut out, "Libraries", &doc.requires.join(", "));
    fact(&mut out, "Authors", &doc.authors.join("; "));
    fact(&mut out, "Licence", doc.copyright.as_deref().unwrap_or_default());
    fact(&mut out, "Source", &entry.path);
    verbatim(&mut out, "Usage", &doc.usage);
    if !doc.args.is_empty() {
        out.push_str("\n## Arguments\n\n");
        doc.args.iter().for_each(|argument| named(&mut out, argument, ""));
    }
    if !doc.functions.is_empty() {
        out.push_str("\n## Functions\n");
    }
    for function in &doc.functions {
        let _ = write!(out, "\n### {}\n\n", code(&function.call()));
        text(&mut out, &function.description);
        function.params.iter().for_each(|param| named(&mut out, param, ""));
        for value in &function.returns {
            let _ = writeln!(out, "- Returns: {}", one_line(value));
        }
        verbatim_part(&mut out, &function.usage);
        see(&mut out, &function.see);
    }
    if !doc.tables.is_empty() {
        out.push_str("\n## Tables and classes\n");
    }
    for table in &doc.tables {
        let _ = write!(out, "\n### {}\n\n", code(&table.name));
        text(&mut out, &table.description);
        table.fields.iter().for_each(|field| named(&mut out, field, ""));
    }
    see(&mut out, &doc.see);
    out
}

fn fact(out: &mut String, name: &str, value: &str) {
    if !value.is_empty() {
        let _ = writeln!(out, "- {name}: {}", escaped(&value.replace('\n', " ")));
    }
}

fn named(out: &mut String, named: &Named, of: &str) {
    let said = one_line(&named.text);
    let colon = if said.is_empty() { "" } else { ": " };
    let _ = writeln!(out, "- {}{}{colon}{said}", code(&named.name), escaped(of));
}

fn see(out: &mut String, names: &[String]) {
    if !names.is_empty() {
        let names: Vec<String> = names.iter().map(|name| escaped(name)).collect();
        let _ = writeln!(out, "\nSee also: {}", names.join(", "));
    }
}

fn verbatim(out: &mut String, title: &str, texts: &[String]) {
    if !texts.is_empty() {
        let _ = writeln!(out, "\n## {title}");
        verbatim_part(out, texts);
    }
}

fn verbatim_part(out: &mut String, texts: &[String]) {
    for text in texts {
        out.push('\n');
        fenced(out, text);
    }
}

/// A text with a fence that it does not hold itself.
fn fenced(out: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}\n{text}\n{fence}");
}

/// A text of several blocks.
fn text(out: &mut String, text: &str) {
    for block in blocks(text) {
        match block {
            Block::Paragraph(parts) => {
                let _ = writeln!(out, "{}", line_start(&inline(&parts)));
            }
            Block::List(numbered, items) => list(out, numbered, &items, 0),
            Block::Code(lines) => fenced(out, &lines),
        }
        out.push('\n');
    }
}

fn list(out: &mut String, numbered: bool, items: &[Item], indent: usize) {
    for item in items {
        let mark = if numbered { "1. " } else { "- " };
        let _ = writeln!(out, "{}{mark}{}", " ".repeat(indent), line_start(&inline(&item.text)));
        for block in &item.nested {
            if let Block::List(numbered, items) = block {
                list(out, *numbered, items, indent + mark.len());
            }
        }
    }
}

/// A text in one line, for items.
fn one_line(text: &str) -> String {
    let parts: Vec<String> = blocks(text).iter().map(flat).collect();
    parts.join(" ")
}

fn flat(block: &Block) -> String {
    match block {
        Block::Paragraph(parts) => inline(parts),
        Block::Code(lines) => code(&lines.split_whitespace().collect::<Vec<_>>().join(" ")),
        Block::List(_, items) => {
            let items = items.iter().map(|item| {
                let nested: Vec<String> = item.nested.iter().map(flat).collect();
                format!("{} {}", inline(&item.text), nested.join(" ")).trim_end().to_owned()
            });
            items.collect::<Vec<_>>().join("; ")
        }
    }
}

fn inline(parts: &[Inline]) -> String {
    let part = |part: &Inline| match part {
        Inline::Text(text) => escaped(text),
        Inline::Code(text) => code(text),
        Inline::Emphasis(text) => format!("*{}*", escaped(text.trim())),
        Inline::Link(url, words) if url == words => format!("<{url}>"),
        Inline::Link(url, words) => format!("[{}](<{url}>)", escaped(words)),
    };
    parts.iter().map(part).collect()
}

/// Code with ticks that it does not hold itself.
fn code(text: &str) -> String {
    let text = text.replace('\n', " ");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    if text.is_empty() { text } else { format!("{ticks}{pad}{text}{pad}{ticks}") }
}

/// What has a meaning in Markdown, or would be HTML, loses it.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '&' | '|' | '~') {
            escaped.push('\\');
        }
        escaped.push(if c.is_control() { ' ' } else { c });
    }
    escaped
}

/// A line that does not become a heading, an item or a rule by how it begins.
fn line_start(line: &str) -> String {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    let numbered =
        digits > 0 && line.get(digits..).is_some_and(|rest| rest.starts_with(['.', ')']));
    if numbered {
        let (number, rest) = line.split_at(digits);
        return format!("{number}\\{rest}");
    }
    let marked = line.starts_with(['#', '-', '+', '=']);
    if marked { format!("\\{line}") } else { line.to_owned() }
}
