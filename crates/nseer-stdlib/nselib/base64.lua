---
-- Base 64: bytes as letters, digits, <code>+</code> and <code>/</code>.
--
-- Written from RFC 4648, section 4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name base64

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("base64", stdnse.seeall)

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local digit_of, value_of = {}, {}
for value = 0, 63 do
  digit_of[value] = string.sub(DIGITS, value + 1, value + 1)
  value_of[string.byte(DIGITS, value + 1)] = value
end

--- Encodes.
-- @usage base64.enc("user:secret")  --> "dXNlcjpzZWNyZXQ="
-- @param p The bytes.
-- @return The text, on one line.
function enc (p)
  local out = {}
  for at = 1, #p, 3 do
    local a, b, c = string.byte(p, at, at + 2)
    local group = a << 16 | (b or 0) << 8 | (c or 0)
    out[#out + 1] = digit_of[group >> 18] .. digit_of[group >> 12 & 63]
      .. (b and digit_of[group >> 6 & 63] or "=") .. (c and digit_of[group & 63] or "=")
  end
  return table.concat(out)
end

--- Decodes. White space is skipped. It is an error if the text is not base 64.
-- @usage base64.dec("dXNlcjpzZWNyZXQ=")  --> "user:secret"
-- @param e The text, with the <code>=</code> that fill it up.
-- @return The bytes.
function dec (e)
  e = string.gsub(e, "%s+", "")
  local digits, fill = string.match(e, "^([%w+/]*)(=*)$")
  if not digits then
    error("not base 64: it has characters that do not belong there", 2)
  elseif #e % 4 ~= 0 or #fill > 2 then
    error("not base 64: its length is wrong", 2)
  end
  local out = {}
  for at = 1, #digits, 4 do
    local a, b, c, d = string.byte(digits, at, at + 3)
    local group = value_of[a] << 18 | value_of[b] << 12 | (c and value_of[c] << 6 or 0) | (d and value_of[d] or 0)
    local bytes = string.char(group >> 16, group >> 8 & 255, group & 255)
    out[#out + 1] = d and bytes or string.sub(bytes, 1, c and 2 or 1)
  end
  return table.concat(out)
end

if not unittest.testing() then return _ENV end

test_suite = unittest.TestSuite:new()
-- The examples of RFC 4648, section 10.
for plain, encoded in pairs {
  [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy",
  ["\0\255\254"] = "AP/+",
} do
  test_suite:add_test(unittest.equal(enc(plain), encoded), "enc " .. plain)
  test_suite:add_test(unittest.equal(dec(encoded), plain), "dec " .. encoded)
end
test_suite:add_test(unittest.equal(dec("Zm9v\r\n YmFy\n"), "foobar"), "white space")
for _, wrong in ipairs { "Zg", "Z", "Zg=", "====", "Zg==Zg==", "-_-_", "Z===" } do
  test_suite:add_test(unittest.is_false((pcall(dec, wrong))), "dec refuses " .. wrong)
end

return _ENV
