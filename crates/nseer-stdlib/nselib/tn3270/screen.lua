---
-- The screen of a terminal of the 3270 family, for the library <code>tn3270</code>.
--
-- Written from IBM's "3270 Information Display System: Data Stream Programmer's Reference" (GA23-0059), chapters 3 and 4.
-- The screen has 24 rows of 80 columns. Orders that are cut off end what is written.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name tn3270.screen

local ebcdic = require "drda.objects".StringUtil
local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local ipairs, setmetatable = ipairs, setmetatable

_ENV = stdnse.module("tn3270.screen", stdnse.seeall)

ROWS, COLS = 24, 80
local SIZE = ROWS * COLS

-- Code page 037 where it differs from code page 500.
local OF_037 = { ["\x4f"] = "|", ["\x5a"] = "!", ["\x4a"] = ".", ["\xba"] = "[", ["\xbb"] = "]" }
local TO_037 = { ["|"] = "\x4f", ["!"] = "\x5a", ["["] = "\xba", ["]"] = "\xbb" }

--- Turns ASCII to what a host reads.
-- @param text The text.
-- @return Bytes.
function to_host (text)
  return (string.gsub(text, ".", function (character) return TO_037[character] or ebcdic.toEBCDIC(character) end))
end

--- Turns what a host writes to ASCII.
-- @param bytes Bytes.
-- @return The text; zeros are spaces.
function from_host (bytes)
  return (string.gsub(bytes, ".", function (byte)
    return byte == "\0" and " " or OF_037[byte] or ebcdic.toASCII(byte)
  end))
end

-- Six bits as a host wants them (figure 4-1 of GA23-0059).
local CODES = {}
for value = 0, 63 do
  local high = value & 0x30
  local low = value & 0x0f
  local code = value | 0x40
  if low == 0 and high == 0x00 then
    code = 0x40
  elseif low >= 1 and low <= 9 then
    code = 0xc0 | value
    if high == 0x20 and low == 1 then
      code = 0x61
    end
  elseif low == 0 then
    code = high == 0x10 and 0x50 or high == 0x20 and 0x60 or 0xf0
  end
  CODES[value] = code
end

--- Writes an address of the screen.
-- @param address Place, from 0 on.
-- @return Two bytes.
function encode_address (address)
  return string.char(CODES[address >> 6 & 0x3f], CODES[address & 0x3f])
end

--- Reads an address of the screen, of 12 or of 14 bits.
-- @param first A byte.
-- @param second Another.
-- @return Place, from 0 on.
function decode_address (first, second)
  if first & 0xc0 == 0 then
    return (first & 0x3f) << 8 | second
  end
  return (first & 0x3f) << 6 | second & 0x3f
end

--- A screen.
-- @class table
-- @name Screen
Screen = {}
Screen.__index = Screen

--- Makes one that is empty.
-- @name Screen:new
-- @return The screen.
function Screen:new ()
  local screen = setmetatable({}, self)
  screen:clear()
  return screen
end

--- Takes everything off.
-- @name Screen:clear
function Screen:clear ()
  self.cells, self.attributes, self.at, self.cursor = {}, {}, 0, 0
  self.is_overwritten = false
end

-- One character at the place where writing is.
local function store (self, byte)
  if self.attributes[self.at] and byte ~= "\0" then
    self.attributes[self.at] = nil
  end
  if self.cells[self.at] and self.cells[self.at] ~= "\0" and self.cells[self.at] ~= byte then
    self.is_overwritten = true
  end
  self.cells[self.at] = byte
  self.at = (self.at + 1) % SIZE
end

local function begin_field (self, attribute)
  self.attributes[self.at], self.cells[self.at] = attribute, "\0"
  self.at = (self.at + 1) % SIZE
end

-- Whether a place may be typed at.
local function is_free (self, place)
  for step = 0, SIZE - 1 do
    local attribute = self.attributes[(place - step) % SIZE]
    if attribute then
      return step > 0 and attribute & 0x20 == 0
    end
  end
  return true
end

--- Takes off what may be typed.
-- @name Screen:clear_unprotected
function Screen:clear_unprotected ()
  for place = 0, SIZE - 1 do
    if is_free(self, place) then
      self.cells[place] = "\0"
    end
  end
end

-- Orders (chapter 4): each takes the screen, the data and the position behind its code, and gives the position behind it;
-- nil where it is cut off.
local ORDERS = {}

ORDERS[0x1d] = function (self, data, at) -- start field
  local attribute = string.byte(data, at)
  if attribute then
    begin_field(self, attribute)
    return at + 1
  end
