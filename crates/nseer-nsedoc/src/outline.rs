//! What a Lua source declares at its top level: the heads of functions and variables with the comments
//! above them, simple values, and the libraries that are required anywhere.

use crate::comment::Comment;
use crate::lexer::{Kind, Token, tokens};

/// Brackets and blocks deeper than this are not looked into; no source needs it.
const DEEPEST: usize = 200;

/// So many libraries and arguments are noted.
const MOST_NOTED: usize = 1000;

/// What a source declares.
#[derive(Debug, Default)]
pub(crate) struct Outline {
    /// Documentation comments, in their order.
    pub(crate) documented: Vec<Documented>,
    /// Declarations, documented or not.
    pub(crate) declared: Vec<Declaration>,
    /// Libraries, in the order in which they are first required.
    pub(crate) requires: Vec<String>,
    /// Names of script arguments that are written out where arguments are read; a name that begins
    /// with a dot follows the script's.
    pub(crate) reads: Vec<String>,
    /// The name that the source gives back at its end.
    pub(crate) returned: Option<String>,
}

/// A comment and what it stands above.
#[derive(Debug)]
pub(crate) struct Documented {
    pub(crate) comment: Comment,
    pub(crate) above: Option<Declaration>,
}

/// The head of a declaration.
#[derive(Clone, Debug)]
pub(crate) struct Declaration {
    /// `name`, `table.name` or `table:name`.
    pub(crate) name: String,
    pub(crate) is_local: bool,
    pub(crate) line: usize,
    pub(crate) value: Value,
    /// The token where the value begins.
    value_at: usize,
}

/// What is declared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// A function with its parameters.
    Function(Vec<String>),
    /// A string, also one that is joined of several.
    Text(String),
    /// A table; of a list of strings, those.
    Table(Vec<String>),
    /// Something else.
    Other,
}

/// What surrounds a word.
enum Frame {
    Block,
    Bracket,
    /// The table that is the value of this name.
    Table(String),
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    frames: Vec<Frame>,
    outline: Outline,
}

/// Reads a source.
pub(crate) fn outline(source: &str) -> Outline {
    let mut reader =
        Reader { tokens: tokens(source), frames: Vec::new(), outline: Outline::default() };
    reader.read();
    reader.outline
}

impl<'a> Reader<'a> {
    fn read(&mut self) {
        let mut at = 0;
        // The comment that waits for what follows it.
        let mut waiting: Option<Comment> = None;
        while let Some(token) = self.tokens.get(at) {
            if token.is_comment() {
                let found = Comment::read(self.tokens.get(at..).unwrap_or_default());
                at += found.as_ref().map_or(1, |(_, taken)| *taken);
                if let Some((comment, _)) = found.filter(|_| self.is_outside()) {
                    self.document(waiting.replace(comment), None);
                }
                continue;
            }
            if waiting.is_some() || self.is_outside() {
                let declaration = if self.is_outside() { self.declaration(at) } else { None };
                if let Some(comment) = waiting.take() {
                    let near = self.line_of(at) <= comment.last_line + 1
                        || comment
                            .tags
                            .iter()
                            .any(|tag| tag.name == "param" || tag.name == "return");
                    self.document(Some(comment), declaration.clone().filter(|_| near));
                }
                self.outline.declared.extend(declaration);
            }
            self.collect(at);
            self.enter_or_leave(at);
            at += 1;
        }
        self.document(waiting, None);
        self.outline.returned = self.returned();
    }

    /// The name after the last `return`, where nothing follows it.
    fn returned(&self) -> Option<String> {
        let mut words = self.tokens.iter().rev().filter(|t| !t.is_comment() && !t.is_symbol(";"));
        let (name, before) = (words.next()?, words.next()?);
        match name.kind {
            Kind::Name(name) if before.is_name("return") && !is_keyword(name) => {
                Some(name.to_owned())
            }
            _ => None,
        }
    }

