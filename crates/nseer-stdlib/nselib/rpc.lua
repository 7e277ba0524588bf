---
-- ONC RPC: which programs a host runs, and what it exports over NFS.
--
-- Written from RFC 5531, sections 9 to 11, RFC 1833, sections 2 and 3 (port mapper and RPCBIND), RFC 4506 and RFC
-- 1813, section 5 (mount). Replies are put together from fragments up to a bound, and lists are bounded.
--
-- Connections and calls (<code>Comm</code>) and small things (<code>Util</code>) are in <code>rpc.comm</code>, the
-- procedures of NFS in <code>rpc.nfs</code> and <code>rpc.mount</code>.
--
-- @usage
-- local status, programs = rpc.Helper.RpcInfo(host, port)
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rpc

local calls = require "rpc.comm"
local math = require "math"
local mount = require "rpc.mount"
local nfs = require "rpc.nfs"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local unittest = require "unittest"

_ENV = stdnse.module("rpc", stdnse.seeall)

Comm = calls.Comm
Mount = mount.Mount
NFS = nfs.NFS
Util = calls.Util

local text, word = Util.unmarshall_vopaque, Util.unmarshall_uint32

local MAX_ENTRIES = 4096

local PORTMAPPER, NFS_PROGRAM, MOUNT_PROGRAM = 100000, 100003, 100005

--- Versions of programs that are asked for.
-- @class table
-- @name RPC_version
RPC_version = {
  rpcbind = { min = 2, max = 4 }, nfs = { min = 1, max = 4 }, mountd = { min = 1, max = 3 },
}

--- The port mapper.
-- @class table
-- @name Portmap
Portmap = { Procedure = { [2] = { GETPORT = 3, DUMP = 4 }, [3] = { DUMP = 4 }, [4] = { DUMP = 4 } } }
Portmap.__index = Portmap

--- Makes one.
-- @name Portmap.new
-- @param o Table, optional.
-- @return The port mapper.
function Portmap:new (o)
  return setmetatable(o or {}, self)
end

