local shortport = require "shortport"
local sip = require "sip"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks a SIP server which methods it allows.
]]

---
-- See the library <code>sip</code>.
--
-- @usage nseer -sSU -p 5060 --script sip-methods <target>
-- @output
-- 5060/udp open  sip
-- |_sip-methods: INVITE,ACK,CANCEL,OPTIONS,BYE

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(5060, "sip", {"tcp", "udp"})

action = function (host, port)
  local helper = sip.Helper:new(host, port)
  local status, response = helper:connect()
  if status then
    status, response = helper:options()
  end
  helper:close()
  if not status then
    stdnse.debug1("%s", response)
    return nil
  end
  local allowed = response:getErrorCode() == sip.Error.OK and response:getHeader("Allow")
  if not allowed then
    return nil
  end
  local methods = {}
  for method in string.gmatch(allowed, "[^%s,]+") do
    methods[#methods + 1] = method
  end
  return methods, allowed
end
