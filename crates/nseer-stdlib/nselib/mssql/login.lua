---
-- Logging in to a server of SQL, for the library <code>mssql</code>.
--
-- Written from [MS-TDS], section 2.2.6.4 (LOGIN7) and 2.2.6.7 (batches), for TDS 7.1: names and passwords are in the clear
-- but for a scrambling that anybody can undo.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name mssql.login

local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local ipairs, pairs, setmetatable = ipairs, pairs, setmetatable

_ENV = stdnse.module("mssql.login", stdnse.seeall)

--- What a server says where it lets nobody in: numbers, by name.
-- @class table
-- @name LoginErrorType
LoginErrorType = {
  AccountLockedOut = 15113, NotAssociatedWithTrustedConnection = 18452, InvalidUsernameOrPassword = 18456,
  PasswordChangeFailed_PasswordNotAllowed = 18463, PasswordChangeFailed_PasswordTooShort = 18464,
  PasswordChangeFailed_PasswordTooLong = 18465, PasswordChangeFailed_PasswordNotComplex = 18466,
  PasswordChangeFailed_PasswordFilter = 18467, PasswordChangeFailed_UnexpectedError = 18468,
  PasswordExpired = 18487, PasswordMustChange = 18488,
}

--- The same, names by number.
-- @class table
-- @name LoginErrorMessage
LoginErrorMessage = {}
for name, number in pairs(LoginErrorType) do
  LoginErrorMessage[number] = name
end

--- What scrambles.
-- @class table
-- @name Auth
Auth = {}

--- Scrambles a password (section 2.2.6.4).
-- @name Auth.TDS7CryptPass
-- @param password The password.
-- @param decoder Function that gives the password's code points, optional: as in <code>unicode</code>.
-- @return Bytes.
function Auth.TDS7CryptPass (password, decoder)
  local wide = unicode.transcode(password, decoder or unicode.utf8_dec, unicode.utf16_enc, nil, nil)
  return (string.gsub(wide, ".", function (character)
    local byte = string.byte(character)
    return string.char((byte << 4 & 0xf0 | byte >> 4) ~ 0xa5)
  end))
end

--- The packet that logs in.
-- @class table
-- @name LoginPacket
LoginPacket = {
  version = 0x71000001, size = 0, cli_version = 7, cli_pid = 0, conn_id = 0, options_1 = 0xa0, options_2 = 0x03,
  sqltype_flag = 0, reserved_flag = 0, time_zone = 0, collation = 0, MAC = "\0\0\0\0\0\0", locale = "",
  database = "master", client = "nseer", app = "nseer", library = "mssql.lua",
}
LoginPacket.__index = LoginPacket

--- Makes one.
-- @name LoginPacket.new
-- @param o Table, optional.
-- @return The packet.
function LoginPacket:new (o)
  return setmetatable(o or {}, self)
end

for field, name in pairs { username = "SetUsername", password = "SetPassword", database = "SetDatabase",
  server = "SetServer", domain = "SetDomain" } do
  LoginPacket[name] = function (self, value)
    self[field] = value
  end
end

local HEAD = 86

--- Its bytes.
-- @name LoginPacket.ToString
-- @return Bytes.
function LoginPacket:ToString ()
  local wide = function (text) return unicode.utf8to16(text or "") end
  local fields = {
    wide(self.client), wide(self.username), Auth.TDS7CryptPass(self.password or ""), wide(self.app), wide(self.server),
    "", wide(self.library), wide(self.locale), wide(self.database),
  }
  local heads, at = {}, HEAD
  for i, field in ipairs(fields) do
    heads[i] = string.pack("<I2I2", at, #field // 2)
    at = at + #field
  end
  local nothing = string.pack("<I2I2", at, 0)
  local body = string.pack("<I4I4I4I4I4BBBBI4I4", self.version, self.size, self.cli_version, self.cli_pid, self.conn_id,
    self.options_1, self.options_2, self.sqltype_flag, self.reserved_flag, self.time_zone, self.collation)
    .. table.concat(heads) .. self.MAC .. nothing .. nothing .. table.concat(fields)
  return string.pack("<I4", #body + 4) .. body
end

--- The packet that asks.
-- @class table
-- @name QueryPacket
QueryPacket = {}
QueryPacket.__index = QueryPacket

--- Makes one.
-- @name QueryPacket.new
-- @param o Table, optional.
-- @return The packet.
function QueryPacket:new (o)
  return setmetatable(o or {}, self)
end

--- Sets what is asked.
-- @name QueryPacket.SetQuery
-- @param query Text of SQL.
function QueryPacket:SetQuery (query)
  self.query = query
end

--- Its bytes.
-- @name QueryPacket.ToString
-- @return Bytes.
function QueryPacket:ToString ()
  return unicode.utf8to16(self.query)
end

return _ENV
