---
-- Splitting, joining and quoting of strings.
--
-- Pure functions; nothing here knows of networks or scripts.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name stringaux

local string = require "string"
local table = require "table"
local unittest = require "unittest"
local error = error
local type = type

local stringaux = {}

--- Joins strings with a delimiter between them.
-- @usage stringaux.strjoin(", ", {"a", "b", "c"})  --> "a, b, c"
-- @param delimiter String that goes between two elements.
-- @param list Array of strings or numbers.
-- @return The joined string; the empty string for an empty array.
function stringaux.strjoin (delimiter, list)
  if type(delimiter) ~= "string" then
    error("delimiter is not a string; it comes before the list", 2)
  end
  return table.concat(list, delimiter)
end

--- Splits a string at every match of a pattern.
--
-- Empty pieces are kept, so there is always one piece more than there are matches. Captures in the
-- pattern are ignored.
-- @usage stringaux.strsplit(",%s*", "Anna, Bob,Dolores")  --> {"Anna", "Bob", "Dolores"}
-- @param pattern Lua pattern of the delimiter. It is an error if it matches the empty string.
-- @param text String to split.
-- @return Array of the pieces, in order.
function stringaux.strsplit (pattern, text)
  local pieces = {}
  local from = 1
  while true do
    local first, last = string.find(text, pattern, from)
    if not first then
      break
    end
    if last < first then
      error("the delimiter matches the empty string", 2)
    end
    pieces[#pieces + 1] = string.sub(text, from, first - 1)
    from = last + 1
  end
  pieces[#pieces + 1] = string.sub(text, from)
  return pieces
end

local function percent (c)
  return string.format("%%%02x", string.byte(c))
end

--- Makes a string safe to use as one component of a file name.
--
-- Letters, digits, and <code>. _ -</code> stay; every other byte becomes a percent sign and two
-- hexadecimal digits, as in URLs (RFC 3986, section 2.1). The names <code>.</code> and
-- <code>..</code>, which mean directories, are written in this way as a whole. Different strings
-- give different names.
-- @usage stringaux.filename_escape("10.0.0.1:80/a b")  --> "10.0.0.1%3a80%2fa%20b"
-- @param text String to escape.
-- @return The file name.
function stringaux.filename_escape (text)
  if text == "." or text == ".." then
    return (string.gsub(text, "%.", percent))
  end
  return (string.gsub(text, "[^%w._-]", percent))
end

-- The end of the character class whose "[" is at `at`: the position of its "]".
local function class_end (pattern, at)
  at = at + 1
  if string.sub(pattern, at, at) == "^" then
    at = at + 1
  end
  -- A "]" that comes first stands for itself.
  local first = at
  while at <= #pattern do
    local c = string.sub(pattern, at, at)
    if c == "%" then
      at = at + 1
    elseif c == "]" and at > first then
      return at
    end
    at = at + 1
  end
  return #pattern
end

--- Makes a Lua pattern match without regard to case.
--
-- Each letter outside of a character class is replaced by a class of its two forms. Classes
-- (<code>[a-z]</code>, <code>%a</code>) and the two characters of <code>%b</code> stay as they are.
-- @usage stringaux.ipattern("user%-agent")  --> "[uU][sS][eE][rR]%-[aA][gG][eE][nN][tT]"
-- @param pattern Lua pattern.
-- @return The new pattern.
function stringaux.ipattern (pattern)
  local out = {}
  local at = 1
  while at <= #pattern do
    local c = string.sub(pattern, at, at)
    local last = at
    if c == "%" then
      last = string.sub(pattern, at + 1, at + 1) == "b" and at + 3 or at + 1
      c = string.sub(pattern, at, last)
    elseif c == "[" then
      last = class_end(pattern, at)
      c = string.sub(pattern, at, last)
    elseif string.find(c, "%a") then
      c = "[" .. string.lower(c) .. string.upper(c) .. "]"
    end
    out[#out + 1] = c
    at = last + 1
  end
  return table.concat(out)
end

if not unittest.testing() then return stringaux end

local suite = unittest.TestSuite:new()
stringaux.test_suite = suite
local split, join = stringaux.strsplit, stringaux.strjoin
suite:add_test(unittest.table_equal(split(",%s*", "a, b,,c"), { "a", "b", "", "c" }), "split")
suite:add_test(unittest.table_equal(split(",", ""), { "" }), "split nothing")
suite:add_test(unittest.is_false((pcall(split, "x*", "abc"))), "a delimiter without length")
suite:add_test(unittest.equal(join("-", { "a", 1 }), "a-1"), "join")
suite:add_test(unittest.equal(stringaux.filename_escape("a/b: c"), "a%2fb%3a%20c"), "name of a file")
suite:add_test(unittest.equal(stringaux.filename_escape(".."), "%2e%2e"), "name of a folder")
suite:add_test(unittest.equal(string.match("HeLLo1", stringaux.ipattern("^hel+o%d$")), "HeLLo1"), "any case")

return stringaux
