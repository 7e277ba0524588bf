---
-- Self-tests of libraries.
--
-- A library ends with its tests. They are made only when somebody asks for them, so they cost nothing in a
-- scan:
--
-- <code>
-- if not unittest.testing() then return _ENV end
-- test_suite = unittest.TestSuite:new()
-- test_suite:add_test(unittest.equal(double(2), 4), "double")
-- return _ENV
-- </code>
--
-- The script <code>unittest</code> runs them. A test is a function that is given the suite and returns true, or
-- false and what is wrong; the functions here make such tests. A test that raises an error has failed.
--
-- @args unittest.run If given, libraries make their tests when they are loaded.
-- @args unittest.tests The libraries to test, an array of names. Default: all that there are.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name unittest

local lfs = require "lfs"
local nmap = require "nmap"
local nsedebug = require "nsedebug"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

_ENV = stdnse.module("unittest", stdnse.seeall)

--- Tells whether libraries should make their tests.
-- @return True or false.
function testing ()
  return stdnse.get_script_args("unittest.run") ~= nil
end

--- A library's tests.
-- @class table
-- @name TestSuite
TestSuite = {}
TestSuite.__index = TestSuite

--- Makes a suite without tests.
-- @name TestSuite.new
-- @return The suite.
function TestSuite:new ()
  return setmetatable({ tests = {} }, self)
end

--- Called before the tests of the suite; a suite may put its own in place.
-- @name TestSuite.setup
function TestSuite:setup () end

--- Called after the tests of the suite; a suite may put its own in place.
-- @name TestSuite.teardown
function TestSuite:teardown () end

