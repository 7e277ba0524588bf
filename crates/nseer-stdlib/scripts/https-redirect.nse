local http = require "http"
local nmap = require "nmap"
local shortport = require "shortport"
local string = require "string"

description = [[
Tells ports that speak HTTPS although version detection found plain HTTP there.

Some servers answer a request without TLS with a message that TLS is needed. Then the port is marked as one that
speaks TLS, for the scripts that come later. The script shows nothing itself.
]]

---
-- @usage
-- nseer -sV --script https-redirect <target>
-- @output
-- 8443/tcp open  ssl/http nginx

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

portrule = function (host, port)
  local version = port.version
  return shortport.http(host, port) and version ~= nil and version.service_tunnel ~= "ssl"
    and version.service_dtype == "probed" and nmap.have_ssl()
end

-- Whether the server says that it wants TLS.
local function wants_tls (response)
  if response.status ~= 400 then
    return false
  end
  local text = string.lower(response.body)
  return string.find(text, "plain http request", 1, true) ~= nil or string.find(text, "https port", 1, true) ~= nil
    or string.find(text, "speaking plain http to an ssl", 1, true) ~= nil
    or string.find(text, "client sent an http request to an https server", 1, true) ~= nil
end

action = function (host, port)
  local options = {scheme = "http", no_cache = true, redirect_ok = false, truncated_ok = true}
  if wants_tls(http.get(host, port, "/", options)) then
    port.version.service_tunnel = "ssl"
    nmap.set_port_version(host, port, "softmatched")
  end
end
