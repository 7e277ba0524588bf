local sslv2 = require "sslv2"
local table = require "table"
local tlsprobe = require "tlsprobe"

description = [[
Tells whether a server still speaks SSL version 2, which RFC 6176 prohibits, and with which ciphers.
]]

---
-- @usage nseer -p 443 --script sslv2 <target>
-- @output
-- 443/tcp open  https
-- | sslv2:
-- |   SSLv2 supported
-- |   ciphers:
-- |_    SSL2_RC4_128_WITH_MD5
-- @xmloutput
-- <elem>SSLv2 supported</elem>
-- <table key="ciphers">
-- <elem>SSL2_RC4_128_WITH_MD5</elem>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

portrule = tlsprobe.portrule

action = function (host, port)
  local ciphers = sslv2.test_sslv2(host, port)
  if not ciphers then
    return nil
  end
  table.sort(ciphers)
  host.registry.sslv2 = host.registry.sslv2 or {}
  host.registry.sslv2[port.number .. port.protocol] = ciphers
  return { "SSLv2 supported", ciphers = #ciphers > 0 and ciphers or "none" }
end
