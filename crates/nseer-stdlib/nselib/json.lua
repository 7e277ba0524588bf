---
-- JSON: reading and writing.
--
-- Written from RFC 8259. Arrays and objects are tables that remember which of the two they are, since an empty
-- table could be either.
--
-- @usage
-- local status, value = json.parse('{"names": ["a", "b"], "next": null}')
-- if status and value.next == json.NULL then
--   stdnse.debug1("%d names", #value.names)
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name json

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local utf8 = require "utf8"

_ENV = stdnse.module("json", stdnse.seeall)

--- What <code>null</code> is read as, and what is written as <code>null</code>.
-- @class table
-- @name NULL
NULL = setmetatable({}, { __tostring = function () return "null" end })

local ARRAY, OBJECT = { json = "array" }, { json = "object" }

--- Makes a table be written as an array.
-- @param t Table.
-- @return The same table.
function make_array (t)
  return setmetatable(t, ARRAY)
end

--- Makes a table be written as an object.
-- @param t Table.
-- @return The same table.
function make_object (t)
  return setmetatable(t, OBJECT)
end

--- The JSON type of a value.
-- @param var The value.
-- @return <code>array</code>, <code>object</code>, <code>string</code>, <code>number</code>, <code>boolean</code>,
--         <code>null</code>; for anything else the Lua type. A table of which nothing is known is an array if it
--         has an element 1.
function typeof (var)
  if var == NULL then
    return "null"
  elseif type(var) ~= "table" then
    return type(var)
  end
  local meta = getmetatable(var)
  local known = type(meta) == "table" and rawget(meta, "json")
  return known or (rawget(var, 1) ~= nil and "array" or "object")
end

--
-- Reading
--

-- Values inside of one another that are read. Deeper text is refused.
local DEEPEST = 500

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local function fail (at)
  error({ at = at }, 0)
end

-- The character of "\u" and four digits at `at`, and where the text goes on. Two halves make one character.
local function unicode_at (text, at)
  local digits = string.match(text, "^%x%x%x%x", at)
  if not digits then
    fail(at)
  end
  local code, after = tonumber(digits, 16), at + 4
  if code >= 0xD800 and code < 0xDC00 then
    local low = string.match(text, "^\\u([dD][c-fC-F]%x%x)", after)
    if low then
      code = 0x10000 + ((code - 0xD800) << 10) + (tonumber(low, 16) - 0xDC00)
      after = after + 6
    end
  end
  if code >= 0xD800 and code < 0xE000 then
    fail(at)
  end
  return utf8.char(code), after
end

-- The string whose first character is at `at`, and what is after its quote.
local function string_at (text, at)
  local pieces = {}
  while true do
    local piece, mark, after = string.match(text, '^([^"\\]*)(["\\])()', at)
    if not piece then
      fail(at)
    end
    pieces[#pieces + 1] = piece
    if mark == '"' then
      return table.concat(pieces), after
    end
    local kind = string.sub(text, after, after)
    if kind == "u" then
      pieces[#pieces + 1], at = unicode_at(text, after + 1)
    elseif kind == "" then
      fail(after)
    else
      pieces[#pieces + 1], at = ESCAPES[kind] or kind, after + 1
    end
  end
end

local function number_at (text, at)
  local digits = string.match(text, "^-?%d+%.?%d*[eE]?[+-]?%d*", at)
  local number = digits and tonumber(digits)
  if not number or string.find(digits, "%.$") then
    fail(at)
  end
  return number, at + #digits
end

local WORDS = { ["true"] = true, ["false"] = false, null = NULL }

-- Reads the value at a place. Gives it and where the text goes on.
local value_at

local function array_at (text, at, depth)
  local array = make_array {}
  at = string.match(text, "^%s*()", at)
  if string.sub(text, at, at) == "]" then
    return array, at + 1
  end
  while true do
    array[#array + 1], at = value_at(text, at, depth)
    local mark, after = string.match(text, "^%s*([],])()", at)
    if mark == "]" then
      return array, after
    elseif not mark then
      fail(at)
    end
    at = after
  end
end

local function object_at (text, at, depth)
  local object = make_object {}
  local close = string.match(text, "^%s*}()", at)
  if close then
    return object, close
  end
  while true do
    local start = string.match(text, '^%s*"()', at)
    if not start then
      fail(at)
    end
    local key
    key, at = string_at(text, start)
    local colon = string.match(text, "^%s*:()", at)
    if not colon then
      fail(at)
    end
    object[key], at = value_at(text, colon, depth)
    local mark, after = string.match(text, "^%s*([},])()", at)
    if mark == "}" then
      return object, after
    elseif not mark then
      fail(at)
    end
    at = after
  end
end

value_at = function (text, at, depth)
  at = string.match(text, "^%s*()", at)
  local first = string.sub(text, at, at)
  if depth > DEEPEST then
    fail(at)
  elseif first == '"' then
    return string_at(text, at + 1)
  elseif first == "[" then
    return array_at(text, at + 1, depth + 1)
  elseif first == "{" then
    return object_at(text, at + 1, depth + 1)
  end
  local word = string.match(text, "^%l+", at)
  if word and WORDS[word] ~= nil then
    return WORDS[word], at + #word
  end
  return number_at(text, at)
end

--- Reads a text.
-- @param data The text, in UTF-8.
-- @return True if it is JSON, otherwise false.
-- @return The value; or what is wrong. Numbers without fraction and exponent are integers.
function parse (data)
  if type(data) ~= "string" then
    return false, "syntax error: a " .. type(data) .. " is no text"
  end
  local status, value, at = pcall(value_at, data, 1, 0)
  if status and string.find(data, "^%s*$", at) then
    return true, value
  elseif not status and type(value) ~= "table" then
    error(value, 0)
  end
  return false, "syntax error at byte " .. (status and at or value.at)
end

--
-- Writing
--

local WRITTEN = {
  ['"'] = '\\"', ["\\"] = "\\\\",
  ["\b"] = "\\b", ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local function quoted (text)
  return '"' .. string.gsub(text, '[%c"\\]', function (c)
    return WRITTEN[c] or string.format("\\u%04x", string.byte(c))
  end) .. '"'
end

local function number_text (number)
  if number ~= number or number == math.huge or number == -math.huge then
    error("JSON has no " .. tostring(number), 3)
  end
  return tostring(number)
end

-- The keys in the order of `pairs` where the table has one of its own, otherwise sorted.
local function keys_of (t)
  local keys = {}
  for key in pairs(t) do
    keys[#keys + 1] = key
  end
  local meta = getmetatable(t)
  if not (type(meta) == "table" and rawget(meta, "__pairs")) then
    table.sort(keys, function (a, b) return tostring(a) < tostring(b) end)
  end
  return keys
end

--- Writes a value.
-- @usage json.generate({names = {"a", "b"}})  --> '{"names": ["a", "b"]}'
-- @param obj String, number, boolean, <code>NULL</code>, or a table of these. Of a table that contains itself
--            there is no text.
-- @return The text.
function generate (obj)
  local kind = typeof(obj)
  local pieces = {}
  if kind == "string" then
    return quoted(obj)
  elseif kind == "number" then
    return number_text(obj)
  elseif kind == "boolean" or kind == "null" then
    return tostring(obj)
  elseif kind == "array" then
    for i, value in ipairs(obj) do
      pieces[i] = generate(value)
    end
    return "[" .. table.concat(pieces, ", ") .. "]"
  elseif kind == "object" then
    for i, key in ipairs(keys_of(obj)) do
      pieces[i] = quoted(tostring(key)) .. ": " .. generate(obj[key])
    end
    return "{" .. table.concat(pieces, ", ") .. "}"
  end
  error("JSON has no " .. kind, 2)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
local function parsed (text)
  return (select(2, parse(text)))
end
for text, value in pairs {
  ["1"] = 1, [" -2.5e1 "] = -25.0, ['"x"'] = "x", ["true"] = true, ["false"] = false, ["null"] = NULL,
  ['"\\u00e9\\n\\"\\/"'] = "\u{e9}\n\"/", ['"\\ud83d\\ude00"'] = "\u{1F600}",
} do
  test_suite:add_test(unittest.equal(parsed(text), value), "parse " .. text)
end
test_suite:add_test(unittest.identical(parsed '{"a": [1, 2.5, {}], "b": {"c": "d"}}', {
  a = { 1, 2.5, {} }, b = { c = "d" },
}), "nested")
test_suite:add_test(unittest.equal(typeof(parsed "[]"), "array"), "empty array")
test_suite:add_test(unittest.equal(typeof(parsed "{}"), "object"), "empty object")
test_suite:add_test(unittest.equal(math.type(parsed "7"), "integer"), "integers")
for _, wrong in ipairs {
  "", "{", "[1,]", "[1] x", "{a:1}", "{'a':1}", '{"a" 1}', '"x', '"\\u12', '"\\', "nul", "-", "1.", "[1 2]", "\255",
  string.rep("[", 600) .. string.rep("]", 600),
} do
  test_suite:add_test(unittest.is_false((parse(wrong))), "not JSON: " .. string.sub(wrong, 1, 20))
end
for text, value in pairs {
  ['[1, "a", [], {}, null]'] = { 1, "a", make_array {}, {}, NULL },
  ['{"a": {"b": 1.5}, "c": true}'] = { c = true, a = { b = 1.5 } },
  ['"a\\"\\\\\\n\\u0000"'] = 'a"\\\n\0', ["[]"] = make_array {},
} do
  test_suite:add_test(unittest.equal(generate(value), text), "generate " .. text)
end
test_suite:add_test(unittest.is_false((pcall(generate, print))), "functions are not written")
test_suite:add_test(unittest.is_false((pcall(generate, 0 / 0))), "not every number is written")
test_suite:add_test(unittest.equal(typeof({ 1 }), "array"), "typeof")

return _ENV
