---
-- DRDA: the protocol of DB2, Derby and other databases, as far as the server's description and the login go.
--
-- Written from DRDA, version 5, volume 3 (Distributed Data Management Architecture, The Open Group): chapter 3 for the
-- heads, the terms EXCSAT, ACCSEC, SECCHK and ACCRDB for the commands. Texts are EBCDIC of code page 500.
--
-- @usage
-- local helper = drda.Helper:new()
-- local status, reason = helper:connect(host, port)
-- local status, info = helper:getServerInfo()
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name drda

local nmap = require "nmap"
local objects = require "drda.objects"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"
local ipairs, pairs, setmetatable, tostring = ipairs, pairs, setmetatable, tostring

_ENV = stdnse.module("drda", stdnse.seeall)

for _, name in ipairs { "CodePoint", "SecMec", "StringUtil", "DRDAParameter", "DDM", "DRDA" } do
  _ENV[name] = objects[name]
end

local TIMEOUT = objects.TIMEOUT
local MAX_OBJECTS = 64

--- Several objects.
-- @class table
-- @name DRDAPacket
DRDAPacket = {}
DRDAPacket.__index = DRDAPacket

--- Makes a packet of objects.
-- @name DRDAPacket:new
-- @param drda_array Array of objects.
-- @return The packet.
function DRDAPacket:new (drda_array)
  return setmetatable({ drda_array = drda_array or {} }, self)
end

--- Finds an object.
-- @name DRDAPacket:getDRDAByCodePoint
-- @param codepoint Its number.
-- @return The object; nil if there is none.
function DRDAPacket:getDRDAByCodePoint (codepoint)
  for _, drda in ipairs(self.drda_array) do
    if drda.DDM.CodePoint == codepoint then
      return drda
    end
  end
end

--- The n-th object.
-- @name DRDAPacket:getDRDA
-- @param n Its place.
-- @return The object; nil if there are less.
function DRDAPacket:getDRDA (n)
  return self.drda_array[n]
end

