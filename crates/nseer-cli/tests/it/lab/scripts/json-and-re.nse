---
-- Works with two of Nmap's libraries that are made with lpeg.
local json = require "json"
local re = require "re"
local table = require "table"

description = "Tells what json and re make of texts."
categories = {"safe"}

prerule = function() return true end

local function written(value)
  if type(value) ~= "table" then
    return ("%s:%s"):format(math.type(value) or type(value), tostring(value))
  end
  local fields = {}
  for key, field in pairs(value) do
    fields[#fields + 1] = ("%s=%s"):format(written(key), written(field))
  end
  table.sort(fields)
  return ("{%s}"):format(table.concat(fields, ","))
end

local function tell(name, ...)
  local values = table.pack(...)
  for i = 1, values.n do
    values[i] = written(values[i]):gsub("0x%x+", "ADDRESS")
  end
  local line = ("told: %s: %s"):format(name, table.concat(values, " "))
  nmap.log_write("stdout", (line:gsub("[^\32-\126]", function(c) return ("<%02x>"):format(c:byte()) end)))
end

local TEXTS = {
  "null", "true", " [1, 2.5, -3e2, \"x\"] ", "{}", "[]", "[[],{}]", "{\"a\": {\"b\": [null, false]}}", "{\"a\":1,\"a\":2}",
  "\"\\u0041\\u00e9\\u20ac\\n\\t\\\\\\/\\\"\"", "\"\\ud83d\\ude00\"", "\"\\x\"", "\"open", "[1,]", "{1:2}", "{\"a\" 1}", "nul",
  "", " ", "1 2", "[1", "-", "01", "1.", "{\"k\":\"v\"} trailing", "\"\127\"", "[\"\195\169\"]", ("["):rep(20) .. ("]"):rep(20),
}

local VALUES = {
  1, 2.5, -0.0, "text", "quote \" back \\ line \n nul \0 e \195\169", true, false, {}, {1, 2, {3}}, {a = 1},
  {a = {b = {c = "d"}}}, {1, nil, 3}, {[1] = "x", y = 2}, 1 / 0, 2 ^ 53, math.mininteger,
}

local PATTERNS = {
  {"[a-z]+", "abc1"}, {"{[a-z]+} %s* {%d+}", "abc  12"}, {"{| {:k: %a+ :} '=' {:v: %d+ :} |}", "key=42"},
  {"'a'? 'b'* !.", "abbb"}, {"&'x' .", "xy"}, {"(!'end' .)* 'end'", "to the end"}, {"{~ ('a' -> 'b' / .)* ~}", "banana"},
  {"{.} -> '%1%1'", "x"}, {"s <- '(' s ')' / ''", "((()))"}, {"{} 'a'^3 {}", "aaaa"}, {"'a'^-2 {}", "aaaa"},
  {"'a'^+2 {}", "aaaa"}, {"[^a-c%s]+", "xyz a"}, {"{:q: ['\"] :} {(!=q .)*} =q", "'it' x"}, {"%nl", "\n"}, {"{'x' => f}", "x"},
  {"a <- b b <- a", "x"}, {"'open", "x"}, {"[z", "x"}, {"%nosuch", "x"}, {"'a'**", "x"}, {"({.}{.}) ~> f", "xy"}, {"{.} -> f", "x"},
  {"name <- {[A-Z][a-z]*} (' ' name)?", "Ada Love Lace"}, {"'A'i", "a"}, {"", "x"},
}

action = function()
  for _, text in ipairs(TEXTS) do
    tell(("parse %q"):format(text), pcall(json.parse, text))
  end
  for index = 1, #VALUES do
    tell(("generate %d"):format(index), pcall(json.generate, VALUES[index]))
  end
  tell("null", pcall(json.generate, {a = json.NULL}))
  tell("array", pcall(json.generate, json.make_array({})))
  tell("object", pcall(json.generate, json.make_object({})))
  local functions = {f = function(a, ...) return a, ... end}
  for index, pair in ipairs(PATTERNS) do
    local made, pattern = pcall(re.compile, pair[1], functions)
    -- What is wrong, without the position in a library that need not be the same.
    tell(("compile %d %s"):format(index, pair[1]), made, not made and tostring(pattern):gsub("^[^ ]*:%d+: ", "") or "")
    if made then
      tell(("match %d"):format(index), pcall(re.match, pair[2], pattern))
      tell(("find %d"):format(index), pcall(re.find, "--" .. pair[2], pattern))
    end
  end
  tell("gsub", re.gsub("hello world", "'o'", "0"))
  tell("gsub with captures", re.gsub("a1b2", "{%a} {%d}", "%2%1"))
  re.updatelocale()
  tell("after updatelocale", re.match("abc", "%a+ {}"))
end
