local rpc = require "rpc"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local tab = require "tab"
local table = require "table"
local tostring = tostring

description = [[
Shows how large and how full the folders are that a host exports over NFS.
]]

---
-- The same as df(1) does on a machine where they are mounted. Version 3 of NFS is asked, with the user and the group 0.
-- Where the server wants a port below 1024, this has to run as root.
--
-- @usage nseer -p 111 --script nfs-statfs <target>
-- @args nfs-statfs.human True to write sizes with units; otherwise they are in KiB. Default: false.
-- @output
-- 111/tcp open  rpcbind
-- | nfs-statfs:
-- |   Filesystem  1K-blocks  Used      Available  Use%  Maxfilesize  Maxlink
-- |_  /srv/pub    1048576.0  262144.0  786432.0   25%   16.0T        32000

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(111, {"rpcbind", "mountd"}, {"tcp", "udp"})

-- Exported folders that are asked about at most.
local MAX_VOLUMES = 64

-- What is known of a mounted folder. The columns behind its name; nil and a reason.
local function columns (nfs, comm, handle, human)
  local status, stats = nfs:FsStat(comm, handle)
  if not status then
    return nil, stats
  end
  local room = rpc.Util.calc_fsstat_table(stats, comm.version, human)
  local out = { tostring(room.size), tostring(room.used), tostring(room.available), room.use, "", "" }
  local has_info, info = nfs:FsInfo(comm, handle)
  if has_info then
    out[5] = rpc.Util.calc_fsinfo_table(info, comm.version).maxfilesize
  end
  local has_conf, conf = nfs:PathConf(comm, handle)
  if has_conf then
    out[6] = tostring(conf.linkmax)
  end
  return out
end

local function volume (host, port, path, human)
  local mount, handle = rpc.Helper.MountPath(host, port, path)
  if not mount then
    return nil, handle
  end
  local comm, reason = rpc.Helper.NfsOpen(host, port)
  local out
  if comm then
    out, reason = columns(rpc.NFS:new(), comm, handle, human)
    rpc.Helper.NfsClose(comm)
  end
  rpc.Helper.UnmountPath(mount, path)
  return out, reason
end

action = function (host, port)
  local given = stdnse.get_script_args(SCRIPT_NAME .. ".human")
  local human = given ~= nil and given ~= "false" and given ~= "no" and given ~= "0"
  local status, exports = rpc.Helper.ShowMounts(host, port)
  if not status then
    stdnse.debug1("%s", exports)
    return nil
  end
  local rows, count = tab.new(), 0
  tab.addrow(rows, "Filesystem", human and "Size" or "1K-blocks", "Used", "Available", "Use%", "Maxfilesize", "Maxlink")
  for i, entry in ipairs(exports) do
    local found, reason
    if i <= MAX_VOLUMES then
      found, reason = volume(host, port, entry.name, human)
    end
    if found then
      tab.addrow(rows, entry.name, table.unpack(found))
      count = count + 1
    elseif reason then
      stdnse.debug1("%s: %s", entry.name, reason)
    end
  end
  return count > 0 and stdnse.format_output(true, (string.gsub(tab.dump(rows), "\n$", ""))) or nil
end
