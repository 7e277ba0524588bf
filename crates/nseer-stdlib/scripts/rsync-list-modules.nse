local rsync = require "rsync"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Lists the modules of an rsync daemon.
]]

---
-- See the library <code>rsync</code>.
--
-- @usage nseer -p 873 --script rsync-list-modules <target>
-- @output
-- 873/tcp open  rsync
-- | rsync-list-modules:
-- |   pub            	Public files
-- |_  backup         	Backups

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.port_or_service(873, "rsync", "tcp")

action = function (host, port)
  local helper = rsync.Helper:new(host, port, { module = "" })
  local status, modules = helper:connect()
  if status then
    status, modules = helper:listModules()
  end
  helper:disconnect()
  if not status then
    stdnse.debug1("%s", modules)
    return nil
  end
  local lines = {}
  for _, line in ipairs(modules) do
    -- What has no comment field is the daemon's greeting.
    lines[#lines + 1] = string.find(line, "^%S+ *\t") and line or nil
  end
  return #lines > 0 and stdnse.format_output(true, lines) or nil
end
