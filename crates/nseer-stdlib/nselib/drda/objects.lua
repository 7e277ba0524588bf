---
-- Objects of DRDA, for the library <code>drda</code>: heads and parameters, texts in EBCDIC of code page 500.
--
-- Written from DRDA, version 5, volume 3 (Distributed Data Management Architecture, The Open Group), chapter 3.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name drda.objects

local deadline = require "deadline"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local ipairs, setmetatable, tostring = ipairs, setmetatable, tostring

_ENV = stdnse.module("drda.objects", stdnse.seeall)

--- Milliseconds that an answer may take.
TIMEOUT = 10000

local MAGIC = 0xd0
local HEAD = 10

--- Numbers of commands, objects and parameters.
-- @class table
-- @name CodePoint
CodePoint = {
  CODEPNT = 0x000c, TYPDEFNAM = 0x002f, TYPDEFOVR = 0x0035, EXCSAT = 0x1041, ACCSEC = 0x106d, SECCHK = 0x106e,
  SRVCLSNM = 0x1147, SVRCOD = 0x1149, SYNERRCD = 0x114a, SRVRLSLV = 0x115a, EXTNAM = 0x115e, SRVNAM = 0x116d,
  USRID = 0x11a0, PASSWORD = 0x11a1, SECMEC = 0x11a2, SECCHKCD = 0x11a4, PRDID = 0x112e, SECCHKRM = 0x1219,
  SYNTAXRM = 0x124c, MGRLVLLS = 0x1404, EXCSATRD = 0x1443, ACCSECRD = 0x14ac, ACCRDB = 0x2001, PRDDATA = 0x2104,
  RDBACCL = 0x210f, RDBNAM = 0x2110, CRRTKN = 0x2135, ACCRDBRM = 0x2201, RDBNFNRM = 0x2211, RDBATHRM = 0x22cb,
  RDBAFLRM = 0x221a,
}

--- Ways to log in (term SECMEC).
-- @class table
-- @name SecMec
SecMec = {
  USER_PASSWORD = 3, USER_ONLY = 4, CHANGE_PASSWORD = 5, USER_PASS_SUBST = 6, USER_ENC_PASS = 7, ENC_USER_ENC_PASS = 9,
  ENC_CHANGE_PASS = 10, KERBEROS = 11, ENC_USER_DATA = 12, ENC_USER_ENC_PASS_ENC_DATA = 13,
  ENC_USER_ENC_PASS_ENC_NEWPASS_ENC_DATA = 14,
}

-- Code page 500, the part that names and versions are made of.
local TO_EBCDIC, TO_ASCII = {}, {}
do
  local rows = {
    { 0x40, " " }, { 0x4b, ".<(+!&" }, { 0x5b, "$*);^-/" }, { 0x6b, ",%_>?" }, { 0x7a, ":#@'=\"" },
    { 0x81, "abcdefghi" }, { 0x91, "jklmnopqr" }, { 0xa1, "~stuvwxyz" }, { 0xc0, "{ABCDEFGHI" },
    { 0xd0, "}JKLMNOPQR" }, { 0xe0, "\\" }, { 0xe2, "STUVWXYZ" }, { 0xf0, "0123456789" },
  }
  for _, row in ipairs(rows) do
    for i = 1, #row[2] do
      local character, code = string.sub(row[2], i, i), string.char(row[1] + i - 1)
      TO_EBCDIC[character], TO_ASCII[code] = code, character
    end
  end
  -- These are not where the rows would have them.
  TO_EBCDIC["["], TO_EBCDIC["]"], TO_EBCDIC["|"], TO_EBCDIC["`"] = "\x4a", "\x5a", "\xbb", "\x79"
  TO_EBCDIC["/"], TO_ASCII["\x61"] = "\x61", "/"
  for _, character in ipairs { "[", "]", "|", "`" } do
    TO_ASCII[TO_EBCDIC[character]] = character
  end
end

--- Texts.
-- @class table
-- @name StringUtil
StringUtil = {}

--- Turns EBCDIC to ASCII; what has no place there becomes a dot.
-- @name StringUtil.toASCII
-- @param ebcdic Bytes.
-- @return The text.
function StringUtil.toASCII (ebcdic)
  return (string.gsub(ebcdic, ".", function (code) return TO_ASCII[code] or "." end))
end

--- Turns ASCII to EBCDIC; what has no place there becomes a full stop.
-- @name StringUtil.toEBCDIC
-- @param ascii The text.
-- @return Bytes.
function StringUtil.toEBCDIC (ascii)
  return (string.gsub(ascii, ".", function (character) return TO_EBCDIC[character] or "\x4b" end))
end

