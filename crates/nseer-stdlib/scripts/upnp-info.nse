local shortport = require "shortport"
local stdnse = require "stdnse"
local upnp = require "upnp"

description = [[
Shows which software answers a search for UPnP devices, where its device description is, and with <code>-v</code> what
that says.
]]

---
-- One datagram asks (UPnP Device Architecture, section 1.3.2); a description is read over HTTP, from the host itself.
--
-- @usage nseer -sU -p 1900 --script upnp-info <target>
-- @args upnp-info.override <code>false</code> to read the description from the host that the answer names, whoever that
--       is. Default: true.
-- @output
-- 1900/udp open  upnp
-- | upnp-info:
-- | 192.0.2.1
-- |     Server: Linux/5.10 UPnP/1.0 MiniUPnPd/2.2
-- |_    Location: http://192.0.2.1:5000/rootDesc.xml

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(1900, "upnp", "udp", {"open", "open|filtered"})

action = function (host, port)
  local helper = upnp.Helper:new(host, port)
  helper:setOverride(stdnse.get_script_args("upnp-info.override") ~= "false")
  local status, result = helper:queryServices()
  if not status then
    stdnse.debug1("%s", result)
    return nil
  end
  return stdnse.format_output(true, result)
end
