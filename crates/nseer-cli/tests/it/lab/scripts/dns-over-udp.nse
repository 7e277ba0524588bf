-- Asks the host itself for the address of lab.test, over UDP (RFC 1035, section 4).
description = [[Resolves lab.test with the scanned host as name server.]]
author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"safe"}

hostrule = function(host)
  return true
end

-- Header: id, flags (recursion desired), one question; then the name, type A, class IN.
local QUESTION = "\x4e\x53\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" ..
  "\x03lab\x04test\x00\x00\x01\x00\x01"

action = function(host)
  local socket = nmap.new_socket("udp")
  socket:set_timeout(5000)
  local try = nmap.new_try(function() socket:close() end)
  try(socket:connect(host, 53, "udp"))
  try(socket:send(QUESTION))
  local answer = try(socket:receive())
  socket:close()
  -- The address is the last four bytes of an answer with one record.
  return ("%s: %d.%d.%d.%d"):format(answer:sub(1, 2), answer:byte(-4, -1))
end
