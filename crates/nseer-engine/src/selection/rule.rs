//! The grammar of one `--script` rule.
//!
//! ```text
//! rule = ["+"] expr                      expr = or_form / and_form / unit     (ordered choice)
//! or_form = (and_form / unit) "or" expr  and_form = unit "and" expr
//! unit = "not" unit | "(" expr ")" | "true" | "false" | category | name
//! ```
//! The right side of `and` is a whole expression: `a and b or c` means `a and (b or c)`.

use crate::selection::Entry;

/// A parsed rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The text without its `+`.
    pub text: String,
    /// It began with `+`: the rules of its scripts count as true.
    pub forced: bool,
    expr: Option<Expr>,
}

/// That a rule matches an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matched {
    /// A name in the rule, rather than only a category, matched.
    pub by_name: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expr {
    Or(Box<Expr>, Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    True,
    False,
    Word(String),
}

impl Rule {
    /// Parses one item of the list. Text that is not of the grammar gives a rule that matches
    /// nothing and may still be a path.
    #[must_use]
    pub fn parse(text: &str) -> Rule {
        let text = text.trim();
        let (forced, text) = match text.strip_prefix('+') {
            Some(rest) => (true, rest.trim()),
            None => (false, text),
        };
        let mut parser = Parser { text: text.as_bytes(), at: 0, depth: 0 };
        parser.blanks();
        let expr = parser.expr().filter(|_| {
            parser.blanks();
            parser.at == text.len()
        });
        Rule { text: text.to_owned(), forced, expr }
    }

    /// Whether, and how, the rule matches a script of `script.db`.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> Option<Matched> {
        let mut by_name = false;
        let hit = self.expr.as_ref()?.holds(entry, &mut by_name);
        hit.then_some(Matched { by_name })
    }
}

impl Expr {
    /// Both sides are always looked at, so that a name on either side counts.
    fn holds(&self, entry: &Entry, by_name: &mut bool) -> bool {
        match self {
            Expr::Or(a, b) => a.holds(entry, by_name) | b.holds(entry, by_name),
            Expr::And(a, b) => a.holds(entry, by_name) & b.holds(entry, by_name),
            Expr::Not(a) => !a.holds(entry, by_name),
            Expr::True => true,
            Expr::False => false,
            Expr::Word(word) => word_holds(word, entry, by_name),
        }
    }
}

fn word_holds(word: &str, entry: &Entry, by_name: &mut bool) -> bool {
    let is_category = word.eq_ignore_ascii_case("all")
        || entry.categories.iter().any(|c| c.eq_ignore_ascii_case(word));
    if is_category {
        return true;
    }
    let pattern = word.strip_suffix(".nse").unwrap_or(word);
    let name = entry.file_name.strip_suffix(".nse").unwrap_or(&entry.file_name);
    let hit = glob(pattern.as_bytes(), name.as_bytes());
    *by_name |= hit;
    hit
}

/// `*` stands for any run of characters; everything else for itself.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        if pattern.get(p) == Some(&b'*') {
            retry = Some((p + 1, n));
            p += 1;
        } else if pattern.get(p) == Some(&name[n]) {
            p += 1;
            n += 1;
        } else if let Some((after_star, from)) = retry {
            retry = Some((after_star, from + 1));
            p = after_star;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|b| *b == b'*')
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

