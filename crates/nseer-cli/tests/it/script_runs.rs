//! Scripts run against one target, and conversations with real servers recorded.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::lab::{self, ASKS, Folder, Lab, Peer, script};

/// Without what differs from run to run.
fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']);
    let is_number = |word: &str| word.trim_start_matches('(').parse::<f64>().is_ok();
    let mut out = String::new();
    let words: Vec<&str> = words.collect();
    for (i, word) in words.iter().enumerate() {
        let is_time =
            is_number(word.trim_end()) && words.get(i + 1).is_some_and(|w| w.starts_with("ms"));
        out.push_str(if is_time { "N " } else { word });
    }
    out
}

#[test]
fn a_script_runs_without_a_scan() {
    lab::run("script_runs::a_script_runs_without_a_scan", |lab| {
        let folder = Folder::new();
        folder.write("ask.nse", &script(ASKS));
        lab.peer(7, Peer::Says(b"welcome\r\n"));
        let output = folder.nseer(&["script", "run", "--trace", "ask.nse", "127.0.0.1:7"]);
        assert_eq!(output.code, 0, "{output:#?}");
        assert_eq!(
            without_times(&output.stdout),
            "Nmap scan report for 127.0.0.1\nHost is up.\n\nPORT  STATE SERVICE\n7/tcp open  echo\n\
             |_ask: welcome\n\nask ran for N ms: 1 connection, 7 bytes sent, 9 bytes received\n"
        );
        let trace: Vec<&str> =
            output.stderr.lines().map(|line| line.split_once("ms").map_or(line, |l| l.1)).collect();
        let said =
            |text: &str| assert!(trace.iter().any(|l| l.trim() == text), "{text}: {trace:#?}");
        assert!(trace[0].starts_with("  line 11   #1 connects to 127.0.0.1:7 (tcp)"), "{trace:#?}");
        said("line 12   #1 sends 7 bytes");
        said("> hello\\r\\n");
        said("line 13   #1 receives 9 bytes");
        said("< welcome\\r\\n");
        // What a scan would not have run is told, not run.
        let output = folder.nseer(&["script", "run", "ask.nse", "127.0.0.1:8"]);
        let why = "nseer: ask did not run: its rules say no for 8/tcp open; --force runs it all the same\n";
        assert_eq!((output.code, output.stderr.as_str()), (1, why), "{output:#?}");
        let output = folder.nseer(&["script", "run", "ask.nse", "127.0.0.1"]);
        let why = "nseer: ask runs on ports, and none was given: write TARGET:PORT\n";
        assert_eq!((output.code, output.stderr.as_str()), (1, why), "{output:#?}");
        let output = folder.nseer(&["script", "run", "--force", "ask.nse", "127.0.0.1:8"]);
        assert!(output.stdout.contains("0 connections, 0 bytes sent"), "{output:#?}");
        // A closed port is seen as a scan sees it.
        let output = folder.nseer(&["script", "run", "--probe", "ask.nse", "127.0.0.1:7,8"]);
        assert_eq!(output.state("8/tcp"), Some("closed"), "{output:#?}");
        assert_eq!(output.under("7/tcp"), ["|_ask: welcome"]);
        let output = folder.nseer(&["script", "run", "ask.nse", "no.such.name:7"]);
        assert!(
            output.stderr.starts_with("nseer: cannot find the target 'no.such.name': "),
            "{output:#?}"
        );
    });
}

