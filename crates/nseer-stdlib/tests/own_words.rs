//! The embedded library is written in our own words: no text for readers in it shares eight words in a row
//! with the files of an installed Nmap, whose licence we do not take on. Names, examples of output and
//! what stands in `<code>` are facts of the interface and are not compared. The figures in a script's examples
//! are of our own invention: none stands in Nmap's script of the same name.
#![allow(clippy::disallowed_methods, reason = "the tests read an installed Nmap")]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::{fs, io};

const RUN: usize = 8;

/// What makes a string an address, markup or a pattern: a constant of a protocol.
const SYNTAX: &[char] = &['/', '<', '>', '=', '[', ']'];

/// Where Debian's package nmap-common has its files.
const INSTALLED: &str = "/usr/share/nmap";

/// So long is a figure that two people do not choose alike by chance.
const FIGURE: usize = 8;

/// Names with figures that stand in a standard or in the server's own output; whoever shows the protocol writes them so.
const NAMES: &[&str] = &[
    // What servers and clients send to name a protocol or an extension of it.
    "http/1.0",
    "http/1.1",
    "imap4rev1",
    "8bitmime",
    "upnp/1.0",
    // Standards, and IANA's name of a service.
    "60870-5-104",
    "ipmi-2.0",
    "ethernet-ip-2",
    // Algorithms and ways to log in, as their registries spell them.
    "aes128-ctr",
    "hmac-sha2-256",
    "ssh-ed25519",
    "secp256r1",
    "tls_ecdhe_rsa_with_aes_128_gcm_sha256",
    "tls_rsa_with_aes_128_cbc_sha",
    "ssl2_rc4_128_with_md5",
    "scram-sha-1",
    "mit-magic-cookie-1",
    // The heading of df(1), which the script's table has.
    "1k-blocks",
];

/// Addresses that are for documents, RFC 5737 and RFC 3849.
const DOCUMENT_ADDRESSES: &[&str] = &["192.0.2.", "198.51.100.", "203.0.113.", "2001:db8:"];

/// The texts for readers: blocks of comments without their examples, the description, and messages.
fn prose(source: &str) -> Vec<String> {
    let mut texts: Vec<String> = source
        .split_once("description = [[")
        .and_then(|(_, rest)| rest.split_once("]]"))
        .map(|(description, _)| description.to_owned())
        .into_iter()
        .collect();
    let (mut block, mut is_example) = (String::new(), false);
    for line in source.lines() {
        let Some(comment) = line.trim().strip_prefix("--") else {
            texts.push(std::mem::take(&mut block));
            let strings = line.split('"').skip(1).step_by(2);
            texts.extend(strings.filter(|text| !text.contains(SYNTAX)).map(str::to_owned));
            is_example = false;
            continue;
        };
        let comment = comment.trim_start_matches('-').trim();
        let text = match comment.strip_prefix('@').map(|tagged| tagged.split_once(' ')) {
            None => comment,
            Some(tagged) => {
                texts.push(std::mem::take(&mut block));
                is_example =
                    ["@usage", "@output", "@xmloutput"].iter().any(|t| comment.starts_with(t));
                tagged.map_or("", |(_, text)| text)
            }
        };
        if !is_example {
            block.push_str(text);
            block.push(' ');
        }
    }
    texts.push(block);
    texts.iter().map(|text| without_code(text)).collect()
}

/// `<code>` stands for one name, which ends a run of words.
fn without_code(text: &str) -> String {
    let mut parts = text.split("<code>");
    let mut left = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        left.push_str(" 0 ");
        left.push_str(part.split_once("</code>").map_or("", |(_, after)| after));
    }
    left
}

/// Every run of words, in small letters. A figure ends a run.
fn runs(text: &str) -> Vec<Vec<String>> {
    let small = text.to_lowercase();
    let words: Vec<&str> = small
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 1 || word.starts_with(char::is_numeric))
        .collect();
    words
        .windows(RUN)
        .filter(|run| run.iter().all(|word| !word.contains(char::is_numeric)))
        .map(|run| run.iter().map(|word| (*word).to_owned()).collect())
        .collect()
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files_below(&path, files)?;
        } else if path.extension().is_some_and(|ending| ending == "lua" || ending == "nse") {
            files.push(path);
        }
    }
    Ok(())
}

#[test]
fn nothing_is_told_in_the_words_of_nmap() {
    let mut installed = Vec::new();
    for folder in ["nselib", "scripts"] {
        files_below(&Path::new(INSTALLED).join(folder), &mut installed)
            .expect("Nmap's library (Debian package nmap)");
    }
    let mut theirs: HashMap<Vec<String>, &Path> = HashMap::new();
    for path in &installed {
        let source = fs::read(path).expect("a file of Nmap");
        for text in prose(&String::from_utf8_lossy(&source)) {
            theirs.extend(runs(&text).into_iter().map(|run| (run, path.as_path())));
        }
    }
    assert!(theirs.len() > 100_000, "only {} runs of words were found", theirs.len());
    let (mut compared, mut shared) = (0, Vec::new());
    for (path, content) in nseer_stdlib::files() {
        for run in prose(&String::from_utf8_lossy(content)).iter().flat_map(|text| runs(text)) {
            compared += 1;
            if let Some(theirs) = theirs.get(&run) {
                shared.push(format!("{path}: {} ({})", run.join(" "), theirs.display()));
            }
        }
    }
    assert!(compared > 5_000, "only {compared} runs of words were compared");
    assert!(shared.is_empty(), "say it in other words:\n{}", shared.join("\n"));
}

