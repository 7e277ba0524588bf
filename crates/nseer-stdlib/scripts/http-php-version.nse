local http = require "http"
local shortport = require "shortport"
local string = require "string"

description = [[
Shows the version of PHP that a web server tells in the header field <code>X-Powered-By</code>.
]]

---
-- @usage
-- nseer --script http-php-version <target>
-- @output
-- 80/tcp open  http
-- |_http-php-version: Version from header x-powered-by: PHP/8.2.7

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"discovery", "safe"}

portrule = shortport.http

action = function (host, port)
  local response = http.get(host, port, "/", {truncated_ok = true})
  local value = response.header["x-powered-by"]
  if value and string.find(value, "PHP", 1, true) then
    return "Version from header x-powered-by: " .. value
  end
end
