//! What scripts and libraries do with `nmap.registry`, told from their text: which keys they touch,
//! and how.
//!
//! Where the text does not tell, the answer is on the safe side.

mod accesses;
mod blocks;
mod classes;
mod paths;
mod tokens;

use std::collections::HashSet;

pub(crate) use accesses::Act;
pub(crate) use classes::{Class, Use, classes};

use accesses::Place;
use blocks::{AfterHosts, Blocks};
use paths::Part;
use tokens::{Token, tokens};

/// One key of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Key {
    Literal(String),
    /// The ID of the script that asks.
    Own,
    /// Something of the host that the script runs on.
    Host,
    /// Which one shows only at run time.
    Unknown,
}

/// One use of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Access {
    /// The keys, from the registry inward; empty for the registry itself.
    pub(crate) path: Vec<Key>,
    pub(crate) act: Act,
    /// The functions that must run for it and that the file does not name again.
    pub(crate) functions: Vec<String>,
    /// It is not done before the last host is done.
    pub(crate) after_hosts: bool,
}

/// What a file does with the registry, and what it needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileUse {
    pub(crate) accesses: Vec<Access>,
    /// The modules that it requires by a literal name.
    pub(crate) requires: Vec<String>,
}

/// Looks through Lua source text.
pub(crate) fn file_use(source: &[u8]) -> FileUse {
    let tokens = tokens(source);
    let mut requires: Vec<String> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if let Token::Name("require" | "silent_require") = token
            && let Some((name, _)) = required(&tokens[i + 1..])
            && !requires.iter().any(|known| known == name)
        {
            requires.push(name.to_owned());
        }
    }
    if memchr::memmem::find(source, b"registry").is_none() && !names_module_alone(&tokens) {
        return FileUse { accesses: Vec::new(), requires };
    }
    let blocks = Blocks::of(&tokens);
    let places = accesses::find(&tokens, &blocks);
    if places.is_empty() {
        return FileUse { accesses: Vec::new(), requires };
    }
    let after = AfterHosts::of(&tokens, &blocks);
    let once = named_once(&tokens, &blocks);
    let accesses = places.into_iter().map(|place| Access {
        functions: blocks
            .functions(place.at)
            .filter_map(|function| function.name)
            .filter(|name| once.contains(name))
            .map(str::to_owned)
            .collect(),
        after_hosts: after.has(&tokens, &blocks, place.at),
        path: keys(&place),
        act: place.act,
    });
    FileUse { accesses: accesses.collect(), requires }
}

fn keys(place: &Place<'_>) -> Vec<Key> {
    let key = |part: &Part<'_>| match part {
        Part::Literal(text) => Key::Literal((*text).to_owned()),
        Part::Own => Key::Own,
        Part::Host => Key::Host,
        Part::Dynamic(_) => Key::Unknown,
    };
    place.path.iter().map(key).collect()
}

/// True where `nmap` is used as a value, so that its registry may be reached by another name.
fn names_module_alone(tokens: &[Token<'_>]) -> bool {
    tokens.iter().enumerate().any(|(at, token)| match token {
        Token::Name("nmap") | Token::Text("nmap") => {
            let next = tokens.get(at + 1);
            !next.is_some_and(|next| next.is(b'.') || next.is(b':'))
        }
        _ => false,
    })
}

/// The functions whose names stand nowhere but where they are made.
fn named_once<'a>(tokens: &[Token<'a>], blocks: &Blocks<'a>) -> HashSet<&'a str> {
    let mut once: HashSet<&str> = blocks.list.iter().filter_map(|block| block.name).collect();
    let uses = tokens.iter().enumerate().filter(|(at, _)| !blocks::is_definition(tokens, *at));
    for (_, token) in uses {
        if let Token::Name(name) | Token::Text(name) = token {
            once.remove(name);
        }
    }
    once
}

/// True where a text names something as a word of its own that is neither comment nor part of
/// another name.
pub(crate) fn names(source: &[u8], word: &str) -> bool {
    let says = |token: &Token<'_>| matches!(token, Token::Name(found) | Token::Text(found) if *found == word);
    memchr::memmem::find(source, word.as_bytes()).is_some() && tokens(source).iter().any(says)
}

/// The module that a `require` loads, and what follows the call; `after` begins behind the word.
fn required<'t, 's>(after: &'t [Token<'s>]) -> Option<(&'s str, &'t [Token<'s>])> {
    match after {
        [Token::Other(b'('), Token::Text(name), Token::Other(b')'), rest @ ..] => {
            Some((*name, rest))
        }
        // `pcall(require, "name")`
        [Token::Other(b','), Token::Text(name), rest @ ..] => Some((*name, rest)),
        [Token::Text(name), rest @ ..] => Some((*name, rest)),
        _ => None,
    }
}

/// The name that `name = require` or `name = stdnse.silent_require` gives.
fn given_name<'a>(before: &[Token<'a>]) -> Option<&'a str> {
    match before {
        [.., Token::Name(name), Token::Other(b'=')]
        | [.., Token::Name(name), Token::Other(b'='), Token::Name("stdnse"), Token::Other(b'.')] => {
            Some(*name)
        }
        _ => None,
    }
}

/// True where the result of a `require` goes nowhere.
fn stands_alone(before: &[Token<'_>]) -> bool {
    !matches!(before, [.., Token::Other(b'=' | b'.' | b'(' | b',')] | [.., Token::Name("return")])
}

#[cfg(test)]
mod tests;
