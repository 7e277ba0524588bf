//! Documents as JSON, for other programs.

use nseer_nsedoc::{Function, Library, Named, Rule, Script, Table};
use serde_json::{Value, json};

use crate::shelf::{Entry, Shelf};

/// All documents: `{"scripts": […], "libraries": […]}`. Texts are in NSEDoc's markup, as they were written.
#[must_use]
pub fn json(shelf: &Shelf) -> Value {
    let scripts: Vec<Value> = shelf.scripts().map(|entry| script_json(shelf, entry)).collect();
    let libraries: Vec<Value> = shelf.libraries().map(library).collect();
    json!({ "scripts": scripts, "libraries": libraries })
}

/// One script; its arguments include those of the libraries that it requires.
#[must_use]
pub fn script_json(shelf: &Shelf, entry: &Entry<Script>) -> Value {
    let Script {
        id,
        description,
        usage,
        output,
        xml_output,
        see,
        authors,
        license,
        categories,
        dependencies,
        rules,
        requires,
        ..
    } = &entry.doc;
    let arguments = shelf.arguments(&entry.doc);
    let arguments: Vec<Value> = arguments
        .iter()
        .map(|a| json!({ "name": a.named.name, "text": a.named.text, "library": a.library }))
        .collect();
    json!({
        "name": id,
        "path": entry.path,
        "summary": entry.doc.summary(),
        "description": description,
        "categories": categories,
        "rules": rules.iter().map(|rule: &Rule| rule.name()).collect::<Vec<_>>(),
        "dependencies": dependencies,
        "libraries": requires,
        "arguments": arguments,
        "usage": usage,
        "output": output,
        "xml_output": xml_output,
        "see": see,
        "authors": authors,
        "license": license,
    })
}

fn library(entry: &Entry<Library>) -> Value {
    let Library {
        name,
        description,
        authors,
        copyright,
        usage,
        args,
        see,
        requires,
        functions,
        tables,
        ..
    } = &entry.doc;
    json!({
        "name": name,
        "path": entry.path,
        "summary": entry.doc.summary(),
        "description": description,
        "libraries": requires,
        "arguments": args.iter().map(named).collect::<Vec<_>>(),
        "functions": functions.iter().map(function).collect::<Vec<_>>(),
        "tables": tables.iter().map(table).collect::<Vec<_>>(),
        "usage": usage,
        "see": see,
        "authors": authors,
        "license": copyright,
    })
}

fn function(function: &Function) -> Value {
    let Function { name, signature, description, params, returns, usage, see, line } = function;
    json!({
        "name": name,
        "signature": signature,
        "description": description,
        "parameters": params.iter().map(named).collect::<Vec<_>>(),
        "returns": returns,
        "usage": usage,
        "see": see,
        "line": line,
    })
}

fn table(table: &Table) -> Value {
    let Table { name, description, fields, line } = table;
    json!({
        "name": name,
        "description": description,
        "fields": fields.iter().map(named).collect::<Vec<_>>(),
        "line": line,
    })
}

fn named(named: &Named) -> Value {
    json!({ "name": named.name, "text": named.text })
}