end

ORDERS[0x29] = function (self, data, at) -- start field extended
  local count = string.byte(data, at)
  if not count or at + count * 2 > #data then
    return nil
  end
  local attribute = 0
  for i = 0, count - 1 do
    local kind, value = string.byte(data, at + 1 + i * 2, at + 2 + i * 2)
    attribute = kind == 0xc0 and value or attribute
  end
  begin_field(self, attribute)
  return at + 1 + count * 2
end

ORDERS[0x2c] = function (self, data, at) -- modify field
  local count = string.byte(data, at)
  if not count or at + count * 2 > #data then
    return nil
  end
  for i = 0, count - 1 do
    local kind, value = string.byte(data, at + 1 + i * 2, at + 2 + i * 2)
    if kind == 0xc0 and self.attributes[self.at] then
      self.attributes[self.at] = value
    end
  end
  self.at = (self.at + 1) % SIZE
  return at + 1 + count * 2
end

ORDERS[0x11] = function (self, data, at) -- set buffer address
  local first, second = string.byte(data, at, at + 1)
  if second then
    self.at = decode_address(first, second) % SIZE
    return at + 2
  end
end

ORDERS[0x28] = function (_, data, at) return at + 1 <= #data and at + 2 or nil end -- set attribute
ORDERS[0x13] = function (self, _, at) -- insert cursor
  self.cursor = self.at
  return at
end

ORDERS[0x05] = function (self, _, at) -- program tab
  for step = 0, SIZE - 1 do
    local place = (self.at + step) % SIZE
    if self.attributes[place] and self.attributes[place] & 0x20 == 0 then
      self.at = (place + 1) % SIZE
      return at
    end
  end
  self.at = 0
  return at
end

ORDERS[0x3c] = function (self, data, at) -- repeat to address
  local first, second, byte = string.byte(data, at, at + 2)
  if byte == 0x08 then
    byte, at = string.byte(data, at + 3), at + 1
  end
  if not byte then
    return nil
  end
  local stop, count = decode_address(first, second) % SIZE, 0
  repeat
    store(self, string.char(byte))
    count = count + 1
  until self.at == stop or count >= SIZE
  return at + 3
end

ORDERS[0x12] = function (self, data, at) -- erase unprotected to address
  local first, second = string.byte(data, at, at + 1)
  if not second then
    return nil
  end
  local stop, count = decode_address(first, second) % SIZE, 0
  repeat
    if is_free(self, self.at) then
      self.cells[self.at] = "\0"
    end
    self.at, count = (self.at + 1) % SIZE, count + 1
  until self.at == stop or count >= SIZE
  return at + 2
end

ORDERS[0x08] = function (self, data, at) -- graphic escape
  local byte = string.sub(data, at, at)
  if byte ~= "" then
    store(self, byte)
    return at + 1
  end
end

--- Writes what a host sends behind a command and its control character.
-- @name Screen:write
-- @param data Orders and characters.
function Screen:write (data)
  local at = 1
  while at and at <= #data do
    local order = ORDERS[string.byte(data, at)]
    if order then
      at = order(self, data, at + 1)
    else
      store(self, string.sub(data, at, at))
      at = at + 1
    end
  end
end

--- What is on the screen.
-- @name Screen:raw
-- @return Bytes of ASCII, as many as it has places.
function Screen:raw ()
  local bytes = {}
  for place = 0, SIZE - 1 do
    bytes[place + 1] = self.cells[place] or "\0"
  end
  return from_host(table.concat(bytes))
end

--- What is on the screen, by rows.
-- @name Screen:text
-- @return Lines.
function Screen:text ()
  local text, lines = self:raw(), {}
  for row = 0, ROWS - 1 do
    lines[row + 1] = string.sub(text, row * COLS + 1, (row + 1) * COLS)
  end
  return table.concat(lines, "\n")
end

--- Fields of the screen that are so and so.
-- @name Screen:fields
-- @param is_wanted Function that is given an attribute.
-- @return Array of tables with <code>from</code> and <code>to</code>, places of the first and the last character.
function Screen:fields (is_wanted)
  local starts, found = {}, {}
  for place = 0, SIZE - 1 do
    if self.attributes[place] then
      starts[#starts + 1] = place
    end
  end
  for i, place in ipairs(starts) do
    local stop = (starts[i + 1] or SIZE) - 1
    if is_wanted(self.attributes[place]) and stop > place then
      found[#found + 1] = { from = place + 1, to = math.min(stop, SIZE - 1) }
    end
  end
  return found
end

return _ENV
