//! `--script-args`: the little language of names, values and tables.
//!
//! ```text
//! table = "{" [field { (newline | ",") field }] "}"      field = string "=" value | value
//! value = table | string                                 string = quoted or bare
//! ```
//! Bare strings run up to a newline or one of `, { } =`, lose the blanks around them, and may be
//! empty. Everything is a string.

/// A table of script arguments. Later keys replace earlier ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArgTable {
    /// Values without a key, in order.
    pub array: Vec<ArgValue>,
    /// Values with a key.
    pub map: Vec<(Vec<u8>, ArgValue)>,
}

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArgValue {
    /// A string.
    Text(Vec<u8>),
    /// A table.
    Table(ArgTable),
}

/// What a text of arguments says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The arguments.
    pub table: ArgTable,
    /// A brace too many ends the arguments, as in Nmap, and this stands after it.
    pub unread: Vec<u8>,
}

/// The text is not of the language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("script arguments did not parse: unexpected {found} after '{before}'")]
pub struct ArgsError {
    /// What stands there.
    pub found: String,
    /// The last few characters before it.
    pub before: String,
}

/// Parses the text of `--script-args-file` (if there is one) followed by that of `--script-args`.
/// With a file, a command line that says nothing still adds an empty string, as in Nmap.
///
/// # Errors
/// [`ArgsError`] says where the text stops making sense.
pub fn parse(file: Option<&[u8]>, command_line: Option<&[u8]>) -> Result<Parsed, ArgsError> {
    let mut text = b"{".to_vec();
    match (file, command_line) {
        (None, None | Some([])) => return Ok(Parsed::default()),
        (file, command_line) => {
            if let Some(file) = file {
                let end = file.iter().rposition(|b| *b != b',').map_or(0, |i| i + 1);
                text.extend_from_slice(&file[..end]);
                text.push(b',');
            }
            text.extend_from_slice(command_line.unwrap_or_default());
        }
    }
    text.push(b'}');
    let mut parser = Parser { text: &text, at: 0, depth: 0 };
    match parser.table() {
        Some(table) => {
            // Without the brace that was added above.
            let unread = text[parser.at..].strip_suffix(b"}").unwrap_or_default().to_vec();
            Ok(Parsed { table, unread })
        }
        None => Err(parser.error()),
    }
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

/// Deeper tables are refused, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 100;

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.peek() == Some(byte);
        self.at += usize::from(there);
        there
    }

    /// White space within a line.
    fn blanks(&mut self) {
        while self.peek().is_some_and(|b| is_space(b) && b != b'\n') {
            self.at += 1;
        }
    }

    fn table(&mut self) -> Option<ArgTable> {
        if self.depth == MAX_DEPTH || !self.eat(b'{') {
            return None;
        }
        self.depth += 1;
        let mut table = ArgTable::default();
        loop {
            self.field(&mut table)?;
            self.blanks();
            if self.eat(b'}') {
                break;
            }
            if !self.eat(b',') && !self.eat(b'\n') {
                return None;
            }
        }
        self.depth -= 1;
        Some(table)
    }

    fn field(&mut self, table: &mut ArgTable) -> Option<()> {
        // Before a field even newlines separate nothing, so empty lines add nothing.
        while self.peek().is_some_and(is_space) {
            self.at += 1;
        }
        if self.peek() == Some(b'{') {
            table.array.push(ArgValue::Table(self.table()?));
            return Some(());
        }
        let key = self.string();
        self.blanks();
        if !self.eat(b'=') {
            table.array.push(ArgValue::Text(key));
            return Some(());
        }
        self.blanks();
        let value = match self.peek() {
            Some(b'{') => ArgValue::Table(self.table()?),
            _ => ArgValue::Text(self.string()),
        };
        table.map.retain(|(k, _)| *k != key);
        table.map.push((key, value));
        Some(())
    }

    fn string(&mut self) -> Vec<u8> {
        if let Some(quote @ (b'"' | b'\'')) = self.peek()
            && let Some((text, end)) = self.quoted(quote)
        {
            self.at = end;
            return text;
        }
        let rest = &self.text[self.at..];
        let end = rest
            .iter()
            .position(|b| matches!(b, b'\n' | b',' | b'{' | b'}' | b'='))
            .unwrap_or(rest.len());
        self.at += end;
        let bare = &rest[..end];
        let start = bare.iter().position(|b| !is_space(*b)).unwrap_or(end);
        let stop = bare.iter().rposition(|b| !is_space(*b)).map_or(start, |last| last + 1);
        bare[start..stop].to_vec()
    }

    /// A quoted string and where it ends; a backslash escapes the quote and itself only.
    fn quoted(&self, quote: u8) -> Option<(Vec<u8>, usize)> {
        let mut text = Vec::new();
        let mut at = self.at + 1;
        loop {
            match (*self.text.get(at)?, self.text.get(at + 1)) {
                (b'\\', Some(next)) if *next == quote || *next == b'\\' => {
                    text.push(*next);
                    at += 2;
                }
                (byte, _) if byte == quote => return Some((text, at + 1)),
                (byte, _) => {
                    text.push(byte);
                    at += 1;
                }
            }
        }
    }

    fn error(&self) -> ArgsError {
        let end = self.text.len() - 1;
        let found = match self.text.get(self.at) {
            Some(byte) if self.at < end => format!("'{}'", byte.escape_ascii()),
            _ => "end".to_owned(),
        };
        let start = self.at.saturating_sub(20).max(1);
        let before = &self.text[start.min(self.at)..self.at.min(end)];
        ArgsError { found, before: String::from_utf8_lossy(before).into_owned() }
    }
}

