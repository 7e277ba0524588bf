local shortport = require "shortport"
local stdnse = require "stdnse"
local stun = require "stun"

description = [[
Asks a STUN server how the address of the scanning machine looks from there.
]]

---
-- See RFC 5389, section 2.
--
-- @usage nseer -sU -p 3478 --script stun-info <target>
-- @output
-- 3478/udp open  stun
-- | stun-info:
-- |_  External IP: 198.51.100.7
-- @xmloutput
-- <elem key="External IP">198.51.100.7</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(3478, "stun", {"udp", "tcp"}, {"open", "open|filtered"})

action = function (host, port)
  local helper = stun.Helper:new(host, port, nil, "modern")
  local status, answer = helper:connect()
  if status then
    status, answer = helper:getExternalAddress()
    helper:close()
  end
  if not status then
    stdnse.debug1("%s", answer)
    return nil
  end
  local out = stdnse.output_table()
  out["External IP"] = answer
  return out
end
