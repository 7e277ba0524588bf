---
-- Files in shares over SMB version 1, for the library <code>smb</code>: listed, read, written and deleted.
--
-- Written from [MS-CIFS], sections 2.2.4.7, 2.2.6.2, 2.2.6.3 and 2.2.8.1.7. Lists and files that are read are bounded.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name smb.files

local datetime = require "datetime"
local math = require "math"
local messages = require "smb.messages"
local pipes = require "smb.pipes"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unicode = require "unicode"
local ipairs, require, type = ipairs, require, type

_ENV = stdnse.module("smb.files", stdnse.seeall)

local codes = messages.command_codes
local get_status_name = messages.get_status_name

local FIND_FIRST2, FIND_NEXT2 = 0x0001, 0x0002
-- What is told of a file: times, sizes, attributes, both of its names (section 2.2.8.1.7).
local BOTH_DIRECTORY_INFO = 0x0104
-- Hidden files, those of the system, and folders.
local ANY_KIND = 0x16
local AT_ONCE, MAX_ROUNDS = 256, 512
-- The search is closed at its end, and goes on by places.
local FLAGS = 0x06

local MAX_FILE = 16 * 1024 * 1024
local CHUNK = 0xf000

-- Opening what is there to read it; and making a file anew, or writing over it, with the right to delete it.
local TO_READ = { file_create_access_mask = 0x00120089, file_create_disposition = 1 }
local TO_WRITE = { file_create_access_mask = 0x0012019f, file_create_disposition = 5 }
-- Adding files to a folder.
local TO_ADD = { file_create_access_mask = 0x00100002, file_create_disposition = 1 }

local ENTRY = "<I4I4i8i8i8i8i8i8I4I4I4Bxc24"
local ENTRY_SIZE = string.packsize(ENTRY)

