local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks the identification server of a host which user owns each of its open TCP ports.

The server, on port 113, is meant to be asked about connections that its own users made. Many servers also
answer for a connection that was made to them, and so tell who runs the service behind a port. The script
connects to the port in question, asks about that connection, and shows the user. It is silent where the
server gives an error instead, for example because it hides its users.

The script needs port 113 among the scanned ports. Protocol: RFC 1413.
]]

---
-- @usage
-- nseer -p 22,80,113 --script auth-owners <target>
-- @output
-- 22/tcp  open  ssh
-- |_auth-owners: root
-- 80/tcp  open  http
-- |_auth-owners: www-data
-- 113/tcp open  ident
-- |_auth-owners: nobody

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "safe"}

local IDENT = { number = 113, protocol = "tcp" }

portrule = function (host, port)
  if port.protocol ~= "tcp" or port.state ~= "open" then
    return false
  end
  local ident = nmap.get_port_state(host, IDENT)
  return ident ~= nil and ident.state == "open"
end

-- The user of a reply; nil for an error and for anything that is no reply. The third part is the
-- operating system, with or without a character set, which says nothing about the user. The rest of the
-- line is the user, colons and all (RFC 1413, section 6).
local function user_of (reply)
  local line = string.match(reply, "^[^\r\n]*")
  local kind, user = string.match(line, "^%s*%d+%s*,%s*%d+%s*:%s*(%a+)%s*:[^:]*:%s*(.-)%s*$")
  if kind and string.upper(kind) == "USERID" and user ~= "" then
    return user
  end
end

action = function (host, port)
  local ident, service = nmap.new_socket(), nmap.new_socket()
  ident:set_timeout(stdnse.get_timeout(host, 8000, 5000))
  service:set_timeout(stdnse.get_timeout(host, 8000, 5000))
  local try = nmap.new_try(function ()
    ident:close()
    service:close()
  end)
  try(ident:connect(host, IDENT))
  try(service:connect(host, port.number, "tcp"))
  local _, local_port = try(service:get_info())
  try(ident:send(string.format("%d, %d\r\n", port.number, local_port)))
  local reply = try(ident:receive_lines(1))
  ident:close()
  service:close()
  return user_of(reply)
end
