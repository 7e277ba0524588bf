---
-- Messages of SMB version 1, for the library <code>smb</code>: how they are sent and read.
--
-- Written from [MS-CIFS], section 2.2.3, and RFC 1002, section 4.3.1.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb.messages

local deadline = require "deadline"
local framereader = require "framereader"
local stdnse = require "stdnse"
local string = require "string"

_ENV = stdnse.module("smb.messages", stdnse.seeall)

--- Numbers of commands.
-- @class table
-- @name command_codes
command_codes = {
  SMB_COM_NEGOTIATE = 0x72, SMB_COM_SESSION_SETUP_ANDX = 0x73, SMB_COM_LOGOFF_ANDX = 0x74,
  SMB_COM_TREE_CONNECT_ANDX = 0x75, SMB_COM_TREE_DISCONNECT = 0x71, SMB_COM_CLOSE = 0x04, SMB_COM_TRANSACTION = 0x25,
  SMB_COM_TRANSACTION2 = 0x32, SMB_COM_DELETE = 0x06, SMB_COM_READ_ANDX = 0x2e, SMB_COM_WRITE_ANDX = 0x2f, SMB_COM_NT_CREATE_ANDX = 0xa2,
}

--- Numbers of results ([MS-ERREF], section 2.3).
-- @class table
-- @name status_codes
status_codes = {
  NT_STATUS_SUCCESS = 0, NT_STATUS_MORE_PROCESSING_REQUIRED = 0xc0000016, NT_STATUS_ACCESS_DENIED = 0xc0000022,
  NT_STATUS_LOGON_FAILURE = 0xc000006d, NT_STATUS_ACCOUNT_RESTRICTION = 0xc000006e,
  NT_STATUS_INVALID_PARAMETER = 0xc000000d, NT_STATUS_NOT_SUPPORTED = 0xc00000bb,
  NT_STATUS_ACCOUNT_DISABLED = 0xc0000072, NT_STATUS_BAD_NETWORK_NAME = 0xc00000cc,
  NT_STATUS_INVALID_HANDLE = 0xc0000008, NT_STATUS_NO_SUCH_FILE = 0xc000000f,
  NT_STATUS_OBJECT_NAME_INVALID = 0xc0000033, NT_STATUS_OBJECT_NAME_NOT_FOUND = 0xc0000034,
  NT_STATUS_NO_SUCH_USER = 0xc0000064, NT_STATUS_NONE_MAPPED = 0xc0000073, NT_STATUS_PIPE_NOT_AVAILABLE = 0xc00000ac,
  NT_STATUS_PIPE_DISCONNECTED = 0xc00000b0, NT_STATUS_PIPE_BROKEN = 0xc000014b, NT_STATUS_NO_SUCH_ALIAS = 0xc0000151,
  NT_STATUS_NO_SUCH_DOMAIN = 0xc00000df, NT_STATUS_SOME_NOT_MAPPED = 0x107, NT_STATUS_MORE_ENTRIES = 0x105,
  NT_STATUS_BUFFER_OVERFLOW = 0x80000005, NT_STATUS_WERR_BADFILE = 2, NT_STATUS_WERR_ACCESS_DENIED = 5,
  NT_STATUS_WERR_INVALID_NAME = 123, NT_STATUS_WERR_UNKNOWN_LEVEL = 124, NT_STATUS_WERR_MORE_DATA = 234,
  NT_STATUS_NO_MORE_ITEMS = 259, NT_STATUS_NO_MORE_FILES = 0x80000006,
  NT_STATUS_PASSWORD_EXPIRED = 0xc0000071, NT_STATUS_ACCOUNT_LOCKED_OUT = 0xc0000234,
}

--- Names of results by their numbers.
-- @class table
-- @name status_names
status_names = {}
for name, code in pairs(status_codes) do
  status_names[code] = name
end

-- Longer messages answer nothing that is asked here.
local MAX_MESSAGE = 0x20000