/// What a script says of itself before its code: description, arguments, and examples of use and output.
fn head(source: &str) -> String {
    let head = source.split_once("\nauthor = ").map_or(source, |(head, _)| head);
    let lines = head.lines().filter(|line| !line.starts_with("local "));
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// The long words with a figure, in small letters: whole, and what stands between the strokes and colons of one.
fn figures(text: &str) -> BTreeSet<String> {
    let small = text.to_lowercase();
    let words = small.split(|c: char| c.is_whitespace() || "\"'<>(){}[],;=|\\".contains(c));
    words
        .flat_map(|word| [&[][..], &['/'], &['/', ':', '@']].map(|at| word.split(at)))
        .flatten()
        .map(|part| part.trim_matches(|c: char| !c.is_alphanumeric()))
        .filter(|part| part.len() >= FIGURE && part.contains(|c: char| c.is_ascii_digit()))
        .map(str::to_owned)
        .collect()
}

/// Whether nobody invented a figure: it is the script's own name, a port with its protocol, an address for documents,
/// or one of `NAMES`.
fn is_fact(figure: &str, script: &str) -> bool {
    let is_port = figure.split_once('/').is_some_and(|(number, protocol)| {
        number.parse::<u16>().is_ok() && ["tcp", "udp", "sctp"].contains(&protocol)
    });
    is_port
        || figure == script
        || NAMES.contains(&figure)
        || DOCUMENT_ADDRESSES.iter().any(|start| figure.starts_with(start))
}

/// The figures of a script's head that its namesake has too.
fn shared_figures(ours: &str, theirs: &str) -> BTreeSet<String> {
    let (theirs, mut shared) = (theirs.to_lowercase(), figures(&head(ours)));
    shared.retain(|figure| theirs.contains(figure));
    shared
}

#[test]
fn no_example_has_the_figures_of_nmap() {
    let (mut compared, mut copied, mut seen) = (0, Vec::new(), BTreeSet::new());
    for (path, content) in nseer_stdlib::files() {
        let Some(name) = path.strip_prefix("scripts/").filter(|name| name.ends_with(".nse")) else {
            continue;
        };
        let Ok(theirs) = fs::read(Path::new(INSTALLED).join(path)) else { continue };
        let (ours, theirs) = (String::from_utf8_lossy(content), String::from_utf8_lossy(&theirs));
        compared += 1;
        let script = name.trim_end_matches(".nse");
        let shared = shared_figures(&ours, &theirs);
        let invented = shared.iter().filter(|figure| !is_fact(figure, script));
        copied.extend(invented.map(|figure| format!("{path}: {figure}")));
        seen.extend(shared);
    }
    assert!(compared > 100, "only {compared} scripts have a namesake in Nmap");
    assert!(copied.is_empty(), "choose other figures for the example:\n{}", copied.join("\n"));
    let unused: Vec<&&str> = NAMES.iter().filter(|name| !seen.contains(**name)).collect();
    assert!(unused.is_empty(), "no example needs these exceptions any more: {unused:?}");
}

#[test]
fn copied_figures_would_be_seen() {
    let theirs = "-- @output\n-- 80/tcp open http HTTP/1.1\n-- | a: 192.0.2.7, S C-X0Y1Z2345 at 10.9.8.70:50000\n";
    for (ours, expected) in [
        ("-- |_ Serial: S C-X0Y1Z2345\nauthor = \"c\"", vec!["c-x0y1z2345"]),
        ("-- |_ http://10.9.8.70:5357/a", vec!["10.9.8.70"]),
        ("-- 80/tcp: 192.0.2.7, HTTP/1.1 and S C-A0B1", vec![]),
        ("local a = 1\nauthor = \"c\"\n-- C-X0Y1Z2345", vec![]),
    ] {
        let mut copied: Vec<String> = shared_figures(ours, theirs).into_iter().collect();
        copied.retain(|figure| !is_fact(figure, "a"));
        assert_eq!(copied, expected, "{ours}");
    }
}

#[test]
fn copied_sentences_would_be_seen() {
    let ours =
        "--- Gives the port on which one finds the answer to it all, or nil.\nfunction f() end";
    let theirs = "-- @return gives the port on which one finds\n-- the answer";
    let found = runs(&prose(ours).concat());
    assert!(prose(theirs).iter().flat_map(|text| runs(text)).any(|run| found.contains(&run)));
    let names = "--- Takes <code>a, b, c, d, e, f, g, h, i, k</code>.\n";
    assert!(prose(names).iter().all(|text| runs(text).is_empty()));
}
