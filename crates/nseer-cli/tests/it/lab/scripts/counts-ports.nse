description = [[Tells of what it is run for, and how many ports of the host it can ask for.]]
categories = {"safe"}

local nmap = require "nmap"

hostrule = function() return true end
portrule = function() return true end

action = function(host, port)
  if port then
    return port.protocol .. " " .. port.number
  end
  local count = 0
  for _, protocol in ipairs({"tcp", "udp", "sctp"}) do
    for _, state in ipairs({"open", "open|filtered", "closed", "filtered"}) do
      local found = nmap.get_ports(host, nil, protocol, state)
      while found do
        count = count + 1
        found = nmap.get_ports(host, found, protocol, state)
      end
    end
  end
  return nmap.address_family() .. " " .. count
end
