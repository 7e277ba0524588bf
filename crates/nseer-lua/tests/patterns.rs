//! Our functions of Lua's string library beside Lua's own: the same results and errors for any pattern.
#![allow(clippy::expect_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use mlua::Lua;
use nseer_lua::{Limits, Scheduler, StateOptions, Watchdog};
use nseer_seam::RealClock;
use proptest::prelude::*;

/// Calls every function with the globals `s`, `p`, `r`, `i` and `n`, and gives all results as text.
const CALLS: &str = r##"
local parts = {}
local function show(...)
  for k = 1, select("#", ...) do
    local v = select(k, ...)
    parts[#parts + 1] = math.type(v) or type(v)
    parts[#parts + 1] = tostring(v)
  end
  parts[#parts + 1] = ";"
end
local function call(f, ...)
  show(pcall(f, ...))
end
call(string.find, s, p)
call(string.find, s, p, i)
call(string.find, s, p, i, true)
call(string.match, s, p)
call(string.match, s, p, i)
call(function()
  for a, b, c in string.gmatch(s, p) do show(a, b, c) end
end)
call(function()
  for a, b in s:gmatch(p, i) do show(a, b) end
end)
call(string.gsub, s, p, r)
call(string.gsub, s, p, r, n)
call(string.gsub, s, p, { a = "x", b = false, ab = 5, [1] = "one" })
call(string.gsub, s, p, function(a, b) show(a, b) return b or nil end)
call(string.gsub, s, p, function(a) return #tostring(a) > 1 and {} or a end)
call(function() return s:find(p) end)
call(function() return (s:gsub(p, r)) end)
call(string.rep, p, n, r)
call(string.rep, s, n)
return table.concat(parts, " ")
"##;

struct Pair {
    ours: Scheduler<()>,
    theirs: Lua,
    _watchdog: Watchdog,
}

impl Pair {
    fn new() -> Pair {
        let watchdog = Watchdog::start(Arc::new(RealClock)).expect("watchdog");
        let limits = Limits { compute: Duration::from_secs(60), elapsed: None };
        let ours = Scheduler::new(&StateOptions::default(), &watchdog, move |(), _| limits);
        Pair { ours: ours.expect("state"), theirs: Lua::new(), _watchdog: watchdog }
    }

    /// What both say of a chunk whose globals are set to these texts and numbers.
    fn run(&self, chunk: &str, texts: &[(&str, &[u8])], numbers: &[(&str, i64)]) -> [String; 2] {
        [self.ours.lua(), &self.theirs].map(|lua| {
            for (name, text) in texts {
                let text = lua.create_string(text).expect("text");
                lua.globals().raw_set(*name, text).expect("set");
            }
            for (name, number) in numbers {
                lua.globals().raw_set(*name, *number).expect("set");
            }
            let result = lua.load(chunk).set_name("=case").eval::<mlua::LuaString>();
            result.map_or_else(|error| error.to_string(), |text| format!("{:?}", text.as_bytes()))
        })
    }
}

/// Pieces that patterns are made of, right and wrong ones.
fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a",
        "b",
        ".",
        "%a",
        "%d",
        "%S",
        "%w",
        "%p",
        "%x",
        "%z",
        "%u",
        "%%",
        "%.",
        "[ab]",
        "[^a]",
        "[a-b]",
        "[%a-]",
        "[]a]",
        "[^]]",
        "[%]]",
        "[a-]",
        "(",
        ")",
        "()",
        "*",
        "+",
        "-",
        "?",
        "^",
        "$",
        "%b()",
        "%bab",
        "%f[a]",
        "%f[^%w]",
        "%1",
        "%2",
        "%0",
        "%9",
        "%f",
        "%b",
        "%bx",
        "%",
        "[",
        "[^",
        "[%",
        "]",
        "\0",
        "[\0-\x01]",
    ])
}

fn subject() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(b"aabb(() 1%.]\0\xffZ-^".to_vec()), 0..24)
}

fn replacement() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec!["x", "%0", "%1", "%2", "%%", "%", "%z", "", "%9"]);
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

#[test]
fn any_pattern_does_what_it_does_in_plain_lua() {
    let pair = Pair::new();
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) };
    let pattern = prop::collection::vec(piece(), 0..7).prop_map(|pieces| pieces.concat());
    let input = (subject(), pattern, replacement(), -30_i64..30, -2_i64..5);
    let mut runner = proptest::test_runner::TestRunner::new(config);
    let checked = runner.run(&input, |(s, p, r, i, n)| {
        let texts: &[(&str, &[u8])] = &[("s", &s), ("p", p.as_bytes()), ("r", r.as_bytes())];
        let [ours, theirs] = pair.run(CALLS, texts, &[("i", i), ("n", n)]);
        prop_assert_eq!(ours, theirs);
        Ok(())
    });
    checked.expect("the same");
}

