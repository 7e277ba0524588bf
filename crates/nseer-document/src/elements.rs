//! Walks elements and their children, and notes what is passed over.

use std::collections::BTreeSet;
use std::io::{self, BufRead};

use crate::markup::{Markup, Piece, Tag};

/// Why a document cannot be read on.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The bytes could not be had.
    Io(io::Error),
    /// It is no XML from here on.
    Broken(String),
    /// It ends inside an element.
    Ended,
}

impl From<quick_xml::Error> for Trouble {
    fn from(error: quick_xml::Error) -> Self {
        match error {
            quick_xml::Error::Io(error) => Trouble::Io(io::Error::new(error.kind(), error)),
            other => Trouble::Broken(other.to_string()),
        }
    }
}

/// Something inside an element.
#[derive(Debug)]
pub(crate) enum Child {
    Element(Tag),
    Instruction(Tag),
    Text(String),
}

/// The elements of a document.
pub(crate) struct Elements<R> {
    markup: Markup<R>,
    left_out: BTreeSet<&'static str>,
}

impl<R: BufRead> Elements<R> {
    pub(crate) fn new(input: R) -> Self {
        Elements { markup: Markup::new(input), left_out: BTreeSet::new() }
    }

    /// What the document has and events cannot tell.
    pub(crate) fn left_out(&self) -> &BTreeSet<&'static str> {
        &self.left_out
    }

    pub(crate) fn leave_out(&mut self, what: &'static str) {
        self.left_out.insert(what);
    }

    /// What comes first in a document: instructions, then the outermost element. `None` where there
    /// is no element.
    pub(crate) fn outermost(&mut self) -> Result<Option<Child>, Trouble> {
        loop {
            match self.markup.next()? {
                Piece::Open(tag) => return Ok(Some(Child::Element(tag))),
                Piece::Instruction(tag) => return Ok(Some(Child::Instruction(tag))),
                Piece::Text(text) if text.trim().is_empty() => {}
                Piece::Text(_) => return Err(Trouble::Broken("text before any element".into())),
                Piece::Close | Piece::End => return Ok(None),
            }
        }
    }

    /// The next child of the element whose tag was the last that was opened; `None` at its end.
    pub(crate) fn child(&mut self, of: &Tag) -> Result<Option<Child>, Trouble> {
        if of.is_empty {
            return Ok(None);
        }
        match self.markup.next()? {
            Piece::Open(tag) => Ok(Some(Child::Element(tag))),
            Piece::Instruction(tag) => Ok(Some(Child::Instruction(tag))),
            Piece::Text(text) => Ok(Some(Child::Text(text))),
            Piece::Close => Ok(None),
            Piece::End => Err(Trouble::Ended),
        }
    }

    /// The next element inside; text and instructions are passed over.
    pub(crate) fn element(&mut self, of: &Tag) -> Result<Option<Tag>, Trouble> {
        loop {
            match self.child(of)? {
                Some(Child::Element(tag)) => return Ok(Some(tag)),
                Some(Child::Instruction(_) | Child::Text(_)) => {}
                None => return Ok(None),
            }
        }
    }

    /// Passes over the rest of an element.
    pub(crate) fn skip(&mut self, tag: &Tag) -> Result<(), Trouble> {
        let mut depth = usize::from(!tag.is_empty);
        while depth > 0 {
            match self.markup.next()? {
                Piece::Open(tag) if !tag.is_empty => depth += 1,
                Piece::Close => depth -= 1,
                Piece::End => return Err(Trouble::Ended),
                Piece::Open(_) | Piece::Text(_) | Piece::Instruction(_) => {}
            }
        }
        Ok(())
    }

    /// The text inside an element; elements inside it are passed over.
    pub(crate) fn text(&mut self, of: &Tag) -> Result<String, Trouble> {
        let mut text = String::new();
        while let Some(child) = self.child(of)? {
            match child {
                Child::Text(more) => text.push_str(&more),
                Child::Element(tag) => self.skip(&tag)?,
                Child::Instruction(_) => {}
            }
        }
        Ok(text)
    }
}
