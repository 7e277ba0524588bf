//! What Lua source text does with the keys of `nmap.registry`.

use std::collections::HashMap;

use super::blocks::{Block, Blocks, Kind};
use super::paths::{self, Part};
use super::tokens::Token;

/// What is done with what stands under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    /// Made sure that there is a table, by a form that tells nobody whether there was one.
    Ensure,
    /// The same, by a form in which whatever is done may depend on whether there was one.
    EnsureAloud,
    /// Asked whether it is there.
    Test,
    /// The same, and all that is done then is to print a message.
    MessageTest,
    /// Something of its own for the host.
    OfHost,
    /// Added to a sequence.
    Add,
    /// A constant was written.
    Constant,
    /// Written, with a value that comes from files or arguments.
    Compute,
    /// Any other value was written.
    Set,
    /// Anything else, such as reading it.
    Get,
}

impl Act {
    pub(crate) fn writes(self) -> bool {
        !matches!(self, Act::Test | Act::MessageTest | Act::Get)
    }
}

/// A place where the registry is used.
#[derive(Debug)]
pub(super) struct Place<'t> {
    pub(super) path: Vec<Part<'t>>,
    pub(super) act: Act,
    pub(super) at: usize,
}

/// A name for something in the registry.
struct Alias<'t> {
    name: &'t str,
    path: Vec<Part<'t>>,
    from: usize,
    to: usize,
    /// What it has where there is nothing in the registry is more than an empty table.
    has_value: bool,
    given_another: bool,
}

/// A use whose meaning is to be found.
struct Found<'t> {
    path: Vec<Part<'t>>,
    from: usize,
    to: usize,
    alias: Option<usize>,
}

pub(super) struct Finder<'t> {
    tokens: &'t [Token<'t>],
    blocks: &'t Blocks<'t>,
    /// Local names of libraries.
    libraries: HashMap<&'t str, &'t str>,
    aliases: Vec<Alias<'t>>,
    places: Vec<Place<'t>>,
    /// A name that stands for what was there before it was written back.
    written_back: Option<usize>,
}

/// All uses in a file.
pub(super) fn find<'t>(tokens: &'t [Token<'t>], blocks: &'t Blocks<'t>) -> Vec<Place<'t>> {
    let mut finder = Finder {
        tokens,
        blocks,
        libraries: libraries(tokens),
        aliases: Vec::new(),
        places: Vec::new(),
        written_back: None,
    };
    let mut at = 0;
    while at < tokens.len() {
        at = finder.look(at);
    }
    finder.places
}

fn libraries<'t>(tokens: &'t [Token<'t>]) -> HashMap<&'t str, &'t str> {
    let mut found = HashMap::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Token::Name("require" | "silent_require") = token
            && let Some((library, _)) = super::required(&tokens[at + 1..])
            && let Some(name) = super::given_name(&tokens[..at])
        {
            found.insert(name, library);
        }
    }
    found
}

