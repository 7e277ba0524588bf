---
-- Agreeing on SMB version 1 and logging in, for the library <code>smb</code>.
--
-- Written from [MS-CIFS], sections 2.2.4.52 to 2.2.4.55, and [MS-SMB], sections 2.2.4.5 and 2.2.4.6.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb.session

local datetime = require "datetime"
local messages = require "smb.messages"
local smbauth = require "smbauth"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"

_ENV = stdnse.module("smb.session", stdnse.seeall)

local command_codes, status_codes = messages.command_codes, messages.status_codes
local exchange, get_status_name, UNICODE = messages.exchange, messages.get_status_name, messages.UNICODE

local function seconds_of (filetime)
  return filetime // 10000000 - 11644473600
end

-- Reads a text that ends with a zero. The text as UTF-8, the position after it.
local function text_at (data, pos, is_unicode)
  if not is_unicode then
    local text, after = string.match(data, "^([^%z]*)%z?()", pos)
    return text or "", after or #data + 1
  end
  local last = pos
  while last + 1 <= #data and string.sub(data, last, last + 1) ~= "\0\0" do
    last = last + 2
  end
  return unicode.utf16to8(string.sub(data, pos, last - 1)), last + 2
end

local function is_unicode_of (header)
  return string.unpack("<I2", header, 11) & UNICODE ~= 0
end

local function decode_names (smb, data, pos, is_unicode)
  local domain, server
  domain, pos = text_at(data, pos, is_unicode)
  server = text_at(data, pos, is_unicode)
  smb.domain, smb.server = domain ~= "" and domain or nil, server ~= "" and server or nil
end

