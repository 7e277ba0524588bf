---
-- Small formulas of statistics.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name formulas

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("formulas", stdnse.seeall)

-- Kinds of characters and how many there are of each.
local KINDS = { { "%l", 26 }, { "%u", 26 }, { "%d", 10 } }

--- How many bits of chance a password has at most, judged by the kinds of letters and digits in it.
-- @usage formulas.calcPwdEntropy("abc123")  --> 31
-- @param value The password.
-- @return Bits, rounded down.
function calcPwdEntropy (value)
  local choices = 0
  for _, kind in ipairs(KINDS) do
    if string.find(value, kind[1]) then
      choices = choices + kind[2]
    end
  end
  return choices == 0 and 0 or math.floor(#value * math.log(choices, 2))
end

-- Groups of so many bits, and what the sum of squares of chance for them (chi squared) exceeds once in forty times.
local LIMITS = { { 2, 9.348 }, { 4, 27.488 }, { 8, 301.1 } }

-- Whether each group of `width` bits occurs about equally often.
local function is_even (data, width, limit)
  local count, mask = 1 << width, (1 << width) - 1
  local counts = {}
  for at = 1, #data do
    local byte = string.byte(data, at)
    for shift = 0, 8 - width, width do
      local group = byte >> shift & mask
      counts[group] = (counts[group] or 0) + 1
    end
  end
  local expected, sum = #data * (8 // width) / count, 0
  for group = 0, mask do
    sum = sum + ((counts[group] or 0) - expected) ^ 2 / expected
  end
  return sum < limit
end

--- Tells whether bytes look as if chance had made them: whether groups of two, four and eight bits occur about
-- equally often.
-- @param data String. Below 20 bytes or so little can be said.
-- @return True or false.
function looksRandom (data)
  for _, test in ipairs(LIMITS) do
    if not is_even(data, test[1], test[2]) then
      return false
    end
  end
  return true
end

--- The mean of numbers and how far they are from it.
-- @param t Array of numbers.
-- @return The mean; nil for an empty array.
-- @return The standard deviation of a sample; 0 for a single number.
function mean_stddev (t)
  local count, sum = #t, 0
  if count == 0 then
    return nil, nil
  end
  for _, number in ipairs(t) do
    sum = sum + number
  end
  local mean, squares = sum / count, 0
  for _, number in ipairs(t) do
    squares = squares + (number - mean) ^ 2
  end
  return mean, count > 1 and math.sqrt(squares / (count - 1)) or 0
end

--- The k-th smallest of numbers.
-- @param t Array of numbers. Its order is changed.
-- @param k From 1 to the number of elements.
-- @return The number.
function quickselect (t, k)
  local low, high = 1, #t
  while low < high do
    local pivot = t[(low + high) // 2]
    local i, j = low, high
    while i <= j do
      while t[i] < pivot do
        i = i + 1
      end
      while t[j] > pivot do
        j = j - 1
      end
      if i <= j then
        t[i], t[j] = t[j], t[i]
        i, j = i + 1, j - 1
      end
    end
    if k <= j then
      high = j
    elseif k >= i then
      low = i
    else
      break
    end
  end
  return t[k]
end

--- The number in the middle; of an even count, the lower one of the two.
-- @param t Array of numbers, not empty. Its order is changed.
-- @return The number.
function median (t)
  return quickselect(t, (#t + 1) // 2)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(calcPwdEntropy("abc123"), 31), "entropy")
test_suite:add_test(unittest.equal(calcPwdEntropy(""), 0), "entropy of nothing")
test_suite:add_test(unittest.equal(calcPwdEntropy("abc-123"), 36), "entropy of letters and digits")
test_suite:add_test(unittest.is_false(looksRandom(string.rep("a", 100))), "not random")
test_suite:add_test(unittest.is_false(looksRandom("220 mail.example")), "a greeting")
test_suite:add_test(unittest.is_true(looksRandom("\1\35\69\103\137\171\205\239\16\50\84\118\152\186\220\254")), "even")
test_suite:add_test(unittest.table_equal({ mean_stddev({ 2, 4, 4, 6 }) }, { 4, math.sqrt(8 / 3) }), "mean")
test_suite:add_test(unittest.table_equal({ mean_stddev({ 1 }) }, { 1, 0 }), "mean of one")
test_suite:add_test(unittest.equal(median({ 3, 1, 2 }), 2), "median")
test_suite:add_test(unittest.equal(median({ 3, 1, 2, 4 }), 2), "median of an even count")
for k = 1, 7 do
  test_suite:add_test(unittest.equal(quickselect({ 7, 3, 5, 1, 6, 2, 4 }, k), k), "the smallest but " .. k - 1)
end

return _ENV
