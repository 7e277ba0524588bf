---
-- Who listens to which groups of IPv6 on a link: multicast listener discovery.
--
-- Written from RFC 2710, sections 3 and 4, RFC 3810, section 5.2, and RFC 2711. Reports are bounded in number.
--
-- @usage
-- local reports = multicast.mld_query(interface, 10)
-- for address, found in pairs(multicast.mld_report_addresses(reports)) do … end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name multicast

local ipOps = require "ipOps"
local math = require "math"
local nmap = require "nmap"
local packet = require "packet"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs = ipairs

_ENV = stdnse.module("multicast", stdnse.seeall)

local QUERY, REPORT, REPORT_2 = 130, 131, 143
local ALL_NODES = "\xff\2" .. string.rep("\0", 13) .. "\1"
local ALL_NODES_MAC = "\x33\x33\0\0\0\1"
-- The option for routers, a filler, and the number of ICMPv6 before them (RFC 2711).
local ROUTER_ALERT = string.pack("BB", packet.IPPROTO_ICMPV6, 0) .. "\5\2\0\0\1\0"

local MAX_REPORTS, MAX_GROUPS = 4096, 256

-- A query for all groups, in a frame.
local function query_of (interface)
  local asked = packet.Packet:new()
  asked:build_icmpv6_header(QUERY, 0, string.pack(">I2I2c16", 1, 0, ""), ipOps.ip_to_str(interface.address), ALL_NODES)
  asked:build_ipv6_packet(nil, nil, packet.IPPROTO_HOPOPTS, ROUTER_ALERT .. asked.l4_packet, 1, 0, 0)
  local frame = packet.Frame:new()
  frame:build_ether_frame(ALL_NODES_MAC, interface.mac, packet.ETHER_TYPE_IPV6, asked.buf)
  return frame.frame_buf
end

-- The kind of a message of ICMPv6 behind the headers of IPv6, and where it begins; nil if it is another.
local function kind_of (l3)
  local at = l3.ip6_data_offset
  if l3.ip_v == 6 and l3.ip_p == packet.IPPROTO_ICMPV6 and at and #l3.buf >= at + 8 then
    return string.byte(l3.buf, at + 1), at
  end
end

