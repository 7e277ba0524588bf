local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local string = require "string"
local tab = require "tab"

description = [[
Lists the connections and listening ports that an SNMP agent tells of.
]]

---
-- Reads tcpConnTable (RFC 4022, section 2, the deprecated part, IPv4) and udpTable (RFC 4113).
--
-- @usage nseer -sU -p 161 --script snmp-netstat <target>
-- @output
-- 161/udp open  snmp
-- | snmp-netstat:
-- |   TCP  0.0.0.0:5432      0.0.0.0:0
-- |   TCP  192.0.2.1:5432    192.0.2.9:50112
-- |_  UDP  0.0.0.0:161       *:*

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"snmp-brute"}

portrule = shortport.port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

local TCP, UDP = "1.3.6.1.2.1.6.13.1.1", "1.3.6.1.2.1.7.5.1.1"

-- Address, port, and what is left of "192.0.2.1.22…".
local function endpoint (index)
  local ip, number, rest = string.match(index, "^(%d+%.%d+%.%d+%.%d+)%.(%d+)%.?(.*)$")
  return ip and ip .. ":" .. number, rest
end

action = function (host, port)
  local agent = snmp.Helper:new(host, port)
  if not agent:connect() then
    return nil
  end
  local out, any = tab.new(), false
  local function row (...)
    tab.addrow(out, ...)
    any = true
  end
  local _, rows = agent:walk(TCP)
  for _, entry in ipairs(rows) do
    local here, rest = endpoint(string.sub(entry.oid, #TCP + 2))
    local there = here and endpoint(rest)
    if there then
      row("TCP", here, there)
    end
  end
  local _, listening = agent:walk(UDP)
  for _, entry in ipairs(listening) do
    local here = endpoint(string.sub(entry.oid, #UDP + 2))
    if here then
      row("UDP", here, "*:*")
    end
  end
  if not any then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  return "\n  " .. string.gsub(tab.dump(out), "\n", "\n  ")
end
