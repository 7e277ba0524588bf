---
-- Patterns of the native module <code>lpeg</code> in the notation of regular expressions and grammars.
--
-- The notation is that of LPeg's module <code>re</code>, as its manual describes it; this is a reader of our own.
--
-- * <code>'text'</code>, <code>"text"</code>, <code>[a-z_]</code>, <code>.</code>, <code>%d</code> and the other
--   classes of Lua, <code>%nl</code> - characters.
-- * <code>p*</code>, <code>p+</code>, <code>p?</code>, <code>p^3</code>, <code>p^+3</code>, <code>p^-3</code> -
--   repetition.
-- * <code>p q</code>, <code>p / q</code>, <code>&p</code>, <code>!p</code>, <code>(p)</code> - one after the other,
--   the first that fits, look ahead, look ahead for something else, grouping.
-- * <code>{p}</code>, <code>{}</code>, <code>{: p :}</code>, <code>{:name: p :}</code>, <code>{| p |}</code>,
--   <code>{~ p ~}</code>, <code>=name</code> - captures: text, position, group, named group, table, substitution, and
--   what a named group captured.
-- * <code>p -> 'text'</code>, <code>p -> 2</code>, <code>p -> name</code>, <code>p => name</code>,
--   <code>p ~> name</code> - what becomes of captures; names are looked up in the second argument of
--   <code>compile</code>.
-- * <code>name <- p</code>, several times - a grammar; the first rule is where it begins. <code>-- to the end of the
--   line</code> is a comment.
--
-- @usage
-- local version = re.compile("'v' {%d+} '.' {%d+}")
-- local major, minor = version:match("v2.10")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name re

local lpeg = require "lpeg"
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("re", stdnse.seeall)

local P, V = lpeg.P, lpeg.V

-- Patterns that have a name; their capitals are everything else.
local predefined

--- Learns the classes of characters again, after a change of the locale.
function updatelocale ()
  local class = lpeg.locale()
  predefined = {
    a = class.alpha, c = class.cntrl, d = class.digit, g = class.graph, l = class.lower, p = class.punct,
    s = class.space, u = class.upper, w = class.alnum, x = class.xdigit, nl = P "\n",
  }
  for _, name in ipairs { "a", "c", "d", "g", "l", "p", "s", "u", "w", "x" } do
    predefined[string.upper(name)] = 1 - predefined[name]
  end
end

updatelocale()

-- A pattern that is being read.
local Reader = {}
Reader.__index = Reader

--- Ends the reading.
function Reader.fail (self, what)
  local rest = string.sub(self.text, self.at, self.at + 20)
  error(string.format("re: %s at '%s'", what, rest == "" and "end of the pattern" or rest), 0)
end

--- Skips white space and comments.
function Reader.skip (self)
  while true do
    local after = string.match(self.text, "^%s+()", self.at) or string.match(self.text, "^%-%-[^\n]*()", self.at)
    if not after then
      return
    end
    self.at = after
  end
end

--- Takes what a Lua pattern matches here, and skips white space after it. Gives its captures; nil if there is none.
function Reader.take (self, pattern)
  local first, last, a, b = string.find(self.text, "^" .. pattern, self.at)
  if not first then
    return nil
  end
  self.at = last + 1
  self:skip()
  return a or true, b
end

--- The value of a name that the caller defined.
function Reader.defined (self, name)
  local value = self.defs and self.defs[name]
  if value == nil then
    value = predefined[name]
  end
  if value == nil then
    self:fail("the name '" .. name .. "' is not defined")
  end
  return value
end

--- A text in quotes; nil if there is none here.
function Reader.quoted (self)
  return self:take "'([^']*)'" or self:take '"([^"]*)"'
end

--- A set in brackets, after the bracket.
function Reader.set (self)
  local is_complement = string.sub(self.text, self.at, self.at) == "^"
  if is_complement then
    self.at = self.at + 1
  end
  local set, first = P(false), true
  while true do
    local char = string.sub(self.text, self.at, self.at)
    if char == "" then
      self:fail("a set has no end")
    elseif char == "]" and not first then
      break
    end
    local name, after_name = string.match(self.text, "^%%(%a[%w_]*)()", self.at)
    local low, high, after_range = string.match(self.text, "^(.)%-([^%]])()", self.at)
    if name then
      set, self.at = set + self:defined(name), after_name
    elseif low then
      set, self.at = set + lpeg.R(low .. high), after_range
    else
      set, self.at = set + P(char), self.at + 1
    end
    first = false
  end
  self.at = self.at + 1
  self:skip()
  return is_complement and 1 - set or set
