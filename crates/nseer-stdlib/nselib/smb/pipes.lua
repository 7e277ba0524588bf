---
-- Files and named pipes over SMB version 1, for the library <code>smb</code>.
--
-- Written from [MS-CIFS], sections 2.2.4.5, 2.2.4.42, 2.2.4.43, 2.2.4.64 and 2.2.5.6. What is read is bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb.pipes

local math = require "math"
local messages = require "smb.messages"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"

_ENV = stdnse.module("smb.pipes", stdnse.seeall)

local codes = messages.command_codes
local exchange, get_status_name = messages.exchange, messages.get_status_name

-- More than that no answer has that is read here.
local MAX_ANSWER = 1024 * 1024

local NO_ANDX = string.pack("<BBI2", 0xff, 0, 0)
local OVERFLOW = 0x80000005

-- What a pipe is opened with ([MS-CIFS], section 2.2.4.64.1): reading, writing and attributes.
local ACCESS = 0x0002019f

-- A result as the functions here give it: true, or false and its name.
local function said (code, reason)
  return false, code and get_status_name(code) or reason
end

-- Part of an answer's data, by where the answer says that it begins; nil if it is not there.
local function data_at (smb, bytes, offset, count)
  local from = offset - smb.data_offset + 1
  if count == 0 then
    return ""
  elseif from < 1 or from + count - 1 > #bytes then
    return nil
  end
  return string.sub(bytes, from, from + count - 1)
end

--- Opens a file or a pipe.
-- @param smb Connection, with a share opened.
-- @param path Its path in the share, which begins with a backslash.
-- @param overrides Table, optional: <code>file_create_security_flags</code>, <code>file_create_access_mask</code>,
--        <code>file_create_disposition</code> and what <code>smb_encode_header</code> has.
-- @return True; or false.
-- @return Table with <code>fid</code>; or a reason.
function create_file (smb, path, overrides)
  overrides = overrides or {}
  local name = unicode.utf8to16(path)
  local words = NO_ANDX .. string.pack("<BI2I4I4I4I8I4I4I4I4I4B", 0, #name, 0, 0,
    overrides.file_create_access_mask or ACCESS, 0, 0, 7, overrides.file_create_disposition or 1, 0, 2,
    overrides.file_create_security_flags or 0)
  -- Texts begin where two bytes may: one is between.
  local code, header, answer = exchange(smb, codes.SMB_COM_NT_CREATE_ANDX, words, "\0" .. name .. "\0\0", overrides)
  if code ~= 0 then
    return said(code, header)
  elseif #answer < 7 then
    return false, "the answer is cut off"
  end
  smb.fid = string.unpack("<I2", answer, 6)
  return true, { fid = smb.fid }
end

--- Closes what was opened last.
-- @param smb Connection.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function close_file (smb, overrides)
  local code, header = exchange(smb, codes.SMB_COM_CLOSE, string.pack("<I2I4", smb.fid or 0, 0xffffffff), "", overrides)
  smb.fid = 0
  if code ~= 0 then
    return said(code, header)
  end
  return true
end

--- Reads from what was opened last.
-- @param smb Connection.
-- @param offset Where to begin.
-- @param count How many bytes, less than 65536.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Table with <code>data</code> and <code>data_length</code>; or a reason.
function read_file (smb, offset, count, overrides)
  local words = NO_ANDX .. string.pack("<I2I4I2I2I4I2I4", smb.fid or 0, offset & 0xffffffff, count, 0, 0xffffffff, 0, offset >> 32)
  local code, header, answer, bytes = exchange(smb, codes.SMB_COM_READ_ANDX, words, "", overrides)
  if code ~= 0 and code ~= OVERFLOW then
    return said(code, header)
  elseif #answer < 14 then
    return false, "the answer is cut off"
  end
  local length, place = string.unpack("<I2I2", answer, 11)
  local data = data_at(smb, bytes, place, length)
  if not data then
    return false, "the answer is cut off"
  end
  return true, { data = data, data_length = length, status = code }
end