/// White space as C's `isspace` has it: the vertical tab too.
fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn show(table: &ArgTable) -> String {
        let value = |v: &ArgValue| match v {
            ArgValue::Text(t) => format!("{:?}", String::from_utf8_lossy(t)),
            ArgValue::Table(t) => show(t),
        };
        let mut parts: Vec<String> = table.array.iter().map(value).collect();
        parts.extend(
            table.map.iter().map(|(k, v)| format!("{}={}", String::from_utf8_lossy(k), value(v))),
        );
        format!("{{{}}}", parts.join(" "))
    }

    fn check(text: &str, expected: &str) {
        let got = match parse(None, Some(text.as_bytes())) {
            Ok(parsed) if parsed.unread.is_empty() => show(&parsed.table),
            Ok(Parsed { table, unread }) => {
                format!("{} unread {}", show(&table), String::from_utf8_lossy(&unread))
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected, "for {text:?}");
    }

    #[test]
    fn the_language() {
        check("a=1", r#"{a="1"}"#);
        check("a", r#"{"a"}"#);
        check("a=1,a=2", r#"{a="2"}"#);
        check("a={1,2,{x=3}}", r#"{a={"1" "2" {x="3"}}}"#);
        check("a={}", r#"{a={""}}"#);
        check("a=", r#"{a=""}"#);
        check("a=\"\"", r#"{a=""}"#);
        check("=b", r#"{="b"}"#);
        check("a b=c d", r#"{a b="c d"}"#);
        check("a=b,", r#"{"" a="b"}"#);
        check(",a=b", r#"{"" a="b"}"#);
        check("a=b,,c", r#"{"" "c" a="b"}"#);
        check("a\nb", r#"{"a" "b"}"#);
        check(r#"a="b, c = d""#, r#"{a="b, c = d"}"#);
        check(r#"a="x\"y\\z\n""#, r#"{a="x\"y\\z\\n"}"#);
        check("a='it is'", r#"{a="it is"}"#);
        check("", "{}");
        check(" ", r#"{""}"#);
        check(",,", r#"{"" "" ""}"#);
        check(" a\t= b ", r#"{a="b"}"#);
        check("a= b c ,d", r#"{"d" a="b c"}"#);
        check("\"a\" = 'b' ,c", r#"{"c" a="b"}"#);
        check("\"\"={a}", r#"{={"a"}}"#);
        check("a={ b = { c = d } } , e", r#"{"e" a={b={c="d"}}}"#);
        check("a={x=1},a={y=2}", r#"{a={y="2"}}"#);
        check("{x},{y}", r#"{{"x"} {"y"}}"#);
        check("{ }", r#"{{""}}"#);
        check("a=\u{b}\u{c}b\u{b}", r#"{a="b"}"#);
    }

    #[test]
    fn newlines_separate_but_empty_lines_do_not() {
        check("a\r\nb", r#"{"a" "b"}"#);
        check("a\n\n \nb", r#"{"a" "b"}"#);
        check("a=1,\nb=2", r#"{a="1" b="2"}"#);
        check("a\n,b", r#"{"a" "" "b"}"#);
        check("a,\n\n,b", r#"{"a" "" "b"}"#);
        check("\n", r#"{""}"#);
        check("\"a\"\n", r#"{"a" ""}"#);
        check("a={\nb\n}", r#"{a={"b" ""}}"#);
        check("a={\n\n}", r#"{a={""}}"#);
        check("a={1} \n", r#"{"" a={"1"}}"#);
        // A value stands on the line of its key.
        check("a=\n\"b\"", r#"{"b" a=""}"#);
        check("a\n=b", r#"{"a" ="b"}"#);
    }

    #[test]
    fn quotes() {
        check(r#""a,b={}""#, r#"{"a,b={}"}"#);
        check(r#""a\'b""#, r#"{"a\\'b"}"#);
        check(r#"'a\'b\"c'"#, r#"{"a'b\\\"c"}"#);
        check("a='x\ny'", r#"{a="x\ny"}"#);
        // A quote that nothing closes, or that is not the first character, is a character.
        check(r#""a"#, r#"{"\"a"}"#);
        check("a='b,c", r#"{"c" a="'b"}"#);
        check(r#"a"b""#, r#"{"a\"b\""}"#);
        check(r#"a="b\",c"#, r#"{"c" a="\"b\\\""}"#);
        check(r#""x\\",y"#, r#"{"x\\" "y"}"#);
    }

    #[test]
    fn where_it_stops_making_sense() {
        check("a==b", "script arguments did not parse: unexpected '=' after 'a='");
        check("a={b}c", "script arguments did not parse: unexpected 'c' after 'a={b}'");
        check("a{b}", "script arguments did not parse: unexpected '{' after 'a'");
        check("{a}=b", "script arguments did not parse: unexpected '=' after '{a}'");
        check("a='x''y'", "script arguments did not parse: unexpected '\\'' after 'a='x''");
        check("{", "script arguments did not parse: unexpected end after '{'");
        check("a=b=c", "script arguments did not parse: unexpected '=' after 'a=b'");
        check("a={b", "script arguments did not parse: unexpected end after 'a={b'");
        check("a=\"x\"y", "script arguments did not parse: unexpected 'y' after 'a=\"x\"'");
    }

    #[test]
    fn a_brace_too_many_ends_the_arguments() {
        check("}", r#"{""}"#);
        check("a}", r#"{"a"}"#);
        check("a,b}c", r#"{"a" "b"} unread c"#);
        check("a={b}} ,c=d}", r#"{a={"b"}} unread  ,c=d}"#);
        check("a}{", r#"{"a"} unread {"#);
    }

    #[test]
    fn file_and_command_line() {
        let parse = |f: Option<&str>, c: Option<&str>| {
            show(&parse(f.map(str::as_bytes), c.map(str::as_bytes)).expect("parses").table)
        };
        assert_eq!(parse(Some("a=1\nb=2"), Some("a=3")), r#"{b="2" a="3"}"#);
        assert_eq!(parse(Some("a=1,,"), None), r#"{"" a="1"}"#);
        assert_eq!(parse(Some("a=1\n"), None), r#"{"" "" a="1"}"#);
        assert_eq!(parse(Some("a={1"), Some("2}")), r#"{a={"1" "2"}}"#);
        assert_eq!(parse(Some("a=1,,\n"), None), r#"{"" "" "" a="1"}"#);
        assert_eq!(parse(Some("a , "), Some("x")), r#"{"a" "" "x"}"#);
        assert_eq!(parse(Some(""), Some("a")), r#"{"" "a"}"#);
        assert_eq!(parse(None, None), "{}");
    }

    /// Tables that text can express: it has no empty table, and no key twice.
    fn tables() -> impl Strategy<Value = ArgTable> {
        let text = || proptest::collection::vec(any::<u8>(), 0..6);
        let of = move |value: BoxedStrategy<ArgValue>| {
            let array = proptest::collection::vec(value.clone(), 1..4);
            let map = proptest::collection::btree_map(text(), value, 0..4);
            (array, map).prop_map(|(array, map)| ArgTable { array, map: map.into_iter().collect() })
        };
        let leaf = text().prop_map(ArgValue::Text).boxed();
        let nested =
            leaf.prop_recursive(3, 16, 4, move |inner| of(inner.boxed()).prop_map(ArgValue::Table));
        of(nested.boxed())
    }

    fn fields(table: &ArgTable) -> Vec<u8> {
        let keyed = table.map.iter().map(|(k, v)| [quoted(k), written(v)].join(&b'='));
        table.array.iter().map(written).chain(keyed).collect::<Vec<_>>().join(&b',')
    }

    fn written(value: &ArgValue) -> Vec<u8> {
        match value {
            ArgValue::Text(text) => quoted(text),
            ArgValue::Table(table) => [b"{".as_slice(), &fields(table), b"}"].concat(),
        }
    }

    fn quoted(text: &[u8]) -> Vec<u8> {
        let mut out = b"'".to_vec();
        for byte in text {
            if matches!(byte, b'\'' | b'\\') {
                out.push(b'\\');
            }
            out.push(*byte);
        }
        out.push(b'\'');
        out
    }

    proptest! {
        #[test]
        fn never_panics(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = parse(None, Some(&text));
        }

        #[test]
        fn tables_come_back(table in tables()) {
            let text: Vec<u8> = fields(&table);
            prop_assert_eq!(parse(None, Some(&text)), Ok(Parsed { table, unread: Vec::new() }));
        }

        #[test]
        fn quoted_text_comes_back(text in "[^\u{0}]{0,20}") {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
            let parsed = parse(None, Some(format!("k=\"{quoted}\"").as_bytes())).expect("parses");
            prop_assert_eq!(&parsed.table.map[0].1, &ArgValue::Text(text.into_bytes()));
        }
    }
}
