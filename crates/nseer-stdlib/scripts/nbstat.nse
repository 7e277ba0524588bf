local datafiles = require "datafiles"
local netbios = require "netbios"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a host for its NetBIOS names, who is logged in, and the address of its network card.
]]

---
-- See RFC 1002, section 4.2.17.
--
-- @usage nseer -sU -p 137 --script nbstat <target>
-- @output
-- Host script results:
-- | nbstat: NetBIOS name: FILES, NetBIOS user: <unknown>, NetBIOS MAC: 00:00:5e:00:53:01 (unknown)
-- | Names:
-- |   FILES<00>            Flags: <unique><active>
-- |_  WORKGROUP<00>        Flags: <group><active>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

local WORTH_ASKING = {
  { "tcp", { 135, 139, 445 } },
  { "udp", { 137 } },
}

hostrule = function (host)
  for _, row in ipairs(WORTH_ASKING) do
    for _, number in ipairs(row[2]) do
      local port = nmap.get_port_state(host, { number = number, protocol = row[1] })
      if port and (port.state == "open" or row[1] == "udp" and port.state == "open|filtered") then
        return true
      end
    end
  end
  return false
end

-- Who made a card with an address of these bytes; nil if that is not known. Longer prefixes than those of three bytes
-- are known to some tables.
local function maker (bytes)
  local _, makers = datafiles.parse_mac_prefixes()
  local digits = string.upper(stdnse.tohex(bytes))
  return makers[digits] or makers[string.sub(digits, 1, 6)]
end

local function mac_of (statistics)
  local bytes = string.sub(statistics, 1, 6)
  if #bytes < 6 or bytes == "\0\0\0\0\0\0" then
    return { address = "<unknown>", manuf = "unknown" }
  end
  return { address = stdnse.format_mac(bytes), manuf = maker(bytes) or "unknown" }
end

action = function (host)
  local status, names, statistics = netbios.do_nbstat(host)
  if not status or #names == 0 then
    stdnse.debug1("%s", names)
    return nil
  end
  local _, server = netbios.get_server_name(host, names)
  local _, user = netbios.get_user_name(host, names)
  local out = stdnse.output_table()
  out.server_name = server or names[1].name
  out.user = user or "<unknown>"
  out.mac = mac_of(statistics)
  out.names = {}
  local lines = { string.format("NetBIOS name: %s, NetBIOS user: %s, NetBIOS MAC: %s (%s)", out.server_name, out.user,
    out.mac.address, out.mac.manuf), "Names:" }
  for i, entry in ipairs(names) do
    local flags = netbios.flags_to_string(entry.flags)
    local row = stdnse.output_table()
    row.name = entry.name
    row.suffix = entry.suffix
    row.flags = entry.flags
    out.names[i] = row
    lines[#lines + 1] = string.format("  %-20s Flags: %s", string.format("%s<%02x>", entry.name, entry.suffix), flags)
  end
  return out, table.concat(lines, "\n")
end