end

-- Matches what a named group captured.
local function same_as (name)
  return lpeg.Cmt(lpeg.Cb(name), function (subject, at, text)
    local last = at + #text
    return string.sub(subject, at, last - 1) == text and last or nil
  end)
end

--- A choice up to a mark that ends it.
function Reader.upto (self, mark)
  local pattern = self:choice()
  if not self:take(mark) then
    self:fail("something is not closed")
  end
  return pattern
end

--- What begins with a brace, after the brace.
function Reader.capture (self)
  if self:take "}" then
    return lpeg.Cp()
  elseif self:take "~" then
    return lpeg.Cs(self:upto "~}")
  elseif self:take "|" then
    return lpeg.Ct(self:upto "|}")
  end
  local name = self:take ":([%a_][%w_-]*):"
  if name then
    return lpeg.Cg(self:upto ":}", name)
  elseif self:take ":" then
    return lpeg.Cg(self:upto ":}")
  end
  return lpeg.C(self:upto "}")
end

--- The smallest part; nil if none begins here.
function Reader.primary (self)
  local text = self:quoted()
  if text then
    return P(text)
  elseif self:take "%(" then
    return self:upto "%)"
  elseif string.find(self.text, "^%[", self.at) then
    self.at = self.at + 1
    return self:set()
  elseif self:take "{" then
    return self:capture()
  elseif self:take "%." then
    return P(1)
  end
  local name = self:take "%%([%a_][%w_]*)"
  if name then
    return P(self:defined(name))
  end
  name = self:take "=([%a_][%w_-]*)"
  if name then
    return same_as(name)
  end
  name = self:take "<([%a_][%w_-]*)>"
  if name then
    return V(name)
  elseif string.find(self.text, "^[%a_][%w_-]*%s*<%-", self.at) then
    return nil
  end
  name = self:take "([%a_][%w_-]*)"
  return name and V(name)
end

-- Exactly so many of a pattern.
local function exactly (pattern, count)
  local all = P(true)
  for _ = 1, count do
    all = all * pattern
  end
  return all
end

--- What an arrow makes of a pattern; nil if there is no arrow here.
function Reader.arrow (self, pattern)
  if self:take "%->" then
    local text = self:quoted()
    local number = not text and self:take "(%d+)"
    if text or number then
      return pattern / (text or math.tointeger(tonumber(number)))
    end
    return pattern / self:defined(self:take "([%a_][%w_]*)" or self:fail("a name is missing"))
  elseif self:take "=>" then
    return lpeg.Cmt(pattern, self:defined(self:take "([%a_][%w_]*)" or self:fail("a name is missing")))
  elseif self:take "~>" then
    return lpeg.Cf(pattern, self:defined(self:take "([%a_][%w_]*)" or self:fail("a name is missing")))
  end
end

--- A part with what follows it.
function Reader.suffixed (self)
  local pattern = self:primary()
  while pattern do
    local sign, count = self:take "%^([+-]?)(%d+)"
    local made
    if sign then
      count = math.tointeger(tonumber(count))
      if count > 1000 then
        self:fail("too many repetitions")
      end
      made = sign == "" and exactly(pattern, count) or pattern ^ (sign == "-" and -count or count)
    elseif self:take "%*" then
      made = pattern ^ 0
    elseif self:take "%+" then
      made = pattern ^ 1
    elseif self:take "%?" then
      made = pattern ^ -1
    else
      made = self:arrow(pattern)
    end
    if not made then
      break
    end
    pattern = made
  end
  return pattern
end

--- A part with what stands before it; nil if none begins here.
function Reader.prefixed (self)
  if self:take "&" then
    return #(self:prefixed() or self:fail("a pattern is missing"))
  elseif self:take "!" then
    return -(self:prefixed() or self:fail("a pattern is missing"))
  end
  return self:suffixed()
end

--- Parts one after the other.
function Reader.sequence (self)
  local all = P(true)
  while true do
    local part = self:prefixed()
    if not part then
      return all
    end
    all = all * part
  end
end

--- Sequences of which the first that fits counts; or a grammar.
function Reader.choice (self)
  self.depth = self.depth + 1
  if self.depth > 100 then
    self:fail("too many brackets in one another")
  end
  local pattern
  if string.find(self.text, "^[%a_][%w_-]*%s*<%-", self.at) then
    pattern = self:grammar()
  else
    pattern = self:sequence()
    while self:take "/" do
      pattern = pattern + self:sequence()
    end
  end
  self.depth = self.depth - 1
  return pattern