impl<'t> Finder<'t> {
    fn after(&self, at: usize) -> &'t [Token<'t>] {
        self.tokens.get(at..).unwrap_or_default()
    }

    fn follows_dot(&self, at: usize) -> bool {
        at > 0 && (self.tokens[at - 1].is(b'.') || self.tokens[at - 1].is(b':'))
    }

    /// Looks at one token; gives where to go on.
    fn look(&mut self, at: usize) -> usize {
        match self.tokens[at] {
            Token::Name("nmap") => return self.look_at_module(at, at + 1),
            Token::Name("require" | "silent_require") => {
                if let Some(("nmap", after)) = super::required(self.after(at + 1))
                    && super::given_name(&self.tokens[..at]) != Some("nmap")
                    && !super::stands_alone(&self.tokens[..at])
                {
                    return self.look_at_module(at, self.tokens.len() - after.len());
                }
            }
            Token::Name("stdnse") => self.look_at_helper(at),
            Token::Name(name) if !self.follows_dot(at) && self.written_back != Some(at) => {
                let known =
                    |alias: &Alias<'_>| alias.name == name && (alias.from..alias.to).contains(&at);
                if let Some(alias) = self.aliases.iter().rposition(known) {
                    let (more, to) = paths::read(self.tokens, at + 1);
                    let path = [self.aliases[alias].path.clone(), more].concat();
                    self.judge(Found { path, from: at, to, alias: Some(alias) });
                }
            }
            _ => {}
        }
        at + 1
    }

    /// The module `nmap`, whose uses begin at `next`.
    fn look_at_module(&mut self, at: usize, next: usize) -> usize {
        let registry = match self.after(next) {
            [dot, Token::Name("registry"), ..] if dot.is(b'.') => next + 2,
            [open, Token::Text("registry"), _, ..] if open.is(b'[') => next + 3,
            [open, Token::Text(_), close, ..] if open.is(b'[') && close.is(b']') => return next,
            [dot, Token::Name(_), ..] if dot.is(b'.') || dot.is(b':') => return next,
            [a, b, ..] if a.is(b'=') && !b.is(b'=') => return next,
            // It goes to another name or into a call, where nobody looks for it.
            _ => {
                self.places.push(Place { path: Vec::new(), act: Act::Get, at });
                return next;
            }
        };
        let (path, to) = paths::read(self.tokens, registry);
        if path.first() != Some(&Part::Literal("args")) || self.is_assigned(to) {
            self.judge(Found { path, from: at, to, alias: None });
        }
        registry
    }

    /// The functions of `stdnse` that take a list of keys.
    fn look_at_helper(&mut self, at: usize) {
        let [dot, Token::Name(name), rest @ ..] = self.after(at + 1) else { return };
        let act = match *name {
            "registry_get" | "registry_exists" => Act::Get,
            "registry_add_array" => Act::Add,
            "registry_add_table" => Act::Set,
            _ => return,
        };
        let is_listed = matches!(rest, [a, b, ..] if a.is(b'(') && b.is(b'{'));
        if dot.is(b'.') {
            let listed = is_listed.then(|| paths::read_list(self.tokens, at + 4)).flatten();
            let path = listed.unwrap_or_default();
            let act = if is_of_host(&path) { Act::OfHost } else { act };
            self.places.push(Place { path, act, at });
        }
    }

    fn is_assigned(&self, to: usize) -> bool {
        matches!(self.after(to), [a, b, ..] if a.is(b'=') && !b.is(b'='))
    }

    fn judge(&mut self, found: Found<'t>) {
        let at = found.from;
        if let Some(alias) = found.alias
            && found.path.len() == self.aliases[alias].path.len()
            && self.is_assigned(found.to)
        {
            self.aliases[alias].given_another = true;
            return;
        }
        if is_of_host(&found.path) {
            self.places.push(Place { path: found.path, act: Act::OfHost, at });
            return;
        }
        if self.becomes_alias(&found) {
            return;
        }
        let act = match self.is_assigned(found.to) {
            true => {
                self.written_back = self.alias_of(&found).map(|_| found.to + 1);
                self.write(&found)
            }
            false => self.read(&found),
        };
        self.places.push(Place { path: found.path, act, at });
    }

    /// `local name = nmap.registry.key`, with or without `or something`.
    fn becomes_alias(&mut self, found: &Found<'t>) -> bool {
        let Some([local, Token::Name(name), equals]) =
            found.from.checked_sub(3).map(|from| &self.tokens[from..found.from])
        else {
            return false;
        };
        let after = self.after(found.to);
        let is_alone = match after.first() {
            Some(Token::Name(word)) => *word != "and",
            Some(other) => other.is(b';'),
            None => true,
        };
        if !local.is_name("local") || !equals.is(b'=') || !is_alone {
            return false;
        }
        let has_value =
            matches!(after, [or, rest @ ..] if or.is_name("or") && !is_empty_table(rest));
        self.aliases.push(Alias {
            name,
            path: found.path.clone(),
            from: found.to,
            to: self.blocks.scope_end(found.from),
            has_value,
            given_another: false,
        });
        true
    }

    fn write(&self, found: &Found<'t>) -> Act {
        let value = self.after(found.to + 1);
        if adds_at_end(&found.path) {
            return Act::Add;
        }
        if is_empty_table(value) {
            return match self.guard(found) {
                Some((_, Act::Ensure)) => Act::Ensure,
                Some(_) => Act::EnsureAloud,
                None => self.computed(found),
            };
        }
        match value {
            [Token::Name("true" | "false" | "nil") | Token::Number | Token::Text(_), ..] => {
                Act::Constant
            }
            [Token::Other(b'-'), Token::Number, ..] => Act::Constant,
            _ => self.write_again(found, value).unwrap_or_else(|| self.computed(found)),
        }
    }

    /// Where the new value begins with the old one: `= nmap.registry.key or …`, `= alias`.
    fn write_again(&self, found: &Found<'t>, value: &'t [Token<'t>]) -> Option<Act> {
        let own = &self.tokens[found.from..found.to];
        if let Some(rest) = value.strip_prefix(own) {
            return Some(match rest {
                [or, rest @ ..] if or.is_name("or") && is_empty_table(rest) => Act::Ensure,
                [or, rest @ ..] if or.is_name("or") && is_made_of_tables(rest) => Act::EnsureAloud,
                [or, ..] if or.is_name("or") => self.computed(found),
                _ => Act::Set,
            });
        }
        let alias = self.alias_of(found)?;
        let is_whole = !matches!(value.get(1), Some(Token::Other(byte)) if *byte != b';');
        Some(match (is_whole, alias.given_another) {
            (true, false) if alias.has_value => self.computed(found),
            (true, false) => Act::EnsureAloud,
            (true, true) if self.guard(found).is_some() => self.computed(found),
            _ => Act::Set,
        })
    }

    /// The name for what is written, where the new value begins with it.
    fn alias_of(&self, found: &Found<'t>) -> Option<&Alias<'t>> {
        let Some(Token::Name(name)) = self.tokens.get(found.to + 1) else { return None };
        self.aliases.iter().rev().find(|a| a.name == *name && a.path == found.path)
    }

    fn read(&self, found: &Found<'t>) -> Act {
        let before = &self.tokens[..found.from];
        let after = self.after(found.to);
        let is_added = matches!(before, [.., insert, open]
            if insert.is_name("insert") && open.is(b'('))
            && after.first().is_some_and(|token| token.is(b','));
        if is_added || counts_for_adding(before, after) {
            return Act::Add;
        }
        if let Some(act) = self.read_to_write(found, after) {
            return act;
        }
        let is_negated = matches!(before, [.., not] if not.is_name("not"))
            || matches!(before, [.., not, open] if not.is_name("not") && open.is(b'('));
        let is_compared = matches!(after, [a, b, Token::Name("nil"), ..]
            if (a.is(b'=') || a.is(b'~')) && b.is(b'='));
        let is_condition = matches!(before.last(), Some(Token::Name("if" | "elseif" | "and")))
            && matches!(after.first(), Some(Token::Name("then" | "and")));
        if !is_negated && !is_compared && !is_condition {
            return Act::Get;
        }
        match self.branch_of(found) {
            Some((start, end)) if self.only_ensures(found, start, end) => Act::Ensure,
            Some((start, end)) if is_message(self.tokens, start, end) => Act::MessageTest,
            _ => Act::Test,
        }
    }

    /// The old value at the head of a new one, which the write is judged by.
    fn read_to_write(&self, found: &Found<'t>, after: &[Token<'_>]) -> Option<Act> {
        let own = &self.tokens[found.from..found.to];
        let before = self.tokens[..found.from].strip_suffix(&[Token::Other(b'=')])?;
        let is_head = before.ends_with(own) && after.first()?.is_name("or");
        is_head.then(|| if is_empty_table(&after[1..]) { Act::Ensure } else { Act::Test })
    }

    /// The branch that the test at its head decides about: behind its `then`, to its end.
    fn branch_of(&self, found: &Found<'t>) -> Option<(usize, usize)> {
        let branch = self.blocks.around(found.from).next()?;
        let condition = self.tokens.get(branch.start..branch.end)?;
        let then = branch.start + condition.iter().position(|t| t.is_name("then"))?;
        let is_end = self.tokens.get(branch.end).is_some_and(|t| t.is_name("end"));
        (branch.kind == Kind::Branch && then >= found.to && is_end)
            .then_some((then + 1, branch.end))
    }

    /// `nmap.registry.key = {}` and nothing else.
    fn only_ensures(&self, found: &Found<'t>, start: usize, end: usize) -> bool {
        let own = &self.tokens[found.from..found.to];
        let rest = self.tokens[start..end].strip_prefix(own);
        matches!(rest, Some([equals, open, close])
            if equals.is(b'=') && open.is(b'{') && close.is(b'}'))
    }

    /// The branch around a write that is taken only where there is nothing to overwrite, and what
    /// the test at its head was.
    fn guard(&self, found: &Found<'t>) -> Option<(&'t Block<'t>, Act)> {
        let blocks = self.blocks.around(found.from).filter(|b| b.kind == Kind::Branch);
        blocks.into_iter().find_map(|branch| {
            let tests = |place: &&Place<'_>| {
                (branch.start..found.from).contains(&place.at)
                    && place.path == found.path
                    && matches!(place.act, Act::Test | Act::Ensure | Act::MessageTest)
            };
            self.places.iter().rev().find(tests).map(|place| (branch, place.act))
        })
    }

    /// Tells whether a written value comes from files and arguments alone, as far as that can be
    /// seen: the function, or the guarded branch, that writes it names neither a host nor a
    /// library that talks to one.
    fn computed(&self, found: &Found<'t>) -> Act {
        let guard = self.guard(found);
        if matches!(found.path.last(), Some(Part::Dynamic(_))) && guard.is_none() {
            return Act::Set;
        }
        let branch = guard.map(|(branch, _)| branch);
        let Some(region) = branch.or_else(|| self.blocks.functions(found.from).next()) else {
            return Act::Set;
        };
        let mut seen = Vec::new();
        if self.is_apart(region, &mut seen) { Act::Compute } else { Act::Set }
    }

    fn is_apart(&self, region: &'t Block<'t>, seen: &mut Vec<usize>) -> bool {
        if seen.contains(&region.start) {
            return true;
        }
        seen.push(region.start);
        (region.start..region.end.min(self.tokens.len())).all(|at| {
            let Token::Name(name) = self.tokens[at] else { return true };
            match name {
                "host" | "port" | "socket" | "target" => false,
                "nmap" => matches!(self.after(at + 1), [_, Token::Name(field), ..]
                    if HARMLESS_FUNCTIONS.contains(field)),
                _ if self.follows_dot(at) => true,
                _ => match self.libraries.get(name) {
                    Some(library) => HARMLESS_LIBRARIES.contains(library),
                    None => self
                        .blocks
                        .list
                        .iter()
                        .filter(|b| b.kind == Kind::Function && b.name == Some(name))
                        .all(|function| self.is_apart(function, seen)),
                },
            }
        })
    }
}

