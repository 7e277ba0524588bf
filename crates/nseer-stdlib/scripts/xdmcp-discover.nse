local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local xdmcp = require "xdmcp"

description = [[
Asks a display manager for a session of the X Window System: whether it would open one for anybody, and how that is let in.
]]

---
-- See the X Display Manager Control Protocol, version 1.1. The session is not begun, the manager gives it up by itself.
--
-- @usage nseer -sU -p 177 --script xdmcp-discover <target>
-- @output
-- 177/udp open  xdmcp
-- | xdmcp-discover:
-- |   Session id: 0x00002F19
-- |   Authorization name: MIT-MAGIC-COOKIE-1
-- |_  Authorization data: 5d08b1e94c7f23a6e2907bd41f6c83a5

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(177, "xdmcp", "udp", {"open", "open|filtered"})

action = function (host, port)
  local helper = xdmcp.Helper:new(host, port)
  local status, session = helper:connect()
  if status then
    status, session = helper:createSession(nil, {"MIT-MAGIC-COOKIE-1", "XDM-AUTHORIZATION-1"}, 0)
    -- Not every library has it.
    if helper.close then
      helper:close()
    end
  end
  if not status then
    stdnse.debug1("%s", session)
    return nil
  end
  return stdnse.format_output(true, {
    string.format("Session id: 0x%.8X", session.session_id),
    "Authorization name: " .. session.authr_name,
    "Authorization data: " .. stdnse.tohex(session.authr_data),
  })
end
