//! Which function, and which branch of an `if`, a token of Lua source text stands in.

use std::collections::HashSet;

use super::tokens::Token;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Function,
    /// One branch of an `if`, with its condition.
    Branch,
    Other,
}

#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) kind: Kind,
    /// The token that opens it and the one that closes it.
    pub(super) start: usize,
    pub(super) end: usize,
    parent: usize,
    /// What a function is called.
    pub(super) name: Option<&'a str>,
}

/// The blocks of a file. Broken source gives some blocks, never a panic.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    pub(super) list: Vec<Block<'a>>,
    /// By token: the innermost block.
    innermost: Vec<usize>,
}

impl<'a> Blocks<'a> {
    pub(super) fn of(tokens: &[Token<'a>]) -> Blocks<'a> {
        let whole = Block { kind: Kind::File, start: 0, end: tokens.len(), parent: 0, name: None };
        let mut blocks = Blocks { list: vec![whole], innermost: Vec::with_capacity(tokens.len()) };
        let mut current = 0;
        for (at, token) in tokens.iter().enumerate() {
            let word = match token {
                Token::Name(word) if !follows_dot(tokens, at) => *word,
                _ => "",
            };
            match word {
                "function" => current = blocks.open(Kind::Function, at, current, tokens),
                "if" => current = blocks.open(Kind::Branch, at, current, tokens),
                "do" | "repeat" => current = blocks.open(Kind::Other, at, current, tokens),
                "elseif" | "else" => {
                    let parent = blocks.close(current, at);
                    current = blocks.open(Kind::Branch, at, parent, tokens);
                }
                _ => {}
            }
            blocks.innermost.push(current);
            if matches!(word, "end" | "until") {
                current = blocks.close(current, at);
            }
        }
        blocks
    }

    fn open(&mut self, kind: Kind, at: usize, parent: usize, tokens: &[Token<'a>]) -> usize {
        let name = if kind == Kind::Function { name_of(tokens, at) } else { None };
        self.list.push(Block { kind, start: at, end: tokens.len(), parent, name });
        self.list.len() - 1
    }

    /// Gives the block around it; the file itself stays open.
    fn close(&mut self, block: usize, at: usize) -> usize {
        if block != 0 {
            self.list[block].end = at;
        }
        self.list[block].parent
    }

    /// The blocks around a token, from the inside, without the file.
    pub(super) fn around(&self, at: usize) -> impl Iterator<Item = &Block<'a>> {
        let first = self.innermost.get(at).copied().unwrap_or(0);
        let mut next = first;
        std::iter::from_fn(move || {
            let block = (next != 0).then(|| &self.list[next])?;
            next = block.parent;
            Some(block)
        })
    }

    /// Where the innermost block around a token ends.
    pub(super) fn scope_end(&self, at: usize) -> usize {
        self.around(at).next().map_or(usize::MAX, |block| block.end)
    }

    /// The functions whose body is a token's, or around it.
    pub(super) fn functions(&self, at: usize) -> impl Iterator<Item = &Block<'a>> {
        self.around(at).filter(|block| block.kind == Kind::Function)
    }
}

fn follows_dot(tokens: &[Token<'_>], at: usize) -> bool {
    at > 0 && (tokens[at - 1].is(b'.') || tokens[at - 1].is(b':'))
}

/// The name that stands at a function: `function a.b:name()`, `name = function()`.
fn name_of<'a>(tokens: &[Token<'a>], at: usize) -> Option<&'a str> {
    let mut name = None;
    let mut after = &tokens[at + 1..];
    while let [Token::Name(found), rest @ ..] = after {
        name = Some(*found);
        after = match rest {
            [dot, rest @ ..] if dot.is(b'.') || dot.is(b':') => rest,
            _ => break,
        };
    }
    name.or(match &tokens[..at] {
        [.., Token::Name(name), Token::Other(b'=')]
        | [.., Token::Text(name), Token::Other(b']'), Token::Other(b'=')] => Some(name),
        _ => None,
    })
}

/// Tells which tokens of a script run after the last host only.
pub(super) struct AfterHosts<'a> {
    functions: HashSet<&'a str>,
}

