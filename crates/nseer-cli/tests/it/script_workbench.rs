//! Scripts as their authors write them: made, and tested without a network.

use std::process::Command;

use crate::lab::{ASKS, Folder, script};

#[test]
fn a_new_script_passes_its_tests_whatever_its_rule() {
    for (name, options) in [
        ("line", &[][..]),
        ("mail", &["--port", "25"]),
        ("own", &["--port", "60007", "--service", "own-service"]),
        ("asks", &["--port", "161/udp"]),
        ("counts", &["--rule", "host"]),
        ("before", &["--rule", "pre"]),
        ("after", &["--rule", "post"]),
    ] {
        let folder = Folder::new();
        let made = folder.nseer(&[&["script", "new", name], options].concat());
        let wrote = format!("Wrote {name}.nse\nWrote {name}.test.lua\n");
        assert_eq!((made.code, made.stdout.as_str()), (0, wrote.as_str()), "{made:#?}");
        let checked = folder.nseer(&["script", "check", "."]);
        let text = "1 file: 0 errors, 0 warnings, 0 notes\n";
        assert_eq!((checked.code, checked.stdout.as_str()), (0, text), "{checked:#?}");
        let tested = folder.test(&[], 0);
        assert!(tested.stdout.contains("2 tests, all passed"), "{tested:#?}");
        let again = folder.nseer(&[&["script", "new", name], options].concat());
        assert_eq!(
            (again.code, again.stderr),
            (1, format!("nseer: '{name}.nse' is there already: choose another name\n"))
        );
    }
}

#[test]
fn a_service_alone_brings_its_usual_port() {
    for (service, rule) in [("http", "(80, \"http\")"), ("snmp", "(161, \"snmp\", \"udp\")")] {
        let folder = Folder::new();
        let made = folder.nseer(&["script", "new", "asks", "--service", service]);
        assert_eq!(made.code, 0, "{made:#?}");
        let script = folder.read("asks.nse");
        assert!(script.contains(rule), "{script}");
    }
}

#[test]
fn what_cannot_become_a_script_is_named() {
    let folder = Folder::new();
    for (words, text) in [
        (
            &["a b"][..],
            "'a b' is no name for a script: use letters, digits, - and _, such as http-title",
        ),
        (&["x", "--rule", "prot"], "'prot' is no rule (--rule): write port, host, pre or post"),
        (&["x", "--port", "ssh"], "'ssh' is no port: write 22, 22/tcp or 53/udp"),
        (
            &["x", "--rule", "pre", "--port", "1"],
            "--port and --service are for scripts that run on ports: --rule port",
        ),
        (
            &["x", "--port", "60007"],
            "no service is known for port 60007/tcp: name it with --service",
        ),
        (
            &["x", "--service", "no-such"],
            "no port is known for service 'no-such': give it with --port",
        ),
        (
            &["no/where/x"],
            "cannot write 'no/where/x.nse': there is no folder 'no/where'; make it first",
        ),
        (&["x", "--port", "70000"], "'70000' is no port: the highest is 65535"),
    ] {
        let output = folder.nseer(&[&["script", "new"], words].concat());
        assert_eq!((output.code, output.stderr), (1, format!("nseer: {text}\n")), "{words:?}");
    }
}

#[test]
fn a_peer_is_a_few_lines_and_time_outs_take_no_time() {
    let folder = Folder::new();
    folder.write(
        "talk.nse",
        &script(
            "local a, b = nmap.new_socket(), nmap.new_socket(\"udp\")\n\
             a:set_timeout(50000)\na:connect(host, port)\n\
             local ok, banner = a:receive_lines(1)\n\
             a:send(\"STARTTLS\\r\\n\")\na:receive_lines(1)\na:reconnect_ssl()\n\
             a:send(\"who\")\na:send(\"ami\")\nlocal _, me = a:receive_bytes(4)\n\
             local late, why = a:receive()\nlocal gone, ended = a:receive()\n\
             b:connect(host, 53)\nb:send(\"question\")\nlocal _, answer = b:receive()\n\
             local refused, no = nmap.new_socket():connect(host, 9)\n\
             return {banner:match(\"%w+\"), me, why, ended, answer, no, nmap.clock() - START}",
        )
        .replace("action =", "START = nmap.clock()\naction ="),
    );
    folder.write(
        "talk.test.lua",
        r#"test("talks to three ports", {
  ports = {"7/tcp open echo", "53/udp open domain"},
  peers = {
    ["7/tcp"] = function(c)
      c:wait(40)
      c:send("hi there\r\n")
      c:expect("STARTTLS\r\n")
      c:send("go\r\n")
      c:start_tls()
      local said = c:receive_bytes(6)
      c:send("root")
      c:wait(1000)
      c:close()
    end,
    ["53/udp"] = function(c)
      c:expect("question")
      c:send("answer")
    end,
    ["9/tcp"] = false,
  },
  output = [[
| talk: 
|   hi
|   root
|   TIMEOUT
|   TIMEOUT
|   answer
|   ERROR
|_  140.0]],
})"#,
    );
    folder.test(&["talk.nse"], 0);
}

