local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Finds out whether a web server chooses among files of one name by itself (RFC 2295).

Apache's module <code>mod_negotiation</code> does; asked for a name without its ending, it tells which files there
are.
]]

---
-- @usage
-- nseer --script http-apache-negotiation <target>
-- @args http-apache-negotiation.root Folder in which a file <code>index</code> is looked for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- |_http-apache-negotiation: mod_negotiation enabled.

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

action = function (host, port)
  local root = stdnse.get_script_args("http-apache-negotiation.root") or "/"
  root = string.match(root, "/$") and root or root .. "/"
  local header = {Accept = "application/x-none", Negotiate = "trans"}
  local response = http.get(host, port, root .. "index", {header = header, no_cache = true, redirect_ok = false, truncated_ok = true})
  if response.header.tcn then
    return "mod_negotiation enabled."
  end
end
