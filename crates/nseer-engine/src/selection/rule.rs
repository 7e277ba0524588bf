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
    /// Units with the word between each and what follows it, and the last unit. It is read from
    /// the right: every word joins its unit to all that follows.
    Chain(Vec<(Expr, Join)>, Box<Expr>),
    Not(Box<Expr>),
    Constant(bool),
    Word(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

impl Rule {
    /// Parses one item of the list. Text that is not of the grammar gives a rule that matches
    /// nothing and may still be a path.
    #[must_use]
    pub fn parse(text: &str) -> Rule {
        let text = trimmed(text);
        let (forced, text) = match text.strip_prefix('+') {
            Some(rest) => (true, trimmed(rest)),
            None => (false, text),
        };
        Rule { text: text.to_owned(), forced, expr: parse(text, &[]) }
    }

    /// Whether, and how, the rule matches a script of `script.db`.
    #[must_use]
    pub fn matches(&self, entry: &Entry) -> Option<Matched> {
        let odd: Vec<&str> =
            entry.categories.iter().map(String::as_str).filter(|c| is_odd(c)).collect();
        let mut by_name = false;
        let hit = if odd.is_empty() {
            self.expr.as_ref()?.holds(entry, &mut by_name)
        } else {
            parse(&self.text, &odd)?.holds(entry, &mut by_name)
        };
        hit.then_some(Matched { by_name })
    }
}

/// A category with blanks, parentheses or the like is not a word of the grammar, but the whole of
/// it can be written in a rule; how such a rule is read depends on the entry.
fn is_odd(category: &str) -> bool {
    !category.is_empty() && !category.bytes().all(is_word)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'(' | b')')
}

fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Without the blanks around it. A space that only Unicode calls so is a character, as in names.
fn trimmed(text: &str) -> &str {
    text.trim_matches(|c: char| u8::try_from(c).is_ok_and(is_blank))
}

fn parse(text: &str, odd_categories: &[&str]) -> Option<Expr> {
    let mut parser = Parser { text: text.as_bytes(), at: 0, depth: 0, odd_categories };
    let expr = parser.expr()?;
    parser.blanks();
    (parser.at == text.len()).then_some(expr)
}

impl Expr {
    /// All of it is always looked at, so that a name anywhere in it counts.
    fn holds(&self, entry: &Entry, by_name: &mut bool) -> bool {
        match self {
            Expr::Chain(units, last) => {
                let last = last.holds(entry, by_name);
                units.iter().rev().fold(last, |right, (unit, join)| {
                    let left = unit.holds(entry, by_name);
                    match join {
                        Join::And => left && right,
                        Join::Or => left || right,
                    }
                })
            }
            Expr::Not(unit) => !unit.holds(entry, by_name),
            Expr::Constant(value) => *value,
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
    let file = entry.file_name.rsplit('/').next().unwrap_or(&entry.file_name);
    let hit = glob(pattern.as_bytes(), file.strip_suffix(".nse").unwrap_or(file).as_bytes());
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
    odd_categories: &'a [&'a str],
}

/// Deeper nesting counts as not of the grammar, so that hostile text cannot exhaust the stack.
const MAX_DEPTH: usize = 200;

impl Parser<'_> {
    fn blanks(&mut self) {
        while self.text.get(self.at).copied().is_some_and(is_blank) {
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
        let there =
            self.text.get(self.at..end).is_some_and(|t| t.eq_ignore_ascii_case(word.as_bytes()));
        let bounded = match self.text.get(end) {
            None => true,
            Some(b) => is_blank(*b) || matches!(b, b'(' | b')' | b','),
        };
        if there && bounded {
            self.at = end;
        }
        there && bounded
    }

    /// Gives back what `parse` took if it fails, and keeps count of the nesting.
    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        let at = self.at;
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let result = parse(self);
        self.depth -= 1;
        if result.is_none() {
            self.at = at;
        }
        result
    }

    /// The ordered choice of the grammar comes to this: a unit, and as long as `and` or `or` and
    /// another unit follow, these too. `and` swallows everything to its right, so an `or` after it
    /// is inside it.
    fn expr(&mut self) -> Option<Expr> {
        self.blanks();
        let mut last = self.unit()?;
        let mut units = Vec::new();
        while let Some((join, next)) = self.nested(Self::joined) {
            units.push((std::mem::replace(&mut last, next), join));
        }
        Some(if units.is_empty() { last } else { Expr::Chain(units, Box::new(last)) })
    }

    fn joined(&mut self) -> Option<(Join, Expr)> {
        self.blanks();
        let join = match self.keyword("and") {
            true => Join::And,
            false => self.keyword("or").then_some(Join::Or)?,
        };
        self.blanks();
        Some((join, self.unit()?))
    }