    fn document(&mut self, comment: Option<Comment>, above: Option<Declaration>) {
        self.outline.documented.extend(comment.map(|comment| Documented { comment, above }));
    }

    /// True outside of functions and of brackets other than tables with a name.
    fn is_outside(&self) -> bool {
        self.frames.iter().all(|frame| matches!(frame, Frame::Table(_)))
    }

    fn token(&self, at: usize) -> Option<&Token<'a>> {
        self.tokens.get(at)
    }

    fn line_of(&self, at: usize) -> usize {
        self.token(at).map_or(usize::MAX, |token| token.line)
    }

    fn name_at(&self, at: usize) -> Option<&'a str> {
        match self.token(at)?.kind {
            Kind::Name(name) if !is_keyword(name) => Some(name),
            _ => None,
        }
    }

    fn is_symbol(&self, at: usize, symbol: &str) -> bool {
        self.token(at).is_some_and(|token| token.is_symbol(symbol))
    }

    fn is_word(&self, at: usize, word: &str) -> bool {
        self.token(at).is_some_and(|token| token.is_name(word))
    }

    /// The declaration whose head begins at a token.
    fn declaration(&self, at: usize) -> Option<Declaration> {
        if !self.may_begin(at) {
            return None;
        }
        let is_local = self.is_word(at, "local");
        let start = at + usize::from(is_local);
        let (name, value, value_at) = if self.is_word(start, "function") {
            let (name, next) = self.dotted(start + 1)?;
            (name, Value::Function(self.parameters(next)?), next)
        } else {
            let (name, next) = self.dotted(start)?;
            if !self.is_symbol(next, "=") {
                return None;
            }
            (name, self.value(next + 1), next + 1)
        };
        let name = match self.frames.last() {
            Some(Frame::Table(table)) => {
                let method =
                    matches!(&value, Value::Function(p) if p.first().is_some_and(|p| p == "self"));
                format!("{table}{}{name}", if method { ':' } else { '.' })
            }
            _ => name,
        };
        Some(Declaration { name, is_local, line: self.line_of(at), value, value_at })
    }

    /// True where a statement, or a field of a table, may begin: not in the middle of an expression.
    fn may_begin(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.token(before)) else {
            return true;
        };
        match before.kind {
            Kind::Symbol("," | "{") => !self.frames.is_empty(),
            Kind::Symbol(symbol) => matches!(symbol, ")" | "}" | "]" | ";" | "..."),
            Kind::Name(name) => {
                !is_keyword(name) || matches!(name, "end" | "nil" | "true" | "false")
            }
            _ => true,
        }
    }

    /// A name with its tables, and the token after it.
    fn dotted(&self, start: usize) -> Option<(String, usize)> {
        let mut name = self.name_at(start)?.to_owned();
        let mut at = start + 1;
        while let Some(joint) = [".", ":"].into_iter().find(|joint| self.is_symbol(at, joint)) {
            name.push_str(joint);
            name.push_str(self.name_at(at + 1)?);
            at += 2;
        }
        Some((name, at))
    }

    /// The names between the round brackets that begin at a token.
    fn parameters(&self, open: usize) -> Option<Vec<String>> {
        if !self.is_symbol(open, "(") {
            return None;
        }
        let mut names = Vec::new();
        for token in self.tokens.get(open + 1..)? {
            match token.kind {
                Kind::Name(name) => names.push(name.to_owned()),
                Kind::Symbol("...") => names.push("...".to_owned()),
                Kind::Symbol(",") | Kind::Comment(..) => {}
                _ => break,
            }
        }
        Some(names)
    }

    fn value(&self, at: usize) -> Value {
        if self.is_word(at, "function") {
            return Value::Function(self.parameters(at + 1).unwrap_or_default());
        }
        if self.is_symbol(at, "{") {
            return Value::Table(self.strings(at + 1));
        }
        match self.joined_text(at) {
            Some((text, _)) => Value::Text(text),
            None => Value::Other,
        }
    }

    /// Strings joined by `..`, and the token after them; of what is joined with something else, the
    /// strings before that.
    fn joined_text(&self, start: usize) -> Option<(String, usize)> {
        let string = |at: usize| match self.token(at).map(|token| &token.kind) {
            Some(Kind::Text(text)) => Some(text.as_str()),
            _ => None,
        };
        let mut text = string(start)?.to_owned();
        let mut at = start + 1;
        while let Some(part) = string(at + 1).filter(|_| self.is_symbol(at, "..")) {
            text.push_str(part);
            at += 2;
        }
        Some((text, at))
    }

    /// The strings of a list.
    fn strings(&self, start: usize) -> Vec<String> {
        let mut strings = Vec::new();
        for token in self.tokens.get(start..).unwrap_or_default() {
            match &token.kind {
                Kind::Text(text) => strings.push(text.clone()),
                Kind::Symbol("," | ";") | Kind::Comment(..) => {}
                _ => break,
            }
        }
        strings
    }

    /// Notes what is required, and what arguments are read.
    fn collect(&mut self, at: usize) {
        let Some(Kind::Name(name)) = self.token(at).map(|token| &token.kind) else { return };
        match *name {
            "require" | "silent_require" => {
                let at = at + 1 + usize::from(self.is_symbol(at + 1, "("));
                if let Some(Kind::Text(library)) = self.tokens.get(at).map(|token| &token.kind) {
                    note(&mut self.outline.requires, library.clone());
                }
            }
            "get_script_args" if self.is_symbol(at + 1, "(") => self.collect_arguments(at + 2),
            _ => {}
        }
    }

    fn collect_arguments(&mut self, start: usize) {
        let mut at = start;
        loop {
            let own = self.is_word(at, "SCRIPT_NAME") && self.is_symbol(at + 1, "..");
            let Some((name, next)) = self.joined_text(at + if own { 2 } else { 0 }) else { return };
            if !(self.is_symbol(next, ",") || self.is_symbol(next, ")")) {
                return;
            }
            if !name.is_empty() && (!own || name.starts_with('.')) {
                note(&mut self.outline.reads, name);
            }
            at = next + 1;
        }
    }

    /// Keeps account of blocks and brackets.
    fn enter_or_leave(&mut self, at: usize) {
        let Some(token) = self.token(at) else { return };
        let frame = match token.kind {
            Kind::Name("function" | "do" | "if" | "repeat") => Frame::Block,
            Kind::Symbol("(" | "[") => Frame::Bracket,
            Kind::Symbol("{") => self.table_frame(at),
            Kind::Name("end" | "until") => {
                return self.leave(|frame| matches!(frame, Frame::Block));
            }
            Kind::Symbol(")" | "]" | "}") => {
                return self.leave(|frame| !matches!(frame, Frame::Block));
            }
            _ => return,
        };
        if self.frames.len() < DEEPEST {
            self.frames.push(frame);
        }
    }

    /// Leaves the innermost frame, if it is one that can end so.
    fn leave(&mut self, fits: impl Fn(&Frame) -> bool) {
        self.frames.pop_if(|frame| fits(frame));
    }

    /// The frame of a table: with a name where it is the value of one at the top level.
    fn table_frame(&self, at: usize) -> Frame {
        match self.outline.declared.last() {
            Some(declared) if declared.value_at == at && self.is_outside() => {
                Frame::Table(declared.name.clone())
            }
            _ => Frame::Bracket,
        }
    }
}