--- Writes to what was opened last.
-- @param smb Connection.
-- @param write_data Bytes, less than 65536.
-- @param offset Where to begin.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Table with <code>count_low</code>; or a reason.
function write_file (smb, write_data, offset, overrides)
  -- 32 bytes of header, one of words' number, 28 of words, two of bytes' number, one between.
  local words = NO_ANDX .. string.pack("<I2I4I4I2I2I2I2I2I4", smb.fid or 0, offset & 0xffffffff, 0xffffffff, 8,
    #write_data, 0, #write_data, 64, offset >> 32)
  local code, header, answer = exchange(smb, codes.SMB_COM_WRITE_ANDX, words, "\0" .. write_data, overrides)
  if code ~= 0 then
    return said(code, header)
  elseif #answer < 6 then
    return false, "the answer is cut off"
  end
  return true, { count_low = (string.unpack("<I2", answer, 5)) }
end

-- The parts of one message of a transaction's answer; nil if it is cut off.
local function part_of (smb, words, bytes)
  if #words < 18 then
    return nil
  end
  local total_parameters, total_data, _, parameters, place_p, _, count, place_d = string.unpack("<I2I2I2I2I2I2I2I2", words)
  local p, d = data_at(smb, bytes, place_p, parameters), data_at(smb, bytes, place_d, count)
  if not p or not d then
    return nil
  end
  return p, d, total_parameters, total_data
end

--- Sends a transaction and reads all of its answer.
-- @param smb Connection.
-- @param command Number of the command: that of transactions, or of their second kind.
-- @param setup Words that say what is to be done, bytes.
-- @param name What the transaction goes to.
-- @param parameters Bytes.
-- @param data Bytes.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Table with <code>status</code>, <code>parameters</code> and <code>data</code>; or a reason.
function transact (smb, command, setup, name, parameters, data, overrides)
  local text = unicode.utf8to16(name) .. "\0\0"
  local words = 28 + #setup
  local place_p = 32 + 1 + words + 2 + 1 + #text
  local pad = -place_p % 4
  place_p = place_p + pad
  local place_d = place_p + #parameters
  local pad_d = -place_d % 4
  place_d = place_d + pad_d
  local code, header, answer, bytes = exchange(smb, command,
    string.pack("<I2I2I2I2BBI2I4I2I2I2I2I2BB", #parameters, #data, 0x100, 0xfc00, 0, 0, 0, 0, 0, #parameters, place_p,
      #data, place_d, #setup // 2, 0) .. setup,
    "\0" .. text .. string.rep("\0", pad) .. parameters .. string.rep("\0", pad_d) .. data, overrides)
  if code ~= 0 and code ~= OVERFLOW then
    return said(code, header)
  end
  local got_p, got_d = {}, {}
  local size_p, size_d = 0, 0
  repeat
    local p, d, total_p, total_d = part_of(smb, answer, bytes)
    if not p or #p + #d == 0 and total_p + total_d > 0 then
      return false, "the answer is cut off"
    end
    got_p[#got_p + 1], got_d[#got_d + 1] = p, d
    size_p, size_d = size_p + #p, size_d + #d
    local is_whole = size_p >= total_p and size_d >= total_d
    if not is_whole then
      local status
      status, header, answer, bytes = messages.smb_read(smb)
      if not status then
        return false, header
      end
    end
  until is_whole
  return true, { status = code, parameters = table.concat(got_p), data = table.concat(got_d) }
end

--- Writes to a pipe and reads what it answers.
-- @param smb Connection, with the pipe opened.
-- @param function_parameters Bytes, mostly none.
-- @param function_data Bytes.
-- @param pipe Name of the pipe. Default: <code>\PIPE\</code>.
-- @param no_setup True for a transaction that goes to a name and not to what was opened.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return Table with <code>parameters</code> and <code>data</code>; or a reason.
function send_transaction_named_pipe (smb, function_parameters, function_data, pipe, no_setup, overrides)
  local setup = no_setup and "" or string.pack("<I2I2", 0x0026, smb.fid or 0)
  local status, result = transact(smb, codes.SMB_COM_TRANSACTION, setup, pipe or "\\PIPE\\", function_parameters or "",
    function_data or "", overrides)
  -- What did not fit is read like a file.
  while status and not no_setup and result.status == OVERFLOW and #result.data < MAX_ANSWER do
    local more
    status, more = read_file(smb, 0, math.min(MAX_ANSWER - #result.data, 0xf000))
    if not status then
      return false, more
    end
    result.data, result.status = result.data .. more.data, #more.data > 0 and more.status or 0
  end
  return status, result
end

return _ENV
