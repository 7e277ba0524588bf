---
-- Matchers for buffered reads.
--
-- Each function makes a matcher for <code>socket:receive_buf()</code>: it is given what has arrived so far
-- and tells where the wanted piece ends, or nil if more is needed.
--
-- Pure functions; nothing here knows of networks.
--
-- @usage
-- local status, header = socket:receive_buf(match.numbytes(4), true)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name match

local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("match", stdnse.seeall)

--- Makes a matcher that waits for a number of bytes.
-- @param num Number of bytes, at least 1.
-- @return The matcher. With <code>true</code> as second argument of <code>receive_buf</code>, exactly so
--         many bytes are read.
function numbytes (num)
  return function (buffer)
    if #buffer >= num then
      return num, num
    end
    return nil
  end
end

--- Makes a matcher that waits for a pattern, but not for ever.
--
-- A peer that never sends the delimiter cannot make the buffer grow: after <code>limit</code> bytes without
-- a match, these bytes are taken.
-- @param pattern Lua pattern of the delimiter.
-- @param limit Number of bytes.
-- @return The matcher.
function pattern_limit (pattern, limit)
  return function (buffer)
    local first, last = string.find(buffer, pattern)
    if first then
      return first, last
    elseif #buffer >= limit then
      return limit, limit
    end
    return nil
  end
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.is_nil((numbytes(3)("ab"))), "too few bytes")
test_suite:add_test(unittest.table_equal({ numbytes(3)("abcd") }, { 3, 3 }), "enough bytes")
test_suite:add_test(unittest.table_equal({ pattern_limit("\r?\n", 9)("ab\r\ncd") }, { 3, 4 }), "the pattern")
test_suite:add_test(unittest.is_nil((pattern_limit("x", 9)("abcd"))), "no pattern yet")
test_suite:add_test(unittest.table_equal({ pattern_limit("x", 4)("abcd") }, { 4, 4 }), "no pattern any more")

return _ENV