--- Name of a result.
-- @param status Number.
-- @return The name, or a text with the number.
function get_status_name (status)
  return status_names[status] or string.format("NT_STATUS_UNKNOWN (0x%08x)", status)
end

-- Fields of flags2 (section 2.2.3.1): Unicode, NT status, extended security, long names.
local NT_STATUS, EXTENDED, LONG_NAMES = 0x4000, 0x0800, 0x0001
UNICODE = 0x8000

local frame = framereader.new(function (head) return (string.unpack(">I3", head, 2)) end, MAX_MESSAGE)

--- Reads a message with its four bytes in front.
-- @param socket Connected socket.
-- @return True; or false.
-- @return The message; or a reason.
function read_message (socket)
  return deadline.receive_buf(socket, frame, true)
end

--- Makes the header of a message.
-- @param smb Connection.
-- @param command Number of the command.
-- @param overrides Table, optional: <code>flags</code>, <code>flags2</code>, <code>tid</code>,
--                  <code>uid</code>, <code>mid</code>.
-- @return 32 bytes.
function smb_encode_header (smb, command, overrides)
  overrides = overrides or {}
  local flags2 = overrides.flags2 or UNICODE | NT_STATUS | LONG_NAMES | (smb.extended_security and EXTENDED or 0)
  local header = string.pack("<c4BI4BI2I2c8I2I2I2I2I2", "\xffSMB", command, 0, overrides.flags or 0x18, flags2, 0,
    string.rep("\0", 8), 0, overrides.tid or smb.tid, overrides.pid or smb.pid, overrides.uid or smb.uid,
    overrides.mid or smb.mid)
  smb.mid = smb.mid + 1 & 0xffff
  return header
end

--- Sends a message.
-- @param smb Connection.
-- @param header 32 bytes.
-- @param parameters Words.
-- @param data Bytes.
-- @param overrides Not used.
-- @return True; or false and a reason.
function smb_send (smb, header, parameters, data, overrides)
  local message = header .. string.pack("<B", #parameters // 2) .. parameters .. string.pack("<s2", data)
  return smb.socket:send(string.pack(">s4", message))
end

--- Reads a message.
-- @param smb Connection.
-- @param read_data False to leave the data out.
-- @return True; or false.
-- @return Header, 32 bytes; or a reason.
-- @return Words.
-- @return Bytes.
function smb_read (smb, read_data)
  local status, message = read_message(smb.socket)
  if not status then
    return false, message
  elseif string.sub(message, 5, 8) ~= "\xffSMB" or #message < 39 then
    return false, "the answer is no message of SMB 1"
  end
  local header = string.sub(message, 5, 36)
  local words = string.byte(message, 37) * 2
  local parameters = string.sub(message, 38, 37 + words)
  if #parameters < words or #message < 39 + words then
    return false, "the answer is cut off"
  end
  local count = string.unpack("<I2", message, 38 + words)
  local data = string.sub(message, 40 + words, 39 + words + count)
  -- Texts are aligned from the header's first byte; this is where the data begin.
  smb.data_offset = 32 + 1 + words + 2
  return true, header, parameters, read_data ~= false and data or nil
end

--- Sends a message and reads the answer.
-- @param smb Connection.
-- @param command Number of the command.
-- @param parameters Words.
-- @param data Bytes.
-- @param overrides As for <code>smb_encode_header</code>.
-- @return Number of the result; nil if there is no answer.
-- @return Header; or a reason.
-- @return Words.
-- @return Bytes.
function exchange (smb, command, parameters, data, overrides)
  local status, answer = smb_send(smb, smb_encode_header(smb, command, overrides), parameters, data)
  local words, bytes
  if status then
    status, answer, words, bytes = smb_read(smb)
  end
  if not status then
    return nil, answer
  end
  return string.unpack("<I4", answer, 6), answer, words, bytes
end

return _ENV
