local dnssd = require "dnssd"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Asks a host over multicast DNS which services it announces, with their ports, descriptions and addresses.
]]

---
-- See the library <code>dnssd</code>.
--
-- @usage nseer -sU -p 5353 --script dns-service-discovery <target>
-- @args newtargets If given, the addresses found are scanned as well.
-- @output
-- 5353/udp open  zeroconf
-- | dns-service-discovery:
-- |   631/tcp ipp
-- |     txtvers=1
-- |_    Address=192.0.2.7

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(5353, "zeroconf", "udp", {"open", "open|filtered"})

action = function (host, port)
  local status, services = dnssd.Helper:new(host, port):queryServices()
  if not status then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  return #services > 0 and stdnse.format_output(true, services) or nil
end
