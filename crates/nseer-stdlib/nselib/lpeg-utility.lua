---
-- Patterns and tools for the native module <code>lpeg</code>.
--
-- @usage
-- local lpeg = require "lpeg"
-- local U = require "lpeg-utility"
-- local version = U.anywhere(U.caseless "version " * lpeg.C(lpeg.R "09" ^ 1)):match(banner)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name lpeg-utility

local lpeg = require "lpeg"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("lpeg-utility", stdnse.seeall)

local P, S, V, C, Cs, Ct = lpeg.P, lpeg.S, lpeg.V, lpeg.C, lpeg.Cs, lpeg.Ct

--- Pattern of a word in any case.
-- @param literal The word.
-- @return The pattern.
function caseless (literal)
  local pattern = P(true)
  for letter in string.gmatch(literal, ".") do
    pattern = pattern * S(string.lower(letter) .. string.upper(letter))
  end
  return pattern
end

--- Pattern that finds another one wherever it matches first.
-- @param patt The other pattern.
-- @return The pattern.
function anywhere (patt)
  return P { patt + 1 * V(1) }
end

--- Splits a string.
-- @param str The string.
-- @param sep Pattern of what stands between two pieces.
-- @return The pieces, as many values as there are.
function split (str, sep)
  sep = P(sep)
  local piece = C((1 - sep) ^ 0)
  return (piece * (sep * piece) ^ 0):match(str)
end

--- Pattern that finds another one wherever it matches at the beginning of a word.
-- @param patt The other pattern.
-- @return The pattern.
function atwordboundary (patt)
  local letter = lpeg.locale().alnum + "_"
  return P { patt + letter ^ 0 * (1 - letter) ^ 1 * V(1) }
end

--- Pattern of a string in quotes in which a character may be escaped. It captures the string without quotes and
-- escapes.
-- @param quot The quote. Default: <code>"</code>.
-- @param esc The character that escapes. Default: <code>\</code>.
-- @return The pattern.
function escaped_quote (quot, esc)
  local quote, escape = P(quot or '"'), P(esc or "\\")
  local content = (escape / "" * (quote + escape) + (1 - quote)) ^ 0
  return quote * Cs(content) * quote
end

--- Makes a pattern of a grammar in which rules may use the classes of <code>lpeg.locale</code>, such as
-- <code>V "alpha"</code>.
-- @param grammar The grammar's table; the classes are added to it.
-- @return The pattern.
function localize (grammar)
  return P(lpeg.locale(grammar))
end

--- Makes rules of a grammar tell when they are tried and when they matched.
-- @param grammar The grammar's table.
-- @param printer Function of a text. Default: <code>print</code>.
-- @return A new table with the rules.
function debug (grammar, printer)
  printer = printer or print
  local told = {}
  for name, rule in pairs(grammar) do
    if name == 1 and type(rule) == "string" then
      told[name] = rule
    else
      local function tell (what)
        return P(function (_, at)
          printer(string.format("%s %s at %d", tostring(name), what, at))
          return true
        end)
      end
      told[name] = tell("tried") * rule * tell("matched")
    end
  end
  return told
end

local NAMED = { ["0"] = "\0", r = "\r", n = "\n", t = "\t" }
local hex = lpeg.R("09", "AF", "af")

-- The bytes of a quoted string of a fingerprint.
local bytes = Cs((
  P "\\x" * C(hex * hex) / function (digits) return string.char(tonumber(digits, 16)) end
  + P "\\" * C(1) / function (letter) return NAMED[letter] or letter end
  + 1
) ^ 0)

--- Reads the fingerprint of a service that version detection did not know, as in
-- <code>port.version.service_fp</code>.
-- @param fp The fingerprint.
-- @return Table of the answers by the names of the probes.
function parse_fp (fp)
  local quoted = C((P "\\" * 1 + (1 - S '"\\')) ^ 0)
  local answer = P "%r(" * Ct(C((1 - P ",") ^ 1) * "," * lpeg.R("09", "AF", "af") ^ 1 * ',"' * quoted * '"') * ")"
  local answers = {}
  for _, pair in ipairs(Ct((answer + 1) ^ 0):match((string.gsub(fp, "\nSF:", "")))) do
    answers[pair[1]] = bytes:match(pair[2])
  end
  return answers
end

--- The answer to one probe in a fingerprint.
-- @param fp The fingerprint.
-- @param probe Name of the probe, such as <code>GetRequest</code>.
-- @return The answer; nil if there was none.
function get_response (fp, probe)
  return parse_fp(fp)[probe]
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(caseless("aB1"):match("Ab1"), 4), "caseless")
test_suite:add_test(unittest.equal(anywhere(C "x"):match("abxy"), "x"), "anywhere")
test_suite:add_test(unittest.table_equal({ split("a,b,,c", ",") }, { "a", "b", "", "c" }), "split")
test_suite:add_test(unittest.equal(atwordboundary(P "b"):match("ab b"), 5), "atwordboundary")
test_suite:add_test(unittest.is_nil(atwordboundary(P "b"):match("ab")), "atwordboundary, inside of a word")
test_suite:add_test(unittest.equal(escaped_quote():match('"a\\"b"c'), 'a"b'), "escaped_quote")
test_suite:add_test(unittest.equal(escaped_quote("'"):match("'a\\\\'"), "a\\"), "escaped_quote, the escape itself")
test_suite:add_test(unittest.equal(escaped_quote():match('"a\\nb"'), "a\\nb"), "escaped_quote, other escapes")
test_suite:add_test(unittest.equal(localize({ V "alpha" ^ 1 }):match("ab1"), 3), "localize")
do
  local told = {}
  P(debug({ P "a" }, function (text) told[#told + 1] = text end)):match("a")
  test_suite:add_test(unittest.table_equal(told, { "1 tried at 1", "1 matched at 2" }), "debug")
  local fp = 'SF-Port80-TCP:V=7.93%I=7%D=1/1%P=x86%r(GetRequest,6,"HT\nSF:T\\x20\\n\\"")%r(NULL,2,"a\\0");'
  test_suite:add_test(unittest.keys_equal(parse_fp(fp), { GetRequest = 'HTT \n"', NULL = "a\0" }), "parse_fp")
  test_suite:add_test(unittest.equal(get_response(fp, "NULL"), "a\0"), "get_response")
end

return _ENV