end

--- Rules.
function Reader.grammar (self)
  local rules = {}
  while true do
    local name = self:take "([%a_][%w_-]*)%s*<%-"
    if not name then
      return P(rules)
    elseif rules[name] then
      self:fail("the rule '" .. name .. "' is there twice")
    end
    rules[1] = rules[1] or name
    local rule = self:sequence()
    while self:take "/" do
      rule = rule + self:sequence()
    end
    rules[name] = rule
  end
end

--- Reads a pattern.
-- @param p The pattern. It is an error if it cannot be read.
-- @param defs Table of what its names mean, optional.
-- @return Pattern of <code>lpeg</code>.
function compile (p, defs)
  if lpeg.type(p) == "pattern" then
    return p
  end
  local reader = setmetatable({ text = p, at = 1, defs = defs, depth = 0 }, Reader)
  reader:skip()
  local pattern = reader:choice()
  if reader.at <= #p then
    reader:fail("this cannot be read")
  end
  return pattern
end

-- Patterns that were read already; weak, so that they do not stay for ever.
local known = setmetatable({}, { __mode = "v" })

local function compiled (p)
  local pattern = type(p) == "string" and known[p] or compile(p)
  if type(p) == "string" then
    known[p] = pattern
  end
  return pattern
end

--- Matches a pattern at a place.
-- @param s The text.
-- @param p The pattern.
-- @param i The place. Default: 1.
-- @return What <code>lpeg.match</code> gives.
function match (s, p, i)
  return compiled(p):match(s, i or 1)
end

--- Finds a pattern.
-- @param s The text.
-- @param p The pattern.
-- @param i Where to begin. Default: 1.
-- @return First and last place of the match, and its captures; nil if there is none.
function find (s, p, i)
  local pattern = compiled(p)
  local found = P { lpeg.Cp() * pattern * lpeg.Cp() + 1 * V(1) }
  local function ordered (first, ...)
    if not first then
      return nil
    end
    local values = table.pack(...)
    return first, values[values.n] - 1, table.unpack(values, 1, values.n - 1)
  end
  return ordered(found:match(s, i or 1))
end

--- Replaces a pattern wherever it matches.
-- @param s The text.
-- @param p The pattern.
-- @param rep What stands in its place: a string, table or function as for captures of <code>lpeg</code>.
-- @return The new text.
function gsub (s, p, rep)
  return lpeg.Cs((compiled(p) / rep + 1) ^ 0):match(s)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
for _, case in ipairs {
  { "hello", "'he' 'l'+ {.}", "o" }, { "abc", "[a-c]^3", 4 }, { "aa", "'a'^+3", nil }, { "aaaa", "'a'^-3", 4 },
  { "x-]", "[]x-]+", 4 }, { "x1", "[^%a] / %a %d", 3 }, { "k=v", "{:k: %w+ :} '=' =k", nil },
  { "v=v", "{:k: %w+ :} '=' =k", 4 }, { "ab", "&'a' !'b' . {}", 2 }, { "12", "({%d} {%d}) -> '%2%1'", "21" },
  { "aXb", "{~ ('X' -> '-' / .)* ~}", "a-b" }, { "(a(b))", "s <- '(' ([^()] / s)* ')'", 7 },
  { "a, b", "list <- {| item (',' %s* item)* |} -- items\n item <- {%a}", "table" },
} do
  local got = match(case[1], case[2])
  test_suite:add_test(unittest.equal(type(got) == "table" and "table" or got, case[3]), "match " .. case[2])
end
test_suite:add_test(unittest.table_equal({ find("xxabc", "[a-c]+") }, { 3, 5 }), "find")
test_suite:add_test(unittest.is_nil((find("xx", "[a-c]+"))), "find nothing")
test_suite:add_test(unittest.equal(gsub("hello", "'l'", "L"), "heLLo"), "gsub")
test_suite:add_test(unittest.equal(compile("%d+ -> n", { n = tonumber }):match("42"), 42), "a function of the caller's")
local sum = compile("({%d+} ','?)+ ~> add", { add = function (a, b) return a + b end })
test_suite:add_test(unittest.equal(sum:match("1,2,3"), 6), "fold")
for _, wrong in ipairs {
  "'a", "[a", "(a", "{a", "%nope", "a -> ", "a <- b a <- c", "*", ")", "a^9999", string.rep("(", 200),
} do
  test_suite:add_test(unittest.is_false((pcall(compile, wrong))), "cannot be read: " .. wrong)
end

return _ENV
