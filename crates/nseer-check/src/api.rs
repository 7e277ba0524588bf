//! The table of what scripts can use: native modules, objects, and the functions of libraries.
//!
//! Native ones are read from the definition files in the folder `api`, which language servers read
//! too; those of libraries from the libraries themselves and their NSEDoc. Rules and
//! [`crate::types`] use the same table.

use std::collections::{BTreeMap, BTreeSet};

use nseer_nsedoc::Comment as Doc;

use crate::context::File;
use crate::lua_names;
use crate::source::Source;
use crate::syntax::{Expr, ExprKind, Function, Stat, StatKind, scan};

/// The definition files of what is native: names and texts.
pub const DEFINITIONS: &[(&str, &str)] = &[
    ("nmap.lua", include_str!("../api/nmap.lua")),
    ("lfs.lua", include_str!("../api/lfs.lua")),
    ("libssh2.lua", include_str!("../api/libssh2.lua")),
    ("lpeg.lua", include_str!("../api/lpeg.lua")),
    ("nmapdb.lua", include_str!("../api/nmapdb.lua")),
    ("openssl.lua", include_str!("../api/openssl.lua")),
    ("zlib.lua", include_str!("../api/zlib.lua")),
    ("script.lua", include_str!("../api/script.lua")),
];

/// What the engine adds to a library.
const ADDED: (&str, &str) = ("stdnse.lua", include_str!("../api/stdnse.lua"));

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Param {
    /// Its name.
    pub name: String,
    /// Whether it may be left out, as far as that is known.
    pub is_optional: bool,
}

/// A function.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    /// Its parameters.
    pub params: Vec<Param>,
    /// Whether it takes any number of arguments.
    pub is_vararg: bool,
    /// Whether it may wait for the network or the clock.
    pub waits: bool,
    /// Its NSEDoc, where it has one.
    pub doc: Option<Doc>,
    /// Its comment lines, where it is from a definition file: what follows the three dashes.
    pub notes: Vec<String>,
}

impl Signature {
    /// The least number of arguments.
    #[must_use]
    pub fn least(&self) -> usize {
        self.params.iter().rposition(|param| !param.is_optional).map_or(0, |at| at + 1)
    }
}

/// Where a module comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The engine.
    Native,
    /// A class of objects of the engine.
    Class,
    /// A library.
    Library,
}

/// A module, or a class of objects.
#[derive(Clone, Debug)]
pub struct Module {
    /// Where it comes from.
    pub origin: Origin,
    /// Its functions or methods.
    pub functions: BTreeMap<String, Signature>,
    /// Its other fields.
    pub fields: BTreeSet<String>,
    /// The functions of the parts that it is made of (`smb.session` of `smb`), some of which it may hand on.
    pub parts: BTreeSet<String>,
    /// What its documentation says.
    pub text: String,
}

/// The table.
#[derive(Debug, Default)]
pub struct Api {
    modules: BTreeMap<String, Module>,
    /// The script arguments that libraries read and document.
    arguments: BTreeSet<String>,
}

/// Libraries whose functions talk to the network.
const NETWORK: &[&str] = &[
    "afp", "comm", "dns", "ftp", "http", "imap", "irc", "ldap", "mongodb", "mssql", "mysql",
    "nbns", "pgsql", "pop3", "proxy", "redis", "rpc", "sip", "smb", "smtp", "snmp", "ssh1", "ssh2",
    "sslcert", "telnet", "tftp", "tls", "vnc", "whois",
];

/// Functions of those libraries that do not wait.
const LOCAL: &[(&str, &[&str])] = &[
    ("smb", &["get_port"]),
    ("sslcert", &["getPrepareTLSWithoutReconnect", "isPortSupported"]),
    (
        "http",
        &[
            "get_status_string",
            "grab_forms",
            "identify_404",
            "page_exists",
            "parse_date",
            "parse_form",
            "parse_redirect",
            "parse_www_authenticate",
            "pipeline_add",
            "response_contains",
            "table_argument",
            "tag_pattern",
        ],
    ),
];

impl Api {
    /// The table of the engine and of the embedded libraries.
    #[must_use]
    pub fn embedded() -> Api {
        let mut api = Api::native();
        for (path, content) in nseer_stdlib::files() {
            let name = path.strip_prefix("nselib/").and_then(|path| path.strip_suffix(".lua"));
            // Tables of data are no modules that scripts require.
            if let Some(name) = name.filter(|name| !name.starts_with("data/")) {
                api.add_library(&name.replace('/', "."), content);
            }
        }
        api.name_parts();
        api
    }

