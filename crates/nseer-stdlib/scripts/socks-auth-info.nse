local shortport = require "shortport"
local socks = require "socks"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Lists the ways to log in that a SOCKS 5 proxy offers.
]]

---
-- Each way is asked for by itself (RFC 1928, section 3), since a proxy picks but one.
--
-- @usage nseer -p 1080 --script socks-auth-info <target>
-- @output
-- 1080/tcp open  socks
-- | socks-auth-info:
-- |   No authentication
-- |_  Username and password

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({1080, 9050}, {"socks", "socks5", "tor-socks"})

local METHODS = { socks.AuthMethod.NONE, socks.AuthMethod.GSSAPI, socks.AuthMethod.USERPASS }
-- How libraries begin what they say of a proxy that refuses what it was offered: with RFC 1928, section 3.
local REFUSED = "^No acceptable "

local shown = { __tostring = function (entry) return entry.name end }

action = function (host, port)
  local found = {}
  for _, method in ipairs(METHODS) do
    local helper = socks.Helper:new(host, port, { timeout = stdnse.get_timeout(host, 5000) })
    local status, answer = helper:connect(method)
    helper:close()
    if status and answer.method == method then
      found[#found + 1] = setmetatable({ name = helper:authNameByNumber(method), method = method }, shown)
    elseif not status and not string.find(tostring(answer), REFUSED) then
      break
    end
  end
  return #found > 0 and found or nil
end
