---
-- Tables as text: columns as wide as their widest cell.
--
-- @usage
-- local t = tab.new()
-- tab.addrow(t, "NAME", "ID")
-- tab.addrow(t, "root", 0)
-- return "\n" .. tab.dump(t)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tab

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("tab", stdnse.seeall)

-- Blanks between two columns.
local GAP = 2

-- How many columns each row has: not in the row, which scripts may hand on as it is.
local columns_of = setmetatable({}, { __mode = "k" })

-- A table that is the result of a script is shown as its text.
local Table = {}

--- Makes a table without rows.
-- @param columns How many columns it will have. Older scripts say that; it is not needed.
-- @return The table.
function new (columns)
  return setmetatable({ current_row = 1 }, Table)
end

--- Puts a value into a cell of the current row.
-- @param t The table.
-- @param c Number of the column, from 1 on.
-- @param v The value. It is shown as text; a newline in it ends its line.
function add (t, c, v)
  local row = t[t.current_row] or {}
  t[t.current_row] = row
  row[c] = tostring(v)
  columns_of[row] = math.max(columns_of[row] or 0, c)
end

--- Goes on to the next row.
-- @param t The table.
function nextrow (t)
  t[t.current_row] = t[t.current_row] or {}
  t.current_row = t.current_row + 1
end

--- Fills the current row from the left and goes on to the next one.
-- @param t The table.
-- @param ... The values, nil among them.
function addrow (t, ...)
  for column = 1, select("#", ...) do
    add(t, column, (select(column, ...)))
  end
  nextrow(t)
end

local function widths_of (t)
  local widths = {}
  for r = 1, t.current_row do
    local row = t[r] or {}
    for c = 1, columns_of[row] or 0 do
      widths[c] = math.max(widths[c] or 0, #(row[c] or ""))
    end
  end
  return widths
end

local function padded (text, width)
  return text .. string.rep(" ", width - #text)
end

--- Writes the table.
-- @param t The table.
-- @return The text: a line for each row, each with a newline at its end.
function dump (t)
  local widths, lines = widths_of(t), {}
  for r = 1, t.current_row do
    local row = t[r]
    if row then
      local cells = {}
      for c = 1, columns_of[row] or 0 do
        local is_last = c == columns_of[row]
        cells[c] = is_last and (row[c] or "") or padded(row[c] or "", widths[c] + GAP)
      end
      lines[#lines + 1] = table.concat(cells) .. "\n"
    end
  end
  return table.concat(lines)
end

Table.__tostring = dump

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
do
  local t = new()
  test_suite:add_test(unittest.equal(dump(t), ""), "no rows")
  addrow(t, "NAME", "ID")
  addrow(t, "root", 0, nil)
  addrow(t, "nobody", true)
  local lines = "NAME    ID\nroot    0     nil\nnobody  true\n"
  test_suite:add_test(unittest.equal(dump(t), lines), "rows of values")
  test_suite:add_test(unittest.equal(tostring(t), lines), "as text")
end
do
  local t = new()
  add(t, 3, "x")
  nextrow(t)
  nextrow(t)
  add(t, 1, "abc")
  test_suite:add_test(unittest.equal(dump(t), "       x\n\nabc\n"), "cells that are missing")
end

return _ENV
