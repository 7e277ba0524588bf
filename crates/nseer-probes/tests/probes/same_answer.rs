//! The index gives the same answer as trying every line in order.

use std::sync::OnceLock;

use nseer_probes::ProbeDb;
use proptest::prelude::*;

/// Words that patterns and answers of the generated files have in common.
const WORDS: [&str; 14] = [
    "ab", "abc", "b", "HTTP", "220 ", "\\r\\n", "\\x00", "\\0", "1", "\\.", "x", "SSH-", "\\|", "{",
];

fn pattern() -> impl Strategy<Value = String> {
    let wild = [
        "", ".*", "(?:ab|b)", "(\\w+)", "[^a]", "?", "*", "+", "(?!x)", "{2}", "{1,", "$", "|b",
        "[]a]", "(?i)",
    ];
    let part = (prop::sample::select(&WORDS[..]), prop::sample::select(wild.to_vec()));
    let parts = prop::collection::vec(part, 1..5);
    let anchor = prop::sample::select(vec!["^", "^", "^", ""]);
    (anchor, parts).prop_map(|(anchor, parts)| {
        let parts: String = parts.into_iter().map(|(word, wild)| format!("{word}{wild}")).collect();
        format!("{anchor}{parts}")
    })
}

/// Bytes that a pattern of such words could be meant for.
fn plain(text: &str) -> Vec<u8> {
    let text = text.replace("\\r\\n", "\r\n").replace("\\x00", "\0").replace("\\0", "\0");
    text.replace('\\', "").into_bytes()
}

fn answer() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(&WORDS[..]).prop_map(plain);
    prop::collection::vec(word, 0..8).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn with_generated_files(
        lines in prop::collection::vec((pattern(), prop::bool::ANY, "[is]{0,1}"), 1..30),
        answers in prop::collection::vec(answer(), 1..6),
    ) {
        let mut text = "Probe TCP A q|a|\n".to_owned();
        for (number, (pattern, soft, flags)) in lines.iter().enumerate() {
            let word = if *soft { "softmatch" } else { "match" };
            text.push_str(&format!("{word} s{number} m%{pattern}%{flags}\n"));
        }
        let text = text.into_bytes();
        let (db, problems) = ProbeDb::load("generated", text);
        prop_assert!(problems.is_empty(), "{:?}", problems);
        let _ = db.check();
        for answer in answers {
            prop_assert_eq!(db.find(0, &answer).matched, db.find_exhaustively(0, &answer).matched);
        }
    }
}

/// Nmap's file, which the tests need installed.
struct Installed {
    db: ProbeDb,
    /// Beginnings of answers, made from the patterns' plain beginnings.
    starts: Vec<(usize, Vec<u8>)>,
}

#[allow(clippy::disallowed_methods, reason = "the file of an installed program is read")]
fn installed() -> &'static Installed {
    static INSTALLED: OnceLock<Installed> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let path = "/usr/share/nmap/nmap-service-probes";
        let text = std::fs::read(path).expect("the package nmap-common is installed");
        let mut starts = Vec::new();
        let mut probe = None;
        for line in text.split(|b| *b == b'\n') {
            if line.starts_with(b"Probe ") {
                probe = Some(probe.map_or(0, |n| n + 1));
            }
            let pattern = line.windows(3).position(|w| w == b" m|");
            if let (Some(probe), Some(at)) = (probe, pattern) {
                starts.push((probe, plain_text(&line[at + 3..])));
            }
        }
        let (db, problems) = ProbeDb::load(path, text);
        assert_eq!(problems, []);
        assert_eq!(db.check(), []);
        Installed { db, starts }
    })
}

/// The pattern's text with escapes read and operators left out.
fn plain_text(pattern: &[u8]) -> Vec<u8> {
    let end = pattern.iter().position(|b| *b == b'|').unwrap_or(pattern.len());
    let text = String::from_utf8_lossy(&pattern[..end]);
    let mut out = Vec::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '^' | '$' | '(' | ')' | '?' | '*' | '+' => {}
            '.' => out.push(b'z'),
            '\\' => match chars.next() {
                Some('r') => out.push(b'\r'),
                Some('n') => out.push(b'\n'),
                Some('0') => out.push(0),
                Some('d') => out.push(b'7'),
                Some('w' | 'S') => out.push(b'q'),
                Some('x') => {
                    let digits: String = chars.by_ref().take(2).collect();
                    out.extend(u8::from_str_radix(&digits, 16));
                }
                Some(c) => out.extend(u8::try_from(c)),
                None => {}
            },
            c => out.extend(u8::try_from(c)),
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn with_the_installed_file(
        start in any::<prop::sample::Index>(),
        cut in any::<prop::sample::Index>(),
        tail in prop_oneof![
            Just(Vec::new()),
            prop::collection::vec(any::<u8>(), 0..40),
            "\r\nServer: [a-zA-Z]{3,9}/[0-9.]{1,6}\r\n".prop_map(String::into_bytes),
        ],
        other in any::<prop::sample::Index>(),
    ) {
        let Installed { db, starts } = installed();
        let (probe, beginning) = start.get(starts);
        let mut answer = beginning[..beginning.len() - cut.index(beginning.len() + 1).min(beginning.len() / 2)].to_vec();
        answer.extend(tail);
        for place in [*probe, other.index(db.probes().len())] {
            let fast = db.find(place, &answer).matched;
            prop_assert_eq!(fast, db.find_exhaustively(place, &answer).matched);
        }
    }
}
