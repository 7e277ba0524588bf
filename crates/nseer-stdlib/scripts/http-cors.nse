local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Finds out for which methods a web server lets pages of other origins use its answers.

Each method is asked for in the way of a browser that checks beforehand, as the Fetch standard describes. A method is
shown if the server allows it to any origin, or to the made-up one of the request.
]]

---
-- @usage
-- nseer --script http-cors <target>
-- @args http-cors.path Path to ask for. Default: <code>/</code>.
-- @args http-cors.origin The origin. Default: <code>http://example.com</code>.
-- @output
-- 80/tcp open  http
-- |_http-cors: GET POST

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

local METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

-- Methods that need not be allowed by name.
local IS_SIMPLE = { HEAD = true, GET = true, POST = true }

local function is_allowed (response, origin, method)
  local status, header = response.status, response.header
  local allowed = header["access-control-allow-origin"]
  if not status or status < 200 or status >= 300 or allowed ~= "*" and allowed ~= origin then
    return false
  end
  for name in string.gmatch(header["access-control-allow-methods"] or "", "[^%s,]+") do
    if name == "*" or string.upper(name) == method then
      return true
    end
  end
  return IS_SIMPLE[method] or false
end

action = function (host, port)
  local path, origin = stdnse.get_script_args("http-cors.path", "http-cors.origin")
  origin = origin or "http://example.com"
  local allowed = {}
  for _, method in ipairs(METHODS) do
    local header = {Origin = origin, ["Access-Control-Request-Method"] = method}
    local response = http.generic_request(host, port, "OPTIONS", path or "/", {header = header, truncated_ok = true})
    if not response.status then
      break
    end
    if is_allowed(response, origin, method) then
      allowed[#allowed + 1] = method
    end
  end
  return #allowed > 0 and table.concat(allowed, " ") or nil
end
