local rpc = require "rpc"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Lists what a host exports over NFS, and who may mount it.
]]

---
-- The same as showmount(8) with <code>-e</code> does.
--
-- @usage nseer -p 111 --script nfs-showmount <target>
-- @output
-- 111/tcp open  rpcbind
-- | nfs-showmount:
-- |   /home 192.0.2.0/24
-- |_  /srv *

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(111, {"rpcbind", "mountd"}, {"tcp", "udp"})

action = function (host, port)
  local status, exports = rpc.Helper.ShowMounts(host, port)
  if not status then
    stdnse.debug1("%s", exports)
    return nil
  end
  local lines = {}
  for i, entry in ipairs(exports) do
    lines[i] = entry.name .. " " .. table.concat(entry, " ")
  end
  return #lines > 0 and stdnse.format_output(true, lines) or nil
end
