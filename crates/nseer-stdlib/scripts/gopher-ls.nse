local comm = require "comm"
local deadline = require "deadline"
local math = require "math"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Lists what is at the root of a Gopher server (RFC 1436).
]]

---
-- @usage nseer -p 70 --script gopher-ls <target>
-- @args gopher-ls.maxfiles How many entries are shown at most; 0 for all. Default: 10.
-- @output
-- 70/tcp open  gopher
-- | gopher-ls:
-- | [dir] /papers "Papers"
-- |_[txt] /about.txt "About this server"

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(70, "gopher")

-- Kinds of entries (RFC 1436, section 3.8); "i" is a line of text that many servers add.
local KINDS = {
  ["0"] = "txt", ["1"] = "dir", ["2"] = "cso", ["3"] = "err", ["4"] = "hqx", ["5"] = "zip", ["6"] = "uue",
  ["7"] = "search", ["8"] = "telnet", ["9"] = "bin", ["T"] = "tn3270", ["g"] = "gif", ["I"] = "img",
  ["h"] = "html",
}

local DEFAULT_ENTRIES = 10

local MAX_BYTES = 256 * 1024

local function root (host, port)
  local socket, answer = comm.opencon(host, port, "\r\n", { timeout = 4000 })
  if not socket then
    return nil, answer
  end
  local receive = deadline.receiver(socket)
  while #answer < MAX_BYTES and not string.find(answer, "\n%.\r?\n") do
    local status, data = receive()
    if not status then
      break
    end
    answer = answer .. data
  end
  socket:close()
  return answer
end

action = function (host, port)
  local answer, why = root(host, port)
  if not answer then
    stdnse.debug1("%s", tostring(why))
    return nil
  end
  local wanted = tonumber(stdnse.get_script_args("gopher-ls.maxfiles")) or DEFAULT_ENTRIES
  if wanted == 0 then
    wanted = math.huge
  end
  local lines, left = {}, 0
  for line in string.gmatch(answer, "[^\r\n]+") do
    local kind, text, path = string.match(line, "^(.)([^\t]*)\t([^\t]*)\t[^\t]*\t%d+")
    if KINDS[kind] and kind ~= "3" then
      if #lines < wanted then
        lines[#lines + 1] = string.format('[%s] %s "%s"', KINDS[kind], path, text)
      else
        left = left + 1
      end
    end
  end
  if #lines == 0 then
    return nil
  end
  if left > 0 then
    lines[#lines + 1] = string.format("(%d more; the argument gopher-ls.maxfiles shows them)", left)
  end
  return "\n" .. table.concat(lines, "\n")
end
