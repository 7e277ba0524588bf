//! A web site of static pages: it is read from files as well as from a server, and its search needs none.
//!
//! Everything that comes from a source is escaped, by the templates or in [`markup`].

mod markup;
mod search;
mod view;

use std::collections::BTreeMap;
use std::io;

use askama::Template;
use nseer_nsedoc::Script;

use crate::Sink;
use crate::links::{library_path, script_path, slug};
use crate::shelf::{Entry, Shelf};
use view::{LibraryView, Row, ScriptView};

const STYLE: &str = include_str!("../templates/site.css");
const PROGRAM: &str = include_str!("../templates/site.js");

/// What all pages have.
struct Frame {
    title: String,
    /// The way to the site's folder: empty, or `../`.
    root: &'static str,
    /// The part of the site, as the head names it.
    part: &'static str,
}

#[derive(Template)]
#[template(path = "index.html")]
struct IndexPage {
    frame: Frame,
    scripts: usize,
    libraries: usize,
    functions: usize,
    arguments: usize,
    categories: Vec<CategoryRow>,
}

struct CategoryRow {
    name: String,
    href: String,
    count: usize,
    about: &'static str,
}

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    heading: String,
    about: &'static str,
    /// What the rows are, in the plural.
    kind: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "script.html")]
struct ScriptPage {
    frame: Frame,
    script: ScriptView,
}

#[derive(Template)]
#[template(path = "library.html")]
struct LibraryPage {
    frame: Frame,
    library: LibraryView,
}

/// Writes the site: `index.html`, lists, and a page for each category, script and library.
///
/// # Errors
/// Those of `sink`.
pub fn site(shelf: &Shelf, sink: &mut Sink<'_>) -> io::Result<()> {
    sink("site.css", STYLE)?;
    sink("site.js", PROGRAM)?;
    sink("search.js", &search::index(shelf))?;
    let categories = shelf.categories();
    page(sink, "index.html", &index(shelf, &categories))?;
    page(
        sink,
        "scripts.html",
        &list("Scripts", "scripts", shelf.scripts().map(|e| view::script_row(e, ""))),
    )?;
    page(
        sink,
        "libraries.html",
        &list("Libraries", "libraries", shelf.libraries().map(|e| view::library_row(e, ""))),
    )?;
    page(sink, "functions.html", &list("Functions", "functions", view::function_rows(shelf)))?;
    page(sink, "arguments.html", &list("Arguments", "arguments", view::argument_rows(shelf)))?;
    for (name, scripts) in &categories {
        page(sink, &category_path(name), &category(name, scripts))?;
    }
    for entry in shelf.scripts() {
        let frame = Frame { title: entry.doc.id.clone(), root: "../", part: "scripts" };
        let script = ScriptView::new(shelf, entry);
        page(sink, &script_path(&entry.doc.id), &ScriptPage { frame, script })?;
    }
    for entry in shelf.libraries() {
        let frame = Frame { title: entry.doc.name.clone(), root: "../", part: "libraries" };
        let library = LibraryView::new(shelf, entry);
        page(sink, &library_path(&entry.doc.name), &LibraryPage { frame, library })?;
    }
    Ok(())
}

fn page(sink: &mut Sink<'_>, path: &str, page: &impl Template) -> io::Result<()> {
    sink(path, &page.render().map_err(io::Error::other)?)
}

fn category_path(name: &str) -> String {
    format!("categories/{}.html", slug(name))
}

fn index(shelf: &Shelf, categories: &BTreeMap<String, Vec<&Entry<Script>>>) -> IndexPage {
    let row = |(name, scripts): (&String, &Vec<&Entry<Script>>)| CategoryRow {
        name: name.clone(),
        href: category_path(name),
        count: scripts.len(),
        about: about(name),
    };
    IndexPage {
        frame: Frame { title: "Scripts and libraries".to_owned(), root: "", part: "" },
        scripts: shelf.scripts().len(),
        libraries: shelf.libraries().len(),
        functions: shelf.libraries().map(|entry| entry.doc.functions.len()).sum(),
        arguments: view::argument_rows(shelf).count(),
        categories: categories.iter().map(row).collect(),
    }
}

fn list(heading: &str, kind: &'static str, rows: impl Iterator<Item = Row>) -> ListPage {
    let frame = Frame { title: heading.to_owned(), root: "", part: kind };
    ListPage { frame, heading: heading.to_owned(), about: "", kind, rows: rows.collect() }
}

