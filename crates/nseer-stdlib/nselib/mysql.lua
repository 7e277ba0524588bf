---
-- The first words of MySQL and MariaDB: greeting and login, and simple queries.
--
-- Written from the public description of MySQL's client/server protocol (connection phase, version 10 of the
-- handshake; text result sets). Packets and result sets are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mysql

local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local openssl = require "openssl"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("mysql", stdnse.seeall)

--- Lower bits of the capabilities.
-- @class table
-- @name Capabilities
Capabilities = {
  LongPassword = 0x1, FoundRows = 0x2, LongColumnFlag = 0x4, ConnectWithDatabase = 0x8,
  DontAllowDatabaseTableColumn = 0x10, SupportsCompression = 0x20, ODBCClient = 0x40,
  SupportsLoadDataLocal = 0x80, IgnoreSpaceBeforeParenthesis = 0x100, Speaks41ProtocolNew = 0x200,
  InteractiveClient = 0x400, SwitchToSSLAfterHandshake = 0x800, IgnoreSigpipes = 0x1000,
  SupportsTransactions = 0x2000, Speaks41ProtocolOld = 0x4000, Support41Auth = 0x8000,
}

--- Upper bits of the capabilities, as scripts know them by name.
-- @class table
-- @name ExtCapabilities
ExtCapabilities = { SupportsMultipleStatments = 0x1, SupportsMultipleResults = 0x2, SupportsAuthPlugins = 0x8 }

--- Bits of the status.
-- @class table
-- @name ServerStatus
ServerStatus = {
  InTransaction = 0x1, AutoCommit = 0x2, MoreResults = 0x4, MultiQuery = 0x8, BadIndexUsed = 0x10, NoIndexUsed = 0x20,
  CursorExists = 0x40, LastRowSebd = 0x80, DatabaseDropped = 0x100, NoBackslashEscapes = 0x200,
}

--- Numbers of commands.
-- @class table
-- @name Command
Command = { Query = 3 }

--- Numbers of character sets.
-- @class table
-- @name Charset
Charset = { latin1_COLLATE_latin1_swedish_ci = 8 }

local MAX_PACKET = 0x100000
local MAX_ROWS = 10000

local frame = framereader.new(function (head) return (string.unpack("<I3", head)) end, MAX_PACKET)

-- Reads one packet. True, its bytes and its number; or false and a reason.
local function read_packet (socket)
  local status, data = deadline.receive_buf(socket, frame, true)
  if not status then
    return false, data
  elseif #data < 4 or string.unpack("<I3", data) ~= #data - 4 then
    return false, "the server sends no packets of MySQL"
  end
  return true, string.sub(data, 5), string.byte(data, 4)
end

local function error_of (data)
  local code = #data >= 3 and string.unpack("<I2", data, 2) or 0
  local message = string.sub(data, 4)
  if string.sub(message, 1, 1) == "#" then
    message = string.sub(message, 7)
  end
  return { errorcode = code, errormessage = message }
end

-- The fields of a greeting; nil if it is cut off.
local function decode_greeting (data)
  local info = { proto = string.byte(data) }
  if info.proto == 0xff then
    local failure = error_of(data)
    info.errorcode, info.errormessage = failure.errorcode, failure.errormessage
    return info
  end
  local version, pos = string.match(data, "^([^%z]*)%z()", 2)
  if not version or pos + 12 > #data then
    return nil
  end
  info.version = version
  local salt
  info.threadid, salt, info.capabilities, pos = string.unpack("<I4c8xI2", data, pos)
  info.salt = salt
  if pos + 15 <= #data then
    local length
    info.charset, info.status, info.extcapabilities, length, pos = string.unpack("<BI2I2B", data, pos)
    pos = pos + 10
    local rest = string.match(data, "^([^%z]*)", pos) or ""
    info.salt = salt .. rest
    pos = pos + math.max(13, length - 8)
    if info.extcapabilities & ExtCapabilities.SupportsAuthPlugins ~= 0 then
      info.auth_plugin_name = string.match(data, "^([^%z]*)", pos)
    end
  end
  return info
end

--- Reads the greeting.
-- @param socket Connected socket.
-- @return True; or false.
-- @return Table: <code>proto</code>, <code>version</code>, <code>threadid</code>, <code>salt</code>,
--         <code>capabilities</code>, <code>extcapabilities</code>, <code>charset</code>, <code>status</code>,
--         <code>auth_plugin_name</code>; or, of a server that refuses, <code>errorcode</code> and
--         <code>errormessage</code>. Or a reason.
function receiveGreeting (socket)
  local status, data = read_packet(socket)
  if not status then
    return false, data
  end
  local info = decode_greeting(data)
  if not info then
    return false, "the greeting is cut off"
  end
  return true, info
end

local function xor (a, b)
  local out = {}
  for i = 1, #a do
    out[i] = string.char(string.byte(a, i) ~ string.byte(b, i))
  end
  return table.concat(out)
end

-- The answer to a salt (mysql_native_password).
local function scramble (password, salt)
  if not password or password == "" then
    return ""
  end
  local hash = openssl.sha1(password)
  return xor(hash, openssl.sha1(string.sub(salt, 1, 20) .. openssl.sha1(hash)))
end

