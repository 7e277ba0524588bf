//! Operating system detection beside the real nmap: the same packets to the same kernel make the same
//! fingerprint, and what both read of it is the same.
#![allow(clippy::disallowed_methods, reason = "the tests write and read files of the lab")]

use std::fs;

use crate::lab::{self, Lab, Output};

const FAR: &str = "10.99.0.2";
const DATA: &str = "/run/lab/data";

/// The fingerprint in an output, a test a line, in whichever way it is folded.
fn fingerprint(output: &Output) -> Vec<String> {
    let lines = output.stdout.lines();
    let begin = lines.skip_while(|line| !line.starts_with("TCP/IP fingerprint:")).skip(1);
    let block: Vec<&str> = begin.take_while(|line| !line.is_empty()).collect();
    let whole: String = block.iter().map(|line| line.strip_prefix("OS:").unwrap_or(line)).collect();
    let tests: Vec<String> = whole.split_inclusive(')').map(ToOwned::to_owned).collect();
    assert!(tests.len() > 2, "{output:#?}");
    tests
}

/// What is the same each time: of `SEQ` not how fast and how regularly numbers grow, and nothing of the first
/// line.
fn stable(tests: &[String]) -> Vec<String> {
    let chance = ["SP=", "GCD=", "ISR=", "TS=", "II=", "SS="];
    let keep = |test: &String| match test.strip_prefix("SEQ(") {
        None => test.clone(),
        Some(values) => {
            let values = values.trim_end_matches(')').split('%');
            values.filter(|value| chance.iter().all(|c| !value.starts_with(c))).collect()
        }
    };
    tests.iter().filter(|test| !test.starts_with("SCAN(")).map(keep).collect()
}

/// The lines about the system, up to the distance.
fn about(output: &Output) -> Vec<String> {
    let words = [
        "Warning: OSScan",
        "Device type:",
        "Running",
        "OS CPE:",
        "OS details:",
        "OS fingerprint not",
        "Aggressive OS guesses:",
        "No exact OS matches",
        "No OS matches",
        "Too many fingerprints",
        "Network Distance:",
    ];
    let lines = output.stdout.lines().filter(|line| words.iter().any(|w| line.starts_with(w)));
    // The real one says where to send the fingerprint to.
    let bare = |line: &str| {
        line.replace(" (If you know what OS is running on it, see https://nmap.org/submit/ )", "")
    };
    lines.map(bare).collect()
}

#[test]
fn a_kernel_has_the_same_fingerprint_whoever_takes_it() {
    lab::run("systems::a_kernel_has_the_same_fingerprint_whoever_takes_it", |lab| {
        lab.far_host();
        lab.far_dns();
        lab.farther_host();
        let cases: [&[&str]; 4] = [
            // An open and a closed port; only one of them; behind a router.
            &["-p53,54", FAR],
            &["-p53", FAR],
            &["-p54", FAR],
            &["-p54", "10.98.0.2"],
        ];
        for case in cases {
            let args = [&["-O", "-n", "-d", "--max-os-tries", "1"], case].concat();
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            let expected = stable(&fingerprint(&theirs));
            assert_eq!(stable(&fingerprint(&ours)), expected, "{case:?} {ours:#?}");
            let distance = |output: &Output| about(output).pop();
            assert_eq!(distance(&ours), distance(&theirs), "{case:?} {ours:#?}");
        }
    });
}

/// A file of fingerprints like that of the far host, which gives its tests in `like`.
fn known_systems(like: &[String]) -> String {
    let mut text = "MatchPoints\n".to_owned();
    let tests: Vec<&String> = like
        .iter()
        .filter(|test| !test.starts_with("SCAN(") && !test.starts_with("SEQ("))
        .collect();
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let inside = |test: &str| test.split_once('(').map(|(_, v)| v.trim_end_matches(')').to_owned());
    for test in &tests {
        let values = inside(test).expect("a test");
        let points = |pair: &str| {
            let name = name(pair);
            format!("{name}={}", if name == "R" { 100 } else { 10 })
        };
        let weights: Vec<String> = values.split('%').map(points).collect();
        text += &format!("{}({})\n", test.split('(').next().expect("a name"), weights.join("%"));
    }
    let near = |wrong: usize| -> String {
        let spoil = |test: &&String| {
            let (name, values) = test.split_once('(').expect("a test");
            let mut left = if name.starts_with("T5") || name.starts_with("T6") { wrong } else { 0 };
            let values = values.trim_end_matches(')').split('%').map(|pair| {
                if left > 0 && !pair.starts_with("R=") && !pair.starts_with("T=") {
                    left -= 1;
                    return format!("{}=1234", pair.split('=').next().unwrap_or_default());
                }
                pair.to_owned()
            });
            format!("{name}({})\n", values.collect::<Vec<_>>().join("%"))
        };
        tests.iter().map(spoil).collect()
    };
    let linux =
        "Class Linux | Linux | 6.X | general purpose\nCPE cpe:/o:linux:linux_kernel:6 auto\n";
    let router = "Class Acme | Linux | 6.X | router\nCPE cpe:/h:acme:router\n";
    let other = "Class Acme | embedded || printer\n";
    text += &format!("\nFingerprint The same\n{linux}{router}{}", near(0));
    text += &format!("\nFingerprint The same too\n{other}{}", near(0));
    text += &format!("\nFingerprint Near\n{router}{}", near(1));
    text += &format!("\nFingerprint Far\n{linux}{}", near(4));
    text += &format!("\nFingerprint Far\n{other}{}", near(2));
    text
}

