local json = require "json"
local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local table = require "table"

description = [[
Shows the version of a Docker engine whose interface answers everybody: engine, interface, operating system and
architecture.
]]

---
-- Reads <code>/version</code> (Docker Engine API).
--
-- @usage nseer -sV -p 2375 --script docker-version <target>
-- @output
-- 2375/tcp open  docker  Docker 20.10.24
-- | docker-version:
-- |   ApiVersion: 1.41
-- |   Arch: amd64
-- |   GoVersion: go1.19.8
-- |   KernelVersion: 6.1.0-9-amd64
-- |   MinAPIVersion: 1.12
-- |   Os: linux
-- |_  Version: 20.10.24
-- @xmloutput
-- <elem key="ApiVersion">1.41</elem>
-- <elem key="Arch">amd64</elem>
-- <elem key="Os">linux</elem>
-- <elem key="Version">20.10.24</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

portrule = shortport.version_port_or_service({2375, 2376}, {"docker", "docker-s"}, "tcp")

-- What JSON says as tables for the output, in the order of names and without nothings.
local function shown (value)
  if value == json.NULL then
    return nil
  elseif type(value) ~= "table" then
    return tostring(value)
  end
  local keys, out = {}, stdnse.output_table()
  if json.typeof(value) == "array" then
    out = {}
    for i, item in ipairs(value) do
      out[i] = shown(item)
    end
    return out
  end
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for _, key in ipairs(keys) do
    out[key] = shown(value[key])
  end
  return out
end

action = function (host, port)
  local found = jsonapi.object(host, port, "/version")
  if not found or type(found.ApiVersion) ~= "string" then
    return nil
  end
  port.version.name, port.version.product = "docker", "Docker"
  port.version.version = type(found.Version) == "string" and found.Version or nil
  nmap.set_port_version(host, port)
  return shown(found)
end
