local dns = require "dns"
local nmap = require "nmap"
local shortport = require "shortport"

description = [[
Tells whether a name server answers questions about other people's names.

Such a server can be used against others, because an answer is longer than its question. On a private network
it may well be meant so.
]]

---
-- Asks for the address of a well-known name; RFC 1035, section 4.1.1, has the flags.
--
-- @usage nseer -sU -p 53 --script dns-recursion <target>
-- @output
-- 53/udp open  domain
-- |_dns-recursion: Recursion appears to be enabled

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = shortport.portnumber(53, "udp")

action = function (host, port)
  local status, answer = dns.query("www.iana.org", { host = host.ip, port = port.number, dtype = "A", retPkt = true })
  if not status then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  if answer.flags.RA and #answer.answers > 0 then
    return "Recursion appears to be enabled"
  end
end
