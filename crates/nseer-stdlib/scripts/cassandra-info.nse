local cassandra = require "cassandra"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"

description = [[
Shows the name of a Cassandra cluster and the version of its older interface, if everybody may ask for them.
]]

---
-- Calls <code>describe_cluster_name</code> and <code>describe_version</code> over Thrift; newer clusters have that
-- interface only if it is switched on.
--
-- @usage nseer -p 9160 --script cassandra-info <target>
-- @output
-- 9160/tcp open  cassandra
-- | cassandra-info:
-- |   Cluster name: Test Cluster
-- |_  Version: 19.36.0

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.port_or_service(9160, "cassandra", "tcp")

action = function (host, port)
  local socket = nmap.new_socket()
  socket:set_timeout(stdnse.get_timeout(host, 5000))
  local status, name = socket:connect(host, port)
  if status then
    status, name = cassandra.describe_cluster_name(socket, 2)
  end
  if not status then
    socket:close()
    stdnse.debug1("%s", name)
    return nil
  end
  local has_version, version = cassandra.describe_version(socket, 3)
  socket:close()
  port.version.name = "cassandra"
  port.version.product = "Cassandra"
  -- The version of the interface is not that of the program.
  port.version.extrainfo = has_version and version or nil
  nmap.set_port_version(host, port)
  local out = stdnse.output_table()
  out["Cluster name"] = name
  out.Version = has_version and version or nil
  return out
end
