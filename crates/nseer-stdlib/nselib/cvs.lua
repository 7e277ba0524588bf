---
-- CVS: logins at a server with passwords.
--
-- Written from "The CVS Client/Server Protocol", part "Connection and Authentication", of CVS 1.11, with the table of
-- its "Password scrambling algorithm".
--
-- @usage
-- local helper = cvs.Helper:new(host, port)
-- local status, reason = helper:connect()
-- status, reason = helper:login("/cvsroot", "anonymous", "")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name cvs

local deadline = require "deadline"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local setmetatable = setmetatable

_ENV = stdnse.module("cvs", stdnse.seeall)

local TIMEOUT = 5000
local MAX_ANSWER = 64 * 1024

-- What stands for the characters from the blank on. Twice scrambled is not scrambled.
local SCRAMBLED = "rx5O`mHlF@LCtJDWo4Kw1\"RQ_ApVvnzi)9S+.f(Y&g-2*{[#}76B|~;/\\GsNXkj8$yuhedEIc?^]'%=0:q Z,b<3!a>MTPU"

--- Passwords as they are sent.
-- @class table
-- @name Util
Util = {}

--- Scrambles a password. Characters that the protocol gives no other stay as they are.
-- @name Util.pwscramble
-- @param password The password.
-- @return What is sent, with its method <code>A</code>.
function Util.pwscramble (password)
  return "A" .. string.gsub(password, "[ -~]", function (char)
    local at = string.byte(char) - 31
    return string.sub(SCRAMBLED, at, at)
  end)
end

--- Speaks to one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper.new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port }, self)
end

--- Connects to the server.
-- @name Helper.connect
-- @param socket Socket to use, optional.
-- @return True, or false and a reason.
function Helper:connect (socket)
  self.socket = socket or nmap.new_socket()
  self.socket:set_timeout(stdnse.get_timeout(self.host, TIMEOUT))
  return self.socket:connect(self.host, self.port)
end

-- Whether a text holds the line that accepts or refuses.
local function is_complete (answer)
  return string.find("\n" .. answer, "\nI LOVE YOU\n", 1, true) or string.find("\n" .. answer, "\nI HATE YOU\n", 1, true)
end

-- The answer, as far as the server says it before it closes; nil where it says nothing.
local function read_answer (socket)
  local receive, answer = deadline.receiver(socket), ""
  repeat
    local status, piece = receive()
    answer = answer .. (status and piece or "")
  until not status or is_complete(answer) or #answer > MAX_ANSWER
  return answer ~= "" and answer or nil
end

--- Asks whether a login is good.
-- @name Helper.login
-- @param repo Path of the repository.
-- @param user Name.
-- @param pass Password.
-- @return True if it is, otherwise false.
-- @return What the server says, or what is wrong.
function Helper:login (repo, user, pass)
  local request = "BEGIN AUTH REQUEST\n" .. repo .. "\n" .. user .. "\n" .. Util.pwscramble(pass) .. "\nEND AUTH REQUEST\n"
  if not self.socket:send(request) then
    return false, "the request cannot be sent"
  end
  local answer = read_answer(self.socket)
  if not answer then
    return false, "no answer to the login"
  elseif answer == "I LOVE YOU\n" then
    return true
  end
  return false, answer
end

--- Ends it.
-- @name Helper.close
-- @return As the method <code>close</code> of sockets.
function Helper:close ()
  return self.socket:close()
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

-- A server that says some pieces and closes.
local function server (...)
  local pieces, at = { ... }, 0
  local socket = { sent = "" }
  function socket:send (data) self.sent = self.sent .. data return true end
  function socket:receive ()
    at = at + 1
    return pieces[at] ~= nil, pieces[at] or "EOF"
  end
  return socket
end

local function login_at (socket)
  local helper = Helper:new({}, {})
  helper.socket = socket
  return helper:login("/r", "u", "repository")
end

test_suite:add_test(unittest.equal(Util.pwscramble("repository"), "A d:0Z?,0 a"), "a password")
test_suite:add_test(unittest.equal(Util.pwscramble("\x1f\x7f"), "A\x1f\x7f"), "characters without another")
local kind = server("I LOVE ", "YOU\n", "more")
test_suite:add_test(unittest.is_true(login_at(kind)), "a good login")
test_suite:add_test(unittest.equal(kind.sent, "BEGIN AUTH REQUEST\n/r\nu\nA d:0Z?,0 a\nEND AUTH REQUEST\n"), "the request")
test_suite:add_test(unittest.identical({ login_at(server("I HATE YOU\n")) }, { false, "I HATE YOU\n" }), "a bad one")
test_suite:add_test(unittest.identical({ login_at(server("error 0 no such repository\n", "I HATE YOU\n")) },
  { false, "error 0 no such repository\nI HATE YOU\n" }), "another repository")
test_suite:add_test(unittest.is_false(login_at(server())), "no answer")
local long = string.rep("x", 65 * 1024)
test_suite:add_test(unittest.identical({ login_at(server(long, long)) }, { false, long }), "an answer without end")
return _ENV
