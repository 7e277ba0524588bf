local dnssd = require "dnssd"
local stdnse = require "stdnse"

description = [[
Asks all hosts of the local network over multicast DNS which services they announce.
]]

---
-- See the library <code>dnssd</code>.
--
-- @usage nseer --script broadcast-dns-service-discovery
-- @args newtargets If given, the addresses found are scanned.
-- @output
-- Pre-scan script results:
-- | broadcast-dns-service-discovery:
-- |   192.0.2.7
-- |     631/tcp ipp
-- |       txtvers=1
-- |_      Address=192.0.2.7

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"broadcast", "safe"}

prerule = function () return true end

action = function ()
  local helper = dnssd.Helper:new()
  helper:setMulticast(true)
  local status, hosts = helper:queryServices()
  return status and #hosts > 0 and stdnse.format_output(true, hosts) or nil
end
