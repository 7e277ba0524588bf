//! What is told of Lua source text, and the classes that come of it.

use super::*;

/// `key.key act`, in order of appearance.
fn told(source: &str) -> Vec<String> {
    let tell = |access: &Access| {
        let path = access.path.iter().map(|key| match key {
            Key::Literal(key) => key.as_str(),
            Key::Own => "OWN",
            Key::Host => "HOST",
            Key::Unknown => "?",
        });
        format!("{} {:?}", path.collect::<Vec<_>>().join("."), access.act)
    };
    file_use(source.as_bytes()).accesses.iter().map(tell).collect()
}

fn check(source: &str, want: &[&str]) {
    assert_eq!(told(source), want, "for {source}");
}

#[test]
fn keys_and_what_is_done_with_them() {
    check("nmap.registry.x = 1", &["x Constant"]);
    check("f(nmap['registry'].x)", &["x Get"]);
    check("nmap.registry[SCRIPT_NAME].seen = true", &["OWN.seen Constant"]);
    check("nmap.registry[name] = 1", &["? Constant"]);
    check("nmap.registry.x = nmap.registry.x or {}", &["x Ensure", "x Ensure"]);
    check("if not nmap.registry.x then nmap.registry.x = {} end", &["x Ensure", "x Ensure"]);
    check("if (not(nmap.registry.x)) then f() end", &["x Test"]);
    check("if nmap.registry.x == nil then f() end", &["x Test"]);
    check("table.insert(nmap.registry.x, v)", &["x Add"]);
    check("nmap.registry.x[#nmap.registry.x + 1] = v", &["x.? Add", "x Add"]);
    check("table.insert(nmap.registry.x[host.ip], v)", &["x.HOST OfHost"]);
    check("nmap.registry[host.ip] = v", &["HOST OfHost"]);
    check("for k in pairs(nmap.registry) do end", &[" Get"]);
}

#[test]
fn other_names_for_a_key() {
    check("local r = nmap.registry.x r.y = 1", &["x.y Constant"]);
    check(
        "local r = nmap.registry.x or {} r[#r+1] = v nmap.registry.x = r",
        &["x.? Add", "x Add", "x EnsureAloud"],
    );
    check("local r = nmap.registry.n or 0 r = r + 1 nmap.registry.n = r", &["n Get", "n Set"]);
    check("do local r = nmap.registry.x end r.y = 1", &[]);
    check("local r = nmap.registry r.x = 1", &["x Constant"]);
    check("r = nmap.registry.x", &["x Get"]);
}

#[test]
fn computed_values() {
    let memo =
        |body: &str| format!("local function f(a, b) if not nmap.registry.m then {body} end end");
    check(&memo("local t = io.open(a) nmap.registry.m = t"), &["m Test", "m Compute"]);
    check(&memo("local t = host.ip nmap.registry.m = t"), &["m Test", "m Set"]);
    check(
        &format!("local http = require 'http' {}", memo("nmap.registry.m = http.get(a)")),
        &["m Test", "m Set"],
    );
    check(
        &format!(
            "local function g() return comm.opencon(host) end {}",
            memo("nmap.registry.m = g()")
        ),
        &["m Test", "m Set"],
    );
    check(
        "if not nmap.registry.m[k] then ok, nmap.registry.m[k] = read(k) end",
        &["m.? Test", "m.? Compute"],
    );
    check("local function f(k) nmap.registry.m[k] = read(k) end", &["m.? Set"]);
}

#[test]
fn messages() {
    check(
        "if not nmap.registry.x.told then stdnse.verbose1('no root') end",
        &["x.told MessageTest"],
    );
    check(
        "if not nmap.registry.x.told then stdnse.verbose1('no root') return 'told' end",
        &["x.told Test"],
    );
}

#[test]
fn helpers_of_stdnse() {
    check("stdnse.registry_add_array({host.ip, 'www'}, p)", &["HOST.www OfHost"]);
    check("stdnse.registry_add_array({p['host'] or host, 'www'}, p)", &["HOST.www OfHost"]);
    check("stdnse.registry_get({'a', SCRIPT_NAME, x})", &["a.OWN.? Get"]);
    check("stdnse.registry_get(keys)", &[" Get"]);
    check("local function registry_get(x) end registry_get({'a'})", &[]);
}

