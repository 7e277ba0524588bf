//! `--script`: the same scripts are chosen, for the same reason.

use std::path::{Path, PathBuf};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{INSTALLED, cases, check, data_directory, write};
use crate::lab::{self, Lab, Output};

const DATA: &str = "/run/lab/data";

/// The data base: names that look like other things of a rule, and categories that do.
const ENTRIES: &[(&str, &[&str])] = &[
    ("alpha", &["default", "safe"]),
    ("alpha-two", &["discovery", "safe"]),
    ("beta", &["intrusive", "vuln"]),
    ("beta.v1", &["version"]),
    ("BETA-x", &["auth", "Mixed"]),
    ("delta.nse", &["safe"]),
    ("not", &["vuln"]),
    ("or-else", &[]),
    ("qu?y", &["safe", "not"]),
    ("safe", &["brute"]),
    ("st*r", &["all-in", "vuln"]),
    ("true", &["default"]),
    ("x+y", &["two words"]),
    ("z[a-z]", &["a(b)"]),
];

/// In the data base, and nowhere else.
const GONE: &str = "gone";

/// Files that are not in the data base; the working folder is `/run/lab/work`.
const FILES: &[&str] = &[
    "/run/lab/data/scripts/sub/inner.nse",
    "/run/lab/data/scripts/both/first.nse",
    "/run/lab/data/scripts/both.nse",
    "/run/lab/work/alpha.nse",
    "/run/lab/work/own.nse",
    "/run/lab/work/two words.nse",
    "/run/lab/work/bare",
    "/run/lab/work/own and safe.nse",
    "/run/lab/work/dir/one.nse",
    "/run/lab/work/dir/two.nse",
    "/run/lab/work/dir/README",
    "/run/lab/work/dir/deep/three.nse",
    "/run/lab/work/both/second.nse",
    "/run/lab/work/odd.nse/four.nse",
    "/run/lab/far/five.nse",
];

const WORDS: &[&str] = &[
    "alpha",
    "alpha-two",
    "beta",
    "beta.v1",
    "BETA-x",
    "BETA-X",
    "delta",
    "delta.nse",
    "delta.nse.nse",
    "gone",
    "gone.nse",
    "qu?y",
    "safe",
    "Safe",
    "SAFE.nse",
    "st*r",
    "st.r",
    "true",
    "false",
    "TRUE",
    "not",
    "x+y",
    "z[a-z]",
    "z?a-z?",
    "all",
    "ALL",
    "default",
    "vuln",
    "version",
    "mixed",
    "Mixed",
    "not-a-word",
    "or-else",
    "nosuch",
    "*",
    "a*",
    "*a",
    "*-*",
    "al*a",
    "*.nse",
    "**",
    "be*",
    "two words",
    "two",
    "words",
    "a(b)",
    "a(b",
    "all-in",
    "auth",
    "brute",
    "",
];

const PATHS: &[&str] = &[
    "sub/inner",
    "sub/inner.nse",
    "sub/",
    "sub",
    "sub//",
    "both",
    "both/",
    "both.nse",
    "both/first",
    "both/second",
    "own",
    "own.nse",
    "./own",
    "./alpha",
    "./alpha.nse",
    "bare",
    "./bare",
    "dir",
    "dir/",
    "dir//",
    "./dir/",
    "dir/one",
    "dir/two.nse",
    "dir/deep/",
    "dir/README",
    "odd",
    "odd.nse",
    "odd.nse/",
    "odd/",
    "/run/lab/far/",
    "/run/lab/far",
    "/run/lab/far/five",
    "/run/lab/far/five.nse",
    "/run/lab/data/scripts/alpha.nse",
    "/run/lab/work/alpha",
    "../far/",
    "../far/five",
    "./",
    ".",
    "..",
    "/",
    "two words",
    "own and safe",
    "~/own",
    "script.db",
    "./script.db",
];

/// What a rule is made of besides words.
const PIECES: &[&str] = &[
    "and", "or", "not", "AND", "Or", "nOt", "(", ")", "+", " ", "  ", "\t", "\n", "\u{b}", "\r",
    ",", ";", "\"", "'", "\\", "-", ".nse", "\u{e9}", "\u{a0}", "\u{1}", "=", "!", "&&", "|",
];

