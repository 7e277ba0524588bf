//! Templates: `p/nginx/ v/$1/ cpe:/a:igor_sysoev:nginx:$1/`.

use pcre2::bytes::Captures;

use crate::error::LineError;
use crate::escape::unescape;
use crate::fields::{Field, Fields};

/// The prefix of a CPE name.
const CPE: &[u8] = b"cpe:";

/// Cuts templates one after another.
pub(crate) struct Templates<'a> {
    rest: &'a [u8],
}

impl<'a> Templates<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Templates { rest: text }
    }
}

impl<'a> Iterator for Templates<'a> {
    type Item = Result<(Field, &'a [u8]), LineError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.rest = self.rest.trim_ascii_start();
        if self.rest.is_empty() {
            return None;
        }
        let whole = self.rest;
        let template = cut(whole);
        self.rest = template.as_ref().map_or(&[][..], |(_, rest)| rest);
        Some(template.map(|(found, _)| found))
    }
}

type Cut<'a> = ((Field, &'a [u8]), &'a [u8]);

/// The first template of `text`, and what follows it and its flags.
fn cut(text: &[u8]) -> Result<Cut<'_>, LineError> {
    let bad = || LineError::Template(String::from_utf8_lossy(text).into_owned());
    let (field, body) = match text.strip_prefix(CPE) {
        Some(body) => (None, body),
        None => {
            let letter = text.first().and_then(|letter| Field::of_letter(*letter));
            (Some(letter.ok_or_else(bad)?), &text[1..])
        }
    };
    let (delimiter, body) = body.split_first().ok_or_else(bad)?;
    if delimiter.is_ascii_whitespace() {
        return Err(bad());
    }
    let length = memchr::memchr(*delimiter, body).ok_or_else(bad)?;
    let (value, after) = (&body[..length], &body[length + 1..]);
    let flags = after.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let after = &after[flags..];
    if flags > 3 || after.first().is_some_and(|b| !b.is_ascii_whitespace()) {
        return Err(bad());
    }
    let field = match field {
        Some(field) => field,
        None => Field::Cpe(match value.first() {
            Some(b'a') => 0,
            Some(b'h') => 1,
            Some(b'o') => 2,
            _ => return Err(bad()),
        }),
    };
    Ok(((field, value), after))
}

/// Fills the templates of a line. What cannot be filled is left out and told.
pub(crate) fn fill(
    templates: &[u8],
    captures: &Captures<'_>,
    mut complain: impl FnMut(LineError),
) -> Fields {
    let mut fields = Fields::default();
    for template in Templates::new(templates) {
        let (field, text) = match template {
            Ok(found) => found,
            // The line would not have been loaded.
            Err(error) => {
                complain(error);
                break;
            }
        };
        let value = expand(text, captures, matches!(field, Field::Cpe(_)));
        let value = value.filter(|value| value.len() <= field.capacity());
        if value.is_none() {
            complain(LineError::Unfilled(String::from_utf8_lossy(text).into_owned()));
        }
        *field.place(&mut fields) = value.filter(|value| !value.is_empty());
    }
    fields
}

/// The text of a template with its variables replaced; `None` where one has no value.
fn expand(text: &[u8], captures: &Captures<'_>, is_cpe: bool) -> Option<Vec<u8>> {
    let mut out = if is_cpe { b"cpe:/".to_vec() } else { Vec::new() };
    let mut rest = text;
    while let Some(dollar) = memchr::memchr(b'$', rest) {
        out.extend_from_slice(&rest[..dollar]);
        let (value, after) = variable(&rest[dollar + 1..], captures)?;
        if is_cpe {
            cpe_part(&value, &mut out)
        } else {
            out.extend_from_slice(&value)
        }
        rest = after;
    }
    out.extend_from_slice(rest);
    let end = out.iter().rposition(|b| !matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b','));
    out.truncate(end.map_or(0, |end| end + 1));
    Some(out)
}

/// A value inside a CPE name: lower case, `_` for blanks, the rest of its grammar escaped.
fn cpe_part(value: &[u8], out: &mut Vec<u8>) {
    for byte in value {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 11 | 12 => out.push(b'_'),
            byte if b":/?#[]@!$&'()*+,;=%<>\"".contains(byte) => {
                out.extend_from_slice(format!("%{byte:02X}").as_bytes());
            }
            byte => out.push(byte.to_ascii_lowercase()),
        }
    }
}

/// The value of the variable whose text, without the dollar, begins `text`, and what follows it.
fn variable<'t>(text: &'t [u8], captures: &Captures<'_>) -> Option<(Vec<u8>, &'t [u8])> {
    let first = *text.first()?;
    if first.is_ascii_digit() {
        let value = group(captures, usize::from(first - b'0'))?;
        // As in C, the text ends at the first NUL.
        let end = memchr::memchr(0, value).unwrap_or(value.len());
        return Some((value[..end].to_vec(), &text[1..]));
    }
    let open = memchr::memchr(b'(', text)?;
    let (arguments, rest) = arguments(&text[open + 1..])?;
    let value = match (&text[..open], arguments.as_slice()) {
        (b"P", [Argument::Number(n)]) => {
            let value = group(captures, *n)?;
            value.iter().copied().filter(|b| (0x20..0x7f).contains(b)).collect()
        }
        (b"SUBST", [Argument::Number(n), Argument::Text(from), Argument::Text(to)]) => {
            replaced(group(captures, *n)?, from, to)?
        }
        (b"I", [Argument::Number(n), Argument::Text(order)]) => {
            integer(group(captures, *n)?, order)?.into_bytes()
        }
        _ => return None,
    };
    let end = memchr::memchr(0, &value).unwrap_or(value.len());
    Some((value[..end].to_vec(), rest))
}

