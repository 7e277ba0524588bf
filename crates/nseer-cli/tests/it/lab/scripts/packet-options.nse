-- Tells what the command line said of packets.
local nmap = require "nmap"

description = "Packets."
categories = {"safe"}

prerule = function() return true end

action = function()
  return ("ttl %d, %d bytes more"):format(nmap.get_ttl(), nmap.get_payload_length())
end