--- Logs in.
-- @param socket Connected socket whose greeting was read.
-- @param params Table, optional: <code>database</code>.
-- @param username User.
-- @param password Password.
-- @param salt Salt of the greeting.
-- @return True if the server lets the user in; otherwise false.
-- @return Table with <code>errorcode</code> and <code>errormessage</code>; or a reason.
function loginRequest (socket, params, username, password, salt)
  params = params or {}
  local flags = 0x1 | 0x4 | 0x200 | 0x2000 | 0x8000 | (params.database and 0x8 or 0)
  local answer = scramble(password, salt)
  local body = string.pack("<I4I4B", flags, 0xffffff, Charset.latin1_COLLATE_latin1_swedish_ci) .. string.rep("\0", 23)
    .. username .. "\0" .. string.pack("s1", answer) .. (params.database and params.database .. "\0" or "")
  local status, data = socket:send(string.pack("<I3B", #body, 1) .. body)
  if status then
    status, data = read_packet(socket)
  end
  if not status then
    return false, data
  elseif string.byte(data) == 0 then
    return true, { errorcode = 0 }
  elseif string.byte(data) == 0xff then
    return false, error_of(data).errormessage
  end
  return false, "the server asks for another way to log in"
end

-- A number with its length (0 to 8 bytes) in front, or of one byte. The number, nil for NULL; the position after it.
local function number_at (data, pos)
  local first = string.byte(data, pos)
  if not first or first == 0xfb then
    return nil, pos + 1
  elseif first < 0xfb then
    return first, pos + 1
  end
  local size = first == 0xfc and 2 or first == 0xfd and 3 or 8
  if pos + size > #data then
    return nil, #data + 1
  end
  return string.unpack("<I" .. size, data, pos + 1), pos + 1 + size
end

local function text_at (data, pos)
  local length, from = number_at(data, pos)
  if not length then
    return nil, from
  end
  return string.sub(data, from, from + length - 1), from + length
end

--- Reads the answer to a query.
-- @param socket Socket that a query was sent over.
-- @return True; or false.
-- @return Table with <code>fields</code>, an array of tables with <code>name</code>, and <code>rows</code>, an
--         array of arrays of strings; or a reason.
function decodeQueryResponse (socket)
  local status, data = read_packet(socket)
  if not status then
    return false, data
  elseif string.byte(data) == 0xff then
    return false, error_of(data).errormessage
  end
  local result = { fields = {}, rows = {} }
  local count = number_at(data, 1) or 0
  for i = 1, count do
    status, data = read_packet(socket)
    if not status then
      return false, data
    end
    local pos, name = 1, nil
    for _ = 1, 5 do
      name, pos = text_at(data, pos)
    end
    result.fields[i] = { name = name or "" }
  end
  if count == 0 then
    return true, result
  end
  status, data = read_packet(socket)
  while status and #result.rows < MAX_ROWS do
    status, data = read_packet(socket)
    if not status then
      return false, data
    elseif string.byte(data) == 0xfe and #data < 9 then
      return true, result
    end
    local row, pos = {}, 1
    for i = 1, count do
      row[i], pos = text_at(data, pos)
      row[i] = row[i] or "NULL"
    end
    result.rows[#result.rows + 1] = row
  end
  return status, status and result or data
end

--- Sends a query.
-- @param socket Socket over which a user logged in.
-- @param query The query.
-- @return As <code>decodeQueryResponse</code>.
function sqlQuery (socket, query)
  local body = string.char(Command.Query) .. query
  local status, reason = socket:send(string.pack("<I3B", #body, 0) .. body)
  if not status then
    return false, reason
  end
  return decodeQueryResponse(socket)
end

--- Writes a result set as lines.
-- @param rs As <code>sqlQuery</code> gives.
-- @param options Table, optional: <code>noheaders</code> to leave the names of the fields out.
-- @return Text of lines, in columns.
function formatResultset (rs, options)
  local lines = tab.new()
  if not (options and options.noheaders) then
    local names = {}
    for i, field in ipairs(rs.fields) do
      names[i] = field.name
    end
    tab.addrow(lines, table.unpack(names))
  end
  for _, row in ipairs(rs.rows) do
    tab.addrow(lines, table.unpack(row))
  end
  return tab.dump(lines)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local greeting = "\10" .. "8.0.1\0" .. string.pack("<I4c8xI2BI2I2B", 7, "saltsalt", 0xffff, 8, 2, 0xc00b, 21) .. string.rep("\0", 10)
  .. "moresaltmore\0mysql_native_password\0"
local info = decode_greeting(greeting)
test_suite:add_test(unittest.equal(info.version, "8.0.1"), "version")
test_suite:add_test(unittest.equal(info.salt, "saltsaltmoresaltmore"), "salt")
test_suite:add_test(unittest.equal(info.auth_plugin_name, "mysql_native_password"), "plug-in")
test_suite:add_test(unittest.equal(decode_greeting("\255\x6a\4Host is blocked").errormessage, "Host is blocked"), "refusal")
test_suite:add_test(unittest.is_nil(decode_greeting("\10abc")), "cut off")
test_suite:add_test(unittest.equal((number_at("\xfc\1\1", 1)), 257), "number of two bytes")
test_suite:add_test(unittest.is_nil((number_at("\xfe\1", 1))), "number cut off")
local rows = { fields = { { name = "one" }, { name = "b" } }, rows = { { "1", "222" }, { "33333", "4" } } }
test_suite:add_test(unittest.equal(formatResultset(rows), "one    b\n1      222\n33333  4\n"), "columns")
test_suite:add_test(unittest.equal(formatResultset(rows, { noheaders = true }), "1      222\n33333  4\n"), "columns without names")
return _ENV
