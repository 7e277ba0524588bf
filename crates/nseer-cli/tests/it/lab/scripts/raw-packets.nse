-- Raw packets over a cable to 10.99.0.2 (RFC 826, 791, 792, 4443) and over the loopback.
description = [[Sends requests that it made itself and shows the captured answers.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

local stdnse = require "stdnse"

prerule = function() return true end

-- The Internet checksum (RFC 1071).
local function checksum(data)
  local sum = 0
  for at = 1, #data - 1, 2 do
    sum = sum + string.unpack(">I2", data, at)
  end
  while sum > 0xffff do
    sum = (sum >> 16) + (sum & 0xffff)
  end
  return string.pack(">I2", ~sum & 0xffff)
end

local function v4(text)
  return string.char(text:match("(%d+)%.(%d+)%.(%d+)%.(%d+)"))
end

-- An ICMP echo request with its IPv4 header, whose checksum the kernel fills in.
local function echo(from, to, id)
  local rest = string.pack(">I2I2", id, 1) .. "data"
  local icmp = "\8\0" .. checksum("\8\0\0\0" .. rest) .. rest
  return string.pack(">I1I1I2I2I2I1I1I2", 0x45, 0, 20 + #icmp, id, 0, 64, 1, 0) ..
    v4(from) .. v4(to) .. icmp
end

local function echo6(from, to, id)
  local rest = string.pack(">I2I2", id, 1) .. "data"
  local pseudo = from .. to .. string.pack(">I4I4", 8 + 4, 58)
  local icmp = "\128\0" .. checksum(pseudo .. "\128\0\0\0" .. rest) .. rest
  return string.pack(">I4I2I1I1", 0x60000000, #icmp, 58, 64) .. from .. to .. icmp
end

local function open(device, filter)
  local socket = nmap.new_socket()
  socket:set_timeout(20000)
  socket:pcap_open(device, 1500, false, filter)
  return socket
end

local lines

local function say(...)
  lines[#lines + 1] = table.concat({...}, " ")
end

local function told(ok, ...)
  return tostring(ok) .. " " .. tostring((...))
end

local function arp(interface)
  local socket = open("near", "arp[6:2] = 2 and ether dst " .. stdnse.format_mac(interface.mac))
  local dnet = nmap.new_dnet()
  dnet:ethernet_open("near")
  local request = ("\xff"):rep(6) .. interface.mac .. "\x08\x06\0\1\x08\0\6\4\0\1" ..
    interface.mac .. v4("10.99.0.1") .. ("\0"):rep(6) .. v4("10.99.0.2")
  say("arp", tostring(dnet:ethernet_send(request)))
  local ok, length, link, rest, time = socket:pcap_receive()
  say("arp", tostring(ok), length, #link, #rest, math.type(time))
  say("arp", stdnse.tohex(link), stdnse.tohex(rest:sub(9, 18)))
  say("arp", tostring(math.abs(nmap.clock() - time) < 100))
  say("arp", tostring(dnet:ethernet_close()), tostring(socket:pcap_close()))
end

local function icmp()
  local matching = open("near", "icmp[icmptype] = icmp-echoreply and src host 10.99.0.2")
  local other = open("near", "udp or tcp port 7 or icmp6")
  local dnet = nmap.new_dnet()
  dnet:ip_open()
  say("icmp", tostring(dnet:ip_send(echo("10.99.0.1", "10.99.0.2", 7))))
  local ok, length, link, rest = matching:pcap_receive()
  say("icmp", tostring(ok), length, #link, stdnse.tohex(rest:sub(21, 22) .. rest:sub(25)))
  -- The packet is already there, and not for this one.
  other:set_timeout(1)
  say("icmp other", told(other:pcap_receive()))
  -- The destination of the call counts, not that of the packet.
  say("icmp", tostring(dnet:ip_send(echo("10.99.0.1", "10.99.0.2", 8), {ip = "10.99.0.2"})))
  ok, length, link, rest = matching:pcap_receive()
  say("icmp", tostring(ok), stdnse.tohex(rest:sub(25, 26)))
  say("icmp", told(dnet:ip_send(echo("10.99.0.1", "10.98.0.2", 9))))
  say("icmp", tostring(dnet:ip_close()), told(dnet:ip_close()))
end

local function short()
  local socket, dnet = nmap.new_socket(), nmap.new_dnet()
  socket:pcap_open("near", 40, true, "icmp and dst host 10.99.0.1")
  dnet:ip_open()
  dnet:ip_send(echo("10.99.0.1", "10.99.0.2", 12))
  local ok, length, link, rest = socket:pcap_receive()
  say("short", tostring(ok), length, #link, #rest)
end

local function icmp6()
  local socket = open("near", "icmp6 and ip6[40] = 129 and src host fd99::2")
  local dnet = nmap.new_dnet()
  dnet:ip_open()
  local near, far = "\xfd\x99" .. ("\0"):rep(13) .. "\1", "\xfd\x99" .. ("\0"):rep(13) .. "\2"
  say("icmp6", tostring(dnet:ip_send(echo6(near, far, 10), "fd99::2")))
  local ok, length, link, rest = socket:pcap_receive()
  say("icmp6", tostring(ok), length, #link, stdnse.tohex(rest:sub(45)))
end

local function loopback()
  local socket = open("lo", "icmp")
  local dnet = nmap.new_dnet()
  dnet:ip_open()
  dnet:ip_send(echo("127.0.0.1", "127.0.0.1", 11))
  for _ = 1, 2 do
    local ok, length, link, rest = socket:pcap_receive()
    say("lo", tostring(ok), length, #link, rest:byte(21))
  end
  socket:set_timeout(1)
  say("lo", told(socket:pcap_receive()))
end

-- The text of an error, without the places that differ from program to program.
local function failure(f, ...)
  local ok, text = pcall(f, ...)
  return tostring(ok) .. " " .. tostring(text):gsub("^.-:%d+: ", ""):gsub("'[%w_]+'", "'?'")
end

local function mistakes()
  local socket, dnet = nmap.new_socket(), nmap.new_dnet()
  say(failure(function() socket:pcap_receive() end))
  say(failure(function() socket:pcap_open("none0", 100, false, "") end))
  say(failure(function() socket:pcap_open("near", 100, false, "foo bar") end))
  say(failure(socket.pcap_open, nil, "near", 100, false, "ip"))
  socket:pcap_open("near", 100, false, "ip")
  say(failure(function() socket:send("x") end))
  say(failure(function() socket:receive() end))
  say(tostring(socket:close()), told(socket:close()))
  say(failure(function() dnet:ethernet_send("x") end))
  say(failure(function() dnet:ip_send("x") end))
  dnet:ip_open()
  say(failure(function() dnet:ip_send("x") end))
  say(told(dnet:ip_close()), told(dnet:ip_close()), told(dnet:ethernet_close()))
  for _, device in ipairs({"lo", "none0"}) do
    say(failure(function() dnet:ethernet_open(device) end))
  end
end

local function told_of(name)
  local info = nmap.get_interface_info(name)
  say(name, info.link, info.up, info.address, info.netmask, stdnse.tohex(info.mac or ""))
  return info
end

action = function()
  lines = {}
  told_of("lo")
  local interface = told_of("near")
  arp(interface)
  icmp()
  short()
  icmp6()
  loopback()
  mistakes()
  return "\n" .. table.concat(lines, "\n")
end
