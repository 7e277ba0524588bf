local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Tells whether an X server lets everybody in.
]]

---
-- Sends the setup of a connection without authorization (X Window System Protocol, section 8).
--
-- @usage nseer -p 6000-6009 --script x11-access <target>
-- @output
-- 6000/tcp open  X11
-- |_x11-access: X server access is granted

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"auth", "default", "safe"}

portrule = shortport.port_or_service({"6000-6009"}, {"X11", "X11:0", "X11:1", "X11:2", "X11:3", "X11:4", "X11:5", "X11:6", "X11:7", "X11:8", "X11:9"})

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, answer = socket:connect(host, port)
  if status then
    -- Least significant byte first, version 11.0, no name and no data of an authorization.
    status = socket:send("l\0" .. string.pack("<I2I2I2I2I2", 11, 0, 0, 0, 0))
  end
  if status then
    status, answer = socket:receive_bytes(8)
  end
  socket:close()
  -- Success, and a version 11.
  if status and #answer >= 8 and string.byte(answer) == 1 and string.unpack("<I2", answer, 3) == 11 then
    return "X server access is granted"
  end
end
