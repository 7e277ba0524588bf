---
-- Values in the Basic Encoding Rules of ASN.1: an encoder and a decoder that protocols add their own tags to.
--
-- Written from ITU-T X.690, sections 8.1 to 8.3, 8.8, 8.9 and 8.19. It knows no protocol. Bytes are not trusted:
-- a length that goes beyond the end, or nesting without end, makes a value nil and the position the end.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name asn1

local math = require "math"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("asn1", stdnse.seeall)

--- The two highest bits of a tag (X.690, section 8.1.2.2).
-- @class table
-- @name BERCLASS
BERCLASS = { Universal = 0, Application = 64, ContextSpecific = 128, Private = 192 }

-- Sequences in sequences beyond this are no message of any protocol.
local MAX_DEPTH = 64

--- Makes a tag.
-- @usage asn1.BERtoInt(asn1.BERCLASS.Application, true, 3)  --> 0x63
-- @param class One of <code>BERCLASS</code>.
-- @param constructed True if values are inside.
-- @param number Number of the tag, 0 to 30.
-- @return The tag as a number.
function BERtoInt (class, constructed, number)
  return class + (constructed and 32 or 0) + number
end

--- Takes a tag apart.
-- @param i Tag as a number.
-- @return Table with <code>class</code>, <code>constructed</code> and <code>number</code>.
function intToBER (i)
  return { class = i & 0xc0, constructed = i & 0x20 ~= 0, number = i & 0x1f }
end

--- Decodes values.
-- @class table
-- @name ASN1Decoder
ASN1Decoder = {}
ASN1Decoder.__index = ASN1Decoder

--- Makes a decoder that knows no tag yet.
-- @name ASN1Decoder.new
-- @param o Table to make into a decoder, optional.
-- @return The decoder.
function ASN1Decoder:new (o)
  o = setmetatable(o or {}, self)
  self.__index = self
  o.decoder = o.decoder or {}
  o.depth = 0
  return o
end

--- Says what happens to what cannot be decoded.
-- @name ASN1Decoder.setStopOnError
-- @param val True to give nothing for a sequence with an element that cannot be read.
function ASN1Decoder:setStopOnError (val)
  self.stoponerror = val
end

--- Makes the decoder know booleans, integers, strings, null, object identifiers and sequences.
-- @name ASN1Decoder.registerBaseDecoders
function ASN1Decoder:registerBaseDecoders ()
  self:registerTagDecoders {
    ["\x01"] = function (_, encStr, elen, pos)
      return elen > 0 and string.byte(encStr, pos) ~= 0, pos + elen
    end,
    ["\x02"] = function (_, encStr, elen, pos)
      return ASN1Decoder.decodeInt(encStr, elen, pos)
    end,
    ["\x04"] = function (_, encStr, elen, pos)
      return string.sub(encStr, pos, pos + elen - 1), pos + elen
    end,
    ["\x05"] = function (_, _, elen, pos)
      return false, pos + elen
    end,
    ["\x06"] = function (decoder, encStr, elen, pos)
      return decoder:decodeOID(encStr, elen, pos)
    end,
    ["\x30"] = function (decoder, encStr, elen, pos)
      return decoder:decodeSeq(encStr, elen, pos)
    end,
  }
end

--- Makes the decoder know further tags.
-- @name ASN1Decoder.registerTagDecoders
-- @param tagDecoders Table from tags (strings of one byte) to functions. They are called with the decoder, the
--                    whole string, the number of bytes of the value and the position of its first byte, and
--                    give the value and the position after it. The bytes are there.
function ASN1Decoder:registerTagDecoders (tagDecoders)
  self.decoder = self.decoder or {}
  for tag, decode in pairs(tagDecoders) do
    self.decoder[tag] = decode
  end
end

--- Decodes one value.
-- @name ASN1Decoder.decode
-- @param encStr Bytes.
-- @param pos Position of the tag. Default: 1.
-- @return The value; nil if it is cut off or its tag is unknown.
-- @return The position after it.
function ASN1Decoder:decode (encStr, pos)
  pos = pos or 1
  local tag = string.sub(encStr, pos, pos)
  local elen, from = self.decodeLength(encStr, pos + 1)
  if tag == "" or not elen or elen > #encStr - from + 1 then
    return nil, #encStr + 1
  end
  local decode = self.decoder[tag]
  if not decode or self.depth >= MAX_DEPTH then
    return nil, from + elen
  end
  self.depth = self.depth + 1
  local value, after = decode(self, encStr, elen, from)
  self.depth = self.depth - 1
  return value, after or from + elen
end

