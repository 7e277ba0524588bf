//! Tests of the grammar: command lines and the settings that they give.

use nseer_core::progress::PortScan;
use proptest::prelude::*;

use super::*;
use crate::options::Status;
use crate::settings::{Format, PageRequest, PingType, StylesheetRequest};

/// Words as a shell would cut this line; `''` is an empty word.
fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(|word| if word == "''" { "" } else { word }.into()).collect()
}

fn some(text: &str) -> Option<OsString> {
    Some(text.into())
}

#[track_caller]
fn check(line: &str, expected: Settings) {
    assert_eq!(parse(words(line)), Ok(expected), "for {line}");
}

/// Both lines mean the same.
#[track_caller]
fn same(line: &str, other: &str) {
    let parsed = parse(words(line));
    assert!(parsed.is_ok(), "{line}: {parsed:?}");
    assert_eq!(parsed, parse(words(other)), "for {line} and {other}");
}

#[track_caller]
fn fails(line: &str, message: &str) {
    let error = parse(words(line)).expect_err(line);
    assert_eq!(error.to_string(), message, "for {line}");
}

fn none() -> Settings {
    Settings::default()
}

#[test]
fn targets_and_options_mix() {
    let targets = vec!["a".into(), "b".into(), "c".into()];
    let expected = Settings { targets, never_resolve: true, ports: some("22"), ..none() };
    check("a -n b -p 22 c", expected.clone());
    check("-n -p22 a b c", expected.clone());
    check("-np22 -- a b c", expected);
    check("-- -p22 --", Settings { targets: vec!["-p22".into(), "--".into()], ..none() });
    check("-", Settings { targets: vec!["-".into()], ..none() });
    check("''", Settings { targets: vec!["".into()], ..none() });
}

#[test]
fn scan_letters() {
    check("-sT", Settings { scan_types: vec![PortScan::Connect], ..none() });
    let types = vec![PortScan::Syn, PortScan::Udp];
    check("-sSU", Settings { scan_types: types.clone(), ..none() });
    check("-sS -sU -sS", Settings { scan_types: types, ..none() });
    check(
        "-sTC",
        Settings { scan_types: vec![PortScan::Connect], default_scripts: true, ..none() },
    );
    check("-sCn", Settings { ping_scan: true, default_scripts: true, ..none() });
    check("-nsT", Settings { scan_types: vec![PortScan::Connect], never_resolve: true, ..none() });
    check("-sP", Settings { ping_scan: true, ..none() });
    check("-sSV", Settings { scan_types: vec![PortScan::Syn], versions: true, ..none() });
    check("-sI zombie", Settings { not_built: vec!["-sI"], ..none() });
    fails("-s", "option '-s' needs the letters of a scan type, as in -sT");
    fails("-sQ", "unknown option '-sQ'");
    fails("-sTQ", "unknown option '-sQ' in '-sTQ'");
    fails("-sT4", "unknown option '-s4' in '-sT4'");
}

#[test]
fn discovery_letters() {
    check("-Pn", Settings { skip_discovery: true, ..none() });
    same("-P0", "-Pn");
    same("-PN", "-Pn");
    check("-PS22,80", Settings { pings: vec![(PingType::Syn, some("22,80"))], ..none() });
    let pings = vec![(PingType::Syn, None), (PingType::Echo, None), (PingType::Udp, some("53"))];
    same("-PI", "-PE");
    same("-PT22", "-PA22");
    same("-PB443", "-PE -PP -PA443");
    check("-PS -PE -PU53 22", Settings { pings, targets: vec!["22".into()], ..none() });
    fails("-P", "option '-P' needs a kind of host discovery, as in -Pn or -PS22");
    fails("-PQ", "unknown option '-PQ'");
    fails("-Pnv", "option '-Pn' takes no value, but 'v' is glued to it");
}

