//! Every rule does what its examples say.

use std::sync::LazyLock;

use nseer_check::Checker;
use nseer_check::api::Api;
use nseer_check::report::{FORMATS, write};
use nseer_check::rule::{Finding, Level, Rule};
use nseer_check::rules::RULES;
use proptest::prelude::*;

static CHECKER: LazyLock<Checker> = LazyLock::new(Checker::default);

/// A whole script around a piece of one: what the piece does not have itself.
fn script(piece: &str) -> String {
    if piece.contains("-- whole\n") || piece.starts_with("#!") {
        return piece.to_owned();
    }
    let mut text = String::new();
    if !piece.contains("@output") {
        text.push_str("---\n-- @output\n-- | example: x\n\n");
    }
    for (field, value) in [
        ("description", "\"An example.\""),
        ("author", "\"A\""),
        ("license", "\"MIT\""),
        ("categories", "{\"safe\"}"),
        ("portrule", "function() return true end"),
        ("action", "function() return nil end"),
    ] {
        let is_given = piece.lines().any(|line| line.starts_with(&format!("{field} = ")));
        if !is_given {
            text.push_str(&format!("{field} = {value}\n"));
        }
    }
    text + piece
}

fn findings(rule: &Rule, piece: &str) -> Vec<Finding> {
    // Arguments are named after the script.
    let text = script(piece).replace("SCRIPT.", "hello.");
    let checked = CHECKER.check_one("scripts/hello.nse", text.as_bytes());
    assert!(
        checked.findings.iter().all(|finding| finding.span.end <= text.len()),
        "{}: a place outside of the text",
        rule.name
    );
    checked.findings
}

/// What the parser makes of the text around an error is not told as one.
#[test]
fn the_first_syntax_error_is_the_one_that_a_run_tells() {
    for (text, wrong) in [
        (
            "local x = 1\nlocal function f()\n  local y = 2\n  if x = 3 then return 4 end\nend\n",
            "= 3",
        ),
        ("for i = 1, 2 do\n  local y = i\n  if y ~= 2 the\n    return y\n  end\nend\n", "the"),
        ("action = function(host)\n  if host = 2 then return 'x' end\nend\n", "= 2"),
    ] {
        let checked = CHECKER.check_one("scripts/hello.nse", text.as_bytes());
        let first = checked.findings.iter().find(|finding| finding.rule == "syntax");
        let at = first.expect("an error").span.start;
        assert!(text[at..].starts_with(wrong), "{text}: {:?}", checked.findings);
    }
}

#[test]
fn bad_examples_are_complained_about() {
    let quiet: Vec<&str> = RULES
        .iter()
        .filter(|rule| {
            let found = findings(rule, rule.bad);
            !found.iter().any(|finding| finding.rule == rule.name && finding.level == rule.level)
        })
        .map(|rule| rule.name)
        .collect();
    assert!(quiet.is_empty(), "these rules say nothing on their bad examples: {quiet:?}");
}

