local http = require "http"
local shortport = require "shortport"
local stdnse = require "stdnse"
local string = require "string"

description = [[
Shows the program that made a page, where the page names it in its <code>meta</code> element
<code>generator</code>.
]]

---
-- @usage
-- nseer --script http-generator <target>
-- @args http-generator.path Path of the page. Default: <code>/</code>.
-- @args http-generator.redirects How many redirects are followed. Default: 3.
-- @output
-- 80/tcp open  http
-- |_http-generator: WordPress 6.4

author = "The nseer contributors"
license = "MIT OR Apache-2.0"
categories = {"default", "discovery", "safe"}

portrule = shortport.http

-- The value of an attribute, with any quotes or none.
local function attribute (tag, name)
  local pattern = "%f[%w]" .. string.gsub(name, "%a", function (c) return "[" .. c .. string.upper(c) .. "]" end)
  return string.match(tag, pattern .. '%s*=%s*"([^"]*)"') or string.match(tag, pattern .. "%s*=%s*'([^']*)'")
    or string.match(tag, pattern .. "%s*=%s*([^%s\"'>]+)")
end

action = function (host, port)
  local path, redirects = stdnse.get_script_args("http-generator.path", "http-generator.redirects")
  local options = {redirect_ok = tonumber(redirects) or 3, truncated_ok = true}
  local response = http.get(host, port, path or "/", options)
  for tag in string.gmatch(response.body or "", http.tag_pattern("meta")) do
    local content = attribute(tag, "content")
    if content and content ~= "" and string.lower(attribute(tag, "name") or "") == "generator" then
      return content
    end
  end
end
