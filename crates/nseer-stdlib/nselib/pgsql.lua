---
-- PostgreSQL: the beginning of a session, up to the login.
--
-- Written from PostgreSQL's documentation, chapter "Frontend/Backend Protocol" (version 3.0), and that of release 7.3
-- for version 2.0. Passwords are sent as they are or as MD5 sums, or proved
-- with SCRAM-SHA-256. Messages are bounded.
--
-- @usage
-- local pg = pgsql.detectVersion(host, port)
-- local status, response = pg.sendStartup(socket, "postgres", "postgres")
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name pgsql

local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local openssl = require "openssl"
local scram = require "scram"
local stdnse = require "stdnse"
local string = require "string"
local tableaux = require "tableaux"
local unittest = require "unittest"

_ENV = stdnse.module("pgsql", stdnse.seeall)

--- Kinds of messages of version 3.
-- @class table
-- @name MessageType
MessageType = {
  Error = 0x45, BackendKeyData = 0x4b, AuthRequest = 0x52, ParameterStatus = 0x53, ReadyForQuery = 0x5a,
  PasswordMessage = 0x70,
}

--- Ways to log in.
-- @class table
-- @name AuthenticationType
AuthenticationType = { Success = 0, Plain = 3, MD5 = 5, SASL = 10, SASLContinue = 11, SASLFinal = 12 }

local SCRAM = "SCRAM-SHA-256"

local MAX_MESSAGE, MAX_PARAMETERS = 0x10000, 200

--- Asks whether the server speaks TLS, and begins it.
-- @param socket Connected socket; afterwards it is encrypted if the server says yes.
-- @return True if the connection is encrypted; otherwise false.
function requestSSL (socket)
  local status, answer = socket:send(string.pack(">I4I4", 8, 1234 << 16 | 5679))
  if status then
    status, answer = deadline.receive_buf(socket, function (buffer)
      if #buffer > 0 then
        return 1, 1
      end
    end, true)
  end
  return status and answer == "S" and socket:reconnect_ssl() == true or false
end

--- The sum that stands for a password.
-- @param username The user.
-- @param password Its password.
-- @param salt The server's salt, four bytes.
-- @return Text.
function createMD5LoginHash (username, password, salt)
  local inner = stdnse.tohex(openssl.md5(password .. username))
  return "md5" .. stdnse.tohex(openssl.md5(inner .. salt))
end

--- Tells of an error for debugging.
-- @param dberror Table of its fields.
function printErrorMessage (dberror)
  for _, name in ipairs { "severity", "code", "message", "detail", "file", "line", "routine" } do
    if dberror[name] then
      stdnse.debug1("%s: %s", name, dberror[name])
    end
  end
end

local function text_at (data, pos)
  local text, after = string.match(data, "^([^%z]*)%z()", pos)
  return after, text
end

local FIELDS = { S = "severity", C = "code", M = "message", D = "detail", F = "file", L = "line", R = "routine" }

