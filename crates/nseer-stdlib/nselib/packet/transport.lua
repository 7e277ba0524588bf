---
-- The part of <code>packet</code> for TCP and UDP.
--
-- Written from RFC 9293, RFC 7323 (options of TCP) and RFC 768.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name packet

local build = require "packet.build"
local bytes = require "packet.bytes"
local ip = require "packet.ip"
local numbers = require "packet.numbers"
local string = require "string"
local ipairs = ipairs

local has, in_cksum = bytes.has, build.in_cksum

local transport = {}

--
-- TCP
--

--- Reads the options of TCP.
-- @name Packet.tcp_parse_options
-- @param offset Offset of the first.
-- @param length Bytes of all.
function transport.tcp_parse_options (self, offset, length)
  self.tcp_options = self:parse_options(offset, length)
  for _, option in ipairs(self.tcp_options) do
    local data = option.data or ""
    if option.type == 2 and #data == 2 then
      self.tcp_opt_mss = string.unpack(">I2", data)
      -- The segment, and headers without options.
      self.tcp_opt_mtu = self.tcp_opt_mss + 40
    elseif option.type == 3 and #data == 1 then
      self.tcp_opt_ws = string.byte(data)
    elseif option.type == 8 and #data == 8 then
      self.tcp_opt_t1, self.tcp_opt_t2 = string.unpack(">I4I4", data)
    end
  end
end

local FLAGS = { "fin", "syn", "rst", "push", "ack", "urg", "ece", "cwr" }

--- Reads the TCP header.
-- @name Packet.tcp_parse
-- @param force_continue Not used.
-- @return True if there is one, otherwise false.
function transport.tcp_parse (self, force_continue)
  local at = ip.content(self)
  if not has(self, at, 20) then
    return false
  end
  local words
  self.tcp, self.tcp_offset = true, at
  self.tcp_sport, self.tcp_dport, self.tcp_seq, self.tcp_ack, words, self.tcp_flags, self.tcp_win, self.tcp_sum,
    self.tcp_urp = string.unpack(">I2I2I4I4BBI2I2I2", self.buf, at + 1)
  self.tcp_hl, self.tcp_x2 = words >> 4, words & 0xf
  for i, name in ipairs(FLAGS) do
    self["tcp_th_" .. name] = self.tcp_flags & 1 << i - 1 ~= 0
  end
  local size = self.tcp_hl * 4
  if size < 20 or not has(self, at, size) then
    return false
  end
  self.tcp_opt_offset, self.tcp_data_offset = at + 20, at + size
  self.tcp_data_length = (self.ip_len or 40 + (self.ip6_plen or 0)) - self.tcp_data_offset
  self:tcp_parse_options(at + 20, size - 20)
  return true
end

-- A field of TCP or UDP: how it is set.
local function setter (layer, offset, field, set)
  return function (self, value)
    set(self, self[layer .. "_offset"] + offset, value)
    self[layer .. "_" .. field] = value
  end
end

--- Sets the port that it is from.
-- @class function
-- @name Packet.tcp_set_sport
-- @param port Number.
transport.tcp_set_sport = setter("tcp", 0, "sport", bytes.set_u16)

--- Sets the port that it is for.
-- @class function
-- @name Packet.tcp_set_dport
-- @param port Number.
transport.tcp_set_dport = setter("tcp", 2, "dport", bytes.set_u16)

--- Sets the sequence number.
-- @class function
-- @name Packet.tcp_set_seq
-- @param new_seq Number.
transport.tcp_set_seq = setter("tcp", 4, "seq", bytes.set_u32)

--- Sets all flags.
-- @class function
-- @name Packet.tcp_set_flags
-- @param new_flags Number.
transport.tcp_set_flags = setter("tcp", 13, "flags", bytes.set_u8)

--- Sets the checksum.
-- @class function
-- @name Packet.tcp_set_checksum
-- @param checksum Number.
transport.tcp_set_checksum = setter("tcp", 16, "sum", bytes.set_u16)

