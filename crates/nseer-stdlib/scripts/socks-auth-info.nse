local nmap = require "nmap"
local shortport = require "shortport"
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

-- IANA's registry of SOCKS methods.
local METHODS = { { 0, "No authentication" }, { 1, "GSSAPI" }, { 2, "Username and password" } }

local shown = { __tostring = function (entry) return entry.name end }

-- The method that the proxy picks when it is offered one; nil if it does not speak SOCKS 5.
local function picked (host, port, method)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, answer = socket:connect(host, port)
  if status then
    status = socket:send(string.char(5, 1, method))
  end
  if status then
    status, answer = socket:receive_bytes(2)
  end
  socket:close()
  if status and #answer == 2 and string.byte(answer) == 5 then
    return string.byte(answer, 2)
  end
end

action = function (host, port)
  local found = {}
  for _, method in ipairs(METHODS) do
    local answer = picked(host, port, method[1])
    if not answer then
      break
    elseif answer == method[1] then
      found[#found + 1] = setmetatable({ name = method[2], method = method[1] }, shown)
    end
  end
  return #found > 0 and found or nil
end