/// Functions of `nmap` whose answers are the same for all hosts.
const HARMLESS_FUNCTIONS: &[&str] =
    &["registry", "fetchfile", "mutex", "condvar", "debugging", "verbosity", "resolve"];

/// Libraries that talk to nobody.
const HARMLESS_LIBRARIES: &[&str] = &[
    "_G",
    "base64",
    "bin",
    "bit",
    "coroutine",
    "datafiles",
    "debug",
    "io",
    "ipOps",
    "json",
    "lfs",
    "lpeg",
    "lpeg-utility",
    "math",
    "nmap",
    "openssl",
    "os",
    "rand",
    "re",
    "shortport",
    "stdnse",
    "string",
    "stringaux",
    "table",
    "tableaux",
    "unicode",
    "utf8",
    "zlib",
];

/// True where the keys lead to something that belongs to one host.
fn is_of_host(path: &[Part<'_>]) -> bool {
    let fixed = path.iter().take_while(|p| matches!(p, Part::Literal(_) | Part::Own)).count();
    path.get(fixed) == Some(&Part::Host)
}

fn is_empty_table(tokens: &[Token<'_>]) -> bool {
    matches!(tokens, [open, close, ..] if open.is(b'{') && close.is(b'}'))
}

/// `{a = {}, b = {}}`
fn is_made_of_tables(tokens: &[Token<'_>]) -> bool {
    let inside = |token: &Token<'_>| {
        matches!(token, Token::Name(_) | Token::Other(b'=' | b',' | b'{' | b'}'))
    };
    let end = paths::closing(tokens, 0).unwrap_or(0);
    end > 0 && tokens[..end].iter().all(inside) && {
        let pairs = tokens[..end].windows(2);
        let mut assigned = pairs.filter(|pair| pair[0].is(b'='));
        assigned.all(|pair| pair[1].is(b'{'))
    }
}

/// `list[#list + 1]`
fn adds_at_end(path: &[Part<'_>]) -> bool {
    matches!(path.last(), Some(Part::Dynamic([hash, .., plus, Token::Number]))
        if hash.is(b'#') && plus.is(b'+'))
}

/// The length of a list where something is put behind its end.
fn counts_for_adding(before: &[Token<'_>], after: &[Token<'_>]) -> bool {
    let begins = matches!(before, [.., open, hash] if open.is(b'[') && hash.is(b'#'));
    begins
        && matches!(after, [plus, Token::Number, close, equals, ..]
            if plus.is(b'+') && close.is(b']') && equals.is(b'='))
}

/// True where the tokens are one call that prints.
fn is_message(tokens: &[Token<'_>], start: usize, end: usize) -> bool {
    let body = &tokens[start..end];
    let [Token::Name("stdnse"), dot, Token::Name(function), open, ..] = body else { return false };
    let prints = ["debug", "verbose", "print_"].iter().any(|name| function.starts_with(name));
    prints && dot.is(b'.') && open.is(b'(') && paths::closing(tokens, start + 3) == Some(end - 1)
}
