//! `--script-args` and `--script-args-file`: the same table comes of the same text.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use nseer_engine::script_args;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree;

use super::{cases, check, data_directory, runner};
use crate::lab::{self, Lab, Output};

/// Where a text for `--script-args-file` is put.
const FILE: &str = "/run/lab/args";

/// With no scripts of its own, so that nmap starts soon.
const DATA: &str = "/run/lab/data";

type Text = Vec<u8>;

/// What stands between quotes.
const QUOTED: &[&[u8]] = &[
    b"a",
    b" ",
    b",",
    b"=",
    b"{",
    b"}",
    b"\n",
    b"\\\\",
    b"\\\"",
    b"\\'",
    b"\\n",
    b"\\",
    b"'",
    b"\"",
    b"\xff",
    b"\xc3\xa9",
];

/// What stands anywhere.
const LOOSE: &[&[u8]] =
    &[b"a", b"b", b"{", b"}", b"=", b",", b"\"", b"'", b"\\", b" ", b"\n", b"\t", b"k=v", b"\xe9"];

fn blank() -> impl Strategy<Value = &'static str> {
    let odd = ["  ", "\t", "\n", "\r\n", "\u{b}", "\u{c}", " \n "];
    prop_oneof![8 => Just(""), 3 => Just(" "), 1 => select(odd.to_vec())]
}

fn quoted(quote: u8) -> impl Strategy<Value = Text> {
    let piece = select(QUOTED);
    vec(piece, 0..5).prop_map(move |pieces| [&[quote], &pieces.concat()[..], &[quote]].concat())
}

