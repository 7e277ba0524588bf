local nmap = require "nmap"
local rpc = require "rpc"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists the RPC programs of a host, with their versions, ports and protocols, and notes them as services of their
ports.
]]

---
-- Asks RPCBIND (RFC 1833), in its newest version that the host knows.
--
-- @usage nseer -p 111 --script rpcinfo <target>
-- @output
-- 111/tcp open  rpcbind
-- | rpcinfo:
-- |   program version    port/proto  service
-- |   100000  2,3,4        111/tcp   rpcbind
-- |_  100003  3,4         2049/tcp   nfs

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe", "version"}

portrule = shortport.version_port_or_service(111, "rpcbind", {"tcp", "udp"})

-- "3-4" for 3 and 4; a single number as it is.
local function span (versions)
  local first, last = versions[1], versions[#versions]
  return first == last and tostring(first) or first .. "-" .. last
end

local function note_service (host, number, protocol, entry)
  local port = nmap.get_port_state(host, { number = entry.port, protocol = protocol })
  if not port or port.state ~= "open" then
    return
  end
  port.version.name = rpc.Util.ProgNumberToName(number) or "rpc"
  port.version.version = span(entry.version)
  port.version.extrainfo = "RPC #" .. number
  nmap.set_port_version(host, port, "hardmatched")
end

action = function (host, port)
  local status, found = rpc.Helper.RpcInfo(host, port)
  if not status then
    stdnse.debug1("%s", found)
    return nil
  end
  local lines, out = {}, {}
  for number, transports in pairs(found) do
    out[tostring(number)] = transports
    for netid, entry in pairs(transports) do
      if entry.port then
        lines[#lines + 1] = string.format("  %-6d  %-10s%6d/%-4s  %s", number, table.concat(entry.version, ","),
          entry.port, netid, rpc.Util.ProgNumberToName(number) or "")
        if netid == "tcp" or netid == "udp" then
          note_service(host, number, netid, entry)
        end
      end
    end
  end
  if #lines == 0 then
    return nil
  end
  table.sort(lines)
  return out, "\n  program version    port/proto  service\n" .. table.concat(lines, "\n")
end
