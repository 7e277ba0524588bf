---
-- The part of <code>packet</code> for the bytes of a packet, and for options.
--
-- Written from RFC 791, section 3.1, and RFC 9293, section 3.1.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name packet

local math = require "math"
local string = require "string"

local bytes = {}

--- A byte of the packet.
-- @name Packet.u8
-- @param offset Offset.
-- @return Number.
function bytes.u8 (self, offset)
  return string.unpack("B", self.buf, offset + 1)
end

--- Two bytes of the packet as a number.
-- @name Packet.u16
-- @param offset Offset.
-- @return Number.
function bytes.u16 (self, offset)
  return (string.unpack(">I2", self.buf, offset + 1))
end

--- Four bytes of the packet as a number.
-- @name Packet.u32
-- @param offset Offset.
-- @return Number.
function bytes.u32 (self, offset)
  return (string.unpack(">I4", self.buf, offset + 1))
end

--- Bytes of the packet.
-- @name Packet.raw
-- @param index Offset.
-- @param length How many. Default: all that follow.
-- @return The bytes.
function bytes.raw (self, index, length)
  return string.sub(self.buf, index + 1, length and index + length or -1)
end

--- Sets bytes.
function bytes.replace (self, index, content)
  self.buf = string.sub(self.buf, 1, index) .. content .. string.sub(self.buf, index + #content + 1)
end

local replace = bytes.replace

--- Sets a byte.
-- @name bytes.set_u8
-- @param index Offset.
-- @param value Number.
function bytes.set_u8 (self, index, value)
  replace(self, index, string.pack("B", value & 0xff))
end

--- Sets two bytes.
-- @name bytes.set_u16
-- @param index Offset.
-- @param value Number.
function bytes.set_u16 (self, index, value)
  replace(self, index, string.pack(">I2", value & 0xffff))
end

--- Sets four bytes.
-- @name bytes.set_u32
-- @param index Offset.
-- @param value Number.
function bytes.set_u32 (self, index, value)
  replace(self, index, string.pack(">I4", value & 0xffffffff))
end

--- Whether so many bytes are there, and belong to the packet.
function bytes.has (self, offset, length)
  return offset + length <= math.min(self.packet_len, #self.buf)
end

--- Reads options of IPv4 or TCP: a type, and for most of them a length and contents.
-- @name Packet.parse_options
-- @param offset Offset of the first.
-- @param length Bytes of all.
-- @return Array of tables with <code>type</code>, <code>len</code> and <code>data</code>.
function bytes.parse_options (self, offset, length)
  local options, at, stop = {}, offset, math.min(offset + length, #self.buf)
  while at < stop do
    local kind = self:u8(at)
    local option = { type = kind, len = 1 }
    options[#options + 1] = option
    if kind == 0 then
      break
    elseif kind ~= 1 then
      local size = at + 1 < stop and self:u8(at + 1) or 0
      if size < 2 or at + size > stop then
        options[#options] = nil
        break
      end
      option.len = size
      option.data = size > 2 and self:raw(at + 2, size - 2) or nil
    end
    at = at + option.len
  end
  return options
end

return bytes
