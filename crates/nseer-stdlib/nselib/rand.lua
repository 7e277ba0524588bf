---
-- Random strings.
--
-- Bytes come from the operating system. Nothing here is meant for secrets of the user's.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rand

local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("rand", stdnse.seeall)

--- Makes a set of characters, for <code>random_string</code>.
-- @usage local hex = rand.charset("a", "f", rand.charset("0", "9"))
-- @param left_bound The first character, or its number.
-- @param right_bound The last one.
-- @param charset Array of characters to add to, optional.
-- @return Array of the characters.
function charset (left_bound, right_bound, charset)
  charset = charset or {}
  local number = function (bound) return type(bound) == "number" and bound or string.byte(bound) end
  for byte = number(left_bound), number(right_bound) do
    charset[#charset + 1] = string.char(byte)
  end
  return charset
end

--- Makes a random string.
-- @usage local name = rand.random_string(8, "abcdefghijklmnopqrstuvwxyz")
-- @param len Number of characters.
-- @param charset The characters to choose from, a string or an array. Default: all bytes.
-- @return The string.
function random_string (len, charset)
  if not charset then
    return nmap.get_random_bytes(len)
  end
  local is_string = type(charset) == "string"
  local pieces = {}
  for i = 1, len do
    local at = math.random(#charset)
    pieces[i] = is_string and string.sub(charset, at, at) or charset[at]
  end
  return table.concat(pieces)
end

local SMALL_LETTERS = charset("a", "z")

--- Makes a string of random small letters.
-- @param len Number of letters.
-- @return The string.
function random_alpha (len)
  return random_string(len, SMALL_LETTERS)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.table_equal(charset("a", "c"), { "a", "b", "c" }), "charset")
test_suite:add_test(unittest.table_equal(charset(97, 99), { "a", "b", "c" }), "charset by numbers")
test_suite:add_test(unittest.table_equal(charset("1", "2", { "x" }), { "x", "1", "2" }), "charset, added to")
test_suite:add_test(unittest.length_is(random_string(37), 37), "bytes")
test_suite:add_test(unittest.not_equal(random_string(16), random_string(16)), "bytes differ")
test_suite:add_test(unittest.equal(random_string(3, "a"), "aaa"), "from a string")
test_suite:add_test(unittest.not_nil(string.find(random_string(99, { "x", "y" }), "^[xy]+$")), "from an array")
test_suite:add_test(unittest.not_nil(string.find(random_alpha(99), "^%l+$")), "letters")
test_suite:add_test(unittest.equal(random_alpha(0), ""), "nothing")

return _ENV
