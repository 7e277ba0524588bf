---
-- NFS version 3, for the library <code>rpc</code>: procedures, and how scripts write what they tell.
--
-- Written from RFC 1813, sections 2 and 3. A file handle is kept with its length in front, as it is sent. Nothing is
-- written to a server.
--
-- @copyright MIT OR Apache-2.0
-- @class module
-- @name rpc.nfs

local calls = require "rpc.comm"
local math = require "math"
local os = require "os"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"
local ipairs, setmetatable = ipairs, setmetatable

_ENV = stdnse.module("rpc.nfs", stdnse.seeall)

local Util = calls.Util

-- Entries of a folder, and calls for one folder, that are read at most.
local MAX_ENTRIES, MAX_CALLS = 4096, 16

-- Longest path in the answer to a call, and longest file handle (RFC 1813, section 2.4).
local MAX_HANDLE = 64

--
-- Fields, each with the position after it; nil where it is cut off
--

local function word (data, pos)
  return Util.unmarshall_uint32(data, pos)
end

local function long (data, pos)
  if pos + 7 > #data then
    return nil
  end
  return pos + 8, (string.unpack(">i8", data, pos))
end

local function handle (data, pos)
  local after, bytes = Util.unmarshall_vopaque(data, pos)
  if not after or #bytes > MAX_HANDLE then
    return nil
  end
  return after, Util.marshall_vopaque(bytes)
end

local ATTRIBUTES = ">I4I4I4I4I4 i8i8 I4I4 i8i8 I4I4I4I4I4I4"
local ATTRIBUTES_SIZE = string.packsize(ATTRIBUTES)

-- fattr3 (section 2.5).
local function attributes (data, pos)
  if pos + ATTRIBUTES_SIZE - 1 > #data then
    return nil
  end
  local out, rdev, atime, mtime, ctime = {}, {}, {}, {}, {}
  out.type, out.mode, out.nlink, out.uid, out.gid, out.size, out.used, rdev.specdata1, rdev.specdata2, out.fsid,
    out.fileid, atime.seconds, atime.nseconds, mtime.seconds, mtime.nseconds, ctime.seconds, ctime.nseconds, pos =
    string.unpack(ATTRIBUTES, data, pos)
  out.mode = out.mode & 0xfff
  out.rdev, out.atime, out.mtime, out.ctime = rdev, atime, mtime, ctime
  return pos, out
end

-- Something that may be left out. Gives the position after it, and the value or nil.
local function optional (data, pos, decode)
  local there
  pos, there = word(data, pos)
  if not pos or there == 0 then
    return pos
  end
  return decode(data, pos)
end

--
-- Procedures
--

--- The procedures of NFS. Each takes a connected <code>Comm</code> and gives true and a table, or false and a reason.
-- @class table
-- @name NFS
NFS = {
  Procedure = {
    [3] = {
      GETATTR = 1, LOOKUP = 3, ACCESS = 4, READDIR = 16, READDIRPLUS = 17, FSSTAT = 18, FSINFO = 19, PATHCONF = 20,
    },
  },
  AccessBits = {
    [3] = {
      ACCESS_READ = 1, ACCESS_LOOKUP = 2, ACCESS_MODIFY = 4, ACCESS_EXTEND = 8, ACCESS_DELETE = 16, ACCESS_EXECUTE = 32,
    },
  },
  FSinfoBits = { [3] = { FSF_LINK = 1, FSF_SYMLINK = 2, FSF_HOMOGENEOUS = 8, FSF_CANSETTIME = 16 } },
}
NFS.__index = NFS

local FAILURES = {
  [1] = "not the owner", [2] = "no such file or folder", [5] = "an error of the disk", [6] = "no such device",
  [13] = "permission denied", [19] = "no such device", [20] = "it is no folder", [21] = "it is a folder",
  [22] = "an argument is wrong", [63] = "the name is too long", [70] = "the file handle is of something else now",
  [10001] = "the file handle is wrong", [10004] = "the procedure is not supported", [10006] = "an error of the server",
}

--- Makes one.
-- @name NFS:new
-- @param o Table, optional.
-- @return The procedures.
function NFS:new (o)
  return setmetatable(o or {}, self)
end

-- Calls a procedure of version 3 and looks at its status. The reply and the position of what follows the status; nil
-- and a reason.
local function call (comm, name, arguments)
  if comm.version ~= 3 then
    return nil, "only version 3 of NFS is spoken here"
  end
  local data, pos = comm:call(NFS.Procedure[3][name], arguments, { type = 1 })
  if not data then
    return nil, pos
  end
  local status
  pos, status = word(data, pos)
  if not pos then
    return nil, "the reply is cut off"
  elseif status ~= 0 then
    return nil, name .. " failed: " .. (FAILURES[status] or "status " .. status)
  end
  return data, pos
