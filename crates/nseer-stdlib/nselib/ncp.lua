---
-- NCP, the NetWare Core Protocol over TCP: what a server says before anybody logs in.
--
-- Written from the protocol's public description, "NetWare Core Protocols" of Novell's developer kit: the functions create
-- and destroy a connection, get file server information (23, 17), mounted volumes (22, 52), network addresses (123, 17) and
-- the ping of the directory (104, 1). The directory itself is not searched.
--
-- @usage
-- local helper = ncp.Helper:new(host, port)
-- local status, reason = helper:connect()
-- local status, info = helper:getServerInfo()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name ncp

local deadline = require "deadline"
local framereader = require "framereader"
local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local pairs, pcall, select, setmetatable, tostring = pairs, pcall, select, setmetatable, tostring

_ENV = stdnse.module("ncp", stdnse.seeall)

local TIMEOUT = 5000
local MAX_FRAME = 64 * 1024
local MAX_LIST = 64

-- Words that requests and answers begin with.
local REQUEST, REPLY = "DmdT", "tNcP"

--- Kinds of messages.
-- @class table
-- @name NCPType
NCPType = { CreateConnection = 0x1111, ServiceRequest = 0x2222, ServiceReply = 0x3333, DestroyConnection = 0x5555 }

--- Numbers of functions.
-- @class table
-- @name NCPFunction
NCPFunction = { GetMountVolumeList = 0x16, GetFileServerInfo = 0x17, Ping = 0x68, EnumerateNetworkAddress = 0x7b,
  SendFragmentedRequest = 0x68 }

--- What answers begin with where all is well.
-- @class table
-- @name Status
Status = { CONNECTION_OK = 0, COMPLETION_OK = 0 }

--- Small helpers.
-- @class table
-- @name Util
Util = {}

