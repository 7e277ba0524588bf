---
-- SMTP as clients speak it: greeting, commands, extensions, logging in.
--
-- Written from RFC 5321, RFC 3207 (STARTTLS) and RFC 4954 (AUTH).
--
-- @usage
-- local socket, greeting = smtp.connect(host, port, {ssl = true, timeout = 5000, recv_before = true, lines = 1})
-- if socket then
--   local ok, extensions = smtp.ehlo(socket, smtp.get_domain(host))
--   smtp.quit(socket)
-- end
-- @args smtp.domain Name to say in EHLO and HELO. Default: <code>nseer.invalid</code>.
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smtp

local base64 = require "base64"
local comm = require "comm"
local deadline = require "deadline"
local sasl = require "sasl"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("smtp", stdnse.seeall)

-- An answer has no more lines or bytes than this.
local MAX_READS, MAX_BYTES = 200, 256 * 1024

-- Bytes of a line, RFC 5321 section 4.5.3.1.5, and some more.
local MAX_LINE = 2048

local ERRORS = {
  ["421"] = "the service is going away", ["450"] = "the mailbox is busy",
  ["451"] = "an error in the server", ["452"] = "the server has no room",
  ["454"] = "TLS is not to be had at present", ["500"] = "the command is not known",
  ["501"] = "the arguments are wrong", ["502"] = "the command is not implemented",
  ["503"] = "the command comes at the wrong time", ["504"] = "the parameter is not implemented",
  ["530"] = "something must come first", ["535"] = "the password is wrong",
  ["550"] = "the mailbox is not to be had", ["554"] = "it failed",
}

-- Codes that mean success, for each command.
local EXPECTED = {
  EHLO = {"250"}, HELP = {"211", "214", "250"}, AUTH = {"235", "334"}, MAIL = {"250"}, RCPT = {"250", "251"},
  VRFY = {"250", "251", "252"}, EXPN = {"250"}, STARTTLS = {"220"}, RSET = {"250"}, QUIT = {"221"},
  DATA = {"250", "354"}, NOOP = {"250"}, HELO = {"250"}, ETRN = {"250", "251", "252", "253"},
}

--- Connects to a server, with TLS where that is what the server speaks.
-- @param host Host table.
-- @param port Port table.
-- @param opts Table of options: <code>ssl</code>, true to try TLS as well, and those of <code>comm</code>.
-- @return Connected socket; or nil.
-- @return The greeting, if <code>recv_before</code> was set; or what went wrong.
function connect (host, port, opts)
  opts = opts or {}
  if opts.ssl then
    local socket, answer, _, greeting = comm.tryssl(host, port, "", opts)
    return socket, socket and (greeting or answer) or answer
  end
  return comm.opencon(host, port, "", opts)
end

--- Tells whether an answer means success.
-- @param cmd The command that was sent.
-- @param reply The server's answer.
-- @return True, or false.
-- @return The answer; or what it says.
function check_reply (cmd, reply)
  local code = string.match(reply or "", "^(%d%d%d)")
  for _, good in ipairs(EXPECTED[string.upper(cmd or "")] or {}) do
    if code == good then
      return true, reply
    end
  end
  return false, string.format("SMTP: %s %s", cmd, ERRORS[code] and code .. " " .. ERRORS[code] or reply or "")
end

-- True once `text` ends with the last line of an answer: a code and no hyphen (RFC 5321, section 4.2.1).
local function is_whole (text)
  local last = string.match(string.sub(text, -MAX_LINE), "([^\n]*)\n$")
  return last ~= nil and string.find(last, "^%d%d%d") ~= nil and string.sub(last, 4, 4) ~= "-"
end

--- Sends a command and reads the answer, all of its lines.
-- @param socket Connected socket.
-- @param cmd The command.
-- @param data Its arguments, optional.
-- @param lines Not used: answers say themselves where they end.
-- @return True, or false if there was no answer.
-- @return The answer; or what went wrong.
function query (socket, cmd, data, lines)
  local text = data and data ~= "" and cmd .. " " .. data or cmd
  local status, why = socket:send(text .. "\r\n")
  if not status then
    return false, why
  end
  local reply, receive = "", deadline.receiver(socket, nil, "receive_lines")
  for _ = 1, MAX_READS do
    local more
    status, more = receive(1)
    if not status then
      break
    end
    reply = reply .. more
    if is_whole(reply) or #reply > MAX_BYTES then
      return true, reply
    end
    why = more
  end
  if reply ~= "" then
    return true, reply
  end
  return false, why or "EOF"
end

-- Sends a command and judges the answer.
local function ask (socket, cmd, data)
  local status, reply = query(socket, cmd, data)
  if not status then
    return false, reply
  end
  return check_reply(cmd, reply)
end

--- Says who we are; the server lists its extensions.
-- @param socket Connected socket.
-- @param domain The name to say.
-- @return True, or false.
-- @return The answer; or what went wrong.
function ehlo (socket, domain)
  return ask(socket, "EHLO", domain)
end

--- Asks for help.
-- @param socket Connected socket.
-- @return True, or false.
-- @return The answer; or what went wrong.
function help (socket)
  local status, reply = ask(socket, "HELP")
  -- Section 3.8: help comes with 211 or 214; other texts are none.
  if status and not string.find(reply, "^21[14]") then
    return false, reply
  end
  return status, reply
end