--- The files of an answer: times are in units of 100 ns since 1601, <code>created</code> is a text.
-- @param data Bytes of the answer.
-- @param count How many files it says that it has.
-- @return Array of tables with <code>fname</code>, <code>s_fname</code>, <code>created</code>, <code>accessed</code>,
--         <code>write</code>, <code>change</code>, <code>eof</code> and <code>alloc_size</code> (bytes) and
--         <code>attrs</code>.
-- @return The place that the last one is found again by.
function read_entries (data, count)
  local files, at, resume = {}, 1, 0
  for _ = 1, count do
    if at + ENTRY_SIZE - 1 > #data then
      break
    end
    local file = {}
    local next_one, created, length, short_length, short
    next_one, resume, created, file.accessed, file.write, file.change, file.eof, file.alloc_size, file.attrs, length, _,
      short_length, short = string.unpack(ENTRY, data, at)
    local name = string.sub(data, at + ENTRY_SIZE, at + ENTRY_SIZE + length - 1)
    if #name < length then
      break
    end
    file.fname = string.gsub(unicode.utf16to8(name), "%z+$", "")
    file.s_fname = short_length > 0 and unicode.utf16to8(string.sub(short, 1, short_length)) or nil
    -- Hosts tell no zone here.
    file.created = string.match(datetime.format_timestamp(created // 10000000 - 11644473600, 0), "^[^+Z]+")
    files[#files + 1] = file
    if next_one == 0 then
      break
    end
    at = at + next_one
  end
  return files, resume
end

-- One answer about files: what is in it, whether it is the last, and how to go on.
local function ask (smb, opcode, parameters, head)
  local status, answer = pipes.transact(smb, codes.SMB_COM_TRANSACTION2, string.pack("<I2", opcode), "", parameters, "")
  if not status then
    return nil, answer
  elseif #answer.parameters < head + 4 then
    return nil, "the answer is cut off"
  end
  local count, at_end = string.unpack("<I2I2", answer.parameters, head + 1)
  local files, resume = read_entries(answer.data, count)
  return files, at_end ~= 0 or #files == 0, resume, answer.parameters
end

--- Lists files.
-- @usage for file in smb.find_files(state, "\\folder\\*") do … end
-- @param smbstate Connection, with a share opened.
-- @param fname What is listed: a path that may have <code>*</code> and <code>?</code> in its last part.
-- @param options Table, optional: <code>maxfiles</code>, how many at most; <code>srch_attrs</code>, kinds of files, bits.
-- @return Iterator of tables as of <code>read_entries</code>; it gives none where the host lists none.
function find_files (smbstate, fname, options)
  options = options or {}
  local left, rounds, at = options.maxfiles or math.huge, 0, 0
  local files, is_last, resume, search
  local function more ()
    rounds, at = rounds + 1, 0
    if rounds == 1 then
      local answer
      files, is_last, resume, answer = ask(smbstate, FIND_FIRST2, string.pack("<I2I2I2I2I4", options.srch_attrs or ANY_KIND,
        AT_ONCE, FLAGS, BOTH_DIRECTORY_INFO, 0) .. unicode.utf8to16(fname) .. "\0\0", 2)
      search = files and string.sub(answer, 1, 2)
      return files
    elseif is_last or rounds > MAX_ROUNDS then
      return nil
    end
    local last = unicode.utf8to16(files[#files].fname) .. "\0\0"
    files, is_last, resume = ask(smbstate, FIND_NEXT2, search .. string.pack("<I2I2I4I2", AT_ONCE, BOTH_DIRECTORY_INFO, resume,
      FLAGS) .. last, 0)
    return files
  end
  return function ()
    if left <= 0 or not (files and files[at + 1]) and not more() then
      left = 0
      return nil
    end
    left, at = left - 1, at + 1
    return files[at]
  end
end

--- Deletes a file.
-- @param smb Connection, with a share opened.
-- @param path Path in the share.
-- @param overrides Table, optional.
-- @return True; or false and a reason.
function delete_file (smb, path, overrides)
  local code, reason = messages.exchange(smb, codes.SMB_COM_DELETE, string.pack("<I2", ANY_KIND & 6),
    "\4" .. unicode.utf8to16(path) .. "\0\0", overrides)
  if code ~= 0 then
    return false, code and get_status_name(code) or reason
  end
  return true
end

-- Opens a share, does something in it, and closes it. As nobody, if it is asked for.
local function in_share (host, share, use_anonymous, overrides, work)
  local smb = require "smb"
  if use_anonymous then
    overrides = smb.get_overrides_anonymous()
  end
  local status, state = smb.start_ex(host, true, true, share, nil, nil, overrides)
  if not status then
    return false, state
  end
  local result, more, names = work(state)
  smb.stop(state)
  return result, more, names
end

-- A path in a share begins with a backslash.
local function rooted (path)
  return string.find(path, "^\\") and path or "\\" .. path
end

local function read_all (state, path)
  local status, reason = pipes.create_file(state, path, TO_READ)
  if not status then
    return false, reason
  end
  local parts, size = {}, 0
  repeat
    local result
    status, result = pipes.read_file(state, size, CHUNK)
    if not status then
      return false, result
    end
    parts[#parts + 1], size = result.data, size + result.data_length
  until result.data_length == 0 or size >= MAX_FILE
  pipes.close_file(state)
  return true, table.concat(parts)
end

--- Reads a file, 16 MiB of it at most.
-- @param host Host table.
-- @param share Name of the share.
-- @param remotefile Path in the share.
-- @param use_anonymous True to be nobody.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return What is in the file; or a reason.
function file_read (host, share, remotefile, use_anonymous, overrides)
  return in_share(host, share, use_anonymous, overrides, function (state)
    return read_all(state, rooted(remotefile))
  end)
end

--- Writes a file; what it had before is lost.
-- @param host Host table.
-- @param data What is written.
-- @param share Name of the share.
-- @param remotefile Path in the share.
-- @param use_anonymous True to be nobody.
-- @return True; or false and a reason.
function file_write (host, data, share, remotefile, use_anonymous)
  return in_share(host, share, use_anonymous, nil, function (state)
    local status, reason = pipes.create_file(state, rooted(remotefile), TO_WRITE)
    local at = 0
    while status and at < #data do
      local result
      status, result = pipes.write_file(state, string.sub(data, at + 1, at + CHUNK), at)
      if not status or result.count_low == 0 then
        return false, status and "nothing was written" or result
      end
      at = at + result.count_low
    end
    if not status then
      return false, reason
    end
    return pipes.close_file(state)
  end)
end

--- Deletes files; one that is not there is no error.
-- @param host Host table.
-- @param share Name of the share.
-- @param remotefile Path in the share, or an array of paths.
-- @return True; or false and a reason.
function file_delete (host, share, remotefile)
  return in_share(host, share, false, nil, function (state)
    for _, path in ipairs(type(remotefile) == "table" and remotefile or { remotefile }) do
      local status, reason = delete_file(state, rooted(path))
      if not status and reason ~= "NT_STATUS_OBJECT_NAME_NOT_FOUND" and reason ~= "NT_STATUS_NO_SUCH_FILE" then
        return false, reason
      end
    end
    return true
  end)
end

--- Says which of some files are there.
-- @param host Host table.
-- @param share Name of the share.
-- @param files Array of paths in the share.
-- @param overrides Table, optional.
-- @return True; or false.
-- @return How many are there; or a reason.
-- @return Array of those.
function files_exist (host, share, files, overrides)
  return in_share(host, share, false, overrides, function (state)
    local found = {}
    for _, path in ipairs(files) do
      if pipes.create_file(state, rooted(path), TO_READ) then
        found[#found + 1] = path
        pipes.close_file(state)
      end
    end
    return true, #found, found
  end)
end

--- Whether a share may be opened.
-- @param host Host table.
-- @param share Name of the share.
-- @param use_anonymous True to be nobody.
-- @return True; or false.
-- @return True or false; or a reason.
function may_read (host, share, use_anonymous)
  local status, reason = in_share(host, share, use_anonymous, nil, function ()
    return true
  end)
  if status or reason == "NT_STATUS_ACCESS_DENIED" then
    return true, status
  end
  return false, reason
end

--- Whether files may be added to a share: the right is asked for, nothing is made.
-- @param host Host table.
-- @param share Name of the share.
-- @param use_anonymous True to be nobody.
-- @return True; or false.
-- @return True or false; or a reason.
function may_write (host, share, use_anonymous)
  local status, reason = in_share(host, share, use_anonymous, nil, function (state)
    local is_open, why = pipes.create_file(state, "\\", TO_ADD)
    if is_open then
      pipes.close_file(state)
    end
    return is_open, why
  end)
  if status or reason == "NT_STATUS_ACCESS_DENIED" or reason == "NT_STATUS_MEDIA_WRITE_PROTECTED" then
    return true, status
  end
  return false, reason
end

return _ENV
