local deadline = require "deadline"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Tells whether a telnet server offers to encrypt (option 38, RFC 2946).
]]

---
-- @usage nseer -p 23 --script telnet-encryption <target>
-- @output
-- 23/tcp open  telnet
-- | telnet-encryption:
-- |_  Telnet server supports encryption

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(23, "telnet")

-- RFC 854: the byte before each command, and the commands for options.
local IAC, SB, WILL, WONT, DO, DONT = 255, 250, 251, 252, 253, 254
local ENCRYPT = 38

-- Options are negotiated at the very beginning.
local MAX_BYTES = 4096

-- What is said of the option in `data`: true, false, or nil.
local function said (data)
  for at = 1, #data - 2 do
    local mark, command, option = string.byte(data, at, at + 2)
    if mark == IAC and option == ENCRYPT then
      if command == WILL or command == DO or command == SB then
        return true
      elseif command == WONT or command == DONT then
        return false
      end
    end
  end
end

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host))
  local data, supported, receive = "", nil, deadline.receiver(socket)
  local status, why = socket:connect(host, port, "tcp")
  if status then
    -- Servers that wait to be asked answer this; the others have spoken already.
    status, why = socket:send(string.char(IAC, DO, ENCRYPT, IAC, WILL, ENCRYPT))
  end
  while status and supported == nil and #data < MAX_BYTES do
    local more
    status, more = receive()
    if status then
      data = data .. more
      supported = said(data)
    end
  end
  socket:close()
  if supported == nil then
    stdnse.debug1("nothing was said of encryption: %s", tostring(why))
    return nil
  end
  return "\n  Telnet server " .. (supported and "supports" or "does not support") .. " encryption"
end