fn world() {
    let script = |name: &str, categories: &[&str]| {
        let list: Vec<String> = categories.iter().map(|c| format!("{c:?}")).collect();
        format!(
            "-- {name}\ncategories = {{{}}}\ndescription = \"One of a test.\\n\"\n\
             prerule = function() return false end\naction = function() return \"ran\" end\n",
            list.join(", ")
        )
    };
    let scripts: Vec<_> = ENTRIES.iter().map(|(name, c)| (*name, script(name, c))).collect();
    let gone: &[&str] = &["safe", "gone"];
    let mut names: Vec<_> = ENTRIES.iter().copied().chain([(GONE, gone)]).collect();
    names.sort_unstable();
    let lines: Vec<String> = names
        .iter()
        .map(|(name, categories)| {
            let list: String = categories.iter().map(|c| format!("\"{c}\", ")).collect();
            format!("Entry {{ filename = \"{name}.nse\", categories = {{ {list}}} }}\n")
        })
        .collect();
    data_directory(DATA, &scripts, &lines.concat());
    FILES.iter().for_each(|path| write(path, &script(path, &["safe"])));
}

fn word() -> impl Strategy<Value = String> {
    select(WORDS).prop_map(str::to_owned)
}

fn blank() -> impl Strategy<Value = &'static str> {
    prop_oneof![6 => Just(" "), 2 => Just(""), 1 => select(&["  ", "\t", "\n", "\r", "\u{b}"][..])]
}

/// An expression of the grammar, as far as the blanks let it be one.
fn expression() -> impl Strategy<Value = String> {
    word().prop_recursive(4, 12, 2, |inner| {
        let joined = (inner.clone(), blank(), select(&["and", "or", "AND", "oR"][..]), blank());
        prop_oneof![
            4 => (joined, inner.clone()).prop_map(|((a, x, join, y), b)| format!("{a}{x}{join}{y}{b}")),
            2 => (blank(), inner.clone(), blank()).prop_map(|(x, a, y)| format!("({x}{a}{y})")),
            2 => (select(&["not", "NOT"][..]), blank(), inner).prop_map(|(n, x, a)| format!("{n}{x}{a}")),
        ]
    })
}

/// Pieces in any order.
fn jumble() -> impl Strategy<Value = String> {
    let piece = prop_oneof![select(PIECES), select(WORDS), select(PATHS)];
    vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn item() -> impl Strategy<Value = String> {
    let body = prop_oneof![
        4 => expression(),
        2 => word(),
        2 => select(PATHS).prop_map(str::to_owned),
        1 => jumble(),
    ];
    let plus = prop_oneof![6 => Just(""), 2 => Just("+"), 1 => select(&[" +", "++"][..])];
    let item = (blank(), plus, body, blank());
    let item = item.prop_map(|(x, plus, body, y)| format!("{x}{plus}{body}{y}"));
    item.prop_filter("blanks after a plus belong to the rule in 7.93, and not later", |item| {
        let text = item.trim_start().strip_prefix('+');
        text.is_none_or(|text| !text.starts_with(|c: char| c.is_ascii_whitespace() || c == '\u{b}'))
    })
}

/// The values of one or two `--script` options.
fn lists() -> impl Strategy<Value = Vec<String>> {
    let list = prop_oneof![3 => item(), 2 => vec(item(), 0..4).prop_map(|items| items.join(","))];
    prop_oneof![5 => list.clone().prop_map(|list| vec![list]), 1 => vec(list, 2)]
}

/// What a run made of its rules.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    /// It ended with an error.
    Refused,
    Chosen {
        /// From the data base, in order.
        known: Vec<String>,
        /// By path; nmap has no order here.
        by_path: Vec<String>,
        /// Paths that were loaded, sorted.
        loaded: Vec<PathBuf>,
        /// What ran: those that are forced.
        ran: Vec<String>,
        missing: bool,
    },
}

fn choice(output: &Output) -> Choice {
    let all = output.all();
    if output.code != 0 {
        // Nothing but a rule is wrong here.
        let reasons = [
            "did not match",
            "found, but will not",
            "duplicate script ID",
            "could not load script",
        ];
        assert!(reasons.iter().any(|why| all.contains(why)), "{output:#?}");
        return Choice::Refused;
    }
    let after = |start: &str| -> Vec<String> {
        let lines = output.stdout.lines().filter_map(|line| line.strip_prefix(start));
        lines.map(str::to_owned).collect()
    };
    let is_path = |line: &String| line.contains(" by file path") || line.contains(" by directory");
    let chosen =
        after("NSE: Script ").into_iter().filter(|line| line.contains(" was selected by "));
    let (mut by_path, known) = chosen.partition::<Vec<_>, _>(is_path);
    // `dir//one.nse` and `dir/one.nse` are the same.
    let tidied = |path: String| Path::new(&path).components().collect::<PathBuf>();
    let mut loaded: Vec<_> = after("NSE: Loaded '").into_iter().map(tidied).collect();
    // `Starting NAME M:ADDRESS.` in nmap, which calls `./bare` by its path; here it is `bare`.
    let name = |line: &String| {
        let name = line.trim_end_matches('.').split(" M:").next().unwrap_or_default();
        name.rsplit('/').next().unwrap_or(name).to_owned()
    };
    let mut ran: Vec<_> = after("NSE: Starting ").iter().map(name).collect();
    ran.retain(|line| !line.starts_with("runlevel"));
    [&mut by_path, &mut ran].into_iter().for_each(|list| list.sort_unstable());
    loaded.sort_unstable();
    Choice::Chosen {
        known,
        by_path,
        loaded,
        ran,
        missing: all.contains("Could not load 'gone.nse'"),
    }
}

