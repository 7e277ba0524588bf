local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"
local table = require "table"

description = [[
Shows what a web server says of itself in the header field <code>Server</code>.
]]

---
-- @usage
-- nseer -sV --script http-server-header <target>
-- @output
-- 80/tcp open  http
-- |_http-server-header: nginx/1.22.1
-- @xmloutput
-- <elem>nginx/1.22.1</elem>

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"version"}

portrule = shortport.http

action = function (host, port)
  local response = http.get(host, port, "/", {redirect_ok = false, truncated_ok = true})
  local values = {}
  for _, line in ipairs(response.rawheader) do
    local value = string.match(line, "^[Ss][Ee][Rr][Vv][Ee][Rr]:[ \t]*(.+)$")
    if value then
      values[#values + 1] = value
    end
  end
  if #values == 0 then
    stdnse.debug1("no Server field: %s", http.get_status_string(response))
    return nil
  end
  return values, table.concat(values, "\n")
end