--- Fills a text with zeros.
-- @name Util.ZeroPad
-- @param str The text.
-- @param len Its length then.
-- @return Bytes.
function Util.ZeroPad (str, len)
  return str .. string.rep("\0", len - #str)
end

--- Takes what is before the first zero.
-- @name Util.CToLuaString
-- @param str Bytes.
-- @return The text.
function Util.CToLuaString (str)
  return (string.gsub(str, "%z.*$", ""))
end

--- A request: it becomes bytes by <code>tostring</code>.
-- @class table
-- @name Packet
Packet = {}
Packet.__index = Packet

--- Makes one.
-- @name Packet:new
-- @return The request.
function Packet:new ()
  return setmetatable({ type = NCPType.ServiceRequest, seqno = 0, conn = 0, task = 1, data = "", reply_size = 0x1000 }, self)
end

Packet.__tostring = function (self)
  local body = string.pack(">I2BBBB", self.type, self.seqno & 0xff, self.conn & 0xff, self.task, self.conn >> 8 & 0xff)
  if self.func then
    body = body .. string.char(self.func)
    if self.subfunc and self.is_counted then
      body = body .. string.pack(">s2", string.char(self.subfunc) .. self.data)
    else
      body = body .. (self.subfunc and string.char(self.subfunc) or "") .. self.data
    end
  end
  return REQUEST .. string.pack(">I4I4I4", #body + 16, 1, self.reply_size) .. body
end

--- An answer.
-- @class table
-- @name Response
Response = {}
Response.__index = Response

--- Makes one.
-- @name Response:new
-- @param header Bytes of its head.
-- @param data Bytes behind it.
-- @return The answer; nil if the bytes are none.
function Response:new (header, data)
  local response = setmetatable({ header = header, data = data }, self)
  return response:parse() and response or nil
end

--- Reads the head.
-- @name Response:parse
-- @return True if the answer is one.
function Response:parse ()
  if #self.header ~= 8 then
    return false
  end
  local kind, low, high
  kind, self.seqno, low, self.task, high, self.compl_code, self.status_code = string.unpack(">I2BBBBBB", self.header)
  self.conn = high << 8 | low
  return kind == NCPType.ServiceReply
end

local find_frame = framereader.new(function (head)
  local word, length = string.unpack(">c4I4", head)
  return word == REPLY and length >= 16 and length - 8 or nil
end, MAX_FRAME, 8)

--- Reads one.
-- @name Response.fromSocket
-- @param socket Connected socket.
-- @return True, or false.
-- @return The answer; or a reason.
function Response.fromSocket (socket)
  local status, data = deadline.receive_buf(socket, find_frame, true, TIMEOUT)
  if not status then
    return false, data
  end
  local response = Response:new(string.sub(data, 9, 16), string.sub(data, 17))
  return response ~= nil, response or "the server does not speak NCP"
end

--- Whether the server refuses.
-- @name Response:hasErrors
-- @return True or false.
function Response:hasErrors ()
  return self.compl_code ~= Status.COMPLETION_OK or self.status_code ~= Status.CONNECTION_OK
end

for field, name in pairs { seqno = "getSeqNo", conn = "getConnNo", data = "getData", header = "getHeader" } do
  Response[name] = function (self) return self[field] end
end

--- Functions of the protocol.
-- @class table
-- @name NCP
NCP = {}
NCP.__index = NCP

--- Makes the state of a connection.
-- @name NCP:new
-- @param socket Connected socket.
-- @return The state.
function NCP:new (socket)
  return setmetatable({ socket = socket, seqno = 0, conn = 0 }, self)
end

--- Sends a request.
-- @name NCP:SendPacket
-- @param p The request.
-- @return True, or false and a reason.
function NCP:SendPacket (p)
  p.seqno, p.conn = self.seqno, self.conn
  self.seqno = self.seqno + 1 & 0xff
  return self.socket:send(tostring(p))
end

--- Sends a request and reads its answer.
-- @name NCP:Exch
-- @param p The request.
-- @return True, or false.
-- @return The answer; or a reason.
function NCP:Exch (p)
  local status, answer = self:SendPacket(p)
  if status then
    status, answer = Response.fromSocket(self.socket)
  end
  if status and answer:hasErrors() then
    return false, string.format("the server refuses with code %d", answer.compl_code)
  end
  return status, answer
end

--- Opens a connection.
-- @name NCP:CreateConnect
-- @return True, or false and a reason.
function NCP:CreateConnect ()
  local packet = Packet:new()
  packet.type = NCPType.CreateConnection
  local status, answer = self:Exch(packet)
  if status then
    self.conn = answer.conn
  end
  return status, answer
end

--- Closes the connection.
-- @name NCP:DestroyConnect
-- @return True, or false and a reason.
function NCP:DestroyConnect ()
  local packet = Packet:new()
  packet.type = NCPType.DestroyConnection
  return self:Exch(packet)
end

-- Calls a function, and reads what is answered by one that may raise an error.
local function call (self, func, subfunc, data, is_counted, read)
  local packet = Packet:new()
  packet.func, packet.subfunc, packet.data, packet.is_counted = func, subfunc, data, is_counted
  local status, answer = self:Exch(packet)
  if not status then
    return false, answer
  end
  local is_read, result = pcall(read, answer.data)
  return is_read, is_read and result or "the answer is cut off"
end

--- Asks what the server is.
-- @name NCP:GetFileServerInfo
-- @return True, or false.
-- @return Table; or a reason.
function NCP:GetFileServerInfo ()
  return call(self, NCPFunction.GetFileServerInfo, 0x11, "", true, function (data)
    local info, name, at = {}, nil, nil
    name, info.os_major, info.os_minor, info.max_connections, info.used_connections, info.max_volumes, info.os_rev, at =
      string.unpack(">c48BBI2I2I2B", data)
    info.srvname = Util.CToLuaString(name)
    if #data >= at + 16 then
      info.product_major, info.product_minor, info.product_rev, info.os_language = string.unpack(">BBBB", data, at + 13)
    end
    return info
  end)
end

--- Asks for the directory's tree.
-- @name NCP:Ping
-- @return True, or false.
-- @return Table with <code>tree_name</code>; or a reason.
function NCP:Ping ()
  return call(self, NCPFunction.Ping, 1, "\0\0\0", false, function (data)
    local tree = string.unpack("<s4", data, 5)
    return { tree_name = string.gsub(Util.CToLuaString(tree), "_+$", "") }
  end)
end

--- Asks which volumes are mounted.
-- @name NCP:GetMountVolumeList
-- @return True, or false.
-- @return Array of names; or a reason.
function NCP:GetMountVolumeList ()
  return call(self, NCPFunction.GetMountVolumeList, 0x34, string.pack("<I4I4I4", 0, 1, 0), true, function (data)
    local count, at = string.unpack("<I4", data)
    local names = {}
    at = at + 4
    for i = 1, count <= MAX_LIST and count or MAX_LIST do
      at = at + 4
      names[i], at = string.unpack("s1", data, at)
    end
    return names
  end)
end

--- Asks for the server's addresses.
-- @name NCP:EnumerateNetworkAddress
-- @return True, or false.
-- @return Array of texts; or a reason.
function NCP:EnumerateNetworkAddress ()
  local kinds = { [5] = "tcp", [6] = "udp", [8] = "udp", [9] = "tcp" }
  return call(self, NCPFunction.EnumerateNetworkAddress, 0x11, string.pack("<I4", 0), true, function (data)
    local count, at = string.unpack("<I4", data, 13)
    local list = {}
    for i = 1, count <= MAX_LIST and count or MAX_LIST do
      local kind, _, bytes
      kind, _, bytes, at = string.unpack("<BI2s4", data, at)
      if kinds[kind] and #bytes >= 6 then
        local port, address = string.unpack(">I2c4", bytes)
        list[i] = string.format("%s %d/%s", ipOps.str_to_ip(address), port, kinds[kind])
      end
    end
    return list
  end)
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
  return setmetatable({ host = host, port = port }, self)
end

--- Connects.
-- @name Helper:connect
-- @return True, or false and a reason.
function Helper:connect ()
  self.socket = nmap.new_socket()
  self.socket:set_timeout(TIMEOUT)
  local status, reason = self.socket:connect(self.host, self.port)
  if status then
    self.ncp = NCP:new(self.socket)
    status, reason = self.ncp:CreateConnect()
  end
  return status, reason
end

--- Closes the connection.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  if self.ncp then
    self.ncp:DestroyConnect()
  end
  return self.socket:close()
end

--- Asks what the server is.
-- @name Helper:getServerInfo
-- @return True, or false.
-- @return Array of lines; or a reason.
function Helper:getServerInfo ()
  local status, info = self.ncp:GetFileServerInfo()
  if not status then
    return false, info
  end
  local lines = { "Server name: " .. info.srvname }
  local is_tree, tree = self.ncp:Ping()
  if is_tree then
    lines[#lines + 1] = "Tree Name: " .. tree.tree_name
  end
  lines[#lines + 1] = string.format("OS Version: %d.%d (rev %d)", info.os_major, info.os_minor, info.os_rev)
  if info.product_major then
    lines[#lines + 1] = string.format("Product version: %d.%d (rev %d)", info.product_major, info.product_minor, info.product_rev)
    lines[#lines + 1] = "OS Language ID: " .. info.os_language
  end
  for title, name in pairs { Addresses = "EnumerateNetworkAddress", Mounts = "GetMountVolumeList" } do
    local is_list, list = self.ncp[name](self.ncp)
    if is_list and #list > 0 then
      list.name = title
      lines[#lines + 1] = list
    end
  end
  return true, lines
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
local packet = Packet:new()
packet.func, packet.subfunc, packet.is_counted, packet.conn = NCPFunction.GetFileServerInfo, 0x11, true, 0x0102
test_suite:add_test(unittest.equal(tostring(packet), "DmdT\0\0\0\x1a\0\0\0\1\0\0\x10\0\x22\x22\0\2\1\1\x17\0\1\x11"), "a request")
local function reply (data)
  return "tNcP" .. string.pack(">I4", #data + 16) .. "\x33\x33\0\2\1\1\0\0" .. data
end
local function server (...)
  local parts = { ... }
  return { send = function () return true end, receive_buf = function (_, find)
    local data = table.remove(parts, 1)
    local _, last = find(data or "")
    return data ~= nil, data and string.sub(data, 1, last) or "EOF"
  end }
end
local about = Util.ZeroPad("FILES", 48) .. "\5\x46\0\9\0\1\0\4\7" .. string.rep("\0", 13) .. "\6\x32\7\4"
local ncp = NCP:new(server(reply(""), reply(about), reply("\0\0\0\0\8\0\0\0TREE____")))
test_suite:add_test(unittest.is_true((ncp:CreateConnect())), "a connection")
test_suite:add_test(unittest.equal(ncp.conn, 0x0102), "its number")
local status, info = ncp:GetFileServerInfo()
test_suite:add_test(unittest.identical({ status, info.srvname, info.os_major, info.os_rev, info.product_minor }, { true, "FILES", 5, 7, 50 }), "a server")
test_suite:add_test(unittest.equal(select(2, ncp:Ping()).tree_name, "TREE"), "a tree")
test_suite:add_test(unittest.is_false((NCP:new(server(reply("FILES"))):GetFileServerInfo())), "cut off")
test_suite:add_test(unittest.is_false((NCP:new(server(reply("\xff\xff\xff\xff"))):GetMountVolumeList())), "a count that cannot be")
test_suite:add_test(unittest.is_false((NCP:new(server("HTTP/1.1 400 Bad")):Ping())), "another protocol")
return _ENV