impl<'a> AfterHosts<'a> {
    pub(super) fn of(tokens: &[Token<'a>], blocks: &Blocks<'a>) -> AfterHosts<'a> {
        let mut found = AfterHosts { functions: HashSet::from(["postrule"]) };
        let mut candidates: HashSet<&str> =
            blocks.list.iter().filter_map(|block| block.name).collect();
        candidates.remove("postrule");
        loop {
            let mut used = HashSet::new();
            let mut used_before = HashSet::new();
            for (at, token) in tokens.iter().enumerate() {
                let Token::Name(name) = token else { continue };
                if !candidates.contains(name) || is_definition(tokens, at) {
                    continue;
                }
                used.insert(*name);
                let is_given = at >= 2 && tokens[at - 1].is(b'=') && is_rule(tokens[at - 2]);
                if !is_given && !found.has(tokens, blocks, at) {
                    used_before.insert(*name);
                }
            }
            let new: Vec<&str> = used.difference(&used_before).copied().collect();
            if new.is_empty() {
                return found;
            }
            for name in new {
                candidates.remove(name);
                found.functions.insert(name);
            }
        }
    }

    pub(super) fn has(&self, tokens: &[Token<'a>], blocks: &Blocks<'a>, at: usize) -> bool {
        blocks.around(at).any(|block| match block.kind {
            Kind::Function => block.name.is_some_and(|name| self.functions.contains(name)),
            Kind::Branch => is_asked_for(&tokens[block.start + 1..]),
            _ => false,
        })
    }
}

fn is_rule(token: Token<'_>) -> bool {
    matches!(token, Token::Name("postrule") | Token::Text("postrule"))
}

/// `SCRIPT_TYPE == "postrule" then`
fn is_asked_for(condition: &[Token<'_>]) -> bool {
    let bare = match condition {
        [open, rest @ ..] if open.is(b'(') => rest,
        all => all,
    };
    matches!(bare, [Token::Name("SCRIPT_TYPE"), a, b, Token::Text("postrule"), next, ..]
        if a.is(b'=') && b.is(b'=') && (next.is_name("then") || next.is(b')')))
}

pub(super) fn is_definition(tokens: &[Token<'_>], at: usize) -> bool {
    let mut first = at;
    while first >= 2 && follows_dot(tokens, first) {
        first -= 2;
    }
    let is_called_so = first > 0 && tokens[first - 1].is_name("function");
    let next = tokens.get(at + 1..at + 3);
    let is_given = matches!(next, Some([equals, Token::Name("function")]) if equals.is(b'='));
    is_called_so || is_given
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    fn marked_after_hosts(source: &str) -> Vec<bool> {
        let tokens = tokens(source.as_bytes());
        let blocks = Blocks::of(&tokens);
        let after = AfterHosts::of(&tokens, &blocks);
        let marks = tokens.iter().enumerate().filter(|(_, t)| t.is_name("mark"));
        marks.map(|(at, _)| after.has(&tokens, &blocks, at)).collect()
    }

    #[test]
    fn what_runs_after_the_last_host() {
        let check = |source: &str, want: &[bool]| {
            assert_eq!(marked_after_hosts(source), want, "for {source}");
        };
        check("postrule = function() mark() end action = function() mark() end", &[true, false]);
        check(
            "function action() if SCRIPT_TYPE == 'postrule' then mark() else mark() end end",
            &[true, false],
        );
        check(
            "local function deep() mark() end local post = function() deep() end Actions = {hostrule = other, postrule = post}",
            &[true],
        );
        check(
            "local function deep() mark() end local post = function() deep() end deep() Actions = {postrule = post}",
            &[false],
        );
        check("local function unused() mark() end", &[false]);
        check("end end until function if else elseif mark", &[false]);
    }

    #[test]
    fn functions_and_their_names() {
        let source = "function a.b:c() x() end local d = function() x() end t = {['e'] = function() x() end}";
        let tokens = tokens(source.as_bytes());
        let blocks = Blocks::of(&tokens);
        let names: Vec<_> = tokens
            .iter()
            .enumerate()
            .filter(|(_, t)| t.is_name("x"))
            .filter_map(|(at, _)| blocks.functions(at).next()?.name)
            .collect();
        assert_eq!(names, ["c", "d", "e"]);
    }
}
