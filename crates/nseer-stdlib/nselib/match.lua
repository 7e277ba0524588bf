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

return _ENV
