//! A library's documentation: what is said of it, its functions and its tables.

use crate::comment::{Comment, Named};
use crate::outline::{Declaration, Documented, Value, outline};
use crate::script::{see, summary};

/// What a library says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Library {
    /// The name it is required by.
    pub name: String,
    /// What it is for, in NSEDoc's markup.
    pub description: String,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Its licence.
    pub copyright: Option<String>,
    /// Calls of the program, or examples.
    pub usage: Vec<String>,
    /// Script arguments that it reads.
    pub args: Vec<Named>,
    /// Related scripts and libraries.
    pub see: Vec<String>,
    /// Libraries it requires.
    pub requires: Vec<String>,
    /// Its functions, in the order of the source.
    pub functions: Vec<Function>,
    /// Its tables, classes and other values, in the order of the source.
    pub tables: Vec<Table>,
    /// Tags that mean nothing, and their lines.
    pub unknown_tags: Vec<(String, usize)>,
}

/// A function of a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// Its name, as it is called: `library.name`, or `Class:name` and `Class.name`.
    pub name: String,
    /// The names of its parameters.
    pub signature: Vec<String>,
    /// What it does.
    pub description: String,
    /// Its parameters.
    pub params: Vec<Named>,
    /// What it gives back.
    pub returns: Vec<String>,
    /// Examples.
    pub usage: Vec<String>,
    /// Related ones.
    pub see: Vec<String>,
    /// Where it stands, counted from 1.
    pub line: usize,
}

/// A table, class or other value of a library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its fields.
    pub fields: Vec<Named>,
    /// Where it stands, counted from 1.
    pub line: usize,
}

impl Library {
    /// Reads a library's source; what is no UTF-8 in it is replaced.
    #[must_use]
    pub fn read(name: &str, source: &[u8]) -> Library {
        let outline = outline(&String::from_utf8_lossy(source));
        let mut library = Library { name: name.to_owned(), ..Library::default() };
        let returned = outline.returned.as_deref();
        for (number, documented) in outline.documented.iter().enumerate() {
            library.take(documented, number == 0, returned);
        }
        library.requires = outline.requires;
        library
    }

    /// The first sentence of the description.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.description)
    }

    fn take(&mut self, documented: &Documented, is_first: bool, returned: Option<&str>) {
        let comment = &documented.comment;
        self.unknown_tags.extend(comment.unknown_tags().map(|tag| (tag.name.clone(), tag.line)));
        let class = comment.tag_text("class").unwrap_or_default();
        let above = documented.above.as_ref();
        let of_function = above.is_some_and(|above| matches!(above.value, Value::Function(_)));
        let is_module = class == "module" || (is_first && class.is_empty() && !of_function);
        if comment.tags.iter().any(|tag| tag.name == "internal") {
        } else if is_module {
            self.describe(comment);
        } else if class == "function" || (class.is_empty() && of_function) {
            self.functions.extend(self.function(comment, above, returned));
        } else {
            self.value(comment, above, returned);
        }
    }

    /// What is said of the library itself.
    fn describe(&mut self, comment: &Comment) {
        if !self.description.is_empty() && !comment.text.is_empty() {
            self.description.push_str("\n\n");
        }
        self.description.push_str(&comment.text);
        self.authors.extend(comment.texts("author").map(str::to_owned));
        self.usage.extend(comment.texts("usage").map(str::to_owned));
        self.args.extend(comment.named(&["args", "arg"]));
        self.see.extend(comment.texts("see").flat_map(see));
        let licence = comment.texts("copyright").chain(comment.texts("license")).next();
        self.copyright = self.copyright.take().or(licence.map(str::to_owned));
    }

    fn function(
        &self,
        comment: &Comment,
        above: Option<&Declaration>,
        returned: Option<&str>,
    ) -> Option<Function> {
        let named = comment.tag_text("name").map(str::trim).filter(|name| !name.is_empty());
        // What is local can be called by nobody, unless its comment says under which name.
        let name =
            named.or(above.filter(|above| !above.is_local).map(|above| above.name.as_str()))?;
        let params = comment.named(&["param"]);
        let signature = match above.map(|above| &above.value) {
            Some(Value::Function(names)) => names.clone(),
            _ => params.iter().map(|param| param.name.clone()).collect(),
        };
        // The object that a method is called on is not written.
        let is_method =
            name.contains(':') && signature.first().is_some_and(|first| first == "self");
        Some(Function {
            name: self.full_name(name, returned),
            signature: signature.into_iter().skip(usize::from(is_method)).collect(),
            description: comment.text.clone(),
            params,
            returns: comment.texts("return").map(str::to_owned).collect(),
            usage: comment.texts("usage").map(str::to_owned).collect(),
            see: comment.texts("see").flat_map(see).collect(),
            line: above.map_or(comment.line, |above| above.line),
        })
    }

    /// A table or another value; what is said of nothing in particular may still document arguments.
    fn value(&mut self, comment: &Comment, above: Option<&Declaration>, returned: Option<&str>) {
        self.args.extend(comment.named(&["args", "arg"]));
        let named = comment.tag_text("name").map(str::trim).filter(|name| !name.is_empty());
        let fields = comment.named(&["field", "key"]);
        let above = above.filter(|above| !above.is_local || !fields.is_empty());
        let Some(name) = named.or(above.map(|above| above.name.as_str())) else { return };
        let table = Table {
            name: self.full_name(name, returned),
            description: comment.text.clone(),
            fields,
            line: above.map_or(comment.line, |above| above.line),
        };
        self.tables.push(table);
    }

    /// A name as it is used by who requires the library.
    fn full_name(&self, name: &str, returned: Option<&str>) -> String {
        let short = self.name.rsplit('.').next().unwrap_or_default();
        let cut = |table: &str| name.strip_prefix(table).and_then(|rest| rest.strip_prefix('.'));
        let bare = returned.and_then(cut).or_else(|| cut(short)).unwrap_or(name);
        if bare.contains(['.', ':']) { bare.to_owned() } else { format!("{short}.{bare}") }
    }
}