fn string() -> impl Strategy<Value = Text> {
    let bare = [
        "a",
        "b",
        "key",
        "x.y",
        "a b",
        "1",
        "http.useragent",
        "",
        "it's",
        "5\"",
        "-",
        "c\\",
        "\u{e9}",
    ];
    prop_oneof![
        5 => select(bare.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        1 => quoted(b'"'),
        1 => quoted(b'\''),
        1 => vec(any::<u8>().prop_filter("no NUL in arguments", |byte| *byte != 0), 0..4),
    ]
}

/// Fields of a table, with blanks where they may be.
fn fields(value: BoxedStrategy<Text>) -> impl Strategy<Value = Text> {
    let field =
        (string(), blank(), blank(), value, 0..3_u8).prop_map(|(key, x, y, value, form)| {
            if form == 0 {
                value
            } else {
                [&key, x.as_bytes(), b"=", y.as_bytes(), &value].concat()
            }
        });
    let padded = (blank(), field, blank())
        .prop_map(|(x, field, y)| [x.as_bytes(), &field, y.as_bytes()].concat());
    let separator = prop_oneof![5 => Just(b','), 1 => Just(b'\n')];
    (vec(padded, 0..4), separator).prop_map(|(fields, separator)| fields.join(&separator))
}

fn well_formed() -> impl Strategy<Value = Text> {
    let value = string().boxed().prop_recursive(3, 12, 3, |inner| {
        fields(inner.boxed()).prop_map(|fields| [b"{", &fields[..], b"}"].concat())
    });
    fields(value.boxed())
}

fn text() -> impl Strategy<Value = Text> {
    let piece = select(LOOSE);
    let jumble = vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    // A byte more or less somewhere.
    let bent =
        (well_formed(), any::<prop::sample::Index>(), select(&b"{}=,\"'\n\\ "[..]), any::<bool>());
    let bent = bent.prop_map(|(mut text, at, byte, insert)| {
        let at = at.index(text.len() + 1);
        if insert || at == text.len() {
            text.insert(at, byte);
        } else {
            text.remove(at);
        }
        text
    });
    prop_oneof![4 => well_formed(), 2 => jumble, 2 => bent]
}

/// Whether the text means the same in the braces of a table that other fields follow: it may not
/// close them, nor leave a quote open for others to close.
fn is_whole(text: &[u8]) -> bool {
    let among_others = [b"t={", text, br#"},single='s',double="d""#].concat();
    let parsed = script_args::parse(None, Some(&among_others));
    parsed.is_ok_and(|parsed| {
        let table = parsed.table;
        parsed.unread.is_empty() && table.map.len() == 3 && table.array.is_empty()
    })
}

/// What the script showed of the arguments; nothing where the run was refused for them.
fn shown(output: &Output) -> Option<Vec<&str>> {
    if output.code != 0 {
        let all = output.all();
        assert!(all.contains("arguments did not parse"), "{output:#?}");
        return None;
    }
    let mut lines = output.stdout.lines();
    assert!(lines.by_ref().any(|line| line.starts_with("NSE: shown: ")), "{output:#?}");
    Some(lines.filter_map(|line| line.strip_prefix("NSE: arg: ")).collect())
}

struct Pair {
    ours: Output,
    theirs: Output,
}

impl Pair {
    fn run(lab: &Lab, options: &[(&str, &[u8])]) -> Pair {
        let script = lab.script("show-args");
        let plain = ["--datadir", DATA, "-sL", "-n", "--script", &script];
        let mut args: Vec<OsString> = plain.iter().map(OsString::from).collect();
        for (name, value) in options {
            args.push(name.into());
            args.push(OsStr::from_bytes(value).to_owned());
        }
        Pair { ours: lab.nseer(&args), theirs: lab.nmap(&args) }
    }

    fn agree(&self) -> Result<(), TestCaseError> {
        let (ours, theirs) = (shown(&self.ours), shown(&self.theirs));
        prop_assert_eq!(ours, theirs, "ours and nmap's: {:#?}", (&self.ours, &self.theirs));
        Ok(())
    }
}

/// Texts that make sense are asked about many at a time, each in a table of its own.
fn agree_on_all(lab: &Lab, texts: &[Text]) {
    let table =
        |(index, text): (usize, &Text)| [format!("n{index}={{").as_bytes(), text, b"}"].concat();
    let together = texts.iter().enumerate().map(table).collect::<Vec<_>>().join(&b',');
    let pair = Pair::run(lab, &[("--script-args", &together)]);
    let (ours, theirs) = (shown(&pair.ours), shown(&pair.theirs));
    if ours.is_some() && ours == theirs {
        assert_eq!(
            ours.map(|lines| lines.len()),
            Some(texts.len()),
            "{pair_ours:#?}",
            pair_ours = pair.ours
        );
        return;
    }
    for text in texts {
        let pair = Pair::run(lab, &[("--script-args", text)]);
        if let Err(error) = pair.agree() {
            panic!("{:?}: {error}", OsString::from_vec(text.clone()));
        }
    }
    panic!("each by itself is the same, together they are not: {ours:#?} {theirs:#?}");
}

#[test]
fn random_texts_give_the_tables_of_nmap() {
    lab::run("beside_nmap::arguments::random_texts_give_the_tables_of_nmap", |lab| {
        data_directory(DATA, &[], "");
        let mut runner = runner(0);
        let texts: Vec<Text> = (0..cases(150) * 10)
            .map(|_| text().new_tree(&mut runner).expect("a text").current())
            .collect();
        let (whole, others): (Vec<Text>, Vec<Text>) =
            texts.into_iter().partition(|text| is_whole(text));
        assert!(whole.len() > others.len() && others.len() > whole.len() / 9);
        whole.chunks(100).for_each(|some| agree_on_all(lab, some));
        let mut refused = 0;
        for text in others.iter().take(others.len() / 5) {
            let pair = Pair::run(lab, &[("--script-args", text)]);
            if let Err(error) = pair.agree() {
                panic!("{:?}: {error}", OsString::from_vec(text.clone()));
            }
            refused += usize::from(shown(&pair.theirs).is_none());
        }
        assert!(refused > others.len() / 20, "nmap refused {refused} texts");
    });
}

#[test]
fn a_file_and_the_command_line_come_together_as_with_nmap() {
    let options =
        (proptest::option::of(text()), proptest::option::of(text()), proptest::option::of(text()));
    lab::run(
        "beside_nmap::arguments::a_file_and_the_command_line_come_together_as_with_nmap",
        |lab| {
            data_directory(DATA, &[], "");
            check(cases(150) / 5, &options, |(file, first, last)| {
                let mut options: Vec<(&str, &[u8])> = Vec::new();
                options.extend(first.iter().map(|text| ("--script-args", &text[..])));
                if let Some(file) = &file {
                    #[allow(clippy::disallowed_methods, reason = "the world of the test")]
                    std::fs::write(FILE, file).expect("a new file");
                    options.push(("--script-args-file", FILE.as_bytes()));
                }
                options.extend(last.iter().map(|text| ("--script-args", &text[..])));
                Pair::run(lab, &options).agree()
            });
        },
    );
}
