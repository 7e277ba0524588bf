local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows the header that a web server sends with its root page.

Only the header is asked for (<code>HEAD</code>); servers that refuse this are asked for the whole page.
]]

---
-- @usage
-- nseer --script http-headers <target>
-- @args http-headers.path Path of the page. Default: <code>/</code>.
-- @args http-headers.useget If given, the page is asked for, and not only its header.
-- @output
-- 80/tcp open  http
-- | http-headers:
-- |   Server: nginx
-- |   Content-Type: text/html
-- |
-- |_  (Request type: HEAD)

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

-- The method and its response.
local function asked (host, port, path, use_get)
  if not use_get then
    local response = http.head(host, port, path)
    -- A server that is silent is not asked twice.
    if response.status == 200 or string.find(response["status-line"] or "", "TIMEOUT", 1, true) then
      return "HEAD", response
    end
  end
  return "GET", http.get(host, port, path, {truncated_ok = true})
end

action = function (host, port)
  local path, use_get = stdnse.get_script_args("http-headers.path", "http-headers.useget")
  local kind, response = asked(host, port, path or "/", use_get)
  if not response.status then
    stdnse.debug1("no header: %s", response["status-line"])
    return nil
  end
  local lines = response.rawheader
  table.insert(lines, "(Request type: " .. kind .. ")")
  return stdnse.format_output(true, lines)
end
