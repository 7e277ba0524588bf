---
-- The part of <code>stdnse</code> that turns values into text and back. Scripts reach it through
-- <code>stdnse</code>.
--
-- Pure functions.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name stdnse

local string = require "string"
local table = require "table"
local error, tonumber, type = error, tonumber, type

local conversions = {}

--- Writes bytes or a number in hexadecimal.
-- @usage
-- stdnse.tohex("abc")  --> "616263"
-- stdnse.tohex("abc", {separator = ":"})  --> "61:62:63"
-- stdnse.tohex("abc", {separator = ":", group = 4})  --> "61:6263"
-- stdnse.tohex(123456)  --> "1e240"
-- @param s String, or a number without a fraction; negative ones are written as 64 bits.
-- @param options Table, optional, with <code>separator</code>, a string that goes between groups of digits,
--                and <code>group</code>, the number of digits in a group, counted from the right. Default: 2.
-- @return The digits, in lower case.
function conversions.tohex (s, options)
  local hex
  if type(s) == "number" then
    hex = string.format("%x", s)
  elseif type(s) == "string" then
    hex = string.gsub(s, ".", function (c) return string.format("%02x", string.byte(c)) end)
  else
    error("tohex cannot write a " .. type(s), 2)
  end
  local separator = options and options.separator
  if not separator then
    return hex
  end
  local size = options.group or 2
  local groups = {}
  local first = (#hex - 1) % size + 1
  groups[1] = string.sub(hex, 1, first)
  for from = first + 1, #hex, size do
    groups[#groups + 1] = string.sub(hex, from, from + size - 1)
  end
  return table.concat(groups, separator)
end

--- Reads hexadecimal digits.
-- @usage stdnse.fromhex("00 ff")  --> "\0\255"
-- @param hex String of digits in any case. White space is skipped.
-- @return The bytes, as a string; nil if it cannot be read.
-- @return What is wrong, if anything.
function conversions.fromhex (hex)
  local bad = string.find(hex, "[^%x%s]")
  if bad then
    return nil, "Invalid hexadecimal digits at position " .. bad
  end
  hex = string.gsub(hex, "%s+", "")
  if #hex % 2 ~= 0 then
    return nil, "Odd number of hexadecimal digits"
  end
  return (string.gsub(hex, "..", function (pair) return string.char(tonumber(pair, 16)) end))
end

local NIBBLES = {
  ["0"] = "0000", ["1"] = "0001", ["2"] = "0010", ["3"] = "0011",
  ["4"] = "0100", ["5"] = "0101", ["6"] = "0110", ["7"] = "0111",
  ["8"] = "1000", ["9"] = "1001", a = "1010", b = "1011",
  c = "1100", d = "1101", e = "1110", f = "1111",
}

--- Writes a number in binary.
-- @usage stdnse.tobinary(12)  --> "1100"
-- @param n Number without a fraction; negative ones are written as 64 bits.
-- @return The digits, four or a multiple of four.
function conversions.tobinary (n)
  return (string.gsub(string.format("%x", n), ".", NIBBLES))
end

--- Writes a number in octal.
-- @usage stdnse.tooctal(12)  --> "14"
-- @param n Number without a fraction; negative ones are written as 64 bits.
-- @return The digits.
function conversions.tooctal (n)
  return string.format("%o", n)
end

--- Writes a hardware address.
-- @usage stdnse.format_mac(host.mac_addr)  --> "52:54:00:12:34:56"
-- @param mac String of bytes, as in <code>host.mac_addr</code>.
-- @return The bytes in hexadecimal, with colons between them.
function conversions.format_mac (mac)
  return conversions.tohex(mac, {separator = ":"})
end

--- Gives a text in place of an empty one.
-- @param s String or nil.
-- @param blank What to give for nil and for the empty string. Default: <code>&lt;blank&gt;</code>.
-- @return <code>s</code> or its replacement.
function conversions.string_or_blank (s, blank)
  if s == nil or s == "" then
    return blank or "<blank>"
  end
  return s
end

local SECONDS = { [""] = 1, s = 1, m = 60, h = 3600 }

--- Reads a duration as users write it: a number and a unit.
-- @usage stdnse.parse_timespec("1.5m")  --> 90.0
-- @param timespec A number of zero or more with <code>ms</code>, <code>s</code>, <code>m</code> or
--                 <code>h</code> behind it; seconds if there is no unit.
-- @return Seconds; nil if it cannot be read.
-- @return What is wrong, if anything.
function conversions.parse_timespec (timespec)
  if timespec == nil then
    return nil, "no duration was given"
  end
  local digits, unit = string.match(timespec, "^([%d.]+)(.*)$")
  local number = tonumber(digits)
  if not number then
    return nil, string.format("cannot read '%s' as a duration: write a number and ms, s, m or h", timespec)
  elseif unit == "ms" then
    return number / 1000
  elseif not SECONDS[unit] then
    local message = "cannot read '%s' as a duration: the unit '%s' is none of ms, s, m, h"
    return nil, string.format(message, timespec, unit)
  end
  return number * SECONDS[unit]
end

return conversions
