//! The keys behind `nmap.registry` in Lua source text.

use super::tokens::Token;

/// One key of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part<'t> {
    Literal(&'t str),
    /// The script's own ID.
    Own,
    /// Something of the host that the script runs on.
    Host,
    /// An expression.
    Dynamic(&'t [Token<'t>]),
}

/// Reads the keys that follow at `at`; gives them and where they end.
pub(super) fn read<'t>(tokens: &'t [Token<'t>], mut at: usize) -> (Vec<Part<'t>>, usize) {
    let mut path = Vec::new();
    loop {
        match tokens.get(at..) {
            Some([dot, Token::Name(key), ..]) if dot.is(b'.') => {
                path.push(Part::Literal(key));
                at += 2;
            }
            Some([open, ..]) if open.is(b'[') => {
                let Some(end) = closing(tokens, at) else { return (path, at) };
                path.push(part(&tokens[at + 1..end]));
                at = end + 1;
            }
            _ => return (path, at),
        }
    }
}

/// Reads a list of keys in braces that opens at `at`.
pub(super) fn read_list<'t>(tokens: &'t [Token<'t>], at: usize) -> Option<Vec<Part<'t>>> {
    let end = closing(tokens, at)?;
    let mut path = Vec::new();
    let mut start = at + 1;
    let mut depth = 0;
    for i in at + 1..=end {
        match tokens[i] {
            Token::Other(b',') if depth == 0 => {
                path.push(part(&tokens[start..i]));
                start = i + 1;
            }
            Token::Other(b'(' | b'[' | b'{') => depth += 1,
            Token::Other(b')' | b']' | b'}') => depth -= 1,
            _ => {}
        }
    }
    path.push(part(&tokens[start..end]));
    Some(path)
}

/// The bracket that closes the one at `at`.
pub(super) fn closing(tokens: &[Token<'_>], at: usize) -> Option<usize> {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(at) {
        match token {
            Token::Other(b'(' | b'[' | b'{') => depth += 1,
            Token::Other(b')' | b']' | b'}') => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(i);
                }
            }
            _ => {}
        }
    }
    None
}

fn part<'t>(key: &'t [Token<'t>]) -> Part<'t> {
    match key {
        [Token::Text(text)] => Part::Literal(text),
        [Token::Name("SCRIPT_NAME")] => Part::Own,
        _ if is_host(key) => Part::Host,
        _ => Part::Dynamic(key),
    }
}

/// `host`, `host.ip`, `self.host.ip`, or several of them with `or` between them.
fn is_host(key: &[Token<'_>]) -> bool {
    key.split(|token| token.is_name("or")).all(|choice| match choice {
        [Token::Name("host")] => true,
        [Token::Name(_), .., dot, Token::Name("ip" | "bin_ip" | "host")] => dot.is(b'.'),
        [Token::Name(_), open, Token::Text("ip" | "bin_ip" | "host"), _] => open.is(b'['),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::super::tokens::tokens;
    use super::*;

    #[test]
    fn keys() {
        let check = |source: &str, want: &[&str]| {
            let tokens = tokens(source.as_bytes());
            let (path, _) = read(&tokens, 0);
            let told: Vec<&str> = path
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => text,
                    Part::Own => "OWN",
                    Part::Host => "HOST",
                    Part::Dynamic(_) => "?",
                })
                .collect();
            assert_eq!(told, want, "for {source}");
        };
        check(".a['b'].c = 1", &["a", "b", "c"]);
        check("[SCRIPT_NAME][host.ip]", &["OWN", "HOST"]);
        check("[host][self.host.ip][a.host['ip']][name or host.ip]", &["HOST", "HOST", "?", "?"]);
        check("[p['host'] or host][ip][f(host.ip)]", &["HOST", "?", "?"]);
        check("[a[1]].b", &["?", "b"]);
        check("[a", &[]);
    }
}