#[test]
fn values_glued_or_next() {
    for line in ["-p22,80", "-p 22,80"] {
        check(line, Settings { ports: some("22,80"), ..none() });
    }
    check("-p-", Settings { ports: some("-"), ..none() });
    check("-p -", Settings { ports: some("-"), ..none() });
    check("-p ''", Settings { ports: some(""), ..none() });
    same("-T4", "-T 4");
    same("--timing 4", "-T4");
    check("-Taggressive", Settings { timing: some("aggressive"), ..none() });
    same("-T aggressive", "-Taggressive");
    check("-iL hosts", Settings { input_file: some("hosts"), ..none() });
    same("-iLhosts", "-iL hosts");
    same("-iL=hosts", "-iL hosts");
    same("--iL hosts", "-iL hosts");
    check("-iL -", Settings { input_file: some("-"), ..none() });
    fails("-p", "option '-p' needs a value: -p PORTS");
    fails("--top-ports", "option '--top-ports' needs a value: --top-ports NUMBER");
    fails("-iL", "option '-iL' needs a value: -iL FILE");
    fails("-p1 -p2", "option '-p' was given twice; give it once, with everything in one value");
    fails("--open=yes", "option '--open' takes no value, but 'yes' is glued to it");
}

#[test]
fn levels() {
    let verbose = |verbosity| Settings { verbosity, ..none() };
    let debug = |debug, verbosity| Settings { debug, verbosity, ..none() };
    check("-v", verbose(1));
    check("-vv", verbose(2));
    check("-v -vv", verbose(3));
    check("-v2", verbose(2));
    check("-v -v2 -v", verbose(3));
    check("-v12", verbose(10));
    check("-v999999999999", verbose(10));
    check("-vvvvvvvvvvvvvvv", verbose(10));
    check("--verbose", verbose(1));
    check("-v0", Settings { quiet: true, ..none() });
    check("-v0 -v", verbose(1));
    check("-d", debug(1, 1));
    check("-dd", debug(2, 2));
    check("-v3 -d", debug(1, 4));
    check("-v2 -d1", debug(1, 1));
    check("-d3 -v1", debug(3, 1));
    check("-d12", debug(10, 10));
    check("-nv", Settings { never_resolve: true, ..verbose(1) });
    check("--debug=2", debug(2, 2));
    fails("-vn", "'n' is no level for '-v': write -vv or -v2");
    fails("-v3x", "'3x' is no level for '-v': write -vv or -v2");
    fails("-d-1", "'-1' is no level for '-d': write -dd or -d2");
}

#[test]
fn output_files() {
    let one = |format, name: &str| Settings { outputs: vec![(format, name.into())], ..none() };
    check("-oN f", one(Format::Normal, "f"));
    same("-oNf", "-oN f");
    same("-oN=f", "-oN f");
    same("--oN f", "-oN f");
    check("-oX -", one(Format::Xml, "-"));
    check("-oX-", one(Format::Xml, "-"));
    check("-oG f", one(Format::Grepable, "f"));
    let all = vec![
        (Format::Normal, "b.nmap".into()),
        (Format::Xml, "b.xml".into()),
        (Format::Grepable, "b.gnmap".into()),
    ];
    check("-oA b", Settings { outputs: all, ..none() });
    fails(
        "-oA -p22",
        "the file name after '-oA' begins with a dash: write ./-p22 if that is meant",
    );
    fails("-oN ''", "option '-oN' needs the name of a file, not an empty word");
    fails("-oA -", "option '-oA' cannot write to standard output, it writes three formats");
    fails("-oQ x", "unknown option '-oQ'");
}

#[test]
fn long_names() {
    check("--top-ports=10", Settings { top_ports: some("10"), ..none() });
    for line in ["--top-ports 10", "-top-ports 10", "-top-ports=10", "--top 10", "--to=10"] {
        same(line, "--top-ports=10");
    }
    check("--script-args a=b=c", Settings { script_args: some("a=b=c"), ..none() });
    same("--script-args=a=b=c", "--script-args a=b=c");
    same("--script-arg a=b=c", "--script-args a=b=c");
    same("-script-args a=b=c", "--script-args a=b=c");
    check("--script=", Settings { scripts: vec!["".into()], ..none() });
    check("--script a --script b", Settings { scripts: vec!["a".into(), "b".into()], ..none() });
    check("-open", Settings { open_only: true, ..none() });
    same("--ope", "-open");
    check("-reason", Settings { reasons: true, ..none() });
    check("--webx", Settings { stylesheet: Some(StylesheetRequest::Web), ..none() });
    check("--badsum", Settings { bad_checksum: true, ..none() });
    fails("--scan", "option '--scan' is ambiguous: it may mean --scanflags, --scan-delay");
    fails("-pr", "option '--pr' is ambiguous: it may mean --proxies, --proxy, --privileged");
}

