---
-- Lines from a socket, none of them longer than a bound.
--
-- <code>stdnse.make_buffer</code> does the same without a bound; a server that sends without end and without a
-- line break would fill the memory.
--
-- @usage
-- local next_line = linereader.new(socket, "", 8192)
-- local line, why = next_line()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name linereader

local deadline = require "deadline"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("linereader", stdnse.seeall)

-- The longest line where nothing else is asked for. Mail has at most 1000 bytes, and others stay below 8192.
local MAX_LINE = 64 * 1024

-- How long a conversation may take where nothing else is asked for.
local LONGEST = 30000

--- Makes a function that gives the next line, without its end.
-- @param socket Connected socket.
-- @param data What was read from the socket before, if anything.
-- @param max_line Bytes of the longest line. Default: 64 KiB.
-- @param ms The most time for all lines, from now on, in milliseconds. Default: 30 seconds.
-- @return Function that gives the next line; nil and a reason when there is none. What the socket had last,
--         without an end, is given once as a line.
function new (socket, data, max_line, ms)
  local buffer, from = data or "", 1
  max_line = max_line or MAX_LINE
  local receive = deadline.receiver(socket, ms or LONGEST)
  return function ()
    while true do
      local at = string.find(buffer, "\n", from, true)
      if at then
        local last = string.byte(buffer, at - 1) == 13 and at - 2 or at - 1
        local line = string.sub(buffer, from, last)
        from = at + 1
        return line
      elseif #buffer - from + 1 > max_line then
        return nil, "a line without end"
      end
      local status, more = receive()
      local rest = string.sub(buffer, from)
      if not status then
        buffer, from = "", 1
        if rest ~= "" then
          return rest
        end
        return nil, more
      end
      buffer, from = rest .. more, 1
    end
  end
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local function socket_that_says (...)
  local parts = {...}
  return { receive = function ()
    local part = table.remove(parts, 1)
    return part ~= nil, part or "EOF"
  end }
end
local next_line = new(socket_that_says("b\nc\r\n\r\nre", "st"), "a")
test_suite:add_test(unittest.equal(next_line(), "ab"), "a line in two parts")
test_suite:add_test(unittest.equal(next_line(), "c"), "a carriage return belongs to the end")
test_suite:add_test(unittest.equal(next_line(), ""), "an empty line")
test_suite:add_test(unittest.equal(next_line(), "rest"), "what is left without an end")
test_suite:add_test(unittest.equal(select(2, next_line()), "EOF"), "and then the reason")
local long = new(socket_that_says(string.rep("x", 100), "\n"), "", 50)
test_suite:add_test(unittest.is_nil((long())), "a line that is too long")

return _ENV
