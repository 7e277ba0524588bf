---
-- Values as remote calls have them, for the library <code>msrpc</code>.
--
-- Written from the DCE 1.1 specification of remote procedure calls (C706), chapter 14, and [MS-DTYP], sections 2.3.10 and
-- 2.4.2. Byte order is little-endian. Where the data ends too early, an error is raised that <code>msrpc</code> catches.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.ndr

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local error, ipairs, setmetatable, tonumber = error, ipairs, setmetatable, tonumber

_ENV = stdnse.module("msrpc.ndr", stdnse.seeall)

local MAX_COUNT = 65536
local REFERENT = 0x50414D4E

--- Writes values behind each other, each where its size lets it begin.
-- @class table
-- @name Writer
Writer = {}
Writer.__index = Writer

--- Makes one.
-- @name Writer:new
-- @return The writer.
function Writer:new ()
  return setmetatable({ data = "", referent = 0 }, self)
end

--- Goes on where a size may begin.
-- @name Writer:align
-- @param size The size.
function Writer:align (size)
  self.data = self.data .. string.rep("\0", -#self.data % size)
end

--- Writes bytes as they are.
-- @name Writer:raw
-- @param bytes The bytes.
function Writer:raw (bytes)
  self.data = self.data .. bytes
end

--- Writes two bytes.
-- @name Writer:int16
-- @param value The number.
function Writer:int16 (value)
  self:align(2)
  self:raw(string.pack("<I2", value & 0xffff))
end

--- Writes four bytes.
-- @name Writer:int32
-- @param value The number.
function Writer:int32 (value)
  self:align(4)
  self:raw(string.pack("<I4", value & 0xffffffff))
end

--- A pointer: to nothing, or to what is written next.
-- @name Writer:pointer
-- @param is_some False for nothing.
function Writer:pointer (is_some)
  self.referent = self.referent + 4
  self:int32(is_some and REFERENT + self.referent or 0)
end

--- A text of UTF-16 with its lengths.
-- @name Writer:text
-- @param value The text.
-- @param is_ended False to leave the zero at its end away.
-- @param max Length that is allowed. Default: its own.
function Writer:text (value, is_ended, max)
  local bytes = unicode.utf8to16(value .. (is_ended == false and "" or "\0"))
  self:int32(max or #bytes // 2)
  self:int32(0)
  self:int32(#bytes // 2)
  self:raw(bytes)
  self:align(4)
end

--- A pointer to a text, or to nothing.
-- @name Writer:text_pointer
-- @param value The text, or nil.
function Writer:text_pointer (value)
  self:pointer(value ~= nil)
  if value ~= nil then
    self:text(value)
  end
end

--- The head of a counted text; the text itself is written with <code>text</code>.
-- @name Writer:text_head
-- @param value The text.
function Writer:text_head (value)
  local length = #unicode.utf8to16(value)
  self:int16(length)
  self:int16(length)
  self:pointer(true)
end

--- The identifier of an account, with its count in front.
-- @name Writer:sid
-- @param text Such as <code>S-1-5-32-544</code>.
function Writer:sid (text)
  local revision, authority, rest = string.match(text, "^S%-(%d+)%-(%d+)(.*)$")
  local parts = {}
  for part in string.gmatch(rest or "", "%-(%d+)") do
    parts[#parts + 1] = string.pack("<I4", tonumber(part) & 0xffffffff)
  end
  self:int32(#parts)
  self:raw(string.pack("BB", tonumber(revision or 1), #parts) .. string.pack(">I6", tonumber(authority or 0)) .. table.concat(parts))
end

--- Reads values.
-- @class table
-- @name Reader
Reader = {}
Reader.__index = Reader

--- Makes one.
-- @name Reader:new
-- @param data Bytes.
-- @return The reader.
function Reader:new (data)
  return setmetatable({ data = data, at = 1 }, self)
end

--- Goes on where a size may begin.
-- @name Reader:align
-- @param size The size.
function Reader:align (size)
  self.at = self.at + (1 - self.at) % size
end

--- Reads bytes as they are.
-- @name Reader:raw
-- @param count How many.
-- @return The bytes.
function Reader:raw (count)
  if self.at + count - 1 > #self.data then
    error("the answer is cut off", 0)
  end
  self.at = self.at + count
  return string.sub(self.data, self.at - count, self.at - 1)
end

--- Reads two bytes.
-- @name Reader:int16
-- @return The number.
function Reader:int16 ()
  self:align(2)
  return (string.unpack("<I2", self:raw(2)))
end

--- Reads four bytes.
-- @name Reader:int32
-- @return The number.
function Reader:int32 ()
  self:align(4)
  return (string.unpack("<I4", self:raw(4)))
end

--- A time in units of 100 ns, where two numbers of four bytes are.
-- @name Reader:int64
-- @return Signed number.
function Reader:int64 ()
  self:align(4)
  return (string.unpack("<i8", self:raw(8)))
end

--- A count that may be believed.
-- @name Reader:count
-- @return The number.
function Reader:count ()
  local count = self:int32()
  return count <= MAX_COUNT and count or error("a count that cannot be", 0)
end

--- Whether a pointer points to something.
-- @name Reader:pointer
-- @return True or false.
function Reader:pointer ()
  return self:int32() ~= 0
end

--- A text with its lengths.
-- @name Reader:text
-- @return The text, without the zero at its end.
function Reader:text ()
  self:int32()
  self:int32()
  local bytes = self:raw(self:count() * 2)
  return (string.gsub(unicode.utf16to8(bytes), "%z$", ""))
end

--- The head of a counted text.
-- @name Reader:text_head
-- @return True if the text itself follows later.
function Reader:text_head ()
  self:align(4)
  self:raw(4)
  return self:pointer()
end

--- The identifier of an account, with its count in front.
-- @name Reader:sid
-- @return Its text.
function Reader:sid ()
  self:int32()
  local revision, count = string.unpack("BB", self:raw(2))
  local text = "S-" .. revision .. "-" .. string.unpack(">I6", self:raw(6))
  for _ = 1, count do
    text = text .. "-" .. string.unpack("<I4", self:raw(4))
  end
  return text
end

--- An array of things: first the head of each, then what the heads point to.
-- @name Reader:array
-- @param count How many.
-- @param head Function that reads a head into a table.
-- @param rest Function that reads what it points to into the same table; optional.
-- @return The tables.
function Reader:array (count, head, rest)
  local list = {}
  for i = 1, count do
    list[i] = {}
    head(list[i])
  end
  for _, entry in ipairs(rest and list or {}) do
    rest(entry)
  end
  return list
end

--- A list: how many, and a pointer to an array of so many.
-- @name Reader:list
-- @param head As for <code>array</code>.
-- @param rest As for <code>array</code>.
-- @return The tables; none where it points to nothing.
-- @return How many there are said to be.
function Reader:list (head, rest)
  local count = self:count()
  if not self:pointer() then
    return {}, count
  end
  self:count()
  return self:array(count, head, rest), count
end

--- Twenty bytes that stand for something opened.
-- @name Reader:handle
-- @return The bytes.
function Reader:handle ()
  self:align(4)
  return self:raw(20)
end

return _ENV
