local shortport = require "shortport"
local stdnse = require "stdnse"
local vnc = require "vnc"

description = [[
Shows the name and the size of the desktop of a VNC server that lets everybody in. Others stay connected, and
nothing of the picture is asked for.
]]

---
-- See the library <code>vnc</code>.
--
-- @usage nseer -p 5900 --script vnc-title <target>
-- @output
-- 5900/tcp open  vnc
-- | vnc-title:
-- |   name: Desktop
-- |   geometry: 1152 x 864
-- |_  color_depth: 24

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service({"5900-5905"}, "vnc")

action = function (host, port)
  local server = vnc.VNC:new(host, port)
  local desktop
  local status, reason = server:connect()
  if status then
    status, reason = server:handshake()
  end
  if status and server:supportsSecType(1) then
    status, reason = server:sendSecType(1)
    if status then
      status, reason = server:login_none()
    end
    if status then
      status, desktop = server:client_init(true)
    end
  end
  server:disconnect()
  if not status or not desktop then
    stdnse.debug1("%s", reason or desktop)
    return nil
  end
  local out = stdnse.output_table()
  out.name = desktop.name
  out.geometry = desktop.width .. " x " .. desktop.height
  out.color_depth = desktop.depth
  return out
end
