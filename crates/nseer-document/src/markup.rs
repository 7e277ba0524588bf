//! XML as a stream of owned pieces, without what a document of this kind never needs.

use std::io::BufRead;

use quick_xml::Reader;
use quick_xml::events::Event;
use quick_xml::events::attributes::Attributes;

/// A piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// An element begins.
    Open(Tag),
    /// An element ends.
    Close,
    /// Character data, references replaced.
    Text(String),
    /// A processing instruction, its content read as attributes.
    Instruction(Tag),
    /// There is no more.
    End,
}

/// A start tag or a processing instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// No end tag follows.
    pub(crate) is_empty: bool,
}

impl Tag {
    /// The value of an attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The value of an attribute; empty where there is none.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// The value as a number or an address, where it is one.
    pub(crate) fn number<N: std::str::FromStr>(&self, name: &str) -> Option<N> {
        self.get(name)?.parse().ok()
    }
}

/// The stream. Entities that a document declares are not replaced, so nothing in it grows.
pub(crate) struct Markup<R> {
    reader: Reader<R>,
    buffer: Vec<u8>,
}

impl<R: BufRead> Markup<R> {
    pub(crate) fn new(input: R) -> Self {
        Markup { reader: Reader::from_reader(input), buffer: Vec::new() }
    }

    pub(crate) fn next(&mut self) -> Result<Piece, quick_xml::Error> {
        loop {
            self.buffer.clear();
            return Ok(match self.reader.read_event_into(&mut self.buffer)? {
                Event::Start(start) => {
                    Piece::Open(tag(start.name().as_ref(), start.attributes(), false))
                }
                Event::Empty(start) => {
                    Piece::Open(tag(start.name().as_ref(), start.attributes(), true))
                }
                Event::End(_) => Piece::Close,
                Event::Text(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Piece::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => {
                    let replaced = reference.resolve_char_ref().ok().flatten().map(String::from);
                    let name: &str = &reference.xml10_content();
                    let predefined = quick_xml::escape::resolve_predefined_entity(name);
                    let replaced = replaced.or_else(|| predefined.map(str::to_owned));
                    Piece::Text(replaced.unwrap_or_else(|| format!("&{name};")))
                }
                Event::PI(instruction) => {
                    Piece::Instruction(tag(instruction.target(), instruction.attributes(), true))
                }
                Event::Eof => Piece::End,
                Event::Comment(_) | Event::Decl(_) | Event::DocType(_) => continue,
            });
        }
    }
}

/// Attributes that make no sense are left out.
fn tag(name: &str, mut attributes: Attributes<'_>, is_empty: bool) -> Tag {
    let attributes = attributes
        .with_checks(false)
        .filter_map(Result::ok)
        .map(|attribute| {
            let value = quick_xml::escape::unescape(&attribute.value);
            let value = value.map_or_else(|_| attribute.value.to_string(), |v| v.into_owned());
            (attribute.key.as_ref().to_owned(), value)
        })
        .collect();
    Tag { name: name.to_owned(), attributes, is_empty }
}