    /// Tells libraries what their parts have.
    fn name_parts(&mut self) {
        let mut found: Vec<(String, String)> = Vec::new();
        for (name, module) in &self.modules {
            if let (Origin::Library, Some((whole, _))) = (module.origin, name.split_once('.')) {
                let members = module.functions.keys().chain(&module.fields);
                found.extend(members.map(|member| (whole.to_owned(), member.clone())));
            }
        }
        for (whole, member) in found {
            if let Some(module) = self.modules.get_mut(&whole) {
                module.parts.insert(member);
            }
        }
    }

    /// The table of the engine alone.
    #[must_use]
    pub fn native() -> Api {
        let mut api = Api::default();
        for (name, text) in DEFINITIONS {
            api.add_definitions(name, text);
        }
        for (name, members) in lua_names::MODULES {
            let module = api.module_mut(name, Origin::Native);
            module.fields.extend(members.iter().map(|member| (*member).to_owned()));
        }
        api
    }

    /// A module or a class by its name.
    #[must_use]
    pub fn module(&self, name: &str) -> Option<&Module> {
        self.modules.get(name)
    }

    /// All modules and classes.
    pub fn modules(&self) -> impl Iterator<Item = (&str, &Module)> {
        self.modules.iter().map(|(name, module)| (name.as_str(), module))
    }

    /// A function of a module or a method of a class.
    #[must_use]
    pub fn function(&self, module: &str, name: &str) -> Option<&Signature> {
        self.modules.get(module)?.functions.get(name)
    }

    /// Whether a function may wait for the network or the clock.
    #[must_use]
    pub fn waits(&self, module: &str, name: &str) -> bool {
        match self.function(module, name) {
            Some(signature) if signature.waits => true,
            _ => {
                let local = LOCAL.iter().find(|(known, _)| *known == module);
                NETWORK.contains(&module) && !local.is_some_and(|(_, names)| names.contains(&name))
            }
        }
    }

    fn module_mut(&mut self, name: &str, origin: Origin) -> &mut Module {
        let functions = BTreeMap::new();
        let (fields, parts, text) = (BTreeSet::new(), BTreeSet::new(), String::new());
        self.modules.entry(name.to_owned()).or_insert(Module {
            origin,
            functions,
            fields,
            parts,
            text,
        })
    }

    /// Reads a file of definitions.
    fn add_definitions(&mut self, name: &str, text: &str) {
        let file = File::read(name, text.as_bytes());
        let notes = Notes::of(&file.source);
        // The names that the file uses for classes.
        let mut classes: BTreeMap<&str, &str> = BTreeMap::new();
        for class in notes.classes() {
            let is_value = !class.name.contains('.');
            let origin = if is_value { Origin::Native } else { Origin::Class };
            let module = self.module_mut(class.name, origin);
            module.fields.extend(class.fields.iter().map(|field| (*field).to_owned()));
        }
        for stat in &file.block.stats {
            let before = notes.before(file.source.line_at(stat.span.start));
            match &stat.kind {
                StatKind::Local { names, .. } => {
                    if let (Some(class), Some((name, _))) = (before.class(), names.first()) {
                        classes.insert(&name.text, class);
                    }
                }
                StatKind::Function { target, function } => {
                    let ExprKind::Field(base, name) = &target.kind else { continue };
                    let Some(base) = base.name() else { continue };
                    let module = classes.get(base).copied().unwrap_or(base).to_owned();
                    let signature = before.signature(function);
                    let module = self.module_mut(&module, Origin::Native);
                    module.functions.insert(name.text.clone(), signature);
                }
                _ => {}
            }
        }
    }

