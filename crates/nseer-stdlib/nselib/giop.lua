---
-- GIOP: asking a naming service of CORBA what it lists.
--
-- Written from the CORBA specification, version 3.3, part 2: sections 9.3 (CDR) and 9.4 (messages), and the Naming Service
-- specification, version 1.3. Requests are of GIOP 1.0, which every server knows; answers may have either byte order.
--
-- @usage
-- local helper = giop.Helper:new(host, port)
-- local status, reason = helper:Connect()
-- local status, context = helper:GetNamingContext()
-- local status, objects = helper:ListObjects(context)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name giop

local deadline = require "deadline"
local framereader = require "framereader"
local math = require "math"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local unittest = require "unittest"
local error, pcall, select, setmetatable, tostring = error, pcall, select, setmetatable, tostring

_ENV = stdnse.module("giop", stdnse.seeall)

local TIMEOUT = 10000
local HEAD = 12
local MAX_MESSAGE = 1024 * 1024
local MAX_LIST = 1000

-- Kinds of messages (section 9.4.1).
local REQUEST, REPLY = 0, 1

-- The tag of a profile of IIOP (section 9.7.2).
local TAG_INTERNET_IOP = 0

--- Numbers of the protocol.
-- @class table
-- @name Constants
Constants = {
  VERSION_1_0 = 1, VERSION_1_2 = 0x0201, NAMESERVICE = "NameService\0",
  SyncScope = { WITH_TARGET = 3 },
  ReplyStatus = { NO_EXCEPTION = 0, USER_EXCEPTION = 1, SYSTEM_EXCEPTION = 2, LOCATION_FORWARD = 3 },
  ServiceContext = { CODESETS = 1, SENDING_CONTEXT_RUNTIME = 6, NEO_FIRST_SERVICE_CONTEXT = 0x4e454f00 },
}

-- Values that are written behind each other, each where its size lets it begin.
local Writer = {}
Writer.__index = Writer

--- Makes a writer.
-- @name Writer:new
-- @return The writer.
function Writer:new ()
  return setmetatable({ data = "" }, self)
end

