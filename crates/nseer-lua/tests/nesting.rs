//! Waiting inside every construct in which a script may wait, and the errors of those in which it
//! may not. Each case is Lua text in which `wait(...)` suspends the base thread and gives back its
//! arguments, and `fail(text)` suspends it and raises an error. `instant` and `instant_fail` are the
//! same where there is nothing to wait for.
#![allow(clippy::expect_used, reason = "tests")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod world;

use std::time::Duration;

use world::{World, check};

#[test]
fn waits_in_plain_and_protected_calls() {
    check("return wait(1, 2)", "1 2");
    check("return select('#', wait())", "0");
    check("return wait(nil, nil, 3)", "nil nil 3");
    check("return pcall(wait, 1)", "true 1");
    check("return xpcall(function() return wait(4) end, print)", "true 4");
    check(
        "local f = function() return wait('deep') end
         for _ = 1, 150 do local g = f; f = function() return select(2, pcall(g)) end end
         return f()",
        "deep",
    );
}

#[test]
fn waits_inside_coroutines() {
    check(
        "local w = coroutine.wrap(function() coroutine.yield(wait(1)); return wait(2) end) return w(), w()",
        "1 2",
    );
    check(
        "local w = coroutine.wrap(function()
           local x = coroutine.wrap(function()
             local y = coroutine.wrap(function() coroutine.yield(wait('a')); coroutine.yield(wait('b')) end)
             coroutine.yield(y() .. wait('-')); coroutine.yield(y()) end)
           coroutine.yield(x()); coroutine.yield(x()) end)
         return w() .. w()",
        "a-b",
    );
    check(
        "local f = function() return wait('bottom') end
         for _ = 1, 100 do local g = f; f = function() return coroutine.wrap(g)() end end
         return f()",
        "bottom",
    );
    check(
        "local co = coroutine.create(function(a) local b = coroutine.yield(wait(a)); return wait(b) end)
         local _, x = coroutine.resume(co, 1); local _, y = coroutine.resume(co, 2)
         return x, y, coroutine.status(co), select('#', coroutine.resume(coroutine.create(function() wait() end)))",
        "1 2 dead 1",
    );
    check(
        "local co = coroutine.create(function() wait(1); error('late', 0) end) return coroutine.resume(co)",
        "false late",
    );
    check(
        "local ok = coroutine.resume(1) return ok",
        "error: case:1: bad argument #1 to 'resume' (coroutine expected)",
    );
    check(
        "return coroutine.resume(coroutine.create(function(...) return select('#', ...) end), nil, nil)",
        "true 2",
    );
}

#[test]
fn waits_inside_metamethods_and_iterators() {
    let cases = [
        ("__index = function(_, k) return wait(k) end", "return t.key", "key"),
        ("__newindex = function(t, k, v) rawset(t, k, wait(v)) end", "t.k = 5 return t.k", "5"),
        ("__add = function(_, b) return wait(b) end", "return t + 1", "1"),
        ("__call = function(_, b) return wait(b) end", "return t(6)", "6"),
        ("__concat = function(_, b) return wait(b) end", "return t .. 'x'", "x"),
        (
            "__eq = function() return wait(true) end",
            "return t == setmetatable({}, getmetatable(t))",
            "true",
        ),
        ("__lt = function() return wait(true) end", "return t < t", "true"),
        ("__len = function() return wait(3) end", "return #t", "3"),
        (
            "__pairs = function(t) return wait(next), {a = 1}, nil end",
            "for k, v in pairs(t) do return k, v end",
            "a 1",
        ),
        (
            "__close = function() t2 = wait('closed') end",
            "do local c <close> = t end return t2",
            "closed",
        ),
    ];
    for (meta, body, expected) in cases {
        check(&format!("t2 = nil local t = setmetatable({{}}, {{{meta}}}) {body}"), expected);
    }
    check(
        "local n = 0 for i in function(_, i) i = wait((i or 0) + 1); return i < 4 and i or nil end do n = n + i end return n",
        "6",
    );
    check("return load('return wait(7)')()", "7");
}