end

-- The attributes that most replies begin with. A table with them, and the position after them; nil if cut off.
local function begun (data, pos)
  local out = {}
  pos, out.attributes = optional(data, pos, attributes)
  return pos and out, pos
end

-- Calls a procedure whose reply is attributes and numbers. True and a table; or false and a reason.
local function numbers (comm, name, fhandle, format, names)
  local data, pos = call(comm, name, fhandle)
  if not data then
    return false, pos
  end
  local out
  out, pos = begun(data, pos)
  if not out or pos + string.packsize(format) - 1 > #data then
    return false, "the reply is cut off"
  end
  local values = { string.unpack(format, data, pos) }
  for i, field in ipairs(names) do
    out[field] = values[i]
  end
  return true, out
end

--- What is known of a file (section 3.3.1).
-- @name NFS:GetAttr
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle.
-- @return True; or false.
-- @return Table with <code>type</code>, <code>mode</code>, <code>uid</code>, <code>gid</code>, <code>size</code>,
--         <code>mtime</code> and the like; or a reason.
function NFS:GetAttr (comm, fhandle)
  local data, pos = call(comm, "GETATTR", fhandle)
  if not data then
    return false, pos
  end
  local _, out = attributes(data, pos)
  return out ~= nil, out or "the reply is cut off"
end

--- Finds a file in a folder (section 3.3.3).
-- @name NFS:LookUp
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle of the folder.
-- @param file Name of the file.
-- @return True; or false.
-- @return Table with <code>fhandle</code>, <code>attributes</code> of the file and <code>dir_attributes</code>; or a
--         reason.
function NFS:LookUp (comm, fhandle, file)
  local data, pos = call(comm, "LOOKUP", fhandle .. Util.marshall_vopaque(file))
  if not data then
    return false, pos
  end
  local out = {}
  pos, out.fhandle = handle(data, pos)
  if pos then
    pos, out.attributes = optional(data, pos, attributes)
  end
  if pos then
    pos, out.dir_attributes = optional(data, pos, attributes)
  end
  return pos ~= nil, pos and out or "the reply is cut off"
end

--- What may be done with a file (section 3.3.4).
-- @name NFS:Access
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle.
-- @param access Bits that are asked for, those of <code>NFS.AccessBits</code>.
-- @return True; or false.
-- @return Table with <code>mask</code>, the bits that are granted, and <code>attributes</code>; or a reason.
function NFS:Access (comm, fhandle, access)
  local data, pos = call(comm, "ACCESS", fhandle .. Util.marshall_uint32(access))
  if not data then
    return false, pos
  end
  local out
  out, pos = begun(data, pos)
  if out then
    pos, out.mask = word(data, pos)
  end
  return pos ~= nil, pos and out or "the reply is cut off"
end

-- One entry of a folder. The position after it and the entry; nil if it is cut off.
local function entry_at (data, pos, is_plus)
  local out = {}
  pos, out.fileid = long(data, pos)
  if pos then
    pos, out.name = Util.unmarshall_vopaque(data, pos)
  end
  if pos then
    out.length = #out.name
    pos, out.cookie = long(data, pos)
  end
  if pos and is_plus then
    pos, out.attributes = optional(data, pos, attributes)
    if pos then
      pos, out.fhandle = optional(data, pos, handle)
    end
  end
  return pos, out
end

