description = [[
Shows what a service answers to an empty line.
]]

---
-- @usage
-- nseer -sU -p {number} --script ./{name}.nse <target>
--
-- @args {name}.timeout How many seconds to wait for the answer (5).
--
-- @output
-- PORT   STATE SERVICE
-- {number}/udp open  {service}
-- |_{name}: the answer

author = "Your name"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

portrule = shortport.port_or_service({number}, "{service}", "udp")

---@param host nse.Host
---@param port nse.Port
action = function(host, port)
  local timeout = tonumber(stdnse.get_script_args(SCRIPT_NAME .. ".timeout")) or 5
  local socket = nmap.new_socket("udp")
  socket:set_timeout(timeout * 1000)

  -- Whatever fails below closes the socket first.
  local try = nmap.new_try(function() socket:close() end)
  try(socket:connect(host, port))
  try(socket:send("\r\n"))
  local data = try(socket:receive())
  socket:close()

  return data:match("^[^\r\n]+")
end
