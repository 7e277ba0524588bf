---
-- XDMCP: asking a display manager whether it would open a session.
--
-- Written from the X Display Manager Control Protocol, version 1.1 (X.Org).
--
-- @usage
-- local helper = xdmcp.Helper:new(host, port)
-- local status, reason = helper:connect()
-- local status, answer = helper:exch(xdmcp.Packet[xdmcp.OpCode.QUERY]:new())
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name xdmcp

local ipOps = require "ipOps"
local nmap = require "nmap"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, setmetatable, tostring, type = ipairs, setmetatable, tostring, type

_ENV = stdnse.module("xdmcp", stdnse.seeall)

local VERSION = 1
local TIMEOUT = 5000

--- Numbers of packets.
-- @class table
-- @name OpCode
OpCode = { BCAST_QUERY = 1, QUERY = 2, WILLING = 5, REQUEST = 7, ACCEPT = 8, MANAGE = 10 }

-- An array of texts: how many, in one byte, and each with its length in two.
local function pack_array (list)
  local parts = {}
  for _, text in ipairs(list) do
    parts[#parts + 1] = string.pack(">s2", text)
  end
  return string.char(#parts & 0xff) .. table.concat(parts)
end

-- Texts with their lengths, from a position on: nil if the data ends before.
local function read_texts (data, at, count)
  local texts = {}
  for i = 1, count do
    if #data < at + 1 or #data < at + 1 + string.unpack(">I2", data, at) then
      return nil
    end
    texts[i], at = string.unpack(">s2", data, at)
  end
  return table.unpack(texts, 1, count)
end

local Header = {}
Header.__index = Header

--- Makes the head of a packet.
-- @name Header:new
-- @param version Version of the protocol.
-- @param opcode Number of the packet.
-- @param length Bytes behind it.
-- @return The head.
function Header:new (version, opcode, length)
  return setmetatable({ version = version, opcode = opcode, length = length }, self)
end

--- Reads the head of a packet.
-- @name Header.parse
-- @param data The datagram.
-- @return The head; nil if the datagram has none.
function Header.parse (data)
  if type(data) ~= "string" or #data < 6 then
    return nil
  end
  local header = Header:new(string.unpack(">I2I2I2", data))
  if header.version ~= VERSION or #data < 6 + header.length then
    return nil
  end
  return header
end

Header.__tostring = function (self)
  return string.pack(">I2I2I2", self.version, self.opcode, self.length)
end

local function with_header (opcode, body)
  return tostring(Header:new(VERSION, opcode, #body)) .. body
end

-- Checks the head: it and the texts after <code>skip</code> bytes; nil if the data is another packet.
local function read_packet (data, opcode, skip, count)
  local header = Header.parse(data)
  if not header or header.opcode ~= opcode or header.length < skip then
    return nil
  end
  return header, read_texts(string.sub(data, 1, 6 + header.length), 7 + skip, count)
end

local function query (opcode)
  local class = {}
  class.__index = class
  function class.new (self, authnames)
    return setmetatable({ header = Header:new(VERSION, opcode), authnames = authnames or {} }, self)
  end
  function class.__tostring (self)
    return with_header(opcode, pack_array(self.authnames))
  end
  return class
end

local Willing = {}
Willing.__index = Willing

--- Makes an empty packet.
-- @name Willing:new
-- @return The packet.
function Willing:new ()
  return setmetatable({}, self)
end

--- Reads what a manager says that is willing.
-- @name Willing.parse
-- @param data The datagram.
-- @return Packet with <code>authname</code>, <code>hostname</code> and <code>status</code>; nil if it is none.
function Willing.parse (data)
  local header, authname, hostname, status = read_packet(data, OpCode.WILLING, 0, 3)
  if not authname then
    return nil
  end
  local packet = Willing:new()
  packet.header, packet.authname, packet.hostname, packet.status = header, authname, hostname, status
  return packet
end

local Connection = { IpType = { IPv4 = 0, IPv6 = 6 } }
Connection.__index = Connection

--- Makes a place where the display is.
-- @name Connection:new
-- @param iptype Kind of the address.
-- @param ip The address.
-- @return The place.
function Connection:new (iptype, ip)
  return setmetatable({ iptype = iptype, ip = ip }, self)
end

local Request = { Connection = Connection }
Request.__index = Request

--- Makes a request for a session.
-- @name Request:new
-- @param disp_no Number of the display.
-- @param conns Array of places.
-- @param auth_name How the display proves who it is.
-- @param auth_data What proves it.
-- @param authr_names Array of ways to let the manager in.
-- @param manf_id Name of the display.
-- @return The packet.
function Request:new (disp_no, conns, auth_name, auth_data, authr_names, manf_id)
  return setmetatable({ header = Header:new(VERSION, OpCode.REQUEST), disp_no = disp_no or 1, conns = conns or {},
    auth_name = auth_name or "", auth_data = auth_data or "", authr_names = authr_names or {},
    manf_id = manf_id or "" }, self)
end

--- Adds a place.
-- @name Request:addConnection
-- @param conn The place.
function Request:addConnection (conn)
  table.insert(self.conns, conn)
end

--- Adds a way to let the manager in.
-- @name Request:addAuthrName
-- @param str Its name.
function Request:addAuthrName (str)
  table.insert(self.authr_names, str)
end

Request.__tostring = function (self)
  local types, addresses = {}, {}
  for i, connection in ipairs(self.conns) do
    types[i] = string.pack(">I2", connection.iptype)
    addresses[i] = ipOps.ip_to_str(connection.ip)
  end
  return with_header(OpCode.REQUEST, string.pack(">I2B", self.disp_no, #types & 0xff) .. table.concat(types)
    .. pack_array(addresses) .. string.pack(">s2s2", self.auth_name, self.auth_data) .. pack_array(self.authr_names)
    .. string.pack(">s2", self.manf_id))
end

local Accept = {}
Accept.__index = Accept

--- Makes the packet that opens a session.
-- @name Accept:new
-- @param session_id Number of the session.
-- @param auth_name How the manager proves who it is.
-- @param auth_data What proves it.
-- @param authr_name How the manager is let in.
-- @param authr_data What lets it in.
-- @return The packet.
function Accept:new (session_id, auth_name, auth_data, authr_name, authr_data)
  return setmetatable({ session_id = session_id, auth_name = auth_name, auth_data = auth_data,
    authr_name = authr_name, authr_data = authr_data }, self)
end

--- Reads the packet that opens a session.
-- @name Accept.parse
-- @param data The datagram.
-- @return The packet; nil if it is none.
function Accept.parse (data)
  local header, auth_name, auth_data, authr_name, authr_data = read_packet(data, OpCode.ACCEPT, 4, 4)
  if not auth_name then
    return nil
  end
  local packet = Accept:new((string.unpack(">I4", data, 7)), auth_name, auth_data, authr_name, authr_data)
  packet.header = header
  return packet
end

local Manage = {}
Manage.__index = Manage

--- Makes the packet that begins a session.
-- @name Manage:new
-- @param sess_id Number of the session.
-- @param disp_no Number of the display.
-- @param disp_class Class of the display.
-- @return The packet.
function Manage:new (sess_id, disp_no, disp_class)
  return setmetatable({ session_id = sess_id, disp_no = disp_no, disp_class = disp_class or "" }, self)
end

Manage.__tostring = function (self)
  return with_header(OpCode.MANAGE, string.pack(">I4I2s2", self.session_id, self.disp_no, self.disp_class))
end

--- Packets, by number: what is sent becomes bytes by <code>tostring</code>, what comes has <code>parse</code>, which
-- gives nil for anything else.
-- @class table
-- @name Packet
Packet = {
  Header = Header,
  [OpCode.BCAST_QUERY] = query(OpCode.BCAST_QUERY),
  [OpCode.QUERY] = query(OpCode.QUERY),
  [OpCode.WILLING] = Willing,
  [OpCode.REQUEST] = Request,
  [OpCode.ACCEPT] = Accept,
  [OpCode.MANAGE] = Manage,
}

--- Speaks to one display manager.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @param host Host table.
-- @param port Port table.
-- @param options Table, optional: <code>timeout</code> in milliseconds.
-- @return The helper.
function Helper:new (host, port, options)
  return setmetatable({ host = host, port = port, options = options or {} }, self)
end

--- Opens the socket. Managers of hosts with several addresses may answer from another one, so it is not connected.
-- @name Helper:connect
-- @return True.
function Helper:connect ()
  self.socket = nmap.new_socket("udp")
  self.socket:set_timeout(self.options.timeout or TIMEOUT)
  return true
end

-- The address of this machine that the host sees; nil if it is not known.
local function own_address (self)
  local bytes = self.host.bin_ip_src
  if bytes then
    return ipOps.str_to_ip(bytes)
  end
  local socket = nmap.new_socket("udp")
  local status = socket:connect(self.host, self.port)
  local _, address = socket:get_info()
  socket:close()
  return status and address or nil
end

--- Closes the socket.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  return self.socket:close()
end

--- Sends a packet.
-- @name Helper:send
-- @param req The packet.
-- @return True, or false and a reason.
function Helper:send (req)
  return self.socket:sendto(self.host, self.port, tostring(req))
end

--- Waits for a packet.
-- @name Helper:recv
-- @return True, or false.
-- @return The packet; or a reason.
function Helper:recv ()
  local status, data = self.socket:receive()
  if not status then
    return false, data
  end
  local header = Header.parse(data)
  local class = header and Packet[header.opcode]
  local packet = class and class.parse and class.parse(data)
  if not packet then
    return false, "the answer is no packet that is known here"
  end
  return true, packet
end

--- Sends a packet and waits for one.
-- @name Helper:exch
-- @param req The packet.
-- @return True, or false.
-- @return The answer; or a reason.
function Helper:exch (req)
  local status, answer = self:send(req)
  if status then
    status, answer = self:recv()
  end
  return status, answer
end

--- Asks for a session.
-- @name Helper:createSession
-- @param auth_names Array of ways to prove who the display is, which may be empty.
-- @param authr_names Array of ways to let the manager in, such as <code>MIT-MAGIC-COOKIE-1</code>.
-- @param disp_no Number of the display.
-- @return True, or false.
-- @return Table with <code>session_id</code>, <code>auth_name</code>, <code>auth_data</code>, <code>authr_name</code>
--         and <code>authr_data</code>; or a reason.
function Helper:createSession (auth_names, authr_names, disp_no)
  local status, answer = self:exch(Packet[OpCode.QUERY]:new(auth_names))
  if not status or answer.header.opcode ~= OpCode.WILLING then
    return false, "the display manager is not willing"
  end
  local address = own_address(self)
  if not address then
    return false, "the address of this machine is not known"
  end
  local kind = string.find(tostring(address), ":", 1, true) and Connection.IpType.IPv6 or Connection.IpType.IPv4
  local request = Request:new(disp_no, nil, nil, nil, authr_names)
  request:addConnection(Connection:new(kind, address))
  request.auth_name = auth_names and auth_names[1] or ""
  status, answer = self:exch(request)
  if not status or answer.header.opcode ~= OpCode.ACCEPT then
    return false, "the display manager opens no session"
  end
  -- A manager that hears nothing more gives the session up by itself.
  status = self:send(Manage:new(answer.session_id, disp_no, "MIT-unspecified"))
  return status, { session_id = answer.session_id, auth_name = answer.auth_name, auth_data = answer.auth_data,
    authr_name = answer.authr_name, authr_data = answer.authr_data }
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(tostring(Packet[2]:new { "AB" }), "\0\1\0\2\0\5\1\0\2AB"), "a query")
test_suite:add_test(unittest.equal(tostring(Packet[1]:new()), "\0\1\0\1\0\1\0"), "a query to all")
local request = Request:new(3, { Connection:new(0, "127.0.0.1") }, nil, nil, { "A" }, "M")
test_suite:add_test(unittest.equal(tostring(request), "\0\1\0\7\0\x17\0\3\1\0\0\1\0\4\x7f\0\0\1\0\0\0\0\1\0\1A\0\1M"), "a request")
test_suite:add_test(unittest.equal(tostring(Manage:new(7, 3, "C")), "\0\1\0\x0a\0\9\0\0\0\7\0\3\0\1C"), "the last packet")
local willing = Willing.parse("\0\1\0\5\0\x0a\0\0\0\2ab\0\2ok")
test_suite:add_test(unittest.identical({ willing.hostname, willing.status }, { "ab", "ok" }), "willing")
test_suite:add_test(unittest.is_nil((Willing.parse("\0\1\0\5\0\x0a\0\0\0\9ab\0\2ok"))), "a length that cannot be")
test_suite:add_test(unittest.is_nil((Willing.parse("\0\1\0\5\0\x40\0\0"))), "cut off")
local accept = Accept.parse("\0\1\0\8\0\x13\0\0\0\9\0\1a\0\1b\0\1c\0\4data")
test_suite:add_test(unittest.identical({ accept.session_id, accept.auth_name, accept.authr_data }, { 9, "a", "data" }), "accepted")
return _ENV