/// Deeper nesting counts as not of the grammar, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 60;

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
    }

    fn eat(&mut self, byte: u8) -> bool {
        let there = self.text.get(self.at) == Some(&byte);
        self.at += usize::from(there);
        there
    }

    /// A keyword is followed by a blank, a parenthesis, a comma or the end.
    fn keyword(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let there = self
            .text
            .get(self.at..end)
            .is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()));
        let bounded = match self.text.get(end) {
            None => true,
            Some(b) => b.is_ascii_whitespace() || matches!(b, b'(' | b')' | b','),
        };
        if there && bounded {
            self.at = end;
            self.blanks();
        }
        there && bounded
    }

    fn attempt<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let (at, depth) = (self.at, self.depth);
        let result = parse(self);
        if result.is_none() {
            self.at = at;
            self.depth = depth;
        }
        result
    }

    fn expr(&mut self) -> Option<Expr> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let unit = self.unit()?;
        // `a and expr` swallows everything to its right, so an `or` after it is inside it.
        let joined = self.attempt(|p| {
            p.blanks();
            if p.keyword("and") {
                Some(Expr::And(Box::new(unit.clone()), Box::new(p.expr()?)))
            } else if p.keyword("or") {
                Some(Expr::Or(Box::new(unit.clone()), Box::new(p.expr()?)))
            } else {
                None
            }
        });
        self.depth = self.depth.saturating_sub(1);
        Some(joined.unwrap_or(unit))
    }

    fn unit(&mut self) -> Option<Expr> {
        if self.depth >= MAX_DEPTH {
            return None;
        }
        let negated = self.attempt(|p| {
            if !p.keyword("not") {
                return None;
            }
            p.depth += 1;
            let unit = p.unit()?;
            p.depth -= 1;
            Some(Expr::Not(Box::new(unit)))
        });
        if negated.is_some() {
            return negated;
        }
        let grouped = self.attempt(|p| {
            if !p.eat(b'(') {
                return None;
            }
            p.blanks();
            let expr = p.expr()?;
            p.blanks();
            p.eat(b')').then_some(expr)
        });
        if grouped.is_some() {
            return grouped;
        }
        if self.keyword("true") {
            return Some(Expr::True);
        }
        if self.keyword("false") {
            return Some(Expr::False);
        }
        let start = self.at;
        while self.text.get(self.at).is_some_and(|b| b.is_ascii_graphic() && !b"()".contains(b)) {
            self.at += 1;
        }
        let word = &self.text[start..self.at];
        (!word.is_empty()).then(|| Expr::Word(String::from_utf8_lossy(word).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(rule: &str, file: &str, categories: &[&str], expected: Option<bool>) {
        let entry = Entry {
            file_name: file.to_owned(),
            categories: categories.iter().map(|c| (*c).to_owned()).collect(),
        };
        let got = Rule::parse(rule).matches(&entry).map(|m| m.by_name);
        assert_eq!(got, expected, "{rule:?} on {file} {categories:?}");
    }

    #[test]
    fn rules() {
        let (safe, both) = (["safe"].as_slice(), ["default", "safe"].as_slice());
        check("safe", "x.nse", safe, Some(false));
        check("SAFE", "x.nse", safe, Some(false));
        check("all", "x.nse", &[], Some(false));
        check("vuln", "x.nse", safe, None);
        check("vuln", "vuln.nse", safe, Some(true));
        check("x", "x.nse", safe, Some(true));
        check("x.nse", "x.nse", safe, Some(true));
        check("X", "x.nse", safe, None);
        check("http-*", "http-title.nse", safe, Some(true));
        check("*-t*e", "http-title.nse", safe, Some(true));
        check("http-?itle", "http-title.nse", safe, None);
        check("not vuln", "x.nse", safe, Some(false));
        check("not safe", "x.nse", safe, None);
        check("default and safe", "x.nse", both, Some(false));
        check("default and safe", "x.nse", safe, None);
        check("safe and not x", "x.nse", safe, None);
        check("(safe or vuln) and x", "x.nse", safe, Some(true));
        check("not(safe)", "x.nse", safe, None);
        check("true and x", "x.nse", safe, Some(true));
        check("false", "x.nse", safe, None);
        check("not not safe", "x.nse", safe, Some(false));
        check("notx", "notx.nse", safe, Some(true));
        check("safe safe", "x.nse", safe, None);
        check("(safe", "x.nse", safe, None);
        check("safe;x", "x.nse", safe, None);
    }

    #[test]
    fn the_right_side_of_and_is_a_whole_expression() {
        check("vuln and safe or default", "x.nse", &["default"], None);
        check("default and safe or vuln", "x.nse", &["vuln"], None);
        check("(default and safe) or vuln", "x.nse", &["vuln"], Some(false));
        check("vuln or default and safe", "x.nse", &["vuln"], Some(false));
    }

    #[test]
    fn plus_forces() {
        assert!(Rule::parse("+x").forced);
        assert!(Rule::parse(" + x").forced);
        assert!(!Rule::parse("x").forced);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[()+*a-c not,and\\s]{0,200}") {
            let entry = Entry { file_name: "a.nse".to_owned(), categories: vec![] };
            let _ = Rule::parse(&text).matches(&entry);
        }

        #[test]
        fn globs_match_what_they_were_made_from(name in "[a-c*-]{0,12}", cut in 0_usize..12) {
            let cut = cut.min(name.len());
            let pattern = format!("{}*", &name[..cut]);
            prop_assert!(glob(pattern.as_bytes(), name.as_bytes()));
        }
    }
}
