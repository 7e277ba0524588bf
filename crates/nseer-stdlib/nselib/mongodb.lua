---
-- MongoDB: documents of BSON, commands and their answers.
--
-- Written from the BSON specification, version 1.1, and MongoDB's manual, "MongoDB Wire Protocol". Commands are sent
-- as OP_QUERY, which all servers before 5.1 know; one that says that it does not know it any more is asked again by
-- OP_MSG. Messages, documents and their depth are bounded.
--
-- @usage
-- local _, packet = mongodb.serverStatusQuery()
-- local status, answer = mongodb.query(socket, packet)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mongodb

local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local openssl = require "openssl"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("mongodb", stdnse.seeall)

local MAX_MESSAGE, MAX_ELEMENTS, MAX_DEPTH = 0x400000, 20000, 24
local OP_MSG = 2013
-- The code of the error of a server that knows no OP_QUERY.
local NO_OP_QUERY = 352

local function element (key, value)
  local kind = math.type(value) or type(value)
  local name = key .. "\0"
  if kind == "string" then
    return "\x02" .. name .. string.pack("<s4", value .. "\0")
  elseif kind == "boolean" then
    return "\x08" .. name .. (value and "\1" or "\0")
  elseif kind == "float" then
    return "\x01" .. name .. string.pack("<d", value)
  elseif kind == "integer" and value >= -0x80000000 and value < 0x80000000 then
    return "\x10" .. name .. string.pack("<i4", value)
  elseif kind == "integer" then
    return "\x12" .. name .. string.pack("<i8", value)
  elseif kind == "table" then
    local status, inner = toBson(value)
    return status and "\x03" .. name .. inner or nil
  end
end

