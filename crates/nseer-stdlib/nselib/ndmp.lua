---
-- NDMP: what a backup server says of itself and of its file systems, before anybody logs in.
--
-- Written from the Network Data Management Protocol, version 4 (sections 3.1 and 3.3), RFC 5531, section 11 (records) and
-- RFC 4506 (XDR).
--
-- @usage
-- local helper = ndmp.Helper:new(host, port)
-- local status, reason = helper:connect()
-- local status, answer = helper:getServerInfo()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ndmp

local deadline = require "deadline"
local framereader = require "framereader"
local nmap = require "nmap"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, setmetatable, tostring = ipairs, setmetatable, tostring

_ENV = stdnse.module("ndmp", stdnse.seeall)

local TIMEOUT = 10000
local MAX_RECORD = 1024 * 1024
local MAX_ENTRIES = 256

-- How many messages of the server's own may come before an answer.
local MAX_NOTIFICATIONS = 8

local REQUEST, REPLY = 0, 1

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Reads a text of XDR.
-- @name Util.parseString
-- @param data Bytes.
-- @param pos Where it begins.
-- @return Position behind it; nil if the data ends before.
-- @return The text.
function Util.parseString (data, pos)
  if not pos or #data < pos + 3 then
    return nil
  end
  local length = string.unpack(">I4", data, pos)
  local stop = pos + 4 + (length + 3) // 4 * 4
  if stop > #data + 1 then
    return nil
  end
  return stop, string.sub(data, pos + 4, pos + 3 + length)
end

-- Texts into fields of a table; position behind them, nil if the data ends before.
local function read_texts (data, pos, into, fields)
  for _, field in ipairs(fields) do
    pos, into[field] = Util.parseString(data, pos)
  end
  return pos
end

--- Parts of the protocol. What is sent becomes bytes by <code>tostring</code>; <code>parse</code> gives nil where the bytes
-- are none.
-- @class table
-- @name NDMP
NDMP = {
  MessageType = { CONFIG_GET_HOST_INFO = 0x0100, CONFIG_GET_AUTH_ATTR = 0x0103, CONFIG_GET_FS_INFO = 0x0105,
    CONFIG_GET_SERVER_INFO = 0x0108, CONNECT_CLIENT_AUTH = 0x0901 },
  ErrorType = { NOT_AUTHORIZED_ERROR = 0x0004 },
  FragmentHeader = { size = 4 },
  Header = { size = 24 },
  Message = {},
  TypeToMessage = {},
}

local FragmentHeader = NDMP.FragmentHeader
FragmentHeader.__index = FragmentHeader

--- Makes the head of a record.
-- @name FragmentHeader:new
-- @return The head.
function FragmentHeader:new ()
  return setmetatable({ last = 1, length = NDMP.Header.size }, self)
end

--- Reads the head of a record.
-- @name FragmentHeader.parse
-- @param data Bytes.
-- @return The head; nil if there are less than four bytes.
function FragmentHeader.parse (data)
  if #data < 4 then
    return nil
  end
  local word = string.unpack(">I4", data)
  local head = FragmentHeader:new()
  head.last, head.length = word >> 31, word & 0x7fffffff
  return head
end

FragmentHeader.__tostring = function (self)
  return string.pack(">I4", self.last << 31 | self.length)
end

local Header = NDMP.Header
Header.__index = Header

--- Makes the head of a message.
-- @name Header:new
-- @return The head.
function Header:new ()
  return setmetatable({ seq = 0, time = os.time(), type = REQUEST, msg = 0, reply_seq = 0, error = 0 }, self)
end

--- Reads the head of a message.
-- @name Header.parse
-- @param data Bytes.
-- @return The head; nil if there are too few bytes.
function Header.parse (data)
  if #data < Header.size then
    return nil
  end
  local head = Header:new()
  head.seq, head.time, head.type, head.msg, head.reply_seq, head.error = string.unpack(">I4I4I4I4I4I4", data)
  return head
end

Header.__tostring = function (self)
  return string.pack(">I4I4I4I4I4I4", self.seq, self.time & 0xffffffff, self.type, self.msg, self.reply_seq, self.error)
end

