//! The tutorial and the page on the workbench: their files are written, their commands are run, and they print what
//! stands there.
//!
//! With `UPDATE=1` the pages get what was printed.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::lab::{self, Folder};

const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs");

/// A piece of the page.
enum Part {
    /// Lines that only people read.
    Text(String),
    /// A file, or more of one.
    File { name: String, appends: bool, text: String },
    /// Commands with what they print, and what is done while one of them watches.
    Console(Vec<(String, String)>, Option<String>),
}

fn parts(page: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut file, mut meanwhile) = (None, None);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let comment = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        if let Some((word, name)) = comment.and_then(|comment| comment.split_once(": ")) {
            assert!(["file", "append", "meanwhile"].contains(&word), "{line}");
            match word {
                "meanwhile" => meanwhile = Some(name.to_owned()),
                _ => file = Some((name.to_owned(), word == "append")),
            }
        }
        let body = |lines: &mut std::str::Lines<'_>| -> Vec<String> {
            lines.take_while(|line| *line != "```").map(str::to_owned).collect()
        };
        match line {
            "```console" => {
                let mut commands: Vec<(String, String)> = Vec::new();
                for line in body(&mut lines) {
                    match (line.strip_prefix("$ "), commands.last_mut()) {
                        (Some(command), _) => commands.push((command.to_owned(), String::new())),
                        (None, Some((_, output))) => output.push_str(&format!("{line}\n")),
                        (None, None) => panic!("{line:?} comes before any command"),
                    }
                }
                parts.push(Part::Console(commands, meanwhile.take()));
            }
            "```lua" => {
                let (name, appends) = file.take().expect("a file before each piece of Lua");
                let text = body(&mut lines).iter().map(|line| format!("{line}\n")).collect();
                parts.push(Part::File { name, appends, text });
            }
            _ => parts.push(Part::Text(format!("{line}\n"))),
        }
    }
    parts
}

fn page_of(parts: &[Part]) -> String {
    let mut page = String::new();
    for part in parts {
        match part {
            Part::Text(text) => page.push_str(text),
            Part::File { text, .. } => page.push_str(&format!("```lua\n{text}```\n")),
            Part::Console(commands, _) => {
                page.push_str("```console\n");
                for (command, output) in commands {
                    page.push_str(&format!("$ {command}\n{output}"));
                }
                page.push_str("```\n");
            }
        }
    }
    page
}

/// Without what differs from run to run: times, sizes of memory, and long numbers such as ports.
fn settled(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, behind) = rest.split_at(end);
        let units = ["us", "ms", " ms", "s\n", "s ", " s\n", "K "];
        let is_time = units.iter().any(|unit| behind.starts_with(unit));
        // Attributes of XML.
        let is_time = is_time || number.contains('.') && behind.starts_with('"');
        let is_long = number.len() >= 5 && !number.contains('.');
        // What a server says of itself is as long as its version.
        let is_size = number.len() >= 2 && behind.starts_with(" byte");
        if is_time || is_long || is_size {
            out.push('N');
            rest = behind.trim_start_matches(' ').trim_start_matches(['u', 'm']);
        } else {
            out.push_str(number);
            rest = behind;
        }
    }
    out.push_str(rest);
    // Columns move with the width of a time.
    out.lines()
        .map(|line| {
            let words = line.split_whitespace();
            let words = words.map(|word| word.find("Debian-").map_or(word, |at| &word[..at + 7]));
            format!("{}\n", words.collect::<Vec<_>>().join(" "))
        })
        .collect()
}

fn command(folder: &Folder, words: &str) -> Command {
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_nseer"));
    let here = program.parent().expect("a folder of the program").display().to_string();
    let path = format!("{here}:{}", std::env::var("PATH").unwrap_or_default());
    let mut command = Command::new("sh");
    command.args(["-c", words]).current_dir(folder.0.path());
    command.env("PATH", path).env("HOME", folder.0.path()).env("NO_COLOR", "1");
    command.env_remove("NMAPDIR");
    command
}

fn shell(folder: &Folder, words: &str) -> String {
    let output = command(folder, words).output().expect("sh can be started");
    assert!(output.stderr.is_empty(), "{words}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A command that watches, and does its work again after something else was done.
fn watched(folder: &Folder, words: &str, meanwhile: &str) -> String {
    let mut child = command(folder, &format!("exec {words}"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("sh can be started");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut printed = String::new();
    for round in 0..2 {
        for line in lines.by_ref().map_while(Result::ok) {
            printed.push_str(&format!("{line}\n"));
            if line.starts_with("Watching ") {
                break;
            }
        }
        if round == 0 {
            shell(folder, meanwhile);
        }
    }
    child.kill().expect("it still runs");
    child.wait().expect("it has ended");
    printed
}

/// Most times that a server is asked: the daemon may be asked before the server has taken the
/// connection, and then knows no owner.
const ATTEMPTS: usize = 50;

/// Runs a page. What its commands print of the host has `always` in it, or they are run again; `recorded` is the
/// recording that one of them writes.
fn run(page: &str, always: &str, recorded: &str) {
    let path = format!("{DOCS}/{page}");
    #[allow(clippy::disallowed_methods, reason = "a test reads the page")]
    let page = std::fs::read_to_string(&path).expect("the page");
    let folder = Folder::new();
    let mut parts = parts(&page);
    let updates = std::env::var_os("UPDATE").is_some();
    let mut ran = 0;
    for part in &mut parts {
        match part {
            Part::Text(_) => {}
            Part::File { name, appends, text } => {
                let before = if *appends { folder.read(name) } else { String::new() };
                folder.write(name, &(before + text));
            }
            Part::Console(commands, meanwhile) => {
                for (command, expected) in commands {
                    ran += 1;
                    let is_good = |printed: &str| match updates {
                        true => !command.contains("127.0.0.1") || printed.contains(always),
                        false => settled(printed) == settled(expected),
                    };
                    let mut printed = match meanwhile.take() {
                        Some(meanwhile) => watched(&folder, command, &meanwhile),
                        None => shell(&folder, command),
                    };
                    for _ in 1..ATTEMPTS {
                        if is_good(&printed)
                            || !command.contains("127.0.0.1")
                            || command.contains("--watch")
                        {
                            break;
                        }
                        if command.contains("--record") {
                            folder.remove(recorded);
                        }
                        printed = shell(&folder, command);
                    }
                    if updates {
                        *expected = printed;
                    } else {
                        assert_eq!(settled(&printed), settled(expected), "$ {command}");
                    }
                }
            }
        }
    }
    assert!(ran >= 8, "{ran} commands");
    if updates {
        #[allow(clippy::disallowed_methods, reason = "the page is what this test makes")]
        std::fs::write(&path, page_of(&parts)).expect("the page can be written");
    } else {
        assert_eq!(page_of(&parts), page);
    }
}

#[test]
fn the_tutorial_does_what_it_says() {
    lab::run("tutorial::the_tutorial_does_what_it_says", |lab| {
        lab.oidentd();
        lab.sshd(22);
        run("tutorial.md", "root", "owner.rec");
    });
}

#[test]
fn the_workbench_does_what_its_page_says() {
    lab::run("tutorial::the_workbench_does_what_its_page_says", |lab| {
        lab.sshd(22);
        run("workbench.md", "", "hello.rec");
    });
}
