---
-- Base 32: bytes as capital letters and digits.
--
-- Written from RFC 4648, sections 6 (letters and <code>2</code> to <code>7</code>) and 7 (the digits of
-- hexadecimal, continued up to <code>V</code>).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name base32

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("base32", stdnse.seeall)

local function alphabet (digits)
  local set = { value_of = {} }
  for value = 0, 31 do
    local digit = string.sub(digits, value + 1, value + 1)
    set[value], set.value_of[digit] = digit, value
  end
  return set
end

local LETTERS = alphabet("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
local HEX = alphabet("0123456789ABCDEFGHIJKLMNOPQRSTUV")

--- Encodes.
-- @usage base32.enc("foobar")  --> "MZXW6YTBOI======"
-- @param p The bytes.
-- @param hexExtend True for the alphabet of section 7.
-- @return The text, on one line.
function enc (p, hexExtend)
  local set = hexExtend and HEX or LETTERS
  local out = {}
  for at = 1, #p, 5 do
    local chunk = string.sub(p, at, at + 4)
    local group = string.unpack(">I5", chunk .. string.rep("\0", 5 - #chunk))
    local digits = (#chunk * 8 + 4) // 5
    for i = 1, 8 do
      out[#out + 1] = i <= digits and set[group >> (40 - 5 * i) & 31] or "="
    end
  end
  return table.concat(out)
end

-- How many bytes so many digits of a group stand for.
local BYTES = { [2] = 1, [4] = 2, [5] = 3, [7] = 4, [8] = 5 }

--- Decodes. White space is skipped. It is an error if the text is not base 32.
-- @usage base32.dec("MZXW6YTBOI======")  --> "foobar"
-- @param b32 The text, with the <code>=</code> that fill it up.
-- @param hexExtend True for the alphabet of section 7.
-- @return The bytes.
function dec (b32, hexExtend)
  local set = hexExtend and HEX or LETTERS
  b32 = string.gsub(b32, "%s+", "")
  if #b32 % 8 ~= 0 then
    error("not base 32: its length is wrong", 2)
  end
  local text = string.gsub(b32, "=+$", "")
  local out = {}
  for at = 1, #text, 8 do
    local chunk, group = string.sub(text, at, at + 7), 0
    for i = 1, 8 do
      local digit = string.sub(chunk, i, i)
      local value = digit == "" and 0 or set.value_of[digit]
      if not value then
        error("not base 32: it has characters that do not belong there", 2)
      end
      group = group << 5 | value
    end
    local count = BYTES[#chunk]
    if not count then
      error("not base 32: its length is wrong", 2)
    end
    out[#out + 1] = string.sub(string.pack(">I5", group), 1, count)
  end
  if #b32 - #text >= 8 then
    error("not base 32: it is filled up too far", 2)
  end
  return table.concat(out)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
-- The examples of RFC 4648, section 10.
for plain, encoded in pairs {
  [""] = { "", "" },
  f = { "MY======", "CO======" },
  fo = { "MZXQ====", "CPNG====" },
  foo = { "MZXW6===", "CPNMU===" },
  foob = { "MZXW6YQ=", "CPNMUOG=" },
  fooba = { "MZXW6YTB", "CPNMUOJ1" },
  foobar = { "MZXW6YTBOI======", "CPNMUOJ1E8======" },
} do
  test_suite:add_test(unittest.equal(enc(plain), encoded[1]), "enc " .. plain)
  test_suite:add_test(unittest.equal(enc(plain, true), encoded[2]), "enc, hexadecimal, " .. plain)
  test_suite:add_test(unittest.equal(dec(encoded[1]), plain), "dec " .. encoded[1])
  test_suite:add_test(unittest.equal(dec(encoded[2], true), plain), "dec, hexadecimal, " .. encoded[2])
end
for _, wrong in ipairs { "MY", "mzxw6ytb", "M=======", "MZX=====", "========", "1ZXW6YTB", "MZXW6YTB========" } do
  test_suite:add_test(unittest.is_false((pcall(dec, wrong))), "dec refuses " .. wrong)
end

return _ENV