--- Makes a text longer, at its end.
-- @name StringUtil.padWithChar
-- @param str The text.
-- @param chr What is added.
-- @param len Length that it gets; a longer text stays as it is.
-- @return The longer text.
function StringUtil.padWithChar (str, chr, len)
  return str .. string.rep(chr, len - #str)
end

--- A parameter.
-- @class table
-- @name DRDAParameter
DRDAParameter = {}
DRDAParameter.__index = DRDAParameter

--- Makes one.
-- @name DRDAParameter:new
-- @param codepoint Its number.
-- @param data Its value, bytes.
-- @return The parameter.
function DRDAParameter:new (codepoint, data)
  return setmetatable({ CodePoint = codepoint, Data = data or "" }, self)
end

--- Its value.
-- @name DRDAParameter:getData
-- @return Bytes.
function DRDAParameter:getData ()
  return self.Data
end

--- Its value as text.
-- @name DRDAParameter:getDataAsASCII
-- @return The text.
function DRDAParameter:getDataAsASCII ()
  return StringUtil.toASCII(self.Data)
end

--- Reads one.
-- @name DRDAParameter:fromString
-- @param data Bytes.
-- @param pos Where it begins.
-- @return Position behind it; nil if the bytes are none.
function DRDAParameter:fromString (data, pos)
  if #data < pos + 3 then
    return nil
  end
  local length, codepoint = string.unpack(">I2I2", data, pos)
  if length < 4 or pos + length - 1 > #data then
    return nil
  end
  self.CodePoint, self.Data = codepoint, string.sub(data, pos + 4, pos + length - 1)
  return pos + length
end

DRDAParameter.__tostring = function (self)
  return string.pack(">I2I2", 4 + #self.Data, self.CodePoint) .. self.Data
end

--- Head of an object.
-- @class table
-- @name DDM
DDM = { Formats = { RESERVED = 0x80, CHAINED = 0x40, CONTINUE = 0x20, SAME_CORRELATION = 0x10 }, Format = 0x41 }
DDM.__index = DDM

--- Makes one.
-- @name DDM:new
-- @param codepoint Number of the object.
-- @param format Kind and flags: default a request that another one follows.
-- @param corelid Number by which the answer is known. Default: 1.
-- @return The head.
function DDM:new (codepoint, format, corelid)
  return setmetatable({ CodePoint = codepoint, Format = format or DDM.Format, CorelId = corelid or 1, Length = HEAD }, self)
end

--- Says whether another object follows.
-- @name DDM:setChained
-- @param chained True or false.
function DDM:setChained (chained)
  local flag = DDM.Formats.CHAINED
  self.Format = chained and self.Format | flag or self.Format & ~flag
end

--- Whether another object follows.
-- @name DDM:isChained
-- @return True or false.
function DDM:isChained ()
  return self.Format & DDM.Formats.CHAINED ~= 0
end

--- Reads one.
-- @name DDM:fromString
-- @param str Ten bytes.
-- @return Position behind it; nil if the bytes are none.
function DDM:fromString (str)
  if #str < HEAD then
    return nil
  end
  local magic
  self.Length, magic, self.Format, self.CorelId, self.Length2, self.CodePoint = string.unpack(">I2BBI2I2I2", str)
  if magic ~= MAGIC or self.Length < HEAD then
    return nil
  end
  return HEAD + 1
end

DDM.__tostring = function (self)
  return string.pack(">I2BBI2I2I2", self.Length, MAGIC, self.Format, self.CorelId, self.Length - 6, self.CodePoint)
end

--- An object: a head and parameters.
-- @class table
-- @name DRDA
DRDA = {}
DRDA.__index = DRDA

--- Makes one.
-- @name DRDA:new
-- @param ddm Its head, optional.
-- @return The object.
function DRDA:new (ddm)
  return setmetatable({ DDM = ddm, Params = {} }, self)
end

--- Sets the head.
-- @name DRDA:setDDM
-- @param ddm The head.
function DRDA:setDDM (ddm)
  self.DDM = ddm
end

--- Adds a parameter.
-- @name DRDA:addParameter
-- @param param The parameter.
function DRDA:addParameter (param)
  table.insert(self.Params, param)
end

--- Finds a parameter.
-- @name DRDA:getParameter
-- @param codepoint Its number.
-- @return The parameter; nil if there is none.
function DRDA:getParameter (codepoint)
  for _, param in ipairs(self.Params) do
    if param.CodePoint == codepoint then
      return param
    end
  end
end

DRDA.__tostring = function (self)
  local parts = {}
  for i, param in ipairs(self.Params) do
    parts[i] = tostring(param)
  end
  local body = table.concat(parts)
  self.DDM.Length = HEAD + #body
  return tostring(self.DDM) .. body
end

--- Sends it.
-- @name DRDA:send
-- @param db2socket Connected socket.
-- @return True, or false and a reason.
function DRDA:send (db2socket)
  return db2socket:send(tostring(self))
end

-- One object with its head; what cannot be one ends at once.
local function find_object (buffer)
  if #buffer >= 2 then
    local length = string.unpack(">I2", buffer)
    if length < HEAD or #buffer >= 3 and string.byte(buffer, 3) ~= MAGIC then
      return #buffer, #buffer
    elseif #buffer >= length then
      return length, length
    end
  end
end

--- Reads one.
-- @name DRDA:receive
-- @param db2socket Connected socket.
-- @return True, or false and a reason.
function DRDA:receive (db2socket)
  local status, data = deadline.receive_buf(db2socket, find_object, true, TIMEOUT)
  if not status then
    return false, data
  end
  local head = DDM:new()
  local at = head:fromString(data)
  if not at then
    return false, "the server does not speak DRDA"
  end
  self.DDM = head
  while at and at <= #data do
    local param = DRDAParameter:new()
    at = param:fromString(data, at)
    if at then
      self:addParameter(param)
    end
  end
  return true
end

return _ENV
