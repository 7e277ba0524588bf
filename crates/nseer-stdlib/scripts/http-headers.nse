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

action = function (host, port)
  local path, use_get = stdnse.get_script_args("http-headers.path", "http-headers.useget")
  path = path or "/"
  local kind, response = "HEAD", nil
  if not use_get then
    response = http.head(host, port, path)
    -- A server that is silent is not asked twice.
    use_get = response.status ~= 200 and not string.find(response["status-line"] or "", "TIMEOUT", 1, true)
  end
  if use_get then
    kind = "GET"
    response = http.get(host, port, path, {truncated_ok = true})
  end
  if not response.status then
    stdnse.debug1("no header: %s", response["status-line"])
    return nil
  end
  local lines = response.rawheader
  table.insert(lines, "(Request type: " .. kind .. ")")
  return stdnse.format_output(true, lines)
end
