//! `nseer script check` and `nseer script types` as their users type them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

const BAD: &str = "\
local shortport = require \"shortport\"
description = [[ Says hello. ]]
author = \"A\"
license = \"MIT\"
categories = {\"discovry\", \"safe\"}
portrule = shortport.http
action = function(host, port)
  return nmap.get_random_byte(3)
end
";

struct Run {
    code: i32,
    stdout: String,
    stderr: String,
}

/// An empty folder of this test.
#[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder for the test");
    folder
}

#[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
fn write(path: &Path, text: &[u8]) {
    std::fs::write(path, text).expect("a file for the test");
}

#[allow(clippy::disallowed_methods, reason = "a test looks at what a program wrote")]
fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn nseer(folder: &Path, args: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_nseer"))
        .args(["script"])
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .expect("nseer runs");
    Run {
        code: output.status.code().expect("an exit code"),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

#[test]
fn people_see_the_line_and_what_to_do() {
    let folder = folder("people");
    write(&folder.join("hello.nse"), BAD.as_bytes());
    let run = nseer(&folder, &["check", "hello.nse"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{}", run.stdout);
    for part in [
        "[unknown-function] error: nmap has no function 'get_random_byte'",
        "hello.nse:8:10",
        "  return nmap.get_random_byte(3)",
        "did you mean 'nmap.get_random_bytes'?",
        "[unknown-category] warning: there is no category 'discovry'",
        "1 file: 1 error, 1 warning, 1 note\n",
    ] {
        assert!(run.stdout.contains(part), "{part}\n{}", run.stdout);
    }
    assert!(!run.stdout.contains('\u{1b}'), "no colours in a pipe");
    let run = nseer(&folder, &["check", "--level", "error"]);
    assert!(run.stdout.ends_with("1 file: 1 error, 0 warnings, 0 notes\n"), "{}", run.stdout);
}

#[test]
fn the_exit_code_tells_the_worst() {
    let folder = folder("codes");
    let fine = BAD.replace("random_byte(", "random_bytes(");
    write(&folder.join("warned.nse"), fine.as_bytes());
    write(&folder.join("fine.nse"), fine.replace("discovry", "discovery").as_bytes());
    write(&folder.join("broken.nse"), b"x = = 1\ny = 'a\n");
    let code = |args: &[&str]| nseer(&folder, args).code;
    assert_eq!(code(&["check", "fine.nse"]), 0);
    assert_eq!(code(&["check", "--strict", "fine.nse"]), 0);
    assert_eq!(code(&["check", "warned.nse"]), 0);
    assert_eq!(code(&["check", "--strict", "warned.nse"]), 1);
    assert_eq!(code(&["check", "broken.nse"]), 1);
    assert_eq!(code(&["check"]), 1, "the folder has a broken one");
    for (args, what) in [
        (&["check", "none.nse"][..], "cannot read 'none.nse'"),
        (&["check", "--format", "xml"], "'xml' is nothing for --format: write one of human, json"),
        (&["check", "--explain", "bad-fromat"], "did you mean 'bad-format'?"),
        (&["chekc"], "script has no command 'chekc'; did you mean 'check'?"),
    ] {
        let run = nseer(&folder, args);
        assert!(run.code > 0 && run.stdout.is_empty(), "{args:?}");
        assert!(run.stderr.contains(what) && run.stderr.lines().count() == 1, "{}", run.stderr);
    }
}

#[test]
fn programs_get_their_formats() {
    let folder = folder("formats");
    write(&folder.join("a, b.nse"), BAD.as_bytes());
    let document = |format: &str| -> Value {
        let run = nseer(&folder, &["check", "--format", format]);
        assert_eq!(run.code, 1);
        serde_json::from_str(&run.stdout).expect("JSON")
    };
    let json = document("json");
    assert_eq!(
        (&json["errors"], &json["warnings"], &json["files"]),
        (&1.into(), &1.into(), &1.into())
    );
    let error = json["findings"].as_array().expect("findings");
    let error = error.iter().find(|f| f["level"] == "error").expect("the error");
    assert_eq!(
        (&error["line"], &error["column"], &error["end_column"]),
        (&8.into(), &10.into(), &30.into())
    );
    assert_eq!(error["file"], "a, b.nse");

    let sarif = document("sarif");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().expect("rules");
    assert!(rules.len() >= 25);
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 3);
    for result in results {
        let at = result["ruleIndex"].as_u64().expect("an index");
        assert_eq!(rules[usize::try_from(at).expect("small")]["id"], result["ruleId"]);
        let location = &result["locations"][0]["physicalLocation"];
        assert_eq!(location["artifactLocation"]["uri"], "a%2C%20b.nse");
        assert!(location["region"]["startLine"].as_u64().expect("a line") >= 1);
    }

    let run = nseer(&folder, &["check", "--format", "github"]);
    let line = run.stdout.lines().find(|line| line.starts_with("::error")).expect("the error");
    assert_eq!(
        line,
        "::error file=a%2C b.nse,line=8,col=10,endColumn=30,title=unknown-function::nmap has no function \
         'get_random_byte'%0Adid you mean 'nmap.get_random_bytes'?"
    );
}

#[test]
fn rules_are_listed_and_explained() {
    let folder = folder("rules");
    let run = nseer(&folder, &["check", "--rules"]);
    assert!(run.stdout.lines().count() >= 25, "{}", run.stdout);
    for line in run.stdout.lines() {
        let name = line.split(' ').next().expect("a name");
        let page = nseer(&folder, &["check", "--explain", name]);
        assert_eq!(page.code, 0);
        assert!(
            page.stdout.starts_with(name) && page.stdout.contains("Complains about:"),
            "{name}"
        );
    }
    let list = nseer(&folder, &[]);
    assert_eq!(list.code, 0);
    assert!(
        list.stdout.contains("\n  check [PATH]...") && list.stdout.contains("\n  types "),
        "{}",
        list.stdout
    );
}

#[test]
fn definitions_are_written_once() {
    let folder = folder("types");
    let run = nseer(&folder, &["types", "-o", "."]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let nmap = read(&folder.join("nse-types/nmap.lua"));
    assert!(nmap.contains("function nmap.new_socket(proto, family) end"));
    assert!(read(&folder.join(".luarc.json")).contains("nse-types"));
    // Settings of one's own stay.
    write(&folder.join(".luarc.json"), b"{}");
    let run = nseer(&folder, &["types", "-o", ".", "--datadir", "/usr/share/nmap"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(run.stderr.contains(".luarc.json' is left as it is"), "{}", run.stderr);
    assert_eq!(read(&folder.join(".luarc.json")), "{}");
    assert!(read(&folder.join("nse-types/http.lua")).contains("function http.get("));
    let run = nseer(&folder, &["types"]);
    assert!(run.code == 1 && run.stderr.contains("script types -o DIR"), "{}", run.stderr);
}

#[test]
fn a_new_script_has_nothing_to_complain_about() {
    let folder = folder("new");
    for rule in ["port", "host", "pre", "post"] {
        assert_eq!(nseer(&folder, &["new", &format!("hello-{rule}"), "--rule", rule]).code, 0);
    }
    let run = nseer(&folder, &["check", "--strict"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, "4 files: 0 errors, 0 warnings, 0 notes\n"));
}

/// A function that a library of one's own does not have is found once the library is known.
#[test]
fn libraries_of_a_data_folder_are_known() {
    let folder = folder("check-datadir");
    let script =
        BAD.replace("discovry", "discovery").replace("nmap.get_random_byte(3)", "greeter.helo(3)");
    write(
        &folder.join("a.nse"),
        format!("local greeter = require \"greeter\"\n{script}").as_bytes(),
    );
    let library = "local stdnse = require \"stdnse\"\n_ENV = stdnse.module(\"greeter\", stdnse.seeall)\n\
        --- Greets.\n-- @param name Whom.\n-- @return Text.\n\
        function hello (name)\n  return \"Hello \" .. name\nend\nreturn _ENV\n";
    write_below(&folder, "data/nselib/greeter.lua", library);
    let alone = nseer(&folder, &["check", "--format", "json", "a.nse"]);
    assert!(!alone.stdout.contains("unknown-function"), "{}", alone.stdout);
    let known = nseer(&folder, &["check", "--format", "json", "--datadir", "data", "a.nse"]);
    assert!(known.stdout.contains("unknown-function"), "{}", known.stdout);
    assert!(known.stdout.contains("hello"), "the function that was meant: {}", known.stdout);
    let missing = nseer(&folder, &["check", "--datadir", "nowhere", "a.nse"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("'nowhere/nselib' (--datadir)"), "{}", missing.stderr);
}

#[allow(clippy::disallowed_methods, reason = "a test makes its own files")]
fn write_below(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder for the test");
    write(&path, text.as_bytes());
}

#[test]
fn what_cannot_be_read_is_told_and_the_rest_is_checked() {
    let folder = folder("unread");
    write(&folder.join("bad.nse"), BAD.as_bytes());
    let run = nseer(&folder, &["check", "gone.nse", "bad.nse"]);
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "nseer: cannot read 'gone.nse': No such file or directory (os error 2)\n"
    );
    assert!(
        run.stdout.contains("unknown category") || run.stdout.contains("discovry"),
        "{}",
        run.stdout
    );
}

#[test]
fn nothing_in_a_file_reaches_the_terminal() {
    let folder = folder("escapes");
    write(&folder.join("a.nse"), b"action = \x1b[2J \0 \x07 = 1\n");
    let run = nseer(&folder, &["check", "a.nse"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("\\u{1b}"), "{}", run.stdout);
    assert!(!run.stdout.contains(['\x1b', '\0', '\x07']), "{:?}", run.stdout);
}
