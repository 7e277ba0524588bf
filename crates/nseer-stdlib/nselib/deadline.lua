---
-- Reading from peers that never stop and never finish.
--
-- The timeout of a socket counts from one piece to the next, so whoever sends a byte now and then is listened to for
-- ever. Here the time of a whole answer has an end.
--
-- @usage
-- local status, line = deadline.receive_buf(socket, "\r?\n", false)
-- local receive = deadline.receiver(socket)
-- local status, piece = receive()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name deadline

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local type = type

_ENV = stdnse.module("deadline", stdnse.seeall)

-- How long an answer may take where nothing else is asked for, in milliseconds: as long as a socket waits for one
-- piece by default.
local LONGEST = 30000

--- Does what the method <code>receive_buf</code> does, for no longer than a bound.
-- @param socket Connected socket.
-- @param find What finds the end: a Lua pattern or a function, as for the method.
-- @param keep True to get the end as well.
-- @param ms The most time, in milliseconds. Default: 30 seconds.
-- @return True, or false.
-- @return The data; or a reason, <code>TIMEOUT</code> where the time is over. What had arrived by then is lost.
function receive_buf (socket, find, keep, ms)
  local pattern = find
  if type(find) == "string" then
    find = function (buffer) return string.find(buffer, pattern) end
  end
  local ends, is_late = nmap.clock_ms() + (ms or LONGEST), false
  local status, data = socket:receive_buf(function (buffer)
    local first, last = find(buffer)
    if not first and #buffer > 0 and nmap.clock_ms() >= ends then
      is_late = true
      return #buffer, #buffer
    end
    return first, last
  end, keep)
  if is_late then
    return false, "TIMEOUT"
  end
  return status, data
end

--- Makes a function like the method <code>receive</code> that gives up after some time, however fast pieces come.
-- @param socket Connected socket, or anything with such a method.
-- @param ms The most time from now on, in milliseconds. Default: 30 seconds.
-- @param method Name of another method that the function is to be like: <code>receive_lines</code> or
--        <code>receive_bytes</code>.
-- @return Function that takes the method's arguments and gives true and the next piece; or false and a reason,
--         <code>TIMEOUT</code> once the time is over.
function receiver (socket, ms, method)
  local ends = nmap.clock_ms() + (ms or LONGEST)
  return function (...)
    if nmap.clock_ms() >= ends then
      return false, "TIMEOUT"
    end
    return socket[method or "receive"](socket, ...)
  end
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- A socket on which one byte arrives at a time.
local function dripping (text)
  local at, buffer = 0, ""
  local socket = {}
  function socket:receive ()
    at = at + 1
    return at <= #text, at <= #text and string.sub(text, at, at) or "EOF"
  end
  function socket:receive_buf (find, keep)
    while true do
      local first, last = find(buffer)
      if first then
        local data = string.sub(buffer, 1, keep and last or first - 1)
        buffer = string.sub(buffer, last + 1)
        return true, data
      end
      local status, more = self:receive()
      if not status then
        return status, more
      end
      buffer = buffer .. more
    end
  end
  return socket
end

test_suite:add_test(unittest.identical({ receive_buf(dripping("ab;c"), ";", true) }, { true, "ab;" }), "in time")
test_suite:add_test(unittest.identical({ receive_buf(dripping("ab;c"), ";", false) }, { true, "ab" }), "no delimiter")
test_suite:add_test(unittest.identical({ receive_buf(dripping("ab;c"), ";", true, 0) }, { false, "TIMEOUT" }), "late")
test_suite:add_test(unittest.identical({ receive_buf(dripping("ab"), ";", true) }, { false, "EOF" }), "the end")
test_suite:add_test(unittest.identical({ receiver(dripping("ab"))() }, { true, "a" }), "a piece in time")
test_suite:add_test(unittest.identical({ receiver(dripping("ab"), 0)() }, { false, "TIMEOUT" }), "a piece too late")
return _ENV