--- Writes four bytes, where four may begin.
-- @name Writer:ulong
-- @param value The number.
function Writer:ulong (value)
  self.data = self.data .. string.rep("\0", -#self.data % 4) .. string.pack(">I4", value)
end

--- Writes one byte.
-- @name Writer:octet
-- @param value The number.
function Writer:octet (value)
  self.data = self.data .. string.char(value)
end

--- Writes bytes with their number.
-- @name Writer:octets
-- @param value The bytes.
function Writer:octets (value)
  self:ulong(#value)
  self.data = self.data .. value
end

--- Writes a text with its length and the zero at its end.
-- @name Writer:text
-- @param value The text.
function Writer:text (value)
  self:octets(value .. "\0")
end

-- Values that are read; where the data ends too early, an error is raised.
local Reader = {}
Reader.__index = Reader

--- Makes a reader.
-- @name Reader:new
-- @param data Bytes.
-- @param is_little True where the least byte is the first of a number.
-- @param at Where to begin, which is where positions are counted from. Default: 1.
-- @return The reader.
function Reader:new (data, is_little, at)
  return setmetatable({ data = data, order = is_little and "<" or ">", at = at or 1, base = at or 1 }, self)
end

--- Reads four bytes.
-- @name Reader:ulong
-- @return The number.
function Reader:ulong ()
  self.at = self.at + (self.base - self.at) % 4
  local value
  value, self.at = string.unpack(self.order .. "I4", self.data, self.at)
  return value
end

--- Reads bytes with their number in front.
-- @name Reader:octets
-- @return The bytes.
function Reader:octets ()
  local length = self:ulong()
  if self.at + length - 1 > #self.data then
    error("the data is cut off", 0)
  end
  self.at = self.at + length
  return string.sub(self.data, self.at - length, self.at - 1)
end

--- Reads a text with its length in front.
-- @name Reader:text
-- @return The text, without the zero at its end.
function Reader:text ()
  return (string.gsub(self:octets(), "%z$", ""))
end

--- Reads bytes that have an order of their own (section 9.3.3).
-- @name Reader:encapsulated
-- @return A reader of them.
function Reader:encapsulated ()
  local data = self:octets()
  local reader = Reader:new(data, string.byte(data) == 1)
  reader.at = 2
  return reader
end

--- A request of GIOP 1.0: it becomes bytes by <code>tostring</code>.
-- @class table
-- @name Packet
Packet = { GIOP = {} }
local GIOP = Packet.GIOP
GIOP.__index = GIOP
GIOP.magic, GIOP.version = "GIOP", Constants.VERSION_1_0

--- Makes a message.
-- @name Packet.GIOP:new
-- @param msgtype Number of its kind.
-- @param data Its body.
-- @return The message.
function GIOP:new (msgtype, data)
  return setmetatable({ msgtype = msgtype, data = data or "" }, self)
end

GIOP.__tostring = function (self)
  return string.pack(">c4BBBBI4", GIOP.magic, 1, 0, 0, self.msgtype, #self.data) .. self.data
end

-- A request: for an object, an operation, and arguments that are written by a function. The head is as long as a
-- multiple of four, so that the body's own positions are those of the message.
local function request (id, key, operation, write)
  local body = Writer:new()
  body:ulong(0)
  body:ulong(id)
  body:octet(1)
  body:octets(key)
  body:text(operation)
  body:ulong(0)
  if write then
    write(body)
  end
  return GIOP:new(REQUEST, body.data)
end

-- What an answer holds: a reader at the result; nil and a reason.
local function open_reply (data)
  local magic, major, _, flags, kind = string.unpack(">c4BBBB", data)
  if magic ~= GIOP.magic or major ~= 1 or kind ~= REPLY then
    return nil, "the server does not speak GIOP"
  end
  local reader = Reader:new(data, flags & 1 == 1, HEAD + 1)
  for _ = 1, math.min(reader:ulong(), MAX_LIST) do
    reader:ulong()
    reader:octets()
  end
  reader:ulong()
  local status = reader:ulong()
  if status ~= Constants.ReplyStatus.NO_EXCEPTION then
    return nil, "the server raises an exception"
  end
  return reader
end

-- The object key of a reference (section 9.6): that of its first profile of IIOP.
local function read_reference (reader)
  reader:text()
  for _ = 1, math.min(reader:ulong(), MAX_LIST) do
    local tag = reader:ulong()
    if tag == TAG_INTERNET_IOP then
      local profile = reader:encapsulated()
      profile.at = profile.at + 2
      profile:octets()
      -- The port, where two bytes may begin; then the key.
      profile.at = profile.at + (profile.at + 1) % 2 + 2
      return profile:octets()
    end
    reader:octets()
  end
end

-- Names and kinds of what a context lists (Naming Service, section 2.2).
local function read_bindings (reader)
  local list = {}
  for _ = 1, math.min(reader:ulong(), MAX_LIST) do
    local entry
    for part = 1, math.min(reader:ulong(), MAX_LIST) do
      local id, kind = reader:text(), reader:text()
      if part == 1 then
        entry = { id = id, kind = kind }
      end
    end
    local is_context = reader:ulong() == 1
    if entry then
      entry.enum = is_context and 1 or 0
      list[#list + 1] = entry
    end
  end
  return list
end

--- Reads what answers hold.
-- @class table
-- @name MessageDecoder
MessageDecoder = {
  -- Object key of a reference that was asked for.
  get = function (data)
    local status, key, reason = pcall(function ()
      local reader, why = open_reply(data)
      return reader and read_reference(reader), why
    end)
    if not status or not key then
      return false, status and reason or "the answer is cut off"
    end
    return true, key
  end,
  -- What a context lists.
  list = function (data)
    local status, list, reason = pcall(function ()
      local reader, why = open_reply(data)
      return reader and read_bindings(reader), why
    end)
    if not status or not list then
      return false, status and reason or "the answer is cut off"
    end
    return true, list
  end,
  -- Whether an object is of a kind.
  _is_a = function (data)
    local status, is_one = pcall(function ()
      local reader = open_reply(data)
      return reader and string.byte(reader.data, reader.at) == 1
    end)
    return status and is_one or false
  end,
}

--- The connection.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param socket Connected socket.
-- @return The connection.
function Comm:new (socket)
  return setmetatable({ socket = socket }, self)
end

local find_message = framereader.new(function (head)
  if string.sub(head, 1, 4) ~= GIOP.magic then
    return nil
  end
  return (string.unpack(string.byte(head, 7) & 1 == 1 and "<I4" or ">I4", head, 9))
end, MAX_MESSAGE, HEAD)

--- Sends a message and reads its answer.
-- @name Comm:exchGIOPPacket
-- @param packet The message.
-- @return True, or false.
-- @return Bytes of the answer; or a reason.
function Comm:exchGIOPPacket (packet)
  local status, data = self.socket:send(tostring(packet))
  if status then
    status, data = deadline.receive_buf(self.socket, find_message, true, TIMEOUT)
  end
  if status and #data < HEAD then
    return false, "the server does not speak GIOP"
  end
  return status, data
end

--- Speaks to one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @return The helper.
function Helper:new (host, port)
  return setmetatable({ host = host, port = port, id = 0 }, self)
end

--- Connects.
-- @name Helper:Connect
-- @return True, or false and a reason.
function Helper:Connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  local status, reason = self.socket:connect(self.host, self.port)
  self.comm = Comm:new(self.socket)
  return status, reason
end

--- Closes the connection.
-- @name Helper:Close
-- @return As the socket's method.
function Helper:Close ()
  return self.socket:close()
end

--- Closes the connection and connects again.
-- @name Helper:Reconnect
-- @return True, or false and a reason.
function Helper:Reconnect ()
  self:Close()
  return self:Connect()
end

local function asked (self, decode, ...)
  self.id = self.id + 1
  local status, data = self.comm:exchGIOPPacket(request(self.id, ...))
  if not status then
    return false, data
  end
  return decode(data)
end

--- Finds the root of the naming service: by asking the bootstrap object of Java's ORB, or where there is none, by the name
-- that all others have for it (CORBA, part 2, section 7.6.9).
-- @name Helper:GetNamingContext
-- @return True, or false.
-- @return Key of the object; or a reason.
function Helper:GetNamingContext ()
  local status, key = asked(self, MessageDecoder.get, "INIT", "get", function (body)
    body:octets(Constants.NAMESERVICE)
  end)
  if status then
    return true, key
  end
  -- A server may close after what it does not understand.
  status, key = self:Reconnect()
  if status then
    status, key = asked(self, MessageDecoder.list, "NameService", "list", function (body) body:ulong(0) end)
  end
  return status, status and "NameService" or key
end

--- Lists what a context has.
-- @name Helper:ListObjects
-- @param keyaddr Key of the context.
-- @return True, or false.
-- @return Array of tables with <code>id</code>, <code>kind</code> and <code>enum</code>: 0 for an object, 1 for another
--         context; or a reason.
function Helper:ListObjects (keyaddr)
  return asked(self, MessageDecoder.list, keyaddr, "list", function (body) body:ulong(MAX_LIST) end)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local message = tostring(request(1, "INIT", "get", function (body) body:octets(Constants.NAMESERVICE) end))
test_suite:add_test(unittest.equal(string.sub(message, 1, 12), "GIOP\1\0\0\0\0\0\0\x30"), "a head")
test_suite:add_test(unittest.equal(string.sub(message, 13), "\0\0\0\0\0\0\0\1\1\0\0\0\0\0\0\4INIT\0\0\0\4get\0\0\0\0\0\0\0\0\x0cNameService\0"), "a request")
local function reply (is_little, status, body)
  local order = is_little and "<" or ">"
  local data = string.pack(order .. "I4I4I4", 0, 1, status) .. body
  return string.pack("c4BBBB", "GIOP", 1, 0, is_little and 1 or 0, 1) .. string.pack(order .. "I4", #data) .. data
end
local bindings = string.pack("<I4I4", 1, 1) .. string.pack("<I4", 2) .. "A\0\0\0" .. string.pack("<I4", 1) .. "\0\0\0\0" .. string.pack("<I4I4", 1, 0)
test_suite:add_test(unittest.identical({ MessageDecoder.list(reply(true, 0, bindings)) }, { true, { { id = "A", kind = "", enum = 1 } } }), "a list")
test_suite:add_test(unittest.is_false((MessageDecoder.list(reply(false, 2, "")))), "an exception")
test_suite:add_test(unittest.is_false((MessageDecoder.list(reply(false, 0, "\0\0\xff\xff\0\0\0\1\xff\xff\xff\xff")))), "lengths that cannot be")
local profile = "\0\1\0\0" .. "\0\0\0\4" .. "a.b\0" .. "\x0a\xf9\0\0" .. "\0\0\0\3key"
local ior = "\0\0\0\2T\0\0\0" .. "\0\0\0\1" .. "\0\0\0\0" .. string.pack(">s4", profile)
test_suite:add_test(unittest.identical({ MessageDecoder.get(reply(false, 0, ior)) }, { true, "key" }), "a reference")
test_suite:add_test(unittest.is_true(MessageDecoder._is_a(reply(false, 0, "\1"))), "of a kind")
local helper = Helper:new({}, {})
helper.comm = Comm:new { send = function () return true end, receive_buf = function (_, find)
  local data = "HTTP/1.1 400 Bad"
  return true, string.sub(data, 1, select(2, find(data)))
end }
test_suite:add_test(unittest.is_false((helper:ListObjects("x"))), "another protocol")
return _ENV
