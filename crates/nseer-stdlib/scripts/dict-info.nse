local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a dictionary server about itself and its databases (SHOW SERVER, RFC 2229, section 3.5.4).
]]

---
-- @usage nseer -p 2628 --script dict-info <target>
-- @output
-- 2628/tcp open  dict
-- | dict-info:
-- |   dictd 1.13.0/rf on Linux 6.1.0
-- |_  On dict.example: up 305.000, 5 forks (59.0/hour)

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(2628, "dict")

local MAX_READS, MAX_BYTES = 200, 64 * 1024

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local text, receive = "", deadline.receiver(socket)
  local status = socket:connect(host, port, "tcp")
    and socket:send('CLIENT "nseer"\r\nSHOW SERVER\r\nQUIT\r\n')
  for _ = 1, status and MAX_READS or 0 do
    local more
    status, more = receive()
    if not status then
      break
    end
    text = text .. more
    if #text > MAX_BYTES or string.find(text, "\n221") then
      break
    end
  end
  socket:close()
  local body = string.match(text, "\n114[^\n]*\n(.-)\r?\n%.\r?\n")
  if not body then
    stdnse.debug1("no answer to SHOW SERVER")
    return nil
  end
  local lines = {}
  for line in string.gmatch(body .. "\n", "(.-)\r?\n") do
    lines[#lines + 1] = "  " .. line
  end
  return "\n" .. table.concat(lines, "\n")
end
