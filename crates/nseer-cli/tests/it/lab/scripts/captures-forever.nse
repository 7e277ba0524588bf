-- Waits for a packet that never comes.
description = [[Captures without a time-out.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

hostrule = function() return true end

action = function()
  local socket = nmap.new_socket()
  socket:set_timeout(-1)
  socket:pcap_open("lo", 100, false, "ether proto 0x88b5")
  return tostring((socket:pcap_receive()))
end