--- Decodes a length (X.690, section 8.1.3).
-- @name ASN1Decoder.decodeLength
-- @param encStr Bytes.
-- @param pos Position of its first byte.
-- @return Number of bytes; nil if it is cut off, longer than four bytes or of the indefinite form.
-- @return The position after it.
function ASN1Decoder.decodeLength (encStr, pos)
  local first = string.byte(encStr, pos)
  if not first or first < 128 then
    return first, pos + 1
  end
  local count = first - 128
  if count == 0 or count > 4 or pos + count > #encStr then
    return nil, #encStr + 1
  end
  return (string.unpack(">I" .. count, encStr, pos + 1)), pos + 1 + count
end

--- Decodes values one after another.
-- @name ASN1Decoder.decodeSeq
-- @param encStr Bytes.
-- @param len Number of bytes of all values.
-- @param pos Position of the first one.
-- @return Array of the values. Where one is nil, the array goes on with the next.
-- @return The position after them.
function ASN1Decoder:decodeSeq (encStr, len, pos)
  local last = math.min(pos + len - 1, #encStr)
  local inside = last == #encStr and encStr or string.sub(encStr, 1, last)
  local seq = {}
  while pos <= last do
    local value
    value, pos = self:decode(inside, pos)
    if value ~= nil then
      seq[#seq + 1] = value
    elseif self.stoponerror then
      return nil, last + 1
    end
  end
  return seq, last + 1
end

--- Decodes one number of an object identifier (X.690, section 8.19.2).
-- @name ASN1Decoder.decode_oid_component
-- @param encStr Bytes.
-- @param pos Position of its first byte.
-- @return The number; nil if it is cut off or does not fit 63 bits.
-- @return The position after it.
function ASN1Decoder.decode_oid_component (encStr, pos)
  local number = 0
  for i = pos, math.min(pos + 8, #encStr) do
    local byte = string.byte(encStr, i)
    number = number << 7 | byte & 0x7f
    if byte < 128 then
      return number, i + 1
    end
  end
  return nil, #encStr + 1
end

--- Decodes an object identifier.
-- @name ASN1Decoder.decodeOID
-- @param encStr Bytes.
-- @param len Number of bytes.
-- @param pos Position of the first one.
-- @return Array of numbers, with the field <code>_snmp</code> that holds the tag.
-- @return The position after it.
function ASN1Decoder:decodeOID (encStr, len, pos)
  local last = math.min(pos + len - 1, #encStr)
  local inside = string.sub(encStr, 1, last)
  local oid = { _snmp = "\x06" }
  while pos <= last do
    local number
    number, pos = self.decode_oid_component(inside, pos)
    if not number then
      break
    elseif oid[1] then
      oid[#oid + 1] = number
    else
      -- The first two numbers share one place (section 8.19.4).
      local first = math.min(number // 40, 2)
      oid[1], oid[2] = first, number - 40 * first
    end
  end
  return oid, last + 1
end

--- Decodes an integer.
-- @name ASN1Decoder.decodeInt
-- @param encStr Bytes.
-- @param len Number of bytes.
-- @param pos Position of the first one.
-- @return The number; nil if there is none. Of more than eight bytes the last eight count.
-- @return The position after it.
function ASN1Decoder.decodeInt (encStr, len, pos)
  local after = pos + len
  if len < 1 or after - 1 > #encStr then
    return nil, after
  elseif len > 8 then
    pos, len = after - 8, 8
  end
  return (string.unpack(">i" .. len, encStr, pos)), after
end

--- Encodes values.
-- @class table
-- @name ASN1Encoder
ASN1Encoder = {}
ASN1Encoder.__index = ASN1Encoder

--- Makes an encoder for booleans, integers, strings and nil.
-- @name ASN1Encoder.new
-- @return The encoder.
function ASN1Encoder:new ()
  local o = setmetatable({ encoder = {} }, self)
  self.__index = self
  o:registerBaseEncoders()
  return o
end

--- Makes the encoder know the types of Lua, but for tables with a meaning of their own.
-- @name ASN1Encoder.registerBaseEncoders
function ASN1Encoder:registerBaseEncoders ()
  self.encoder = {
    boolean = function (_, val) return val and "\x01\x01\xff" or "\x05\x00" end,
    number = function (encoder, val)
      local bytes = encoder.encodeInt(val)
      return "\x02" .. encoder.encodeLength(#bytes) .. bytes
    end,
    string = function (encoder, val)
      return "\x04" .. encoder.encodeLength(#val) .. val
    end,
    ["nil"] = function () return "\x05\x00" end,
    table = function (encoder, val)
      local parts = {}
      for i, element in ipairs(val) do
        parts[i] = encoder:encode(element)
      end
      return encoder:encodeSeq(table.concat(parts))
    end,
  }
end

--- Makes the encoder know further types, or another encoding of those that it knows.
-- @name ASN1Encoder.registerTagEncoders
-- @param tagEncoders Table from names of types (as <code>type</code> gives) to functions, which are called with
--                    the encoder and the value and give bytes.
function ASN1Encoder:registerTagEncoders (tagEncoders)
  self:registerBaseEncoders()
  for name, encode in pairs(tagEncoders) do
    self.encoder[name] = encode
  end
end

--- Encodes a value.
-- @name ASN1Encoder.encode
-- @param val The value. A table with the fields <code>type</code> (a tag as a string of one byte) and
--            <code>value</code> (bytes) is put together as it says; another table is a sequence.
-- @return Bytes.
function ASN1Encoder:encode (val)
  if type(val) == "table" and type(val.type) == "string" and type(val.value) == "string" then
    return val.type .. self.encodeLength(#val.value) .. val.value
  end
  local encode = self.encoder[type(val)]
  if not encode then
    error("a " .. type(val) .. " has no encoding", 2)
  end
  return encode(self, val)
end

--- Puts encoded values into a sequence.
-- @name ASN1Encoder.encodeSeq
-- @param seqData Bytes of the values.
-- @return Bytes.
function ASN1Encoder:encodeSeq (seqData)
  return "\x30" .. self.encodeLength(#seqData) .. seqData
end

--- Encodes one number of an object identifier.
-- @name ASN1Encoder.encode_oid_component
-- @param n The number, zero or more.
-- @return Bytes.
function ASN1Encoder.encode_oid_component (n)
  local bytes = string.char(n & 0x7f)
  n = n >> 7
  while n > 0 do
    bytes = string.char(n & 0x7f | 0x80) .. bytes
    n = n >> 7
  end
  return bytes
end

--- Encodes an integer in as few bytes as possible.
-- @name ASN1Encoder.encodeInt
-- @param val The number.
-- @return Bytes, without tag and length.
function ASN1Encoder.encodeInt (val)
  val = math.tointeger(val) or error("'" .. tostring(val) .. "' is not an integer", 2)
  local bytes = string.pack(">i8", val)
  -- A byte that only repeats the sign may go (section 8.3.2).
  local from = 1
  while from < 8 do
    local byte, following = string.byte(bytes, from, from + 1)
    if not (byte == 0 and following < 128 or byte == 255 and following >= 128) then
      break
    end
    from = from + 1
  end
  return string.sub(bytes, from)
end

--- Encodes a length.
-- @name ASN1Encoder.encodeLength
-- @param len Number of bytes.
-- @return Bytes.
function ASN1Encoder.encodeLength (len)
  if len < 128 then
    return string.char(len)
  end
  local bytes = string.gsub(string.pack(">I4", len), "^\0+", "")
  return string.char(128 + #bytes) .. bytes
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local encoder, decoder = ASN1Encoder:new(), ASN1Decoder:new()
decoder:registerBaseDecoders()
for _, number in ipairs {0, 5, -5, 127, 128, -128, -129, 300, 1 << 40, math.mininteger, math.maxinteger} do
  test_suite:add_test(unittest.equal(decoder:decode(encoder:encode(number)), number), "integer " .. number)
end
test_suite:add_test(unittest.equal(encoder:encode(128), "\x02\x02\x00\x80"), "a positive number has a zero bit")
test_suite:add_test(unittest.equal(ASN1Encoder.encodeLength(300), "\x82\x01\x2c"), "long length")
test_suite:add_test(unittest.identical({ decoder:decode("\x30\x06\x02\x01\x05\x04\x01a", 1) }, { {5, "a"}, 9 }), "sequence")
test_suite:add_test(unittest.equal(decoder:decode("\x06\x03\x2b\x06\x01")[3], 6), "identifier")
test_suite:add_test(unittest.equal(ASN1Encoder.encode_oid_component(300), "\x82\x2c"), "number in two bytes")
test_suite:add_test(unittest.identical({ decoder:decode("\x04\x84\xff\xff\xff\xffa", 1) }, { nil, 8 }), "absurd length")
test_suite:add_test(unittest.is_nil((decoder:decode("\x04\x80aa", 1))), "indefinite length")
test_suite:add_test(unittest.type_is("table", (decoder:decode(string.rep("\x30\x80", 2000) == "" or
  string.rep("\x30\x7e", 60) .. string.rep("\0", 126)) or {})), "nesting without end")
return _ENV
