local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Finds out whether a web server answers the method <code>TRACE</code>, which sends back the request as it arrived.

Where scripts of a page can use it, it may show them cookies and logins that they should not see; and it shows what
proxies add to a request. Added header fields are shown with verbosity.
]]

---
-- @usage
-- nseer --script http-trace <target>
-- @args http-trace.path Path to ask for. Default: <code>/</code>.
-- @output
-- 80/tcp open  http
-- |_http-trace: TRACE is enabled

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe", "vuln"}

portrule = shortport.http

action = function (host, port)
  local path = stdnse.get_script_args("http-trace.path") or "/"
  local response = http.generic_request(host, port, "TRACE", path, {truncated_ok = true})
  if response.status ~= 200 or not string.find(response.body, "^TRACE%s") then
    stdnse.debug1("no trace: %s", http.get_status_string(response))
    return nil
  end
  return "TRACE is enabled"
end