    fn unit(&mut self) -> Option<Expr> {
        self.nested(Self::negated)
            .or_else(|| self.nested(Self::grouped))
            .or_else(|| self.keyword("true").then_some(Expr::Constant(true)))
            .or_else(|| self.keyword("false").then_some(Expr::Constant(false)))
            .or_else(|| self.odd_category())
            .or_else(|| self.word())
    }

    fn negated(&mut self) -> Option<Expr> {
        if !self.keyword("not") {
            return None;
        }
        self.blanks();
        Some(Expr::Not(Box::new(self.unit()?)))
    }

    fn grouped(&mut self) -> Option<Expr> {
        if !self.eat(b'(') {
            return None;
        }
        let expr = self.expr()?;
        self.blanks();
        self.eat(b')').then_some(expr)
    }

    fn odd_category(&mut self) -> Option<Expr> {
        let categories = self.odd_categories;
        categories.iter().any(|c| self.keyword(c)).then_some(Expr::Constant(true))
    }

    fn word(&mut self) -> Option<Expr> {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|b| !is_word(*b)).unwrap_or(rest.len());
        self.at += length;
        (length > 0).then(|| Expr::Word(String::from_utf8_lossy(&rest[..length]).into_owned()))
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
    fn words_of_the_grammar_can_be_names() {
        check("not", "not.nse", &[], Some(true));
        check("not not", "not.nse", &[], None);
        check("not not", "x.nse", &[], Some(false));
        check("not not not", "not.nse", &[], Some(true));
        check("(not) or x", "not.nse", &[], Some(true));
        check("not or x", "x.nse", &[], None);
        check("and", "and.nse", &[], Some(true));
        check("and and and", "and.nse", &[], Some(true));
        check("or or x", "x.nse", &[], Some(true));
        check("x or or", "x.nse", &[], Some(true));
        check("x or or y", "x.nse", &[], None);
        check("x or or or y", "y.nse", &[], Some(true));
        check("true.nse", "true.nse", &[], Some(true));
        check("true", "true.nse", &[], Some(false));
        check("truex or x", "x.nse", &[], Some(true));
        check("default.nse", "x.nse", &["default"], None);
        check("vuln,x", "vuln.nse", &[], None);
    }

    #[test]
    fn a_name_counts_wherever_it_matches() {
        let safe = ["safe"].as_slice();
        check("safe or x", "x.nse", safe, Some(true));
        check("all or x", "x.nse", safe, Some(true));
        check("not x or safe", "x.nse", safe, Some(true));
        check("safe and v*", "vuln.nse", &["safe", "vuln"], Some(true));
        check("vuln", "vuln.nse", &["vuln"], Some(false));
        check("in", "sub/in.nse", &[], Some(true));
        check("sub*", "sub/in.nse", &[], None);
    }

    #[test]
    fn blanks_and_parentheses_divide() {
        let safe = ["safe"].as_slice();
        check("(x)or(y)", "y.nse", &[], Some(true));
        check("x or(y)", "y.nse", &[], Some(true));
        check("(x)and safe", "x.nse", safe, Some(true));
        check("x\tor\u{b}\n y", "y.nse", &[], Some(true));
        check("( x )", "x.nse", &[], Some(true));
        for text in ["x or", "x and", "x )", "()", "x y", "x(y)", "(x)(y)", "x and\u{1}", "x\u{e9}"]
        {
            check(text, "x.nse", safe, None);
        }
    }

    #[test]
    fn globs() {
        for (pattern, name, hit) in [
            ("**", "x.nse", true),
            ("a**b", "ab.nse", true),
            ("*.nse", "x.nse", true),
            ("x.nse.nse", "x.nse", false),
            (".nse", "x.nse", false),
            ("w[b]?", "w[b]?.nse", true),
            ("a.b", "axb.nse", false),
            ("w\\*", "wa.nse", false),
        ] {
            check(pattern, name, &[], hit.then_some(true));
        }
    }

    #[test]
    fn categories_that_are_not_words() {
        let odd = ["foo bar", "x(y"].as_slice();
        check("foo bar", "a.nse", odd, Some(false));
        check("FOO BAR and x(y", "a.nse", odd, Some(false));
        check("not foo bar", "a.nse", odd, None);
        check("foo", "a.nse", odd, None);
        check("not foo bar", "a.nse", &["safe"], None);
    }

    #[test]
    fn long_and_deep_rules() {
        let chain = |word: &str| vec!["x"; 5000].join(word);
        check(&chain(" or "), "x.nse", &[], Some(true));
        check(&chain(" and "), "x.nse", &[], Some(true));
        let deep = |n: usize| format!("{}x{}", "(".repeat(n), ")".repeat(n));
        check(&deep(50), "x.nse", &[], Some(true));
        check(&deep(100_000), "x.nse", &[], None);
        check(&format!("{}x", "not ".repeat(100_000)), "x.nse", &[], None);
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
