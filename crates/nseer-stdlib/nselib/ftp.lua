---
-- FTP: the control connection.
--
-- Written from RFC 959, RFC 2228 and RFC 4217.
--
-- @usage
-- local socket, code, message, buffer = ftp.connect(host, port)
-- if socket then
--   local ok = ftp.auth(socket, buffer, "anonymous", "guest@example.org")
--   ftp.close(socket)
-- end
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ftp

local comm = require "comm"
local linereader = require "linereader"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("ftp", stdnse.seeall)

-- An answer has no more lines and bytes than this.
local MAX_LINES, MAX_BYTES = 1000, 256 * 1024

--- Reads an answer.
-- @param buffer Function that gives the next line, as <code>connect</code> gives it.
-- @return Code, a number; nil if there was no answer.
-- @return Text of the answer, without codes, its lines with line breaks between them; or what went wrong.
function read_reply (buffer)
  local line, why = buffer()
  if not line then
    return nil, why
  end
  local code, mark, text = string.match(line, "^(%d%d%d)([ -]?)(.*)$")
  if not code then
    return nil, "this is no answer of FTP: " .. string.sub(line, 1, 80)
  end
  local lines, size = {text}, #text
  if mark == "-" then
    -- RFC 959, section 4.2: it ends with a line of the same code and a blank.
    for _ = 1, MAX_LINES do
      line, why = buffer()
      if not line then
        return nil, why
      end
      local last = string.match(line, "^" .. code .. " (.*)$")
      lines[#lines + 1], size = last or line, size + #line
      if last then
        break
      elseif size > MAX_BYTES then
        return nil, "an answer without end"
      end
    end
  end
  return math.tointeger(code), table.concat(lines, "\n")
end

--- Connects and reads the greeting, with TLS from the first byte on where that is what the server speaks.
-- @param host Host table.
-- @param port Port table.
-- @param opts Table of options for <code>comm</code>, optional.
-- @return Connected socket; or nil.
-- @return Code of the greeting; or what went wrong.
-- @return Text of the greeting.
-- @return Function that gives the next line, for the other functions here.
function connect (host, port, opts)
  local options = { recv_before = true }
  for name, value in pairs(opts or {}) do
    options[name] = value
  end
  local socket, answer, _, greeting = comm.tryssl(host, port, "", options)
  if not socket then
    return nil, answer
  end
  local buffer = linereader.new(socket, greeting or answer)
  local code, message = read_reply(buffer)
  if not code then
    socket:close()
    return nil, message
  end
  return socket, code, message, buffer
end

--- Says goodbye and closes the socket.
-- @param socket Connected socket.
function close (socket)
  socket:send("QUIT\r\n")
  socket:close()
end

-- Sends a command and reads the answer.
local function ask (socket, buffer, command)
  local status, why = socket:send(command .. "\r\n")
  if not status then
    return nil, why
  end
  return read_reply(buffer)
end

--- Logs in.
-- @param socket Connected socket.
-- @param buffer Function that gives the next line.
-- @param username Name of the user.
-- @param password The password.
-- @param acct Account, where the server asks for one; optional.
-- @return True if the server lets the user in; false if not; nil if something else went wrong.
-- @return Code of the last answer.
-- @return Its text; or what went wrong.
function auth (socket, buffer, username, password, acct)
  local code, message = ask(socket, buffer, "USER " .. username)
  if code == 331 then
    code, message = ask(socket, buffer, "PASS " .. password)
  end
  if code == 332 then
    if not acct then
      return nil, code, message
    end
    code, message = ask(socket, buffer, "ACCT " .. acct)
  end
  if not code then
    return nil, nil, message
  elseif code == 230 or code == 232 or code == 202 then
    return true, code, message
  end
  return nil, code, message
end

--- Begins TLS (RFC 4217).
-- @param socket Connected socket.
-- @param buffer Function that gives the next line.
-- @return True, or false.
-- @return Text of the answer; or what went wrong.
function starttls (socket, buffer)
  local code, message = ask(socket, buffer, "AUTH TLS")
  if code ~= 234 then
    return false, message
  end
  local status, why = socket:reconnect_ssl()
  if not status then
    return false, why
  end
  return true, message
end

-- The port in an answer to PASV: six numbers, the last two of which are the port (RFC 959, section 4.1.2).
local function passive_port (message)
  local high, low = string.match(message, "%d+,%d+,%d+,%d+,(%d+),(%d+)")
  high, low = tonumber(high), tonumber(low)
  if high and high < 256 and low < 256 then
    return math.tointeger(high * 256 + low)
  end
end

--- Opens a data connection in passive mode, to the host of the control connection whatever address the server
-- names.
-- @param socket Connected socket.
-- @param buffer Function that gives the next line.
-- @return Connected socket for data; or nil.
-- @return What went wrong.
function pasv (socket, buffer)
  local status, _, _, address = socket:get_info()
  if not status then
    return nil, "the socket is not connected"
  end
  local port
  if string.find(address, ":", 1, true) then
    local code, message = ask(socket, buffer, "EPSV")
    -- RFC 2428, section 3: (|||port|)
    port = code == 229 and math.tointeger(tonumber(string.match(message, "%(|||(%d+)|%)")))
  end
  if not port then
    local code, message = ask(socket, buffer, "PASV")
    port = code == 227 and passive_port(message)
    if not port then
      return nil, message
    end
  end
  local data = nmap.new_socket()
  data:set_timeout(10000)
  local connected, why = data:connect(address, port, "tcp")
  if not connected then
    data:close()
    return nil, why
  end
  return data
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()

local function buffer_of (text)
  return linereader.new({ receive = function () return false, "EOF" end }, text)
end
local code, message = read_reply(buffer_of("211-Status:\r\n  one\r\n211 End\r\n"))
test_suite:add_test(unittest.equal(code, 211), "the code of several lines")
test_suite:add_test(unittest.equal(message, "Status:\n  one\nEnd"), "and their text")
test_suite:add_test(unittest.equal(select(2, read_reply(buffer_of("220 hi\r\n"))), "hi"), "one line")
test_suite:add_test(unittest.is_nil((read_reply(buffer_of("HTTP/1.1 400\r\n")))), "another protocol")
test_suite:add_test(unittest.is_nil((read_reply(buffer_of("211-a\r\nb\r\n")))), "an answer cut off")
test_suite:add_test(unittest.equal(passive_port("Entering (127,0,0,1,4,1)."), 1025), "a passive port")
test_suite:add_test(unittest.is_nil(passive_port("(1,2,3,4,999,1)")), "a number that is no byte")

return _ENV
