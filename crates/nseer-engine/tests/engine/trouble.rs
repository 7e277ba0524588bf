//! Scripts that do not load, throw, hang or yield wrongly: each is named, the others go on.

use std::time::Duration;

use nseer_core::ScriptOutcome;

use crate::harness::{Case, OPEN, check};

const GOOD: &str = "hostrule = function() return true end action = function() return 'fine' end";

fn load_error(source: &str) -> String {
    let error = Case::new("bad", source).try_run().expect_err("it must not load");
    let text = error.to_string();
    let place = text.find("bad.nse").map_or(0, |i| i);
    text[place..].to_owned()
}

#[test]
fn what_does_not_load_is_named_with_its_place() {
    let rule = "hostrule = function() end ";
    let action = "action = function() end ";
    for (source, expected) in [
        ("\n\nx = = 1", "bad.nse:3: unexpected symbol near '='"),
        ("\nbroken(", "bad.nse:2: unexpected symbol near <eof>"),
        (
            "action = function()\n\n",
            "bad.nse:3: 'end' expected (to close 'function' at line 1) near <eof>",
        ),
        ("\nerror 'no'", "bad.nse': bad.nse:2: no"),
        (
            "local x = require 'nosuch'",
            "bad.nse': bad.nse:1: module 'nosuch' not found: NSE failed to find nselib/nosuch.lua in \
             search paths.",
        ),
        (rule, "bad.nse is missing required field: 'action'"),
        (action, "bad.nse is missing required function: 'rule'"),
        (
            &format!("{rule} action = 'x'"),
            "bad.nse field 'action' is of improper type 'string', expected type 'function'",
        ),
        (
            &format!("{rule}{action} categories = 'safe'"),
            "bad.nse field 'categories' is of improper type 'string', expected type 'table'",
        ),
        (
            &format!("{rule}{action} categories = {{1}}"),
            "bad.nse has non-string entries in the 'categories' array",
        ),
        (
            &format!("{rule}{action} dependencies = {{{{}}}}"),
            "bad.nse has non-string entries in the 'dependencies' array",
        ),
        (&format!("{action} hostrule = 1"), "bad.nse hostrule must be a function!"),
        (
            &format!("local x = {}1{}", "(".repeat(300), ")".repeat(300)),
            "bad.nse: C stack overflow",
        ),
        (
            "nmap.resolve 'x'",
            "bad.nse': bad.nse:1: cannot wait for the network outside a running script",
        ),
    ] {
        let got = load_error(source);
        let shown = shorten(&got);
        assert!(shown.starts_with(expected), "for {source}: {shown:?}");
    }
}

/// Cuts the temporary directory out of paths.
fn shorten(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']).map(|word| match word.rfind("/bad.nse") {
        Some(i) => &word[i + 1..],
        None => word,
    });
    words.collect()
}

#[test]
fn circles_and_twins_are_refused() {
    let depends = |on: &str| format!("dependencies = {{'{on}'}} {GOOD}");
    let error = Case::new("a", &depends("b")).script("b", &depends("a")).try_run();
    let text = error.expect_err("a circle").to_string();
    assert_eq!(text, "circular dependency in chain `a->b->a`");
}

#[test]
fn a_script_can_do_without_itself() {
    let source = "local stdnse = require 'stdnse' stdnse.silent_require 'nosuch'";
    let outcome = Case::new("quiet", source).script("good", GOOD).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.at("127.0.0.1"), ["good: fine"]);
    assert_eq!(outcome.messages, [""; 0]);
}

#[test]
fn errors_cost_nobody_else_anything() {
    let bad = "hostrule = function() return true end action = function() error 'on purpose' end";
    let outcome = Case::new("bad", bad).script("good", GOOD).host("127.0.0.1", &[]).run();
    assert_eq!(
        outcome.at("127.0.0.1"),
        ["bad: ERROR: Script execution failed (use -d to debug)", "good: fine"]
    );
    let told = &outcome.messages[0];
    assert!(told.contains("bad against 127.0.0.1") && told.ends_with("on purpose"), "{told}");
    assert!(
        matches!(&outcome.runs[0].1, ScriptOutcome::Failed(why) if why.ends_with("on purpose"))
    );
}

#[test]
fn debugging_shows_the_traceback() {
    let bad = "hostrule = function() return true end\naction = function() local x = nil + 1 end";
    let mut case = Case::new("bad", bad).host("127.0.0.1", &[]);
    case.debugging = 1;
    let outcome = case.run();
    assert!(outcome.at("127.0.0.1").is_empty());
    let text = outcome.messages.join("\n");
    assert!(text.contains("bad against 127.0.0.1 threw an error!"), "{text}");
    assert!(text.contains("stack traceback") && text.contains("bad.nse:2"), "{text}");
}

#[test]
fn a_rule_that_throws_is_an_error_too() {
    let bad = "portrule = function() error 'rule' end action = function() end";
    let outcome = Case::new("bad", bad).host("127.0.0.1", &[(80, OPEN)]).run();
    assert_eq!(
        outcome.at("127.0.0.1:80"),
        ["bad: ERROR: Script execution failed (use -d to debug)"]
    );
}