--- Names the sender of a message.
-- @param socket Connected socket.
-- @param address The address, without brackets.
-- @param esmtp_opts Array of parameters such as <code>SIZE=1000</code>, or table of values by name; optional.
-- @return True, or false.
-- @return The answer; or what went wrong.
function mail (socket, address, esmtp_opts)
  local words = {"FROM:<" .. (address or "") .. ">"}
  for name, value in pairs(esmtp_opts or {}) do
    words[#words + 1] = type(name) == "number" and value or name .. "=" .. value
  end
  return ask(socket, "MAIL", table.concat(words, " "))
end

--- Names a recipient of a message.
-- @param socket Connected socket.
-- @param address The address, without brackets.
-- @return True, or false.
-- @return The answer; or what went wrong.
function recipient (socket, address)
  return ask(socket, "RCPT", "TO:<" .. (address or "") .. ">")
end

--- Sends the text of a message. Who uses it sends mail.
-- @param socket Connected socket.
-- @param data The text, with its headers.
-- @return True, or false.
-- @return The answer; or what went wrong.
function datasend (socket, data)
  local status, reply = ask(socket, "DATA")
  if not status then
    return false, reply
  end
  -- A line that begins with a dot gets another (RFC 5321, section 4.5.2).
  data = string.gsub("\n" .. (data or ""), "\n%.", "\n..")
  status, reply = query(socket, string.sub(data, 2) .. "\r\n.")
  if not status then
    return false, reply
  end
  return check_reply("DATA", reply)
end

--- Asks whether a mailbox exists.
-- @param socket Connected socket.
-- @param mailbox The mailbox.
-- @return True, or false.
-- @return The answer; or what went wrong.
function verify (socket, mailbox)
  return ask(socket, "VRFY", mailbox)
end

--- Drops the message that was begun.
-- @param socket Connected socket.
-- @return True, or false.
-- @return The answer; or what went wrong.
function reset (socket)
  return ask(socket, "RSET")
end

--- Begins TLS.
-- @param socket Connected socket.
-- @return True, or false.
-- @return The answer; or what went wrong.
function starttls (socket)
  local status, reply = ask(socket, "STARTTLS")
  if not status then
    return false, reply
  end
  local began, why = socket:reconnect_ssl()
  if not began then
    return false, why
  end
  return true, reply
end

--- Says goodbye and closes the socket.
-- @param socket Connected socket.
function quit (socket)
  socket:send("QUIT\r\n")
  socket:close()
end

--- The name to say in EHLO.
-- @param host Host table; not used.
-- @return The name.
function get_domain (host)
  return stdnse.get_script_args({"smtp.domain", "smtp-commands.domain"}) or "nseer.invalid"
end

--- Finds the mechanisms for logging in in the answer to EHLO.
-- @param response The answer.
-- @return Array of names; nil if there are none.
function get_auth_mech (response)
  local names = {}
  for line in string.gmatch(response or "", "[^\r\n]+") do
    local list = string.match(string.upper(line), "^%d%d%d[ -]AUTH[ =](.*)$")
    for name in string.gmatch(list or "", "%S+") do
      names[#names + 1] = name
    end
  end
  return #names > 0 and names or nil
end

--- Logs in.
-- @param socket Connected socket, after EHLO.
-- @param username Name of the user.
-- @param password The password.
-- @param mech Mechanism: <code>PLAIN</code>, <code>LOGIN</code>, <code>CRAM-MD5</code> or
--             <code>DIGEST-MD5</code>.
-- @return True, or false.
-- @return The answer; or what went wrong.
function login (socket, username, password, mech)
  local encode, why = sasl.check_mechanism(mech)
  if not encode then
    return false, why
  end
  mech = string.upper(mech)
  if mech == "PLAIN" then
    local status, reply = query(socket, "AUTH", "PLAIN " .. base64.enc(encode(username, password)))
    return status and check_reply("AUTH", reply)
  end
  local status, reply = query(socket, "AUTH", mech)
  local challenge = status and string.match(reply, "^334 (%S*)")
  if not challenge then
    return false, reply
  end
  local answers
  if mech == "LOGIN" then
    answers = {username, password}
  else
    answers = {(encode(username, password, base64.dec(challenge), "smtp", "smtp/"))}
  end
  for _, answer in ipairs(answers) do
    status, reply = query(socket, base64.enc(answer))
    if not status then
      return false, reply
    end
  end
  if mech == "DIGEST-MD5" and string.find(reply, "^334") then
    status, reply = query(socket, "")
  end
  return string.find(reply or "", "^235") ~= nil, reply
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

test_suite:add_test(unittest.is_true(is_whole("250-a\r\n250 b\r\n")), "the last line has no hyphen")
test_suite:add_test(unittest.is_false(is_whole("250-a\r\n")), "a line with one is not the last")
test_suite:add_test(unittest.is_false(is_whole("250 a")), "nor is half a line")
test_suite:add_test(unittest.is_true(is_whole("250\r\n")), "a code alone is an answer")
test_suite:add_test(unittest.is_true((check_reply("VRFY", "252 perhaps\r\n"))), "252 is no refusal")
test_suite:add_test(unittest.is_false((check_reply("MAIL", "550 no\r\n"))), "550 is one")
local mechanisms = get_auth_mech("250-x\r\n250-AUTH PLAIN LOGIN\r\n250 OK\r\n")
test_suite:add_test(unittest.equal(table.concat(mechanisms, " "), "PLAIN LOGIN"), "mechanisms")
test_suite:add_test(unittest.is_nil(get_auth_mech("250 x\r\n")), "no mechanisms")

return _ENV
