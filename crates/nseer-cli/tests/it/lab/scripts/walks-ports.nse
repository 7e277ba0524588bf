---
-- Tells which ports the functions of `nmap` find on a host.
local table = require "table"

description = "Tells which ports are found."
categories = {"safe"}

hostrule = function() return true end

local function tell(...)
  nmap.log_write("stdout", "told: " .. table.concat({...}, " "))
end

local function shown(port)
  return port and ("%d/%s"):format(port.number, port.protocol) or "nil"
end

local function walk(host, protocol, state, first)
  local found, port = {}, first
  for _ = 1, 30 do
    port = nmap.get_ports(host, port, protocol, state)
    if not port then
      break
    end
    found[#found + 1] = shown(port)
  end
  tell(protocol, state, "after", shown(first) .. ":", table.concat(found, " "))
end

action = function(host)
  local firsts = {}
  for _, protocol in ipairs {"tcp", "udp"} do
    for _, number in ipairs {1, 2, 5, 9} do
      firsts[#firsts + 1] = {number = number, protocol = protocol}
    end
  end
  for _, first in ipairs(firsts) do
    tell("state of", shown(first) .. ":", shown(nmap.get_port_state(host, first)))
  end
  for _, protocol in ipairs {"tcp", "udp"} do
    for _, state in ipairs {"closed", "open"} do
      walk(host, protocol, state, nil)
      for _, first in ipairs(firsts) do
        walk(host, protocol, state, first)
      end
    end
  end
end