#[test]
fn comments_strings_and_others_registries_do_not_count() {
    check("local a = nmap.registry.args.x", &[]);
    check("if nmap.registry.args.x == '1' then end", &[]);
    check("nmap.registry.args.x = 1", &["args.x Constant"]);
    check("nmap.registry.args['a.b'].c = 1", &["args.a.b.c Constant"]);
    check("host.registry.x = 1 host['registry'].x = 1", &[]);
    check("-- nmap.registry.x\n print 'nmap.registry'", &[]);
    check("--[[ nmap.registry.x ]] local s = [==[ nmap.registry ]==]", &[]);
    check("local registry = host.registry registry.x = 1", &[]);
}

#[test]
fn roundabout_ways_to_the_registry_count() {
    check("local nmap = require 'nmap' nmap.log_write('stdout', 'x')", &[]);
    check("require 'nmap' local c = nmap.clock()", &[]);
    check("local n = require 'nmap' n.registry.x = 1", &[" Get"]);
    check("local r = require('nmap').registry.x", &[]);
    check("f(require('nmap').registry.x)", &["x Get"]);
    check("local n = nmap n.registry.x = 1", &[" Get"]);
    check("for k in pairs(nmap) do end", &[" Get"]);
    check("rawget(nmap, 'registry')", &[" Get"]);
    check("local k = 'regi' .. 'stry' nmap[k].x = 1", &[" Get"]);
    check("local c = nmap['clock']()", &[]);
    check("local t = nmap:clock()", &[]);
    check("_G.nmap.registry.x = 1", &["x Constant"]);
}

#[test]
fn requires() {
    let check = |source: &str, want: &[&str]| {
        assert_eq!(file_use(source.as_bytes()).requires, want, "for {source}");
    };
    check("local x = require \"a\" local y = require('b.c')", &["a", "b.c"]);
    check("stdnse.silent_require 'openssl' pcall(require, 'lpeg')", &["openssl", "lpeg"]);
    check("s = \"a\\\"require 'x'\"", &[]);
}

#[test]
fn functions_that_nothing_in_the_file_names() {
    let source = "save = function() nmap.registry.v = x end local function f() f2() end
        function f2() nmap.registry.w = x end";
    let found = file_use(source.as_bytes());
    let functions: Vec<&[String]> = found.accesses.iter().map(|a| &*a.functions).collect();
    assert_eq!(functions, [["save".to_owned()].as_slice(), &[]]);
    assert!(names(b"x.save()", "save") && !names(b"-- save\n saved()", "save"));
}

#[test]
fn classes_of_keys() {
    let check = |source: &str, is_known: bool, want: Class| {
        let found = file_use(source.as_bytes());
        let use_of = |access| Use { access, script: "me", is_known };
        let uses: Vec<Use<'_>> = found.accesses.iter().map(use_of).collect();
        assert_eq!(classes(&uses).get("x"), Some(&want), "for {source}");
    };
    let by_host = "nmap.registry.x = nmap.registry.x or {} nmap.registry.x[host.ip] = 1";
    check(by_host, false, Class::ByHost);
    let flag = "if not nmap.registry.x then nmap.registry.x = true return 'first' end";
    check(flag, true, Class::Shared);
    let message = "if not nmap.registry.x then stdnse.debug1('a') end nmap.registry.x = true";
    check(message, true, Class::Message);
    check(message, false, Class::Shared);
    let memo = "local m = nmap.registry.x if not m then m = read() nmap.registry.x = m end f(m)";
    check(memo, true, Class::Memo);
    check(memo, false, Class::Shared);
    let count = "local m = nmap.registry.x or 0 nmap.registry.x = m + 1";
    check(count, true, Class::Shared);
    let credentials = "nmap.registry.x[user] = pass for u in pairs(nmap.registry.x) do end";
    check(credentials, true, Class::Shared);
    let collected = "table.insert(nmap.registry.x, v)
        postrule = function() return #nmap.registry.x > 0 end";
    check(collected, true, Class::Collected);
    check("f(nmap.registry.x)", false, Class::Unwritten);
    let handed_around = "nmap.registry.x = nmap.registry.x or {} V = nmap.registry.x";
    check(handed_around, true, Class::Shared);
}

#[test]
fn never_panics_on_broken_source() {
    for source in [
        "nmap.registry[",
        "if not nmap.registry.x then",
        "nmap.registry.x[#",
        "end end",
        "local r = nmap.registry.",
    ] {
        let _ = file_use(source.as_bytes());
    }
}