    /// Reads a library: its functions and what their documentation says.
    pub fn add_library(&mut self, name: &str, content: &[u8]) {
        let file = File::read(format!("{name}.lua"), content);
        let table = returned(&file.block.stats);
        let mut found: Vec<(String, Option<&Function>, usize)> = Vec::new();
        for stat in &file.block.stats {
            members(stat, table, &mut found);
        }
        let named = crate::arguments::documented(&file.docs);
        self.arguments.extend(named.map(|(name, _)| name.to_owned()));
        // A part of a larger library says whose part it is.
        let docs =
            file.docs.iter().filter(|doc| doc.tagged("class").any(|t| t.first_word() == "module"));
        let own = docs.flat_map(|doc| doc.tagged("name")).map(|tag| tag.first_word()).next();
        let name = own.unwrap_or(name);
        let module = self.module_mut(name, Origin::Library);
        if let Some(doc) =
            file.docs.iter().find(|doc| doc.tagged("class").any(|t| t.first_word() == "module"))
            && module.text.is_empty()
        {
            module.text.clone_from(&doc.text);
        }
        for (member, function, start) in found {
            // The comment that ends on the line before.
            let line = file.source.line_at(start);
            let doc = file.docs.iter().find(|doc| doc.last_line + 1 == line);
            match function {
                Some(function) => {
                    let signature = library_signature(function, doc);
                    module.functions.insert(member, signature);
                }
                None if !module.functions.contains_key(&member) => {
                    module.fields.insert(member);
                }
                None => {}
            }
        }
        for doc in &file.docs {
            let is_function = doc.tagged("class").any(|tag| tag.first_word() == "function");
            if let (true, Some(tag)) = (is_function, doc.tagged("name").next()) {
                let params = doc.tagged("param").filter(|p| p.first_word() != "...");
                let signature = Signature {
                    params: params.map(|p| param(p.first_word(), Some(doc))).collect(),
                    is_vararg: doc.tagged("param").any(|p| p.first_word() == "..."),
                    waits: name == "stdnse" && tag.first_word() == "sleep",
                    doc: Some(doc.clone()),
                    notes: Vec::new(),
                };
                module.fields.remove(tag.first_word());
                module.functions.insert(tag.first_word().to_owned(), signature);
            }
        }
        if name == "stdnse" {
            self.add_definitions(ADDED.0, ADDED.1);
        }
    }

    /// Whether a library documents this script argument.
    #[must_use]
    pub fn documents_argument(&self, name: &str) -> bool {
        self.arguments.contains(name)
    }
}

/// The name of the table that a library returns.
fn returned(stats: &[Stat]) -> Option<&str> {
    match &stats.last()?.kind {
        StatKind::Return(values) => {
            values.first()?.name().filter(|name| !matches!(*name, "_ENV" | "_M"))
        }
        _ => None,
    }
}

/// What a statement of a library adds to its module: globals, and fields of the table it returns.
fn members<'a>(
    stat: &'a Stat,
    table: Option<&str>,
    found: &mut Vec<(String, Option<&'a Function>, usize)>,
) {
    let name_of = |target: &Expr| match &target.kind {
        ExprKind::Name(name) if table.is_none() && name != "_ENV" => Some(name.clone()),
        ExprKind::Field(base, name) if table.is_some() && base.name() == table => {
            Some(name.text.clone())
        }
        _ => None,
    };
    match &stat.kind {
        StatKind::Function { target, function } => {
            found.extend(name_of(target).map(|n| (n, Some(&**function), stat.span.start)));
        }
        StatKind::Assign { targets, values } => {
            for (at, target) in targets.iter().enumerate() {
                let function = values.get(at).and_then(Expr::function);
                found.extend(name_of(target).map(|name| (name, function, stat.span.start)));
            }
        }
        StatKind::Do(block) => block.stats.iter().for_each(|stat| members(stat, table, found)),
        StatKind::If { arms, otherwise } => {
            let blocks = arms.iter().map(|(_, block)| block).chain(otherwise);
            blocks.flat_map(|block| &block.stats).for_each(|stat| members(stat, table, found));
        }
        _ => {}
    }
}

fn library_signature(function: &Function, doc: Option<&Doc>) -> Signature {
    Signature {
        params: function.params.iter().map(|name| param(&name.text, doc)).collect(),
        is_vararg: function.is_vararg,
        waits: false,
        doc: doc.cloned(),
        notes: Vec::new(),
    }
}

fn param(name: &str, doc: Option<&Doc>) -> Param {
    let text = doc.and_then(|doc| doc.tagged("param").find(|tag| tag.first_word() == name));
    let says = |words: &[&str]| {
        text.is_none_or(|tag| words.iter().any(|word| tag.text.to_lowercase().contains(word)))
    };
    // What is not said may be either.
    Param {
        name: name.to_owned(),
        is_optional: says(&["left out", "option", "default", "nil", "if any"]),
    }
}