-- Reads what one call tells into `out`. True if there is more, false if there is not; nil if it is cut off.
local function page (data, pos, out, is_plus)
  local begin
  begin, pos = begun(data, pos)
  if not begin or pos + 7 > #data then
    return nil
  end
  out.attributes, out.verifier, pos = out.attributes or begin.attributes, string.sub(data, pos, pos + 7), pos + 8
  local more
  pos, more = word(data, pos)
  while pos and more ~= 0 and #out.entries < MAX_ENTRIES do
    local entry
    pos, entry = entry_at(data, pos, is_plus)
    if pos then
      out.entries[#out.entries + 1] = entry
      pos, more = word(data, pos)
    end
  end
  local is_end
  if pos and more == 0 then
    pos, is_end = word(data, pos)
  end
  if not pos then
    return nil
  end
  return is_end == 0 and #out.entries < MAX_ENTRIES
end

local function read_folder (comm, fhandle, name, sizes)
  local out, cookie = { entries = {}, verifier = string.rep("\0", 8) }, 0
  for _ = 1, MAX_CALLS do
    local data, pos = call(comm, name, fhandle .. string.pack(">i8c8", cookie, out.verifier) .. sizes)
    if not data then
      return false, pos
    end
    local before = #out.entries
    local goes_on = page(data, pos, out, name == "READDIRPLUS")
    if goes_on == nil then
      return false, "the reply is cut off"
    elseif not goes_on or #out.entries == before then
      break
    end
    cookie = out.entries[#out.entries].cookie
  end
  out.verifier = nil
  return true, out
end

--- The names in a folder (section 3.3.16).
-- @name NFS:ReadDir
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle of the folder.
-- @return True; or false.
-- @return Table with <code>entries</code>, an array of tables with <code>name</code>, <code>fileid</code> and
--         <code>cookie</code>, and <code>attributes</code> of the folder; or a reason.
function NFS:ReadDir (comm, fhandle)
  return read_folder(comm, fhandle, "READDIR", string.pack(">I4", 8192))
end

--- The names in a folder, with what is known of each (section 3.3.17).
-- @name NFS:ReadDirPlus
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle of the folder.
-- @return True; or false.
-- @return As <code>ReadDir</code>, with <code>attributes</code> and <code>fhandle</code> in each entry; or a reason.
function NFS:ReadDirPlus (comm, fhandle)
  return read_folder(comm, fhandle, "READDIRPLUS", string.pack(">I4I4", 8192, 32768))
end

--- How much room there is (section 3.3.18).
-- @name NFS:FsStat
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle of the root.
-- @return True; or false.
-- @return Table with bytes (<code>tbytes</code> in all, <code>fbytes</code> free, <code>abytes</code> of use to us) and
--         files; or a reason.
function NFS:FsStat (comm, fhandle)
  return numbers(comm, "FSSTAT", fhandle, ">i8i8i8i8i8i8I4",
    { "tbytes", "fbytes", "abytes", "tfiles", "ffiles", "afiles", "invarsec" })
end

--- What the server can do with its file system (section 3.3.19).
-- @name NFS:FsInfo
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle of the root.
-- @return True; or false.
-- @return Table with sizes of reads and writes, <code>maxfilesize</code>, <code>properties</code> (bits of
--         <code>NFS.FSinfoBits</code>) and <code>time_delta</code>; or a reason.
function NFS:FsInfo (comm, fhandle)
  local status, out = numbers(comm, "FSINFO", fhandle, ">I4I4I4I4I4I4I4i8I4I4I4", {
    "rtmax", "rtpref", "rtmult", "wtmax", "wtpref", "wtmult", "dtpref", "maxfilesize", "seconds", "nseconds", "properties",
  })
  if status then
    out.time_delta = { seconds = out.seconds, nseconds = out.nseconds }
    out.seconds, out.nseconds = nil, nil
  end
  return status, out
end

--- What names may be like (section 3.3.20).
-- @name NFS:PathConf
-- @param comm Connected <code>Comm</code>.
-- @param fhandle File handle.
-- @return True; or false.
-- @return Table with <code>linkmax</code>, <code>name_max</code> and what is true of names (1) or not (0); or a reason.
function NFS:PathConf (comm, fhandle)
  return numbers(comm, "PATHCONF", fhandle, ">I4I4I4I4I4I4",
    { "linkmax", "name_max", "no_trunc", "chown_restricted", "case_insensitive", "case_preserving" })
end

--
-- How it is written
--

local KINDS = {
  [0x1000] = { "p", "named pipe" }, [0x2000] = { "c", "char device" }, [0x4000] = { "d", "directory" },
  [0x6000] = { "b", "block device" }, [0x8000] = { "-", "file" }, [0xa000] = { "l", "symbolic link" },
  [0xc000] = { "s", "socket" },
}

--- The kind of a file as <code>ls</code> writes it.
-- @name Util.FtypeToChar
-- @param mode Mode with the bits of the kind.
-- @return One character; nothing if the bits say no kind.
function Util.FtypeToChar (mode)
  local kind = KINDS[mode & 0xf000]
  return kind and kind[1] or ""
end

--- The kind of a file in words.
-- @name Util.FtypeToString
-- @param mode Mode with the bits of the kind.
-- @return The word; nothing if the bits say no kind.
function Util.FtypeToString (mode)
  local kind = KINDS[mode & 0xf000]
  return kind and kind[2] or ""
end

--- Permissions as <code>ls</code> writes them.
-- @name Util.FpermToString
-- @param mode Mode.
-- @return Nine characters.
function Util.FpermToString (mode)
  local out = {}
  for i = 0, 8 do
    out[i + 1] = mode >> (8 - i) & 1 == 1 and string.sub("rwx", i % 3 + 1, i % 3 + 1) or "-"
  end
  for at, special in ipairs { { 3, 0x800, "s" }, { 6, 0x400, "s" }, { 9, 0x200, "t" } } do
    local place, bit, letter = table.unpack(special)
    if mode & bit ~= 0 then
      out[place] = out[place] == "x" and letter or string.upper(letter)
    end
  end
  return table.concat(out)
end

--- Permissions as a number.
-- @name Util.FmodeToOctalString
-- @param mode Mode.
-- @return Octal digits.
function Util.FmodeToOctalString (mode)
  return string.format("%o", mode & 0xfff)
end

--- A time as a text.
-- @name Util.TimeToString
-- @param time Seconds since 1970.
-- @return Date and time, in UTC.
function Util.TimeToString (time)
  return os.date("!%Y-%m-%dT%H:%M:%S", time)
end

--- A size with a unit.
-- @name Util.SizeToHuman
-- @param size Bytes.
-- @return The text.
function Util.SizeToHuman (size)
  local at = 1
  while size >= 1024 and at < 5 do
    size, at = size / 1024, at + 1
  end
  return string.format("%.1f%s", size, string.sub("BKMGT", at, at))
end

local ACCESS = { "Read", "Lookup", "Modify", "Extend", "Delete", "Execute" }

--- What may be done with a file, in words.
-- @name Util.format_access
-- @param mask Bits that were granted.
-- @param version Version of NFS.
-- @return A word for each kind of access, with "No" before it where it is not granted.
function Util.format_access (mask, version)
  local out = {}
  for i, name in ipairs(ACCESS) do
    out[i] = (mask & 1 << (i - 1) == 0 and "No" or "") .. name
  end
  return table.concat(out, " ")
end

-- What is written only for version 3.
local function if_known (version, out)
  if version == 3 then
    return out
  end
  return nil, "only version 3 of NFS is known here"
end

local function yes_or_no (is_so)
  return is_so and "True" or "False"
end

--- The room of a file system, as df(1) tells it.
-- @name Util.calc_fsstat_table
-- @param stats What <code>NFS:FsStat</code> gives.
-- @param version Version of NFS.
-- @param human True to write sizes with units; otherwise they are in KiB.
-- @return Table with <code>size</code>, <code>used</code>, <code>available</code> and <code>use</code>.
-- @return A reason, if there is no table.
function Util.calc_fsstat_table (stats, version, human)
  if version ~= 3 then
    return if_known(version)
  end
  local function size (bytes)
    return human and Util.SizeToHuman(bytes) or bytes / 1024
  end
  local used = stats.tbytes - stats.fbytes
  local all = used + stats.abytes
  return {
    size = size(stats.tbytes), used = size(used), available = size(stats.abytes),
    use = string.format("%d%%", all > 0 and math.ceil(used / all * 100) or 0),
  }
end

--- What a server can do with its file system, in words.
-- @name Util.calc_fsinfo_table
-- @param info What <code>NFS:FsInfo</code> gives.
-- @param version Version of NFS.
-- @return Table with <code>link</code>, <code>symlink</code> and <code>maxfilesize</code>.
-- @return A reason, if there is no table.
function Util.calc_fsinfo_table (info, version)
  return if_known(version, version == 3 and {
    link = yes_or_no(info.properties & NFS.FSinfoBits[3].FSF_LINK ~= 0),
    symlink = yes_or_no(info.properties & NFS.FSinfoBits[3].FSF_SYMLINK ~= 0),
    maxfilesize = Util.SizeToHuman(info.maxfilesize),
  })
end

--- What names may be like, in words.
-- @name Util.calc_pathconf_table
-- @param conf What <code>NFS:PathConf</code> gives.
-- @param version Version of NFS.
-- @return Table with <code>linkmax</code>, <code>name_max</code> and <code>chown_restricted</code>.
-- @return A reason, if there is no table.
function Util.calc_pathconf_table (conf, version)
  return if_known(version, version == 3 and {
    linkmax = conf.linkmax, name_max = conf.name_max, chown_restricted = yes_or_no(conf.chown_restricted ~= 0),
  })
end

return _ENV
