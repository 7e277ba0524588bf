local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tls = require "tls"
local tlsprobe = require "tlsprobe"

description = [[
Lists the protocols that a TLS server speaks, by Application-Layer Protocol Negotiation (RFC 7301).

The server is offered all known protocols and picks one; that is taken from the list, and so on until it picks
none.
]]

---
-- @usage nseer --script tls-alpn -p 443 <target>
-- @output
-- 443/tcp open  https
-- | tls-alpn:
-- |   h2
-- |_  http/1.1
-- @xmloutput
-- <elem>h2</elem>
-- <elem>http/1.1</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe", "discovery"}

portrule = tlsprobe.portrule

-- IANA's registry "TLS Application-Layer Protocol Negotiation (ALPN) Protocol IDs", and SPDY's last ones.
local PROTOCOLS = {
  "h3", "h2", "http/1.1", "http/1.0", "http/0.9", "spdy/1", "spdy/2", "spdy/3", "spdy/3.1", "h2c", "stun.turn",
  "stun.nat-discovery", "webrtc", "c-webrtc", "ftp", "imap", "pop3", "managesieve", "coap", "co",
  "xmpp-client", "xmpp-server", "acme-tls/1", "mqtt", "dot", "ntske/1", "sunrpc", "smb", "irc", "nntp", "nnsp",
  "doq", "sip/2", "tds/8.0", "dicom", "postgresql", "radius/1.0", "radius/1.1",
}

-- The protocol that the server picks out of `offer`; nil if none.
local function picked (host, port, offer)
  local answer, why = tlsprobe.hello(host, port, {
    protocol = "TLSv1.2", last = "server_hello",
    extensions = {
      application_layer_protocol_negotiation =
        tls.EXTENSION_HELPERS.application_layer_protocol_negotiation(offer),
    },
  })
  local extensions = answer and answer.hello and answer.hello.extensions
  local data = extensions and extensions.application_layer_protocol_negotiation
  if not data or #data < 3 then
    stdnse.debug2("nothing picked: %s", answer and answer.alert or why)
    return nil
  end
  return string.sub(data, 4, 3 + string.byte(data, 3))
end

action = function (host, port)
  local left, found = {}, {}
  for i, name in ipairs(PROTOCOLS) do
    left[i] = name
  end
  while #left > 0 do
    local name = picked(host, port, left)
    local at
    for i, offered in ipairs(left) do
      at = offered == name and i or at
    end
    if not at then
      -- Some servers answer with what was not offered, always the same.
      break
    end
    table.remove(left, at)
    found[#found + 1] = name
  end
  return #found > 0 and found or nil
end