--- Sets the urgent pointer.
-- @class function
-- @name Packet.tcp_set_urp
-- @param urg_ptr Number.
transport.tcp_set_urp = setter("tcp", 18, "urp", bytes.set_u16)

-- Checksum from `at` on, with the addresses and the protocol that it covers.
local function with_addresses (self, at, protocol)
  local carried = string.sub(self.buf, at + 1)
  local pattern = self.ip6 and ">I4I4" or ">I2I2"
  local first, second = protocol, #carried
  if self.ip6 then
    first, second = second, first
  end
  return in_cksum(self.ip_bin_src .. self.ip_bin_dst .. string.pack(pattern, first, second) .. carried)
end

--- Counts and sets the checksum.
-- @name Packet.tcp_count_checksum
function transport.tcp_count_checksum (self)
  self:tcp_set_checksum(0)
  self:tcp_set_checksum(with_addresses(self, self.tcp_offset, numbers.IPPROTO_TCP))
end

-- Links by the longest segment that they let through.
local LINKS = {
  [256] = "radio modem", [376] = "SLIP", [552] = "PPP", [576] = "sometimes modem", [1400] = "VPN",
  [1452] = "PPPoE", [1454] = "PPPoE", [1460] = "ethernet or modem", [1500] = "ethernet or modem", [4352] = "FDDI",
  [16384] = "loopback", [65535] = "loopback",
}

--- A guess at what kind of link a host is at.
-- @name Packet.tcp_lookup_link
-- @return Text; nil if its packet says nothing of it.
function transport.tcp_lookup_link (self)
  return self.tcp_opt_mtu and (LINKS[self.tcp_opt_mtu] or "unspecified link")
end

--- Addresses and ports as text.
-- @name Packet.tcp_tostring
-- @return Text.
function transport.tcp_tostring (self)
  return string.format("TCP %s:%d -> %s:%d", self.ip_src, self.tcp_sport, self.ip_dst, self.tcp_dport)
end

--
-- UDP
--

--- Reads the UDP header.
-- @name Packet.udp_parse
-- @param force_continue Not used.
-- @return True if there is one, otherwise false.
function transport.udp_parse (self, force_continue)
  local at = ip.content(self)
  if not has(self, at, 8) then
    return false
  end
  self.udp, self.udp_offset = true, at
  self.udp_sport, self.udp_dport, self.udp_len, self.udp_sum = string.unpack(">I2I2I2I2", self.buf, at + 1)
  return true
end

--- Sets the port that it is from.
-- @class function
-- @name Packet.udp_set_sport
-- @param port Number.
transport.udp_set_sport = setter("udp", 0, "sport", bytes.set_u16)

--- Sets the port that it is for.
-- @class function
-- @name Packet.udp_set_dport
-- @param port Number.
transport.udp_set_dport = setter("udp", 2, "dport", bytes.set_u16)

--- Sets the length.
-- @class function
-- @name Packet.udp_set_length
-- @param len Bytes, with the header.
transport.udp_set_length = setter("udp", 4, "len", bytes.set_u16)

--- Sets the checksum.
-- @class function
-- @name Packet.udp_set_checksum
-- @param checksum Number.
transport.udp_set_checksum = setter("udp", 6, "sum", bytes.set_u16)

--- Counts and sets the checksum.
-- @name Packet.udp_count_checksum
function transport.udp_count_checksum (self)
  self:udp_set_checksum(0)
  local sum = with_addresses(self, self.udp_offset, numbers.IPPROTO_UDP)
  -- Zero stands for "not counted".
  self:udp_set_checksum(sum == 0 and 0xffff or sum)
end

--- Addresses and ports as text.
-- @name Packet.udp_tostring
-- @return Text.
function transport.udp_tostring (self)
  return string.format("UDP %s:%d -> %s:%d", self.ip_src, self.udp_sport, self.ip_dst, self.udp_dport)
end

return transport
