local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the version of an etcd server and of its cluster, and whether the server is well.
]]

---
-- Reads <code>/version</code> and <code>/health</code> (etcd's documentation, chapter "Monitoring etcd").
--
-- @usage nseer -p 2379 --script etcd-info <target>
-- @output
-- 2379/tcp open  etcd-client
-- | etcd-info:
-- |   Server version: 3.4.23
-- |   Cluster version: 3.4.0
-- |_  Healthy: true

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = function (host, port)
  local product = (port.version or {}).product or ""
  return shortport.port_or_service({2379, 4001}, {"etcd", "etcd-client"}, "tcp")(host, port)
    or shortport.http(host, port) and string.find(product, "etcd", 1, true) ~= nil
end

local FIELDS = { { "etcdserver", "Server version" }, { "etcdcluster", "Cluster version" } }

action = function (host, port)
  local found = jsonapi.object(host, port, "/version")
  if not found or type(found.etcdserver) ~= "string" then
    return nil
  end
  local out = stdnse.output_table()
  jsonapi.show(out, found, FIELDS)
  jsonapi.show(out, jsonapi.object(host, port, "/health") or {}, { { "health", "Healthy" } })
  port.version.product = "etcd"
  port.version.version = found.etcdserver
  nmap.set_port_version(host, port)
  return out
end