#[test]
fn scripts_that_never_return_are_stopped() {
    for body in ["while true do end", "stdnse.sleep(1000)", "while true do stdnse.sleep(0) end"] {
        let bad = format!(
            "local stdnse = require 'stdnse' hostrule = function() return true end
             action = function() {body} end"
        );
        let mut case = Case::new("bad", &bad).script("good", GOOD).host("127.0.0.1", &[]);
        case.script_timeout = Some(Duration::from_millis(300));
        let outcome = case.run();
        assert_eq!(outcome.at("127.0.0.1"), ["good: fine"], "for {body}");
        assert_eq!(outcome.runs[0], ("bad".to_owned(), ScriptOutcome::TimedOut), "for {body}");
        assert!(outcome.messages[0].contains("bad against 127.0.0.1 timed out"), "{outcome:?}");
    }
}

#[test]
fn computing_without_end_is_stopped_without_a_timeout_too() {
    let bad = "hostrule = function() return true end
        action = function()
          coroutine.wrap(function()
            while true do pcall(error) end
          end)()
        end";
    let mut case = Case::new("bad", bad).script("good", GOOD).host("127.0.0.1", &[]);
    case.compute_limit = Duration::from_millis(100);
    let outcome = case.run();
    assert_eq!(outcome.at("127.0.0.1"), ["good: fine"]);
    let message = &outcome.messages[0];
    assert!(message.contains("bad against 127.0.0.1 computed for too long"), "{message}");
    assert!(
        message.contains("it was stopped at /") && message.ends_with("bad.nse:4."),
        "{message}"
    );
    let works = "local stdnse = require 'stdnse'
        hostrule = function() return true end
        action = function()
          local thread = stdnse.new_thread(function() while true do end end)
          while coroutine.status(thread) ~= 'dead' do stdnse.sleep(0.01) end
          return 'its worker is gone'
        end";
    let mut case = Case::new("bad", works).script("good", GOOD).host("127.0.0.1", &[]);
    case.compute_limit = Duration::from_millis(100);
    let outcome = case.run();
    assert_eq!(outcome.at("127.0.0.1"), ["bad: its worker is gone", "good: fine"]);
    let told = &outcome.messages[0];
    assert!(told.contains("bad against 127.0.0.1: a worker thread computed"), "{told}");
}

#[test]
fn waiting_for_a_file_without_end_is_stopped_without_a_timeout_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let silent = folder.path().join("silent");
    let made = std::process::Command::new("mkfifo").arg(&silent).status().expect("mkfifo");
    assert!(made.success());
    let bad = format!(
        "hostrule = function() return true end action = function() return io.open('{}'):read('a') end",
        silent.display()
    );
    let mut case = Case::new("bad", &bad).script("good", GOOD).host("127.0.0.1", &[]);
    case.compute_limit = Duration::from_millis(100);
    let outcome = case.run();
    assert_eq!(outcome.at("127.0.0.1"), ["good: fine"]);
    let told = &outcome.messages[0];
    assert!(told.contains("bad against 127.0.0.1 waited for too long for a file"), "{told}");
    let mut case = Case::new("bad", &format!("io.open('{}')\n{GOOD}", silent.display()));
    case.compute_limit = Duration::from_millis(100);
    let text = case.try_run().expect_err("it must not load").to_string();
    assert!(text.contains("could not load script") && text.contains("gave nothing"), "{text}");
}

#[test]
fn a_top_level_that_never_returns_is_named() {
    for body in [
        "while true do end",
        "('a'):rep(100000):find('.-.-.-b')",
        "error(setmetatable({}, {__tostring = function() while true do end end}))",
    ] {
        let mut case = Case::new("bad", &format!("{body}\n{GOOD}"));
        case.compute_limit = Duration::from_millis(100);
        let text = case.try_run().expect_err("it must not load").to_string();
        assert!(text.contains("could not load script") && text.contains("bad.nse"), "{text}");
    }
}

#[test]
fn errors_and_results_that_never_say_what_they_are_cost_nobody_else_anything() {
    for body in [
        "error(setmetatable({}, {__tostring = function() while true do end end}))",
        // Not even a hook stops this one: nothing of it is written in Lua.
        "return setmetatable({}, {__index = type})",
    ] {
        let bad = format!("hostrule = function() return true end action = function() {body} end");
        let mut case = Case::new("bad", &bad).script("good", GOOD).host("127.0.0.1", &[]);
        case.compute_limit = Duration::from_millis(100);
        let outcome = case.run();
        assert!(outcome.at("127.0.0.1").contains(&"good: fine"), "for {body}");
        assert!(outcome.messages[0].contains("bad against 127.0.0.1"), "{outcome:?}");
    }
}

#[test]
fn wrong_yields_are_named() {
    let bad = "hostrule = function() return true end action = function() coroutine.yield(1) end";
    let outcome = Case::new("bad", bad).script("good", GOOD).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.at("127.0.0.1"), ["good: fine"]);
    assert!(outcome.messages[0].contains("yielded unexpectedly and cannot be resumed"));
}

