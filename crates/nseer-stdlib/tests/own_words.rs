//! The embedded library is written in our own words: no text for readers in it shares eight words in a row
//! with the files of an installed Nmap, whose licence we do not take on. Names, examples of output and
//! what stands in `<code>` are facts of the interface and are not compared.
#![allow(clippy::disallowed_methods, reason = "the tests read an installed Nmap")]

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

const RUN: usize = 8;

/// What makes a string an address, markup or a pattern: a constant of a protocol.
const SYNTAX: &[char] = &['/', '<', '>', '=', '[', ']'];

/// Where Debian's package nmap-common has its files.
const INSTALLED: &str = "/usr/share/nmap";

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