-- A message of a number; <code>read</code> takes the message and its data behind the error, and may leave fields away.
local function message_class (number, read)
  local class = {}
  class.__index = class
  function class.new (self)
    local message = setmetatable({ frag_header = FragmentHeader:new(), header = Header:new() }, self)
    message.header.msg = number or 0
    return message
  end
  function class.parse (data)
    local frag_header, header = FragmentHeader.parse(data), Header.parse(string.sub(data, FragmentHeader.size + 1))
    if not frag_header or not header or frag_header.length ~= #data - FragmentHeader.size then
      return nil
    end
    local message = setmetatable({ frag_header = frag_header, header = header }, class)
    message.data = string.sub(data, FragmentHeader.size + Header.size + 1)
    if read and header.error == 0 and #message.data >= 4 then
      message.header.error = string.unpack(">I4", message.data)
      if message.header.error == 0 then
        read(message, message.data)
      end
    end
    return message
  end
  function class.__tostring (self)
    return tostring(self.frag_header) .. tostring(self.header)
  end
  return class
end

local Message = NDMP.Message

Message.ConfigGetHostInfo = message_class(NDMP.MessageType.CONFIG_GET_HOST_INFO, function (message, data)
  message.hostinfo = {}
  read_texts(data, 5, message.hostinfo, { "hostname", "ostype", "osver", "hostid" })
end)

Message.ConfigGetServerInfo = message_class(NDMP.MessageType.CONFIG_GET_SERVER_INFO, function (message, data)
  message.serverinfo = {}
  read_texts(data, 5, message.serverinfo, { "vendor", "product", "version" })
end)

-- One file system; position behind it, nil if the data ends before.
local function read_file_system (data, pos, into)
  pos = read_texts(data, pos + 4, into, { "fs_type", "fs_logical_device", "fs_physical_device" })
  if not pos or #data < pos + 43 then
    return nil
  end
  local count
  into.total_size, into.used_size, into.avail_size, into.total_inodes, into.used_inodes, count, pos =
    string.unpack(">I8I8I8I8I8I4", data, pos)
  into.fs_env = {}
  for i = 1, count <= MAX_ENTRIES and count or MAX_ENTRIES do
    into.fs_env[i] = {}
    pos = read_texts(data, pos, into.fs_env[i], { "name", "value" })
    if not pos then
      return nil
    end
  end
  return read_texts(data, pos, into, { "fs_status" })
end

Message.ConfigGetFsInfo = message_class(NDMP.MessageType.CONFIG_GET_FS_INFO, function (message, data)
  message.fsinfo = {}
  if #data < 8 then
    return
  end
  local count, pos = string.unpack(">I4", data, 5)
  for _ = 1, count <= MAX_ENTRIES and count or MAX_ENTRIES do
    local entry = {}
    pos = read_file_system(data, pos, entry)
    if not pos then
      break
    end
    table.insert(message.fsinfo, entry)
  end
end)

Message.UnhandledMessage = message_class()

NDMP.TypeToMessage = {
  [NDMP.MessageType.CONFIG_GET_HOST_INFO] = Message.ConfigGetHostInfo,
  [NDMP.MessageType.CONFIG_GET_FS_INFO] = Message.ConfigGetFsInfo,
  [NDMP.MessageType.CONFIG_GET_SERVER_INFO] = Message.ConfigGetServerInfo,
}

--- The connection.
-- @class table
-- @name Comm
Comm = {}
Comm.__index = Comm

--- Makes one.
-- @name Comm:new
-- @param host Host table.
-- @param port Port table.
-- @return The connection.
function Comm:new (host, port)
  return setmetatable({ host = host, port = port, seq = 0 }, self)
end

--- Connects.
-- @name Comm:connect
-- @return True, or false and a reason.
function Comm:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  return self.socket:connect(self.host, self.port)
end

--- Closes the connection.
-- @name Comm:close
-- @return As the socket's method.
function Comm:close ()
  return self.socket:close()
end

local find_record = framereader.new(function (head) return string.unpack(">I4", head) & 0x7fffffff end, MAX_RECORD)

--- Reads one record.
-- @name Comm:sock_recv
-- @return True, or false.
-- @return The record with its head; or a reason.
function Comm:sock_recv ()
  return deadline.receive_buf(self.socket, find_record, true, TIMEOUT)
end

--- Reads one message.
-- @name Comm:recv
-- @return True, or false.
-- @return The message; or a reason.
function Comm:recv ()
  local status, data = self:sock_recv()
  if not status then
    return false, data
  end
  local message = Message.UnhandledMessage.parse(data)
  if not message then
    return false, "the server does not speak NDMP"
  end
  local class = NDMP.TypeToMessage[message.header.msg]
  return true, class and class.parse(data) or message
end

--- Sends a message.
-- @name Comm:send
-- @param msg The message.
-- @return True, or false and a reason.
function Comm:send (msg)
  self.seq = self.seq + 1
  msg.header.seq = self.seq
  return self.socket:send(tostring(msg))
