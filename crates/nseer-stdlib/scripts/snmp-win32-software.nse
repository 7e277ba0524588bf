local nmap = require "nmap"
local shortport = require "shortport"
local snmp = require "snmp"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists the installed software that an SNMP agent tells of, with the dates of installation.

In spite of the name, agents of other systems than Windows are asked as well.
]]

---
-- Reads hrSWInstalledTable (RFC 2790); its dates are DateAndTime of RFC 2579.
--
-- @usage nseer -sU -p 161 --script snmp-win32-software <target>
-- @output
-- 161/udp open  snmp
-- | snmp-win32-software:
-- |   editor_1.2; 2021-02-03T04:05:06
-- |_  shell_5.0; 2021-02-03T04:05:07
-- @xmloutput
-- <table>
--   <elem key="name">editor_1.2</elem>
--   <elem key="install_date">2021-02-03T04:05:06</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}
dependencies = {"snmp-brute"}

portrule = shortport.port_or_service(161, "snmp", "udp", {"open", "open|filtered"})

local NAME, DATE = "1.3.6.1.2.1.25.6.3.1.2", "1.3.6.1.2.1.25.6.3.1.5"

local function date_of (value)
  if type(value) ~= "string" or #value < 7 then
    return nil
  end
  return string.format("%04d-%02d-%02dT%02d:%02d:%02d", string.unpack(">I2BBBBB", value))
end

action = function (host, port)
  local agent = snmp.Helper:new(host, port)
  if not agent:connect() then
    return nil
  end
  local is_known, names = agent:walk(NAME)
  if not is_known then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  local status, dates = agent:walk(DATE)
  local by_row = {}
  for _, row in ipairs(status and dates or {}) do
    by_row[string.sub(row.oid, #DATE + 2)] = date_of(row.value)
  end
  local list, lines = {}, {}
  for _, row in ipairs(names) do
    if type(row.value) == "string" then
      local item = stdnse.output_table()
      item.name = row.value
      item.install_date = by_row[string.sub(row.oid, #NAME + 2)]
      list[#list + 1] = item
    end
  end
  table.sort(list, function (a, b) return a.name < b.name end)
  for i, item in ipairs(list) do
    lines[i] = "\n  " .. item.name .. (item.install_date and "; " .. item.install_date or "")
  end
  return list, table.concat(lines)
end
