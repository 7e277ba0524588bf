---
-- SMB versions 2 and 3: what a server says when a connection begins.
--
-- Written from [MS-SMB2], sections 2.2.1 to 2.2.6. Connections are those of the library <code>smb</code>.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb2

local datetime = require "datetime"
local messages = require "smb.messages"
local rand = require "rand"
local smbauth = require "smbauth"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("smb2", stdnse.seeall)

--- Numbers of commands.
-- @class table
-- @name command_codes
command_codes = { SMB2_COM_NEGOTIATE = 0, SMB2_COM_SESSION_SETUP = 1, SMB2_COM_LOGOFF = 2 }

local DIALECTS = { 0x0202, 0x0210, 0x0300, 0x0302, 0x0311 }

local MORE_PROCESSING_REQUIRED = 0xc0000016

--- The dialects that can be asked for.
-- @return Array of numbers.
function dialects ()
  return table.move(DIALECTS, 1, #DIALECTS, 1, {})
end

--- Name of a dialect.
-- @usage smb2.dialect_name(0x0311)  --> "311"
-- @param dialect Number.
-- @return Its hexadecimal digits.
function dialect_name (dialect)
  return string.format("%x", dialect)
end

--- Makes the header of a request (section 2.2.1.2).
-- @param smb Connection.
-- @param command Number of the command.
-- @param overrides Table, optional: fields to set otherwise.
-- @return 64 bytes.
function smb2_encode_header_sync (smb, command, overrides)
  overrides = overrides or {}
  smb.MessageId = smb.MessageId or 0
  local header = string.pack("<c4 I2I2I4I2I2 I4I4 I8 I4I4 I8 c16", "\xfeSMB", 64, overrides.CreditCharge or 1, 0,
    command, overrides.CreditR or 31, overrides.Flags or 0, 0, overrides.MessageId or smb.MessageId, 0,
    overrides.TreeId or 0, smb.SessionId or 0, string.rep("\0", 16))
  smb.MessageId = smb.MessageId + 1
  return header
end

--- Sends a request.
-- @param smb Connection.
-- @param header 64 bytes.
-- @param data What comes after the header.
-- @param overrides Not used.
-- @return True; or false and a reason.
function smb2_send (smb, header, data, overrides)
  return smb.socket:send(string.pack(">s4", header .. data))
end

--- Reads a message.
-- @param smb Connection.
-- @param read_data False to leave the data out.
-- @return True if there is one; otherwise false.
-- @return Header, 64 bytes; or a reason.
-- @return What comes after the header.
function smb2_read (smb, read_data)
  local status, head = messages.read_message(smb.socket)
  if not status then
    return false, head
  end
  if #head < 68 or string.sub(head, 5, 8) ~= "\xfeSMB" then
    return false, "the answer is no message of SMB 2"
  end
  return true, string.sub(head, 5, 68), read_data ~= false and string.sub(head, 69) or nil
end

-- Sends a request and reads the answer, as smb2_read gives it.
local function exchange (smb, header, request)
  local status, reason = smb2_send(smb, header, request)
  if not status then
    return false, reason
  end
  return smb2_read(smb)
end

-- The contexts that version 3.1.1 asks for: SHA-512, and AES-128-GCM or CCM (section 2.2.3.1).
local function contexts ()
  local integrity = string.pack("<I2I2I2", 1, 32, 1) .. rand.random_string(32)
  local encryption = string.pack("<I2I2I2", 2, 2, 1)
  local first = string.pack("<I2I2I4", 1, #integrity, 0) .. integrity
  first = first .. string.rep("\0", -#first % 8)
  return first .. string.pack("<I2I2I4", 2, #encryption, 0) .. encryption
end

local function negotiate_request (wanted)
  local offers, has_311 = {}, false
  for i, dialect in ipairs(wanted) do
    offers[i] = string.pack("<I2", dialect)
    has_311 = has_311 or dialect == 0x0311
  end
  local list = table.concat(offers)
  local tail, offset, count = "", 0, 0
  if has_311 then
    -- The contexts begin at a multiple of eight from the header's first byte.
    local pad = -(64 + 36 + #list) % 8
    offset, count = 64 + 36 + #list + pad, 2
    tail = string.rep("\0", pad) .. contexts()
  end
  -- Signing is possible; all capabilities are known.
  return string.pack("<I2I2I2I2I4 c16 I4I2I2", 36, #wanted, 1, 0, 0x7f, rand.random_string(16), offset, count, 0)
    .. list .. tail
end

local function seconds_of (filetime)
  return filetime // 10000000 - 11644473600
end

-- What an answer says, as fields of the connection (section 2.2.4); nil if it is cut off.
local function decode_negotiate (smb, data)
  if #data < 64 then
    return nil
  end
  local _, mode, dialect, guid, time, start, offset, length
  _, mode, dialect, _, guid, smb.capabilities, smb.max_trans, smb.max_read, smb.max_write, time, start, offset, length =
    string.unpack("<I2I2I2I2c16I4I4I4I4i8i8I2I2", data)
  smb.security_mode, smb.dialect, smb.server_guid = mode, dialect, guid
  smb.time = seconds_of(time)
  smb.date = datetime.format_timestamp(smb.time)
  if start == 0 then
    smb.start_time, smb.start_date = 0, "N/A"
  else
    smb.start_time = seconds_of(start)
    smb.start_date = datetime.format_timestamp(smb.start_time)
  end
  if offset >= 128 and length > 0 then
    smb.security_blob = string.sub(data, offset - 63, offset - 64 + length)
  end
  return dialect
end

--- Agrees on a dialect.
-- @param smb Connection. What the server says becomes its fields: <code>dialect</code>,
--            <code>security_mode</code>, <code>capabilities</code>, <code>time</code>, <code>date</code>,
--            <code>start_time</code>, <code>start_date</code>, <code>server_guid</code>.
-- @param overrides Table, optional: <code>Dialects</code> is an array of dialects to offer. Default: all.
-- @return True if the server takes one; otherwise false.
-- @return The dialect; or a reason.
function negotiate_v2 (smb, overrides)
  overrides = overrides or {}
  local header = smb2_encode_header_sync(smb, command_codes.SMB2_COM_NEGOTIATE, overrides)
  local status, answer, data = exchange(smb, header, negotiate_request(overrides.Dialects or DIALECTS))
  if not status then
    return false, answer
  end
  local code = string.unpack("<I4", answer, 9)
  if code ~= 0 then
    return false, string.format("the server refused with status 0x%08x", code)
  end
  local dialect = decode_negotiate(smb, data)
  if not dialect then
    return false, "the answer is cut off"
  end
  return true, dialect
end

--- Begins to log in, far enough for the server to say who it is. Comes after <code>negotiate_v2</code>.
-- @param smb Connection.
-- @return True if the server answered with a challenge; otherwise false.
-- @return As <code>smbauth.get_host_info_from_security_blob</code> gives; or a reason.
function challenge_info (smb)
  local _, blob = smbauth.get_security_blob(nil)
  local header = smb2_encode_header_sync(smb, command_codes.SMB2_COM_SESSION_SETUP)
  local request = string.pack("<I2BBI4I4I2I2I8", 25, 0, 1, 0, 0, 64 + 24, #blob, 0) .. blob
  local status, answer, data = exchange(smb, header, request)
  if not status then
    return false, answer
  elseif string.unpack("<I4", answer, 9) ~= MORE_PROCESSING_REQUIRED then
    return false, "the server sent no challenge"
  end
  return true, smbauth.get_host_info_from_security_blob(data)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(dialect_name(0x0202), "202"), "name of a dialect")
test_suite:add_test(unittest.equal(#smb2_encode_header_sync({}, 0), 64), "header")
test_suite:add_test(unittest.equal(#negotiate_request { 0x0202 }, 38), "request of one dialect")
local smb = {}
local answer = string.pack("<I2I2I2I2c16I4I4I4I4i8i8I2I2I4", 65, 3, 0x0311, 0, "guid", 7, 1, 2, 3, 132000000000000000, 0, 128, 4, 0) .. "blob"
test_suite:add_test(unittest.equal(decode_negotiate(smb, answer), 0x0311), "dialect of an answer")
test_suite:add_test(unittest.equal(smb.date, "2019-04-17T18:40:00"), "its time")
test_suite:add_test(unittest.equal(smb.start_date, "N/A"), "no start")
test_suite:add_test(unittest.equal(smb.security_blob, "blob"), "its blob")
test_suite:add_test(unittest.is_nil(decode_negotiate({}, "A")), "cut off")
return _ENV