#[test]
fn arguments_and_limits_are_those_of_plain_lua() {
    let pair = Pair::new();
    for chunk in [
        "return select(2, pcall(string.find))",
        "return select(2, pcall(string.find, 'x'))",
        "return select(2, pcall(string.match, {}, 'x'))",
        "return select(2, pcall(string.gsub, 'x', 'x'))",
        "return select(2, pcall(string.gsub, 'x', 'x', print, 'y'))",
        "return select(2, pcall(string.gsub, 'x', 'x', true))",
        "return select(2, pcall(string.gsub, 'x', 'x', io.stdout))",
        "return select(2, pcall(string.gmatch, 'x', nil))",
        "return select(2, pcall(string.find, 'x', 'x', 1.5))",
        "return select(2, pcall(function() return ('x'):find() end))",
        "return select(2, pcall(function() local t = 5 return t.x.find('x') end))",
        "return select(2, pcall(string.rep, 'x', 1 << 62))",
        "return select(2, pcall(string.rep, 'x'))",
        "return select(2, pcall(string.rep, 'x', 1, {}))",
        "return string.rep('', 5, 'ab') .. string.rep('a', -3) .. string.rep(12, 2, 3)",
        "return select(2, pcall(string.match, ('x'):rep(300), ('x?'):rep(300)))",
        "return select(2, pcall(string.match, 'x', ('()'):rep(33)))",
        "return select(2, pcall(string.find, ('a'):rep(250000), ('.'):rep(199)))..''",
        "return table.concat({string.find('a\\0b', 'b', -1)}, ' ') .. tostring(string.find('', '', 2))",
        "return tostring(('x'):find('', math.maxinteger)) .. tostring(('x'):find('', math.mininteger))",
        "return (string.gsub('hello world', 'o', {o = 0}))",
        "return (string.gsub(12321, 2, 'x'))",
        "return select(2, pcall(string.gsub, 'x', 'x', function() return io.stdout end))",
        "return select(2, pcall(string.gsub, 'x', 'x', function() error('within', 0) end))",
        "return select(2, pcall(setmetatable, 1, {}))",
        "return select(2, pcall(setmetatable, {}))",
        "return select(2, pcall(setmetatable, setmetatable({}, {__metatable = 1}), {}))",
        "return select(2, pcall(setmetatable, setmetatable({}, {__metatable = 1}), {__gc = print}))",
        "local mt = {__gc = print} return tostring(getmetatable(setmetatable({}, mt)) == mt) .. tostring(mt.__gc == print)",
        "return select(2, pcall(xpcall))",
        "return select(2, pcall(xpcall, tostring))",
        "return select(2, xpcall(error, function(m) return 'got ' .. m end, 'x'))",
        "return tostring(select('#', xpcall(function(...) return ... end, tostring, 1, nil, nil)))",
        "return select(2, pcall(coroutine.close, coroutine.running()))",
        "local co = coroutine.create(error) coroutine.resume(co, 'x') return tostring(select(2, coroutine.close(co)))",
        "local co = coroutine.wrap(function() local c = coroutine.running() coroutine.wrap(function() \
           coroutine.close(c) end)() end) return select(2, pcall(co)):gsub('^.-: ', '')",
        "return select(2, pcall(table.concat, {}, 1, 1, 2))",
        "return select(2, pcall(table.insert, {}, 5, 1))",
        "return select(2, pcall(table.insert, 1, 5, 1))",
        "return select(2, pcall(table.insert, {}))",
        "return select(2, pcall(table.remove, {}, 7))",
        "return select(2, pcall(table.move, {}, 1, 'x', 2))",
        "local t = {1, 2, 3} table.insert(t, 2, 9) table.remove(t, 1) table.move(t, 1, 3, 2) return table.concat(t, ',', 1, 4)",
        "return table.concat(setmetatable({}, {__index = function(_, i) return i end}), ' ', 3, 5)",
        "return tostring(load(coroutine.wrap(function() coroutine.yield('return ') coroutine.yield('5') end))())",
    ] {
        let [ours, theirs] = pair.run(chunk, &[], &[]);
        assert_eq!(ours, theirs, "for {chunk}");
    }
}
