local shortport = require "shortport"
local stdnse = require "stdnse"
local vnc = require "vnc"

description = [[
Shows the version of a VNC server and the ways to log in, and warns where nobody needs to.
]]

---
-- See the library <code>vnc</code>.
--
-- @usage nseer -p 5900 --script vnc-info <target>
-- @output
-- 5900/tcp open  vnc
-- | vnc-info:
-- |   Protocol version: 3.8
-- |   Security types:
-- |     None (1)
-- |_  WARNING: Server does not require authentication

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({"5900-5905"}, "vnc")

local VENCRYPT, NONE = 19, 1

action = function (host, port)
  local server = vnc.VNC:new(host, port)
  if not server:connect() then
    return nil
  end
  local out = stdnse.output_table()
  local status, reason = server:handshake()
  if not server:getProtocolVersion() then
    server:disconnect()
    return nil
  end
  out["Protocol version"] = server:getProtocolVersion()
  if not status then
    out.ERROR = reason
    server:disconnect()
    return out
  end
  out["Security types"] = server:getSecTypesAsTable()
  local open_to_all = server:supportsSecType(NONE)
  if server:supportsSecType(VENCRYPT) and server:sendSecType(VENCRYPT) and server:handshake_vencrypt() then
    local list = server:getVencryptTypesAsTable()
    out["VeNCrypt auth subtypes"] = #list > 0 and list or nil
  end
  server:disconnect()
  if open_to_all then
    out.WARNING = "Server does not require authentication"
  end
  return out
end
