---
-- Looking at values while a script is being written.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name nsedebug

local coroutine = require "coroutine"
local debug = require "debug"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

_ENV = stdnse.module("nsedebug", stdnse.seeall)

local function quoted (value)
  return type(value) == "string" and string.format("%q", value) or tostring(value)
end

local function describe (value, indent, out, open)
  local margin = string.rep(" ", indent)
  if type(value) ~= "table" then
    out[#out + 1] = margin .. quoted(value) .. "\n"
    return
  end
  open[value] = true
  for key, inner in pairs(value) do
    local line = margin .. tostring(key) .. ":"
    if type(inner) ~= "table" then
      out[#out + 1] = line .. " " .. quoted(inner) .. "\n"
    elseif open[inner] then
      out[#out + 1] = line .. " " .. tostring(inner) .. " (contains this line)\n"
    else
      out[#out + 1] = line .. "\n"
      describe(inner, indent + 2, out, open)
    end
  end
  open[value] = nil
end

--- Describes a value.
--
-- Tables have one line for each field, and the fields of inner tables below, two columns further in. A
-- table that contains itself is named there and not opened again.
-- @usage nsedebug.tostr({port = 22, names = {"ssh"}})
-- @param data Any value.
-- @param indent Number of blanks before each line. Default: 0.
-- @return The text; each line ends in a newline. An empty table gives the empty string.
function tostr (data, indent)
  local out = {}
  describe(data, indent or 0, out, {})
  return table.concat(out)
end

--- Prints bytes in hexadecimal and as text, sixteen on a line.
-- @param str The bytes.
function print_hex (str)
  for from = 1, #str, 16 do
    local row = string.sub(str, from, from + 15)
    local hex = string.gsub(row, ".", function (c)
      return string.format("%02x ", string.byte(c))
    end)
    print(string.format("%08x %-48s   %s", from - 1, hex, (string.gsub(row, "[^ -~]", "."))))
  end
  print(string.format("         Length: %d [0x%x]", #str, #str))
end

--- Prints where the running thread is: one line for each function call.
function print_stack ()
  print(debug.traceback(tostring((coroutine.running())), 2))
end

return _ENV