/// Writes a data directory with these known systems.
fn data(lab: &Lab, edit: impl Fn(&str) -> String) {
    let args = ["-O", "-n", "-d", "--max-os-tries", "1", "-p53,54", FAR];
    let text = known_systems(&fingerprint(&lab.nseer(&args)));
    fs::create_dir_all(DATA).expect("a folder");
    fs::write(format!("{DATA}/nmap-os-db"), edit(&text)).expect("a file");
    for file in ["nmap-services", "nmap-mac-prefixes", "nse_main.lua", "nselib", "nmap-protocols"] {
        let _ =
            std::os::unix::fs::symlink(format!("/usr/share/nmap/{file}"), format!("{DATA}/{file}"));
    }
}

/// What is done to the file of known systems.
type Edit<'a> = &'a dyn Fn(&str) -> String;
/// Ports, and further options.
type Case<'a> = (&'a str, &'a [&'a str]);

#[test]
fn what_is_known_is_told_as_nmap_tells_it() {
    lab::run("systems::what_is_known_is_told_as_nmap_tells_it", |lab| {
        lab.far_host();
        lab.far_dns();
        let without_the_same = |text: &str| -> String {
            let blocks = text.split("\n\n").filter(|block| !block.contains("The same"));
            blocks.collect::<Vec<_>>().join("\n\n")
        };
        let many = |text: &str| -> String {
            let (_, block) = text.split_once("Fingerprint The same too\n").expect("a block");
            let (block, _) = block.split_once("\n\n").expect("its end");
            (0..9).fold(text.to_owned(), |text, n| format!("{text}\n\nFingerprint N{n}\n{block}"))
        };
        let far = |text: &str| without_the_same(text).replace("R=Y", "R=N");
        let (both, open) = ("-p53,54", "-p53");
        let edits: [(&str, Edit<'_>, &[Case<'_>]); 4] = [
            ("exact", &str::to_owned, &[(both, &[]), (open, &[])]),
            (
                "guesses",
                &without_the_same,
                &[(both, &[]), (both, &["--fuzzy"]), (both, &["-d"]), (open, &[]), (open, &["-d"])],
            ),
            ("too many", &many, &[(both, &[]), (both, &["-d"]), (open, &[])]),
            ("nothing", &far, &[(both, &[]), (open, &[])]),
        ];
        for (name, edit, cases) in edits {
            data(lab, edit);
            for (ports, more) in cases {
                let args = ["-O", "-n", "--max-os-tries", "1", "--datadir", DATA, ports, FAR];
                let args = [&args, *more].concat();
                let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
                assert!(!about(&theirs).is_empty(), "{theirs:#?}");
                assert_eq!(about(&ours), about(&theirs), "{name} {ports} {more:?} {ours:#?}");
            }
        }
    });
}

