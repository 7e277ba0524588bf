---
-- The rsync daemon: its greeting and its list of modules.
--
-- Written from the description of the daemon's protocol in rsync's public documentation (csprotocol.txt), and
-- observed answers. Lists are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rsync

local deadline = require "deadline"
local match = require "match"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"

_ENV = stdnse.module("rsync", stdnse.seeall)

local MAX_LINES, MAX_LINE = 2000, 4096

--- A daemon.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes the state for a daemon.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>module</code> is the module to use.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

--- Connects and exchanges greetings.
-- @name Helper.connect
-- @param socket A socket to use, optional.
-- @return True; or false and a reason.
function Helper:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 10000))
  local status, answer = self.socket:connect(self.host, self.port)
  if status then
    status, answer = deadline.receive_buf(self.socket, match.pattern_limit("\n", MAX_LINE), false)
  end
  if not status then
    return false, answer
  end
  self.version = string.match(answer, "^@RSYNCD: (%d+[%d.]*)")
  if not self.version then
    return false, "the server is no rsync daemon"
  end
  -- An older version needs no list of digests.
  return self.socket:send("@RSYNCD: 29.0\n")
end

--- Asks for the modules.
-- @name Helper.listModules
-- @return True; or false.
-- @return Array of lines: the name, filled up with spaces, a tab and the comment. Or a reason.
function Helper:listModules ()
  local status, line = self.socket:send("#list\n")
  local lines = {}
  while status and #lines < MAX_LINES do
    status, line = deadline.receive_buf(self.socket, match.pattern_limit("\n", MAX_LINE), false)
    if not status then
      break
    elseif string.find(line, "^@RSYNCD: EXIT") then
      return true, lines
    elseif string.find(line, "^@ERROR") then
      return false, line
    end
    lines[#lines + 1] = line
  end
  return #lines > 0, #lines > 0 and lines or line
end

--- Closes the connection.
-- @name Helper.disconnect
-- @return True.
function Helper:disconnect ()
  return self.socket:close()
end

return _ENV
