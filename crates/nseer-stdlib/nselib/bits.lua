---
-- Operations on bits that the language lacks.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name bits

local stdnse = require "stdnse"
local unittest = require "unittest"

_ENV = stdnse.module("bits", stdnse.seeall)

--- Reverses the order of bits.
-- @usage bits.reverse(1, 8)  --> 128
-- @param n The number.
-- @param size How many of its lowest bits there are. Default: 8.
-- @return The number with these bits in the other order.
function reverse (n, size)
  local reversed = 0
  for _ = 1, size or 8 do
    reversed = reversed << 1 | n & 1
    n = n >> 1
  end
  return reversed
end

--- Shifts to the right and keeps the sign.
-- @usage bits.arshift(-8, 1)  --> -4
-- @param a The number.
-- @param b By how many bits.
-- @return The result.
function arshift (a, b)
  local shifted = a >> b
  if a < 0 and b > 0 then
    shifted = shifted | ~(-1 >> b)
  end
  return shifted
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(reverse(6), 0x60), "reverse a byte")
test_suite:add_test(unittest.equal(reverse(1, 16), 0x8000), "reverse two bytes")
test_suite:add_test(unittest.equal(arshift(-8, 1), -4), "arshift, negative")
test_suite:add_test(unittest.equal(arshift(-1, 63), -1), "arshift, far")
test_suite:add_test(unittest.equal(arshift(0x80, 1), 0x40), "arshift, positive")
test_suite:add_test(unittest.equal(arshift(-8, 0), -8), "arshift by nothing")

return _ENV
