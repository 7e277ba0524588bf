local rmi = require "rmi"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Lists the names in a registry of Java's remote method invocation, and of what classes the objects behind them are.
]]

---
-- The registry is asked for its names, and for each of them. What it gives is described: classes, interfaces, fields and
-- where the object is. Nothing of it is run, and no object is called.
--
-- Written from the Java Remote Method Invocation specification, chapters 6 and 10.
--
-- @usage nseer -p 1099 --script rmi-dumpregistry <target>
-- @output
-- 1099/tcp open  java-rmi
-- | rmi-dumpregistry:
-- |   jmxrmi
-- |     javax.management.remote.rmi.RMIServerImpl_Stub
-- |     @192.0.2.1:33621
-- |     extends
-- |       java.rmi.server.RemoteStub
-- |       extends
-- |_        java.rmi.server.RemoteObject

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service({1090, 1098, 1099, 8901, 8902, 8903}, {"java-rmi", "rmiregistry"})

-- Names that are asked about at most.
local MAX_NAMES = 100

action = function (host, port)
  local status, names = rmi.Registry:new(host, port):list()
  if not status then
    stdnse.debug1("%s", names)
    return nil
  end
  local out = {}
  for i, name in ipairs(names:getValues()) do
    local entry = {}
    if i <= MAX_NAMES then
      local found, object = rmi.Registry:new(host, port):lookup(name)
      entry = found and object:toTable() or {}
    end
    entry.name = name
    out[i] = entry
  end
  return #out > 0 and stdnse.format_output(true, out) or nil
end
