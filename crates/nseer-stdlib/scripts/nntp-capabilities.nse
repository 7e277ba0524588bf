local comm = require "comm"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Lists what a news server can do (CAPABILITIES, RFC 3977, or LIST EXTENSIONS of older servers).
]]

---
-- @usage nseer -p 119,563 --script nntp-capabilities <target>
-- @output
-- 119/tcp open  nntp
-- | nntp-capabilities:
-- |   VERSION 2
-- |   READER
-- |_  STARTTLS
-- @xmloutput
-- <elem>VERSION 2</elem>
-- <elem>READER</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({119, 563}, {"nntp", "nntps", "snews"})

local MAX_LINES, MAX_BYTES = 200, 64 * 1024

-- The lines up to a single dot; nil if the command is refused.
local function ask (socket, command, good)
  if not socket:send(command .. "\r\n") then
    return nil
  end
  local text = ""
  for _ = 1, MAX_LINES do
    local status, data = socket:receive_lines(1)
    if not status then
      return nil
    end
    text = text .. data
    if not string.find(text, "^" .. good) or #text > MAX_BYTES then
      return nil
    elseif string.find(text, "\n%.\r?\n") then
      return text
    end
  end
end

action = function (host, port)
  local socket, answer, _, greeting = comm.tryssl(host, port, "", { recv_before = true, lines = 1 })
  if not socket then
    stdnse.debug1("%s", tostring(answer))
    return nil
  end
  local text
  if string.find(greeting or answer or "", "^20[01]") then
    text = ask(socket, "CAPABILITIES", "101") or ask(socket, "LIST EXTENSIONS", "202")
  end
  socket:send("QUIT\r\n")
  socket:close()
  local lines, first = {}, true
  for line in string.gmatch(text or "", "[^\r\n]+") do
    if line ~= "." and not first then
      lines[#lines + 1] = line
    end
    first = false
  end
  return #lines > 0 and lines or nil
end
