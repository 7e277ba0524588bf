local datetime = require "datetime"
local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local string = require "string"

description = [[
Asks an SNMP agent what system it runs on, and for how long.
]]

---
-- Reads sysDescr and sysUpTime (RFC 3418).
--
-- @usage nseer -sU -p 161 --script snmp-sysdescr <target>
-- @output
-- 161/udp open  snmp
-- | snmp-sysdescr: Linux printer 4.19.0
-- |_  System uptime: 2d03h04m05.00s (18384500 timeticks)

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"snmp-brute"}

portrule = shortport.port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

local SYS_DESCR, SYS_UPTIME = "1.3.6.1.2.1.1.1.0", "1.3.6.1.2.1.1.3.0"

-- The first value that an agent has at a name.
local function ask (agent, name)
  local status, values = agent:get(nil, name)
  return status and values[1] and values[1][1]
end

action = function (host, port)
  local agent = snmp.Helper:new(host, port)
  if not agent:connect() then
    return nil
  end
  local description_text = ask(agent, SYS_DESCR)
  if type(description_text) ~= "string" then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local ticks = ask(agent, SYS_UPTIME)
  if type(ticks) ~= "number" then
    return description_text
  end
  return string.format("%s\n  System uptime: %s (%d timeticks)", description_text,
    datetime.format_time(ticks, 100), ticks)
end
