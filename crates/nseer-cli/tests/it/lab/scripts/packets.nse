-- What the library packet reads in packets, changes and makes, and what datafiles makes of a list: all that can be
-- seen of it.
description = "Shows packets."
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

local packet = require "packet"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

prerule = function () return true end

local hex = stdnse.fromhex

local function shown (value)
  if type(value) == "string" and string.find(value, "[^ -~]") then
    return "0x" .. stdnse.tohex(value)
  end
  return tostring(value)
end

local function add (lines, indent, value)
  local names = {}
  for name, entry in pairs(value) do
    if type(entry) ~= "function" and entry ~= packet.Packet and name ~= "__index" then
      names[#names + 1] = name
    end
  end
  table.sort(names, function (a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do
    if type(value[name]) == "table" then
      lines[#lines + 1] = indent .. name .. ":"
      add(lines, indent .. "  ", value[name])
    else
      lines[#lines + 1] = indent .. name .. " = " .. shown(value[name])
    end
  end
end

local IP4 = "450000%02x1c464000 40%02x b1e6c0a80001c0a800c7"

local function ip4 (protocol, carried)
  local bytes = hex((string.gsub(carried, " ", "")))
  local head = string.format(IP4, 20 + #bytes, protocol)
  return hex((string.gsub(head, " ", ""))) .. bytes
end

local TCP = "00140050 01020304 00000000 a002ffff 00000000 020405b4 0402080a 0000000a 00000000 01030307"
local ECHO6 = "6000000000103a40fe800000000000000000000000000001fe800000000000000000000000000002"
  .. "8000ffff000100026162636465666768"

local READ = {
  ip4(6, TCP), ip4(17, "00140035 000c0000 61626364"), ip4(1, "0800f7ff 00010002 61626364"), (hex(ECHO6)),
}

local function made (build)
  local p = packet.Packet:new()
  p.mac_src, p.mac_dst = packet.mactobin("01:02:03:04:05:06"), packet.mactobin("08:0b:0c:0d:0e:0f")
  p.echo_id, p.echo_seq, p.echo_data = 5, 6, "hi"
  build(p)
  local frame = packet.Frame:new()
  frame:build_ether_frame(p.mac_dst, p.mac_src, p.ether_type, p.buf)
  return frame.frame_buf
end

action = function ()
  local lines = {}
  for _, bytes in ipairs(READ) do
    lines[#lines + 1] = "read"
    add(lines, "  ", packet.Packet:new(bytes, #bytes))
  end
  local changed = packet.Packet:new(READ[1], #READ[1])
  changed:tcp_set_dport(443)
  changed:tcp_set_flags(0x12)
  changed:tcp_set_seq(7)
  changed:tcp_count_checksum()
  changed:ip_set_ttl(2)
  changed:ip_set_bin_src(hex("0a000001"))
  changed:ip_count_checksum()
  lines[#lines + 1] = "changed " .. shown(changed.buf)
  lines[#lines + 1] = "echo " .. shown(made(function (p)
    p.ip_bin_src, p.ip_bin_dst = hex("c0a80001"), hex("c0a80002")
    p:build_icmp_echo_request()
    p:build_icmp_header()
    p:build_ip_packet()
  end))
  lines[#lines + 1] = "echo " .. shown(made(function (p)
    p.ip_bin_src, p.ip_bin_dst = packet.mac_to_lladdr(p.mac_src), packet.mac_to_lladdr(p.mac_dst)
    p:build_icmpv6_echo_request()
    p:build_icmpv6_header()
    p:build_ipv6_packet()
  end))
  lines[#lines + 1] = "option " .. shown(packet.Packet:set_icmpv6_option(packet.ND_OPT_SOURCE_LINKADDR, "abcdef"))
  return table.concat(lines, "\n")
end
