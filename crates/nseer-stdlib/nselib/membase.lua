---
-- Membase and Memcached in the binary protocol: logging in.
--
-- Written from the public description of Memcached's binary protocol, and of its commands for SASL. Answers are bounded.
--
-- @usage
-- local helper = membase.Helper:new(host, port)
-- helper:connect()
-- local status, reason = helper:login("user", "password")
-- @args membase.authmech How to log in. Default: PLAIN.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name membase

local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local setmetatable = setmetatable

_ENV = stdnse.module("membase", stdnse.seeall)

--- Numbers of the commands.
-- @class table
-- @name TAP
TAP = { Op = { LIST_SASL_MECHS = 0x20, AUTHENTICATE = 0x21 } }

local REQUEST, RESPONSE, HEAD = 0x80, 0x81, 24
local MAX_BODY = 0x10000

local frame = framereader.new(function (head) return string.unpack(">I4", head, 9) + HEAD - 12 end, MAX_BODY, 12)

-- A request: kind, command, lengths of the key and of extras, data type, bucket, length of all, and two numbers of ours.
local function request_of (command, key, value)
  return string.pack(">BBI2BBI2I4I4I8", REQUEST, command, #key, 0, 0, 0, #key + #value, 0, 0) .. key .. value
end

-- What an answer says: its status, and what is behind its key and extras; nil and a reason.
local function read_answer (message, command)
  local kind, answered, key, extras, _, status, length = string.unpack(">BBI2BBI2I4", message)
  if kind ~= RESPONSE or answered ~= command or key + extras > length then
    return nil, "the server does not answer in the binary protocol"
  end
  return status, string.sub(message, HEAD + key + extras + 1)
end

--- A connection.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The connection.
function Helper:new (host, port, options)
  local given = stdnse.get_script_args("membase.authmech")
  return setmetatable({ host = host, port = port, options = options or {}, mech = given }, self)
end

--- Connects.
-- @name Helper:connect
-- @param socket A socket to use, optional.
-- @return True; or false and a reason.
function Helper:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout(self.options.timeout or stdnse.get_timeout(self.host, 10000))
  return self.socket:connect(self.host, self.port)
end

--- Sends a command and reads its answer.
-- @name Helper:exch
-- @param command One of <code>TAP.Op</code>.
-- @param key Bytes.
-- @param value Bytes.
-- @return True; or false.
-- @return Table with <code>status</code> (a number) and <code>data</code>; or a reason.
function Helper:exch (command, key, value)
  local status, message = self.socket:send(request_of(command, key, value))
  if status then
    status, message = deadline.receive_buf(self.socket, frame, true)
  end
  if not status then
    return false, message
  elseif #message < HEAD then
    return false, "the answer is cut off"
  end
  local code, data = read_answer(message, command)
  if not code then
    return false, data
  end
  return true, { status = code, data = data }
end

--- Asks how one may log in.
-- @name Helper:getSASLMechList
-- @return True; or false.
-- @return Table with <code>mechs</code>, names with spaces between; or a reason.
function Helper:getSASLMechList ()
  local status, answer = self:exch(TAP.Op.LIST_SASL_MECHS, "", "")
  if not status then
    return false, answer
  elseif answer.status ~= 0 then
    return false, answer.data
  end
  answer.mechs = answer.data
  return true, answer
end

--- Logs in.
-- @name Helper:login
-- @param username User, or bucket.
-- @param password Password.
-- @param mech How. Default: as the user says, or PLAIN.
-- @return True; or false and a reason.
function Helper:login (username, password, mech)
  mech = mech or self.mech or "PLAIN"
  if mech ~= "PLAIN" then
    return false, "only PLAIN is known, not " .. mech
  end
  local status, answer = self:exch(TAP.Op.AUTHENTICATE, mech, username .. "\0" .. username .. "\0" .. password)
  if not status then
    return false, answer
  elseif answer.status ~= 0 then
    return false, answer.data
  end
  return true
end

--- Closes the connection.
-- @name Helper:close
-- @return True.
function Helper:close ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(#request_of(0x21, "PLAIN", "abc"), HEAD + 8), "a request")
local answer = string.pack(">BBI2BBI2I4I4I8", RESPONSE, 0x20, 0, 0, 0, 0, 5, 0, 0) .. "PLAIN"
test_suite:add_test(unittest.equal(select(2, read_answer(answer, 0x20)), "PLAIN"), "an answer")
test_suite:add_test(unittest.is_nil((read_answer(answer, 0x21))), "an answer to something else")
test_suite:add_test(unittest.is_nil((read_answer(string.pack(">BBI2BBI2I4I4I8", RESPONSE, 0x20, 9, 9, 0, 0, 5, 0, 0), 0x20))), "lengths that cannot be")
local helper = Helper:new({}, {})
helper.socket = { send = function () return true end, receive_buf = function (_, find)
  local _, last = find(answer)
  return true, string.sub(answer, 1, last)
end }
test_suite:add_test(unittest.equal(select(2, helper:getSASLMechList()).mechs, "PLAIN"), "ways to log in")
return _ENV
