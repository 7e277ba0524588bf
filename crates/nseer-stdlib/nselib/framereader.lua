---
-- Messages from a socket that say in their first four bytes how long they are, none of them longer than a bound.
--
-- @usage
-- local frame = framereader.new(function (head) return string.unpack(">I4", head) end, 65536)
-- local status, message = socket:receive_buf(frame, true)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name framereader

local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("framereader", stdnse.seeall)

--- Makes a function for <code>receive_buf</code> that cuts off one message with its four bytes. Where the message
-- would be longer than the bound, all that is there is cut off at once.
-- @param length_of Function that is given at least the first four bytes, and gives how many follow them.
-- @param max The most that may follow.
-- @return The function.
function new (length_of, max)
  return function (buffer)
    if #buffer >= 4 then
      local length = length_of(buffer)
      if length > max then
        return #buffer, #buffer
      elseif #buffer >= 4 + length then
        return 4 + length, 4 + length
      end
    end
  end
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local frame = new(function (head) return (string.unpack(">I4", head)) end, 5)
test_suite:add_test(unittest.is_nil(frame("\0\0\0")), "no length yet")
test_suite:add_test(unittest.is_nil(frame("\0\0\0\2a")), "cut off")
test_suite:add_test(unittest.identical({ frame("\0\0\0\2abc") }, { 6, 6 }), "one message")
test_suite:add_test(unittest.identical({ frame("\0\0\0\6abc") }, { 7, 7 }), "too long")
return _ENV