fn group<'a>(captures: &Captures<'a>, number: usize) -> Option<&'a [u8]> {
    captures.get(number).filter(|_| number > 0).map(|found| found.as_bytes())
}

fn replaced(value: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    if from.is_empty() {
        return None;
    }
    let mut out = Vec::new();
    let mut rest = value;
    while let Some(at) = memchr::memmem::find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    Some(out)
}

/// The unsigned number in at most eight bytes, `>` big-endian or `<` little-endian.
fn integer(value: &[u8], order: &[u8]) -> Option<String> {
    if value.len() > 8 {
        return None;
    }
    let add = |number: u64, byte: &u8| number << 8 | u64::from(*byte);
    Some(match order {
        b">" => value.iter().fold(0, add).to_string(),
        b"<" => value.iter().rev().fold(0, add).to_string(),
        _ => return None,
    })
}

enum Argument {
    Number(usize),
    Text(Vec<u8>),
}

/// The arguments up to the closing bracket, and what follows it.
fn arguments(text: &[u8]) -> Option<(Vec<Argument>, &[u8])> {
    let mut rest = text;
    let mut found = Vec::new();
    loop {
        rest = rest.trim_ascii_start();
        if let Some(quoted) = rest.strip_prefix(b"\"") {
            let end = closing_quote(quoted)?;
            found.push(Argument::Text(unescape_argument(&quoted[..end])?));
            rest = &quoted[end + 1..];
        } else {
            let digits = rest.iter().take_while(|b| b.is_ascii_digit()).count();
            let number = std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()?;
            found.push(Argument::Number(number));
            rest = &rest[digits..];
        }
        rest = rest.trim_ascii_start();
        let (next, after) = rest.split_first()?;
        rest = after;
        match next {
            b',' if found.len() < 5 => {}
            b')' => return Some((found, rest)),
            _ => return None,
        }
    }
}

fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|byte| {
        let end = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        end
    })
}

/// As for probe strings, and `\"`.
fn unescape_argument(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(text.len());
    let mut escaped = false;
    for byte in text {
        if *byte == b'"' && escaped {
            plain.pop();
        }
        plain.push(*byte);
        escaped = *byte == b'\\' && !escaped;
    }
    unescape(&plain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Flags, Pattern};

    fn filled(pattern: &[u8], templates: &[u8], answer: &[u8]) -> (Fields, usize) {
        let pattern = Pattern::compile(pattern, Flags::default()).expect("a pattern");
        let captures = pattern.captures(answer).expect("no limit").expect("a match");
        let mut complaints = 0;
        let fields = fill(templates, &captures, |_| complaints += 1);
        (fields, complaints)
    }

    fn value(text: &str) -> Option<Vec<u8>> {
        Some(text.as_bytes().to_vec())
    }

    #[test]
    fn variables_are_replaced() {
        let (fields, complaints) = filled(
            br"^(\S+) (\S+) (..)\r\n",
            br#"p/a $1b/ v|$SUBST(2,"_",".")| i/$I(3,">") $I(3,"<"), / h/$P(2)/ o//"#,
            b"nginx 1_2_3 \x01\x02\r\n",
        );
        assert_eq!(complaints, 0);
        assert_eq!(fields.product, value("a nginxb"));
        assert_eq!(fields.version, value("1.2.3"));
        assert_eq!(fields.info, value("258 513"));
        assert_eq!(fields.hostname, value("1_2_3"));
        assert_eq!(fields.os, None);
    }

    #[test]
    fn what_cannot_be_filled_is_left_out() {
        let long = [&b"x"[..], &[b'y'; 90]].concat();
        for template in
            ["p/$2/", "p/$P(3)/", "p/$X/", "p/$1/", "p/$I(1,\">\")/", "p/$SUBST(1,\"\",\"\")/"]
        {
            let (fields, complaints) = filled(br"^(x.*)", template.as_bytes(), &long);
            assert_eq!((fields.product, complaints), (None, 1), "{template}");
        }
        let (fields, _) = filled(br"^x(.*)", b"p/a$1b/ h/$P(1)/", b"x\0\x01q\xe9");
        assert_eq!(fields.product, value("ab"), "a NUL ends the value");
        assert_eq!(fields.hostname, value("q"));
    }

    #[test]
    fn cpe_names_are_escaped_and_sorted_by_part() {
        let (fields, _) =
            filled(b"^(.+)", b"cpe:/o:x:$1/a cpe:|a:v:p| cpe:/h:w/ cpe:/a:v:$1/a", b"A B/c~");
        assert_eq!(fields.cpes[0], value("cpe:/a:v:a_b%2Fc~"));
        assert_eq!(fields.cpes[1], value("cpe:/h:w"));
        assert_eq!(fields.cpes[2], value("cpe:/o:x:a_b%2Fc~"));
    }

    #[test]
    fn bad_templates_are_refused() {
        for bad in ["x/a/", "p", "p/", "p/a", "p/a/abcd", "p/a/ /", "cpe:/x:y/", "cpe:/", "p/a/1"] {
            assert!(Templates::new(bad.as_bytes()).any(|t| t.is_err()), "{bad}");
        }
        assert!(Templates::new(b"p/a/ v|b/c|a cpe:/a:b/a").all(|t| t.is_ok()));
    }
}