#[test]
fn a_test_fails_with_a_line_that_says_why() {
    let folder = Folder::new();
    folder.write("ask.nse", &script(ASKS));
    let case = |text: &str| format!("test(\"it\", {{port = \"7/tcp open\", {text}}})");
    for (test, wanted) in [
        (
            case("peer = function(c) end"),
            "ask.test.lua:1: it asserted nothing: say what the script prints (output = \"…\", or \
             false), or snapshot = true",
        ),
        (
            case("output = false"),
            "ask.test.lua: the script connects to 127.0.0.1:7, for which the test has no peer",
        ),
        (
            case("output = false, peer = function(c) error(\"oops\") end"),
            "the peer failed: ask.test.lua:1: oops",
        ),
        (
            case("output = false, peer = function(c) while true do end end"),
            "the peer failed: ask.test.lua:1: computed for too long",
        ),
        (
            case(
                "output = false, peer = function(c) while true do c:send((\"x\"):rep(1e6)) end end",
            ),
            "ask.test.lua: the peer failed: it sends without end",
        ),
        (
            case("output = false, peer = function(c) error({}) end"),
            "ask.test.lua: the peer failed: an error was raised that is no text",
        ),
        (
            case("output = false, peer = function(c) c:sned(\"x\") end"),
            "the peer failed: ask.test.lua:1: attempt to call a nil value (method 'sned')",
        ),
        (
            case("output = false, peer = function(c) c:expect(\"bye\\r\\n\") end"),
            "ask.test.lua: the peer expects something else than the script sent",
        ),
        (
            case("output = false, peer = function(c) c:expect(\"hello\\r\\nand more\") end"),
            "ask.test.lua: the script never sent what the peer expects",
        ),
        (
            case("output = \"|_ask: yes\", peer = function(c) c:send(\"no\\n\") end"),
            "the output is another",
        ),
        (case("output = \"|_ask: yes\", peer = function(c) end"), "the script printed nothing"),
        (
            "test(\"it\", {port = 8, output = \"|_ask: x\"})".to_owned(),
            "the script did not run: its rules say no",
        ),
        (case("putout = \"x\""), "ask.test.lua:1: a test has no 'putout'; it has host, name, port"),
        (case("host = \"here\""), "ask.test.lua:1: 'here' (host) is not an address"),
        (case("ports = {\"x/tcp open\"}"), "ask.test.lua:1: 'x/tcp' is no port: write 22/tcp"),
        (
            "test(\"it\", {port = \"7/tcp ajar\", output = false})".to_owned(),
            "ask.test.lua:1: 'ajar' is no state of a port: write one of open, closed, filtered",
        ),
        ("test(\"it\", {)".to_owned(), "ask.test.lua:1: unexpected symbol near ')'"),
        ("while true do end".to_owned(), "ask.test.lua:1: computed for too long"),
        ("test(\"a\", {}) test(\"a\", {})".to_owned(), "ask.test.lua:1: there are two tests \"a\""),
        ("".to_owned(), "ask.test.lua has no test: test(\"what it shows\", {…})"),
        (
            case("recording = \"none.rec\""),
            "cannot read the recording 'none.rec': No such file or directory",
        ),
    ] {
        folder.write("ask.test.lua", &test);
        let output = folder.test(&[], 1);
        let found = output.stdout.lines().any(|line| line.trim_start().starts_with(wanted));
        assert!(found && output.stderr.is_empty(), "{test}: {wanted}\n{output:#?}");
    }
}

#[test]
fn a_script_that_fails_fails_its_test() {
    let folder = Folder::new();
    folder.write("bad.nse", &script("error(\"broken\")"));
    folder.write("bad.test.lua", "test(\"it\", {port = 7, output = false})");
    let output = folder.test(&[], 1);
    assert!(output.stdout.contains("the script failed on 7/tcp: bad.nse:9: broken"), "{output:#?}");
    folder.write("bad.nse", "action = function() end");
    let output = folder.test(&[], 1);
    assert!(output.stdout.contains("is missing required function: 'rule'"), "{output:#?}");
    let output = folder.nseer(&["script", "test", "none"]);
    let text = "nseer: cannot read 'none': there is no such file or folder\n";
    assert_eq!((output.code, output.stderr.as_str()), (2, text));
    folder.write("other.nse", &script(ASKS));
    let output = folder.nseer(&["script", "test", "other.nse"]);
    let text = "nseer: 'other.nse' has no tests: write other.test.lua, or record one with --record \
                TARGET:PORT\n";
    assert_eq!((output.code, output.stderr.as_str()), (2, text));
}

