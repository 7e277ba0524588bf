---
-- Remote packet capture: logging in to a daemon, and which interfaces its host has.
--
-- Written from the public description of the protocol in libpcap's manual for rpcapd, and from its numbers. Answers are
-- bounded.
--
-- @usage
-- local helper = rpcap.Helper:new(host, port)
-- helper:connect()
-- helper:login()
-- local status, interfaces = helper:findAllInterfaces()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rpcap

local deadline = require "deadline"
local framereader = require "framereader"
local ipOps = require "ipOps"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local error, pcall, setmetatable = error, pcall, setmetatable

_ENV = stdnse.module("rpcap", stdnse.seeall)

--- Numbers of messages, and ways to log in.
-- @class table
-- @name RPCAP
RPCAP = {
  MessageType = { ERROR = 1, FIND_ALL_INTERFACES = 2, AUTH_REQUEST = 8 },
  Authentication = { NULL = 0, PWD = 1 },
}

local types = RPCAP.MessageType
local REPLY, HEAD = 0x80, 8
local MAX_BODY, MAX_INTERFACES, MAX_ADDRESSES = 0x40000, 256, 256
local ADDRESS_SIZE = 128
-- Families of addresses as they are sent, whatever the host calls them.
local INET, INET6 = 2, 23

local frame = framereader.new(function (head) return (string.unpack(">I4", head, 5)) end, MAX_BODY, HEAD)

local function request_of (kind, body)
  return string.pack(">BBI2I4", 0, kind, 0, #body) .. body
end

local function login_of (username, password)
  if not username then
    return string.pack(">I2I2I2I2", RPCAP.Authentication.NULL, 0, 0, 0)
  end
  return string.pack(">I2I2I2I2", RPCAP.Authentication.PWD, 0, #username, #password) .. username .. password
end

-- How many bits of a mask are set.
local function bits_of (mask)
  local count = 0
  for i = 1, #mask do
    local byte = string.byte(mask, i)
    while byte ~= 0 do
      count, byte = count + (byte & 1), byte >> 1
    end
  end
  return count
end

-- The bytes of an address; nil if there is none.
local function bytes_of (sent)
  local family = string.unpack(">I2", sent)
  if family == INET then
    return string.sub(sent, 5, 8)
  elseif family == INET6 then
    return string.sub(sent, 9, 24)
  end
end

-- An address with the length of its network; nil if there is none.
local function address_of (sent)
  local bytes, mask = bytes_of(sent), bytes_of(string.sub(sent, ADDRESS_SIZE + 1))
  if not bytes then
    return nil
  end
  return ipOps.str_to_ip(bytes) .. (mask and "/" .. bits_of(mask) or "")
end

-- The interfaces of an answer, as they are shown. Raises an error where it is cut off.
local function read_interfaces (body, count)
  local at, list = 1, {}
  local function take (size)
    at = at + size
    return at - 1 <= #body and string.sub(body, at - size, at - 1) or error("the answer is cut off", 0)
  end
  for i = 1, math.min(count, MAX_INTERFACES) do
    local name, about, _, addresses = string.unpack(">I2I2I4I2", take(12))
    local interface, shown = { name = take(name), take(about) }, {}
    if addresses > MAX_ADDRESSES then
      error("a count that cannot be", 0)
    end
    for _ = 1, addresses do
      shown[#shown + 1] = address_of(take(4 * ADDRESS_SIZE))
    end
    if #shown > 0 then
      interface[2] = { name = "Addresses", shown }
    end
    list[i] = interface
  end
  return list
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
-- @return The connection.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Connects.
-- @name Helper:connect
-- @param socket A socket to use, optional.
-- @return True; or false and a reason.
function Helper:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, 10000))
  return self.socket:connect(self.host, self.port)
end

-- Sends a message and reads its answer: true, its number and its body; or false and a reason.
local function asked (self, kind, body)
  local status, message = self.socket:send(request_of(kind, body))
  if status then
    status, message = deadline.receive_buf(self.socket, frame, true)
  end
  if not status then
    return false, message
  elseif #message < HEAD then
    return false, "the answer is cut off"
  end
  local _, answered, value, length = string.unpack(">BBI2I4", message)
  body = string.sub(message, HEAD + 1)
  if #body ~= length then
    return false, "the answer is cut off"
  elseif answered == types.ERROR then
    return false, body
  elseif answered ~= kind | REPLY then
    return false, "the answer is none of RPCAP"
  end
  return true, value, body
end

--- Logs in.
-- @name Helper:login
-- @param username User; nil to do so without an account.
-- @param password Password.
-- @return True; or false and a reason.
function Helper:login (username, password)
  local status, reason = asked(self, types.AUTH_REQUEST, login_of(username, password or ""))
  return status, not status and reason or nil
end

--- Lists interfaces.
-- @name Helper:findAllInterfaces
-- @return True; or false.
-- @return Array of tables for output: <code>name</code>, what it is, and its addresses; or a reason.
function Helper:findAllInterfaces ()
  local status, count, body = asked(self, types.FIND_ALL_INTERFACES, "")
  if not status then
    return false, count
  end
  return pcall(read_interfaces, body, count)
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
test_suite:add_test(unittest.equal(login_of("me", "x"), "\0\1\0\0\0\2\0\1mex"), "a login")
test_suite:add_test(unittest.equal(request_of(8, login_of()), "\0\8\0\0\0\0\0\8\0\0\0\0\0\0\0\0"), "a login without an account")
local function sent (text)
  return string.pack(">I2I2c124", INET, 0, ipOps.ip_to_str(text))
end
local body = string.pack(">I2I2I4I2I2", 4, 3, 0, 1, 0) .. "eth0net" .. sent("192.0.2.5") .. sent("255.255.255.0") .. string.rep("\0", 256)
test_suite:add_test(unittest.identical(read_interfaces(body, 1), { { name = "eth0", "net", { name = "Addresses", { "192.0.2.5/24" } } } }), "an interface")
test_suite:add_test(unittest.is_false((pcall(read_interfaces, string.sub(body, 1, -2), 1))), "an interface that is cut off")
test_suite:add_test(unittest.is_false((pcall(read_interfaces, body, 0xffff))), "more interfaces than there are")
local helper = Helper:new({}, {})
local function answered (message)
  helper.socket = { send = function () return true end, receive_buf = function () return true, message end }
  return { helper:login("me", "x") }
end
test_suite:add_test(unittest.is_true(answered("\0\x88\0\0\0\0\0\0")[1]), "logged in")
test_suite:add_test(unittest.identical(answered("\0\1\0\8\0\0\0\2no"), { false, "no" }), "refused")
test_suite:add_test(unittest.is_false(answered("HTTP/1.1 400 Bad")[1]), "another protocol")
return _ENV
