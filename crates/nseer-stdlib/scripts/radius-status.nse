local nmap = require "nmap"
local rand = require "rand"
local shortport = require "shortport"
local stdnse = require "stdnse"
local openssl = stdnse.silent_require "openssl"
local string = require "string"

description = [[
Asks a RADIUS server whether it is well, with the secret that it shares with this machine, and tells whether its answers
can be forged.

An answer without Message-Authenticator can be turned into another by whoever stands between (CVE-2024-3596).
Nobody logs in.
]]

---
-- Sends Status-Server (RFC 5997), which authentication and accounting servers answer alike. The signatures are those of
-- RFC 2865, section 3, and RFC 3579, section 3.2. A server that does not know this machine, or has another secret for
-- it, says nothing.
--
-- @args radius-status.secret The shared secret. Without it nothing is sent.
--
-- @usage nseer -sU -p 1812 --script radius-status --script-args radius-status.secret=s3cret <target>
-- @output
-- 1812/udp open  radius
-- | radius-status:
-- |   Answer: Access-Accept
-- |   Signature: good
-- |_  Message-Authenticator: missing

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service({1812, 1813}, {"radius", "radacct"}, "udp", {"open", "open|filtered"})

local STATUS_SERVER = 12
local ANSWERS = {[2] = "Access-Accept", [3] = "Access-Reject", [5] = "Accounting-Response", [11] = "Access-Challenge"}
local REPLY_MESSAGE, MESSAGE_AUTHENTICATOR = 18, 80
local HEADER, NO_SIGNATURE = 20, string.rep("\0", 16)

-- A packet (RFC 2865, section 3).
local function packet (code, id, authenticator, attributes)
  return string.pack(">BBI2", code, id, HEADER + #attributes) .. authenticator .. attributes
end

-- An attribute (section 5).
local function attribute (kind, value)
  return string.char(kind, 2 + #value) .. value
end

local function request (id, authenticator, secret)
  local unsigned = packet(STATUS_SERVER, id, authenticator, attribute(MESSAGE_AUTHENTICATOR, NO_SIGNATURE))
  local signature = openssl.hmac("MD5", secret, unsigned)
  return packet(STATUS_SERVER, id, authenticator, attribute(MESSAGE_AUTHENTICATOR, signature))
end

-- The attributes of a packet by their kinds; nil where they do not fit into it.
local function attributes_of (text)
  local found, at = {}, 1
  while at <= #text do
    local kind, size = string.byte(text, at, at + 1)
    if not size or size < 2 or at + size - 1 > #text then
      return nil
    end
    found[kind] = found[kind] or string.sub(text, at + 2, at + size - 1)
    at = at + size
  end
  return found
end

-- What an answer says, given the request that it has to belong to.
local function read (answer, id, authenticator, secret)
  if #answer < HEADER then
    return nil
  end
  local code, same, size = string.unpack(">BBI2", answer)
  if same ~= id or size < HEADER or size > #answer or not ANSWERS[code] then
    return nil
  end
  local body = string.sub(answer, HEADER + 1, size)
  local attributes = attributes_of(body)
  if not attributes then
    return nil
  end
  local out = stdnse.output_table()
  out.Answer = ANSWERS[code]
  local signature = openssl.md5(packet(code, id, authenticator, body) .. secret)
  out.Signature = signature == string.sub(answer, 5, HEADER) and "good" or "wrong"
  out["Message-Authenticator"] = attributes[MESSAGE_AUTHENTICATOR] and "sent" or "missing"
  out["Reply-Message"] = attributes[REPLY_MESSAGE]
  return out
end

action = function (host, port)
  local secret = stdnse.get_script_args("radius-status.secret")
  if not secret then
    stdnse.debug1("the secret is missing (radius-status.secret)")
    return nil
  end
  local socket = nmap.new_socket("udp")
  socket:set_timeout(stdnse.get_timeout(host))
  local id, authenticator = string.byte(rand.random_string(1)), rand.random_string(16)
  local status = socket:connect(host, port) and socket:send(request(id, authenticator, secret))
  local answer
  if status then
    status, answer = socket:receive()
  end
  socket:close()
  local out = status and read(answer, id, authenticator, secret)
  if not out then
    return nil
  end
  nmap.set_port_state(host, port, "open")
  return out
end
