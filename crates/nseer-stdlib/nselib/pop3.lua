---
-- POP3: capabilities and logging in.
--
-- Written from RFC 1939, RFC 2449 (CAPA), RFC 5034 (AUTH) and RFC 2595 (STLS).
--
-- @usage local capabilities = pop3.capabilities(host, port)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name pop3

local base64 = require "base64"
local comm = require "comm"
local deadline = require "deadline"
local openssl = require "openssl"
local sasl = require "sasl"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"

_ENV = stdnse.module("pop3", stdnse.seeall)

-- A list of capabilities has no more lines and bytes than this.
local MAX_LINES, MAX_BYTES = 200, 64 * 1024

--- What went wrong, as numbers.
-- @class table
-- @name err
err = { none = 0, userError = 1, pwError = 2, informationMissing = 3, OpenSSLMissing = 4 }

--- Tells whether an answer means success.
-- @param line The answer.
-- @return <code>+OK</code> if it does, otherwise nil.
function stat (line)
  return string.match(line or "", "^%+OK")
end

-- Sends a line and reads one.
local function ask (socket, line)
  if not socket:send(line .. "\r\n") then
    return nil
  end
  local status, answer = socket:receive_lines(1)
  return status and answer or nil
end

--- Logs in with USER and PASS.
-- @param socket Connected socket, after the greeting.
-- @param user Name of the user.
-- @param pw The password.
-- @return True, or false.
-- @return A number of <code>err</code>.
function login_user (socket, user, pw)
  if not stat(ask(socket, "USER " .. user)) then
    return false, err.userError
  elseif not stat(ask(socket, "PASS " .. pw)) then
    return false, err.pwError
  end
  return true, err.none
end

--- Logs in with SASL PLAIN.
-- @param socket Connected socket, after the greeting.
-- @param user Name of the user.
-- @param pw The password.
-- @return True, or false.
-- @return A number of <code>err</code>.
function login_sasl_plain (socket, user, pw)
  if stat(ask(socket, "AUTH PLAIN " .. base64.enc(sasl.plain_enc(user, pw)))) then
    return true, err.none
  end
  return false, err.pwError
end

--- Logs in with SASL LOGIN.
-- @param socket Connected socket, after the greeting.
-- @param user Name of the user.
-- @param pw The password.
-- @return True, or false.
-- @return A number of <code>err</code>.
function login_sasl_login (socket, user, pw)
  local answer = ask(socket, "AUTH LOGIN")
  if not string.find(answer or "", "^%+ ") then
    return false, err.informationMissing
  end
  answer = ask(socket, base64.enc(user))
  if not string.find(answer or "", "^%+ ") then
    return false, err.userError
  elseif not stat(ask(socket, base64.enc(pw))) then
    return false, err.pwError
  end
  return true, err.none
end

--- Logs in with SASL CRAM-MD5.
-- @param socket Connected socket, after the greeting.
-- @param user Name of the user.
-- @param pw The password.
-- @return True, or false.
-- @return A number of <code>err</code>.
function login_sasl_crammd5 (socket, user, pw)
  local challenge = string.match(ask(socket, "AUTH CRAM-MD5") or "", "^%+ (%S+)")
  if not challenge then
    return false, err.informationMissing
  end
  local known, text = pcall(base64.dec, challenge)
  if not known then
    return false, err.informationMissing
  elseif stat(ask(socket, base64.enc(sasl.cram_md5_enc(user, pw, text)))) then
    return true, err.none
  end
  return false, err.pwError
end

--- Logs in with APOP.
-- @param socket Connected socket, after the greeting.
-- @param user Name of the user.
-- @param pw The password.
-- @param challenge The timestamp in the greeting, with its angle brackets.
-- @return True, or false.
-- @return A number of <code>err</code>.
function login_apop (socket, user, pw, challenge)
  if type(challenge) ~= "string" then
    return false, err.informationMissing
  elseif stat(ask(socket, "APOP " .. user .. " " .. stdnse.tohex(openssl.md5(challenge .. pw)))) then
    return true, err.none
  end
  return false, err.pwError
end

-- Reads lines up to a single dot. Nil if it never comes.
local function until_dot (socket, text)
  local receive = deadline.receiver(socket, nil, "receive_lines")
  for _ = 1, MAX_LINES do
    if string.find(text, "\n%.\r?\n") then
      return text
    elseif #text > MAX_BYTES then
      return nil
    end
    local status, more = receive(1)
    if not status then
      return nil
    end
    text = text .. more
  end
end

-- Capabilities by name, each an array of its words.
local function parsed (text)
  local found = {}
  for line in string.gmatch(text, "[^\r\n]+") do
    local name, rest = string.match(line, "^(%S+)%s*(.*)$")
    if name and name ~= "." and name ~= "+OK" then
      local words = {}
      for word in string.gmatch(rest, "%S+") do
        words[#words + 1] = word
      end
      found[name] = words
    end
  end
  return found
end

--- Asks a server what it can do.
--
-- APOP is told from the greeting; that CAPA itself works is a capability too.
-- @param host Host table.
-- @param port Port table.
-- @return Table of arrays of words by name; empty if the server only refuses CAPA; nil if there was no talking
--         to it.
-- @return What went wrong.
function capabilities (host, port)
  local socket, answer, _, greeting = comm.tryssl(host, port, "", { recv_before = true, lines = 1 })
  if not socket then
    return nil, answer
  end
  greeting = greeting or answer
  if not stat(greeting) then
    socket:close()
    return nil, "this is no POP3 server"
  end
  local found = {}
  answer = ask(socket, "CAPA")
  if stat(answer) then
    local text = until_dot(socket, answer)
    found = text and parsed(text) or found
    found.CAPA = {}
  end
  if string.find(greeting, "<[%p%w]+>") then
    found.APOP = {}
  end
  socket:send("QUIT\r\n")
  socket:close()
  return found
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local list = parsed("+OK list\r\nTOP\r\nSASL PLAIN LOGIN\r\n.\r\n")
test_suite:add_test(unittest.equal(#list.TOP, 0), "a capability without words")
test_suite:add_test(unittest.equal(list.SASL[2], "LOGIN"), "one with words")
test_suite:add_test(unittest.is_nil(list["+OK"]), "the answer itself is none")
test_suite:add_test(unittest.equal(stat("+OK hi"), "+OK"), "success")
test_suite:add_test(unittest.is_nil(stat("-ERR no")), "failure")

return _ENV
