//! Definition files of native modules: Lua without code, with annotations as language servers read them
//! (`---@param name type text`, `---@class`, `---@field`, `---@return`, `---@meta`).

use crate::comment::{Comment, Named};
use crate::library::{Function, Library, Table};
use crate::outline::{Declaration, Value, outline};

impl Library {
    /// Reads the definition file of a native module. Types are shown as code before what is said.
    #[must_use]
    pub fn read_definitions(name: &str, source: &[u8]) -> Library {
        let outline = outline(&String::from_utf8_lossy(source));
        let mut library = Library { name: name.to_owned(), ..Library::default() };
        for documented in &outline.documented {
            library.define(&documented.comment, documented.above.as_ref());
        }
        library
    }

    fn define(&mut self, comment: &Comment, above: Option<&Declaration>) {
        let class = comment.tag_text("class").and_then(|text| text.split([' ', ':']).next());
        if let Some(text) = comment.tag_text("meta") {
            text.clone_into(&mut self.description);
        } else if class == Some(&self.name) {
            self.description = format!("{}\n\n{}", self.description, comment.text);
        } else if let Some(Declaration { name, value: Value::Function(signature), line, .. }) =
            above
        {
            self.functions.push(Function {
                name: name.clone(),
                signature: signature.clone(),
                description: comment.text.clone(),
                params: comment.named(&["param"]).into_iter().map(typed).collect(),
                returns: comment.texts("return").map(returned).collect(),
                line: *line,
                ..Function::default()
            });
        } else if let Some(name) = class.or(above.map(|above| above.name.as_str())) {
            self.tables.push(Table {
                name: name.to_owned(),
                description: comment.text.clone(),
                fields: comment.named(&["field"]).into_iter().map(typed).collect(),
                line: comment.line,
            });
        }
    }
}

/// A parameter or field whose text begins with its type.
fn typed(named: Named) -> Named {
    let (kind, rest) = split_type(&named.text);
    let (name, optional) = match named.name.strip_suffix('?') {
        Some(name) => (name.to_owned(), ", optional"),
        None => (named.name.clone(), ""),
    };
    let colon = if rest.is_empty() { "" } else { ": " };
    Named { name, text: format!("{}{optional}{colon}{rest}", code(kind)) }
}

/// A result: its type, its name, what is said.
fn returned(text: &str) -> String {
    let (kind, rest) = split_type(text);
    match rest.split_once(char::is_whitespace) {
        None if rest.is_empty() => code(kind),
        None => format!("{} <em>{rest}</em>", code(kind)),
        Some((name, said)) => format!("{} <em>{name}</em>: {}", code(kind), said.trim_start()),
    }
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("<code>{text}</code>") }
}

/// A type, and what follows it. Blanks within brackets, and after a comma or colon, are part of it.
fn split_type(text: &str) -> (&str, &str) {
    let text = text.trim();
    let (mut depth, mut last) = (0_usize, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' | '<' => depth += 1,
            ')' | ']' | '}' | '>' => depth = depth.saturating_sub(1),
            c if c.is_whitespace() && depth == 0 && !matches!(last, ',' | ':' | '|') => {
                let (kind, rest) = text.split_at(at);
                return (kind, rest.trim_start());
            }
            _ => {}
        }
        last = c;
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SOURCE: &[u8] = br#"---@meta
-- The native module own: things.

---More of it.
---@class own
own = {}

---A record.
---@class nse.Record: nse.Base
---@field id integer Its number.
---@field more? table<string, fun(x: any): string> What else.
local Record = {}

---Asks.
---@async
---@param host nse.Host|string
---@param how? "a"|"b" In which way.
---@return boolean? status
---@return string data The data.
---@return table
function Record:ask(host, how, ...) end

---@return integer
function own.count() end
return own
"#;

    #[test]
    fn annotations_are_read() {
        let library = Library::read_definitions("own", SOURCE);
        assert_eq!(library.description, "The native module own: things.\n\nMore of it.");
        let [record] = library.tables.as_slice() else { panic!("{library:#?}") };
        assert_eq!(record.name, "nse.Record");
        let fields: Vec<_> =
            record.fields.iter().map(|f| (f.name.as_str(), f.text.as_str())).collect();
        let more = "<code>table<string, fun(x: any): string></code>, optional: What else.";
        assert_eq!(fields, [("id", "<code>integer</code>: Its number."), ("more", more)]);
        let [ask, count] = library.functions.as_slice() else { panic!("{library:#?}") };
        assert_eq!((ask.call().as_str(), ask.line), ("Record:ask(host, how, ...)", 21));
        assert_eq!(ask.params[1].text, "<code>\"a\"|\"b\"</code>, optional: In which way.");
        let returns = [
            "<code>boolean?</code> <em>status</em>",
            "<code>string</code> <em>data</em>: The data.",
            "<code>table</code>",
        ];
        assert_eq!(ask.returns, returns);
        assert_eq!(count.call(), "own.count()");
    }

    proptest! {
        #[test]
        fn pieces_are_read(from in 0..SOURCE.len(), byte in any::<u8>()) {
            let piece = [&SOURCE[from..], &[byte], &SOURCE[..from]].concat();
            let library = Library::read_definitions("own", &piece);
            prop_assert!(library.functions.iter().all(|f| !f.name.is_empty()));
        }
    }
}