/// A recording of `ask.nse`.
const RECORDING: &str = "nseer recording 1\n\nscript ask.nse\nhost 127.0.0.1\nport 7/tcp open echo\n\n\
    connection tcp 127.0.0.1:7\n> \"hello\\r\\n\"\n< 3s \"welcome\\r\\n\"\nclose\n\n\
    output\n= |_ask: welcome\n\nend\n";

#[test]
fn a_recording_is_a_test() {
    let folder = Folder::new();
    folder.write("ask.nse", &script(ASKS));
    folder.write("ask.rec", RECORDING);
    let output = folder.test(&["ask.rec"], 0);
    assert!(output.stdout.starts_with("ok    ask.rec\n1 test, all passed, in "), "{output:#?}");
    // Other arguments, and another expectation, for the same conversation.
    folder
        .write("ask.test.lua", "test(\"as recorded\", {recording = \"ask.rec\", args = \"x=1\"})");
    folder.test(&["ask.nse"], 0);
    for (edit, wanted) in [
        (
            ("hello", "hullo"),
            "ask.rec:8: connection to 127.0.0.1:7 (tcp): the script sends something else",
        ),
        (("3s", "6s"), "the script printed nothing"),
        (("|_ask: welcome", "|_ask: bienvenue"), "the output is another"),
        (("\nend\n", "\n"), "ask.rec:14: the recording is cut off: its last line has to be 'end'"),
        (("> \"hello\\r\\n\"", "> \"hello"), "ask.rec:8: a quote that is never closed"),
        (
            ("127.0.0.1:7\n", "127.0.0.1:8\n"),
            "ask.rec:7: the script never opened the connection to 127.0.0.1:8 (tcp)",
        ),
        (
            ("close", "> \"QUIT\\r\\n\""),
            "ask.rec:10: connection to 127.0.0.1:7 (tcp): the script never sent this",
        ),
        (
            ("< 3s \"welcome\\r\\n\"\n", ""),
            "ask.rec:9: connection to 127.0.0.1:7 (tcp): the script waits for more than was recorded",
        ),
        (
            ("output\n= |_ask: welcome\n", ""),
            "ask.rec: it asserted nothing: the recording has no 'output'; --bless writes it",
        ),
        (("ask.nse", "gone.nse"), "ask.rec: cannot read 'gone.nse': there is no such file"),
        (
            ("7/tcp open", "7/tcp opne"),
            "ask.rec:5: 'opne' is no state of a port: write one of open, ",
        ),
        (
            ("output\n", "output none\n"),
            "ask.rec:13: 'output none' has no lines: take 'none' away, or these",
        ),
        (("host", "host 127.0.0.2\nhost"), "ask.rec:5: there is a second line 'host'"),
        (
            ("host", "\u{1b}[2J\u{7}host"),
            "ask.rec:4: '\\u{1b}[2J\\u{7}host' is nothing that a recording has",
        ),
    ] {
        folder.write("ask.rec", &RECORDING.replacen(edit.0, edit.1, 1));
        let output = folder.test(&["ask.rec"], 1);
        let found = output.stdout.lines().any(|line| line.trim_start().starts_with(wanted));
        assert!(found, "{edit:?}: {wanted}\n{output:#?}");
    }
    // Sent against expected, side by side.
    folder.write("ask.rec", &RECORDING.replacen("hello", "hullo", 1));
    let output = folder.test(&["ask.rec"], 1);
    let row = |left: &str, mark: &str, right: &str| format!("          {left:36} {mark} {right}\n");
    let sides = row("expected", " ", "sent") + &row("hullo\\r\\n", "|", "hello\\r\\n");
    assert!(output.stdout.contains(&sides), "{output:#?}");
    // Any byte will do.
    folder.write("ask.rec", &RECORDING.replacen("hello", "h\\?llo", 1));
    folder.test(&["ask.rec"], 0);
}

