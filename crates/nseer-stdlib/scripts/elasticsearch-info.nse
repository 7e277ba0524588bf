local json = require "json"
local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the name, cluster and version of an Elasticsearch or OpenSearch server, and the state of its cluster if
everybody may ask for it.
]]

---
-- Reads <code>/</code> and <code>/_cluster/health</code> (Elasticsearch reference, "Cluster APIs").
--
-- @usage nseer -p 9200 --script elasticsearch-info <target>
-- @output
-- 9200/tcp open  wap-wsp
-- | elasticsearch-info:
-- |   Name: node-1
-- |   Cluster: search
-- |   Version: 7.17.9
-- |   Lucene version: 8.11.1
-- |   Cluster status: green
-- |_  Nodes: 1

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = function (host, port)
  local product = (port.version or {}).product or ""
  return shortport.port_or_service({9200}, {"elasticsearch", "wap-wsp"}, "tcp")(host, port)
    or shortport.http(host, port) and string.find(product, "Elasticsearch", 1, true) ~= nil
end

local FIELDS = { { "name", "Name" }, { "cluster_name", "Cluster" } }
local VERSION = { { "distribution", "Distribution" }, { "number", "Version" }, { "lucene_version", "Lucene version" } }
local HEALTH = { { "status", "Cluster status" }, { "number_of_nodes", "Nodes" } }

action = function (host, port)
  local found = jsonapi.object(host, port, "/")
  local version = found and found.version
  if json.typeof(version) ~= "object" or type(version.number) ~= "string" or type(found.cluster_name) ~= "string" then
    return nil
  end
  local out = stdnse.output_table()
  jsonapi.show(out, found, FIELDS)
  jsonapi.show(out, version, VERSION)
  local health = jsonapi.object(host, port, "/_cluster/health")
  if health and health.cluster_name == found.cluster_name then
    jsonapi.show(out, health, HEALTH)
  end
  port.version.product = version.distribution == "opensearch" and "OpenSearch" or "Elasticsearch"
  port.version.version = version.number
  nmap.set_port_version(host, port)
  return out
end