fn note(noted: &mut Vec<String>, word: String) {
    if noted.len() < MOST_NOTED && !noted.contains(&word) {
        noted.push(word);
    }
}

fn is_keyword(name: &str) -> bool {
    matches!(
        name,
        "and"
            | "break"
            | "do"
            | "else"
            | "elseif"
            | "end"
            | "false"
            | "for"
            | "function"
            | "goto"
            | "if"
            | "in"
            | "local"
            | "nil"
            | "not"
            | "or"
            | "repeat"
            | "return"
            | "then"
            | "true"
            | "until"
            | "while"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn declared(source: &str) -> Vec<(String, bool, Value)> {
        outline(source).declared.into_iter().map(|d| (d.name, d.is_local, d.value)).collect()
    }

    fn function(parameters: &[&str]) -> Value {
        Value::Function(parameters.iter().map(|p| (*p).to_owned()).collect())
    }

    #[test]
    fn heads_are_found() {
        let source = "local x = require 'a'\nfunction f(a, b, ...) local inside = 1; if a then g() end end\n\
            local function hidden() end\nT.m = function(self) return function() end end\n\
            function T:n(p) for i = 1, 2 do x = 1 end repeat until y == 3 end\n\
            text = [[one]] .. ' two'\nlist = {'a', \"b\"} some = 'a' .. b other = 5 + 4\ncall{ key = 'no' }\nx.y[1] = 3\nif a then z = 1 end";
        let own = |name: &str, value| (name.to_owned(), false, value);
        assert_eq!(
            declared(source),
            [
                ("x".to_owned(), true, Value::Other),
                own("f", function(&["a", "b", "..."])),
                ("hidden".to_owned(), true, function(&[])),
                own("T.m", function(&["self"])),
                own("T:n", function(&["p"])),
                own("text", Value::Text("one two".to_owned())),
                own("list", Value::Table(vec!["a".to_owned(), "b".to_owned()])),
                own("some", Value::Text("a".to_owned())),
                own("other", Value::Other),
            ]
        );
    }

    #[test]
    fn methods_in_a_table_are_its_own() {
        let source = "Class = {\n  new = function(self, a) local b = {} end,\n  LIMIT = 5,\n  inner = { deep = 1 },\n}\nlast = {}";
        let names: Vec<String> = declared(source).into_iter().map(|(name, ..)| name).collect();
        assert_eq!(
            names,
            ["Class", "Class:new", "Class.LIMIT", "Class.inner", "Class.inner.deep", "last"]
        );
    }

    #[test]
    fn comments_belong_to_what_follows() {
        let source = "--- Module.\n\n--- F.\nfunction f() end\n--- G.\n-- @param a b\n\nfunction g(a) end\n\
            --- Lost.\n\nfunction h() end\nfunction i()\n  --- inside\n  local x\nend\n--- Last.";
        let read: Vec<_> = outline(source)
            .documented
            .into_iter()
            .map(|d| (d.comment.text, d.above.map(|above| above.name)))
            .collect();
        let some = |name: &str| Some(name.to_owned());
        let expected = [
            ("Module.", None),
            ("F.", some("f")),
            ("G.", some("g")),
            ("Lost.", None),
            ("Last.", None),
        ];
        let expected: Vec<_> =
            expected.into_iter().map(|(text, above)| (text.to_owned(), above)).collect();
        assert_eq!(read, expected);
    }

    #[test]
    fn what_is_required_and_read_is_noted() {
        let source = "local a = require 'a' require('b') require \"a\" stdnse.silent_require 'c' require(x)\n\
            f(stdnse.get_script_args(SCRIPT_NAME .. '.one', 'lib.two', 'three'), get_script_args(name), get_script_args('x' .. y))";
        let outline = outline(source);
        assert_eq!(outline.requires, ["a", "b", "c"]);
        assert_eq!(outline.reads, [".one", "lib.two", "three"]);
    }

    proptest! {
        #[test]
        fn any_words_have_an_outline(words in proptest::collection::vec(prop_oneof![
            Just("function"), Just("end"), Just("f"), Just("("), Just(")"), Just("{"), Just("}"), Just("="),
            Just("local"), Just("--- doc @x\n-- @param a\n"), Just(".."), Just("'t'"), Just("require"), Just("."),
            Just(":"), Just("get_script_args"), Just("SCRIPT_NAME"), Just(","), Just("\n"), Just("["), Just("]"), Just("...")
        ], 0..60)) {
            let source = words.join(" ");
            let outline = outline(&source);
            prop_assert!(outline.declared.len() <= words.len());
        }
    }
}
