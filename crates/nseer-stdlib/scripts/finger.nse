local comm = require "comm"
local deadline = require "deadline"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Asks a finger server who is there (RFC 1288).
]]

---
-- @usage nseer -p 79 --script finger <target>
-- @output
-- 79/tcp open  finger
-- | finger:
-- | Login     Name       Tty      Idle  Login Time   Office     Office Phone
-- |_root      root       tty1           Nov 26 10:12

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(79, "finger")

-- Nobody reads more than this.
local MAX_BYTES, MAX_LINES = 16 * 1024, 100

action = function (host, port)
  local socket, answer = comm.opencon(host, port, "\r\n", { timeout = 4000 })
  if not socket then
    stdnse.debug1("%s", tostring(answer))
    return nil
  end
  -- The server closes when it is done.
  local receive = deadline.receiver(socket)
  while #answer < MAX_BYTES do
    local status, data = receive()
    if not status then
      break
    end
    answer = answer .. data
  end
  socket:close()
  answer = string.gsub(string.gsub(string.sub(answer, 1, MAX_BYTES), "\r\n", "\n"), "%s+$", "")
  if not string.find(answer, "%S") then
    return nil
  end
  local lines = {}
  for line in string.gmatch(answer, "[^\n]*") do
    if #lines == MAX_LINES then
      lines[#lines + 1] = "(and more)"
      break
    end
    lines[#lines + 1] = line
  end
  return table.concat(lines, "\n")
end
