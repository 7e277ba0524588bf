//! `script.db`: which scripts there are and the categories of each.
//!
//! The file is a sequence of `Entry { filename = "x.nse", categories = { "a", "b", } }`; its text
//! is read without Lua, since every start of a scan with `-sC` waits for it.

/// One script of the data base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file's base name.
    pub file_name: String,
    /// Its categories.
    pub categories: Vec<String>,
}

/// The text is not that of a data base.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "script database '{path}' appears to be corrupt at line {line} or out of date; please update \
     using: nseer --script-updatedb"
)]
pub struct DbError {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// Reads the text of a data base; `path` is for the message.
///
/// # Errors
/// [`DbError`] where the text is anything but entries and comments.
pub fn parse_db(text: &[u8], path: &str) -> Result<Vec<Entry>, DbError> {
    let mut scanner = Scanner { text, at: 0 };
    let mut entries = Vec::new();
    loop {
        scanner.blanks();
        if scanner.at == text.len() {
            return Ok(entries);
        }
        match scanner.entry() {
            Some(entry) => entries.push(entry),
            None => {
                let line = 1 + text[..scanner.at].iter().filter(|b| **b == b'\n').count();
                return Err(DbError { path: path.to_owned(), line });
            }
        }
    }
}

/// The text for entries, sorted by file name; categories in lower case and sorted.
#[must_use]
pub fn write_db(entries: &[Entry]) -> String {
    let mut entries = entries.to_vec();
    entries.sort_by(|a, b| a.file_name.cmp(&b.file_name));
    let mut text = String::new();
    for entry in entries {
        let mut categories: Vec<String> =
            entry.categories.iter().map(|c| c.to_lowercase()).collect();
        categories.sort();
        let list: String = categories.iter().map(|c| format!("\"{}\", ", escaped(c))).collect();
        text.push_str(&format!(
            "Entry {{ filename = \"{}\", categories = {{ {list}}} }}\n",
            escaped(&entry.file_name)
        ));
    }
    text
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// White space, comments and semicolons.
    fn blanks(&mut self) {
        loop {
            match self.text[self.at..] {
                [b, ..] if b.is_ascii_whitespace() || b == b';' => self.at += 1,
                [b'-', b'-', ..] => {
                    let rest = &self.text[self.at..];
                    self.at += rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    fn eat(&mut self, what: &str) -> Option<()> {
        self.blanks();
        let there = self.text[self.at..].starts_with(what.as_bytes());
        there.then(|| self.at += what.len())
    }

    fn string(&mut self) -> Option<String> {
        self.blanks();
        let quote = *self.text.get(self.at).filter(|b| matches!(b, b'"' | b'\''))?;
        let mut bytes = Vec::new();
        let mut at = self.at + 1;
        loop {
            match *self.text.get(at)? {
                b'\n' => return None,
                b'\\' => {
                    let escape = *self.text.get(at + 1)?;
                    bytes.push(if escape == b'n' { b'\n' } else { escape });
                    at += 2;
                }
                byte if byte == quote => break,
                byte => {
                    bytes.push(byte);
                    at += 1;
                }
            }
        }
        self.at = at + 1;
        String::from_utf8(bytes).ok()
    }

    fn entry(&mut self) -> Option<Entry> {
        self.eat("Entry")?;
        self.eat("{")?;
        self.eat("filename")?;
        self.eat("=")?;
        let file_name = self.string()?;
        self.eat(",")?;
        self.eat("categories")?;
        self.eat("=")?;
        self.eat("{")?;
        let mut categories = Vec::new();
        while self.eat("}").is_none() {
            categories.push(self.string()?);
            if self.eat(",").is_none() {
                self.eat("}")?;
                break;
            }
        }
        let _ = self.eat(",");
        self.eat("}")?;
        Some(Entry { file_name, categories })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(file_name: &str, categories: &[&str]) -> Entry {
        Entry {
            file_name: file_name.to_owned(),
            categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        }
    }

    #[test]
    fn reads_what_lua_would() {
        let text = b"-- comment\nEntry { filename = \"a.nse\", categories = { \"safe\", } }\n\
            Entry{filename='b.nse',categories={'x','y'},};Entry { filename = \"c\", categories = { } }";
        assert_eq!(
            parse_db(text, "db"),
            Ok(vec![entry("a.nse", &["safe"]), entry("b.nse", &["x", "y"]), entry("c", &[])])
        );
        assert_eq!(parse_db(b"", "db"), Ok(vec![]));
    }

    #[test]
    fn names_the_line_of_damage() {
        let text = b"Entry { filename = \"a.nse\", categories = { } }\nEntry { filename = 5 }\n";
        assert_eq!(parse_db(text, "db"), Err(DbError { path: "db".to_owned(), line: 2 }));
    }

    #[test]
    fn writes_the_known_layout() {
        assert_eq!(
            write_db(&[entry("b.nse", &[]), entry("aa.nse", &["safe", "Default"])]),
            "Entry { filename = \"aa.nse\", categories = { \"default\", \"safe\", } }\n\
             Entry { filename = \"b.nse\", categories = { } }\n"
        );
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = parse_db(&text, "db");
        }

        #[test]
        fn what_was_written_is_read(names in proptest::collection::btree_set("[ -~]{1,12}", 0..5)) {
            let entries: Vec<Entry> = names.iter().map(|n| entry(n, &["safe"])).collect();
            prop_assert_eq!(parse_db(write_db(&entries).as_bytes(), "db"), Ok(entries));
        }
    }
}