#[test]
fn a_script_runs_again_when_it_is_saved() {
    lab::run("script_runs::a_script_runs_again_when_it_is_saved", |lab| {
        let folder = Folder::new();
        folder.write("ask.nse", &script("return \"first\""));
        lab.peer(7, Peer::Silent);
        let mut watching = Command::new(env!("CARGO_BIN_EXE_nseer"))
            .args(["script", "run", "--watch", &folder.path("ask.nse"), "127.0.0.1:7"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("nseer can be started");
        let out = watching.stdout.take().expect("its output");
        let mut results = BufReader::new(out)
            .lines()
            .map_while(Result::ok)
            .filter(|line| line.starts_with("|_ask: ") || line.starts_with("ask ran"));
        let mut next = || results.next().expect("it goes on");
        assert_eq!(next(), "|_ask: first");
        assert!(next().starts_with("ask ran"));
        // A file that is broken is told, and mended by the next save.
        folder.write("ask.nse", "broken(");
        folder.write("ask.nse", &script("return \"second\""));
        assert_eq!(next(), "|_ask: second");
        assert!(next().starts_with("ask ran"));
        // Editors write another file in its place, and some take the old one away first.
        folder.remove("ask.nse");
        folder.write("ask.nse", &script("return \"third\""));
        assert_eq!(next(), "|_ask: third");
        watching.kill().expect("it still runs");
        watching.wait().expect("it has ended");
    });
}

/// Records a conversation, and plays it where nobody listens.
fn recorded(folder: &Folder, words: &[&str], file: &str) -> String {
    let output = folder.nseer(&[&["script", "test", "--record"], words].concat());
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
    let elsewhere = Command::new("unshare")
        .args(["--net", env!("CARGO_BIN_EXE_nseer"), "script", "test", &folder.path(file)])
        .env("HOME", folder.0.path())
        .output()
        .expect("unshare can be started");
    let told = String::from_utf8_lossy(&elsewhere.stdout).into_owned();
    assert!(elsewhere.status.success() && told.starts_with("ok    "), "{told}");
    let recording = folder.read(file);
    let shown = recording.lines().filter_map(|line| line.strip_prefix("= "));
    let shown: String = shown.map(|line| format!("{line}\n")).collect();
    assert!(output.stdout.starts_with(&shown), "{output:#?}\n{recording}");
    recording
}

#[test]
fn conversations_with_real_servers_are_recorded_and_replayed() {
    lab::run("script_runs::conversations_with_real_servers_are_recorded_and_replayed", |lab| {
        let folder = Folder::new();
        lab.oidentd();
        lab.sshd(22);
        lab.tls(443);
        lab.dns();
        let copy = |name: &str| folder.write(&format!("{name}.nse"), &script_of_lab(lab, name));
        // Two connections, and an answer that depends on the local port of one of them.
        folder.write("owner.nse", OWNER);
        // The daemon may be asked before the server has taken the connection.
        let recording = (0..50)
            .map(|_| {
                folder.remove("owner.rec");
                recorded(&folder, &["127.0.0.1:22,113", "owner.nse"], "owner.rec")
            })
            .find(|recording| recording.contains("= |_owner: root"));
        let recording = recording.expect("an owner, sooner or later");
        assert_eq!(recording.matches("\nconnection tcp 127.0.0.1:").count(), 2, "{recording}");
        assert!(recording.contains(":USERID:UNIX:root"), "{recording}");
        // Inside of TLS.
        copy("tls-first-line");
        let recording =
            recorded(&folder, &["127.0.0.1:443", "tls-first-line.nse"], "tls-first-line.rec");
        assert!(recording.contains("\nconnection tls 127.0.0.1:443 "), "{recording}");
        assert!(recording.contains(" certificate x\"30 "), "{recording}");
        // Datagrams.
        copy("dns-over-udp");
        let recording =
            recorded(&folder, &["127.0.0.1:53/udp", "dns-over-udp.nse"], "dns-over-udp.rec");
        assert!(recording.contains("\nconnection udp "), "{recording}");
        let again = folder.nseer(&["script", "test", "--record", "127.0.0.1:22,113", "owner.nse"]);
        let text =
            "nseer: 'owner.rec' is there already: remove it, or write to another file with -o\n";
        assert_eq!((again.code, again.stderr.as_str()), (2, text));
    });
}

#[test]
fn threads_of_a_script_take_turns_as_they_were_recorded() {
    lab::run("script_runs::threads_of_a_script_take_turns_as_they_were_recorded", |lab| {
        let folder = Folder::new();
        lab.peer(7, Peer::Answers(b"thanks\r\n"));
        lab.peer(8, Peer::Answers(b"thanks\r\n"));
        folder.write("share.nse", SHARES);
        // What they take from a common store, in which order they are done, and what random numbers they
        // send follows from which answer comes first.
        for _ in 0..3 {
            folder.remove("share.rec");
            recorded(&folder, &["127.0.0.1:7", "share.nse"], "share.rec");
        }
    });
}

/// Six threads that share a store of work.
const SHARES: &str = r#"
description = [[Shares work among threads.]]
author = "us"
license = "MIT"
categories = {"safe"}
local nmap = require "nmap"
local stdnse = require "stdnse"
local table = require "table"
portrule = function() return true end
action = function(host)
  local done, item, live = {}, 0, 0
  local condvar = nmap.condvar(done)
  local function work(name)
    while item < 30 do
      item = item + 1
      local mine = item
      local socket = nmap.new_socket()
      if socket:connect(host, 7 + mine % 2) then
        socket:send(("%s %d %d\r\n"):format(name, mine, math.random(1 << 40)))
        socket:receive_lines(1)
      end
      socket:close()
      done[#done + 1] = name .. mine
    end
    live = live - 1
    condvar("signal")
  end
  for name in ("abcdef"):gmatch(".") do
    live = live + 1
    stdnse.new_thread(work, name)
  end
  while live > 0 do condvar("wait") end
  return table.concat(done, " ")
end
"#;

#[allow(clippy::disallowed_methods, reason = "a test reads its own script")]
fn script_of_lab(lab: &Lab, name: &str) -> String {
    std::fs::read_to_string(Path::new(&lab.script(name))).expect("a script of the lab")
}

/// Asks an identification server (RFC 1413) who owns a port.
const OWNER: &str = r#"
description = [[Tells who owns a port.]]
author = "us"
license = "MIT"
categories = {"safe"}
local nmap = require "nmap"
portrule = function(host, port)
  local auth = nmap.get_port_state(host, {number = 113, protocol = "tcp"})
  return auth and auth.state == "open" and port.number ~= 113
end
action = function(host, port)
  local ident, service = nmap.new_socket(), nmap.new_socket()
  local try = nmap.new_try(function() ident:close() service:close() end)
  try(ident:connect(host, 113))
  try(service:connect(host, port))
  local _, localport = try(service:get_info())
  try(ident:send(("%d, %d\r\n"):format(port.number, localport)))
  local line = try(ident:receive_lines(1))
  ident:close()
  service:close()
  return line:match("USERID%s*:[^:]*:%s*([^\r\n]+)")
end
"#;

#[test]
fn a_recording_keeps_no_secret() {
    lab::run("script_runs::a_recording_keeps_no_secret", |lab| {
        let folder = Folder::new();
        lab.peer(7, Peer::Says(b"welcome, hunter2!\r\n"));
        let action = ASKS.replace(
            "\"hello\\r\\n\"",
            "\"PASS \" .. stdnse.get_script_args(\"pass\") .. \"\\r\\n\" .. \"AUTH \" .. \
             require(\"base64\").enc(\"u:\" .. stdnse.get_script_args(\"pass\")) .. \"\\r\\n\"",
        );
        folder.write("ask.nse", &script(&action));
        let words =
            ["--mask", "hunter2", "--script-args", "pass=hunter2", "127.0.0.1:7", "ask.nse"];
        let words = [&words[4..5], &words[..4], &words[5..]].concat();
        let recording = recorded_masked(&folder, &words);
        // The second is the same in Base64.
        for secret in ["hunter2", "dTpodW50ZXIy"] {
            assert!(!recording.contains(secret), "{recording}");
        }
        assert!(recording.contains("AUTH dTp4eHh4eHh4\\r\\n"), "{recording}");
        assert!(
            recording.contains("> ") && recording.contains("PASS xxxxxxx\\r\\n"),
            "{recording}"
        );
        let output = folder.nseer(&["script", "test", "--mask", "x"]);
        let text = "nseer: --mask belongs to a recording: add --record TARGET:PORT\n";
        assert_eq!((output.code, output.stderr.as_str()), (2, text));
    });
}

fn recorded_masked(folder: &Folder, words: &[&str]) -> String {
    let output = folder.nseer(&[&["script", "test", "--record"], words].concat());
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:#?}");
    folder.test(&["ask.rec"], 0);
    folder.read("ask.rec")
}

#[test]
fn what_cannot_be_recorded_leaves_no_file() {
    lab::run("script_runs::what_cannot_be_recorded_leaves_no_file", |lab| {
        let folder = Folder::new();
        lab.peer(7, Peer::Reset);
        folder.write("ask.nse", &script("error(\"oops\")"));
        let record =
            |target: &str| folder.nseer(&["script", "test", "--record", target, "ask.nse"]);
        let output = record("127.0.0.1:7");
        let text = "nseer: nothing was written: the script failed on 7/tcp: ask.nse:9: oops\n";
        assert_eq!((output.code, output.stderr.as_str()), (2, text));
        let output = record("127.0.0.1:8");
        let text =
            "nseer: nothing was written: ask did not run, its rules say no for the ports 8/tcp\n";
        assert_eq!((output.code, output.stderr.as_str()), (2, text));
        let output = folder.nseer(&["script", "test", "--record", "127.0.0.1:7"]);
        let text =
            "nseer: --record takes one script: nseer script test --record TARGET:PORT NAME.nse\n";
        assert_eq!((output.code, output.stderr.as_str()), (2, text));
        folder.test(&[], 2);
    });
}

#[test]
fn a_scan_tells_what_its_scripts_took() {
    lab::run("script_runs::a_scan_tells_what_its_scripts_took", |lab| {
        let folder = Folder::new();
        folder.write("ask.nse", &script(ASKS));
        lab.peer(7, Peer::Says(b"welcome\r\n"));
        let scan = ["-sT", "-Pn", "-n", "-p7", "--script", "./ask.nse", "127.0.0.1"];
        let plain = folder.nseer(&scan);
        assert!(!plain.stdout.contains("What scripts took"), "{plain:#?}");
        let output = folder.nseer(&[&scan[..], &["--script-profile", "-oJ", "run.jsonl"]].concat());
        assert_eq!(output.code, 0, "{output:#?}");
        let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<String>>();
        let shown = lines(&output.stdout);
        let at = shown.iter().position(|line| line == "What scripts took, the slowest first:");
        let at = at.unwrap_or_else(|| panic!("{shown:#?}"));
        let head = [
            "RUNS",
            "TIME",
            "WAITING",
            "RUNNING",
            "CONNECTIONS",
            "SENT",
            "RECEIVED",
            "MEMORY",
            "SCRIPT",
        ];
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(words(&shown[at + 1]), head);
        let row = words(&shown[at + 2]);
        assert_eq!(
            (&*row[0], &row[4..7], &*row[8]),
            ("1", &["1", "7", "9"].map(str::to_owned)[..], "ask")
        );
        // The same from the file, and twice as much from the file twice.
        let profile = folder.nseer(&["script", "profile", "run.jsonl"]);
        assert_eq!(lines(&profile.stdout), shown[at + 1..=at + 2], "{profile:#?}");
        let twice =
            ["script", "profile", "--sort", "bytes", "--format", "json", "run.jsonl", "run.jsonl"];
        let twice = folder.nseer(&twice).stdout;
        for part in
            ["\"id\": \"ask\"", "\"runs\": 2", "\"bytes_sent\": 14", "\"bytes_received\": 18"]
        {
            assert!(twice.contains(part), "{twice}");
        }
        let wrong = |args: &[&str]| {
            let output = folder.nseer(&[&["script", "profile"], args].concat());
            assert_eq!((output.code, output.stdout.as_str()), (1, ""), "{output:#?}");
            output.stderr
        };
        assert_eq!(
            wrong(&["--sort", "size", "run.jsonl"]),
            "nseer: 'size' is no column (--sort): write time, running, bytes, memory, runs\n"
        );
        assert_eq!(
            wrong(&["--top", "0", "run.jsonl"]),
            "nseer: '0' is no number of scripts (--top)\n"
        );
        let why = "it tells of no script's costs: scan with --script-profile and -oJ FILE";
        folder.nseer(&[&scan[..], &["-oJ", "other.jsonl"]].concat());
        assert_eq!(wrong(&["other.jsonl"]), format!("nseer: cannot read 'other.jsonl': {why}\n"));
        assert!(wrong(&["no.jsonl"]).starts_with("nseer: cannot read 'no.jsonl': "));
        assert!(
            wrong(&["ask.nse"]).starts_with("nseer: cannot read 'ask.nse': line 1 is no JSON line")
        );
    });
}