fn one_file_for_each_name(choice: &Choice) -> bool {
    let Choice::Chosen { loaded, .. } = choice else { return false };
    let mut names: Vec<_> = loaded.iter().map(|path| path.file_stem()).collect();
    names.sort_unstable();
    names.windows(2).all(|pair| pair[0] != pair[1])
}

fn both(lab: &Lab, args: &[&str]) -> (Output, Output) {
    (lab.nseer(args), lab.nmap(args))
}

#[test]
fn random_rules_choose_as_nmap_does() {
    lab::run("beside_nmap::choice::random_rules_choose_as_nmap_does", |lab| {
        world();
        let chosen = std::cell::Cell::new(0);
        let total = cases(150);
        check(total, &lists(), |lists| {
            let mut args = vec!["--datadir", DATA, "-d2", "-sL", "-n"];
            lists.iter().for_each(|list| args.extend(["--script", list]));
            let (ours, theirs) = both(lab, &args);
            let (our_choice, their_choice) = (choice(&ours), choice(&theirs));
            // A file that was meant twice, in two spellings, is a mistake to nmap. Here it may be
            // loaded once; two files of one name are a mistake to both.
            if theirs.all().contains("duplicate script ID") && our_choice != Choice::Refused {
                prop_assert!(one_file_for_each_name(&our_choice), "{:#?}", (ours, theirs));
                return Ok(());
            }
            prop_assert_eq!(&our_choice, &their_choice, "ours and nmap's: {:#?}", (ours, theirs));
            chosen.set(chosen.get() + u32::from(our_choice != Choice::Refused));
            Ok(())
        });
        let chosen = chosen.get();
        assert!((total / 5..total - total / 10).contains(&chosen), "{chosen} of {total} are rules");
    });
}

/// IDs and categories.
fn described(output: &Output) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = output.stdout.lines().collect();
    let pairs = lines.windows(2).filter_map(|pair| match pair {
        [id, categories] => Some((*id, categories.strip_prefix("Categories: ")?)),
        _ => None,
    });
    pairs.collect()
}

#[test]
fn help_is_of_the_same_scripts_of_nmap() {
    let word = || {
        let words = ["auth", "broadcast", "default", "dos", "malware", "safe", "version", "vuln"];
        let names = [
            "http-*",
            "ssh*",
            "*-brute",
            "banner",
            "*vuln*",
            "Default",
            "dns-*",
            "smb-os-discovery",
        ];
        prop_oneof![select(words.to_vec()), select(names.to_vec())].prop_map(str::to_owned)
    };
    let rules = word().prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} and {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} or {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a}),not({b})")),
            inner.prop_map(|a| format!("not {a}")),
        ]
    });
    lab::run("beside_nmap::choice::help_is_of_the_same_scripts_of_nmap", |lab| {
        let seen = std::cell::Cell::new(0);
        check(cases(150) / 25, &rules, |rules| {
            let (ours, theirs) = both(lab, &["--datadir", INSTALLED, "--script-help", &rules]);
            prop_assert_eq!(ours.code == 0, theirs.code == 0, "{:#?}", (ours, theirs));
            if ours.code == 0 {
                prop_assert_eq!(described(&ours), described(&theirs));
                seen.set(seen.get() + described(&theirs).len());
            }
            Ok(())
        });
        assert!(seen.get() > 100, "nmap described {} scripts", seen.get());
    });
}

#[test]
fn help_of_all_scripts_is_what_nmap_prints() {
    lab::run("beside_nmap::choice::help_of_all_scripts_is_what_nmap_prints", |lab| {
        let (ours, theirs) = both(lab, &["--datadir", INSTALLED, "--script-help", "all"]);
        let theirs: Vec<&str> =
            theirs.stdout.lines().filter(|line| !line.starts_with("Starting Nmap ")).collect();
        assert!(theirs.len() > 5_000, "{theirs:#?}");
        assert_eq!(ours.stdout.lines().collect::<Vec<_>>(), theirs);
    });
}