--- Version 3.0 of the protocol.
-- @class table
-- @name v3
v3 = {
  -- Each is given bytes, the length that the message's head tells (which counts itself), and the position after the
  -- head; it gives the position after the message, or nil, and a table.
  messageDecoder = {
    [MessageType.AuthRequest] = function (data, len, pos)
      if len < 8 or pos + len - 5 > #data then
        return nil, "a request to log in is cut off"
      end
      local kind = string.unpack(">I4", data, pos)
      local response = { authtype = kind, success = kind == AuthenticationType.Success or nil }
      if kind == AuthenticationType.MD5 and len >= 12 then
        response.salt = string.sub(data, pos + 4, pos + 7)
      elseif kind == AuthenticationType.SASLContinue or kind == AuthenticationType.SASLFinal then
        response.data = string.sub(data, pos + 4, pos + len - 5)
      elseif kind == AuthenticationType.SASL then
        response.mechanisms = {}
        for name in string.gmatch(string.sub(data, pos + 4, pos + len - 5), "([^%z]+)%z") do
          response.mechanisms[#response.mechanisms + 1] = name
        end
      end
      return pos + len - 4, response
    end,
    [MessageType.ParameterStatus] = function (data, len, pos)
      local after, key = text_at(data, pos)
      local value
      if after then
        after, value = text_at(data, after)
      end
      if not after then
        return nil, "a parameter has no end"
      end
      return pos + len - 4, { key = key, value = value }
    end,
    [MessageType.BackendKeyData] = function (data, len, pos)
      if pos + 7 > #data then
        return nil, "a key is cut off"
      end
      local pid, key = string.unpack(">I4I4", data, pos)
      return pos + len - 4, { pid = pid, key = key }
    end,
    [MessageType.ReadyForQuery] = function (data, len, pos)
      return pos + len - 4, { status = string.byte(data, pos) }
    end,
    [MessageType.Error] = function (data, len, pos)
      local found = {}
      for letter, text in string.gmatch(string.sub(data, pos, pos + len - 5), "(%a)([^%z]*)%z") do
        if FIELDS[letter] then
          found[FIELDS[letter]] = text
        end
      end
      return pos + len - 4, { error = found }
    end,
  },
}

--- Reads the head of a message.
-- @name v3.decodeHeader
-- @param data Bytes.
-- @param pos Position of its first byte.
-- @return The position after it; nil if it is cut off.
-- @return Table with <code>type</code> and <code>len</code>; or a reason.
function v3.decodeHeader (data, pos)
  if pos + 4 > #data then
    return nil, "a message is cut off"
  end
  local kind, length, after = string.unpack(">BI4", data, pos)
  return after, { type = kind, len = length }
end

--- Reads a message.
-- @name v3.processResponse
-- @param data Bytes.
-- @param pos Position of its first byte. Default: 1.
-- @return The position after it; nil if it cannot be read.
-- @return Table with <code>type</code> and what the message says; or a reason.
function v3.processResponse (data, pos)
  local after, header = v3.decodeHeader(data, pos or 1)
  if not after then
    return nil, header
  end
  local decode = v3.messageDecoder[header.type]
  if not decode then
    return nil, "the server sends an unknown message"
  end
  local response
  after, response = decode(data, header.len, after)
  if not after then
    return nil, response
  end
  response.type = header.type
  return after, response
end

local message = framereader.new(function (head)
  local length = string.unpack(">I4", head, 2)
  return length >= 4 and length - 4 or nil
end, MAX_MESSAGE - 4, 5)

--- Reads bytes from the server until there is a whole message.
-- @name v3.readPacket
-- @param socket Connected socket.
-- @param data Bytes that were read before, optional.
-- @param pos Position of the message in them. Default: 1.
-- @return True; or false.
-- @return All bytes; or a reason.
function v3.readPacket (socket, data, pos)
  data, pos = data or "", pos or 1
  local from = pos
  local receive = deadline.receiver(socket)
  while not message(string.sub(data, from)) do
    local status, more = receive()
    if not status then
      return false, more
    end
    data = data .. more
  end
  return true, data
end

-- Reads one message. Its table; or nil and a reason.
local function receive (socket)
  local status, data = deadline.receive_buf(socket, message, true)
  if not status then
    return nil, data
  elseif #data < 5 or string.unpack(">I4", data, 2) ~= #data - 1 then
    return nil, "the server sends no messages of PostgreSQL"
  end
  local pos, response = v3.processResponse(data, 1)
  return pos and response, response
end

-- The answer to something that a request to log in must follow.
local function receive_request (socket)
  local response, reason = receive(socket)
  if not response then
    return false, reason
  elseif response.type == MessageType.Error then
    printErrorMessage(response.error)
    return false, response.error.message or "the server refuses"
  elseif response.type ~= MessageType.AuthRequest then
    return false, "the server sends another message than a request to log in"
  end
  return true, response
end

--- Begins a session.
-- @name v3.sendStartup
-- @param socket Connected socket.
-- @param user The user.
-- @param database The database, optional.
-- @return True; or false.
-- @return The server's request: <code>authtype</code>, and <code>salt</code> or <code>success</code>; or a reason.
function v3.sendStartup (socket, user, database)
  local body = string.pack(">I4zz", 3 << 16, "user", user)
  body = (database and body .. string.pack("zz", "database", database) or body) .. "\0"
  local status, reason = socket:send(string.pack(">I4", #body + 4) .. body)
  if not status then
    return false, reason
  end
  return receive_request(socket)
end

-- Sends words of SASL and receives the answer, which must be of a kind. True and the answer; or false and a reason.
local function ask_sasl (socket, words, kind)
  local status, response = socket:send(string.pack(">BI4", MessageType.PasswordMessage, #words + 4) .. words)
  if status then
    status, response = receive_request(socket)
  end
  if status and response.authtype ~= kind then
    return false, "the server does not go on with SASL"
  end
  return status, response
end

-- Logs in with SCRAM-SHA-256 (RFC 5802). True and the server's last answer; or false and a reason.
local function login_scram (socket, request, username, password)
  if not tableaux.contains(request.mechanisms or {}, SCRAM) then
    return false, "the server wants another kind of login"
  end
  local client = scram.Client:new(username, password)
  local status, response = ask_sasl(socket, string.pack(">zs4", SCRAM, client:first()), AuthenticationType.SASLContinue)
  if not status then
    return false, response
  end
  local words, reason = client:final(response.data)
  if not words then
    return false, reason
  end
  status, response = ask_sasl(socket, words, AuthenticationType.SASLFinal)
  if not status then
    return false, response
  elseif not client:is_server(response.data) then
    return false, "the server does not know the password itself"
  end
  return receive_request(socket)
end

--- Logs in.
-- @name v3.loginRequest
-- @param socket Socket after <code>sendStartup</code>.
-- @param params The server's request.
-- @param username The user.
-- @param password Its password.
-- @param salt The server's salt, for MD5.
-- @return True; or false.
-- @return Table with <code>success</code> and the server's <code>parameters</code>; or a reason.
function v3.loginRequest (socket, params, username, password, salt)
  local answer
  local status, response = true, params
  if params.authtype == AuthenticationType.SASL then
    status, response = login_scram(socket, params, username, password)
  elseif params.authtype == AuthenticationType.MD5 then
    answer = createMD5LoginHash(username, password, salt or params.salt or "")
  elseif params.authtype == AuthenticationType.Plain then
    answer = password
  elseif params.authtype ~= AuthenticationType.Success then
    return false, "the server wants another kind of login"
  end
  if answer then
    status, response = socket:send(string.pack(">BI4z", MessageType.PasswordMessage, #answer + 5, answer))
    if status then
      status, response = receive_request(socket)
    end
  end
  if not status or not response.success then
    return false, status and "the login needs more steps" or response
  end
  response.parameters = {}
  for _ = 1, MAX_PARAMETERS do
    local more = receive(socket)
    if not more or more.type == MessageType.ReadyForQuery then
      break
    elseif more.key and more.value then
      response.parameters[more.key] = more.value
    end
  end
  return true, response
end

--- Version 2.0 of the protocol, of servers before 7.4.
-- @class table
-- @name v2
v2 = {
  -- Each is given bytes, their length and the position after the message's letter.
  messageDecoder = {
    [MessageType.AuthRequest] = function (data, _, pos)
      if pos + 3 > #data then
        return nil, "a request to log in is cut off"
      end
      local kind = string.unpack(">I4", data, pos)
      local has_salt = kind == AuthenticationType.MD5
      return pos + (has_salt and 8 or 4), { authtype = kind, success = kind == AuthenticationType.Success or nil,
        salt = has_salt and string.sub(data, pos + 4, pos + 7) or nil }
    end,
    [MessageType.Error] = function (data, _, pos)
      local after, text = text_at(data, pos)
      return after or #data + 1, { error = { message = text or string.sub(data, pos) } }
    end,
  },
}

--- Fills a text up with zeros.
-- @name v2.zeroPad
-- @param str Text.
-- @param len Bytes of the result; what is longer is cut.
-- @return Bytes.
function v2.zeroPad (str, len)
  return string.sub(str, 1, len) .. string.rep("\0", len - #str)
end

--- Reads a message.
-- @name v2.processResponse
-- @param data Bytes.
-- @param pos Position of its first byte. Default: 1.
-- @return The position after it; nil if it cannot be read.
-- @return Table with <code>type</code> and what the message says; or a reason.
function v2.processResponse (data, pos)
  pos = pos or 1
  local kind = string.byte(data, pos)
  local decode = v2.messageDecoder[kind]
  if not decode then
    return nil, "the server sends an unknown message"
  end
  local after, response = decode(data, #data, pos + 1)
  if after then
    response.type = kind
  end
  return after, response
end

--- Reads bytes from the server.
-- @name v2.readPacket
-- @param socket Connected socket.
-- @param data Bytes that were read before, optional.
-- @param pos Position of the message in them. Default: 1.
-- @return True; or false.
-- @return All bytes; or a reason.
function v2.readPacket (socket, data, pos)
  data, pos = data or "", pos or 1
  if pos <= #data then
    return true, data
  end
  local status, more = socket:receive()
  return status, status and data .. more or more
end

-- Sends a message of version 2. True and the answer; or false and a reason, also where the answer is an error.
local function ask (socket, bytes)
  local status, data = socket:send(bytes)
  if status then
    status, data = v2.readPacket(socket)
  end
  if not status then
    return false, data
  end
  local pos, response = v2.processResponse(data)
  if not pos or response.error then
    return false, pos and response.error.message or response
  end
  return true, response
end

--- Begins a session.
-- @name v2.sendStartup
-- @param socket Connected socket.
-- @param user The user.
-- @param database The database.
-- @return As <code>v3.sendStartup</code>.
function v2.sendStartup (socket, user, database)
  local body = string.pack(">I4", 2 << 16) .. v2.zeroPad(database, 64) .. v2.zeroPad(user, 32) .. v2.zeroPad("", 192)
  return ask(socket, string.pack(">I4", #body + 4) .. body)
end

--- Logs in.
-- @name v2.loginRequest
-- @param socket Socket after <code>sendStartup</code>.
-- @param params The server's request.
-- @param username The user.
-- @param password Its password.
-- @param salt The server's salt, for MD5.
-- @return True; or false.
-- @return Table with <code>success</code>; or a reason.
function v2.loginRequest (socket, params, username, password, salt)
  local answer = password
  if params.authtype == AuthenticationType.MD5 then
    answer = createMD5LoginHash(username, password, salt or params.salt or "")
  elseif params.authtype ~= AuthenticationType.Plain then
    return params.success == true, params.success and params or "the server wants another kind of login"
  end
  local status, response = ask(socket, string.pack(">I4z", #answer + 5, answer))
  return status and response.success or false, response
end

--- Finds out which version of the protocol a server speaks.
-- @param host Host table.
-- @param port Port table.
-- @return <code>v3</code>; <code>v2</code> for a server that knows nothing newer.
function detectVersion (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, reason = socket:connect(host, port)
  if status then
    status, reason = v3.sendStartup(socket, "versionprobe", "versionprobe")
  end
  socket:close()
  if not status and string.find(tostring(reason), "unsupported frontend protocol", 1, true) then
    return v2
  end
  return v3
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(createMD5LoginHash("u", "p", "abcd"), "md5fa55bd30a96b8d5bd8215eee7c50a918"), "a sum")
local pos, response = v3.processResponse("R\0\0\0\12\0\0\0\5abcdS", 1)
test_suite:add_test(unittest.identical({ pos, response }, { 14, { type = 82, authtype = 5, salt = "abcd" } }), "MD5 is wanted")
pos, response = v3.processResponse("R\0\0\0\23\0\0\0\10SCRAM-SHA-256\0\0")
test_suite:add_test(unittest.identical(response.mechanisms, { "SCRAM-SHA-256" }), "SCRAM is wanted")
pos, response = v3.processResponse("R\0\0\0\12\0\0\0\11r=x,S")
test_suite:add_test(unittest.equal(response.data, "r=x,"), "words of SCRAM")
pos, response = v3.processResponse("E\0\0\0\16SFATAL\0Mno\0\0")
test_suite:add_test(unittest.identical(response.error, { severity = "FATAL", message = "no" }), "an error")
test_suite:add_test(unittest.is_nil((v3.processResponse("R\0\0\0\12\0"))), "cut off")
test_suite:add_test(unittest.is_nil((v3.processResponse("?\0\0\0\4"))), "unknown")
test_suite:add_test(unittest.identical({ message("R\xff\xff\xff\xffab") }, { 7, 7 }), "a length that cannot be")
test_suite:add_test(unittest.equal(v2.zeroPad("abc", 5), "abc\0\0"), "zeros")
test_suite:add_test(unittest.identical({ v2.processResponse("Eno\0") }, { 5, { type = 69, error = { message = "no" } } }), "an old error")
return _ENV
