---
-- Helpers for structured output.
--
-- They decide how a table is shown, not what is in it.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name outlib

local ipairs = ipairs
local next = next
local pairs = pairs
local setmetatable = setmetatable
local table = require "table"
local tostring = tostring
local type = type
local unittest = require "unittest"

local outlib = {}

--- Makes an array show itself on one line.
--
-- Machine-readable output still has one element for each value.
-- @usage
-- local methods = {"GET", "HEAD", "POST"}
-- outlib.list_sep(methods)
-- return {methods = methods}  --> methods: GET, HEAD, POST
-- @param t Array of strings, numbers or booleans. Its metatable is replaced.
-- @param sep What goes between two values. Default: <code>", "</code>.
-- @return The same table.
function outlib.list_sep (t, sep)
  return setmetatable(t, {
    __tostring = function (self)
      local texts = {}
      for i, value in ipairs(self) do
        texts[i] = tostring(value)
      end
      return table.concat(texts, sep or ", ")
    end,
  })
end

-- Numbers by size before everything else by text.
local function before (a, b)
  local a_is_number, b_is_number = type(a) == "number", type(b) == "number"
  if a_is_number and b_is_number then
    return a < b
  elseif a_is_number ~= b_is_number then
    return a_is_number
  end
  return tostring(a) < tostring(b)
end

--- Makes a table of which <code>pairs</code> goes through the keys in their order.
--
-- Numbers come first, by size, then the rest by their text. Unlike <code>stdnse.output_table</code> the
-- order does not depend on when keys were added.
-- @usage return outlib.sorted_by_key(found)
-- @param t Table. It is left as it is.
-- @return A new table with the same fields.
function outlib.sorted_by_key (t)
  local sorted = {}
  for key, value in pairs(t) do
    sorted[key] = value
  end
  return setmetatable(sorted, {
    __pairs = function (self)
      local keys = {}
      for key in next, self do
        keys[#keys + 1] = key
      end
      table.sort(keys, before)
      local i = 0
      return function ()
        i = i + 1
        local key = keys[i]
        if key ~= nil then
          return key, self[key]
        end
      end, self, nil
    end,
  })
end

if not unittest.testing() then return outlib end

local suite = unittest.TestSuite:new()
outlib.test_suite = suite
suite:add_test(unittest.equal(tostring(outlib.list_sep({ "a", 1 })), "a, 1"), "a list on a line")
suite:add_test(unittest.equal(tostring(outlib.list_sep({ "a", "b" }, "/")), "a/b"), "with another separator")
do
  local keys = {}
  for key in pairs(outlib.sorted_by_key({ b = 1, a = 2, [10] = 3, [9] = 4 })) do
    keys[#keys + 1] = key
  end
  suite:add_test(unittest.table_equal(keys, { 9, 10, "a", "b" }), "sorted")
end

return outlib
