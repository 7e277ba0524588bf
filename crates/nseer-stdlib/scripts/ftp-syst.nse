local ftp = require "ftp"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Asks an FTP server what system it runs on (SYST) and how it is doing (STAT).

Where the server wants a name first, the script comes as <code>anonymous</code>. An answer to SYST that nearly
all servers give, whatever they run on, is left out.
]]

---
-- @usage nseer -p 21 --script ftp-syst <target>
-- @output
-- 21/tcp open  ftp
-- | ftp-syst:
-- |   STAT:
-- | FTP server status:
-- |      Connected to 192.0.2.1
-- |_End of status
-- @xmloutput
-- <elem key="STAT">...</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({21, 990}, {"ftp", "ftps"})

-- What RFC 959 suggests; it says nothing.
local COMMON = "^UNIX Type: L8"

local function ask (socket, buffer, command)
  if not socket:send(command .. "\r\n") then
    return nil
  end
  return ftp.read_reply(buffer)
end

-- Whether the server wants to know who asks.
local function wants_login (code)
  return code == 530 or code == 331 or code == 332
end

action = function (host, port)
  local socket, code, message, buffer = ftp.connect(host, port, { timeout = stdnse.get_timeout(host) })
  if not socket then
    stdnse.debug1("%s", code)
    return nil
  end
  local out = stdnse.output_table()
  if code == 220 then
    code, message = ask(socket, buffer, "SYST")
    if wants_login(code) and ftp.auth(socket, buffer, "anonymous", "anonymous@nseer.invalid") then
      code, message = ask(socket, buffer, "SYST")
    end
    if code == 215 and not string.find(message, COMMON) then
      out.SYST = message
    end
    if code then
      code, message = ask(socket, buffer, "STAT")
    end
    if wants_login(code) and ftp.auth(socket, buffer, "anonymous", "anonymous@nseer.invalid") then
      code, message = ask(socket, buffer, "STAT")
    end
    if code == 211 and message ~= "" then
      out.STAT = "\n" .. message
    end
  end
  ftp.close(socket)
  return #out > 0 and out or nil
end
