local ls = require "ls"
local rpc = require "rpc"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tostring = tostring

description = [[
Lists the files in the folders that a host exports over NFS, and what we may do there.
]]

---
-- Each exported folder is mounted as a client would do it, with the user and the group 0, and its names are read with
-- version 3 of NFS. Nothing is written. Where the server wants a port below 1024, this has to run as root.
--
-- The arguments of the library <code>ls</code> say how much is shown.
--
-- @usage nseer -p 111 --script nfs-ls <target>
-- @args nfs-ls.time Which time is shown: <code>mtime</code>, <code>atime</code> or <code>ctime</code>. Default:
--       <code>mtime</code>.
-- @output
-- 111/tcp open  rpcbind
-- | nfs-ls: Volume /srv/pub
-- |   access: Read Lookup NoModify NoExtend NoDelete NoExecute
-- | PERMISSION  UID   GID   SIZE  TIME                 FILENAME
-- | rwxr-xr-x   0     0     4096  2024-02-29T12:00:00  .
-- | rw-r--r--   1000  1000  12    2024-02-29T12:00:00  notes.txt
-- |_
-- @xmloutput
-- <table key="volumes">
--   <table>
--     <elem key="volume">/srv/pub</elem>
--     <table key="files">
--       <table>
--         <elem key="permission">rw-r--r--</elem>
--         <elem key="uid">1000</elem>
--         <elem key="gid">1000</elem>
--         <elem key="size">12</elem>
--         <elem key="time">2024-02-29T12:00:00</elem>
--         <elem key="filename">notes.txt</elem>
--       </table>
--     </table>
--   </table>
-- </table>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(111, {"rpcbind", "mountd"}, {"tcp", "udp"})

local TIMES = { mtime = true, atime = true, ctime = true }

-- Exported folders that are looked into at most.
local MAX_VOLUMES = 64

local UNKNOWN = "?"

-- One file in the columns of a listing.
local function row (entry, which)
  local known = entry.attributes
  if not known then
    return { UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, entry.name }
  end
  return {
    rpc.Util.FpermToString(known.mode), tostring(known.uid), tostring(known.gid), tostring(known.size),
    rpc.Util.TimeToString(known[which].seconds), entry.name,
  }
end

local function look (nfs, comm, handle, listing, which)
  local status, access = nfs:Access(comm, handle, 63)
  if status then
    ls.report_info(listing, "access: " .. rpc.Util.format_access(access.mask, comm.version))
  end
  local is_read, folder = nfs:ReadDirPlus(comm, handle)
  if not is_read then
    ls.report_error(listing, folder)
    return
  end
  for _, entry in ipairs(folder.entries) do
    if not ls.add_file(listing, row(entry, which)) then
      break
    end
  end
end

-- Looks into one exported folder.
local function volume (host, port, path, listing, which)
  ls.new_vol(listing, path, true)
  local mount, handle = rpc.Helper.MountPath(host, port, path)
  if not mount then
    ls.report_error(listing, handle)
  else
    local comm, reason = rpc.Helper.NfsOpen(host, port)
    if comm then
      look(rpc.NFS:new(), comm, handle, listing, which)
      rpc.Helper.NfsClose(comm)
    else
      ls.report_error(listing, reason)
    end
    rpc.Helper.UnmountPath(mount, path)
  end
  ls.end_vol(listing)
end

action = function (host, port)
  local which = stdnse.get_script_args(SCRIPT_NAME .. ".time") or "mtime"
  if not TIMES[which] then
    return stdnse.format_output(false, string.format("nfs-ls.time is %q: write mtime, atime or ctime", which))
  end
  local status, exports = rpc.Helper.ShowMounts(host, port)
  if not status then
    stdnse.debug1("%s", exports)
    return nil
  end
  local listing = ls.new_listing()
  for i, entry in ipairs(exports) do
    if i > MAX_VOLUMES then
      break
    end
    volume(host, port, entry.name, listing, which)
  end
  return ls.end_listing(listing)
end
