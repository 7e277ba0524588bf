local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Lists the processes that an SNMP agent tells of, with their programs and parameters.
]]

---
-- Reads hrSWRunTable (RFC 2790).
--
-- @usage nseer -sU -p 161 --script snmp-processes <target>
-- @output
-- 161/udp open  snmp
-- | snmp-processes:
-- |   1:
-- |     Name: init
-- |     Path: /sbin/init
-- |_    Params: --switched-root

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"snmp-brute"}

portrule = shortport.port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

local TABLE = "1.3.6.1.2.1.25.4.2.1."
local COLUMNS = { { 2, "Name" }, { 4, "Path" }, { 5, "Params" } }

action = function (host, port)
  local agent = snmp.Helper:new(host, port)
  if not agent:connect() then
    return nil
  end
  local processes, any = stdnse.output_table(), false
  for _, column in ipairs(COLUMNS) do
    local base = TABLE .. column[1]
    local status, rows = agent:walk(base)
    if not status then
      break
    end
    for _, row in ipairs(rows) do
      local id = string.sub(row.oid, #base + 2)
      local process = processes[id] or stdnse.output_table()
      if not processes[id] and column[1] == 2 then
        processes[id], any = process, true
      end
      if type(row.value) == "string" and row.value ~= "" then
        process[column[2]] = row.value
      end
    end
  end
  if not any then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  return processes
end
