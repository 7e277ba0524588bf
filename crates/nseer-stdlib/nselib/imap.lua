---
-- IMAP: capabilities and logging in.
--
-- Written from RFC 3501 and RFC 9051.
--
-- @usage
-- local helper = imap.Helper:new(host, port)
-- if helper:connect() then
--   local ok, capabilities = helper:capabilities()
--   helper:close()
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name imap

local base64 = require "base64"
local comm = require "comm"
local linereader = require "linereader"
local sasl = require "sasl"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("imap", stdnse.seeall)

-- An answer has no more lines and bytes than this.
local TIMEOUT = 10000

-- Servers make whoever guesses wait for an answer: Dovecot up to 17 seconds.
local LOGIN_TIMEOUT = 20000

local MAX_LINES, MAX_BYTES = 500, 256 * 1024

--- A connection.
-- @class table
-- @name IMAP
IMAP = {}
IMAP.__index = IMAP

--- Makes one that is not connected yet.
-- @name IMAP.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table of options, optional, with <code>timeout</code> in milliseconds.
-- @return The connection.
function IMAP:new (host, port, options)
  return setmetatable({
    host = host, port = port, counter = 1, timeout = options and options.timeout or TIMEOUT,
  }, self)
end

--- Connects, with TLS from the first byte on where that is what the server speaks.
-- @name IMAP.connect
-- @return True, or false.
-- @return The greeting; or what went wrong.
function IMAP:connect ()
  local socket, answer, _, greeting = comm.tryssl(self.host, self.port, "",
    { request_timeout = self.timeout, recv_before = true, lines = 1 })
  if not socket then
    return false, answer
  end
  self.socket, self.next_line = socket, linereader.new(socket)
  return true, greeting or answer
end

--- Sends a command with a tag of its own.
-- @name IMAP.send
-- @param cmd The command.
-- @param params Its arguments, optional.
-- @return True, or false.
-- @return What went wrong.
function IMAP:send (cmd, params)
  self.tag = string.format("A%04d", self.counter)
  self.counter = self.counter + 1
  local line = self.tag .. " " .. cmd .. (params and " " .. params or "")
  return self.socket:send(line .. "\r\n")
end