#[test]
fn what_is_printed_becomes_what_should_be() {
    let folder = Folder::new();
    folder.write("ask.nse", &script(ASKS));
    let commented =
        RECORDING.replace("host", "# mine\nhost").replace("welcome\n\nend", "old\n\nend");
    folder.write("ask.rec", &commented);
    let snapshot =
        "test(\"it\", {port = 7, snapshot = true, peer = function(c) c:send(\"hi\\n\") end})";
    folder.write("ask.test.lua", snapshot);
    let output = folder.test(&[], 1);
    assert!(
        output.stdout.contains("ask.test.snap has no snapshot of it; --bless writes one"),
        "{output:#?}"
    );
    let output = folder.test(&["--bless"], 0);
    assert_eq!(output.stdout.matches(" (blessed)\n").count(), 2, "{output:#?}");
    assert_eq!(folder.read("ask.rec"), commented.replace("|_ask: old", "|_ask: welcome"));
    assert_eq!(folder.read("ask.test.snap"), "nseer snapshots 1\n\ntest \"it\"\n= |_ask: hi\n");
    folder.test(&[], 0);
    // What went wrong does not become the rule.
    folder.write("ask.rec", &RECORDING.replace("hello", "hullo"));
    folder.test(&["--bless", "ask.rec"], 1);
    assert_eq!(folder.read("ask.rec"), RECORDING.replace("hello", "hullo"));
}

#[test]
fn results_are_told_to_other_programs() {
    let folder = Folder::new();
    folder.write("ask.nse", &script(ASKS));
    folder.write("ask.rec", RECORDING);
    folder.write("ask.test.lua", "test(\"<it> #1\\n\", {port = 8, output = \"x\\27[m\"})");
    let output =
        folder.test(&["--format", "tap", "--junit", "junit.xml", "--coverage", "lcov.info"], 1);
    assert_eq!(
        output.stdout,
        "TAP version 14\n1..2\nok 1 - ask.rec\nnot ok 2 - ask.test.lua: <it> \\#1\\\\n\n\
         # the script did not run: its rules say no\n#     - expected\n#     + printed\n#     - x\\u{1b}[m\n"
    );
    let junit = folder.read("junit.xml");
    let without_times: String =
        junit.split(" time=\"").map(|part| part.split_once('"').map_or(part, |p| p.1)).collect();
    assert!(
        without_times.contains("<testsuites tests=\"2\" failures=\"1\">\n  <testsuite name="),
        "{junit}"
    );
    assert!(
        junit.contains("<failure message=\"the script did not run: its rules say no\">"),
        "{junit}"
    );
    assert!(junit.contains("name=\"&lt;it&gt; #1&#xa;\""), "{junit}");
    let checked = Command::new("xmllint").args(["--noout", &folder.path("junit.xml")]).status();
    assert!(checked.expect("xmllint (Debian package libxml2-utils)").success());
    let lcov = folder.read("lcov.info");
    let source = format!("TN:\nSF:{}\n", folder.path("ask.nse"));
    // The rule ran on both ports, the action on one.
    for part in [&source[..], "DA:7,", "DA:12,1\n", "LF:", "LH:", "end_of_record\n"] {
        assert!(lcov.contains(part), "{part} in {lcov}");
    }
}

#[test]
fn a_replay_is_the_same_each_time() {
    let folder = Folder::new();
    folder.write(
        "odd.nse",
        &script(
            "local t, out = {}, {}\nfor i = 1, 50 do t[\"k\" .. i] = i end\n\
             for k in pairs(t) do out[#out + 1] = k end\n\
             out[#out + 1] = math.random(1 << 30)\nout[#out + 1] = stdnse.tohex(\
             require(\"openssl\").rand_bytes(8))\nout[#out + 1] = os.time()\n\
             stdnse.sleep(90)\nout[#out + 1] = os.date(\"!%H:%M:%S\")\n\
             return table.concat(out, \" \")",
        ),
    );
    folder.write("odd.test.lua", "test(\"it\", {port = 7, snapshot = true, time = 1700000000})");
    folder.test(&["--bless"], 0);
    let snapshot = folder.read("odd.test.snap");
    assert!(snapshot.contains(" 1700000000 22:14:50\n"), "{snapshot}");
    for _ in 0..5 {
        folder.test(&[], 0);
    }
}

#[test]
fn many_tests_run_beside_each_other() {
    let folder = Folder::new();
    folder.write("ask.nse", &script(ASKS));
    for i in 0..40 {
        folder.write(&format!("ask.{i:02}.rec"), RECORDING);
    }
    let output = folder.test(&[], 0);
    let names: Vec<&str> = output.stdout.lines().filter_map(|l| l.strip_prefix("ok    ")).collect();
    assert_eq!(names.len(), 40);
    assert!(names.is_sorted(), "{names:?}");
}