local function decode_negotiate (smb, header, words, data)
  if #words < 34 then
    return false, "the server does not know the dialect"
  end
  local time, zone
  smb.dialect, smb.security_mode, smb.max_mpx, smb.max_vc, smb.max_buffer, smb.max_raw_buffer, smb.session_key,
    smb.capabilities, time, zone, smb.key_length = string.unpack("<I2BI2I2I4I4I4I4i8i2B", words)
  if smb.dialect == 0xffff then
    return false, "the server does not know the dialect"
  end
  smb.time = seconds_of(time)
  smb.date = datetime.format_timestamp(smb.time)
  smb.timezone = -zone / 60
  smb.timezone_str = string.format("UTC%+d", -zone // 60)
  smb.byte_count = 0
  -- The capability of extended security.
  if smb.extended_security and smb.capabilities & 0x80000000 ~= 0 then
    smb.server_guid, smb.security_blob = string.sub(data, 1, 16), string.sub(data, 17)
  else
    smb.extended_security = false
    smb.server_challenge = string.sub(data, 1, smb.key_length)
    decode_names(smb, data, smb.key_length + 1, is_unicode_of(header))
  end
  return true
end

--- Agrees on SMB version 1.
-- @param smb Connection. What the server says becomes its fields.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function negotiate_v1 (smb, overrides)
  local code, header, words, data = exchange(smb, command_codes.SMB_COM_NEGOTIATE, "", "\2NT LM 0.12\0", overrides)
  if not code then
    return false, header
  elseif code ~= 0 then
    return false, get_status_name(code)
  end
  return decode_negotiate(smb, header, words, data)
end

--- Agrees on a dialect, version 1.
-- @param smb Connection.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function negotiate_protocol (smb, overrides)
  return negotiate_v1(smb, overrides)
end

local function wide (text)
  return unicode.utf8to16(text) .. "\0\0"
end

-- Texts of ours after a blob or passwords; the first is at an even distance from the header.
local function own_texts (before, ...)
  local parts = { before, #before % 2 == 0 and "\0" or "" }
  for _, text in ipairs { ... } do
    parts[#parts + 1] = wide(text)
  end
  return table.concat(parts)
end

-- The texts of an answer: system, program, domain.
local function decode_texts (smb, header, data, pos)
  local is_unicode = is_unicode_of(header)
  if is_unicode and (smb.data_offset + pos - 1) % 2 == 1 then
    pos = pos + 1
  end
  local os, lanmanager, domain
  os, pos = text_at(data, pos, is_unicode)
  lanmanager, pos = text_at(data, pos, is_unicode)
  domain = text_at(data, pos, is_unicode)
  smb.os, smb.lanmanager = os, lanmanager
  if domain ~= "" and not smb.domain then
    smb.domain = domain
  end
end

-- Capabilities of ours: Unicode, NT calls, NT status, and extended security where it is used.
local CAPABILITIES = 0x54

local function log_in_simply (smb, account)
  local _, lm, nt = smbauth.get_password_response(smb.ip, account.username, account.domain, account.password,
    account.hash, account.kind, smb.server_challenge or "", false)
  local words = string.pack("<BBI2I2I2I2I4I2I2I4I4", 0xff, 0, 0, 0xffff, 1, 1, smb.session_key, #lm, #nt, 0, CAPABILITIES)
  local data = own_texts(lm .. nt, account.username, account.domain, "nseer", "nseer")
  local code, header, answer, bytes = exchange(smb, command_codes.SMB_COM_SESSION_SETUP_ANDX, words, data)
  if code == 0 and #answer >= 6 then
    smb.uid = string.unpack("<I2", header, 29)
    smb.is_guest = string.unpack("<I2", answer, 5) & 1
    decode_texts(smb, header, bytes, 1)
  end
  return code, header
end

local function log_in_extended (smb, account)
  local blob
  smb.uid = 0
  for _ = 1, 3 do
    local status, message, key = smbauth.get_security_blob(blob, smb.ip, account.username, account.domain, account.password,
      account.hash, account.kind)
    if not status then
      return nil, message
    end
    local words = string.pack("<BBI2I2I2I2I4I2I4I4", 0xff, 0, 0, 0xffff, 1, 1, smb.session_key, #message, 0,
      CAPABILITIES | 0x80000000)
    local code, header, answer, bytes = exchange(smb, command_codes.SMB_COM_SESSION_SETUP_ANDX, words,
      own_texts(message, "nseer", "nseer"))
    if not code or #answer < 8 then
      return code or nil, header
    end
    local length = string.unpack("<I2", answer, 7)
    blob = string.sub(bytes, 1, length)
    smb.uid = string.unpack("<I2", header, 29)
    decode_texts(smb, header, bytes, length + 1)
    if code ~= status_codes.NT_STATUS_MORE_PROCESSING_REQUIRED then
      smb.is_guest, smb.mac_key = string.unpack("<I2", answer, 5) & 1, key
      return code, header
    end
    local info = smbauth.get_host_info_from_security_blob(blob)
    smb.domain, smb.server = info.netbios_domain_name, info.netbios_computer_name
    smb.domain_dns, smb.fqdn, smb.forest_dns = info.dns_domain_name, info.fqdn, info.dns_forest_name
  end
  return nil, "the server asks without end"
end

--- Logs in: with the account of the options, or else with one account after another.
-- @param smb Connection that a dialect was agreed on for.
-- @param overrides Table, optional, see <code>get_overrides</code>.
-- @param log_errors Not used; reasons are given back.
-- @return True; or false and a reason.
function start_session (smb, overrides, log_errors)
  overrides = overrides or {}
  local one = overrides.username ~= nil
  local reason = "no account"
  for _ = 1, 8 do
    local status, username, domain, password, hash, kind
    if one then
      status, username, domain, password, hash, kind = true, overrides.username, overrides.domain or "",
        overrides.password or "", overrides.password_hash, overrides.hash_type or "ntlm"
    else
      status, username, domain, password, hash, kind = smbauth.get_account(smb.host)
    end
    if not status then
      return false, reason
    end
    local account = { username = username, domain = domain, password = password, hash = hash, kind = kind }
    local code, header = (smb.extended_security and log_in_extended or log_in_simply)(smb, account)
    if code == 0 then
      return true
    end
    reason = code and get_status_name(code) or header
    if one or not code then
      return false, reason
    end
    smbauth.next_account(smb.host)
  end
  return false, reason
end

--- Ends what a user logged in for.
-- @param smb Connection.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function logoff (smb, overrides)
  local code, reason = exchange(smb, command_codes.SMB_COM_LOGOFF_ANDX, string.pack("<BBI2", 0xff, 0, 0), "", overrides)
  smb.uid = 0
  return code ~= nil, reason
end

--- Opens a share.
-- @param smb Connection.
-- @param path Share, as in <code>IPC$</code>.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function tree_connect (smb, path, overrides)
  local words = string.pack("<BBI2I2I2", 0xff, 0, 0, 0, 1)
  local share = string.find(path, "^\\\\") and path or "\\\\" .. smb.ip .. "\\" .. path
  local data = "\0" .. wide(share) .. "?????\0"
  local code, header = exchange(smb, command_codes.SMB_COM_TREE_CONNECT_ANDX, words, data, overrides)
  if code ~= 0 then
    return false, code and get_status_name(code) or header
  end
  smb.tid = string.unpack("<I2", header, 25)
  return true
end

--- Closes a share.
-- @param smb Connection.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function tree_disconnect (smb, overrides)
  local code, reason = exchange(smb, command_codes.SMB_COM_TREE_DISCONNECT, "", "", overrides)
  smb.tid = 0
  return code ~= nil, reason
end

return _ENV
