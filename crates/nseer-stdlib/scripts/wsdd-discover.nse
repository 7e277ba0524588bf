local shortport = require "shortport"
local stdnse = require "stdnse"
local wsdd = require "wsdd"

description = [[
Shows which devices and services of a host answer Web Services Dynamic Discovery: addresses and kinds.
]]

---
-- Two datagrams ask, in the words of the drafts of 2005 and of the standard of 2009.
--
-- @usage nseer -sU -p 3702 --script wsdd-discover <target>
-- @output
-- 3702/udp open|filtered ws-discovery
-- | wsdd-discover:
-- |   Devices
-- |     Message id: 6f1d5c0e-83a2-4b97-9e41-0c2d7a58b3f6
-- |     Address: http://192.0.2.5:5357/printer
-- |_    Type: Device wprt:PrintDeviceType

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.portnumber(3702, "udp", {"open", "open|filtered"})

action = function (host, port)
  local found = {}
  for _, ask in ipairs { "discoverDevices", "discoverWCFServices" } do
    local helper = wsdd.Helper:new(host, port)
    local status, result = helper[ask](helper)
    if status then
      found[#found + 1] = result
    else
      stdnse.debug1("%s", result)
    end
  end
  return #found > 0 and stdnse.format_output(true, found) or nil
end