#[test]
fn unknown_options() {
    fails("--scirpt x", "unknown option '--scirpt'; did you mean '--script'?");
    fails("-scirpt x", "unknown option '-scirpt'; did you mean '--script'?");
    fails("--top-prots=3", "unknown option '--top-prots'; did you mean '--top-ports'?");
    fails("--hots-timeout 3", "unknown option '--hots-timeout'; did you mean '--host-timeout'?");
    fails("--qqqqqq", "unknown option '--qqqqqq'");
    fails("-z", "unknown option '-z'");
    fails("-nz", "unknown option '-z' in '-nz'");
    fails("--=x", "unknown option '--'");
}

#[test]
fn pages_end_the_line() {
    let page = |page| Settings { page: Some(page), ..none() };
    check("-h --nonsense", page(PageRequest::Summary));
    check("--help -V", page(PageRequest::Help));
    check("-V -h", page(PageRequest::Version));
    check("--version", page(PageRequest::Version));
    check("-hz", page(PageRequest::Summary));
    check("--generate man", page(PageRequest::Generate("man".into())));
    fails("--nonsense -h", "unknown option '--nonsense'");
}

#[test]
fn file_names_keep_their_bytes() {
    let raw = OsString::from_vec(b"-oXa\xff".to_vec());
    let expected = vec![(Format::Xml, OsString::from_vec(b"a\xff".to_vec()))];
    assert_eq!(parse([raw]).map(|s| s.outputs), Ok(expected));
    let raw = OsString::from_vec(b"--datadir=\xff/".to_vec());
    let expected = Some(OsString::from_vec(b"\xff/".to_vec()));
    assert_eq!(parse([raw]).map(|s| s.data_folder), Ok(expected));
    let raw = OsString::from_vec(b"-\xff".to_vec());
    assert!(matches!(parse([raw]), Err(ParseError::Unknown { .. })));
}

#[test]
fn every_name_parses() {
    for opt in options::all() {
        for name in opt.names {
            let mut line = vec![OsString::from(name)];
            if matches!(opt.value, Value::Required(_)) {
                line.push("man".into());
            }
            let parsed = parse(line);
            let Ok(settings) = parsed else { panic!("{name}: {parsed:?}") };
            match opt.status {
                Status::NoEffect => assert_eq!(settings, none(), "{name}"),
                Status::NotBuilt { .. } => assert_eq!(settings.not_built, [*name], "{name}"),
                _ => assert_ne!(settings, none(), "{name} notes nothing"),
            }
        }
    }
}

#[test]
fn every_long_name_parses_with_one_dash() {
    for (opt, name) in names().filter(|(opt, name)| opt.shape(name) == Shape::Long) {
        let value = matches!(opt.value, Value::Required(_)).then(|| OsString::from("man"));
        let one = std::iter::once(OsString::from(&name[1..])).chain(value.clone());
        let two = std::iter::once(OsString::from(name)).chain(value);
        assert_eq!(parse(one), parse(two), "for {name}");
    }
}

fn word() -> impl Strategy<Value = OsString> {
    let bytes = proptest::collection::vec(any::<u8>(), 0..12);
    let known: Vec<&'static str> = names().map(|(_, name)| name).collect();
    let known = proptest::sample::select(known);
    prop_oneof![
        bytes.clone().prop_map(OsString::from_vec),
        bytes.clone().prop_map(|tail| OsString::from_vec([b"-".as_slice(), &tail].concat())),
        (known, bytes)
            .prop_map(|(name, tail)| { OsString::from_vec([name.as_bytes(), &tail].concat()) }),
        "-{1,2}[a-zA-Z0-9=,-]{0,8}".prop_map(OsString::from),
    ]
}

proptest! {
    #[test]
    fn any_words_give_settings_or_one_line(line in proptest::collection::vec(word(), 0..6)) {
        match parse(line) {
            Ok(_) => {}
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn words_after_two_dashes_are_targets(line in proptest::collection::vec(word(), 0..6)) {
        let words = std::iter::once(OsString::from("--")).chain(line.clone());
        prop_assert_eq!(parse(words).map(|settings| settings.targets), Ok(line));
    }
}
