//! What Lua 5.4 refuses and scripts written for 5.3 do. Expected values are what Lua 5.3 prints.
#![allow(clippy::expect_used, reason = "tests")]

use std::sync::Arc;
use std::time::Duration;

use mlua::{MultiValue, Value};
use nseer_lua::{Limits, Scheduler, StateOptions, Watchdog};
use nseer_seam::RealClock;

fn check(source: &str, expected: &str) {
    let watchdog = Watchdog::start(Arc::new(RealClock)).expect("watchdog");
    let limits = Limits { compute: Duration::from_secs(60), elapsed: None };
    let scheduler = Scheduler::<()>::new(&StateOptions::default(), &watchdog, move |(), _| limits)
        .expect("state");
    let chunk = scheduler.lua().load(source).set_name("=case");
    let values: MultiValue = chunk.eval().expect("the case runs");
    let texts: Vec<String> = values.iter().map(text).collect();
    assert_eq!(texts.join(" "), expected, "for {source}");
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.to_string_lossy(),
        other => other.to_string().unwrap_or_default(),
    }
}

#[test]
fn strings_may_end_with_the_data() {
    check("return string.unpack('z', 'abc')", "abc 5");
    check("return string.unpack('z', 'abc', 4)", " 5");
    check("return string.unpack('z', '')", " 2");
    check("return ('<I2z'):unpack('\\1\\0abc')", "1 abc 7");
    check("return string.unpack('zB', 'a\\0\\7')", "a 7 4");
    check(
        "return pcall(function() local _ = string.unpack('zB', 'abc') end)",
        "false case:1: bad argument #2 to 'unpack' (data string too short)",
    );
    check(
        "return pcall(function() local _ = string.unpack('I4', 'abc') end)",
        "false case:1: bad argument #2 to 'unpack' (data string too short)",
    );
}

#[test]
fn any_number_is_a_seed() {
    check("math.randomseed(1.5) return (math.random(5)) <= 5", "true");
    check("math.randomseed(0 / 0) math.randomseed(1e300) math.randomseed('7') return 1", "1");
    check(
        "return pcall(function() local _ = math.randomseed({}) end)",
        "false case:1: bad argument #1 to 'randomseed' (number expected, got table)",
    );
}

#[test]
fn wrong_arguments_of_load_have_a_place() {
    check(
        "return pcall(function() local _ = load() end)",
        "false case:1: bad argument #1 to 'load' (function expected, got no value)",
    );
    check("return load(5)", "nil [string \"5\"]:1: unexpected symbol near '5'");
    check("return load('return x', 'x', 't', {x = 7})()", "7");
    check("return load('return x', 'x', 'b', {x = 7})()", "7");
}

#[test]
fn the_library_of_bits_is_there() {
    check(
        "return bit32 == require 'bit32', bit32.band(-1, 0xff), bit32.bnot(0)",
        "true 255 4294967295",
    );
    check(
        "return bit32.arshift(0x80000000, 4), bit32.rshift(0x80000000, 4)",
        "4160749568 134217728",
    );
    check("return bit32.lrotate(0x80000001, 1), bit32.extract(0xabcd, 8, 8)", "3 171");
    check(
        "return bit32.replace(0, 5, 28, 4), bit32.btest(6, 3), bit32.lshift(1, 32)",
        "1342177280 true 0",
    );
}

#[test]
fn numbers_in_strings_have_bits() {
    check(
        "return '3' | 0, '0x10' & 15, ~'1', '8' >> 1, '1' << 2, '3' ~ '1', 1 | '2.0'",
        "3 0 -2 4 4 2 3",
    );
    check(
        "return pcall(function() return 'a' | 0 end)",
        "false case:1: attempt to perform bitwise operation on a string value",
    );
    check(
        "return pcall(function() return '1.5' | 0 end)",
        "false case:1: number has no integer representation",
    );
}
