---
-- The part of <code>packet</code> that makes packets.
--
-- Written from RFC 791 (IPv4), RFC 792 (ICMP), RFC 8200 (IPv6), RFC 4443 (ICMPv6), RFC 4861 (options of neighbour
-- discovery) and RFC 1071 (checksums).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name packet

local numbers = require "packet.numbers"
local string = require "string"

local build = {}

--- Checksum of the Internet.
-- @name in_cksum
-- @param b Bytes; a last odd one counts as if a zero followed.
-- @return Number of 16 bits.
function build.in_cksum (b)
  local sum = 0
  for at = 1, #b - 1, 2 do
    sum = sum + string.unpack(">I2", b, at)
  end
  if #b % 2 == 1 then
    sum = sum + (string.byte(b, -1) << 8)
  end
  while sum > 0xffff do
    sum = (sum >> 16) + (sum & 0xffff)
  end
  return ~sum & 0xffff
end

local in_cksum = build.in_cksum

--- Checksum of what a packet of IPv6 carries, with the addresses that it covers.
-- @name Packet.count_ipv6_pseudoheader_cksum
-- @return Number of 16 bits. It is of the fields <code>ip_bin_src</code>, <code>ip_bin_dst</code>,
--         <code>ip6_nhdr</code> and <code>l4_packet</code>.
function build.count_ipv6_pseudoheader_cksum (self)
  local content = self.l4_packet or ""
  return in_cksum(self.ip_bin_src .. self.ip_bin_dst .. string.pack(">I4I4", #content, self.ip6_nhdr) .. content)
end

--- Makes what an ICMP echo request carries, out of <code>echo_id</code>, <code>echo_seq</code> and
-- <code>echo_data</code>.
-- @name Packet.build_icmp_echo_request
function build.build_icmp_echo_request (self)
  self.icmp_type, self.icmp_code = numbers.ICMP_ECHO_REQUEST, 0
  self.icmp_payload = string.pack(">I2I2", self.echo_id or 0, self.echo_seq or 0) .. (self.echo_data or "")
end

--- Makes what an ICMPv6 echo request carries, out of the same fields.
-- @name Packet.build_icmpv6_echo_request
function build.build_icmpv6_echo_request (self)
  self.icmpv6_type, self.icmpv6_code = numbers.ICMP6_ECHO_REQUEST, 0
  self.icmpv6_payload = string.pack(">I2I2", self.echo_id or 0, self.echo_seq or 0) .. (self.echo_data or "")
end

--- Puts an ICMP header before its payload: the field <code>l3_packet</code>. Each argument may be left out where the
-- field of its name is set.
-- @name Packet.build_icmp_header
-- @param icmp_type Type.
-- @param icmp_code Code.
-- @param icmp_payload Payload.
-- @param ip_bin_src Address, not part of it.
-- @param ip_bin_dst Address, not part of it.
function build.build_icmp_header (self, icmp_type, icmp_code, icmp_payload, ip_bin_src, ip_bin_dst)
  self.ip_bin_src, self.ip_bin_dst = ip_bin_src or self.ip_bin_src, ip_bin_dst or self.ip_bin_dst
  self.icmp_type, self.icmp_code = icmp_type or self.icmp_type, icmp_code or self.icmp_code or 0
  self.icmp_payload = icmp_payload or self.icmp_payload or ""
  local head = string.pack("BB", self.icmp_type, self.icmp_code)
  self.ip_p = numbers.IPPROTO_ICMP
  self.l3_packet = head .. string.pack(">I2", in_cksum(head .. "\0\0" .. self.icmp_payload)) .. self.icmp_payload
end

--- Puts an ICMPv6 header before its payload: the field <code>l4_packet</code>. Each argument may be left out where
-- the field of its name is set.
-- @name Packet.build_icmpv6_header
-- @param icmpv6_type Type.
-- @param icmpv6_code Code.
-- @param icmpv6_payload Payload.
-- @param ip_bin_src Address that is sent from.
-- @param ip_bin_dst Address that is sent to.
function build.build_icmpv6_header (self, icmpv6_type, icmpv6_code, icmpv6_payload, ip_bin_src, ip_bin_dst)
  self.ip_bin_src, self.ip_bin_dst = ip_bin_src or self.ip_bin_src, ip_bin_dst or self.ip_bin_dst
  self.icmpv6_type, self.icmpv6_code = icmpv6_type or self.icmpv6_type, icmpv6_code or self.icmpv6_code or 0
  self.icmpv6_payload = icmpv6_payload or self.icmpv6_payload or ""
  self.ip6_nhdr = numbers.IPPROTO_ICMPV6
  local head = string.pack("BB", self.icmpv6_type, self.icmpv6_code)
  self.l4_packet = head .. "\0\0" .. self.icmpv6_payload
  self.l4_packet = head .. string.pack(">I2", build.count_ipv6_pseudoheader_cksum(self)) .. self.icmpv6_payload
end

--- Puts an IPv4 header before its payload: the field <code>buf</code>. Each argument may be left out where the field
-- of its name is set.
-- @name Packet.build_ip_packet
-- @param src Address that is sent from, 4 bytes.
-- @param dst Address that is sent to, 4 bytes.
-- @param payload Payload. Default: the field <code>l3_packet</code>.
-- @param dsf Differentiated services.
-- @param id Identification.
-- @param flags The three flags.
-- @param off Offset of a fragment.
-- @param ttl Time to live. Default: 255.
-- @param proto Protocol of the payload.
function build.build_ip_packet (self, src, dst, payload, dsf, id, flags, off, ttl, proto)
  self.ether_type, self.ip_v = numbers.ETHER_TYPE_IPV4, 4
  self.ip_bin_src, self.ip_bin_dst = src or self.ip_bin_src, dst or self.ip_bin_dst
  self.l3_packet = payload or self.l3_packet or ""
  self.ip_dsf, self.ip_id = dsf or self.ip_dsf or 0, id or self.ip_id or 0xbeef
  self.flags, self.ip_off = flags or self.flags or 0, off or self.ip_off or 0
  self.ip_ttl, self.ip_p = ttl or self.ip_ttl or 255, proto or self.ip_p
  local first = string.pack(">BBI2I2I2BB", 0x45, self.ip_dsf, 20 + #self.l3_packet, self.ip_id,
    self.flags << 13 | self.ip_off & 0x1fff, self.ip_ttl, self.ip_p)
  local addresses = self.ip_bin_src .. self.ip_bin_dst
  self.buf = first .. string.pack(">I2", in_cksum(first .. "\0\0" .. addresses)) .. addresses .. self.l3_packet
end

--- Puts an IPv6 header before its payload: the field <code>buf</code>. Each argument may be left out where the field
-- of its name is set.
-- @name Packet.build_ipv6_packet
-- @param src Address that is sent from, 16 bytes.
-- @param dst Address that is sent to, 16 bytes.
-- @param nx_hdr What the payload begins with.
-- @param payload Payload. Default: the field <code>exheader</code> and then <code>l4_packet</code>.
-- @param h_limit Hop limit. Default: 255.
-- @param traffic_class Traffic class. Default: 1.
-- @param flow_label Flow label. Default: 1.
function build.build_ipv6_packet (self, src, dst, nx_hdr, payload, h_limit, traffic_class, flow_label)
  self.ether_type, self.ip_v = numbers.ETHER_TYPE_IPV6, 6
  self.ip_bin_src, self.ip_bin_dst = src or self.ip_bin_src, dst or self.ip_bin_dst
  self.ip6_nhdr = nx_hdr or self.ip6_nhdr
  self.l4_packet = payload or self.l4_packet or ""
  self.ip6_hlimit = h_limit or self.ip6_hlimit or 255
  self.traffic_class = traffic_class or self.traffic_class or 1
  self.flow_label = flow_label or self.flow_label or 1
  self.ip6_tc, self.ip6_fl = self.traffic_class, self.flow_label
  local content = (self.exheader or "") .. self.l4_packet
  self.ip6_plen = #content
  self.buf = string.pack(">I4I2BB", 6 << 28 | (self.ip6_tc & 0xff) << 20 | self.ip6_fl & 0xfffff, #content,
    self.ip6_nhdr, self.ip6_hlimit) .. self.ip_bin_src .. self.ip_bin_dst .. content
end

--- Makes an option of neighbour discovery.
-- @name Packet.set_icmpv6_option
-- @param opt_type Type of the option.
-- @param msg Its contents; zeros are added up to a multiple of eight bytes.
-- @return The option.
function build.set_icmpv6_option (self, opt_type, msg)
  local fill = -(#msg + 2) % 8
  return string.pack("BB", opt_type, (#msg + 2 + fill) // 8) .. msg .. string.rep("\0", fill)
end

return build