impl Function {
    /// How it is called: `stdnse.debug(level, fmt, ...)`.
    #[must_use]
    pub fn call(&self) -> String {
        format!("{}({})", self.name, self.signature.join(", "))
    }

    /// The first sentence of the description.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.description)
    }
}

impl Table {
    /// The first sentence of the description.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.description)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCE: &[u8] = br#"---
-- What it is for. More.
--
-- @args own.timeout How long.
-- @author A
-- @copyright MIT
local stdnse = require "stdnse"
_ENV = stdnse.module("own", stdnse.seeall)

--- Gives one.
-- @param a First.
-- @return One.
-- @return Two.
-- @see two
function one(a, b) end

--- Hidden.
local function hidden() end

--- Named.
-- @class function
-- @name two
-- @param x It
local t = something()

--- A class.
-- @field id Its number
Class = {
  --- Makes one.
  new = function(self, a) end,
}

--- Runs it.
function Class:run(...) end

function undocumented() end

--- Kept inside.
-- @internal
function inner() end
"#;

    #[test]
    fn functions_tables_and_the_library() {
        let library = Library::read("own", SOURCE);
        assert_eq!(library.summary(), "What it is for.");
        assert_eq!((library.authors.len(), library.copyright.as_deref()), (1, Some("MIT")));
        assert_eq!(library.args[0].name, "own.timeout");
        assert_eq!(library.requires, ["stdnse"]);
        let calls: Vec<String> = library.functions.iter().map(Function::call).collect();
        assert_eq!(calls, ["own.one(a, b)", "own.two(x)", "Class:new(a)", "Class:run(...)"]);
        let one = &library.functions[0];
        assert_eq!(
            (one.line, one.returns.len(), one.see.as_slice()),
            (15, 2, ["two".to_owned()].as_slice())
        );
        let tables: Vec<_> =
            library.tables.iter().map(|t| (t.name.as_str(), t.fields.len())).collect();
        assert_eq!(tables, [("own.Class", 1)]);
    }

    #[test]
    fn a_table_that_is_given_back_is_the_library() {
        let source = b"--- Lib.\n\nlocal M = {}\n--- F.\nfunction M.f(x) end\n--- G.\nM.g = function() end\nreturn M\n";
        let calls: Vec<String> =
            Library::read("a.lib", source).functions.iter().map(Function::call).collect();
        assert_eq!(calls, ["lib.f(x)", "lib.g()"]);
    }

    proptest! {
        #[test]
        fn pieces_of_a_library_are_read(from in 0..SOURCE.len(), length in 0..SOURCE.len(), byte in any::<u8>()) {
            let end = (from + length).min(SOURCE.len());
            let mut piece = SOURCE[from..end].to_vec();
            piece.push(byte);
            piece.extend_from_slice(&SOURCE[..from]);
            let lines = piece.iter().filter(|b| **b == b'\n').count() + 1;
            let library = Library::read("own", &piece);
            prop_assert!(library.functions.iter().all(|f| !f.name.is_empty() && f.line <= lines));
            prop_assert!(library.tables.iter().all(|t| !t.name.is_empty() && t.line <= lines));
        }
    }
}
