description = [[
Shows the first line that a service says by itself.
]]

---
-- @usage
-- nseer -p {number} --script ./{name}.nse <target>
--
-- @args {name}.timeout How many seconds to wait for the line (5).
--
-- @output
-- PORT   STATE SERVICE
-- {number}/tcp open  {service}
-- |_{name}: the line

author = "Your name"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

portrule = shortport.port_or_service({number}, "{service}")

---@param host nse.Host
---@param port nse.Port
action = function(host, port)
  local timeout = tonumber(stdnse.get_script_args(SCRIPT_NAME .. ".timeout")) or 5
  local socket = nmap.new_socket()
  socket:set_timeout(timeout * 1000)

  -- Whatever fails below closes the socket first.
  local try = nmap.new_try(function() socket:close() end)
  try(socket:connect(host, port))
  local data = try(socket:receive_lines(1))
  socket:close()

  return data:match("^[^\r\n]+")
end
