---
-- Lists in the manner of functional languages.
--
-- A list is an array. No function changes the lists that it is given.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name listop

local stdnse = require "stdnse"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("listop", stdnse.seeall)

--- Tells whether something is a list.
-- @param l Any value.
-- @return True for tables, otherwise false.
function is_list (l)
  return type(l) == "table"
end

--- Tells whether a list has no elements.
-- @param l List.
-- @return True or false.
function is_empty (l)
  return #l == 0
end

--- Calls a function for each element.
-- @param f Function of one value.
-- @param l List.
-- @return List of the results.
function map (f, l)
  local results = {}
  for i, value in ipairs(l) do
    results[i] = f(value)
  end
  return results
end

--- Calls a function with the elements as its parameters.
-- @usage listop.apply(math.max, {1, 5, 2})  --> 5
-- @param f Function.
-- @param l List.
-- @return What the function gives.
function apply (f, l)
  return f(table.unpack(l))
end

--- Keeps the elements that a function says yes to.
-- @param f Function of one value.
-- @param l List.
-- @return List of these elements.
function filter (f, l)
  local kept = {}
  for _, value in ipairs(l) do
    if f(value) then
      kept[#kept + 1] = value
    end
  end
  return kept
end

--- The first element.
-- @param l List.
-- @return The element; nil for an empty list.
function car (l)
  return l[1]
end

--- All elements but the first one.
-- @param l List.
-- @return The list of them.
function cdr (l)
  return { table.unpack(l, 2) }
end

--- The element at a place.
-- @param l List.
-- @param x The place, from 1 on.
-- @return The element; nil if there are fewer.
function ncar (l, x)
  return l[x]
end

--- The elements from a place on.
-- @param l List.
-- @param x The place, from 1 on.
-- @return The list of them.
function ncdr (l, x)
  return { table.unpack(l, x) }
end

--- Makes a list of two values.
-- @param v1 One.
-- @param v2 The other; a list is one value.
-- @return The list.
function cons (v1, v2)
  return { v1, v2 }
end

--- Joins two lists.
-- @param l1 One.
-- @param l2 The other.
-- @return List of the elements of both.
function append (l1, l2)
  local joined = { table.unpack(l1) }
  return table.move(l2, 1, #l2, #joined + 1, joined)
end

--- Turns a list round.
-- @param l List.
-- @return List with the last element first.
function reverse (l)
  local reversed = {}
  for i = #l, 1, -1 do
    reversed[#reversed + 1] = l[i]
  end
  return reversed
end

local function flatten_into (flat, l)
  for _, value in ipairs(l) do
    if is_list(value) then
      flatten_into(flat, value)
    else
      flat[#flat + 1] = value
    end
  end
  return flat
end

--- Takes lists inside of a list apart.
-- @usage listop.flatten({1, {2, {3}}})  --> {1, 2, 3}
-- @param l List.
-- @return List of all elements that are no lists.
function flatten (l)
  return flatten_into({}, l)
end

if not unittest.testing() then return _ENV end

local same = unittest.table_equal
test_suite = unittest.TestSuite:new()
test_suite:add_test(same(map(math.abs, { -1, 2 }), { 1, 2 }), "map")
test_suite:add_test(unittest.equal(apply(math.max, { 1, 5, 2 }), 5), "apply")
test_suite:add_test(same(filter(function (x) return x > 1 end, { 1, 2, 3 }), { 2, 3 }), "filter")
test_suite:add_test(unittest.equal(car({ 5, 6 }), 5), "car")
test_suite:add_test(same(cdr({ 5, 6, 7 }), { 6, 7 }), "cdr")
test_suite:add_test(unittest.equal(ncar({ 5, 6 }, 2), 6), "ncar")
test_suite:add_test(same(ncdr({ 5, 6, 7 }, 2), { 6, 7 }), "ncdr")
test_suite:add_test(same(append({ 1 }, { 2, 3 }), { 1, 2, 3 }), "append")
test_suite:add_test(same(reverse({ 1, 2, 3 }), { 3, 2, 1 }), "reverse")
test_suite:add_test(same(flatten({ 1, { 2, { 3, {} } } }), { 1, 2, 3 }), "flatten")
test_suite:add_test(unittest.identical(cons(1, { 2 }), { 1, { 2 } }), "cons")
test_suite:add_test(unittest.is_true(is_empty({})), "is_empty")
test_suite:add_test(unittest.is_false(is_list(3)), "is_list")

return _ENV