/// The comments of a definition file, by line.
struct Notes<'a> {
    /// Line numbers and texts after three dashes.
    lines: Vec<(usize, &'a str)>,
}

struct Class<'a> {
    name: &'a str,
    fields: Vec<&'a str>,
}

/// The comment lines right before a statement.
struct Before<'n, 'a>(&'n [(usize, &'a str)]);

impl<'a> Notes<'a> {
    fn of(source: &'a Source) -> Notes<'a> {
        let comments = scan(&source.text).comments;
        let lines = comments.iter().filter_map(|comment| {
            let text = source.piece(comment.span).trim_end().strip_prefix("---")?;
            Some((source.line_at(comment.span.start), text))
        });
        Notes { lines: lines.collect() }
    }

    fn before(&self, line: usize) -> Before<'_, 'a> {
        let end = self.lines.partition_point(|(at, _)| *at < line);
        let mut start = end;
        while start > 0 && self.lines[start - 1].0 + (end - start) + 1 == line {
            start -= 1;
        }
        Before(&self.lines[start..end])
    }

    fn classes(&self) -> Vec<Class<'a>> {
        let mut classes: Vec<Class<'a>> = Vec::new();
        for (_, text) in &self.lines {
            if let Some(name) = text.strip_prefix("@class ") {
                classes.push(Class { name, fields: Vec::new() });
            } else if let (Some(field), Some(class)) =
                (text.strip_prefix("@field "), classes.last_mut())
            {
                let word = field.split_whitespace().next().unwrap_or_default();
                class.fields.push(word.trim_end_matches('?'));
            }
        }
        classes
    }
}

impl<'a> Before<'_, 'a> {
    fn class(&self) -> Option<&'a str> {
        self.0.iter().find_map(|(_, text)| text.strip_prefix("@class "))
    }

    fn signature(&self, function: &Function) -> Signature {
        let params = function.params.iter().map(|name| {
            let is_optional = self.0.iter().any(|(_, text)| {
                let Some((word, rest)) =
                    text.strip_prefix("@param ").and_then(|rest| rest.split_once(' '))
                else {
                    return false;
                };
                let kind = rest.split_whitespace().next().unwrap_or_default();
                let is_this = word.trim_end_matches('?') == name.text;
                is_this && (word.ends_with('?') || kind.split('|').any(|part| part == "nil"))
            });
            Param { name: name.text.clone(), is_optional }
        });
        Signature {
            params: params.collect(),
            is_vararg: function.is_vararg,
            waits: self.0.iter().any(|(_, text)| *text == "@async"),
            doc: None,
            notes: self.0.iter().map(|(_, text)| (*text).to_owned()).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn definitions_become_signatures() {
        let api = Api::native();
        let state = api.function("nmap", "get_port_state").expect("known");
        assert_eq!((state.params.len(), state.least(), state.is_vararg), (2, 2, false));
        let socket = api.function("nmap", "new_socket").expect("known");
        assert_eq!((socket.params.len(), socket.least()), (2, 0));
        let connect = api.function("nse.Socket", "connect").expect("known");
        assert_eq!((connect.params.len(), connect.least(), connect.waits), (3, 2, true));
        assert!(api.function("nmap", "add_targets").expect("known").is_vararg);
        assert!(api.module("nse.Host").expect("known").fields.contains("targetname"));
        assert!(api.module("string").expect("known").fields.contains("gsub"));
        assert!(!api.waits("nmap", "clock") && api.waits("http", "get"));
        for module in ["openssl", "zlib", "lfs", "libssh2", "nmapdb", "lpeg", "nse.Bignum"] {
            assert!(!api.module(module).expect(module).functions.is_empty(), "{module}");
        }
    }

    #[test]
    fn libraries_are_read_from_their_text() {
        let api = Api::embedded();
        let debug = api.function("stdnse", "debug").expect("known");
        assert_eq!(debug.params.len(), 2);
        assert!(debug.is_vararg && debug.params[0].is_optional);
        assert!(debug.doc.is_some());
        assert!(api.waits("stdnse", "sleep"), "documented by its name");
        assert!(api.function("shortport", "http").is_some());
        for (name, module) in api.modules().filter(|(_, m)| m.origin == Origin::Library) {
            let is_part = name.contains('.');
            let has_some = !module.functions.is_empty() || !module.fields.is_empty();
            assert!(has_some || is_part, "{name} is empty");
        }
    }
}