#[test]
fn scripts_and_files_have_it_as_with_nmap() {
    lab::run("systems::scripts_and_files_have_it_as_with_nmap", |lab| {
        lab.far_host();
        lab.far_dns();
        data(lab, str::to_owned);
        let script = lab.script("system");
        let args = |base: &'static str| {
            let fixed =
                ["-O", "-n", "-p53,54", "--datadir", DATA, "--script", &script, "-oA", base];
            [&fixed.map(ToOwned::to_owned)[..], &[FAR.to_owned()]].concat()
        };
        let run = |of: &dyn Fn(&[&str]) -> Output, base| {
            let args = args(base);
            of(&args.iter().map(String::as_str).collect::<Vec<_>>())
        };
        let ours = run(&|args| lab.nseer(args), "/run/lab/ours");
        let theirs = run(&|args| lab.nmap(args), "/run/lab/theirs");
        let expected = theirs.under("Host script results");
        assert!(expected.len() > 2, "{theirs:#?}");
        assert_eq!(ours.under("Host script results"), expected, "{ours:#?}");
        let read = |path: &str| fs::read_to_string(path).expect(path);
        let system = |path: &str| -> Vec<String> {
            let text = read(path);
            let names = ["<osmatch", "<osclass", "</osmatch", "<distance", "<portused"];
            let lines = text.lines().map(|line| line.trim_start_matches("<os>"));
            // The closed UDP port is a guess.
            let lines =
                lines.filter(|l| names.iter().any(|n| l.starts_with(n)) && !l.contains("udp"));
            lines.map(ToOwned::to_owned).collect()
        };
        let expected = system("/run/lab/theirs.xml");
        assert!(expected.len() > 5, "{expected:?}");
        assert_eq!(system("/run/lab/ours.xml"), expected);
        let field = |path: &str| {
            let text = read(path);
            text.split('\t').find(|field| field.starts_with("OS: ")).map(ToOwned::to_owned)
        };
        assert_eq!(field("/run/lab/ours.gnmap"), field("/run/lab/theirs.gnmap"));
        // What was read from the other's document is told alike.
        let converted = lab.nseer(&["convert", "/run/lab/theirs.xml", "--to", "normal"]);
        assert_eq!(about(&converted), about(&theirs), "{converted:#?}");
        let differ = lab.nseer(&["diff", "/run/lab/theirs.xml", "/run/lab/ours.xml"]);
        assert_eq!(differ.code, 0, "{differ:#?}");
    });
}

#[test]
fn hosts_that_promise_little_are_left_out() {
    lab::run("systems::hosts_that_promise_little_are_left_out", |lab| {
        lab.far_host();
        lab.far_dns();
        for ports in ["-p53", "-p54"] {
            let args = ["-Pn", "-n", "-O", "--osscan-limit", "-v", ports, FAR];
            let (ours, theirs) = (lab.nseer(&args), lab.nmap(&args));
            let line = |output: &Output| {
                output
                    .stdout
                    .lines()
                    .find(|line| line.starts_with("Skipping OS Scan"))
                    .map(str::to_owned)
            };
            assert!(line(&theirs).is_some(), "{theirs:#?}");
            assert_eq!(line(&ours), line(&theirs), "{ours:#?}");
            assert_eq!(about(&ours), about(&theirs), "{ours:#?}");
        }
    });
}

#[test]
fn without_raw_packets_o_is_refused_and_a_goes_without() {
    lab::run("systems::without_raw_packets_o_is_refused_and_a_goes_without", |lab| {
        let refused = lab.nseer_without_raw(&["--unprivileged", "-O", "-n", "-p9", "127.0.0.1"]);
        assert_eq!(refused.code, 1, "{refused:#?}");
        assert!(
            refused.stderr.starts_with("nseer: TCP/IP fingerprinting (-O) needs"),
            "{refused:#?}"
        );
        let args = ["--unprivileged", "-A", "-n", "-p9", "127.0.0.1"];
        let without = lab.nseer_without_raw(&args);
        assert_eq!((without.code, about(&without).len()), (0, 0), "{without:#?}");
        assert_eq!(without.stderr, "", "{without:#?}");
    });
}

#[test]
fn over_ipv6_all_else_is_done() {
    lab::run("systems::over_ipv6_all_else_is_done", |lab| {
        let output = lab.nseer(&["-6", "-O", "-n", "-p9,10", "::1"]);
        assert_eq!(output.code, 0, "{output:#?}");
        assert!(output.stderr.contains("-O is not built for IPv6"), "{output:#?}");
        assert_eq!(output.state("9/tcp"), Some("closed"));
    });
}

#[test]
fn a_stored_scan_keeps_the_system() {
    lab::run("systems::a_stored_scan_keeps_the_system", |lab| {
        lab.far_host();
        lab.far_dns();
        data(lab, str::to_owned);
        let store = "/run/lab/scan.db";
        let args = ["-O", "-n", "-v", "-p53,54", "--datadir", DATA, "--store", store, FAR];
        let scanned = lab.nseer(&args);
        assert!(about(&scanned).iter().any(|line| line.starts_with("OS details")), "{scanned:#?}");
        let shown = lab.nseer(&["show", store]);
        assert_eq!(about(&shown), about(&scanned), "{shown:#?}");
    });
}