#[test]
fn waits_in_worker_threads() {
    check(
        "local out = {} local c = nmap.condvar(out)
         spawn(function() out[1] = wait('w'); c 'signal' end)
         c 'wait' return out[1]",
        "w",
    );
    check(
        "local out = {} local c = nmap.condvar(out)
         coroutine.wrap(function()
           spawn(function() out[1] = coroutine.wrap(function() return wait('in wrap') end)(); c 'signal' end)
         end)()
         c 'wait' return out[1]",
        "in wrap",
    );
}

#[test]
fn coroutine_functions_tell_the_truth() {
    check(
        "local outer, seen = coroutine.running()
         local co = coroutine.create(function() wait(1); seen = coroutine.status(outer) end)
         coroutine.resume(co) return seen, coroutine.isyieldable(), coroutine.status(co)",
        "normal true dead",
    );
    check(
        "local co = coroutine.create(function() coroutine.yield(wait(1)) end) coroutine.resume(co) return coroutine.close(co), coroutine.status(co)",
        "true dead",
    );
    check(
        "local log = {} local co = coroutine.create(function() local c <close> = setmetatable({}, {__close = function() log[1] = 'closed' end}) coroutine.yield(wait()) end)
         coroutine.resume(co) coroutine.close(co) return log[1]",
        "closed",
    );
}

#[test]
fn errors_survive() {
    check("return pcall(fail, 'x')", "false x");
    check("local ok, e = pcall(function() fail('x') end) return type(e), e", "string case:1: x");
    check("local t = {} local ok, e = pcall(function() wait() error(t) end) return e == t", "true");
    check("error({1})", "error of type table");
    check(
        r#"local ok, e = pcall(function() wait() error("\xff\0", 0) end) return #e, e:byte(1, 2)"#,
        "2 255 0",
    );
    check(
        "wait() local x = nil + 1",
        "error: case:1: attempt to perform arithmetic on a nil value",
    );
    check("return pcall(coroutine.wrap(function() wait() error('e', 0) end))", "false e");
    check(
        "local w = coroutine.wrap(function() error({c = 1}) end) local _, e = pcall(w) return e.c",
        "1",
    );
    check(
        "local w = coroutine.wrap(function() error('in') end) local _, e = pcall(function() w() end) return e",
        "case:1: case:1: in",
    );
}

#[test]
fn waits_that_lua_does_not_allow() {
    let boundary = "attempt to yield across a C-call boundary";
    for body in [
        "string.gsub('x', 'x', function() return wait('y') end)",
        "table.sort({1, 2}, function(a, b) wait() return a < b end)",
        "tostring(setmetatable({}, {__tostring = function() return wait('s') end}))",
        "table.concat(setmetatable({}, {__index = function() return wait('s') end, __len = function() return 1 end}))",
    ] {
        check(
            &format!("local ok, e = pcall(function() {body} end) return ok, e"),
            &format!("false {boundary}"),
        );
    }
    check(
        "package.preload.x = function() wait() end local ok, e = pcall(require, 'x') return ok, not not e:find('C%-call boundary')",
        "false true",
    );
    check(
        "local f, e = load(function() return wait() end) return f, e",
        &format!("nil {boundary}"),
    );
    check(
        "pcall(string.gsub, 'x', 'x', function() wait(1) end) return wait('still works')",
        "still works",
    );
}

#[test]
fn waits_that_are_over_at_once() {
    check("return instant(1, nil, 'x')", "1 nil x");
    check("local ok, e = pcall(instant_fail, 'no') return ok, e", "false no");
    check("return pcall(function() instant_fail('no') end)", "false case:1: no");
    check(
        "return coroutine.wrap(function() coroutine.yield(instant('inner')) wait() end)()",
        "inner",
    );
    check(
        "return pcall(string.gsub, 'x', 'x', function() return instant('y') end)",
        "false attempt to yield across a C-call boundary",
    );
    check(
        "local others_ran spawn(function() others_ran = true end)
         local turns = 0 while not others_ran do instant() turns = turns + 1 end return turns > 1 and turns < 100",
        "true",
    );
}