-- A document of elements that are encoded already.
local function document (elements)
  return string.pack("<i4", #elements + 5) .. elements .. "\0"
end

--- Encodes a document.
-- @param dict Table of strings, numbers, booleans and tables by name; in the order of <code>pairs</code>, which is
--        that of the assignments in an output table, and by names in another.
-- @return True; or false.
-- @return Bytes; or a reason.
function toBson (dict)
  local keys, parts = {}, {}
  for key in pairs(dict) do
    keys[#keys + 1] = key
  end
  if not (getmetatable(dict) or {}).__pairs then
    table.sort(keys, function (a, b) return tostring(a) < tostring(b) end)
  end
  for _, key in ipairs(keys) do
    local bytes = element(tostring(key), dict[key])
    if not bytes then
      return false, "there is no such value in BSON: " .. type(dict[key])
    end
    parts[#parts + 1] = bytes
  end
  return true, document(table.concat(parts))
end

-- How values of a fixed size are read.
local FIXED = { [0x01] = "<d", [0x07] = "c12", [0x09] = "<i8", [0x10] = "<i4", [0x11] = "<I8", [0x12] = "<i8",
  [0x13] = "c16" }

local read_document

-- One value. The value and the position after it; nil and a reason.
local function read_value (data, pos, last, kind, state)
  local format = FIXED[kind]
  if kind == 0x06 or kind == 0x0a or kind == 0x7f or kind == 0xff then
    return "null", pos
  elseif format then
    if pos + string.packsize(format) - 1 > last then
      return nil, "a value is cut off"
    end
    local value, after = string.unpack(format, data, pos)
    return math.type(value) and value or stdnse.tohex(value), after
  elseif kind == 0x08 then
    return string.byte(data, pos) == 1, pos + 1
  elseif kind == 0x0b then
    local pattern, after = string.match(data, "^([^%z]*)%z[^%z]*%z()", pos)
    return pattern, after or "an expression has no end"
  elseif kind == 0x03 or kind == 0x04 then
    return read_document(data, pos, last, state)
  elseif pos + 3 > last then
    return nil, "a value is cut off"
  end
  local length = string.unpack("<I4", data, pos)
  local is_text = kind == 0x02 or kind == 0x0d or kind == 0x0e
  local stop = kind == 0x05 and pos + 4 + length or kind == 0x0f and pos + length - 1 or pos + 3 + length
  if length > last or stop > last or not is_text and kind ~= 0x05 and kind ~= 0x0f then
    return nil, "a value is cut off or of an unknown kind"
  elseif is_text then
    return string.sub(data, pos + 4, stop - 1), stop + 1
  end
  return stdnse.tohex(string.sub(data, pos + 4, stop)), stop + 1
end

read_document = function (data, pos, last, state)
  if pos + 4 > last or state.depth >= MAX_DEPTH then
    return nil, "a document is cut off or too deep"
  end
  local length = string.unpack("<I4", data, pos)
  local stop = pos + length - 1
  if length < 5 or stop > last then
    return nil, "a document is longer than its message"
  end
  local found, at = stdnse.output_table(), pos + 4
  state.depth = state.depth + 1
  while at < stop do
    local kind = string.byte(data, at)
    local key, from = string.match(data, "^([^%z]*)%z()", at + 1)
    state.left = state.left - 1
    if not key or from > stop + 1 or state.left < 0 then
      return nil, "a document has no end"
    end
    local value, after = read_value(data, from, stop, kind, state)
    if value == nil then
      return nil, after
    end
    found[key], at = value, after
  end
  state.depth = state.depth - 1
  return found, stop + 1
end

--- Decodes a document.
-- @param data Bytes that begin with the document.
-- @return The position after it; nil if it cannot be read.
-- @return Table of values by names, in the document's order; arrays have the names <code>0</code>, <code>1</code>, …
--         Or a reason.
function fromBson (data)
  local found, after = read_document(data, 1, #data, { depth = 0, left = MAX_ELEMENTS })
  if not found then
    return nil, after
  end
  return after, found
end

--- A message that is being put together.
-- @class table
-- @name MongoData
MongoData = {
  uniqueRequestId = 12345,
  OP = {
    REPLY = 1, MSG = 1000, UPDATE = 2001, INSERT = 2002, GET_BY_IOD = 2003, QUERY = 2004, GET_MORE = 2005,
    DELETE = 2006, KILL_CURSORS = 2007,
  },
}
MongoData.__index = MongoData

--- Begins a message.
-- @name MongoData.new
-- @param o Table, optional.
-- @param opCode Kind of message, one of <code>MongoData.OP</code>.
-- @param responseTo The message that this one answers. Default: none.
-- @return The message.
function MongoData:new (o, opCode, responseTo)
  o = setmetatable(o or {}, self)
  o.opCode, o.responseTo, o.values = opCode or MongoData.OP.QUERY, responseTo or 0, ""
  return o
end

--- Adds a number of 32 bits.
-- @name MongoData.addInt32
-- @param value The number.
function MongoData:addInt32 (value)
  self.values = self.values .. string.pack("<i4", value)
end

--- Adds a text and its end.
-- @name MongoData.addString
-- @param value The text.
function MongoData:addString (value)
  self.values = self.values .. string.pack("z", value)
end

--- Adds a document.
-- @name MongoData.addBSON
-- @param dict The document as <code>toBson</code> takes it.
-- @return True; or false and a reason.
function MongoData:addBSON (dict)
  local status, bytes = toBson(dict)
  if not status then
    return false, bytes
  end
  self.values = self.values .. bytes
  return true
end

--- The whole message.
-- @name MongoData.data
-- @return Bytes.
function MongoData:data ()
  return string.pack("<i4i4i4i4", #self.values + 16, MongoData.uniqueRequestId, self.responseTo, self.opCode) .. self.values
end

-- A message with a command for a database.
local function command (responseTo, database, dict)
  local message = MongoData:new({}, MongoData.OP.QUERY, responseTo)
  message:addInt32(0)
  message:addString(database .. ".$cmd")
  -- From the first document on, one of them, and no more of it.
  message:addInt32(0)
  message:addInt32(-1)
  local status, reason = message:addBSON(dict)
  return status, status and message:data() or reason
end

--- Makes the question for a server's state.
-- @param responseTo The message that this one answers, optional.
-- @return True.
-- @return Bytes.
function serverStatusQuery (responseTo)
  return command(responseTo, "admin", { serverStatus = 1 })
end

--- Makes the question for an operation's time.
-- @param responseTo The message that this one answers, optional.
-- @return True.
-- @return Bytes.
function opTimeQuery (responseTo)
  return command(responseTo, "admin", { getoptime = 1 })
end

--- Makes the question for the last error.
-- @param responseTo The message that this one answers, optional.
-- @return True.
-- @return Bytes.
function lastErrorQuery (responseTo)
  return command(responseTo, "admin", { getlasterror = 1 })
end

--- Makes the question for databases.
-- @param responseTo The message that this one answers, optional.
-- @return True.
-- @return Bytes.
function listDbQuery (responseTo)
  return command(responseTo, "admin", { listDatabases = 1 })
end

--- Makes the question for a server's version and how it was built.
-- @param responseTo The message that this one answers, optional.
-- @return True.
-- @return Bytes.
function buildInfoQuery (responseTo)
  return command(responseTo, "admin", { buildinfo = 1 })
end

--- Says whether a message is complete.
-- @param data What has arrived of it.
-- @return True if nothing is missing; false otherwise.
-- @return The number of bytes that are missing, as far as it is known, or 0.
function isPacketComplete (data)
  if #data < 4 then
    return false, 4 - #data
  end
  local missing = math.max((string.unpack("<I4", data)) - #data, 0)
  return missing == 0, missing
end

-- The length counts itself.
local frame = framereader.new(function (head) return math.max((string.unpack("<I4", head)) - 4, 0) end, MAX_MESSAGE)

-- The document of an answer; nil and a reason.
local function read_answer (data)
  if #data < 21 or string.unpack("<I4", data) ~= #data then
    return nil, "the server sends no messages of MongoDB"
  end
  local code = string.unpack("<i4", data, 13)
  -- OP_REPLY has flags, cursor, first and number of documents; OP_MSG flags and the kind of section.
  local at = code == MongoData.OP.REPLY and 37 or code == OP_MSG and string.byte(data, 21) == 0 and 22
  if not at then
    return nil, "the answer is of an unknown kind"
  end
  local pos, found = fromBson(string.sub(data, at))
  return pos and found, found
end

local function exchange (socket, message)
  local status, data = socket:send(message)
  if status then
    status, data = deadline.receive_buf(socket, frame, true)
  end
  if not status then
    return nil, data
  end
  return read_answer(data)
end

-- The same command as OP_MSG; nil if the message is no command in OP_QUERY.
local function modern (message)
  local database, at = string.match(message, "^([^%z]*)%.%$cmd%z()", 21)
  if not database or string.unpack("<i4", message, 13) ~= MongoData.OP.QUERY or at + 8 > #message then
    return nil
  end
  local elements = string.sub(message, at + 12, -2) .. element("$db", database)
  local body = string.pack("<I4B", 0, 0) .. document(elements)
  return string.pack("<i4i4i4i4", #body + 16, MongoData.uniqueRequestId, 0, OP_MSG) .. body
end

--- Sends a message and reads the answer.
-- @param socket Connected socket.
-- @param data The message.
-- @return True; or false.
-- @return The document of the answer, as from <code>fromBson</code>; or a reason.
function query (socket, data)
  local answer, reason = exchange(socket, data)
  if answer and answer.code == NO_OP_QUERY then
    local message = modern(data)
    if message then
      answer, reason = exchange(socket, message)
    end
  end
  return answer ~= nil, answer or reason
end

--- Logs in by MONGODB-CR, which servers before 4.0 have.
-- @param socket Connected socket.
-- @param db Database in which the user is known.
-- @param username The user.
-- @param password Its password.
-- @return True if the server lets the user in; otherwise false.
-- @return The answer's document; or a reason.
function login (socket, db, username, password)
  local _, message = command(0, db, { getnonce = 1 })
  local status, answer = query(socket, message)
  if not status then
    return false, answer
  elseif type(answer.nonce) ~= "string" then
    return false, answer.errmsg or "the server gives no nonce"
  end
  local function digest (text)
    return stdnse.tohex(openssl.md5(text))
  end
  local key = digest(answer.nonce .. username .. digest(username .. ":mongo:" .. password))
  local dict = stdnse.output_table()
  -- The command's name comes first, and several assignments at once have no order.
  dict.authenticate = 1
  dict.user = username
  dict.nonce = answer.nonce
  dict.key = key
  _, message = command(0, db, dict)
  status, answer = query(socket, message)
  if status and answer.ok ~= 1 then
    return false, answer.errmsg or "the login was refused"
  end
  return status, answer
end

--- Makes lines of an answer.
-- @param resultTable The answer as from <code>query</code>.
-- @return Array of texts, and of arrays with a <code>name</code>, as <code>stdnse.format_output</code> takes it.
function queryResultToTable (resultTable)
  local lines = {}
  for key, value in pairs(resultTable) do
    if type(value) == "table" then
      local inner = queryResultToTable(value)
      inner.name = tostring(key)
      lines[#lines + 1] = inner
    else
      lines[#lines + 1] = tostring(key) .. " = " .. tostring(value)
    end
  end
  return lines
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local dict = stdnse.output_table()
dict.b = "x"
dict.a = 1
dict.f = 0.5
dict.d = { yes = true }
dict.l = 1 << 40
local status, bytes = toBson(dict)
test_suite:add_test(unittest.is_true(status), "a document")
test_suite:add_test(unittest.equal(string.sub(bytes, 5, 13), "\2b\0\2\0\0\0x\0"), "in the order of assignment")
local after, back = fromBson(bytes .. "rest")
test_suite:add_test(unittest.equal(after, #bytes + 1), "and back again")
test_suite:add_test(unittest.identical({ back.b, back.a, back.f, back.d.yes, back.l }, { "x", 1, 0.5, true, 1 << 40 }), "values")
test_suite:add_test(unittest.is_false((toBson { f = print })), "no such value")
test_suite:add_test(unittest.is_nil((fromBson("\xff\xff\xff\xff\2b\0"))), "a length that cannot be")
test_suite:add_test(unittest.is_nil((fromBson(document("\2b\0\xff\xff\xff\xffx")))), "a text that is too long")
local deep = document("")
for _ = 1, 40 do
  deep = document("\3d\0" .. deep)
end
test_suite:add_test(unittest.is_nil((fromBson(deep))), "too deep")
local _, packet = serverStatusQuery()
test_suite:add_test(unittest.is_true((isPacketComplete(packet))), "a whole message")
test_suite:add_test(unittest.identical({ isPacketComplete(string.sub(packet, 1, -4)) }, { false, 3 }), "three bytes are missing")
local body = "\0\0\0\0\0" .. document(element("serverStatus", 1) .. element("$db", "admin"))
test_suite:add_test(unittest.equal(string.sub(modern(packet), 17), body), "the same as OP_MSG")
test_suite:add_test(unittest.identical(queryResultToTable { a = { b = 1 } }, { { name = "a", "b = 1" } }), "lines")
return _ENV
