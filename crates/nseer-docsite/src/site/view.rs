//! What the pages show, ready to be put into templates.

use std::collections::BTreeMap;

use nseer_nsedoc::{Function, Library, Named, Script, Table, first_sentence};

use crate::links::{library_path, script_path, slug};
use crate::shelf::{Entry, Shelf};
use crate::site::category_path;
use crate::site::markup::{Markup, escaped};

/// A row of a list.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) href: String,
    /// One line, as text.
    pub(super) line: String,
    /// Categories, with their addresses.
    pub(super) categories: Vec<(String, String)>,
}

/// A name, an anchor and HTML.
pub(super) struct NamedView {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) html: String,
}

pub(super) struct ScriptView {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) description: String,
    pub(super) categories: Vec<(String, String)>,
    pub(super) rules: Vec<&'static str>,
    pub(super) usage: Vec<String>,
    pub(super) output: Vec<String>,
    pub(super) xml_output: Vec<String>,
    pub(super) args: Vec<NamedView>,
    /// Libraries whose arguments count, as links, and those.
    pub(super) library_args: Vec<(String, Vec<NamedView>)>,
    /// Links, as HTML.
    pub(super) requires: Vec<String>,
    pub(super) dependencies: Vec<String>,
    pub(super) followers: Vec<String>,
    pub(super) see: Vec<String>,
    pub(super) authors: String,
    pub(super) license: String,
}

pub(super) struct LibraryView {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) description: String,
    pub(super) usage: Vec<String>,
    pub(super) args: Vec<NamedView>,
    pub(super) functions: Vec<FunctionView>,
    pub(super) tables: Vec<TableView>,
    pub(super) requires: Vec<String>,
    pub(super) users: Vec<String>,
    pub(super) see: Vec<String>,
    pub(super) authors: String,
    pub(super) license: String,
}

pub(super) struct FunctionView {
    pub(super) name: String,
    pub(super) signature: String,
    pub(super) anchor: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) params: Vec<NamedView>,
    pub(super) returns: Vec<String>,
    pub(super) usage: Vec<String>,
    pub(super) see: Vec<String>,
}

pub(super) struct TableView {
    pub(super) name: String,
    pub(super) anchor: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) fields: Vec<NamedView>,
}

fn categories(script: &Script, root: &str) -> Vec<(String, String)> {
    let links = script.categories.iter().map(|category| {
        (category.clone(), format!("{root}{}", category_path(&category.to_lowercase())))
    });
    links.collect()
}

pub(super) fn script_row(entry: &Entry<Script>, root: &str) -> Row {
    Row {
        name: entry.doc.id.clone(),
        href: format!("{root}{}", script_path(&entry.doc.id)),
        line: entry.doc.summary(),
        categories: categories(&entry.doc, root),
    }
}

pub(super) fn library_row(entry: &Entry<Library>, root: &str) -> Row {
    Row {
        name: entry.doc.name.clone(),
        href: format!("{root}{}", library_path(&entry.doc.name)),
        line: entry.doc.summary(),
        categories: Vec::new(),
    }
}

/// All functions, by name.
pub(super) fn function_rows(shelf: &Shelf) -> impl Iterator<Item = Row> {
    let mut rows: Vec<Row> = Vec::new();
    for entry in shelf.libraries() {
        let path = library_path(&entry.doc.name);
        rows.extend(entry.doc.functions.iter().map(|function| Row {
            name: function.call(),
            href: format!("{path}#{}", slug(&function.name)),
            line: function.summary(),
            categories: Vec::new(),
        }));
    }
    rows.sort_by(|a, b| a.name.cmp(&b.name));
    rows.into_iter()
}

/// All arguments, each once, by name; the first document that tells of one is linked.
pub(super) fn argument_rows(shelf: &Shelf) -> impl Iterator<Item = Row> {
    let mut rows: BTreeMap<&str, Row> = BTreeMap::new();
    let libraries = shelf.libraries().map(|entry| (library_path(&entry.doc.name), &entry.doc.args));
    let scripts = shelf.scripts().map(|entry| (script_path(&entry.doc.id), &entry.doc.args));
    for (path, args) in libraries.chain(scripts) {
        for named in args {
            rows.entry(&named.name).or_insert_with(|| Row {
                name: named.name.clone(),
                href: format!("{path}#{}", argument_anchor(&named.name)),
                line: first_sentence(&nseer_nsedoc::plain(&nseer_nsedoc::inline(&named.text)))
                    .replace('\n', " "),
                categories: Vec::new(),
            });
        }
    }
    rows.into_values()
}

fn argument_anchor(name: &str) -> String {
    slug(&format!("arg-{name}"))
}

fn argument(markup: &Markup<'_>, named: &Named) -> NamedView {
    NamedView {
        name: named.name.clone(),
        anchor: argument_anchor(&named.name),
        html: markup.short(&named.text),
    }
}