#[test]
fn foreign_yields_and_resumes() {
    check("coroutine.yield(1)", "stray");
    check("wait() coroutine.yield()", "stray");
    check(
        "local inner
         spawn(function() inner = coroutine.create(function() forever() end) coroutine.resume(inner) end)
         wait() return coroutine.resume(inner, 'mine')",
        "false case:2: coroutine resumed while it was waiting",
    );
}

#[test]
fn killing_runs_close_variables_outermost_last() {
    let world = World::new(Duration::from_secs(60));
    let source = "log = {} local function guard(n) return setmetatable({}, {__close = function() log[#log + 1] = n end}) end
        local a <close> = guard('base')
        coroutine.wrap(function()
          local b <close> = guard('middle')
          coroutine.wrap(function() local c <close> = guard('inner'); pcall(forever) log[#log + 1] = 'escaped' end)()
        end)()";
    let (id, place) = world.start(source);
    let turns = std::cell::Cell::new(0);
    world.run_until(|| {
        turns.set(turns.get() + 1);
        turns.get() > 20
    });
    world.scheduler.kill(id, "host is done");
    assert_eq!(place.borrow().as_deref(), Some("killed: host is done"));
    assert_eq!(world.result("return table.concat(log, ' ')"), "inner middle base");
    assert!(!world.scheduler.is_live(id));
}

#[test]
fn mutexes() {
    check(
        "local m = nmap.mutex('a') m 'lock' local r = m 'trylock' m 'done' return r, m 'trylock'",
        "false true",
    );
    check(
        "return nmap.mutex('a') == nmap.mutex('a'), nmap.mutex({}) == nmap.mutex({})",
        "true false",
    );
    check("return pcall(nmap.mutex('x'), 'done')", "false do not have a lock on this mutex");
    check("return pcall(nmap.mutex, 1)", "false bad argument #1 to '?' (object expected)");
    check(
        "return select(2, pcall(function() nmap.mutex(1) end)):match('bad.*')",
        "bad argument #1 to 'mutex' (object expected)",
    );
    check(
        "local o = {lock = nmap.mutex({})} return select(2, pcall(function() o:lock() end)):match('calling.*')",
        "calling 'lock' on bad self (string expected, got table)",
    );
    check(
        "return pcall(nmap.mutex('x'), 'steal')",
        "false bad argument #1 to '?' (invalid option 'steal')",
    );
    check(
        "local log, t = {}, {} local m, c = nmap.mutex(t), nmap.condvar(log)
         m 'lock'
         for i = 1, 3 do spawn(function() m 'lock' log[#log + 1] = i wait() m 'done' c 'signal' end) end
         wait() wait() m 'done'
         while #log < 3 or m 'running' do c 'wait' end
         return table.concat(log), m 'running'",
        "123 nil",
    );
    check(
        "local m = nmap.mutex('dies') spawn(function() m 'lock' wait() end) wait() wait() m 'lock' return 'mine'",
        "mine",
    );
}

#[test]
fn condition_variables_wake_the_newest_first() {
    check(
        "local log, t = {}, {} local c, done = nmap.condvar(t), nmap.condvar(log)
         for i = 1, 3 do spawn(function() c 'wait' log[#log + 1] = i done 'signal' end) end
         wait() wait() c 'signal' wait() wait() c 'broadcast'
         while #log < 3 do done 'wait' end
         return table.concat(log)",
        "321",
    );
    check(
        "local t = {} local c = nmap.condvar(t) spawn(function() nmap.condvar(t) wait() end) c 'wait' return 'woken by an end'",
        "woken by an end",
    );
}

#[test]
fn dangerous_functions_are_absent() {
    check(
        "return io.popen, os.execute, os.exit, package.loadlib, debug.sethook, debug.getregistry, debug.setmetatable",
        "nil nil nil nil nil nil nil",
    );
    check(r"return load('\27Lua')", "nil attempt to load a binary chunk (mode is 't')");
    check("return #package.searchers, package.cpath", "2 ");
}
