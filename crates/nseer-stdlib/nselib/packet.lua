---
-- Packets of Ethernet, IPv4, IPv6, TCP, UDP, ICMP and ICMPv6: reading, changing and making them.
--
-- Written from IEEE 802.3, RFC 791, RFC 8200, RFC 9293, RFC 768, RFC 792, RFC 4443 and RFC 1071. Offsets in fields
-- count from 0. A header that is cut off is not read, and what would follow is not looked for.
--
-- @usage
-- local p = packet.Packet:new(layer3, #layer3)
-- if p and p.tcp then
--   print(p.ip_src, p.tcp_sport, p.tcp_th_syn)
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name packet

local build = require "packet.build"
local bytes = require "packet.bytes"
local ip = require "packet.ip"
local numbers = require "packet.numbers"
local stdnse = require "stdnse"
local string = require "string"
local transport = require "packet.transport"
local unittest = require "unittest"

_ENV = stdnse.module("packet", stdnse.seeall)

for name, value in pairs(numbers) do
  _ENV[name] = value
end

in_cksum = build.in_cksum

--- A MAC address as bytes.
-- @param str Hexadecimal digits with a colon between two.
-- @return Six bytes; nil if the text is no address.
function mactobin (str)
  local digits = string.gsub(str or "00:00:00:00:00:00", ":", "")
  return #digits == 12 and stdnse.fromhex(digits) or nil
end

--- The address of IPv6 that a host gives itself on its link (RFC 4291, appendix A).
-- @param mac Six bytes.
-- @return 16 bytes; nil if it is no MAC address.
function mac_to_lladdr (mac)
  if not mac or #mac ~= 6 then
    return nil
  end
  local first = string.byte(mac) ~ 2
  return "\xfe\x80\0\0\0\0\0\0" .. string.char(first) .. string.sub(mac, 2, 3) .. "\xff\xfe" .. string.sub(mac, 4)
end

--
-- Packets
--

--- A packet from its network layer on.
-- @class table
-- @name Packet
Packet = {}
Packet.__index = Packet
for _, part in ipairs({ build, bytes, ip, transport }) do
  for name, value in pairs(part) do
    Packet[name] = value
  end
end

local PARSERS = {}

--- Makes a packet.
-- @name Packet.new
-- @param packet Bytes from the network layer on. Without them, the packet is empty and for making one.
-- @param packet_len How many of them count. Default: all.
-- @param force_continue True to give a packet even where its network layer cannot be read.
-- @return The packet, with fields for what was read: <code>ip_src</code>, <code>tcp_sport</code> and so on; nil if
--         its network layer cannot be read.
function Packet:new (packet, packet_len, force_continue)
  local new = setmetatable({}, self)
  if not packet then
    return new
  end
  new.buf, new.packet_len = packet, packet_len or #packet
  if not (new:ip_parse(force_continue) or force_continue) then
    return nil
  end
  local parse = PARSERS[new.ip_p]
  -- Only the first fragment has the header of the next layer.
  if parse and new.ip_v == (parse.version or new.ip_v) and (new.ip_off or 0) == 0 then
    parse.read(new, force_continue)
  end
  return new
end

PARSERS[numbers.IPPROTO_TCP] = { read = Packet.tcp_parse }
PARSERS[numbers.IPPROTO_UDP] = { read = Packet.udp_parse }
PARSERS[numbers.IPPROTO_ICMP] = { read = Packet.icmp_parse, version = 4 }
PARSERS[numbers.IPPROTO_ICMPV6] = { read = Packet.icmpv6_parse, version = 6 }

--- The packet in a line.
-- @name Packet.tostring
-- @return Text.
function Packet:tostring ()
  for _, name in ipairs({ "tcp", "udp", "icmp" }) do
    if self[name] then
      return self[name .. "_tostring"](self)
    end
  end
  return self.ip_src and self:ip_tostring() or "a packet"
end

--
-- Frames
--

--- A frame of Ethernet.
-- @class table
-- @name Frame
Frame = {}

local function of_frame (self, name)
  return Frame[name] or Packet[name]
end

--- Makes a frame. What it carries is read as by <code>Packet</code>, into the same table.
-- @name Frame.new
-- @param frame Bytes. Without them, the frame is empty and for making one.
-- @param force_continue As for <code>Packet</code>.
-- @return The frame.
function Frame:new (frame, force_continue)
  local new
  if frame and #frame >= 14 then
    new = Packet:new(string.sub(frame, 15), #frame - 14, true)
    new.frame_buf = frame
    Frame.ether_parse(new)
  else
    new = { frame_buf = frame }
  end
  return setmetatable(new, { __index = of_frame })
end

--- Reads addresses and type.
-- @name Frame.ether_parse
-- @return True if they are there, otherwise false.
function Frame:ether_parse ()
  if not self.frame_buf or #self.frame_buf < 14 then
    return false
  end
  self.mac_dst, self.mac_src, self.ether_type = string.unpack(">c6c6I2", self.frame_buf)
  return true
end

--- Puts addresses and type before a packet: the field <code>frame_buf</code>. Each argument may be left out where the
-- field of its name is set.
-- @name Frame.build_ether_frame
-- @param mac_dst Address that it is for, six bytes.
-- @param mac_src Address that it is from, six bytes.
-- @param ether_type Type, two bytes.
-- @param packet What it carries. Default: the field <code>buf</code>.
function Frame:build_ether_frame (mac_dst, mac_src, ether_type, packet)
  self.mac_dst, self.mac_src = mac_dst or self.mac_dst, mac_src or self.mac_src
  self.ether_type, self.buf = ether_type or self.ether_type, packet or self.buf
  self.frame_buf = self.mac_dst .. self.mac_src .. self.ether_type .. self.buf
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local syn = stdnse.fromhex("4500002c1c4640004006b1ecc0a80001c0a800c70014005001020304000000006002ffff00000000020405b4")
local p = Packet:new(syn)
test_suite:add_test(unittest.equal(p.ip_dst, "192.168.0.199"), "address")
test_suite:add_test(unittest.is_true(p.tcp_th_syn and not p.tcp_th_ack), "flags")
test_suite:add_test(unittest.equal(p.tcp_opt_mss, 1460), "an option")
test_suite:add_test(unittest.equal(p:tostring(), "TCP 192.168.0.1:20 -> 192.168.0.199:80"), "in a line")
p:tcp_set_dport(443)
p:ip_set_ttl(3)
p:ip_count_checksum()
p:tcp_count_checksum()
local again = Packet:new(p.buf)
test_suite:add_test(unittest.equal(again.tcp_dport, 443), "what was set is in the bytes")
test_suite:add_test(unittest.equal(in_cksum(string.sub(p.buf, 1, 20)), 0), "the header's checksum is right")
local pseudo = p.ip_bin_src .. p.ip_bin_dst .. string.pack(">I2I2", 6, #p.buf - 20)
test_suite:add_test(unittest.equal(in_cksum(pseudo .. string.sub(p.buf, 21)), 0), "so is that of TCP")
p:ip_set_options("\7\4\1\1")
test_suite:add_test(unittest.equal(Packet:new(p.buf).tcp_dport, 443), "after options, all is where it should be")
for length = 0, #syn do
  local cut = Packet:new(string.sub(syn, 1, length))
  test_suite:add_test(unittest.is_true(cut == nil or length >= 20), "cut off after " .. length)
end
local echo = Packet:new()
echo.ip_bin_src, echo.ip_bin_dst = mac_to_lladdr(mactobin("00:01:02:03:04:05")), string.rep("\0", 15) .. "\1"
echo.echo_data = "abc"
echo:build_icmpv6_echo_request()
echo:build_icmpv6_header()
echo:build_ipv6_packet()
local read = Packet:new(echo.buf)
test_suite:add_test(unittest.equal(read.icmpv6_type, ICMP6_ECHO_REQUEST), "what was made can be read")
test_suite:add_test(unittest.equal(read.ip_src, "fe80::201:2ff:fe03:405"), "the address of a link")
local frame = Frame:new()
frame:build_ether_frame("\1\2\3\4\5\6", "\6\5\4\3\2\1", ETHER_TYPE_IPV6, echo.buf)
local seen = Frame:new(frame.frame_buf)
test_suite:add_test(unittest.equal(seen.mac_src, "\6\5\4\3\2\1"), "a frame")
test_suite:add_test(unittest.is_true(seen.icmpv6), "and what it carries")
local jumbled = Packet:new(stdnse.fromhex("6000000000080040") .. string.rep("\0", 32) .. "\0\255\0\0\0\0\0\0")
test_suite:add_test(unittest.is_nil(jumbled.tcp), "a header longer than its packet")

return _ENV
