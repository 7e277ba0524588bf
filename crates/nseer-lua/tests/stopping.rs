//! Scripts that never return, or would fill the memory: each way of doing so is stopped. The names that cases use are
//! those of `nesting.rs`.
#![allow(clippy::expect_used, reason = "tests")]

#[allow(dead_code, reason = "other tests use the rest of it")]
mod world;

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mlua::Value;
use nseer_lua::{Limits, Scheduler, StateOptions, Watchdog};
use nseer_seam::RealClock;
use tempfile::TempDir;
use world::{World, check};

#[test]
fn endless_computing_is_stopped() {
    for source in [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "coroutine.wrap(function() while true do end end)()",
        "coroutine.wrap(function() wait() coroutine.wrap(function() while true do end end)() end)()",
        "local function f() return f() end f()",
        "for i in function() return 1 end do end",
        // Inside of C code.
        "('a'):rep(40):find(('a?'):rep(40) .. ('a'):rep(40))",
        "('a'):rep(100000):match('(.-)a(.-)a(.-)b')",
        "for _ in ('a'):rep(100000):gmatch('.-.-.-b') do end",
        "while true do pcall(string.gsub, ('a'):rep(100000), '.-.-.-b', '') end",
        "while true do pcall(table.concat, setmetatable({}, {__index = type}), '', 1, 1 << 40) end",
        "load(math.random)",
        // Where Lua switches hooks off.
        "while true do xpcall(function() while true do end end, function() while true do end end) end",
        "setmetatable({}, {__gc = function() while true do end end}) collectgarbage()",
        "local mt = {__gc = true} setmetatable({}, mt) mt.__gc = function() while true do end end collectgarbage()",
        "coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) \
           while true do end end)()",
        // In coroutines that Lua runs by itself.
        "local co = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() \
           while true do end end}) coroutine.yield() end) coroutine.resume(co) coroutine.close(co)",
        "coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() while true do end end}) \
           error('x') end)()",
    ] {
        let world = World::new(Duration::from_millis(1));
        assert_eq!(world.result(source), "overran", "for {source}");
        assert_eq!(world.result("return wait('the state lives')"), "the state lives");
    }
}

/// A named pipe to which nobody writes, in its folder.
fn silent() -> (TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("silent").display().to_string();
    let made = Command::new("mkfifo").arg(&path).status().expect("mkfifo");
    assert!(made.success());
    (folder, path)
}

#[test]
fn waiting_for_a_file_that_gives_nothing_is_stopped() {
    let (_folder, silent) = silent();
    let limits =
        Limits { compute: Duration::from_secs(60), elapsed: Some(Duration::from_millis(1)) };
    for source in [
        // There it waits for someone who writes.
        "io.open(PATH)",
        "io.lines(PATH)",
        "loadfile(PATH)",
        "while true do pcall(dofile, PATH) end",
        "coroutine.wrap(function() while true do io.open(PATH) end end)()",
        // Here for what is written: the script holds the other end itself.
        "io.open(PATH, 'r+'):read('a')",
        "for _ in io.open(PATH, 'r+'):lines() do end",
        "local f <close> = io.open(PATH, 'r+') while true do f:read(1) end",
        // And here for someone who reads.
        "local f = io.open(PATH, 'r+') while true do f:write(('x'):rep(4096)) end",
    ] {
        let world = World::with_limits(limits);
        let case = source.replace("PATH", &format!("'{silent}'"));
        assert_eq!(world.result(&case), "overran", "for {source}");
        assert_eq!(world.result("return wait('the state lives')"), "the state lives");
    }
}

#[test]
fn without_a_deadline_the_limit_of_processor_time_says_how_long_a_file_is_waited_for() {
    let (_folder, silent) = silent();
    let world = World::new(Duration::from_millis(100));
    let case = format!("io.open('{silent}')");
    assert_eq!(world.result(&case), "waited for too long for a file that gave nothing");
}

#[test]
fn all_can_be_told_to_stop() {
    let (_folder, silent) = silent();
    let case = format!("io.open('{silent}')");
    let world = World::new(Duration::from_secs(60));
    world.watchdog.stop_all();
    assert_eq!(world.result(&case), "was still running at the end");
    assert_eq!(world.result("while true do end"), "was still running at the end");
}

