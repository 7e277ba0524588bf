local dhcp = require "dhcp"
local ipOps = require "ipOps"
local ipairs = ipairs
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Asks a DHCP server for its settings: routers, name servers, domains and what else it tells its clients.
]]

---
-- See RFC 2131, section 4.4.3: a DHCPINFORM asks for settings alone, no address is taken.
--
-- @usage nseer -sU -p 67 --script dhcp-discover <target>
-- @output
-- 67/udp open  dhcps
-- | dhcp-discover:
-- |   DHCP Message Type: DHCPACK
-- |   Server Identifier: 192.0.2.1
-- |   Subnet Mask: 255.255.255.128
-- |   Router: 192.0.2.1
-- |_  Domain Name Server: 192.0.2.1
-- @xmloutput
-- <elem key="DHCP Message Type">DHCPACK</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(67, "dhcps", "udp", {"open", "open|filtered"})

-- The card that the route to the server goes by; a made-up one, of no maker, where the route has none.
local function card_to (host)
  local name = host.interface
  local status, interface = pcall(nmap.get_interface_info, name)
  return name and status and interface.mac or "\2\0\0\0\0\1"
end

action = function (host)
  local here = host.bin_ip_src and ipOps.str_to_ip(host.bin_ip_src) or "0.0.0.0"
  local status, answer = dhcp.make_request(host, dhcp.request_types.DHCPINFORM, here, card_to(host))
  if not status then
    stdnse.debug1("%s", answer)
    return nil
  end
  local out = stdnse.output_table()
  for _, option in ipairs(answer.options) do
    local is_empty = option.value == "" or type(option.value) == "table" and next(option.value) == nil
    out[option.name] = not is_empty and option.value or nil
  end
  return out() and out or nil
end
