local deadline = require "deadline"
local ftp = require "ftp"
local math = require "math"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Tells whether an FTP server lets anybody in, and lists what they see.

The name <code>anonymous</code> is tried, as RFC 1635 describes it. The list is what the server itself says;
directories and files that all users may write to are marked.
]]

---
-- @usage nseer -p 21 --script ftp-anon <target>
-- @args ftp-anon.maxlist How many entries are shown at most; -1 for all. Default: 20, or all with <code>-v</code>.
-- @output
-- 21/tcp open  ftp
-- | ftp-anon: Anonymous FTP login allowed (FTP code 230)
-- | drwxr-xr-x    2 ftp      ftp          4096 Feb 03  2021 docs
-- |_drwxrwxrwx    2 ftp      ftp          4096 Feb 03  2021 incoming [NSE: writeable]

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "auth", "safe"}

portrule = shortport.port_or_service({21, 990}, {"ftp", "ftps"})

local PASSWORD = "anonymous@nseer.invalid"

local DEFAULT_ENTRIES = 20

-- A list is read no further than this.
local MAX_BYTES = 512 * 1024

local function entries_wanted ()
  local given = tonumber(stdnse.get_script_args("ftp-anon.maxlist"))
  if given then
    return given < 0 and math.huge or given
  end
  return DEFAULT_ENTRIES
end

local function read_all (socket)
  local text, receive = "", deadline.receiver(socket)
  while #text < MAX_BYTES do
    local status, data = receive()
    if not status then
      break
    end
    text = text .. data
  end
  return text
end

local function list (socket, buffer)
  local data, why = ftp.pasv(socket, buffer)
  if not data then
    return nil, why
  end
  local text
  if socket:send("LIST\r\n") then
    local code, message = ftp.read_reply(buffer)
    if code and code >= 100 and code < 200 then
      text = read_all(data)
    else
      why = message
    end
  end
  data:close()
  return text, why
end

-- Whether the mode of an entry lets everybody write.
local function is_writeable (line)
  return string.find(line, "^[d-][r-][w-][xsS-][r-][w-][xsS-][r-]w[xtT-]") ~= nil
end

local function shown (text)
  local lines, wanted, left = {}, entries_wanted(), 0
  for line in string.gmatch(text, "[^\r\n]+") do
    if #lines < wanted then
      lines[#lines + 1] = line .. (is_writeable(line) and " [NSE: writeable]" or "")
    else
      left = left + 1
    end
  end
  if left > 0 then
    lines[#lines + 1] = string.format("(%d more; the argument ftp-anon.maxlist shows them)", left)
  end
  return lines
end

action = function (host, port)
  local socket, code, message, buffer = ftp.connect(host, port, { timeout = stdnse.get_timeout(host) })
  if not socket then
    stdnse.debug1("%s", code)
    return nil
  end
  if code ~= 220 then
    ftp.close(socket)
    stdnse.debug1("the greeting has the code %d", code)
    return nil
  end
  local status
  status, code, message = ftp.auth(socket, buffer, "anonymous", PASSWORD)
  if not status then
    ftp.close(socket)
    stdnse.debug1("anonymous is refused: %s", message)
    return nil
  end
  local lines = {string.format("Anonymous FTP login allowed (FTP code %d)", code)}
  local text, why = list(socket, buffer)
  if text then
    local entries = shown(text)
    table.move(entries, 1, #entries, 2, lines)
  else
    lines[2] = "The list was refused: " .. tostring(why)
  end
  ftp.close(socket)
  return table.concat(lines, "\n")
end
