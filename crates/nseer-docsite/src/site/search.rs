//! What the search looks in: a program for the browser, since a page that is a file may load nothing else.

use std::fmt::Write as _;

use serde_json::json;

use crate::links::{library_path, script_path, slug};
use crate::shelf::Shelf;
use crate::site::view::argument_rows;

/// The index: rows of kind, name, address and one line.
pub(super) fn index(shelf: &Shelf) -> String {
    let mut rows = String::new();
    let mut row = |kind: &str, name: &str, href: &str, line: &str| {
        let _ = writeln!(rows, "{},", ascii(&json!([kind, name, href, line]).to_string()));
    };
    for entry in shelf.scripts() {
        let line = format!("{} ({})", entry.doc.summary(), entry.doc.categories.join(", "));
        row("script", &entry.doc.id, &script_path(&entry.doc.id), &line);
    }
    for entry in shelf.libraries() {
        let path = library_path(&entry.doc.name);
        row("library", &entry.doc.name, &path, &entry.doc.summary());
        for function in &entry.doc.functions {
            row(
                "function",
                &function.name,
                &format!("{path}#{}", slug(&function.name)),
                &function.summary(),
            );
        }
        for table in &entry.doc.tables {
            row("table", &table.name, &format!("{path}#{}", slug(&table.name)), &table.summary());
        }
    }
    for argument in argument_rows(shelf) {
        row("argument", &argument.name, &argument.href, &argument.line);
    }
    for category in shelf.categories().keys() {
        row("category", category, &super::category_path(category), "");
    }
    format!("window.nseerIndex = [\n{rows}];\n")
}

/// JSON with every other character written as `\uXXXX`: whatever encoding the browser guesses is right.
fn ascii(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}