DRDAPacket.__tostring = function (self)
  local parts = {}
  -- The last object says that nothing follows it.
  for i, drda in ipairs(self.drda_array) do
    drda.DDM:setChained(i < #self.drda_array)
    parts[i] = tostring(drda)
  end
  return table.concat(parts)
end

local function object (codepoint, corelid, params)
  local drda = DRDA:new(DDM:new(codepoint, 0x01, corelid))
  for _, param in ipairs(params) do
    if param[2] then
      drda:addParameter(DRDAParameter:new(param[1], param[2]))
    end
  end
  return drda
end

-- A database's name has at least 18 characters (term RDBNAM).
local function database_name (database)
  return StringUtil.padWithChar(StringUtil.toEBCDIC(database), "\x40", 18)
end

--- Commands, as objects.
-- @class table
-- @name Command
Command = {
  EXCSAT = function (extname, srvname, rellev, mgrlvlls, srvclass)
    return object(CodePoint.EXCSAT, 1, { { CodePoint.EXTNAM, extname }, { CodePoint.SRVNAM, srvname },
      { CodePoint.SRVRLSLV, rellev }, { CodePoint.MGRLVLLS, mgrlvlls }, { CodePoint.SRVCLSNM, srvclass } })
  end,
  ACCSEC = function (secmec, database)
    return object(CodePoint.ACCSEC, 2, { { CodePoint.SECMEC, string.pack(">I2", secmec) },
      { CodePoint.RDBNAM, database_name(database) } })
  end,
  SECCHK = function (secmec, database, username, password)
    return object(CodePoint.SECCHK, 2, { { CodePoint.SECMEC, string.pack(">I2", secmec) },
      { CodePoint.RDBNAM, database_name(database) }, { CodePoint.PASSWORD, StringUtil.toEBCDIC(password) },
      { CodePoint.USRID, StringUtil.toEBCDIC(username) } })
  end,
  ACCRDB = function (database, rdbaccl, prdid, prddata, typdefnam, crrtkn, typdefovr)
    return object(CodePoint.ACCRDB, 3, { { CodePoint.RDBNAM, database_name(database) }, { CodePoint.RDBACCL, rdbaccl },
      { CodePoint.PRDID, prdid and StringUtil.toEBCDIC(prdid) }, { CodePoint.PRDDATA, prddata },
      { CodePoint.TYPDEFNAM, typdefnam and StringUtil.toEBCDIC(typdefnam) }, { CodePoint.CRRTKN, crrtkn },
      { CodePoint.TYPDEFOVR, typdefovr } })
  end,
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
  return setmetatable({ host = host, port = port, socket = nmap.new_socket() }, self)
end

--- Connects.
-- @name Comm:connect
-- @return True, or false and a reason.
function Comm:connect ()
  self.socket:set_timeout(TIMEOUT)
  return self.socket:connect(self.host, self.port)
end

--- Closes the connection.
-- @name Comm:close
-- @return As the socket's method.
function Comm:close ()
  return self.socket:close()
end

--- Reads objects until one says that none follows.
-- @name Comm:recvDRDA
-- @return True, or false.
-- @return Packet; or a reason.
function Comm:recvDRDA ()
  local objects = {}
  repeat
    local drda = DRDA:new()
    local status, reason = drda:receive(self.socket)
    if not status then
      return false, reason
    end
    objects[#objects + 1] = drda
  until not drda.DDM:isChained() or #objects >= MAX_OBJECTS
  return true, DRDAPacket:new(objects)
end

--- Sends a packet and reads the answer.
-- @name Comm:exchDRDAPacket
-- @param packet The packet.
-- @return True, or false.
-- @return Packet; or a reason.
function Comm:exchDRDAPacket (packet)
  local status, answer = self.socket:send(tostring(packet))
  if status then
    status, answer = self:recvDRDA()
  end
  return status, answer
end

--- Speaks to one server.
-- @class table
-- @name Helper
Helper = {}
Helper.__index = Helper

--- Makes one.
-- @name Helper:new
-- @return The helper.
function Helper:new ()
  return setmetatable({}, self)
end

--- Connects.
-- @name Helper:connect
-- @param host Host table.
-- @param port Port table.
-- @return True, or false and a reason.
function Helper:connect (host, port)
  self.comm = Comm:new(host, port)
  return self.comm:connect()
end

--- Closes the connection.
-- @name Helper:close
-- @return As the socket's method.
function Helper:close ()
  return self.comm:close()
end

-- Levels of agents, of SQL, of TCP/IP, of relational databases and of code pages, which every server knows.
local LEVELS = string.pack(">I2I2I2I2I2I2I2I2I2I2", 0x1403, 7, 0x2407, 7, 0x240f, 7, 0x1440, 7, 0x1474, 5)

--- Asks what the server is, without logging in.
-- @name Helper:getServerInfo
-- @return True, or false.
-- @return Table with <code>extname</code>, <code>srvname</code>, <code>srvclass</code> and <code>prodrel</code>, as far
--         as the server says; or a reason.
function Helper:getServerInfo ()
  local status, packet = self.comm:exchDRDAPacket(DRDAPacket:new { Command.EXCSAT("", "", "", LEVELS, "") })
  if not status then
    return false, packet
  end
  local answer = packet:getDRDAByCodePoint(CodePoint.EXCSATRD)
  if not answer then
    return false, "the server does not describe itself"
  end
  local info = {}
  for field, codepoint in pairs { extname = CodePoint.EXTNAM, srvname = CodePoint.SRVNAM, srvclass = CodePoint.SRVCLSNM,
    prodrel = CodePoint.SRVRLSLV } do
    local param = answer:getParameter(codepoint)
    info[field] = param and param:getDataAsASCII() or nil
  end
  return true, info
end

--- Logs in with a name and a password in the clear.
-- @name Helper:login
-- @param database Name of the database.
-- @param username Name.
-- @param password Password.
-- @return True, or false and a reason.
function Helper:login (database, username, password)
  local method = SecMec.USER_PASSWORD
  local status, packet = self.comm:exchDRDAPacket(DRDAPacket:new { Command.EXCSAT("", "", "", LEVELS, ""),
    Command.ACCSEC(method, database) })
  if not status then
    return false, packet
  elseif not packet:getDRDAByCodePoint(CodePoint.ACCSECRD) then
    -- The answer may be one object a packet.
    status, packet = self.comm:recvDRDA()
    if not status or not packet:getDRDAByCodePoint(CodePoint.ACCSECRD) then
      return false, "the server takes no password in the clear"
    end
  end
  status, packet = self.comm:exchDRDAPacket(DRDAPacket:new { Command.SECCHK(method, database, username, password) })
  if not status then
    return false, packet
  end
  local check = packet:getDRDAByCodePoint(CodePoint.SECCHKRM)
  local code = check and check:getParameter(CodePoint.SECCHKCD)
  if not code or code:getData() ~= "\0" then
    return false, "ERROR: Login failed"
  end
  return true
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(StringUtil.toEBCDIC("SQL09075 a/z"), "\xe2\xd8\xd3\xf0\xf9\xf0\xf7\xf5\x40\x81\x61\xa9"), "to EBCDIC")
test_suite:add_test(unittest.equal(StringUtil.toASCII(StringUtil.toEBCDIC("Derby [10]|{x}")), "Derby [10]|{x}"), "there and back")
test_suite:add_test(unittest.equal(StringUtil.toASCII("\xff"), "."), "no character")
test_suite:add_test(unittest.equal(tostring(DRDAParameter:new(0x1147, "ab")), "\0\6\x11\x47ab"), "a parameter")
local head = DDM:new(CodePoint.EXCSAT)
test_suite:add_test(unittest.equal(tostring(head), "\0\x0a\xd0\x41\0\1\0\4\x10\x41"), "a head")
test_suite:add_test(unittest.is_true(head:isChained()), "chained")
head:setChained(false)
test_suite:add_test(unittest.is_false(head:isChained()), "the last")
test_suite:add_test(unittest.is_nil((DRDAParameter:new():fromString("\0\9\x11\x47ab", 1))), "a length that cannot be")
test_suite:add_test(unittest.is_nil((DDM:new():fromString("HTTP/1.1 200"))), "another protocol")
local packet = DRDAPacket:new { Command.ACCSEC(3, "a"), Command.ACCSEC(3, "b") }
test_suite:add_test(unittest.equal(string.byte(tostring(packet), 4), 0x41), "the first of two")
test_suite:add_test(unittest.equal(#tostring(packet), 2 * (10 + 6 + 22)), "both")

local function server (...)
  local parts = { ... }
  return {
    send = function () return true end,
    receive_buf = function (_, find)
      local data = table.remove(parts, 1)
      local _, last = find(data or "")
      return data ~= nil, data and string.sub(data, 1, last) or "EOF"
    end,
  }
end
local helper = Helper:new()
local answer = object(CodePoint.EXCSATRD, 1, { { CodePoint.SRVNAM, StringUtil.toEBCDIC("DB") }, { CodePoint.SRVRLSLV, StringUtil.toEBCDIC("SQL10") } })
helper.comm = setmetatable({ socket = server(tostring(answer)) }, Comm)
local status, info = helper:getServerInfo()
test_suite:add_test(unittest.identical({ status, info }, { true, { srvname = "DB", prodrel = "SQL10" } }), "a server")
helper.comm.socket = server("\0\4\xd0\2")
test_suite:add_test(unittest.is_false((helper:getServerInfo())), "a length that cannot be")
return _ENV
