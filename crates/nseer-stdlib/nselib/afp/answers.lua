---
-- Numbers of the Apple Filing Protocol and what its answers are kept in, for the library <code>afp</code>.
--
-- Written from Apple's "Apple Filing Protocol Reference" (version 3.3).
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name afp.answers

local stdnse = require "stdnse"
local string = require "string"
local pairs, setmetatable = pairs, setmetatable

_ENV = stdnse.module("afp.answers", stdnse.seeall)

--- Numbers of commands.
-- @class table
-- @name COMMAND
COMMAND = {
  FPCloseVol = 0x02, FPCloseFork = 0x04, FPCopyFile = 0x05, FPCreateDir = 0x06, FPCreateFile = 0x07,
  FPGetSrvrInfo = 0x0f, FPGetSrvParms = 0x10, FPLogin = 0x12, FPLoginCont = 0x13, FPLogout = 0x14, FPMapId = 0x15,
  FPMapName = 0x16, FPOpenVol = 0x18, FPOpenFork = 0x1a, FPGetFileDirParams = 0x22, FPChangePassword = 0x24,
  FPGetUserInfo = 0x25, FPReadExt = 0x3c, FPWriteExt = 0x3d, FPGetAuthMethods = 0x3e, FPLoginExt = 0x3f,
  FPEnumerateExt2 = 0x44,
}

--- Numbers of errors.
-- @class table
-- @name ERROR
ERROR = {
  SocketError = 1000, CustomError = 0xdeadbeef, FPNoErr = 0, FPAccessDenied = -5000, FPAuthContinue = -5001,
  FPBadUAM = -5002, FPBadVersNum = -5003, FPBitmapErr = -5004, FPCantMove = -5005, FPEOFErr = -5009,
  FPItemNotFound = -5012, FPLockErr = -5013, FPMiscErr = -5014, FPObjectExists = -5017, FPObjectNotFound = -5018,
  FPParamErr = -5019, FPUserNotAuth = -5023, FPCallNotSupported = -5024,
}

--- Ways to log in.
-- @class table
-- @name UAM
UAM = {
  NoUserAuth = "No User Authent", ClearText = "Cleartxt Passwrd", RandNum = "Randnum Exchange",
  TwoWayRandNum = "2-Way Randnum", DHCAST128 = "DHCAST128", DHX2 = "DHX2", Kerberos = "Client Krb v2",
  Reconnect = "Recon1",
}

--- What a server can do: bits.
-- @class table
-- @name SERVERFLAGS
SERVERFLAGS = {
  CopyFile = 0x01, ChangeablePasswords = 0x02, NoPasswordSaving = 0x04, ServerMessages = 0x08, ServerSignature = 0x10,
  TCPoverIP = 0x20, ServerNotifications = 0x40, Reconnect = 0x80, OpenDirectory = 0x100, UTF8ServerName = 0x200,
  UUIDs = 0x400, SuperClient = 0x8000,
}

local MESSAGES = {}
for name, number in pairs(ERROR) do
  MESSAGES[number] = name
end

--- An answer, good or bad.
-- @class table
-- @name Response
Response = {}
Response.__index = Response

--- Makes one.
-- @name Response:new
-- @param o Table, optional: <code>error_code</code>, <code>error_msg</code>, <code>packet</code>, <code>result</code>.
-- @return The answer.
function Response:new (o)
  o = o or {}
  o.error_code = o.error_code or ERROR.FPNoErr
  return setmetatable(o, self)
end

--- Sets the number of the error.
-- @name Response:setErrorCode
-- @param code Of <code>ERROR</code>.
function Response:setErrorCode (code) self.error_code = code end

--- The number of the error.
-- @name Response:getErrorCode
-- @return Of <code>ERROR</code>.
function Response:getErrorCode () return self.error_code end

--- Sets what the error means.
-- @name Response:setErrorMessage
-- @param msg Text.
function Response:setErrorMessage (msg) self.error_msg = msg end

--- What the error means.
-- @name Response:getErrorMessage
-- @return Text.
function Response:getErrorMessage ()
  return self.error_msg or MESSAGES[self.error_code] or string.format("the server says error %d", self.error_code)
end

--- Sets what was read.
-- @name Response:setResult
-- @param result Any value.
function Response:setResult (result) self.result = result end

--- What was read.
-- @name Response:getResult
-- @return Any value.
function Response:getResult () return self.result end

--- Sets what came.
-- @name Response:setPacket
-- @param packet Table with <code>header</code> and <code>data</code>.
function Response:setPacket (packet) self.packet = packet end

--- What came.
-- @name Response:getPacket
-- @return Table with <code>header</code> and <code>data</code>.
function Response:getPacket () return self.packet end

--- Head of what came.
-- @name Response:getPacketHeader
-- @return Table.
function Response:getPacketHeader () return self.packet and self.packet.header end

--- Data of what came.
-- @name Response:getPacketData
-- @return Bytes.
function Response:getPacketData () return self.packet and self.packet.data end

return _ENV