--- Adds a test.
-- @name TestSuite.add_test
-- @param test The test.
-- @param description What it is about, for who reads of its failure.
function TestSuite:add_test (test, description)
  if type(test) ~= "function" then
    error("a test is a function, such as unittest.equal(a, b) gives", 2)
  end
  self.tests[#self.tests + 1] = { test = test, description = description }
end

-- A value in an error message.
local function shown (value)
  if type(value) == "string" then
    return string.format("%q", value)
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  return "{\n" .. nsedebug.tostr(value, 2) .. "}"
end

-- What a test gives: true; or false and a reason.
local function outcome_of (suite, test)
  local status, passed, reason = pcall(test, suite)
  if not status then
    return false, "it raised an error: " .. tostring(passed)
  end
  return passed and true or false, reason
end

--- Runs the tests.
-- @name TestSuite.run
-- @return Array of failures, tables with <code>description</code> and <code>reason</code>.
-- @return The number of tests that ran.
function TestSuite:run ()
  local failures = {}
  self:setup()
  for number, entry in ipairs(self.tests) do
    local passed, reason = outcome_of(self, entry.test)
    if not passed then
      failures[#failures + 1] = {
        description = entry.description or "test " .. number,
        reason = tostring(reason or "it gave no reason"),
      }
    end
  end
  self:teardown()
  return failures, #self.tests
end

--
-- Making tests
--

--- Makes a maker of tests from a predicate.
-- @usage
-- local is_even = unittest.make_test(function (n) return n % 2 == 0 end, "%s is odd")
-- test_suite:add_test(is_even(4))
-- @param test Function; what it gives for the values decides.
-- @param fmt Format for what is wrong, with one <code>%s</code> for each value.
-- @return Function that takes the values and gives the test.
function make_test (test, fmt)
  return function (...)
    local values = table.pack(...)
    return function ()
      if test(table.unpack(values, 1, values.n)) then
        return true
      end
      local texts = {}
      for i = 1, math.max(values.n, select(2, string.gsub(fmt, "%%s", ""))) do
        texts[i] = shown(values[i])
      end
      return false, string.format(fmt, table.unpack(texts))
    end
  end
end

--- Test that a value is nil.
-- @name is_nil
-- @class function
-- @param value The value.
-- @return The test.
is_nil = make_test(function (value) return value == nil end, "this is not nil: %s")

--- Test that a value is not nil.
-- @name not_nil
-- @class function
-- @param value The value.
-- @return The test.
not_nil = make_test(function (value) return value ~= nil end, "this should not be nil: %s")

--- Test that a value is true, not only something that counts as true.
-- @name is_true
-- @class function
-- @param value The value.
-- @return The test.
is_true = make_test(function (value) return value == true end, "this is not true: %s")

--- Test that a value is false, and not nil.
-- @name is_false
-- @class function
-- @param value The value.
-- @return The test.
is_false = make_test(function (value) return value == false end, "this is not false: %s")

--- Test that two values are equal, by the operator <code>==</code>.
-- @name equal
-- @class function
-- @param a What was computed.
-- @param b What it should be.
-- @return The test.
equal = make_test(function (a, b) return a == b end, "got %s, wanted %s")

--- Test that two values are not equal, by the operator <code>==</code>.
-- @name not_equal
-- @class function
-- @param a One.
-- @param b The other.
-- @return The test.
not_equal = make_test(function (a, b) return a ~= b end, "both are the same: %s and %s")

--- Test that one value is less than another.
-- @name lt
-- @class function
-- @param a The lesser one.
-- @param b The greater one.
-- @return The test.
lt = make_test(function (a, b) return a < b end, "%s is not below %s")

--- Test that one value is less than another or equal.
-- @name lte
-- @class function
-- @param a The lesser one.
-- @param b The greater one.
-- @return The test.
lte = make_test(function (a, b) return a <= b end, "%s is above %s")

--- Test that something has a length, by the operator <code>#</code>.
-- @name length_is
-- @class function
-- @param value String or array.
-- @param length The length.
-- @return The test.
length_is = make_test(function (value, length) return #value == length end, "%s does not have length %s")

--- Test that a value has a type.
-- @name type_is
-- @class function
-- @param name Name of the type, as <code>type</code> gives it.
-- @param value The value.
-- @return The test.
type_is = make_test(function (name, value) return type(value) == name end, "not of type %s: %s")

-- Where two values differ, going into tables; nil if they do not.
local function difference (a, b, path, depth)
  if type(a) ~= "table" or type(b) ~= "table" or depth > 20 then
    if a ~= b then
      return path .. " is " .. shown(a) .. ", wanted " .. shown(b)
    end
    return nil
  end
  for key, value in pairs(b) do
    local found = difference(rawget(a, key), value, path .. "[" .. shown(key) .. "]", depth + 1)
    if found then
      return found
    end
  end
  for key in pairs(a) do
    if rawget(b, key) == nil then
      return path .. " has " .. shown(key) .. " and should not"
    end
  end
end

--- Test that two values have the same content: tables are compared field by field, and theirs in turn.
-- @param a What was computed.
-- @param b What it should be.
-- @return The test.
function identical (a, b)
  return function ()
    local found = difference(a, b, "the value", 0)
    if found then
      return false, found
    end
    return true
  end
end

--- Test that two tables have equal values at each key, by the operator <code>==</code>.
-- @param a What was computed.
-- @param b What it should be.
-- @return The test.
function keys_equal (a, b)
  return function ()
    for key, value in pairs(b) do
      if a[key] ~= value then
        return false, string.format("at %s: got %s, wanted %s", shown(key), shown(a[key]), shown(value))
      end
    end
    for key in pairs(a) do
      if b[key] == nil then
        return false, "there should be nothing at " .. shown(key)
      end
    end
    return true
  end
end

--- Test that two arrays have equal elements in the same order, by the operator <code>==</code>.
-- @param a What was computed.
-- @param b What it should be.
-- @return The test.
function table_equal (a, b)
  return function ()
    if #a ~= #b then
      return false, string.format("got %d elements, wanted %d: %s", #a, #b, shown(a))
    end
    for i, value in ipairs(b) do
      if a[i] ~= value then
        return false, string.format("element %d is %s, wanted %s", i, shown(a[i]), shown(value))
      end
    end
    return true
  end
end

--- Turns a test round: it passes if the other one fails.
-- @param test The other test.
-- @return The test.
function expected_failure (test)
  return function (suite)
    if outcome_of(suite, test) then
      return false, "it passed, and should not"
    end
    return true, "it failed, as it should"
  end
end

--
-- Running
--

-- The names of all libraries of the place that this one was loaded from.
local function all_libraries ()
  local own = nmap.fetchfile("nselib/unittest.lua")
  if not own then
    return require "data.libraries"
  end
  local names = {}
  for file in lfs.dir((string.gsub(own, "unittest%.lua$", ""))) do
    names[#names + 1] = string.match(file, "^(.+)%.lua$")
  end
  table.sort(names)
  return names
end

--- Runs the tests of libraries. They must not have been loaded before <code>testing</code> became true.
-- @param to_test Array of names; nil for all libraries.
-- @return Table of failures: the key is the library, the value an array of tables with
--         <code>description</code> and <code>reason</code>. A library that cannot be loaded is one of them, but
--         for one that needs a module which was left out of the program.
-- @return The number of libraries with tests.
-- @return The number of tests that ran.
function run_tests (to_test)
  local failed, suites, tests = {}, 0, 0
  for _, name in ipairs(to_test or all_libraries()) do
    local status, library = pcall(require, name)
    -- What silent_require raises, with which a library asks for a module that may be missing, is no text.
    if not status and type(library) == "string" then
      failed[name] = { { description = "loading", reason = library } }
    end
    local suite = status and type(library) == "table" and rawget(library, "test_suite")
    if suite then
      local failures, count = suite:run()
      suites, tests = suites + 1, tests + count
      if #failures > 0 then
        failed[name] = failures
      end
    end
  end
  return failed, suites, tests
end

if not testing() then return _ENV end

test_suite = TestSuite:new()
test_suite:add_test(equal(1, 1), "equal")
test_suite:add_test(expected_failure(equal(1, "1")), "equal looks at the type")
test_suite:add_test(expected_failure(not_equal("a", "a")), "not_equal")
test_suite:add_test(not_nil(false), "false is not nil")
test_suite:add_test(expected_failure(is_nil(false)), "is_nil")
test_suite:add_test(expected_failure(is_true(1)), "is_true")
test_suite:add_test(expected_failure(is_false(nil)), "is_false")
test_suite:add_test(expected_failure(lt(2, 2)), "lt")
test_suite:add_test(lte(2, 2), "lte")
test_suite:add_test(length_is("abc", 3), "length_is")
test_suite:add_test(type_is("table", {}), "type_is")
test_suite:add_test(identical({ a = { 1, { 2 } } }, { a = { 1, { 2 } } }), "identical")
test_suite:add_test(expected_failure(identical({ a = { 1, { 2 } } }, { a = { 1, { 3 } } })), "identical, deep")
test_suite:add_test(expected_failure(identical({ 1, 2 }, { 1 })), "identical, more than wanted")
test_suite:add_test(expected_failure(keys_equal({ a = 1 }, { a = 1, b = 2 })), "keys_equal")
test_suite:add_test(expected_failure(table_equal({ 1, 2 }, { 1, 3 })), "table_equal")
test_suite:add_test(expected_failure(function () error("no") end), "an error is a failure")

return _ENV
