local natpmp = require "natpmp"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Asks a router for its outer address, by NAT-PMP.
]]

---
-- See RFC 6886, section 3.2. No port is asked for.
--
-- @usage nseer -sU -p 5351 --script nat-pmp-info <target>
-- @output
-- 5351/udp open  nat-pmp
-- | nat-pmp-info:
-- |_  WAN IP: 198.51.100.7
-- @xmloutput
-- <elem key="WAN IP">198.51.100.7</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(5351, "nat-pmp", "udp", {"open", "open|filtered"})

action = function (host, port)
  local helper = natpmp.Helper:new(host, port)
  local status, answer = helper:getWANIP()
  if not status then
    stdnse.debug1("%s", answer)
    return nil
  end
  local out = stdnse.output_table()
  out["WAN IP"] = answer.ip
  return out
end
