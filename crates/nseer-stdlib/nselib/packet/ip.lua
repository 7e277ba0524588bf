---
-- The part of <code>packet</code> for IP and ICMP.
--
-- Written from RFC 791, RFC 8200, RFC 792 and RFC 4443.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name packet

local build = require "packet.build"
local bytes = require "packet.bytes"
local ipOps = require "ipOps"
local numbers = require "packet.numbers"
local string = require "string"
local ipairs = ipairs

local has, in_cksum, replace = bytes.has, build.in_cksum, bytes.replace

local ip = {}

--
-- IP
--

local function ip4_parse (self)
  local first, tos, length, id, fragment, ttl, protocol, sum = string.unpack(">BBI2I2I2BBI2", self.buf)
  self.ip_offset, self.ip_v, self.ip_hl = 0, 4, first & 0xf
  local size = self.ip_hl * 4
  if size < 20 or not has(self, 0, size) then
    return false
  end
  self.ip, self.ip_tos, self.ip_len, self.ip_id = true, tos, length, id
  self.ip_rf, self.ip_df, self.ip_mf = fragment & 0x8000 ~= 0, fragment & 0x4000 ~= 0, fragment & 0x2000 ~= 0
  self.ip_off, self.ip_ttl, self.ip_p, self.ip_sum = fragment & 0x1fff, ttl, protocol, sum
  self.ip_bin_src, self.ip_bin_dst = self:raw(12, 4), self:raw(16, 4)
  self.ip_src, self.ip_dst = ipOps.str_to_ip(self.ip_bin_src), ipOps.str_to_ip(self.ip_bin_dst)
  self.ip_opt_offset, self.ip_data_offset = 20, size
  self.ip_options = self:parse_options(20, size - 20)
  return true
end

--- Reads the IP header. The first four bits say which version it is.
-- @name Packet.ip_parse
-- @param force_continue Not used; what is cut off is not read.
-- @return True if there is one, otherwise false.
function ip.ip_parse (self, force_continue)
  if not has(self, 0, 20) then
    return false
  end
  local version = self:u8(0) >> 4
  if version == 4 then
    return ip4_parse(self)
  elseif version == 6 then
    return self:ip6_parse(force_continue)
  end
  return false
end

local EXTENSIONS = {
  [numbers.IPPROTO_HOPOPTS] = true, [numbers.IPPROTO_ROUTING] = true, [numbers.IPPROTO_DSTOPTS] = true,
  [numbers.IPPROTO_FRAGMENT] = true,
}

--- Tells whether what follows a header of IPv6 is another of its own headers.
-- @name Packet.ipv6_is_extension_header
-- @param ext_header_type Number. Default: the field <code>ip6_nhdr</code>.
-- @return True or nil.
function ip.ipv6_is_extension_header (self, ext_header_type)
  return EXTENSIONS[ext_header_type or self.ip6_nhdr]
end

--- Goes over the headers of IPv6 between the first and its contents.
-- @name Packet.ipv6_ext_header_parse
-- @param force_continue Not used.
function ip.ipv6_ext_header_parse (self, force_continue)
  local kind, at = self.ip6_nhdr, self.ip6_data_offset
  while EXTENSIONS[kind] and has(self, at, 8) do
    local size = 8
    if kind == numbers.IPPROTO_FRAGMENT then
      self.ip_off = self:u16(at + 2) >> 3
    else
      size = 8 * (self:u8(at + 1) + 1)
    end
    if not has(self, at, size) then
      break
    end
    kind, at = self:u8(at), at + size
  end
  self.ip_p, self.ip6_data_offset = kind, at
end

--- Reads the header of IPv6 and those that follow it.
-- @name Packet.ip6_parse
-- @param force_continue Not used.
-- @return True if there is one, otherwise false.
function ip.ip6_parse (self, force_continue)
  if not has(self, 0, 40) then
    return false
  end
  local first
  first, self.ip6_plen, self.ip6_nhdr, self.ip6_hlimt = string.unpack(">I4I2BB", self.buf)
  self.ip6, self.ip6_offset, self.ip_v = true, 0, 6
  self.ip6_tc, self.ip6_fl = first >> 20 & 0xff, first & 0xfffff
  self.ip_bin_src, self.ip_bin_dst = self:raw(8, 16), self:raw(24, 16)
  self.ip_src, self.ip_dst = ipOps.str_to_ip(self.ip_bin_src), ipOps.str_to_ip(self.ip_bin_dst)
  self.ip6_data_offset = 40
  self:ipv6_ext_header_parse(force_continue)
  return true
end

--- Offset of what the network layer carries.
function ip.content (self)
  return self.ip6 and self.ip6_data_offset or self.ip_data_offset
end

--- Sets the length of the payload.
-- @name Packet.ip6_set_plen
-- @param plen Bytes.
function ip.ip6_set_plen (self, plen)
  self:set_u16(self.ip6_offset + 4, plen)
  self.ip6_plen = plen
end

--- Sets the length of the header.
-- @name Packet.ip_set_hl
-- @param len Words of four bytes.
function ip.ip_set_hl (self, len)
  self:set_u8(self.ip_offset, self.ip_v << 4 | len & 0xf)
  self.ip_hl = len
end

