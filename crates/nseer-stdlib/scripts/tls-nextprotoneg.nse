local stdnse = require "stdnse"
local string = require "string"
local tlsprobe = require "tlsprobe"

description = [[
Lists the protocols that a TLS server announces by Next Protocol Negotiation, which ALPN replaced.
]]

---
-- @usage nseer --script tls-nextprotoneg -p 443 <target>
-- @output
-- 443/tcp open  https
-- | tls-nextprotoneg:
-- |   spdy/3
-- |_  http/1.1
-- @xmloutput
-- <elem>spdy/3</elem>
-- <elem>http/1.1</elem>
-- @see tls-alpn.nse

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "discovery"}

portrule = tlsprobe.portrule

action = function (host, port)
  local answer, why = tlsprobe.hello(host, port, {
    protocol = "TLSv1.2", last = "server_hello", extensions = { next_protocol_negotiation = "" },
  })
  local extensions = answer and answer.hello and answer.hello.extensions
  local data = extensions and extensions.next_protocol_negotiation
  if not data then
    stdnse.debug1("nothing announced: %s", answer and answer.alert or why)
    return nil
  end
  local names, pos = {}, 1
  while pos <= #data do
    local length = string.byte(data, pos)
    if length == 0 or pos + length > #data then
      break
    end
    names[#names + 1] = string.sub(data, pos + 1, pos + length)
    pos = pos + 1 + length
  end
  return #names > 0 and names or nil
end
