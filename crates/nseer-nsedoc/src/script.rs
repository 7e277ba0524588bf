//! A script's documentation: the fields of its head and the tags of its comments.

use crate::comment::{Comment, Named};
use crate::markup::{Block, blocks, plain};
use crate::outline::{Outline, Value, outline};
use crate::sentence::first_sentence;

/// When a script's rule is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Before the first host.
    Pre,
    /// For each host.
    Host,
    /// For each port.
    Port,
    /// After the last host.
    Post,
}

impl Rule {
    /// All rules.
    pub const ALL: [Rule; 4] = [Rule::Pre, Rule::Host, Rule::Port, Rule::Post];

    /// The name of its function.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Rule::Pre => "prerule",
            Rule::Host => "hostrule",
            Rule::Port => "portrule",
            Rule::Post => "postrule",
        }
    }
}

/// What a script says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Its name: that of its file, without `.nse`.
    pub id: String,
    /// What it does, in NSEDoc's markup.
    pub description: String,
    /// Calls of the program.
    pub usage: Vec<String>,
    /// Examples of its output.
    pub output: Vec<String>,
    /// Examples of its output in XML.
    pub xml_output: Vec<String>,
    /// Its arguments.
    pub args: Vec<Named>,
    /// Related scripts and libraries.
    pub see: Vec<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// Its licence.
    pub license: Option<String>,
    /// Its categories.
    pub categories: Vec<String>,
    /// Scripts that run before it.
    pub dependencies: Vec<String>,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Libraries it requires.
    pub requires: Vec<String>,
    /// Arguments whose names are written out where the script reads them.
    pub reads: Vec<String>,
    /// Tags that mean nothing, and their lines.
    pub unknown_tags: Vec<(String, usize)>,
}

impl Script {
    /// Reads a script's source; what is no UTF-8 in it is replaced.
    #[must_use]
    pub fn read(id: &str, source: &[u8]) -> Script {
        let outline = outline(&String::from_utf8_lossy(source));
        let field = |name: &str| {
            let declared = outline.declared.iter().rev();
            declared.filter(|d| !d.is_local).find(|d| d.name == name).map(|d| &d.value)
        };
        let text = |name: &str| match field(name) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        };
        let list = |name: &str| match field(name) {
            Some(Value::Text(text)) => vec![text.clone()],
            Some(Value::Table(texts)) => texts.clone(),
            _ => Vec::new(),
        };
        let full = |name: &String| {
            if name.starts_with('.') { format!("{id}{name}") } else { name.clone() }
        };
        let mut script = Script {
            id: id.to_owned(),
            description: text("description").map(|text| text.trim().to_owned()).unwrap_or_default(),
            authors: list("author"),
            license: text("license"),
            categories: list("categories"),
            dependencies: list("dependencies"),
            rules: Rule::ALL.into_iter().filter(|rule| field(rule.name()).is_some()).collect(),
            reads: outline.reads.iter().map(full).collect(),
            ..Script::default()
        };
        for comment in own_comments(&outline) {
            script.take(comment);
        }
        script.requires = outline.requires;
        script
    }

    fn take(&mut self, comment: &Comment) {
        let texts = |name| comment.texts(name).map(str::to_owned);
        self.usage.extend(texts("usage"));
        self.output.extend(texts("output"));
        self.xml_output.extend(texts("xmloutput"));
        self.args.extend(comment.named(&["args", "arg"]));
        self.see.extend(comment.texts("see").flat_map(see));
        if self.authors.is_empty() {
            self.authors.extend(texts("author"));
        }
        if self.description.is_empty() {
            self.description.clone_from(&comment.text);
        }
        self.unknown_tags.extend(comment.unknown_tags().map(|tag| (tag.name.clone(), tag.line)));
    }

    /// The first sentence of the description.
    #[must_use]
    pub fn summary(&self) -> String {
        summary(&self.description)
    }
}

/// The comments that speak of the script and not of one of its functions.
fn own_comments(outline: &Outline) -> impl Iterator<Item = &Comment> {
    let tags = ["usage", "output", "xmloutput", "args", "arg"];
    let own =
        move |comment: &Comment| comment.tags.iter().any(|tag| tags.contains(&tag.name.as_str()));
    outline.documented.iter().filter_map(move |documented| {
        let of_function = documented
            .above
            .as_ref()
            .is_some_and(|above| matches!(above.value, Value::Function(_)));
        (!of_function || own(&documented.comment)).then_some(&documented.comment)
    })
}

/// What a tag `@see` names: words, separated by commas or lines.
pub(crate) fn see(text: &str) -> impl Iterator<Item = String> {
    let names = text.split(['\n', ',']).map(|name| name.trim().trim_end_matches('.').to_owned());
    names.filter(|name| !name.is_empty())
}

/// The first sentence of a text in NSEDoc's markup.
pub(crate) fn summary(text: &str) -> String {
    let first = blocks(text).into_iter().find_map(|block| match block {
        Block::Paragraph(parts) => Some(plain(&parts)),
        _ => None,
    });
    first_sentence(&first.unwrap_or_default()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn head_and_tags() {
        let source = br#"
local shortport = require "shortport"
description = [[
Asks <code>this</code> and that. More.
]]
---
-- @usage nseer --script own
-- @usage
-- nseer --script own
--       --script-args own.a=1
-- @args own.a First.
-- @arg own.b
--      Second.
-- @output
-- 1/tcp open x
-- |_own: 5
-- @xmloutput <elem>5</elem>
-- @see other.nse, http
-- @author Nobody
author = {"A", "B"}
license = "MIT"
categories = {"safe", 'Discovery'}
dependencies = {"first"}
local portrule = 1
hostrule = function(host) return true end
function portrule(host, port) end
--- Helps.
-- @param x what
local function helper(x) return stdnse.get_script_args(SCRIPT_NAME .. ".a", "lib.b") end
action = function() end
"#;
        let script = Script::read("own", source);
        assert_eq!(script.summary(), "Asks this and that.");
        assert_eq!(
            script.usage,
            ["nseer --script own", "nseer --script own\n      --script-args own.a=1"]
        );
        assert_eq!(script.output, ["1/tcp open x\n|_own: 5"]);
        assert_eq!(script.xml_output, ["<elem>5</elem>"]);
        let args: Vec<_> = script.args.iter().map(|a| (a.name.as_str(), a.text.as_str())).collect();
        assert_eq!(args, [("own.a", "First."), ("own.b", "Second.")]);
        assert_eq!(script.see, ["other.nse", "http"]);
        assert_eq!(
            (script.authors, script.license),
            (vec!["A".to_owned(), "B".to_owned()], Some("MIT".to_owned()))
        );
        assert_eq!(script.categories, ["safe", "Discovery"]);
        assert_eq!(script.dependencies, ["first"]);
        assert_eq!(script.rules, [Rule::Host, Rule::Port]);
        assert_eq!(script.requires, ["shortport"]);
        assert_eq!(script.reads, ["own.a", "lib.b"]);
        assert!(script.unknown_tags.is_empty());
    }

    #[test]
    fn a_script_without_a_head_is_one() {
        let script = Script::read("x", b"--- What it does.\n-- @odd\n\nlocal x");
        assert_eq!((script.summary().as_str(), script.unknown_tags.len()), ("What it does.", 1));
        assert_eq!(Script::read("x", b""), Script { id: "x".to_owned(), ..Script::default() });
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let script = Script::read("x", &bytes);
            prop_assert!(script.unknown_tags.len() <= bytes.len());
        }
    }
}