local function note (found, number, version, netid, addr, port, owner)
  local program = found[number] or {}
  found[number] = program
  local entry = program[netid] or { addr = addr, port = port, owner = owner, version = {} }
  program[netid] = entry
  entry.version[#entry.version + 1] = version
end

-- "192.0.2.1.0.111" as address and port (RFC 5665, section 5.2.3.3).
local function universal (addr)
  local ip, high, low = string.match(addr, "^(.*)%.(%d+)%.(%d+)$")
  if not ip or tonumber(high) > 255 or tonumber(low) > 255 then
    return addr, nil
  end
  return ip, math.tointeger(tonumber(high) * 256 + tonumber(low))
end

local PROTOCOLS = { [6] = "tcp", [17] = "udp" }

local function decode_dump (data, pos, version)
  local found = {}
  for _ = 1, MAX_ENTRIES do
    local more
    pos, more = word(data, pos)
    if not pos or more == 0 or pos + 7 > #data then
      break
    end
    local number, its_version
    number, its_version, pos = string.unpack(">I4I4", data, pos)
    if version == 2 then
      if pos + 7 > #data then
        break
      end
      local protocol, port
      protocol, port, pos = string.unpack(">I4I4", data, pos)
      note(found, number, its_version, PROTOCOLS[protocol] or tostring(protocol), nil, port)
    else
      local netid, addr, owner
      pos, netid = text(data, pos)
      if pos then
        pos, addr = text(data, pos)
      end
      if pos then
        pos, owner = text(data, pos)
      end
      if not pos then
        break
      end
      local ip, port = universal(addr)
      note(found, number, its_version, netid, ip, port, owner)
    end
  end
  for _, program in pairs(found) do
    for _, entry in pairs(program) do
      table.sort(entry.version)
    end
  end
  return found
end

--- All programs that are registered.
-- @name Portmap.Dump
-- @param comm Connected <code>Comm</code>; its version is that of the question.
-- @return True; or false.
-- @return Table by numbers of programs, of tables by transport, with <code>port</code>, <code>addr</code>,
--         <code>owner</code> and the array <code>version</code>; or a reason.
-- @return True if nothing was received.
function Portmap:Dump (comm)
  local data, pos, is_silent = comm:call(4)
  if not data then
    return false, pos, is_silent
  end
  return true, decode_dump(data, pos, comm.version)
end

--- The port of a program.
-- @name Portmap.GetPort
-- @param comm Connected <code>Comm</code>.
-- @param program Name of the program, or its number.
-- @param protocol <code>tcp</code> or <code>udp</code>.
-- @param version Version of the program.
-- @return True; or false.
-- @return The number of the port, 0 if it is not registered; or a reason.
function Portmap:GetPort (comm, program, protocol, version)
  local number = type(program) == "number" and program or Util.ProgNameToNumber(program)
  local data, pos = comm:call(3, string.pack(">I4I4I4I4", number, version, protocol == "udp" and 17 or 6, 0))
  if not data then
    return false, pos
  end
  local _, port = word(data, pos)
  return port ~= nil, port or "the reply is cut off"
end

--- The usual questions, each with a connection of its own.
-- @class table
-- @name Helper
Helper = {}

-- Runs a function with a connection to a program. True and its result; or false, a reason, and whether nobody
-- answered.
local function with (host, port, program, version, ask)
  local comm = Comm:new(program, version)
  local status, reason = comm:Connect(host, port)
  if not status then
    return false, reason, true
  end
  local result, is_silent
  status, result, is_silent = ask(comm)
  comm:Disconnect()
  return status, result, is_silent
end

--- All programs that are registered: by RPCBIND where that is known, otherwise by the older port mapper.
-- @name Helper.RpcInfo
-- @param host Host table.
-- @param port Port table.
-- @return True; or false.
-- @return As <code>Portmap.Dump</code>; or a reason.
function Helper.RpcInfo (host, port)
  local reason
  for version = 4, 2, -1 do
    local status, found, is_silent = with(host, port, PORTMAPPER, version, function (comm)
      return Portmap:new():Dump(comm)
    end)
    if status and next(found) then
      return true, found
    elseif is_silent then
      return false, found
    end
    reason = status and "no program is registered" or found
  end
  return false, reason
end

-- Programs that are no port mapper: beside them, it is asked at its own port (RFC 1833, section 3.2).
local OTHERS = { mountd = true, nfs = true }

-- What the port mapper knows of a program, which may be named; or nil and a reason.
local function registered (host, port, program)
  local mapper = OTHERS[port.service] and { number = 111, protocol = port.protocol, service = "rpcbind" } or port
  local status, found = Helper.RpcInfo(host, mapper)
  if not status then
    return nil, found
  end
  return found[type(program) == "number" and program or Util.ProgNameToNumber(program)] or {}
end

--- Where a program listens.
-- @name Helper.GetProgramInfo
-- @param host Host table.
-- @param port Port table of the port mapper.
-- @param program Name of the program, or its number.
-- @param max_version The highest version that is of use, optional.
-- @return True; or false.
-- @return Table with <code>port</code> (number and protocol) and <code>version</code>; or a reason.
function Helper.GetProgramInfo (host, port, program, max_version)
  local entries, reason = registered(host, port, program)
  if not entries then
    return false, reason
  end
  for _, protocol in ipairs { "tcp", "udp" } do
    local entry = entries[protocol]
    for i = entry and entry.port and #entry.version or 0, 1, -1 do
      if not max_version or entry.version[i] <= max_version then
        return true, { port = { number = entry.port, protocol = protocol }, version = entry.version[i] }
      end
    end
  end
  return false, "the program is not registered"
end

--- The port of a program.
-- @name Helper.GetPortForProgram
-- @param host Host table.
-- @param port Port table of the port mapper.
-- @param program Name of the program, or its number.
-- @param protocol <code>tcp</code> or <code>udp</code>.
-- @return True; or false.
-- @return The number of the port; or a reason.
function Helper.GetPortForProgram (host, port, program, protocol)
  local entries, reason = registered(host, port, program)
  if not entries then
    return false, reason
  end
  local entry = entries[protocol]
  if not entry or not entry.port then
    return false, "the program is not registered"
  end
  return true, entry.port
end

--- What a host exports.
-- @name Helper.ShowMounts
-- @param host Host table.
-- @param port Port table, of the port mapper or of the mount program.
-- @return True; or false.
-- @return As <code>Mount.Export</code>; or a reason.
function Helper.ShowMounts (host, port)
  local at, version = port, 3
  if port.service ~= "mountd" then
    local status, info = Helper.GetProgramInfo(host, port, MOUNT_PROGRAM, 3)
    if not status then
      return false, info
    end
    at, version = info.port, info.version
  end
  return with(host, at, MOUNT_PROGRAM, version, function (comm)
    return Mount:new():Export(comm)
  end)
end

-- Connects to a program that is registered, from a port that only root can have, which servers want. The connection;
-- or nil and a reason.
local function open (host, port, name, program)
  local at, version = port, 3
  if port.service ~= name then
    local status, info = Helper.GetProgramInfo(host, port, program, 3)
    if not status then
      return nil, info
    end
    at, version = info.port, info.version
  end
  local comm = Comm:new(program, version)
  local status, reason = comm:Connect(host, at, nil, true)
  if not status then
    return nil, reason
  end
  return comm
end

--- Mounts an exported folder: asks for its file handle.
-- @name Helper.MountPath
-- @param host Host table.
-- @param port Port table, of the port mapper or of the mount program.
-- @param path The folder.
-- @return The connection, to be given to <code>UnmountPath</code>; or nil.
-- @return The file handle; or a reason.
function Helper.MountPath (host, port, path)
  local comm, reason = open(host, port, "mountd", MOUNT_PROGRAM)
  if not comm then
    return nil, reason
  end
  local status, handle = Mount:new():Mount(comm, path)
  if not status then
    comm:Disconnect()
    return nil, handle
  end
  return comm, handle
end

--- Takes back what <code>MountPath</code> did.
-- @name Helper.UnmountPath
-- @param comm The connection.
-- @param path The folder.
-- @return True; or false and a reason.
function Helper.UnmountPath (comm, path)
  local status, reason = Mount:new():Unmount(comm, path)
  comm:Disconnect()
  return status, reason
end

--- Connects to the NFS server of a host.
-- @name Helper.NfsOpen
-- @param host Host table.
-- @param port Port table, of the port mapper or of NFS.
-- @return The connection; or nil and a reason.
function Helper.NfsOpen (host, port)
  return open(host, port, "nfs", NFS_PROGRAM)
end

--- Closes a connection to NFS.
-- @name Helper.NfsClose
-- @param comm The connection.
-- @return True.
function Helper.NfsClose (comm)
  return comm:Disconnect()
end

-- Does something with the root of an exported folder. True and its result; or false and a reason.
local function with_root (host, port, path, ask)
  local mount, handle = Helper.MountPath(host, port, path)
  if not mount then
    return false, handle
  end
  local comm, reason = Helper.NfsOpen(host, port)
  local status, out = false, reason
  if comm then
    status, out = ask(NFS:new(), comm, handle)
    Helper.NfsClose(comm)
  end
  Helper.UnmountPath(mount, path)
  return status, out
end

--- The names in an exported folder.
-- @name Helper.Dir
-- @param host Host table.
-- @param port Port table, of the port mapper.
-- @param path The folder.
-- @return True; or false.
-- @return As <code>NFS:ReadDirPlus</code>; or a reason.
function Helper.Dir (host, port, path)
  return with_root(host, port, path, function (program, comm, handle) return program:ReadDirPlus(comm, handle) end)
end

--- What is known of an exported folder.
-- @name Helper.GetAttributes
-- @param host Host table.
-- @param port Port table, of the port mapper.
-- @param path The folder.
-- @return True; or false.
-- @return As <code>NFS:GetAttr</code>; or a reason.
function Helper.GetAttributes (host, port, path)
  return with_root(host, port, path, function (program, comm, handle) return program:GetAttr(comm, handle) end)
end

--- How much room an exported folder has.
-- @name Helper.ExportStats
-- @param host Host table.
-- @param port Port table, of the port mapper.
-- @param path The folder.
-- @return True; or false.
-- @return As <code>NFS:FsStat</code>; or a reason.
function Helper.ExportStats (host, port, path)
  return with_root(host, port, path, function (program, comm, handle) return program:FsStat(comm, handle) end)
end

if not unittest.testing() then
  return _ENV
end

test_suite = unittest.TestSuite:new()
test_suite:add_test(unittest.equal(Util.ProgNameToNumber("nfs"), NFS_PROGRAM), "number of a program")
test_suite:add_test(unittest.equal(Util.ProgNumberToName(MOUNT_PROGRAM), "mountd"), "name of a program")
test_suite:add_test(unittest.equal(Util.marshall_vopaque("abcde"), "\0\0\0\5abcde\0\0\0"), "bytes are filled up")
test_suite:add_test(unittest.identical({ universal("192.0.2.1.0.111") }, { "192.0.2.1", 111 }), "universal address")
local entry = string.pack(">I4I4I4I4I4I4", 1, 100003, 3, 6, 2049, 0)
test_suite:add_test(unittest.equal(decode_dump(entry, 1, 2)[100003].tcp.port, 2049), "port mapper")
test_suite:add_test(unittest.identical(decode_dump(string.rep("\255", 40), 1, 4), {}), "garbage")
local export = string.pack(">I4", 1) .. Util.marshall_vopaque("/a") .. string.pack(">I4", 1) .. Util.marshall_vopaque("*")
  .. string.pack(">I4I4", 0, 0)
test_suite:add_test(unittest.identical(mount.decode_exports(export, 1), { { name = "/a", "*" } }), "exports")
test_suite:add_test(unittest.identical(mount.decode_exports("\0\0\0\1\255\255\255\255", 1), {}), "absurd length")

-- A server of NFS that gives one reply, after the head of RFC 5531.
local function server_that_says (reply)
  return setmetatable({
    version = 3, program_id = NFS_PROGRAM, proto = "udp",
    socket = {
      send = function (socket, data) socket.xid = string.unpack(">I4", data) return true end,
      receive = function (socket) return true, string.pack(">I4I4I4I4I4I4", socket.xid, 1, 0, 0, 0, 0) .. reply end,
    },
  }, Comm)
end
local file = string.pack(">I4I4I4I4I4i8i8I4I4i8i8I4I4I4I4I4I4", 1, 0x81a4, 1, 0, 0, 6, 4096, 0, 0, 1, 2, 3, 0, 4, 0, 5, 0)
local status, found = NFS:new():GetAttr(server_that_says("\0\0\0\0" .. file), "\0\0\0\0")
test_suite:add_test(unittest.equal(status and found.mtime.seconds, 4), "attributes")
test_suite:add_test(unittest.equal(status and found.mode, 420), "permissions alone")
local named = string.pack(">I4i8s4xxxi8I4", 1, 2, "a", 9, 1) .. file .. string.pack(">I4s4", 1, "1234")
local folder = "\0\0\0\0" .. string.pack(">I4c8", 0, "verifier") .. named .. string.pack(">I4I4", 0, 1)
status, found = NFS:new():ReadDirPlus(server_that_says(folder), "\0\0\0\0")
test_suite:add_test(unittest.equal(status and #found.entries, 1), "a folder")
test_suite:add_test(unittest.equal(status and found.entries[1].name, "a"), "a name")
test_suite:add_test(unittest.equal(status and found.entries[1].fhandle, "\0\0\0\0041234"), "a file handle")
for cut = 0, #folder - 1, 7 do
  status = NFS:new():ReadDirPlus(server_that_says(string.sub(folder, 1, cut)), "\0\0\0\0")
  test_suite:add_test(unittest.is_false(status), "cut off after " .. cut)
end
status, found = NFS:new():FsStat(server_that_says("\0\0\0\r"), "\0\0\0\0")
test_suite:add_test(unittest.equal(found, "FSSTAT failed: permission denied"), "a refusal")
test_suite:add_test(unittest.equal(Util.FpermToString(0x9ed), "rwsr-xr-x"), "a program that runs as its owner")
test_suite:add_test(unittest.equal(Util.FtypeToChar(0x41ed), "d"), "a folder's letter")
test_suite:add_test(unittest.equal(Util.SizeToHuman(1500), "1.5K"), "a size")
test_suite:add_test(unittest.equal(Util.format_access(3, 3), "Read Lookup NoModify NoExtend NoDelete NoExecute"), "access")
local room = Util.calc_fsstat_table({ tbytes = 4096, fbytes = 1024, abytes = 1024 }, 3)
test_suite:add_test(unittest.equal(room.use, "75%"), "how full it is")
return _ENV
