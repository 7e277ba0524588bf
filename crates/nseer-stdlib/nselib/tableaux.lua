---
-- Copying, searching and turning around of tables.
--
-- Pure functions; nothing here knows of networks or scripts.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tableaux

local error = error
local ipairs = ipairs
local next = next
local pairs = pairs
local type = type

local unittest = require "unittest"
local tableaux = {}

-- `copies` knows the copy of every table met so far.
local function deep (t, copies)
  local copy = {}
  copies[t] = copy
  for key, value in pairs(t) do
    if type(value) == "table" then
      value = copies[value] or deep(value, copies)
    end
    copy[key] = value
  end
  return copy
end

--- Copies a table and the tables that are values in it, at any depth.
--
-- Keys are kept as they are, and metatables are not copied. A table that occurs more than once, or
-- that contains itself, is one table in the copy too.
-- @param t Table to copy.
-- @return The copy.
function tableaux.tcopy (t)
  if type(t) ~= "table" then
    error("tcopy copies tables, not a " .. type(t), 2)
  end
  return deep(t, {})
end

--- Copies a table, but not the tables in it.
--
-- The values of the copy are the same values; its metatable is not copied.
-- @param t Table to copy.
-- @return The copy.
function tableaux.shallow_tcopy (t)
  local copy = {}
  for key, value in next, t do
    copy[key] = value
  end
  return copy
end

--- Makes values keys and keys values.
--
-- Where a value occurs more than once, one of its keys is kept; which one is not said.
-- @usage tableaux.invert({"tcp", "udp"})  --> {tcp = 1, udp = 2}
-- @param t Table.
-- @return A new table.
function tableaux.invert (t)
  local inverse = {}
  for key, value in pairs(t) do
    inverse[value] = key
  end
  return inverse
end

--- Lists the keys of a table.
-- @param t Table.
-- @return Array of the keys, in no particular order.
function tableaux.keys (t)
  local keys = {}
  for key in next, t do
    keys[#keys + 1] = key
  end
  return keys
end

--- Looks for a value in a table.
-- @usage tableaux.contains({"a", "b"}, "b")  --> true, 2
-- @param t Table.
-- @param item Value, compared with <code>==</code>.
-- @param array True to look only at the elements 1, 2, 3 and so on up to the first nil.
-- @return True or false.
-- @return The key of that element, or nil without one.
function tableaux.contains (t, item, array)
  local iterate = array and ipairs or pairs
  for key, value in iterate(t) do
    if value == item then
      return true, key
    end
  end
  return false, nil
end

if not unittest.testing() then return tableaux end

local suite = unittest.TestSuite:new()
tableaux.test_suite = suite
do
  local inner = { 1 }
  local t = { a = inner, b = inner }
  local deep_copy, copy = tableaux.tcopy(t), tableaux.shallow_tcopy(t)
  suite:add_test(unittest.identical(deep_copy, t), "copy")
  suite:add_test(unittest.not_equal(deep_copy.a, inner), "what is inside is copied")
  suite:add_test(unittest.equal(deep_copy.a, deep_copy.b), "and stays one")
  suite:add_test(unittest.equal(copy.a, inner), "shallow copy")
  suite:add_test(unittest.keys_equal(tableaux.invert({ "x", "y" }), { x = 1, y = 2 }), "invert")
  suite:add_test(unittest.length_is(tableaux.keys({ a = 1, b = 2, 3 }), 3), "keys")
  suite:add_test(unittest.is_true((tableaux.contains({ "a", k = "b" }, "b"))), "contains")
  suite:add_test(unittest.is_false((tableaux.contains({ "a", k = "b" }, "b", true))), "contains, of an array")
end

return tableaux
