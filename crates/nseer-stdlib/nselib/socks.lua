---
-- The client's side of SOCKS version 5.
--
-- Written from RFC 1928, sections 3 and 4, RFC 1929 and IANA's registry of SOCKS methods.
--
-- @usage
-- local helper = socks.Helper:new(host, port)
-- local status, response = helper:connect(socks.AuthMethod.NONE)
-- helper:close()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name socks

local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local ipairs, setmetatable, type = ipairs, setmetatable, type

_ENV = stdnse.module("socks", stdnse.seeall)

local VERSION = 5

-- No proxy takes a longer name or password.
local LONGEST = 255

local TIMEOUT = 10000

--- The methods of authentication, by name.
-- @class table
-- @name AuthMethod
AuthMethod = {
  NONE = 0, GSSAPI = 1, USERPASS = 2, CHAP = 3, CRAM = 5, SSL = 6, NDS = 7, MULTIFRAME = 8, JSON = 9,
  NO_ACCEPTABLE = 255,
}

local NAMES = {
  [0] = "No authentication", [1] = "GSSAPI", [2] = "Username and password",
  [3] = "Challenge-Handshake Authentication Protocol", [5] = "Challenge-Response Authentication Method",
  [6] = "Secure Sockets Layer", [7] = "NDS Authentication", [8] = "Multi-Authentication Framework",
  [9] = "JSON Parameter Block", [255] = "No acceptable methods",
}

--- What a method is called.
-- @param method Its number.
-- @return The name; nil if it has none here.
function AuthNameByNumber (method)
  return NAMES[method]
end

-- The greeting that offers methods (RFC 1928, section 3).
local function greeting (methods)
  local list = type(methods) == "table" and methods or { methods }
  local offered = ""
  for _, method in ipairs(list) do
    offered = offered .. string.char(method & 0xff)
  end
  return string.pack("Bs1", VERSION, string.sub(offered, 1, LONGEST))
end

-- What the proxy answers to it: a table with <code>version</code>, <code>method</code> and <code>data</code>; nil if
-- it is no answer. A proxy says no more than that before it is spoken to again; who sends back what was sent does.
local function picked (data)
  if type(data) ~= "string" or #data ~= 2 or string.byte(data) ~= VERSION then
    return nil
  end
  return { version = VERSION, method = string.byte(data, 2), data = data }
end

--- A connection to a proxy.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

-- Sends something and reads two bytes. The two bytes; nil and a reason.
local function asked (self, data)
  local status, answer = self.socket:send(data)
  if status then
    status, answer = self.socket:receive_bytes(2)
  end
  if not status then
    return nil, answer
  end
  return answer
end

--- Connects and offers methods of authentication.
-- @name Helper:connect
-- @param methods Number of a method, or an array of them. Default: none is needed.
-- @return True if the proxy takes one; otherwise false.
-- @return Table with <code>version</code>, <code>method</code> and <code>data</code>; or a reason.
function Helper:connect (methods)
  self.socket = nmap.new_socket()
  self.socket:set_timeout(self.options.timeout or stdnse.get_timeout(self.host, TIMEOUT))
  local status, reason = self.socket:connect(self.host, self.port)
  if not status then
    return false, reason
  end
  local data, failure = asked(self, greeting(methods or AuthMethod.NONE))
  local answer = picked(data)
  if not answer then
    return false, failure or "the server does not speak SOCKS 5"
  elseif answer.method == AuthMethod.NO_ACCEPTABLE then
    return false, NAMES[answer.method]
  end
  self.auth_method = answer.method
  return true, answer
end

--- Logs in, in the way that the proxy has picked.
-- @name Helper:authenticate
-- @param auth Table with <code>username</code> and <code>password</code>.
-- @return True if the proxy lets us in; otherwise false.
-- @return A reason.
function Helper:authenticate (auth)
  if self.auth_method == AuthMethod.NONE then
    return true
  elseif self.auth_method ~= AuthMethod.USERPASS then
    return false, "the method of authentication is not known here"
  elseif #auth.username > LONGEST or #auth.password > LONGEST then
    return false, "the name or the password is too long"
  end
  -- RFC 1929, section 2.
  local data, failure = asked(self, string.pack("Bs1s1", 1, auth.username, auth.password))
  if not data or #data ~= 2 then
    return false, failure or "the answer is none of RFC 1929"
  elseif string.byte(data, 2) ~= 0 then
    return false, "Authentication failed"
  end
  return true
end

--- What a method is called.
-- @name Helper:authNameByNumber
-- @param method Its number.
-- @return The name; nil if it has none here.
function Helper:authNameByNumber (method)
  return AuthNameByNumber(method)
end

--- Closes the connection.
-- @name Helper:close
-- @return True.
function Helper:close ()
  if self.socket then
    self.socket:close()
  end
  return true
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(greeting(AuthMethod.NONE), "\5\1\0"), "one method")
test_suite:add_test(unittest.equal(greeting { 0, 2 }, "\5\2\0\2"), "two methods")
test_suite:add_test(unittest.equal(picked("\5\2").method, AuthMethod.USERPASS), "what the proxy picks")
test_suite:add_test(unittest.is_nil(picked("\4\0")), "another version")
test_suite:add_test(unittest.is_nil(picked("\5")), "cut off")
test_suite:add_test(unittest.is_nil(picked(greeting(AuthMethod.GSSAPI))), "sent back")
test_suite:add_test(unittest.equal(AuthNameByNumber(0), "No authentication"), "a name")

local function proxy_that_says (answer)
  local helper = Helper:new({}, {})
  helper.auth_method = AuthMethod.USERPASS
  helper.socket = {
    send = function (socket, data) socket.sent = data return true end,
    receive_bytes = function () return true, answer end,
  }
  return helper
end
local helper = proxy_that_says("\1\0")
test_suite:add_test(unittest.is_true((helper:authenticate { username = "ann", password = "no" })), "let in")
test_suite:add_test(unittest.equal(helper.socket.sent, "\1\3ann\2no"), "a name and a password")
test_suite:add_test(unittest.is_false((proxy_that_says("\1\1"):authenticate { username = "a", password = "b" })), "refused")
return _ENV
