---
-- The mount program of NFS, for the library <code>rpc</code>: what is exported, and the file handles of it.
--
-- Written from RFC 1813, section 5.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rpc.mount

local calls = require "rpc.comm"
local stdnse = require "stdnse"
local setmetatable = setmetatable

_ENV = stdnse.module("rpc.mount", stdnse.seeall)

local Util = calls.Util

local text, word = Util.unmarshall_vopaque, Util.unmarshall_uint32

-- Folders, and groups of one folder, that are read at most; and the longest file handle (section 2.4).
local MAX_ENTRIES, MAX_HANDLE = 4096, 64

--- The mount program of NFS (RFC 1813, section 5).
-- @class table
-- @name Mount
Mount = { Procedure = { MOUNT = 1, UMNT = 3, EXPORT = 5 } }
Mount.__index = Mount

--- Makes one.
-- @name Mount.new
-- @param o Table, optional.
-- @return The mount program.
function Mount:new (o)
  return setmetatable(o or {}, self)
end

-- Reads a list: before each item stands whether there is one. The items, as far as the bytes go, and the position
-- after them; no position where they are cut off.
local function list_at (data, pos, item_at)
  local list = {}
  for _ = 1, MAX_ENTRIES do
    local more, item
    pos, more = word(data, pos)
    if not pos or more == 0 then
      break
    end
    pos, item = item_at(data, pos)
    list[#list + 1] = item
    if not pos then
      break
    end
  end
  return list, pos
end

local function export_at (data, pos)
  local name, entry
  pos, name = text(data, pos)
  if not pos then
    return nil
  end
  entry, pos = list_at(data, pos, text)
  entry.name = name
  return pos, entry
end

--- Reads a list of exports.
-- @param data Bytes.
-- @param pos Position of the first one.
-- @return Array of arrays of groups with the path in <code>name</code>, as far as the bytes go.
function decode_exports (data, pos)
  return (list_at(data, pos, export_at))
end

--- What is exported, and to whom.
-- @name Mount.Export
-- @param comm Connected <code>Comm</code>.
-- @return True; or false.
-- @return Array of arrays of groups with the path in <code>name</code>; or a reason.
function Mount:Export (comm)
  local data, pos = comm:call(Mount.Procedure.EXPORT)
  if not data then
    return false, pos
  end
  return true, decode_exports(data, pos)
end

local REFUSALS = {
  [1] = "not the owner", [2] = "there is no such folder", [5] = "an error of the disk", [13] = "permission denied",
  [20] = "it is no folder", [22] = "the path is wrong", [63] = "the path is too long",
  [10004] = "mounting is not supported", [10006] = "an error of the server",
}

--- Asks for the file handle of an exported folder (section 5.2.1).
-- @name Mount.Mount
-- @param comm Connected <code>Comm</code>.
-- @param path The folder.
-- @return True; or false.
-- @return The file handle, with its length in front; or a reason.
function Mount:Mount (comm, path)
  local data, pos = comm:call(Mount.Procedure.MOUNT, Util.marshall_vopaque(path), { type = 1 })
  if not data then
    return false, pos
  end
  local status, handle
  pos, status = word(data, pos)
  if pos and status ~= 0 then
    return false, "Mount failed: " .. (REFUSALS[status] or "status " .. status)
  elseif pos then
    pos, handle = text(data, pos)
  end
  if not pos or #handle > MAX_HANDLE then
    return false, "the reply is cut off"
  end
  return true, Util.marshall_vopaque(handle)
end

--- Says that a folder is no longer of use (section 5.2.3).
-- @name Mount.Unmount
-- @param comm Connected <code>Comm</code>.
-- @param path The folder.
-- @return True; or false and a reason.
function Mount:Unmount (comm, path)
  local data, reason = comm:call(Mount.Procedure.UMNT, Util.marshall_vopaque(path), { type = 1 })
  return data ~= nil, not data and reason or nil
end

return _ENV
