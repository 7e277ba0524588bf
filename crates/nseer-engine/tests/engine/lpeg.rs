//! `lpeg` as scripts see it. Expected values are what Debian's lua-lpeg 1.0.2 prints.

use std::time::Duration;

use crate::harness::{Case, action};

/// Runs a body with `m` as the module.
fn with_lpeg(body: &str) -> String {
    action(&format!("local m = require 'lpeg' {body}"))
}

/// Each expression and what it gives; for an error, its text after the position.
fn gives(cases: &[(&str, &str)]) {
    let mut body = String::from(
        "local out = {}
         local function try(f)
           local r = table.pack(pcall(f))
           local texts = {}
           for i = 2, r.n do texts[i - 1] = tostring(r[i]) end
           out[#out + 1] = table.concat(texts, ' ')
         end\n",
    );
    for (expression, _) in cases {
        body += &format!(
            "try(function() local r = table.pack({expression}) return table.unpack(r, 1, r.n) end)\n"
        );
    }
    body += "return table.concat(out, '~')";
    let got = with_lpeg(&body);
    let got: Vec<&str> = got.split('~').map(str::trim).collect();
    assert_eq!(got.len(), cases.len(), "{got:?}");
    for ((expression, expected), got) in cases.iter().zip(got) {
        let text = match got.split_once(": ") {
            Some((place, text)) if place.contains(".nse:") => text,
            _ => got,
        };
        assert_eq!(text, *expected, "{expression}");
    }
}

#[test]
fn patterns_and_operators() {
    gives(&[
        ("m.version()", "1.0.2"),
        ("lpeg == m, m.type(m.P'a'), m.type('a')", "true pattern nil"),
        ("m.match('ab', 'abc')", "3"),
        ("m.match(2, 123)", "3"),
        ("m.P(-1):match(''), m.P(-1):match('a')", "1 nil"),
        ("m.P(1.5):match('abc')", "1"),
        ("(m.P'a' * 'b' + 'c'):match('ab'), ('c' + m.P'a'):match('c')", "3 2"),
        ("(1 - m.P'a'):match('a'), (m.P(1) - 'a'):match('b')", "nil 2"),
        ("(m.P'a'^2):match('a'), (m.P'a'^-2):match('aaa'), (m.P'a'^'2'):match('aaa')", "nil 3 4"),
        ("(-m.P'a'):match('b'), (#m.P'a'):match('a'), m.match(#m.C'a', 'a')", "1 1 1"),
        ("m.R('az', '09'):match('7'), m.S'xyz':match('y'), m.R():match('a')", "2 2 nil"),
        ("(m.locale().digit^1):match('123a')", "4"),
        (
            "m.match(m.Cp(), 'abc', -1), m.match(m.Cp(), 'abc', 10), m.match(m.Cp(), 'abc', 0)",
            "3 4 4",
        ),
        ("m.P{'a', a = 'x' * m.V'a' + 'y'}:match('xxy')", "4"),
        ("m.P(function(s, i) return i == 1 end):match('a')", "1"),
        ("(m.P'\\0\\255'):match('\\0\\255')", "3"),
        ("getmetatable(m.P'a').__index == m, getmetatable(m.P'a').__name", "true lpeg-pattern"),
        ("getmetatable(m.P'a').__add(m.P'a', 'b'):match('b')", "2"),
    ]);
}

#[test]
fn captures() {
    gives(&[
        ("m.match(m.C(m.C'a' * m.C'b'), 'ab')", "ab a b"),
        ("m.match(m.Cc(nil, 1, nil), '')", "nil 1 nil"),
        ("m.match(m.Carg(1), 'a', 1, 5)", "5"),
        ("m.match(m.Cg('a', 'n') * m.Cb'n', 'a')", "a"),
        ("m.match(m.Ct(m.Cg('a', 'n') * m.C'b'), 'ab').n", "a"),
        ("m.match(m.Cf(m.C(1)^1, function(a, b) return b .. a end), 'abc')", "cba"),
        ("m.match(m.C(1)^1 / function(...) return select('#', ...), ... end, 'ab')", "2 a b"),
        ("m.match(m.P'a' / {a = 'A'}, 'a'), m.match(m.P'b' / {a = 'A'}, 'b')", "A 2"),
        (
            "m.match(m.P'a' / setmetatable({}, {__index = function(_, k) return k .. '!' end}), 'a')",
            "a!",
        ),
        ("m.match(m.P'a' / '%%%a%0%0', 'a')", "%aaa"),
        ("m.match(m.C'a' * m.C'b' / 2, 'ab')", "b"),
        ("m.match(m.Cs((m.P'a' / 'x' + 1)^0), 'banana')", "bxnxnx"),
        (
            "m.match(m.Cs(m.Cp() * m.P(1) / {a = 1.0} * m.Cc(2^53) * m.Cc(-0.0)), 'a')",
            "a9.007199254741e+15-0.0",
        ),
        ("m.match(m.Cmt('a', function(s, i, c) return i, c, s end), 'ab')", "a ab"),
        ("m.match(m.Cmt(m.C(1), function(s, i, c) return c == 'a', 'v' end), 'b')", "nil"),
        ("m.match(m.Cmt('a', function() return '2', 'v' end), 'a')", "v"),
        ("select('#', m.match(m.C(1)^0, ('a'):rep(5000)))", "5000"),
        ("#m.match(m.Ct(m.C(1)^0), ('a'):rep(5000))", "5000"),
    ]);
}

#[test]
fn messages() {
    gives(&[
        ("m.P(nil)", "bad argument #1 to 'P' (lpeg-pattern expected, got nil)"),
        ("m.P()", "bad argument #1 to 'P' (value expected)"),
        ("m.P'a' + nil", "bad argument #2 to 'add' (lpeg-pattern expected, got nil)"),
        ("2 ^ m.P'a'", "bad argument #2 to 'pow' (number expected, got lpeg-pattern)"),
        ("m.P'a' ^ 1.5", "bad argument #2 to 'pow' (number has no integer representation)"),
        ("m.P'' ^ 0", "loop body may accept empty string"),
        ("m.P'a' / true", "bad argument #2 to 'div' (invalid replacement value)"),
        ("m.P'a' / -1", "bad argument #1 to 'div' (invalid number)"),
        ("m.Cmt('a', {})", "bad argument #2 to 'Cmt' (function expected, got table)"),
        ("m.Carg(0)", "bad argument #1 to 'Carg' (invalid argument index)"),
        ("m.R'abc'", "bad argument #1 to 'R' (range must have two characters)"),
        ("m.B(m.C'a')", "bad argument #1 to 'B' (pattern have captures)"),
        ("m.setmaxstack(0)", "bad argument #1 to 'setmaxstack' (out of range)"),
        ("m.match('a')", "bad argument #2 to 'match' (string expected, got no value)"),
        ("m.match('a', 'a', 'x')", "bad argument #3 to 'match' (number expected, got string)"),
        ("m.match(m.Cb'x', 'a')", "back reference 'x' not found"),
        ("m.match(m.Cb{}, 'a')", "back reference '(null)' not found"),
        ("m.V'x':match('')", "rule 'x' used outside a grammar"),
        ("m.V{}:match('')", "rule '(a table)' used outside a grammar"),
        ("m.P{}", "grammar has no initial rule"),
        ("m.P{'a', a = 'x'}", "initial rule 'a' is not a pattern"),
        ("m.P{m.P'a', b = 1}", "rule 'b' is not a pattern"),
        ("m.P{m.V'x'}", "rule 'x' undefined in given grammar"),
        ("m.P{m.V(1)}", "rule '1' may be left recursive"),
        ("m.P{'a', a = m.V'b'^0, b = m.P''}", "empty loop in rule 'a'"),
        (
            "m.match(m.P{'(' * m.V(1) * ')' + ''}, ('('):rep(400))",
            "backtrack stack overflow (current limit is 400)",
        ),
        ("m.match(m.Cs(m.Cc{}), 'a')", "invalid replacement value (a table)"),
        ("m.match(m.P'a' / '%1', 'a')", "invalid capture index (1)"),
        (
            "m.match(m.Cmt('a', function() return 0 end), 'a')",
            "invalid position returned by match-time capture",
        ),
        ("m.pcode(m.P'a')", "function only implemented in debug mode"),
    ]);
}

/// What a function of a capture raises arrives as it is, and with the script's own position.
#[test]
fn errors_of_callbacks() {
    gives(&[
        ("select(2, pcall(m.match, m.P'a' / function() error({'mine'}) end, 'a'))[1]", "mine"),
        ("select(2, pcall(m.match, m.Cmt('a', function() error('x', 0) end), 'a'))", "x"),
        ("select(2, pcall(m.match, m.P'a' / function() error('x', 2) end, 'a'))", "x"),
        ("select(2, pcall(m.match, m.P'a' / function() error() end, 'a'))", "nil"),
    ]);
    let position = with_lpeg(
        "local ok, text = pcall(function()\n local p = m.P'' ^ 0\n return p end) return text",
    );
    assert!(position.contains(".nse:"), "{position}");
}

/// A function of a capture may wait, which it may not in the real one.
#[test]
fn callbacks_may_wait() {
    let body =
        "local p = m.C(1)^1 / function(...) stdnse.sleep(0) coroutine.yield(1) return ... end
        local co = coroutine.wrap(function() return p:match('ab') end)
        local first = co()
        return first .. ' ' .. table.concat({co()}, ' ')";
    assert_eq!(with_lpeg(body), "1 a b");
}

/// A match within a match, and patterns that refer to themselves are collected.
#[test]
fn nesting_and_collecting() {
    let body = "local depth = 0
        local p
        p = m.Cmt(m.C(1), function(s, i) depth = depth + 1
          return depth >= 150 or p:match(s) end)
        p:match('a')
        local weak = setmetatable({}, {__mode = 'k'})
        for i = 1, 50 do
          local mine
          mine = m.C(1) / function() return mine end
          weak[mine] = true
          mine:match('a')
        end
        collectgarbage() collectgarbage()
        local left = 0
        for _ in pairs(weak) do left = left + 1 end
        return depth .. ' ' .. (left < 3 and 'collected' or left)";
    assert_eq!(with_lpeg(body), "150 collected");
}

/// A match without end is stopped like any other code.
#[test]
fn endless_matches_are_stopped() {
    let mut case = Case::new(
        "endless",
        "prerule = function() return true end
         action = function()
           local m = require 'lpeg'
           local p = m.P{(m.P'a' * m.V(1) + m.P'aa' * m.V(1) + 'a' * m.V(1)) * 'b' + 'c'}
           return p:match(('a'):rep(120))
         end",
    );
    case.compute_limit = Duration::from_millis(50);
    let outcome = case.run();
    let messages = outcome.messages.join("\n");
    assert!(messages.contains("computed for too long"), "{messages} {:?}", outcome.pre);
}