--- Asks all nodes of a link which groups they listen to. The answers are kept: who asks again gets them at once.
-- @param if_nfo Interface, as of <code>nmap.list_interfaces</code>, with an address of IPv6 and of Ethernet.
-- @param arg_timeout How long to wait for answers, in seconds. Default: 10.
-- @return Array of reports, each an array of the interface's name, the frame (<code>packet.Frame</code>) and the packet
--         (<code>packet.Packet</code>).
function mld_query (if_nfo, arg_timeout)
  local mutex = nmap.mutex("multicast " .. if_nfo.device)
  mutex "lock"
  nmap.registry.multicast = nmap.registry.multicast or {}
  local reports = nmap.registry.multicast[if_nfo.device]
  if reports then
    mutex "done"
    return reports
  end
  reports = {}
  nmap.registry.multicast[if_nfo.device] = reports
  local socket, sender = nmap.new_socket(), nmap.new_dnet()
  socket:pcap_open(if_nfo.device, 1500, false, "ip6")
  sender:ethernet_open(if_nfo.device)
  sender:ethernet_send(query_of(if_nfo))
  sender:ethernet_close()
  local ends = nmap.clock_ms() + (arg_timeout or 10) * 1000
  local left = ends - nmap.clock_ms()
  while left > 0 and #reports < MAX_REPORTS do
    socket:set_timeout(math.ceil(left))
    local status, _, l2, l3 = socket:pcap_receive()
    local heard = status and packet.Packet:new(l3, #l3)
    local kind = heard and kind_of(heard)
    -- What this host says of itself is no news.
    if (kind == REPORT or kind == REPORT_2) and string.sub(l2, 7, 12) ~= if_nfo.mac then
      reports[#reports + 1] = { if_nfo.device, packet.Frame:new(l2 .. l3), heard }
    end
    left = ends - nmap.clock_ms()
  end
  socket:pcap_close()
  mutex "done"
  return reports
end

-- Groups of a report (RFC 2710, section 3; RFC 3810, section 5.2).
local function groups_of (l3)
  local kind, at = kind_of(l3)
  local data, groups = l3.buf, {}
  if kind == REPORT and #data >= at + 24 then
    groups[1] = string.sub(data, at + 9, at + 24)
  elseif kind == REPORT_2 then
    local count = math.min(string.unpack(">I2", data, at + 7), MAX_GROUPS)
    at = at + 9
    while #groups < count and #data >= at + 19 do
      local more, sources, group = string.unpack(">xBI2c16", data, at)
      groups[#groups + 1] = group
      at = at + 20 + sources * 16 + more * 4
    end
  end
  return groups
end

--- Tells who listens to what.
-- @param reports As of <code>mld_query</code>.
-- @return Table: address of a node to a table with <code>device</code>, <code>mac</code> (text) and
--         <code>multicast_ips</code>, an array of addresses.
function mld_report_addresses (reports)
  local nodes = {}
  for _, report in ipairs(reports) do
    local device, l2, l3 = report[1], report[2], report[3]
    local node = nodes[l3.ip_src] or { device = device, mac = stdnse.format_mac(l2.mac_src), multicast_ips = {}, seen = {} }
    nodes[l3.ip_src] = node
    for _, group in ipairs(groups_of(l3)) do
      if not node.seen[group] and #node.multicast_ips < MAX_GROUPS then
        node.seen[group] = true
        node.multicast_ips[#node.multicast_ips + 1] = ipOps.str_to_ip(group)
      end
    end
  end
  for _, node in pairs(nodes) do
    node.seen = nil
  end
  return nodes
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local interface = { address = "fe80::1", mac = "\2\0\0\0\0\1", device = "eth0" }
local query = query_of(interface)
local asked = packet.Packet:new(string.sub(query, 15))
test_suite:add_test(unittest.equal(asked.ip_dst, "ff02::1"), "whom a query is for")
test_suite:add_test(unittest.equal((kind_of(asked)), QUERY), "a query")
test_suite:add_test(unittest.equal(#asked.buf, 40 + 8 + 24), "its length")

local function report_of (kind, body)
  local made = packet.Packet:new()
  made:build_icmpv6_header(kind, 0, body, ipOps.ip_to_str("fe80::2"), ALL_NODES)
  made:build_ipv6_packet(nil, nil, packet.IPPROTO_HOPOPTS, ROUTER_ALERT .. made.l4_packet, 1, 0, 0)
  return { "eth0", { mac_src = "\2\0\0\0\0\2" }, packet.Packet:new(made.buf) }
end
local group, other = ipOps.ip_to_str("ff02::fb"), ipOps.ip_to_str("ff02::c")
local function heard (...)
  local node = mld_report_addresses({ ... })["fe80::2"]
  return node and node.multicast_ips
end
local first = report_of(REPORT, "\0\0\0\0" .. group)
local second = report_of(REPORT_2, string.pack(">I2I2", 0, 2) .. string.pack(">BBI2", 4, 0, 1) .. group .. other .. string.pack(">BBI2", 4, 0, 0) .. other)
test_suite:add_test(unittest.identical(heard(first), { "ff02::fb" }), "a group")
test_suite:add_test(unittest.identical(heard(first, second), { "ff02::fb", "ff02::c" }), "groups of two reports")
test_suite:add_test(unittest.equal(mld_report_addresses({ first })["fe80::2"].device, "eth0"), "where it was heard")
test_suite:add_test(unittest.identical(heard(report_of(REPORT, "\0\0\0\0" .. "short")), {}), "a report that is cut off")
test_suite:add_test(unittest.identical(heard(report_of(REPORT_2, string.pack(">I2I2", 0, 0xffff) .. string.pack(">BBI2", 4, 255, 0xffff) .. group)), { "ff02::fb" }), "counts that cannot be")
return _ENV
