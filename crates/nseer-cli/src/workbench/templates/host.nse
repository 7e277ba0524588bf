description = [[
Counts the open TCP ports of a host.
]]

---
-- @usage
-- nseer --script ./{name}.nse <target>
--
-- @output
-- Host script results:
-- |_{name}: 2 open ports

author = "Your name"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

local nmap = require "nmap"

hostrule = function(host)
  return nmap.get_ports(host, nil, "tcp", "open") ~= nil
end

---@param host nse.Host
action = function(host)
  local count = 0
  local port = nmap.get_ports(host, nil, "tcp", "open")
  while port do
    count = count + 1
    port = nmap.get_ports(host, port, "tcp", "open")
  end

  return ("%d open %s"):format(count, count == 1 and "port" or "ports")
end