#[test]
fn empty_output_is_told() {
    let source = "hostrule = function() return true end action = function() return '' end";
    let outcome = Case::new("mute", source).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.messages, ["Bug in mute: no string output."]);
}

#[test]
fn endless_result_tables_end() {
    let source = "hostrule = function() return true end
        action = function() return setmetatable({}, {__pairs = function() return function() return 'k', 'v' end end}) end";
    let mut case = Case::new("bad", source).script("good", GOOD).host("127.0.0.1", &[]);
    case.compute_limit = Duration::from_millis(100);
    let outcome = case.run();
    assert_eq!(outcome.at("127.0.0.1"), ["good: fine"]);
}

/// How often this process has a file open.
fn times_open(path: &std::path::Path) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").expect("open files");
    links
        .filter(|link| link.as_ref().is_ok_and(|l| l.path().read_link().is_ok_and(|to| to == path)))
        .count()
}

#[test]
fn what_scripts_left_open_is_closed_when_the_run_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("left");
    let source = format!(
        "local http = require 'http'
        local file = io.open('{0}', 'w')
        hostrule = function() return true end
        action = function()
          nmap.registry.left, http.left, left = io.open('{0}'), io.open('{0}'), io.open('{0}')
          return file and nmap.registry.left and http.left and left and 'open'
        end",
        path.display()
    );
    let outcome = Case::new("leaves", &source).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.at("127.0.0.1"), ["leaves: open"]);
    assert_eq!(times_open(&path), 0);
}

#[test]
fn leftover_workers_end_with_their_script() {
    let source = "
        local stdnse = require 'stdnse'
        hostrule = function() return true end
        action = function() stdnse.new_thread(function() stdnse.sleep(1000) end) return 'gone' end";
    let outcome = Case::new("orphan", source).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.at("127.0.0.1"), ["orphan: gone"]);
    let source = "
        local nmap, stdnse = require 'nmap', require 'stdnse'
        prerule = function() return true end
        postrule = prerule
        action = function()
          if SCRIPT_TYPE == 'postrule' then return (select(2, nmap.registry.orphan())) end
          local _, status = stdnse.new_thread(function() stdnse.sleep(1000) end)
          nmap.registry.orphan = status
        end";
    let outcome = Case::new("orphan", source).host("127.0.0.1", &[]).run();
    assert_eq!(outcome.post, ["orphan: its script has ended"]);
}

#[test]
fn the_end_of_a_hosts_time_ends_all_its_scripts() {
    let source = "
        local stdnse = require 'stdnse'
        portrule = function() return true end
        action = function() stdnse.sleep(1000) end";
    // More than are started at a time.
    let ports: Vec<_> = (1..=600).map(|port| (port, OPEN)).collect();
    let mut case = Case::new("sleeps", source).host("127.0.0.1", &ports);
    case.host_timeout = Some(Duration::from_millis(100));
    let outcome = case.run();
    let (skipped, ended): (Vec<_>, Vec<_>) =
        outcome.runs.iter().partition(|(_, end)| matches!(end, ScriptOutcome::Skipped(_)));
    assert_eq!(skipped.len(), 1, "once for all ports that were left");
    assert!(!ended.is_empty());
    assert!(ended.iter().all(|(_, end)| *end == ScriptOutcome::TimedOut), "{outcome:?}");
    let host = &outcome.hosts[0];
    assert_eq!(host.runs.len(), outcome.runs.len(), "the record has what the events told");
    assert!(host.runs.iter().filter(|run| run.port.is_none()).count() == 1);
}

#[test]
fn an_error_of_a_native_names_the_line_also_after_a_tail_call() {
    let body = |call: &str| {
        format!(
            "local _, e = pcall(function() {call} end) return (e:gsub('^.*/x.nse:%d+: ', 'HERE '))"
        )
    };
    check(&body("return nmap.mutex()"), "HERE bad argument #1 to 'mutex' (object expected)");
    check(&body("local m = nmap.mutex()"), "HERE bad argument #1 to 'mutex' (object expected)");
    // `receive_buf` and `match` are partly Lua, and name the line as well.
    let receive = "local s = nmap.new_socket() return s:receive_buf(1, true)";
    let refused = "bad argument #1 to 'receive_buf' (function/string expected, got number)";
    check(&body(receive), &format!("HERE {refused}"));
    let subject = "bad argument #2 to 'match' (string expected, got no value)";
    check(&body("return lpeg.match(lpeg.P(1))"), &format!("HERE {subject}"));
    // A wait in between changes nothing.
    let later = "return nmap.socket.sleep(0), error('later')";
    check(&body(later), "HERE later");
}

#[test]
fn metatables_of_objects_hold_nothing_that_breaks_the_engine() {
    let objects =
        ["nmap.new_socket()", "nmap.new_dnet()", "openssl.bignum_dec2bn('5')", "lpeg.P(1)"];
    for object in objects {
        let body = format!(
            "local o = {object} local a, b = getmetatable(o), debug.getmetatable(o) \
             return type(a) .. ' ' .. tostring(rawequal(a, b)) .. ' ' .. tostring(rawget(a, '__gc'))"
        );
        check(&body, "table true nil");
    }
}