fn category(name: &str, scripts: &[&Entry<Script>]) -> ListPage {
    let heading = format!("Category {name}");
    ListPage {
        frame: Frame { title: heading.clone(), root: "../", part: "scripts" },
        heading,
        about: about(name),
        kind: "scripts",
        rows: scripts.iter().map(|entry| view::script_row(entry, "../")).collect(),
    }
}

/// What the scripts of a category have in common.
fn about(category: &str) -> &'static str {
    match category {
        "auth" => "Work with credentials of the target, or try to do without them.",
        "broadcast" => "Find hosts by asking everybody on the local network.",
        "brute" => "Guess credentials by trying many.",
        "default" => "Run with -sC and -A.",
        "discovery" => "Learn more of the network and of its hosts.",
        "dos" => "May put a service out of order.",
        "exploit" => "Make use of a weakness.",
        "external" => "Send data of the target to a third party.",
        "fuzzer" => "Send unexpected data to find faults.",
        "intrusive" => "May disturb the target, or be taken for an attack.",
        "malware" => "Look whether the target is infected.",
        "safe" => "Are not meant to disturb anything.",
        "version" => "Help version detection, and run with -sV alone.",
        "vuln" => "Look for known weaknesses.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(shelf: &Shelf) -> BTreeMap<String, String> {
        let mut pages = BTreeMap::new();
        site(shelf, &mut |path, content| {
            assert!(pages.insert(path.to_owned(), content.to_owned()).is_none(), "{path} twice");
            Ok(())
        })
        .expect("nothing fails");
        pages
    }

    #[test]
    fn nothing_in_a_source_becomes_markup() {
        let evil = "\"><script>x</script><img src=x>";
        let source = format!(
            "--- {evil} <code>{evil}</code> <a href=\"http://x/{evil}\">{evil}</a>\n-- @usage {evil}\n-- @output {evil}\n\
             -- @xmloutput {evil}\n-- @args {evil} {evil}\n-- @see {evil}\n-- @author {evil}\n-- @copyright {evil}\n\
             -- @field {evil} {evil}\n\n\
             author = [==[{evil}]==] license = [==[{evil}]==] categories = {{[==[{evil}]==]}}\n\
             dependencies = {{[==[{evil}]==]}} require [==[{evil}]==]\n\n--- {evil}\n-- @param {evil} {evil}\n-- @return {evil}\n\
             -- @name {evil}\n-- @class function\n\n--- {evil}\n-- @name {evil}x\n-- @class table\n-- @field {evil} {evil}\n"
        );
        let mut shelf = Shelf::default();
        assert!(shelf.add_script(evil, evil, source.as_bytes()));
        assert!(shelf.add_library(evil, evil, source.as_bytes()));
        let pages = pages(&shelf);
        assert_eq!(pages.len(), 3 + 5 + 1 + 2);
        for (path, content) in pages.iter().filter(|(path, _)| path.ends_with(".html")) {
            assert_eq!(
                content.matches("<script").count(),
                1,
                "{path}: only the site's own\n{content}"
            );
            assert!(!content.contains("<img"), "{path}\n{content}");
            assert!(!path.contains(['<', '"', '>']), "{path}");
        }
        assert!(pages["search.js"].is_ascii());
    }

    #[test]
    fn names_are_links_where_they_stand() {
        let mut shelf = Shelf::default();
        shelf.add_script("a", "a.nse", b"--- See <code>b.f()</code> and <code>c</code>.\n-- @see b.lua\nrequire 'b'\ncategories = {'Safe'}");
        shelf.add_library("b", "b.lua", b"--- B\n\n--- F, not <code>g</code>.\n-- @see g\nfunction f() end\n--- G\nfunction g() end");
        let pages = pages(&shelf);
        let script = &pages["scripts/a.html"];
        assert!(
            script.contains(
                "<a href=\"../lib/b.html#b.f\"><code>b.f()</code></a> and <code>c</code>"
            ),
            "{script}"
        );
        assert!(script.contains("href=\"../categories/safe.html\""), "{script}");
        let library = &pages["lib/b.html"];
        assert!(library.contains("<a href=\"../lib/b.html#b.g\"><code>g</code></a>"), "{library}");
        assert!(
            library.contains("id=\"b.g\"") && library.contains("../scripts/a.html"),
            "{library}"
        );
    }
}
