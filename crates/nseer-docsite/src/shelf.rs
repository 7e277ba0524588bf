//! The documents that are shown together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use nseer_nsedoc::{Library, Named, Script};

/// A document and where its source is.
#[derive(Clone, Debug)]
pub struct Entry<T> {
    /// What it says.
    pub doc: T,
    /// The path of its source, to show.
    pub path: String,
}

/// Scripts and libraries by their names.
#[derive(Clone, Debug, Default)]
pub struct Shelf {
    scripts: BTreeMap<String, Entry<Script>>,
    libraries: BTreeMap<String, Entry<Library>>,
    /// Who requires a library.
    users: HashMap<String, BTreeSet<String>>,
    /// What names functions, tables and arguments, and the page that tells of it.
    members: HashMap<String, Member>,
}

/// Something with a name on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) page: Page,
    pub(crate) anchor: String,
}

/// A page of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    Script(String),
    Library(String),
}

/// A script argument.
#[derive(Clone, Copy, Debug)]
pub struct Argument<'s> {
    /// Its name and what is said of it.
    pub named: &'s Named,
    /// The library that reads it; none for the script's own.
    pub library: Option<&'s str>,
}

/// Libraries require this one for tests of their own, which do not concern those who run a script.
const TESTS: &str = "unittest";

impl Shelf {
    /// Reads a script. Gives false where one of this name is there already, which stays.
    pub fn add_script(&mut self, id: &str, path: &str, source: &[u8]) -> bool {
        if self.scripts.contains_key(id) {
            return false;
        }
        let doc = Script::read(id, source);
        for arg in &doc.args {
            self.name(&arg.name, Page::Script(id.to_owned()), &format!("arg-{}", arg.name));
        }
        for library in &doc.requires {
            self.users.entry(library.clone()).or_default().insert(id.to_owned());
        }
        self.scripts.insert(id.to_owned(), Entry { doc, path: path.to_owned() });
        true
    }

    /// Reads a library. Gives false where one of this name is there already, which stays.
    pub fn add_library(&mut self, name: &str, path: &str, source: &[u8]) -> bool {
        self.add_read_library(path, Library::read(name, source))
    }

    /// Reads the definition file of a native module, which is shown like a library.
    pub fn add_definitions(&mut self, name: &str, path: &str, source: &[u8]) -> bool {
        self.add_read_library(path, Library::read_definitions(name, source))
    }

    fn add_read_library(&mut self, path: &str, doc: Library) -> bool {
        let name = doc.name.as_str();
        if self.libraries.contains_key(name) {
            return false;
        }
        let page = || Page::Library(name.to_owned());
        for arg in &doc.args {
            self.name(&arg.name, page(), &format!("arg-{}", arg.name));
        }
        let functions = doc.functions.iter().map(|function| &function.name);
        for member in functions.chain(doc.tables.iter().map(|table| &table.name)) {
            self.name(member, page(), member);
            self.name(&format!("{name}.{member}"), page(), member);
        }
        self.libraries.insert(name.to_owned(), Entry { path: path.to_owned(), doc });
        true
    }

    /// The first to have a name keeps it.
    fn name(&mut self, name: &str, page: Page, anchor: &str) {
        let member = Member { page, anchor: crate::links::slug(anchor) };
        self.members.entry(name.to_owned()).or_insert(member);
    }

    /// The scripts, by name.
    pub fn scripts(&self) -> impl ExactSizeIterator<Item = &Entry<Script>> {
        self.scripts.values()
    }

    /// The libraries, by name.
    pub fn libraries(&self) -> impl ExactSizeIterator<Item = &Entry<Library>> {
        self.libraries.values()
    }

    /// The script of this name.
    #[must_use]
    pub fn script(&self, id: &str) -> Option<&Entry<Script>> {
        self.scripts.get(id)
    }

    /// The library of this name.
    #[must_use]
    pub fn library(&self, name: &str) -> Option<&Entry<Library>> {
        self.libraries.get(name)
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Member> {
        self.members.get(name)
    }

    /// The scripts that require a library, by name.
    pub fn users(&self, library: &str) -> impl Iterator<Item = &str> {
        self.users.get(library).into_iter().flatten().map(String::as_str)
    }

    /// The scripts of each category; categories are in small letters, and sorted.
    #[must_use]
    pub fn categories(&self) -> BTreeMap<String, Vec<&Entry<Script>>> {
        let mut categories: BTreeMap<String, Vec<&Entry<Script>>> = BTreeMap::new();
        for script in self.scripts() {
            for category in &script.doc.categories {
                categories.entry(category.to_lowercase()).or_default().push(script);
            }
        }
        categories
    }

    /// The arguments of a script: its own, then those of the libraries that it requires, and of those
    /// that they require, but for [`TESTS`].
    #[must_use]
    pub fn arguments<'s>(&'s self, script: &'s Script) -> Vec<Argument<'s>> {
        let own = script.args.iter().map(|named| Argument { named, library: None });
        let mut arguments: Vec<Argument<'s>> = own.collect();
        let mut seen: BTreeSet<&str> = arguments.iter().map(|a| a.named.name.as_str()).collect();
        let mut visited: BTreeSet<&str> = BTreeSet::new();
        let mut next: Vec<&str> = script.requires.iter().rev().map(String::as_str).collect();
        while let Some(name) = next.pop() {
            let Some(library) = self.library(name).filter(|_| visited.insert(name)) else {
                continue;
            };
            let args = library.doc.args.iter().filter(|named| seen.insert(&named.name));
            arguments.extend(args.map(|named| Argument { named, library: Some(name) }));
            let required = library.doc.requires.iter().rev().map(String::as_str);
            next.extend(required.filter(|library| *library != TESTS));
        }
        arguments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_of_libraries_come_with_a_script() {
        let mut shelf = Shelf::default();
        assert!(shelf.add_script(
            "own",
            "a",
            b"--- X\n-- @args own.a One\n-- @args shared Two\nrequire 'first'"
        ));
        assert!(!shelf.add_script("own", "b", b""));
        shelf.add_library(
            "first",
            "c",
            b"--- F\n-- @args first.x X\n-- @args shared other\nrequire 'second'",
        );
        shelf.add_library("second", "d", b"--- S\n-- @args second.y Y\nrequire 'first'");
        shelf.add_library("third", "e", b"--- T\n-- @args third.z Z");
        let script = &shelf.script("own").expect("it is there").doc;
        let arguments: Vec<_> =
            shelf.arguments(script).iter().map(|a| (a.named.name.as_str(), a.library)).collect();
        let expected = [
            ("own.a", None),
            ("shared", None),
            ("first.x", Some("first")),
            ("second.y", Some("second")),
        ];
        assert_eq!(arguments, expected);
        assert_eq!(shelf.users("first").collect::<Vec<_>>(), ["own"]);
    }

    #[test]
    fn tests_of_libraries_are_no_argument_of_a_script() {
        let mut shelf = Shelf::default();
        shelf.add_script("runs", "a", b"--- X\nrequire 'unittest'");
        shelf.add_script("other", "b", b"--- X\nrequire 'first'");
        shelf.add_library("first", "c", b"--- F\n-- @args first.x X\nrequire 'unittest'");
        shelf.add_library("unittest", "d", b"--- U\n-- @args unittest.run Y");
        let arguments = |id: &str| {
            let script = &shelf.script(id).expect("it is there").doc;
            shelf.arguments(script).iter().map(|a| a.named.name.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(arguments("other"), ["first.x"]);
        assert_eq!(arguments("runs"), ["unittest.run"]);
    }
}