#[test]
fn good_examples_are_not() {
    let mut wrong = Vec::new();
    for rule in RULES {
        for finding in findings(rule, rule.good) {
            if finding.rule == rule.name || finding.level == Level::Error {
                wrong.push(format!("{}: {}: {}", rule.name, finding.rule, finding.message));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn rules_are_in_form() {
    assert!(RULES.len() >= 25);
    for rule in RULES {
        let of_form = |c: char| c.is_ascii_lowercase() || c == '-';
        assert!(rule.name.chars().all(of_form), "{}", rule.name);
        assert!(!rule.about.ends_with('.') && rule.why.ends_with('.'), "{}", rule.name);
        let same = RULES.iter().filter(|other| other.name == rule.name).count();
        assert_eq!(same, 1, "{}", rule.name);
        let page = nseer_check::report::explain(rule);
        assert!(page.contains(rule.bad.lines().last().expect("an example")), "{page}");
    }
}

/// One more rule than those of the examples: what a file that cannot be parsed gives.
#[test]
fn a_file_that_cannot_be_parsed_gives_several_errors() {
    let text = "local x = = 1\nlocal y = 'open\nif x then\n  return 1 +\nend\n";
    let checked = CHECKER.check_one("x.nse", text.as_bytes());
    assert!(checked.findings.len() >= 3, "{:#?}", checked.findings);
    assert!(checked.findings.iter().all(|finding| finding.rule == "syntax"));
}

#[test]
fn comments_allow() {
    let piece = |comment: &str, behind: &str| {
        script(&format!(
            "local function a()\n  {comment}\n\n  -- why\n  total = 1{behind}\n  other = 2\nend\n"
        ))
    };
    let count = |text: String| {
        let checked = CHECKER.check_one("x.nse", text.as_bytes());
        let rules: Vec<&str> = checked.findings.iter().map(|f| f.rule).collect();
        rules.iter().filter(|rule| **rule == "implicit-global").count()
    };
    assert_eq!(count(piece("", "")), 2);
    assert_eq!(count(piece("-- nseer: allow(implicit-global)", "")), 1);
    assert_eq!(count(piece("", " -- nseer: allow(bad-format, implicit-global)")), 1);
    assert_eq!(count(piece("-- nseer: allow-file(implicit-global)", "")), 0);
    assert_eq!(count(piece("-- nseer: allow(all)", "")), 1);
    assert_eq!(count(piece("-- nseer: allow(bad-format)", "")), 2);
}

/// What is missing at the end of a text is shown within the text.
#[test]
fn an_end_that_is_missing_has_a_place() {
    for text in ["while'\\", "x = '\\", "x = \"\\q", "x = [[", "--[["] {
        let checked = CHECKER.check_one("a.nse", text.as_bytes());
        assert!(!checked.findings.is_empty(), "{text}");
        for finding in &checked.findings {
            assert!(finding.span.end <= text.len(), "{text}: {finding:?}");
        }
    }
}

/// Each place is told of once, and habits from other languages are known.
#[test]
fn whoever_knows_another_language_is_told_how_lua_writes_it() {
    for (text, column, help) in [
        ("if a != b then end", 6, "write ~="),
        ("if a && b then end", 6, "write and"),
        ("if a || b then end", 6, "write or"),
        ("local y = !a", 11, "write not"),
        ("x += 1", 3, "Lua has no +=: write x = x + y"),
        ("x++", 2, "Lua has no ++: write x = x + 1"),
        ("if a = 1 then end", 6, "write == to compare, and assignments as statements of their own"),
        ("for i = 1, 3 { }", 14, "blocks begin with do or then, and end with end"),
    ] {
        let checked = CHECKER.check_one("a.lua", format!("{text}\n").as_bytes());
        let starts: Vec<usize> = checked.findings.iter().map(|f| f.span.start).collect();
        assert!(starts.is_sorted_by(|a, b| a + 1 < *b), "{text}: {:#?}", checked.findings);
        let told = checked.findings.iter().find(|f| f.help.as_deref() == Some(help));
        let told = told.unwrap_or_else(|| panic!("{text}: {:#?}", checked.findings));
        assert_eq!(told.span.start + 1, column, "{text}");
    }
    let text = "function f(x)\n  if x then\n    return x\nend\n";
    let checked = CHECKER.check_one("a.lua", text.as_bytes());
    assert_eq!(checked.findings[0].message, "no `end` closes the function body that begins here");
    assert_eq!(checked.findings[0].span.start, text.find("if").expect("it has one"));
}

/// What the engine adds to a library stays, whatever another copy of the library says of it; and what
/// libraries document, scripts may read.
#[test]
fn libraries_of_a_data_folder_are_known() {
    let mut api = Api::embedded();
    api.add_library("stdnse", b"function silent_require() end\nfunction other(a) end\n");
    api.add_library(
        "words",
        b"---\n-- @args wordsdb The file.\n-- @args words.most, words.least\n",
    );
    let checker = Checker::new(api);
    let script = "---\n-- @args a.own Mine.\nlocal stdnse = require \"stdnse\"\n\
        local x = stdnse.silent_require \"openssl\"\n\
        local a, b, c = stdnse.get_script_args(\"wordsdb\", \"words.most\", \"words.lost\")\n\
        stdnse.other(x, a, b, c, ...)\n";
    let checked = checker.check_one("a.nse", script.as_bytes());
    let told: Vec<&str> = checked
        .findings
        .iter()
        .filter(|f| matches!(f.rule, "argument-count" | "argument-undocumented"))
        .map(|f| f.message.as_str())
        .collect();
    let expected =
        ["the argument 'words.lost' is not documented", "stdnse.other takes 1 argument, not 5"];
    assert_eq!(told, expected);
    let script = script.replace("\"wordsdb\"", "\"worddb\"");
    let checked = checker.check_one("a.nse", script.as_bytes());
    let told = "the argument 'worddb' is not documented";
    assert!(checked.findings.iter().any(|f| f.message == told), "{:#?}", checked.findings);
}

/// The parser panics where one stands in the text.
#[test]
fn a_backtick_is_an_error_outside_of_strings_and_comments() {
    let checked = CHECKER.check_one("a.lua", b"local x = `a`\n");
    let told = "unexpected `";
    let first = checked.findings.iter().find(|finding| finding.message == told);
    let first = first.unwrap_or_else(|| panic!("{:#?}", checked.findings));
    assert_eq!((first.span.start, first.span.end), (10, 11));
    assert_eq!(first.help.as_deref(), Some("write strings in single or double quotes"));
    let checked = CHECKER.check_one("a.lua", b"local _ENV = {}\nx = '`' -- `\nreturn _ENV\n");
    assert!(checked.findings.iter().all(|f| f.rule != "syntax"), "{:#?}", checked.findings);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Pieces of Lua in any order: findings, and no panic.
    #[test]
    fn any_text_gives_findings(
        pieces in proptest::collection::vec(prop_oneof![
            Just("function"), Just("end"), Just("if"), Just("then"), Just("local"), Just("return"),
            Just("for"), Just("do"), Just("while"), Just("repeat"), Just("until"), Just("break"),
            Just("goto a"), Just("::a::"), Just("("), Just(")"), Just("{"), Just("}"), Just("["),
            Just("]"), Just("="), Just(","), Just("."), Just(":"), Just("..."), Just("'"), Just("\""),
            Just("--"), Just("--[["), Just("]]"), Just("\n"), Just("<const>"), Just("nmap"), Just("x"),
            Just("socket = nmap.new_socket()"), Just("'a%'"), Just("0x"), Just("1.5"), Just("\\"),
            Just("é"), Just("`"), Just("-- nseer: allow("), Just("--- @args"), Just("\u{feff}"), Just("not"),
        ], 0..40),
        glue in "[ \n]?",
        is_library: bool,
    ) {
        let text = pieces.join(&glue);
        let checked = CHECKER.check_one(if is_library { "a.lua" } else { "a.nse" }, text.as_bytes());
        for finding in &checked.findings {
            prop_assert!(finding.span.end <= checked.source.text.len());
        }
        for (_, format) in FORMATS {
            let written = write(&mut std::io::sink(), *format, std::slice::from_ref(&checked), true);
            prop_assert!(written.is_ok());
        }
    }
}

/// What would exhaust the stack of the parser is refused.
#[test]
fn deep_texts_are_refused() {
    for text in [
        format!("x = {}", "(".repeat(100_000)),
        format!("x = {}1", "- ".repeat(100_000)),
        format!("x = 1{}", "..1".repeat(100_000)),
        format!("x = {}", "{".repeat(100_000)),
        "if x then ".repeat(100_000),
        "function f() ".repeat(100_000),
        format!("x = a{}", ".b".repeat(100_000)),
        format!("x = a{}", "()".repeat(100_000)),
        format!("x = {}", "function() return ".repeat(100_000)),
    ] {
        let checked = CHECKER.check_one("a.nse", text.as_bytes());
        let syntax = checked.findings.iter().find(|finding| finding.rule == "syntax");
        assert!(syntax.is_some(), "{}", &text[..20]);
    }
}
