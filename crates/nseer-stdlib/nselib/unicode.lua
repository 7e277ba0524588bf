---
-- UTF-8 and UTF-16, back and forth.
--
-- Written from RFC 3629 and RFC 2781. What is not valid is taken as it is where that is possible, and never raises
-- an error: strings come from peers.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name unicode

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("unicode", stdnse.seeall)

--- Turns a string into code points.
-- @param buf String.
-- @param decoder Function that is given the string, a position and <code>bigendian</code>, and gives the position
--                after a character and its code point.
-- @param bigendian True for network order.
-- @return Array of code points; nil if there is something that cannot be read.
function decode (buf, decoder, bigendian)
  local points, pos = {}, 1
  while pos <= #buf do
    local after, point = decoder(buf, pos, bigendian)
    if not after or not point or after <= pos then
      return nil
    end
    points[#points + 1] = point
    pos = after
  end
  return points
end

--- Turns code points into a string.
-- @param list Array of code points.
-- @param encoder Function that is given a code point and <code>bigendian</code>, and gives bytes.
-- @param bigendian True for network order.
-- @return String.
function encode (list, encoder, bigendian)
  local parts = {}
  for i, point in ipairs(list) do
    parts[i] = encoder(point, bigendian)
  end
  return table.concat(parts)
end

--- Turns a string from one encoding into another.
-- @param buf String.
-- @param decoder As for <code>decode</code>.
-- @param encoder As for <code>encode</code>.
-- @param bigendian_dec True if the string is in network order.
-- @param bigendian_enc True to have network order.
-- @return String; nil if there is something that cannot be read.
function transcode (buf, decoder, encoder, bigendian_dec, bigendian_enc)
  local points = decode(buf, decoder, bigendian_dec)
  return points and encode(points, encoder, bigendian_enc)
end

--- Reads a character of UTF-16.
-- @param buf String.
-- @param pos Position. Default: 1.
-- @param bigendian True for network order.
-- @return The position after it; nil if it is cut off.
-- @return The code point. A half of a pair that stands alone is given as it is.
function utf16_dec (buf, pos, bigendian)
  pos = pos or 1
  if pos + 1 > #buf then
    return nil
  end
  local format = bigendian and ">I2" or "<I2"
  local unit = string.unpack(format, buf, pos)
  if unit >= 0xd800 and unit < 0xdc00 and pos + 3 <= #buf then
    local low = string.unpack(format, buf, pos + 2)
    if low >= 0xdc00 and low < 0xe000 then
      return pos + 4, 0x10000 + ((unit & 0x3ff) << 10) + (low & 0x3ff)
    end
  end
  return pos + 2, unit
end

--- Writes a character of UTF-16.
-- @param cp Code point.
-- @param bigendian True for network order.
-- @return Two or four bytes; nil where there is no such character.
function utf16_enc (cp, bigendian)
  if cp > 0x10ffff then
    return nil
  end
  local format = bigendian and ">I2" or "<I2"
  if cp < 0x10000 then
    return string.pack(format, cp)
  end
  local rest = cp - 0x10000
  return string.pack(format, 0xd800 + (rest >> 10)) .. string.pack(format, 0xdc00 + (rest & 0x3ff))
end

--- Reads a character of UTF-8.
-- @param buf String.
-- @param pos Position. Default: 1.
-- @return The position after it; nil if it is not valid.
-- @return The code point.
function utf8_dec (buf, pos)
  pos = pos or 1
  local first = string.byte(buf, pos)
  if not first then
    return nil
  elseif first < 0x80 then
    return pos + 1, first
  elseif first < 0xc2 or first > 0xf4 then
    return nil
  end
  local count = first >= 0xf0 and 3 or first >= 0xe0 and 2 or 1
  local point = first & (0x3f >> count)
  for i = pos + 1, pos + count do
    local byte = string.byte(buf, i)
    if not byte or byte & 0xc0 ~= 0x80 then
      return nil
    end
    point = point << 6 | byte & 0x3f
  end
  if count == 2 and point < 0x800 or count == 3 and (point < 0x10000 or point > 0x10ffff) then
    return nil
  end
  return pos + count + 1, point
end

--- Writes a character of UTF-8.
-- @param cp Code point.
-- @return One to four bytes; nil where there is no such character.
function utf8_enc (cp)
  return cp <= 0x10ffff and utf8.char(cp) or nil
end

-- The upper half of code page 437, of the PC's character generator, as UTF-8.
local CP437 = {}
for _, point in utf8.codes("ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀"
  .. "αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}") do
  CP437[#CP437 + 1] = point
end

--- Reads a character of code page 437.
-- @param buf String.
-- @param pos Position. Default: 1.
-- @return The position after it; nil at the end.
-- @return The code point.
function cp437_dec (buf, pos)
  pos = pos or 1
  local byte = string.byte(buf, pos)
  if not byte then
    return nil
  end
  return pos + 1, byte < 128 and byte or CP437[byte - 127]
end

--- Writes a character of code page 437.
-- @param cp Code point.
-- @return One byte; nil if the page does not have it.
function cp437_enc (cp)
  if cp < 128 then
    return string.char(cp)
  end
  for i, point in ipairs(CP437) do
    if point == cp then
      return string.char(i + 127)
    end
  end
end

--- Turns UTF-8 into UTF-16, little end first.
-- @param from String.
-- @return String; what is not UTF-8 is taken byte by byte.
function utf8to16 (from)
  return transcode(from, utf8_dec, utf16_enc) or (string.gsub(from, ".", "%0\0"))
end

--- Turns UTF-16, little end first, into UTF-8. An odd last byte is left out.
-- @param from String.
-- @return String.
function utf16to8 (from)
  return transcode(string.sub(from, 1, #from - #from % 2), utf16_dec, utf8_enc)
end

-- How many bytes follow the first one of a character in UTF-8; nil if none begins so.
local function following (first)
  if first < 0xf8 then
    return first >= 0xf0 and 3 or first >= 0xe0 and 2 or 1
  end
end

--- Guesses an encoding.
--
-- A byte order mark tells it, otherwise the first zero byte: its place says which half of a character comes first. The last of the
-- bytes decides nothing, since text may end with a zero or be cut off within a character, and of UTF-8 only the lengths of
-- characters are looked at. So the guess is the same as that of Nmap's library.
-- @param buf String.
-- @param len How many bytes to look at. Default: 100.
-- @return Name of the encoding: <code>ascii</code>, <code>utf-8</code>, <code>utf-16le</code> or <code>utf-16be</code>;
--         <code>other</code> if it is none of these.
function chardet (buf, len)
  local last = math.min(len or 100, #buf)
  local mark = last >= 2 and string.sub(buf, 1, 2)
  if mark == "\xff\xfe" then
    return "utf-16le"
  elseif mark == "\xfe\xff" then
    return "utf-16be"
  elseif last >= 3 and string.sub(buf, 1, 3) == "\xef\xbb\xbf" then
    return "utf-8"
  end
  local guess, pos = "ascii", 1
  while pos < last do
    local byte = string.byte(buf, pos)
    if byte == 0 then
      return pos % 2 == 0 and "utf-16le" or "utf-16be"
    elseif byte >= 0x80 then
      local count = following(byte)
      if count and string.find(buf, "^" .. string.rep("[\x80-\xbf]", count), pos + 1) then
        guess = guess == "ascii" and "utf-8" or guess
        pos = pos + count
      else
        guess = "other"
      end
    end
    pos = pos + 1
  end
  return guess
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(utf8to16("aé\u{1f600}"), "a\0\xe9\0\x3d\xd8\0\xde"), "to UTF-16")
test_suite:add_test(unittest.equal(utf16to8("a\0\xe9\0\x3d\xd8\0\xde"), "aé\u{1f600}"), "to UTF-8")
test_suite:add_test(unittest.equal(utf8to16("\xff"), "\xff\0"), "not UTF-8")
test_suite:add_test(unittest.equal(utf16to8("a\0b"), "a"), "odd byte")
test_suite:add_test(unittest.is_nil((utf8_dec("\xc0\x80"))), "overlong")
test_suite:add_test(unittest.equal(select(2, cp437_dec("\x80")), 0xc7), "code page 437")
test_suite:add_test(unittest.equal(cp437_enc(0xc7), "\x80"), "and back")
for _, case in ipairs({
  {"", "ascii"}, {"plain", "ascii"}, {"text\0", "ascii"}, {"caf\xe9", "ascii"},
  {"\u{e9}", "utf-8"}, {"\xef\xbb\xbf\xff", "utf-8"}, {string.rep("a", 98) .. "\u{65e5}", "utf-8"},
  {"\xff\xfea", "utf-16le"}, {"a\0b", "utf-16le"}, {"\xe9\0a\0", "utf-16le"},
  {"\xfe\xff", "utf-16be"}, {"\0a\0b", "utf-16be"}, {"\0\0", "utf-16be"},
  {"caf\xe9 x", "other"}, {"\xe6\x97", "other"}, {"\u{e9} \xff x", "other"}, {"\xff\xff", "other"},
}) do
  test_suite:add_test(unittest.equal(chardet(case[1]), case[2]), string.format("guess of %q", case[1]))
end
test_suite:add_test(unittest.equal(chardet("abcd\u{e9}", 5), "ascii"), "guess of the beginning")
return _ENV
