---
-- Shares, sessions and statistics of a server, for the library <code>msrpc</code>.
--
-- Written from [MS-SRVS], sections 2.2 and 3.1.4.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name msrpc.srvsvc

local call = require "msrpc.call".call
local stdnse = require "stdnse"
local ipairs = ipairs

_ENV = stdnse.module("msrpc.srvsvc", stdnse.seeall)

local ANY_LENGTH = 0xffffffff
local MAX_PATH = 2048

-- Kinds of shares ([MS-SRVS], section 2.2.2.4).
local TYPES = { [0] = "STYPE_DISKTREE", [1] = "STYPE_PRINTQ", [2] = "STYPE_DEVICE", [3] = "STYPE_IPC" }
local TEMPORARY, HIDDEN = 0x40000000, 0x80000000

--- What a kind of share is called.
-- @param val Number of the kind.
-- @return The name.
function srvsvc_ShareType_tostr (val)
  local name = TYPES[val & 0xff] or "STYPE_UNKNOWN"
  if val & TEMPORARY ~= 0 then
    name = name .. "_TEMPORARY"
  end
  if val & HIDDEN ~= 0 then
    name = name .. "_HIDDEN"
  end
  return name
end

local function server_name (writer, server)
  writer:text_pointer("\\\\" .. server)
end

-- A list that is empty, and however long the answer may be.
local function write_all (writer)
  writer:pointer(true)
  writer:int32(0)
  writer:pointer(false)
  writer:int32(ANY_LENGTH)
  writer:pointer(true)
  writer:int32(0)
end

-- The entries that came: what is read of each at first, and behind all of them.
local function read_all (reader, result, head, rest)
  result.level = reader:int32()
  reader:int32()
  result.ctr = { array = {} }
  if reader:pointer() then
    result.ctr.array = reader:list(head, rest)
  end
end

--- Lists shares by their names (opnum 15).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @return True; or false.
-- @return Table with <code>ctr.array</code>, whose entries have <code>name</code>; or a reason.
function srvsvc_netshareenumall (smbstate, server)
  return call(smbstate, 15, "srvsvc.netshareenumall", function (writer)
    server_name(writer, server)
    writer:int32(0)
    writer:int32(0)
    write_all(writer)
  end, function (reader, result)
    read_all(reader, result, function (entry)
      entry.is_named = reader:pointer()
    end, function (entry)
      entry.name = entry.is_named and reader:text() or ""
      entry.is_named = nil
    end)
  end)
end

--- Asks about a share (opnum 16).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @param share Name of the share.
-- @param level 0, 1 or 2: how much is asked.
-- @return True; or false.
-- @return Table with <code>info</code>: <code>name</code>, <code>sharetype</code>, <code>comment</code>,
--         <code>permissions</code>, <code>max_users</code> (a number or a text), <code>current_users</code>, <code>path</code>,
--         <code>password</code>; or a reason.
function srvsvc_netsharegetinfo (smbstate, server, share, level)
  return call(smbstate, 16, "srvsvc.netsharegetinfo", function (writer)
    server_name(writer, server)
    writer:text(share)
    writer:int32(level)
  end, function (reader, result)
    reader:int32()
    local info, has = {}, {}
    if not reader:pointer() then
      return
    end
    has.name = reader:pointer()
    if level >= 1 then
      info.sharetype = srvsvc_ShareType_tostr(reader:int32())
      has.comment = reader:pointer()
    end
    if level >= 2 then
      info.permissions, info.max_users, info.current_users = reader:int32(), reader:int32(), reader:int32()
      if info.max_users == ANY_LENGTH then
        info.max_users = "<unlimited>"
      end
      has.path, has.password = reader:pointer(), reader:pointer()
    end
    for _, field in ipairs { "name", "comment", "path", "password" } do
      if has[field] ~= nil then
        info[field] = has[field] and reader:text() or ""
        reader:align(4)
      end
    end
    result.info = info
  end)
end

--- Lists sessions (opnum 12).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @return True; or false.
-- @return Table with <code>ctr.array</code>, whose entries have <code>client</code>, <code>user</code>,
--         <code>active</code> and <code>idle</code> (seconds); or a reason.
function srvsvc_netsessenum (smbstate, server)
  return call(smbstate, 12, "srvsvc.netsessenum", function (writer)
    server_name(writer, server)
    writer:pointer(false)
    writer:pointer(false)
    writer:int32(10)
    writer:int32(10)
    write_all(writer)
  end, function (reader, result)
    read_all(reader, result, function (entry)
      entry.client, entry.user = reader:pointer(), reader:pointer()
      entry.active, entry.idle = reader:int32(), reader:int32()
    end, function (entry)
      for _, field in ipairs { "client", "user" } do
        entry[field] = entry[field] and reader:text() or ""
        reader:align(4)
      end
    end)
  end)
end

local STATISTICS = {
  "start", "fopens", "devopens", "jobsqueued", "sopens", "stimedout", "serrorout", "pwerrors", "permerrors", "syserrors",
}

--- Asks for statistics (opnum 24).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @return True; or false.
-- @return Table with <code>stat</code>; or a reason.
function srvsvc_netservergetstatistics (smbstate, server)
  return call(smbstate, 24, "srvsvc.netservergetstatistics", function (writer)
    server_name(writer, server)
    writer:text_pointer("SERVICE_SERVER")
    writer:int32(0)
    writer:int32(0)
  end, function (reader, result)
    if not reader:pointer() then
      return
    end
    local stat = {}
    for _, field in ipairs(STATISTICS) do
      stat[field] = reader:int32()
    end
    local low, high = reader:int32(), reader:int32()
    stat.bytessent = high << 32 | low
    low, high = reader:int32(), reader:int32()
    stat.bytesrcvd = high << 32 | low
    stat.avresponse, stat.reqbufneed, stat.bigbufneed = reader:int32(), reader:int32(), reader:int32()
    result.stat = stat
  end)
end

--- Asks for the plain form of a path (opnum 31).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @param path The path.
-- @return True; or false.
-- @return Table with <code>can_path</code> (bytes) and <code>type</code> (a number); or a reason.
function srvsvc_netpathcanonicalize (smbstate, server, path)
  return call(smbstate, 31, "srvsvc.netpathcanonicalize", function (writer)
    server_name(writer, server)
    writer:text(path)
    writer:int32(MAX_PATH)
    writer:text("")
    writer:int32(0)
    writer:int32(0)
  end, function (reader, result)
    result.can_path = reader:raw(reader:count())
    reader:align(4)
    result.type = reader:int32()
  end)
end

--- Asks how two paths compare (opnum 32).
-- @param smbstate Connection.
-- @param server Name or address of the server.
-- @param path1 A path.
-- @param path2 Another.
-- @param pathtype What the paths are, a number.
-- @param pathflags 1 if they are in their plain form.
-- @return True if they are the same; otherwise false.
-- @return Table; or a reason.
function srvsvc_netpathcompare (smbstate, server, path1, path2, pathtype, pathflags)
  return call(smbstate, 32, "srvsvc.netpathcompare", function (writer)
    server_name(writer, server)
    writer:text(path1)
    writer:text(path2)
    writer:int32(pathtype)
    writer:int32(pathflags)
  end, function () end)
end

return _ENV
