---
-- Cassandra's older interface, of Thrift: login, the name of a cluster, the version of the interface.
--
-- Written from the public description of Thrift's binary protocol (strict form, framed transport) and Cassandra's
-- interface definition (<code>login</code>, <code>describe_cluster_name</code>, <code>describe_version</code>).
-- Replies are bounded.
--
-- @usage
-- local status, name = cassandra.describe_cluster_name(socket, 1)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name cassandra

local deadline = require "deadline"
local framereader = require "framereader"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("cassandra", stdnse.seeall)

-- Version 1 of the protocol with the kind of a message: a call and a reply.
CASSANDRAREQ, CASSANDRARESP = "\x80\x01\0\x01", "\x80\x01\0\x02"

-- The beginning of login's parameters: number of the call, a structure, in it a map of two texts to texts.
CASSLOGINMAGIC = "\0\0\0\x01\x0c\0\x01\x0d\0\x01\x0b\x0b\0\0\0\x02"

-- How replies to a login begin after the name: it went well, a password is wrong, the user may not come in.
LOGINSUCC, LOGINFAIL, LOGINACC = "\0\0\0\x01\0", "\0\0\0\x01\x0b", "\0\0\0\x01\x0c"

local MAX_REPLY = 0x10000

local frame = framereader.new(function (head) return (string.unpack(">I4", head)) end, MAX_REPLY)

local function text (data)
  return string.pack(">s4", data)
end

--- Makes a call without parameters.
-- @param command Name of the function.
-- @param cnt Number of the call.
-- @return Bytes without the length of the frame.
function cmdstr (command, cnt)
  return CASSANDRAREQ .. text(command) .. string.pack(">I4B", cnt or 0, 0)
end

--- Makes a login.
-- @param username The user.
-- @param password Its password.
-- @return Bytes without the length of the frame.
function loginstr (username, password)
  return CASSANDRAREQ .. text("login") .. CASSLOGINMAGIC .. text("username") .. text(username) .. text("password")
    .. text(password) .. "\0\0"
end

-- Sends a frame and reads one. True and its bytes; or false and a reason.
local function exchange (socket, message)
  local status, data = socket:send(text(message))
  if status then
    status, data = deadline.receive_buf(socket, frame, true)
  end
  if not status then
    return false, data
  elseif #data < 4 or string.unpack(">I4", data) ~= #data - 4 then
    return false, "the server sends no frames of Thrift"
  end
  return true, string.sub(data, 5)
end

-- The text that a function gave back; or nil and a reason.
local function read_text (data, command)
  local head = CASSANDRARESP .. text(command)
  -- Number of the call, then field 0 of the result: a text.
  local at = #head + 5
  if string.sub(data, 1, #head) ~= head then
    return nil, "the reply is to another call"
  elseif string.sub(data, at, at + 2) ~= "\x0b\0\0" or at + 6 > #data then
    return nil, "the reply has no text"
  end
  local length = string.unpack(">I4", data, at + 3)
  if at + 6 + length > #data then
    return nil, "the reply is cut off"
  end
  return string.sub(data, at + 7, at + 6 + length)
end

--- Calls a function without parameters that gives a text.
-- @param socket Connected socket.
-- @param command Name of the function.
-- @param cnt Number of the call.
-- @return True; or false.
-- @return The text; or a reason.
function sendcmd (socket, command, cnt)
  local status, data = exchange(socket, cmdstr(command, cnt))
  if not status then
    return false, data
  end
  local value, reason = read_text(data, command)
  return value ~= nil, value or reason
end

--- The name of the cluster.
-- @param socket Connected socket.
-- @param cnt Number of the call.
-- @return True; or false.
-- @return The name; or a reason.
function describe_cluster_name (socket, cnt)
  return sendcmd(socket, "describe_cluster_name", cnt)
end

--- The version of the interface.
-- @param socket Connected socket.
-- @param cnt Number of the call.
-- @return True; or false.
-- @return The version; or a reason.
function describe_version (socket, cnt)
  return sendcmd(socket, "describe_version", cnt)
end

--- Logs in.
-- @param socket Connected socket.
-- @param username The user.
-- @param password Its password.
-- @return True if the server lets the user in; otherwise false.
-- @return A reason, otherwise nil.
function login (socket, username, password)
  local status, data = exchange(socket, loginstr(username, password))
  if not status then
    return false, data
  end
  local head = CASSANDRARESP .. text("login")
  local rest = string.sub(data, #head + 1, #head + 5)
  if string.sub(data, 1, #head) ~= head then
    return false, "the reply is to another call"
  elseif rest == LOGINSUCC then
    return true
  end
  return false, rest == LOGINACC and "the user may not come in" or "the login was refused"
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(cmdstr("ping", 3), "\x80\x01\0\x01\0\0\0\4ping\0\0\0\3\0"), "a call")
local reply = CASSANDRARESP .. text("ping") .. "\0\0\0\3\x0b\0\0" .. text("pong") .. "\0"
test_suite:add_test(unittest.equal(read_text(reply, "ping"), "pong"), "a reply")
test_suite:add_test(unittest.is_nil((read_text(reply, "pong"))), "of another call")
test_suite:add_test(unittest.is_nil((read_text(string.sub(reply, 1, -4), "ping"))), "cut off")
test_suite:add_test(unittest.is_nil((read_text(string.gsub(reply, "\4pong", "\xff\xff"), "ping"))), "too long")
test_suite:add_test(unittest.equal(#loginstr("me", "x"), 8 + 5 + 16 + 12 + 6 + 12 + 5 + 2), "a login")
return _ENV