fn named(markup: &Markup<'_>, named: &Named) -> NamedView {
    NamedView { name: named.name.clone(), anchor: String::new(), html: markup.short(&named.text) }
}

/// Arguments of which the page has one with this name already have no anchor.
fn once(args: &mut [NamedView]) {
    let mut seen = std::collections::BTreeSet::new();
    for arg in args {
        if !seen.insert(arg.anchor.clone()) {
            arg.anchor.clear();
        }
    }
}

fn words<'n>(markup: &Markup<'_>, names: impl IntoIterator<Item = &'n String>) -> Vec<String> {
    names.into_iter().map(|name| markup.word(name)).collect()
}

impl ScriptView {
    pub(super) fn new(shelf: &Shelf, entry: &Entry<Script>) -> ScriptView {
        let doc = &entry.doc;
        let markup = Markup { shelf, root: "../", within: None };
        let mut args: Vec<NamedView> =
            doc.args.iter().map(|named| argument(&markup, named)).collect();
        once(&mut args);
        let mut library_args: Vec<(String, Vec<NamedView>)> = Vec::new();
        for argument in shelf.arguments(doc) {
            let Some(library) = argument.library else { continue };
            let link = markup.linked(&format!("{library}.lua"), &escaped(library));
            let view = named(&markup, argument.named);
            match library_args.last_mut().filter(|(last, _)| *last == link) {
                Some((_, args)) => args.push(view),
                None => library_args.push((link, vec![view])),
            }
        }
        let followers = shelf.scripts().filter(|other| other.doc.dependencies.contains(&doc.id));
        ScriptView {
            id: doc.id.clone(),
            path: entry.path.clone(),
            description: markup.html(&doc.description),
            categories: categories(doc, "../"),
            rules: doc.rules.iter().map(|rule| rule.name()).collect(),
            usage: doc.usage.clone(),
            output: doc.output.clone(),
            xml_output: doc.xml_output.clone(),
            args,
            library_args,
            requires: words(&markup, &doc.requires),
            dependencies: words(&markup, &doc.dependencies),
            followers: words(&markup, followers.map(|other| &other.doc.id)),
            see: words(&markup, &doc.see),
            authors: doc.authors.join("; "),
            license: doc.license.clone().unwrap_or_default(),
        }
    }
}

impl LibraryView {
    pub(super) fn new(shelf: &Shelf, entry: &Entry<Library>) -> LibraryView {
        let doc = &entry.doc;
        let markup = Markup { shelf, root: "../", within: Some(doc) };
        let mut args: Vec<NamedView> =
            doc.args.iter().map(|named| argument(&markup, named)).collect();
        once(&mut args);
        // A name stands for a script or a library there, not for a function of this one.
        let outside = Markup { within: None, ..markup };
        let users = shelf.users(&doc.name).map(|user| outside.word(&format!("{user}.nse")));
        let mut view = LibraryView {
            name: doc.name.clone(),
            path: entry.path.clone(),
            description: markup.html(&doc.description),
            usage: doc.usage.clone(),
            args,
            functions: doc
                .functions
                .iter()
                .map(|function| FunctionView::new(&markup, function))
                .collect(),
            tables: doc.tables.iter().map(|table| TableView::new(&markup, table)).collect(),
            requires: doc.requires.iter().map(|name| outside.word(name)).collect(),
            users: users.collect(),
            see: words(&markup, &doc.see),
            authors: doc.authors.join("; "),
            license: doc.copyright.clone().unwrap_or_default(),
        };
        view.keep_anchors_apart();
        view
    }

    /// The first thing of a name has its anchor.
    fn keep_anchors_apart(&mut self) {
        let mut seen = std::collections::BTreeSet::new();
        let functions = self.functions.iter_mut().map(|function| &mut function.anchor);
        for anchor in functions.chain(self.tables.iter_mut().map(|table| &mut table.anchor)) {
            let base = anchor.clone();
            let mut number = 1;
            while !seen.insert(anchor.clone()) {
                number += 1;
                *anchor = format!("{base}~{number}");
            }
        }
    }
}

impl FunctionView {
    fn new(markup: &Markup<'_>, function: &Function) -> FunctionView {
        FunctionView {
            name: function.name.clone(),
            signature: format!("({})", function.signature.join(", ")),
            anchor: slug(&function.name),
            summary: function.summary(),
            description: markup.html(&function.description),
            params: function.params.iter().map(|param| named(markup, param)).collect(),
            returns: function.returns.iter().map(|text| markup.short(text)).collect(),
            usage: function.usage.clone(),
            see: words(markup, &function.see),
        }
    }
}

impl TableView {
    fn new(markup: &Markup<'_>, table: &Table) -> TableView {
        TableView {
            name: table.name.clone(),
            anchor: slug(&table.name),
            summary: table.summary(),
            description: markup.html(&table.description),
            fields: table.fields.iter().map(|field| named(markup, field)).collect(),
        }
    }
}