--- Receives the answer to the last command: all lines up to the one with its tag, or up to a question of the
-- server.
-- @name IMAP.receive
-- @return True, or false.
-- @return The lines, with line breaks between them; or what went wrong.
function IMAP:receive ()
  local lines, size = {}, 0
  for _ = 1, MAX_LINES do
    local line, why = self.next_line()
    if not line then
      return false, why
    end
    lines[#lines + 1], size = line, size + #line
    if string.sub(line, 1, #self.tag + 1) == self.tag .. " " or string.find(line, "^%+ ?") then
      return true, table.concat(lines, "\n")
    elseif size > MAX_BYTES then
      break
    end
  end
  return false, "an answer without end"
end

-- Whether the line with the tag says OK.
local function is_ok (self, answer)
  local word = string.match("\n" .. answer, "\n" .. self.tag .. " (%a+)")
  return word ~= nil and string.upper(word) == "OK"
end

--- Logs in with LOGIN.
-- @name IMAP.login
-- @param username Name of the user.
-- @param password The password.
-- @return True, or false.
-- @return What went wrong.
function IMAP:login (username, password)
  local function quoted (text)
    return '"' .. string.gsub(text, '[\\"]', "\\%0") .. '"'
  end
  self.socket:set_timeout(LOGIN_TIMEOUT)
  self:send("LOGIN", quoted(username) .. " " .. quoted(password))
  local status, answer = self:receive()
  if status and is_ok(self, answer) then
    return true
  end
  return false, status and "Login failed" or answer
end

--- Logs in with AUTHENTICATE.
-- @name IMAP.authenticate
-- @param username Name of the user.
-- @param pass The password.
-- @param mech Mechanism, such as <code>PLAIN</code>.
-- @return True, or false.
-- @return What went wrong.
function IMAP:authenticate (username, pass, mech)
  local encode, why = sasl.check_mechanism(mech)
  if not encode then
    return false, why
  end
  self.socket:set_timeout(LOGIN_TIMEOUT)
  self:send("AUTHENTICATE", mech)
  -- No mechanism here asks more than three questions.
  local answers = string.upper(mech) == "LOGIN" and {username, pass} or {}
  for turn = 1, 3 do
    local status, answer = self:receive()
    if not status then
      return false, answer
    end
    local challenge = string.match(answer, "^%+ ?(%S*)")
    if not challenge then
      return is_ok(self, answer), "Login failed"
    end
    local known, text = pcall(base64.dec, challenge)
    local reply = answers[turn]
    if not reply and turn == 1 then
      reply = encode(username, pass, known and text or "", "imap", "imap/" .. stdnse.get_hostname(self.host))
    end
    self.socket:send(base64.enc(reply or "") .. "\r\n")
  end
  return false, "Login failed"
end

-- The capabilities in an answer, as a set.
local function parsed (answer)
  local found = {}
  for line in string.gmatch(answer, "[^\r\n]+") do
    local list = string.match(line, "^%* [Cc][Aa][Pp][Aa][Bb][Ii][Ll][Ii][Tt][Yy] (.*)$")
    for name in string.gmatch(list or "", "%S+") do
      found[name] = true
    end
  end
  return found
end

--- Asks what the server can do.
-- @name IMAP.capabilities
-- @return True, or false.
-- @return Set of capabilities, names as keys; or what went wrong.
function IMAP:capabilities ()
  local status, why = self:send("CAPABILITY")
  if not status then
    return false, why
  end
  local answer
  status, answer = self:receive()
  if not status then
    return false, answer
  end
  return true, parsed(answer)
end

--- Closes the connection.
-- @name IMAP.close
-- @return True.
function IMAP:close ()
  self.socket:close()
  return true
end

--- What most scripts need of a connection.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one that is not connected yet.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @param options Table of options as for <code>IMAP</code>, optional.
-- @return The helper; its field <code>client</code> is the connection.
function Helper:new (host, port, options)
  return setmetatable({ client = IMAP:new(host, port, options) }, self)
end

--- Connects.
-- @name Helper.connect
-- @return True, or false.
-- @return The greeting; or what went wrong.
function Helper:connect ()
  return self.client:connect()
end

--- Logs in.
-- @name Helper.login
-- @param username Name of the user.
-- @param password The password.
-- @param mech Mechanism; <code>LOGIN</code> or nothing for the command of that name.
-- @return True, or false.
-- @return What went wrong.
function Helper:login (username, password, mech)
  if not mech or mech == "LOGIN" then
    return self.client:login(username, password)
  end
  return self.client:authenticate(username, password, mech)
end

--- Asks what the server can do.
-- @name Helper.capabilities
-- @return True, or false.
-- @return Set of capabilities, names as keys; or what went wrong.
function Helper:capabilities ()
  return self.client:capabilities()
end

--- Closes the connection.
-- @name Helper.close
-- @return True.
function Helper:close ()
  return self.client:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local set = parsed("* CAPABILITY IMAP4rev1 AUTH=PLAIN\nA0001 OK done, more listed after login")
test_suite:add_test(unittest.is_true(set.IMAP4rev1 and set["AUTH=PLAIN"]), "names of the list")
test_suite:add_test(unittest.is_nil(set.login), "and no other words")
local client = IMAP:new({}, {})
client.tag, client.next_line = "A0001", linereader.new({}, "* OK x\r\nA0001 OK done\r\n")
local status, lines = client:receive()
test_suite:add_test(unittest.is_true(status), "an answer ends with the tag")
test_suite:add_test(unittest.equal(lines, "* OK x\nA0001 OK done"), "and is given line by line")

return _ENV
