-- What a script is told where raw packets are not allowed.
description = [[Tries raw packets without the right to.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

prerule = function() return true end

local function failure(f)
  local ok, text = pcall(f)
  return tostring(ok) .. " " .. tostring(text):gsub("^.-:%d+: ", "")
end

action = function()
  local socket, dnet = nmap.new_socket(), nmap.new_dnet()
  return "\n" .. table.concat({
    failure(function() socket:pcap_open("lo", 100, false, "ip") end),
    failure(function() dnet:ip_open() end),
    failure(function() dnet:ip_send("x") end),
  }, "\n")
end
