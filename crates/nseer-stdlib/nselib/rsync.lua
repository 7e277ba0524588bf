---
-- The rsync daemon: its greeting, its list of modules, and logging in to one.
--
-- Written from the description of the daemon's protocol in rsync's public documentation (csprotocol.txt), and
-- observed answers. Lists are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rsync

local base64 = require "base64"
local deadline = require "deadline"
local match = require "match"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

local have_ssl, openssl = pcall(require, "openssl")

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

-- The answer to a challenge as versions before 30 have it: a digest that begins with a seed of zero.
local function answer_to (challenge, password)
  return (string.gsub(base64.enc(openssl.md4("\0\0\0\0" .. password .. challenge)), "=+$", ""))
end

--- Logs in to the module of the options.
-- @name Helper.login
-- @param username User; nil where the module is for everybody.
-- @param password Password.
-- @return True; or false and a reason.
function Helper:login (username, password)
  if not self.options.module then
    return false, "no module was chosen"
  end
  local status, line = self.socket:send(self.options.module .. "\n")
  local is_answered = false
  -- The message of the day comes first.
  for _ = 1, MAX_LINES do
    if status then
      status, line = deadline.receive_buf(self.socket, match.pattern_limit("\n", MAX_LINE), false)
    end
    if not status then
      return false, line
    elseif string.find(line, "^@RSYNCD: OK") then
      return true
    elseif string.find(line, "^@ERROR") or string.find(line, "^@RSYNCD: EXIT") then
      return false, line
    end
    local challenge = string.match(line, "^@RSYNCD: AUTHREQD (%S+)")
    if challenge then
      if is_answered or not username or not have_ssl then
        return false, username and "the server asks again" or "Authentication required"
      end
      is_answered = true
      status, line = self.socket:send(username .. " " .. answer_to(challenge, password or "") .. "\n")
    end
  end
  return false, "the server does not come to an end"
end

--- Closes the connection.
-- @name Helper.disconnect
-- @return True.
function Helper:disconnect ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local function login_of (...)
  local lines, sent = { ... }, {}
  local helper = Helper:new({}, {}, { module = "m" })
  helper.socket = {
    send = function (_, text) sent[#sent + 1] = text return true end,
    receive_buf = function ()
      local line = table.remove(lines, 1)
      return line ~= nil, line or "EOF"
    end,
  }
  local status, reason = helper:login("me", "x")
  return status, reason, sent
end
test_suite:add_test(unittest.is_true((login_of("Hello", "@RSYNCD: OK"))), "a module for everybody")
test_suite:add_test(unittest.equal(select(2, login_of("@ERROR: Unknown module 'm'")), "@ERROR: Unknown module 'm'"), "no module")
test_suite:add_test(unittest.equal(select(2, login_of("Hello")), "EOF"), "a server that hangs up")
if have_ssl then
  local status, _, sent = login_of("@RSYNCD: AUTHREQD abc", "@RSYNCD: OK")
  test_suite:add_test(unittest.is_true(status), "logged in")
  test_suite:add_test(unittest.is_true(string.find(sent[2], "^me [%w+/]+\n$") ~= nil and #sent[2] == 3 + 22 + 1), "an answer")
  test_suite:add_test(unittest.is_false((login_of("@RSYNCD: AUTHREQD a", "@RSYNCD: AUTHREQD b", "@RSYNCD: OK"))), "a server that asks again")
end
return _ENV
