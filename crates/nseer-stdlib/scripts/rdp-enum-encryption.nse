local rdp = require "rdp"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Finds out which security and which encryption a Remote Desktop server takes.
]]

---
-- For each protocol of security, and then for each method of RDP's own encryption, the beginning of a connection is
-- tried and given up. A protocol is shown where the server picks just that.
--
-- A server that picks "Native RDP" has an encryption of its own, which does not say who the server is.
--
-- Written from MS-RDPBCGR, sections 2.2.1.1 to 2.2.1.4.
--
-- @usage nseer -p 3389 --script rdp-enum-encryption <target>
-- @output
-- 3389/tcp open  ms-wbt-server
-- | rdp-enum-encryption:
-- |   Security layer
-- |     CredSSP (NLA): SUCCESS
-- |     Native RDP: SUCCESS
-- |     SSL: SUCCESS
-- |   RDP Encryption level: High
-- |     128-bit RC4: SUCCESS
-- |_  RDP Protocol Version:  RDP 5.0 to 8.1 server

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(3389, "ms-wbt-server")

local LAYERS = {
  { "CredSSP (NLA)", rdp.PROTOCOL_HYBRID, rdp.PROTOCOL_HYBRID | rdp.PROTOCOL_SSL },
  { "CredSSP with Early User Auth", rdp.PROTOCOL_HYBRID_EX, rdp.PROTOCOL_HYBRID_EX | rdp.PROTOCOL_HYBRID | rdp.PROTOCOL_SSL },
  { "Native RDP", rdp.PROTOCOL_RDP, rdp.PROTOCOL_RDP },
  { "RDSTLS", rdp.PROTOCOL_RDSTLS, rdp.PROTOCOL_RDSTLS | rdp.PROTOCOL_SSL },
  { "SSL", rdp.PROTOCOL_SSL, rdp.PROTOCOL_SSL },
}

-- Bits of section 2.2.1.3.3.
local CIPHERS = { { "40-bit RC4", 0x01 }, { "56-bit RC4", 0x08 }, { "128-bit RC4", 0x02 }, { "FIPS 140-1", 0x10 } }

local LEVELS = { [0] = "None", "Low", "Client Compatible", "High", "FIPS Compliant" }

-- Says requests one after the other on a connection of their own. The last answer; or nil and a reason.
local function said (host, port, ...)
  local comm = rdp.Comm:new(host, port)
  local status, answer = comm:connect()
  for _, request in ipairs { ... } do
    if status then
      status, answer = comm:exch(request)
    end
  end
  comm:close()
  return status and answer or nil, answer
end

-- The protocol that an answer names (section 2.2.1.2.1); nil if it names none.
local function picked (answer)
  local data = answer.itut.data
  if #data >= 8 and string.byte(data) == 2 then
    return (string.unpack("<I4", data, 5))
  end
end

-- The protocols that the server picks when it is offered them; nil if it does not speak RDP.
local function layers (host, port)
  local out, speaks = { name = "Security layer" }, false
  for _, layer in ipairs(LAYERS) do
    local name, wanted, offered = layer[1], layer[2], layer[3]
    local answer, reason = said(host, port, rdp.Request.ConnectionRequest:new(offered))
    if not answer and not speaks then
      stdnse.debug1("%s", reason)
      return nil
    end
    speaks = true
    if answer and picked(answer) == wanted then
      out[#out + 1] = name .. ": SUCCESS"
    end
  end
  return out
end

-- Asks for one method of encryption. What the server says of it; nil if it does not take it.
local function encryption (host, port, bit)
  local answer = said(host, port, rdp.Request.ConnectionRequest:new(), rdp.Request.MCSConnectInitial:new(bit, 0))
  local ccr = answer and answer.ccr
  return ccr and ccr.result == "rt-successful" and ccr or nil
end

action = function (host, port)
  local out = { layers(host, port) }
  if not out[1] then
    return nil
  end
  local ciphers, version = {}, nil
  for _, cipher in ipairs(CIPHERS) do
    local ccr = encryption(host, port, cipher[2])
    version = version or ccr and ccr.proto_version
    if ccr and ccr.enc_level then
      ciphers.name = "RDP Encryption level: " .. (LEVELS[ccr.enc_level] or "Unknown")
    end
    if ccr and ccr.enc_cipher == cipher[2] then
      ciphers[#ciphers + 1] = cipher[1] .. ": SUCCESS"
    end
  end
  if ciphers.name then
    out[#out + 1] = ciphers
  end
  out[#out + 1] = version
  return stdnse.format_output(true, out)
end