--- Sets the length of the packet.
-- @name Packet.ip_set_len
-- @param len Bytes.
function ip.ip_set_len (self, len)
  self:set_u16(self.ip_offset + 2, len)
  self.ip_len = len
end

--- Sets the identification.
-- @name Packet.ip_set_id
-- @param id Number.
function ip.ip_set_id (self, id)
  self:set_u16(self.ip_offset + 4, id)
  self.ip_id = id
end

--- Sets the time to live.
-- @name Packet.ip_set_ttl
-- @param ttl Number.
function ip.ip_set_ttl (self, ttl)
  self:set_u8(self.ip_offset + 8, ttl)
  self.ip_ttl = ttl
end

--- Sets the checksum of the header.
-- @name Packet.ip_set_checksum
-- @param checksum Number.
function ip.ip_set_checksum (self, checksum)
  self:set_u16(self.ip_offset + 10, checksum)
  self.ip_sum = checksum
end

--- Counts and sets the checksum of the header.
-- @name Packet.ip_count_checksum
function ip.ip_count_checksum (self)
  self:ip_set_checksum(0)
  self:ip_set_checksum(in_cksum(self:raw(self.ip_offset, self.ip_hl * 4)))
end

local function set_address (self, bytes, at4, at6, name)
  replace(self, self.ip6 and self.ip6_offset + at6 or self.ip_offset + at4, bytes)
  self["ip_bin_" .. name], self["ip_" .. name] = bytes, ipOps.str_to_ip(bytes)
end

--- Sets the address that it is from.
-- @name Packet.ip_set_bin_src
-- @param nstr Bytes of the address.
function ip.ip_set_bin_src (self, nstr)
  set_address(self, nstr, 12, 8, "src")
end

--- Sets the address that it is for.
-- @name Packet.ip_set_bin_dst
-- @param nstr Bytes of the address.
function ip.ip_set_bin_dst (self, nstr)
  set_address(self, nstr, 16, 24, "dst")
end

--- Puts options in the header, and sets both lengths.
-- @name Packet.ip_set_options
-- @param ipoptions Bytes; zeros are added up to a multiple of four.
function ip.ip_set_options (self, ipoptions)
  ipoptions = ipoptions .. string.rep("\0", -#ipoptions % 4)
  local before = self.ip_hl * 4
  self.buf = self:raw(0, 20) .. ipoptions .. string.sub(self.buf, before + 1)
  local grown = 20 + #ipoptions - before
  self:ip_set_hl((20 + #ipoptions) // 4)
  self:ip_set_len(self.ip_len + grown)
  self.packet_len, self.ip_data_offset = self.packet_len + grown, self.ip_data_offset + grown
  self.ip_options = self:parse_options(20, #ipoptions)
  for _, name in ipairs({ "tcp_offset", "tcp_opt_offset", "tcp_data_offset", "udp_offset", "icmp_offset" }) do
    self[name] = self[name] and self[name] + grown
  end
end

--- The addresses as text.
-- @name Packet.ip_tostring
-- @return Text.
function ip.ip_tostring (self)
  return string.format("IP %s -> %s", self.ip_src, self.ip_dst)
end

--
-- ICMP
--

--- Reads the ICMP header, and the packet that an error is about: field <code>icmp_payload</code>.
-- @name Packet.icmp_parse
-- @param force_continue Passed on.
-- @return True if there is one, otherwise false.
function ip.icmp_parse (self, force_continue)
  local at = ip.content(self)
  if not has(self, at, 8) then
    return false
  end
  self.icmp, self.icmp_offset = true, at
  self.icmp_type, self.icmp_code, self.icmp_sum = string.unpack(">BBI2", self.buf, at + 1)
  local is_error = self.icmp_type == 3 or self.icmp_type == 4 or self.icmp_type == 5 or self.icmp_type == 11
    or self.icmp_type == 12
  if is_error then
    -- What it carries carries nothing itself, so this does not go deeper.
    local inner = string.sub(self.buf, at + 9, self.packet_len)
    self.icmp_payload = #inner >= 20 and string.byte(inner, 10) ~= numbers.IPPROTO_ICMP
      and self.__index:new(inner, #inner, force_continue) or nil
  end
  return true
end

--- Type and code as text.
-- @name Packet.icmp_tostring
-- @return Text.
function ip.icmp_tostring (self)
  return string.format("%s ICMP type %d code %d", self:ip_tostring(), self.icmp_type, self.icmp_code)
end

--- Reads the ICMPv6 header.
-- @name Packet.icmpv6_parse
-- @param force_continue Not used.
-- @return True if there is one, otherwise false.
function ip.icmpv6_parse (self, force_continue)
  local at = ip.content(self)
  if not has(self, at, 4) then
    return false
  end
  self.icmpv6, self.icmpv6_offset = true, at
  self.icmpv6_type, self.icmpv6_code = self:u8(at), self:u8(at + 1)
  local kind = self.icmpv6_type
  if (kind == numbers.ND_NEIGHBOR_SOLICIT or kind == numbers.ND_NEIGHBOR_ADVERT) and has(self, at, 24) then
    self.ns_target = self:raw(at + 8, 16)
  end
  return true
end

--- Sets the checksum of ICMPv6.
-- @name bytes.set_icmp6_cksum
-- @param check Number.
function ip.set_icmp6_cksum (self, check)
  self:set_u16(ip.content(self) + 2, check)
end

return ip
