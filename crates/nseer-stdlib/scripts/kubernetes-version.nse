local jsonapi = require "jsonapi"
local nmap = require "nmap"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the version of a Kubernetes server that tells it to everybody.
]]

---
-- Reads <code>/version</code> (Kubernetes API reference, "version").
--
-- @usage nseer -p 6443 --script kubernetes-version <target>
-- @output
-- 6443/tcp open  kubernetes
-- | kubernetes-version:
-- |   Version: v1.26.3
-- |   Build date: 2023-03-15T13:33:12Z
-- |   Go version: go1.19.7
-- |_  Platform: linux/amd64

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = function (host, port)
  local product = (port.version or {}).product or ""
  return shortport.port_or_service({6443}, {"kubernetes", "sun-sr-https"}, "tcp")(host, port)
    or shortport.http(host, port) and string.find(product, "Kubernetes", 1, true) ~= nil
end

local FIELDS = {
  { "gitVersion", "Version" }, { "buildDate", "Build date" }, { "goVersion", "Go version" }, { "platform", "Platform" },
}

action = function (host, port)
  local found = jsonapi.object(host, port, "/version")
  if not found or type(found.gitVersion) ~= "string" or type(found.platform) ~= "string" then
    return nil
  end
  local out = stdnse.output_table()
  jsonapi.show(out, found, FIELDS)
  port.version.product = "Kubernetes API"
  port.version.version = string.match(found.gitVersion, "^v?(%d[%w.+-]*)")
  nmap.set_port_version(host, port)
  return out
end
