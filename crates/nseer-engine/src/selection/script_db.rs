//! `script.db`: which scripts there are and the categories of each.
//!
//! The file is a sequence of `Entry { filename = "x.nse", categories = { "a", "b", } }`. To Nmap it
//! is a Lua program; here this one form is read, spaced and ordered as one likes, and without Lua:
//! every start of a scan with `-sC` waits for it.

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
        while scanner.eat(b';').is_some() {}
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
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '"' => out.extend(['\\', character]),
            c if c.is_ascii_control() => out.push_str(&format!("\\{:03}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    /// White space and comments.
    fn blanks(&mut self) {
        loop {
            let rest = &self.text[self.at..];
            self.at += match rest {
                [b, ..] if b.is_ascii_whitespace() => 1,
                [b'-', b'-', b'[', b'[', ..] => {
                    rest.windows(2).position(|w| w == b"]]").map_or(rest.len(), |end| end + 2)
                }
                [b'-', b'-', ..] => rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len()),
                _ => return,
            };
        }
    }

    fn eat(&mut self, byte: u8) -> Option<()> {
        self.blanks();
        let there = self.text.get(self.at) == Some(&byte);
        there.then(|| self.at += 1)
    }

    fn word(&mut self) -> &[u8] {
        self.blanks();
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn entry(&mut self) -> Option<Entry> {
        let (mut file_name, mut categories) = (None, None);
        (self.word() == b"Entry").then_some(())?;
        self.table(|scanner| {
            let is_name = match scanner.word() {
                b"filename" => true,
                b"categories" => false,
                _ => return None,
            };
            scanner.eat(b'=')?;
            if is_name {
                file_name = Some(scanner.string()?);
            } else {
                let mut list = Vec::new();
                scanner.table(|scanner| {
                    list.push(scanner.string()?);
                    Some(())
                })?;
                categories = Some(list);
            }
            Some(())
        })?;
        Some(Entry { file_name: file_name?, categories: categories? })
    }

    fn table(&mut self, mut field: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.eat(b'{')?;
        while self.eat(b'}').is_none() {
            field(self)?;
            if self.eat(b',').or_else(|| self.eat(b';')).is_none() {
                return self.eat(b'}');
            }
        }
        Some(())
    }

    fn string(&mut self) -> Option<String> {
        self.blanks();
        let quote = *self.text.get(self.at).filter(|b| matches!(b, b'"' | b'\''))?;
        let mut bytes = Vec::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let special = |b: &u8| *b == quote || matches!(b, b'\\' | b'\n' | b'\r');
            let plain = rest.iter().position(special)?;
            bytes.extend_from_slice(&rest[..plain]);
            self.at += plain + 1;
            if rest[plain] == quote {
                break;
            }
            if rest[plain] != b'\\' {
                return None;
            }
            let (byte, length) = escape(&rest[plain + 1..])?;
            bytes.push(byte);
            self.at += length;
        }
        String::from_utf8(bytes).ok()
    }
}

/// What an escape means and how long it is; `text` begins behind the backslash.
fn escape(text: &[u8]) -> Option<(u8, usize)> {
    match *text.first()? {
        b'n' => Some((b'\n', 1)),
        b't' => Some((b'\t', 1)),
        byte @ (b'\\' | b'"' | b'\'') => Some((byte, 1)),
        _ => {
            let digits = text.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
            let number = std::str::from_utf8(&text[..digits]).ok()?;
            Some((number.parse().ok()?, digits))
        }
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
        let text = b"--[[ long\n comment ]] Entry { categories = {'a';\"b\"}, -- why not\n\
            filename = 'a\\97\\'.nse'; };";
        assert_eq!(parse_db(text, "db"), Ok(vec![entry("aa'.nse", &["a", "b"])]));
    }

    #[test]
    fn refuses_what_is_not_an_entry() {
        for text in [
            "Entry { filename = \"a.nse\" }",
            "Entry { categories = { } }",
            "Entry { filename = 5, categories = { } }",
            "Entry { filename = \"a.nse\", categories = \"safe\" }",
            "Entry { filename = \"a.nse\", categories = { 5 } }",
            "Entry { filename = \"a.nse\", categories = { \"x\" \"y\" } }",
            "Entry { filename = \"a.nse\", categories = { }",
            "Entry { filename = \"a.nse, categories = { } }",
            "Entry { filename = \"\\999\", categories = { } }",
            "Entries { filename = \"a.nse\", categories = { } }",
            "\u{0}\u{1}",
        ] {
            assert!(parse_db(text.as_bytes(), "db").is_err(), "for {text}");
        }
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
        fn never_panics_near_an_entry(text in r#"(Entry|\{|\}|filename|categories|=|,|"a|"|\\|9| ){0,30}"#) {
            let _ = parse_db(text.as_bytes(), "db");
        }

        #[test]
        fn what_was_written_is_read(names in proptest::collection::btree_set(".{1,12}", 0..5)) {
            let entries: Vec<Entry> = names.iter().map(|n| entry(n, &["safe"])).collect();
            prop_assert_eq!(parse_db(write_db(&entries).as_bytes(), "db"), Ok(entries));
        }
    }
}