#[test]
fn what_would_count_without_end_is_refused() {
    for (source, expected) in [
        ("return #(''):rep(1 << 62), #(''):rep(math.maxinteger, '')", "0 0"),
        (
            "return select(2, pcall(table.move, {}, 1, math.maxinteger - 1, 2, {}))",
            "bad argument #3 to 'table.move' (too many elements to move)",
        ),
        (
            "return select(2, pcall(table.remove, setmetatable({}, {__len = function() return 1 << 60 end}), 1))",
            "bad argument #1 to 'table.remove' (table too large)",
        ),
        (
            "local t = {} for i = 0, 61 do t[1 << i] = 1 end t[3] = 1 \
               local ok, e = pcall(table.insert, setmetatable(t, {__len = function() return 1 << 61 end}), 1, 5) return e",
            "bad argument #1 to 'table.insert' (table too large)",
        ),
        (
            "return select(2, pcall(table.concat, {}, '', 1, 1 << 40))",
            "bad argument #1 to 'table.concat' (table too large)",
        ),
    ] {
        check(source, expected);
    }
}

#[test]
fn killing_ends_close_variables_that_never_return() {
    let world = World::new(Duration::from_millis(1));
    let (id, place) = world.start(
        "coroutine.wrap(function() local x <close> = setmetatable({}, {__close = function() \
           while true do end end}) forever() end)()",
    );
    world.run_until(|| world.scheduler.live() == 1);
    assert_eq!(world.result("wait() return 'others run'"), "others run");
    world.scheduler.kill(id, "test");
    assert_eq!(place.borrow().as_deref(), Some("killed: test"));
}

#[test]
fn error_values_that_never_say_what_they_are_are_named_by_type() {
    let world = World::new(Duration::from_millis(1));
    let lua = world.scheduler.lua();
    let value = |text: &str| lua.load(text).eval::<Value>().expect("a value");
    let wording =
        |text: &str| String::from_utf8_lossy(&world.scheduler.wording(&value(text))).into_owned();
    assert_eq!(
        wording("setmetatable({}, {__tostring = function() return 'itself' end})"),
        "itself"
    );
    assert_eq!(
        wording("setmetatable({}, {__tostring = function() while true do end end})"),
        "(error object is a table value)"
    );
    assert_eq!(
        wording("setmetatable({}, {__tostring = error})"),
        "(error object is a table value)"
    );
    assert_eq!(wording("nil"), "nil");
}

#[test]
fn finalizers_run() {
    check(
        "local seen = {} for i = 1, 3 do setmetatable({i}, {__gc = function(o) seen[#seen + 1] = o[1] end}) end \
           collectgarbage() collectgarbage() return #seen",
        "3",
    );
    // One that fails or waits troubles nobody.
    check(
        "setmetatable({}, {__gc = function() error('x') end}) setmetatable({}, {__gc = function() wait() end}) \
           collectgarbage() return wait('fine')",
        "fine",
    );
    // As in plain Lua, an object is what its metatable says when it dies.
    check(
        "local n, mt = 0, {__gc = function() end} do local o = setmetatable({}, mt) end \
           mt.__gc = function() n = n + 1 end collectgarbage() collectgarbage() return n",
        "1",
    );
    // Those of objects that die where no thread runs, run in the next one.
    let world = World::new(Duration::from_secs(60));
    world
        .scheduler
        .lua()
        .load("n = 0 setmetatable({}, {__gc = function() n = n + 1 end})")
        .exec()
        .expect("runs");
    world.scheduler.lua().gc_collect().expect("collects");
    assert_eq!(world.result("return n"), "1");
}

#[test]
fn memory_is_bounded() {
    let watchdog = Watchdog::start(Arc::new(RealClock)).expect("watchdog");
    let scheduler =
        Scheduler::<()>::new(&StateOptions { memory_limit: 4 << 20 }, &watchdog, |(), _| Limits {
            compute: Duration::from_secs(60),
            elapsed: None,
        })
        .expect("state");
    let world = World { scheduler, watchdog };
    let source = "local t = {} local ok, e = pcall(function() while true do t[#t + 1] = ('x'):rep(1000) .. #t end end) t = nil return ok, e";
    assert_eq!(world.result(source), "false not enough memory");
}