end

--- Sends a message and waits for its answer; what the server says by itself is passed over.
-- @name Comm:exch
-- @param msg The message.
-- @return True, or false.
-- @return The answer; or a reason.
function Comm:exch (msg)
  local status, answer = self:send(msg)
  for _ = 1, MAX_NOTIFICATIONS do
    if status then
      status, answer = self:recv()
    end
    if not status then
      return false, answer
    elseif answer.header.type == REPLY and answer.header.reply_seq == self.seq then
      return true, answer
    end
  end
  return false, "the server does not answer"
end

--- Asks one server.
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
  return setmetatable({ comm = Comm:new(host, port) }, self)
end

--- Connects.
-- @name Helper:connect
-- @return True, or false and a reason.
function Helper:connect ()
  return self.comm:connect()
end

--- Closes the connection.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  return self.comm:close()
end

--- Asks for the file systems.
-- @name Helper:getFsInfo
-- @return True, or false.
-- @return Answer with <code>fsinfo</code>: array of tables with <code>fs_type</code>, <code>fs_logical_device</code>,
--         <code>fs_physical_device</code> and more; or a reason.
function Helper:getFsInfo ()
  return self.comm:exch(Message.ConfigGetFsInfo:new())
end

--- Asks for the host.
-- @name Helper:getHostInfo
-- @return True, or false.
-- @return Answer with <code>hostinfo</code>: <code>hostname</code>, <code>ostype</code>, <code>osver</code>,
--         <code>hostid</code>; or a reason.
function Helper:getHostInfo ()
  return self.comm:exch(Message.ConfigGetHostInfo:new())
end

--- Asks for the server.
-- @name Helper:getServerInfo
-- @return True, or false.
-- @return Answer with <code>serverinfo</code>: <code>vendor</code>, <code>product</code>, <code>version</code>; or a
--         reason.
function Helper:getServerInfo ()
  return self.comm:exch(Message.ConfigGetServerInfo:new())
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local function text (value)
  return string.pack(">s4", value) .. string.rep("\0", -#value % 4)
end
local function record (number, seq, body, kind)
  local data = string.pack(">I4I4I4I4I4I4", 1, 0, kind or REPLY, number, seq, 0) .. body
  return string.pack(">I4", 0x80000000 | #data) .. data
end
local message = Message.ConfigGetHostInfo:new()
message.header.time, message.header.seq = 0, 7
test_suite:add_test(unittest.equal(tostring(message), "\x80\0\0\x18\0\0\0\7" .. string.rep("\0", 10) .. "\1\0" .. string.rep("\0", 8)), "a request")
test_suite:add_test(unittest.identical({ Util.parseString(text("abcde"), 1) }, { 13, "abcde" }), "a text")
test_suite:add_test(unittest.is_nil((Util.parseString("\0\0\0\9ab", 1))), "a length that cannot be")

local function server (...)
  local parts = { ... }
  return { send = function () return true end, receive_buf = function (_, find)
    local data = table.remove(parts, 1)
    local _, last = find(data or "")
    return data ~= nil, data and string.sub(data, 1, last) or "EOF"
  end }
end
local helper = Helper:new({}, {})
local hello = record(0x502, 0, "\0\0\0\0\0\0\0\4" .. text(""), REQUEST)
helper.comm.socket = server(hello, record(0x108, 1, "\0\0\0\0" .. text("V") .. text("P") .. text("1.2")))
local status, answer = helper:getServerInfo()
test_suite:add_test(unittest.is_true(status), "an answer behind a notification")
test_suite:add_test(unittest.identical(answer.serverinfo, { vendor = "V", product = "P", version = "1.2" }), "a server")
local fs = "\0\0\0\0" .. text("ext4") .. text("/") .. text("sda") .. string.pack(">I8I8I8I8I8I4", 9, 4, 5, 2, 1, 1) .. text("k") .. text("v") .. text("up")
helper.comm.socket = server(record(0x105, 2, "\0\0\0\0\0\0\0\2" .. fs))
local _, systems = helper:getFsInfo()
test_suite:add_test(unittest.equal(#systems.fsinfo, 1), "a count that cannot be")
test_suite:add_test(unittest.equal(systems.fsinfo[1].fs_logical_device, "/"), "a file system")
helper.comm.socket = server("HTTP/1.1 400 Bad")
test_suite:add_test(unittest.is_false((helper:getHostInfo())), "another protocol")
return _ENV
