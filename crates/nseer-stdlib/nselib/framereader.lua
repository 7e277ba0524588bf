---
-- Messages from a socket that say in their first bytes how long they are, none of them longer than a bound.
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

--- Makes a function for <code>receive_buf</code> that cuts off one message with its head. Where the message would
-- be longer than the bound, or cannot be one, all that is there is cut off at once.
-- @param length_of Function that is given at least the head, and gives how many bytes follow it; nil where what
--        has arrived is no message.
-- @param max The most that may follow.
-- @param head The bytes of the head. Default: 4.
-- @return The function.
function new (length_of, max, head)
  head = head or 4
  return function (buffer)
    if #buffer >= head then
      local length = length_of(buffer)
      if not length or length > max then
        return #buffer, #buffer
      elseif #buffer >= head + length then
        return head + length, head + length
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
local short = new(function (bytes) return string.byte(bytes) == 7 and string.byte(bytes, 2) or nil end, 9, 2)
test_suite:add_test(unittest.is_nil(short("\7")), "half a head")
test_suite:add_test(unittest.identical({ short("\7\1ab") }, { 3, 3 }), "a head of two bytes")
test_suite:add_test(unittest.identical({ short("\6\1ab") }, { 4, 4 }), "no message")
return _ENV
