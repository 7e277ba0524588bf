local ipOps = require "ipOps"
local sslcert = require "sslcert"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local tlsprobe = require "tlsprobe"

description = [[
Finds private addresses in the certificate of a TLS server: they tell of the network behind it.

Addresses are private if RFC 1918, RFC 4193 or RFC 3927 says so. A target whose own address is private tells
nothing new by them and is left out.
]]

---
-- @usage nseer -p 443 --script ssl-cert-intaddr <target>
-- @output
-- 443/tcp open  https
-- | ssl-cert-intaddr:
-- |   Subject commonName:
-- |     10.11.12.13
-- |   X509v3 Subject Alternative Name:
-- |_    192.168.77.1
-- @xmloutput
-- <table key="Subject commonName">
-- <elem>10.11.12.13</elem>
-- </table>
-- @see ssl-cert.nse

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe", "vuln"}

portrule = function (host, port)
  return not ipOps.isPrivate(host.ip) and tlsprobe.portrule(host, port)
end

-- What looks like an address in a text.
local PATTERNS = {"%f[%d]%d+%.%d+%.%d+%.%d+%f[^%d.]", "%f[%x:][%x:]+:[%x:.]+"}

---@return string[]
local function addresses_in (text)
  local found, seen = {}, {}
  for _, pattern in ipairs(PATTERNS) do
    for address in string.gmatch(text, pattern) do
      local status, is_private = pcall(ipOps.isPrivate, address)
      if status and is_private and not seen[address] then
        seen[address] = true
        found[#found + 1] = address
      end
    end
  end
  return found
end

action = function (host, port)
  local status, cert = sslcert.getCertificate(host, port)
  if not status then
    stdnse.debug1("%s", cert)
    return nil
  end
  local out = stdnse.output_table()
  local function look (title, text)
    local found = type(text) == "string" and addresses_in(text) or {}
    if #found > 0 then
      table.sort(found)
      out[title] = found
    end
  end
  for _, part in ipairs({{"Subject", cert.subject}, {"Issuer", cert.issuer}}) do
    local names = {}
    for name in pairs(part[2]) do
      names[#names + 1] = type(name) == "string" and name or nil
    end
    table.sort(names)
    for _, name in ipairs(names) do
      look(part[1] .. " " .. name, part[2][name])
    end
  end
  for _, extension in ipairs(cert.extensions or {}) do
    look(extension.name, extension.value)
  end
  return #out > 0 and out or nil
end
